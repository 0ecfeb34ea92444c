"""Receivers of webhooks, on this machine, and the deliveries that a site makes to them."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import standardwebhooks

import frappe
from frappe.model.document import Document

from orchestrator import clock
from orchestrator.api import webhook_jobs
from tests.support import factories
from tests.support.helpdesk import override_settings

ACCEPTED = 204
CREATE = "frappe.desk.doctype.webhook.create"
# A public address that needs no name server; nothing is sent to it.
PUBLIC_URL = "https://1.1.1.1/hook"


@dataclass(frozen=True)
class Received:
	"""A request that a receiver has got. Names of headers are in lower case."""

	path: str
	headers: dict[str, str]
	content: bytes

	@property
	def body(self) -> Any:
		return json.loads(self.content)

	@property
	def id(self) -> str:
		return self.headers["webhook-id"]


Answer = Callable[[BaseHTTPRequestHandler, Received], None]


def answer_status(status: int, **headers: str) -> Answer:
	"""Return an answer of this status alone."""

	def answer(handler: BaseHTTPRequestHandler, _received: Received) -> None:
		handler.send_response(status)
		for name, value in headers.items():
			handler.send_header(name.replace("_", "-"), value)
		handler.end_headers()

	return answer


@dataclass
class Receiver:
	"""A web server that keeps what it gets. `answer` may be changed while it runs."""

	url: str
	answer: Answer = field(default_factory=lambda: answer_status(ACCEPTED))
	received: list[Received] = field(default_factory=list)
	stopped: threading.Event = field(default_factory=threading.Event)

	@property
	def ids(self) -> list[str]:
		return [request.id for request in self.received]


@contextlib.contextmanager
def run_receiver(answer: Answer | None = None) -> Iterator[Receiver]:
	"""Run a receiver until the context ends."""

	class Handler(BaseHTTPRequestHandler):
		def do_POST(self) -> None:
			content = self.rfile.read(int(self.headers["Content-Length"]))
			headers = {name.lower(): value for name, value in self.headers.items()}
			request = Received(self.path, headers, content)
			receiver.received.append(request)
			with contextlib.suppress(OSError):
				receiver.answer(self, request)

		def log_message(self, *_arguments: Any) -> None:
			"""Keep the test's output clean."""

	server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	server.daemon_threads = True
	receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
	if answer:
		receiver.answer = answer
	thread = threading.Thread(target=server.serve_forever)
	thread.start()
	try:
		yield receiver
	finally:
		receiver.stopped.set()
		server.shutdown()
		thread.join()
		server.server_close()


def make_webhook(url: str, **values: Any) -> Document:
	"""Create a webhook on the changes of brands, as the API makes them. It sends the brand's name and description."""
	defaults = {
		"__newname": factories.make_unique("hook"),
		"webhook_doctype": "Brand",
		"webhook_docevent": "on_update",
		"enabled": 1,
		"request_url": url,
		"request_method": "POST",
		"timeout": 5,
		"request_structure": "JSON",
		"webhook_json": '{"name": {{ doc.name | json }}, "description": {{ doc.description | json }}}',
		"public_target_only": 1,
		"reliable_delivery": 1,
	}
	webhook = factories.make_record("Webhook", **{**defaults, **values})
	frappe.local.message_log = []
	return webhook


def make_brand(description: str = "first") -> Document:
	"""Create a record of a DocType that no other test hooks."""
	return factories.make_record("Brand", brand=factories.make_unique("Köln"), description=description)


def change_brand(brand: Document, description: str) -> None:
	"""Save and commit another description."""
	brand = frappe.get_doc("Brand", brand.name)
	brand.description = description
	brand.save()
	frappe.db.commit()


def list_deliveries(webhook: Document, *fields: str) -> list[Any]:
	"""Return a field, or several, of the webhook's deliveries in the order of the events."""
	frappe.db.rollback()
	rows = frappe.get_all(
		"Webhook Delivery", {"webhook": webhook.name}, list(fields), order_by="name", as_list=True
	)
	return [row[0] for row in rows] if len(fields) == 1 else [tuple(row) for row in rows]


def deliver_at(monkeypatch: Any, webhook: Document, moment: datetime) -> None:
	"""Run the delivery job as if it were `moment`."""
	with monkeypatch.context() as patched:
		patched.setattr(clock, "get_now", lambda: moment)
		webhook_jobs.deliver_webhook(webhook.name)


def get_next_attempt(webhook: Document, after: datetime) -> datetime:
	"""Return when the next delivery is due after a time. Deliveries that wait for an earlier one of their record have been
	due all the while.
	"""
	frappe.db.rollback()
	return frappe.get_all(
		"Webhook Delivery",
		{"webhook": webhook.name, "status": "Pending", "next_attempt_at": (">", after)},
		pluck="next_attempt_at",
		order_by="next_attempt_at",
		limit=1,
	)[0]


def deliver(webhook: Document) -> None:
	"""Run the delivery job."""
	webhook_jobs.deliver_webhook(webhook.name)


def list_bodies(receiver: Receiver) -> list[str]:
	"""Return the descriptions of the records received."""
	return [request.body["description"] for request in receiver.received]


def list_texts_by_record(requests: list[Received]) -> dict[str, list[str]]:
	"""Return the descriptions received of each record, in the order of their arrival."""
	texts: dict[str, list[str]] = {}
	for request in requests:
		texts.setdefault(request.body["name"], []).append(request.body["description"])
	return texts


def get_secret(webhook: Document, field: str = "signing_secret") -> str:
	"""Return a secret of the webhook as it is stored now."""
	return str(frappe.get_doc("Webhook", webhook.name).get_password(field))


def verifies(secret: str, request: Received) -> bool:
	"""Return True where the public library verifies a request by a secret."""
	try:
		standardwebhooks.Webhook(secret).verify(request.content, request.headers)
	except standardwebhooks.WebhookVerificationError:
		return False
	return True


def make_manager(*roles: str) -> str:
	"""Create a System Manager. Return the name of the user."""
	return str(factories.make_user("System Manager", *roles).name)


def build_client_webhook(**values: Any) -> dict[str, Any]:
	"""Return arguments that create a webhook on clients, unless `values` say otherwise."""
	return {
		"doctype": "Client",
		"webhook_name": factories.make_unique("hook"),
		"events": ["on_update"],
		"request_url": PUBLIC_URL,
		**values,
	}


@contextlib.contextmanager
def allow_private_targets() -> Iterator[None]:
	"""Allow webhooks to the site's own network."""
	with override_settings(allow_private_webhook_targets=1):
		yield


def delete_reliable_webhooks() -> None:
	"""Delete the webhooks with reliable delivery, which later tests would call."""
	frappe.set_user("Administrator")
	frappe.db.rollback()
	for name in frappe.get_all("Webhook", {"reliable_delivery": 1}, pluck="name"):
		frappe.delete_doc("Webhook", name, force=True)
	frappe.db.commit()
