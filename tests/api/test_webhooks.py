"""Webhooks: the records that the documented call creates, allowed targets, and a delivery to a real server."""

import contextlib
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import frappe

from orchestrator import compat
from orchestrator.api import webhook_targets
from orchestrator.exceptions import InvalidWebhookTargetError
from tests.support import factories
from tests.support.client import get_error

CREATE = "frappe.desk.doctype.webhook.create"
# A public address that needs no name server; nothing is sent to it.
PUBLIC_URL = "https://1.1.1.1/hook"


def build_arguments(**values):
	return {
		"doctype": "Note",
		"webhook_name": factories.make_unique("hook").replace(" ", "_"),
		"events": ["after_insert"],
		"request_url": PUBLIC_URL,
		"request_method": "POST",
		"webhook_headers": [{"header_key": "Authorization", "header_value": "Bearer token123"}],
		**values,
	}


def make_manager():
	return factories.make_user("System Manager").name


@pytest.fixture
def allow_private(site):
	"""Allow the site's own network until the test ends."""
	set_allowed(1)
	yield
	set_allowed(0)


def set_allowed(value):
	settings = frappe.get_doc("Orchestrator Settings")
	settings.allow_private_webhook_targets = value
	settings.save()
	frappe.db.commit()


@pytest.fixture(autouse=True)
def no_webhook_stays(request):
	"""Delete webhooks after each test. A remaining one would be delivered, three times, by every later test
	with a worker.
	"""
	yield
	if "site" in request.fixturenames:
		for name in frappe.get_all("Webhook", {"public_target_only": 1}, pluck="name"):
			frappe.delete_doc("Webhook", name, force=True)
		frappe.db.commit()


@contextlib.contextmanager
def run_receiver(failures=0):
	"""Run a web server that records its requests, and answers the first `failures` of them with 500."""
	received = []

	class Handler(BaseHTTPRequestHandler):
		def do_POST(self):
			body = self.rfile.read(int(self.headers["Content-Length"]))
			received.append((self.path, dict(self.headers), json.loads(body)))
			self.send_response(500 if len(received) <= failures else 204)
			self.end_headers()

		def log_message(self, *_arguments):
			"""Keep the test's output clean."""

	server = HTTPServer(("127.0.0.1", 0), Handler)
	thread = threading.Thread(target=server.serve_forever)
	thread.start()
	try:
		yield f"http://127.0.0.1:{server.server_port}/hook", received
	finally:
		server.shutdown()
		thread.join()
		server.server_close()


def test_one_event_makes_one_webhook_of_frappes_own(api):
	asked = build_arguments()

	reply = api(make_manager()).post(CREATE, **asked)

	assert reply.status_code == 201, reply.text
	assert reply.json() == {
		"message": "Webhook created",
		"exc": "",
		"data": {
			"doctype": "Note",
			"request_url": PUBLIC_URL,
			"request_method": "POST",
			"webhooks": [{"name": asked["webhook_name"], "event": "after_insert"}],
		},
	}
	webhook = frappe.get_doc("Webhook", asked["webhook_name"])
	assert (webhook.webhook_doctype, webhook.webhook_docevent, webhook.enabled) == ("Note", "after_insert", 1)
	assert (webhook.request_structure, webhook.webhook_json) == ("JSON", "{{ doc | json }}")
	assert [(header.key, header.value) for header in webhook.webhook_headers] == [
		("Authorization", "Bearer token123"),
		("Content-Type", "application/json"),
	]


def test_several_events_make_one_webhook_each(api):
	asked = build_arguments(events=["after_insert", "on_update", "after_insert"])
	name = asked["webhook_name"]

	reply = api(make_manager()).post(CREATE, **asked)

	assert reply.json()["data"]["webhooks"] == [
		{"name": f"{name}-after_insert", "event": "after_insert"},
		{"name": f"{name}-on_update", "event": "on_update"},
	]


def test_content_type_header_of_caller_is_preserved(api):
	headers = [{"header_key": "content-type", "header_value": "application/vnd.note+json"}]
	asked = build_arguments(webhook_headers=headers)

	api(make_manager()).post(CREATE, **asked)

	rows = frappe.get_doc("Webhook", asked["webhook_name"]).webhook_headers
	assert [(row.key, row.value) for row in rows] == [("content-type", "application/vnd.note+json")]


def test_one_duplicate_name_creates_no_webhook(api):
	name = build_arguments()["webhook_name"]
	api(make_manager()).post(CREATE, **build_arguments(webhook_name=f"{name}-on_update", events=["on_trash"]))

	reply = api(make_manager()).post(
		CREATE, **build_arguments(webhook_name=name, events=["after_insert", "on_update"])
	)

	assert get_error(reply) == (409, "DuplicateEntryError")
	assert not frappe.db.exists("Webhook", f"{name}-after_insert")


def test_a_guest_is_refused(guest):
	assert get_error(guest.post(CREATE, **build_arguments())) == (401, "AuthenticationError")


def test_only_system_managers_may(api):
	asked = build_arguments()

	reply = api(factories.make_user("Sales Manager").name).post(CREATE, **asked)

	assert get_error(reply) == (403, "PermissionError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


@pytest.mark.parametrize(
	("values", "status", "exc_type", "words"),
	[
		({"events": []}, 400, "InvalidRequestError", "events must be a list"),
		({"events": [1]}, 400, "InvalidRequestError", "events must be a list"),
		({"events": ["after_insert", "on_whim"]}, 422, "ValidationError", "on_whim is not a valid Doc Event"),
		({"events": ["on_submit"]}, 422, "ValidationError", "must be Submittable"),
		({"request_method": "GET"}, 422, "ValidationError", "GET is not a valid Request Method"),
		({"request_url": "https:///hook"}, 422, "ValidationError", "Check Request URL"),
		({"doctype": "Noot"}, 422, "LinkValidationError", "There is no DocType Noot."),
		({"webhook_name": ""}, 400, "InvalidRequestError", "Missing parameter: webhook_name."),
		(
			{"webhook_headers": [{"header_key": "X"}]},
			400,
			"InvalidRequestError",
			"header_key and a header_value",
		),
		({"webhook_headers": {"X": "1"}}, 400, "InvalidRequestError", "webhook_headers"),
		(
			{"webhook_headers": [{"header_key": "X", "header_value": "1\r\nHost: other"}]},
			400,
			"InvalidRequestError",
			"each on a single line",
		),
	],
)
def test_a_bad_argument_is_refused_with_the_reason(api, values, status, exc_type, words):
	asked = build_arguments(**values)

	reply = api(make_manager()).post(CREATE, **asked)

	assert get_error(reply) == (status, exc_type)
	assert words in reply.json()["exc"]
	assert not frappe.db.exists("Webhook", {"name": ("like", f"{asked['webhook_name'] or 'none'}%")})


@pytest.mark.parametrize(
	"url",
	[
		"http://1.1.1.1/hook",
		"https://127.0.0.1/hook",
		"https://127.1/hook",
		"https://2130706433/hook",
		"https://0x7f000001/hook",
		"https://0.0.0.0/hook",
		"https://10.0.0.8/hook",
		"https://172.16.4.4/hook",
		"https://192.168.1.1/hook",
		"https://100.64.0.1/hook",
		"https://169.254.169.254/latest/meta-data",
		"https://224.0.0.1/hook",
		"https://240.0.0.1/hook",
		"https://localhost/hook",
		"https://[::1]/hook",
		"https://[::]/hook",
		"https://[fe80::1]/hook",
		"https://[fd00::1]/hook",
		"https://[::ffff:127.0.0.1]/hook",
		"https://[::ffff:a00:1]/hook",
		"https://[64:ff9b::7f00:1]/hook",
		"https://[2002:7f00:1::]/hook",
		"https://user:secret@1.1.1.1/hook",
		"https://1.1.1.1\\@127.0.0.1/hook",
		"https://" + "x" * 64 + ".example/hook",
		"https://1.1.1.1:99999/hook",
		"ftp://1.1.1.1/hook",
		"//1.1.1.1/hook",
	],
)
def test_a_target_that_is_no_public_https_address_is_refused(api, url):
	asked = build_arguments(request_url=url)

	reply = api(make_manager()).post(CREATE, **asked)

	assert get_error(reply) == (422, "InvalidWebhookTargetError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


def test_one_private_address_among_public_ones_is_enough_to_refuse(site, monkeypatch):
	addresses = [(2, 1, 6, "", ("1.1.1.1", 443)), (10, 1, 6, "", ("fd00::5", 443, 0, 0))]
	monkeypatch.setattr(webhook_targets.socket, "getaddrinfo", lambda *_args, **_kwargs: addresses)

	with pytest.raises(InvalidWebhookTargetError):
		webhook_targets.check_url("https://example.com/hook")


def test_orchestrator_webhook_is_validated_again_on_edit(api):
	asked = build_arguments()
	api(make_manager()).post(CREATE, **asked)
	webhook = frappe.get_doc("Webhook", asked["webhook_name"])
	webhook.request_url = "https://10.0.0.8/hook"

	with pytest.raises(InvalidWebhookTargetError):
		webhook.save()


def test_a_webhook_made_in_desk_is_left_alone(site):
	webhook = frappe.get_doc(
		{
			"doctype": "Webhook",
			"__newname": factories.make_unique("desk"),
			"webhook_doctype": "Note",
			"webhook_docevent": "on_trash",
			"request_url": "http://127.0.0.1:9/hook",
			"request_method": "POST",
			"enabled": 0,
		}
	).insert()

	assert webhook.public_target_only == 0


def test_a_site_that_allows_its_network_still_wants_https_beyond_it(api, allow_private):
	inside = api(make_manager()).post(
		CREATE, **build_arguments(request_url="http://10.0.0.8/hook", events=["on_trash"])
	)
	beyond = api(make_manager()).post(CREATE, **build_arguments(request_url="http://1.1.1.1/hook"))

	assert inside.status_code == 201
	assert get_error(beyond) == (422, "InvalidWebhookTargetError")
	assert "has a public address: use https." in beyond.json()["exc"]


def insert_brand(client, details=""):
	"""Return a record of a DocType that no other test hooks, inserted over HTTP."""
	name = factories.make_unique("Fair Köln")
	reply = client.post("frappe.client.insert", doctype="Brand", brand=name, description=details)
	assert reply.status_code == 201, reply.text
	return reply.json()["data"]


def test_the_whole_document_reaches_the_receiver_with_the_headers(api, worker, allow_private):
	client = api(make_manager())
	details = """<p>"Quoted" &amp; 'single' \\ back, {{ doc.name }}, naïve ☕</p>"""
	with run_receiver() as (url, received):
		asked = build_arguments(doctype="Brand", request_url=url)
		assert client.post(CREATE, **asked).status_code == 201
		inserted = insert_brand(api(), details)
		worker()

	assert len(received) == 1
	path, headers, body = received[0]
	assert path == "/hook"
	assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer token123", "application/json")
	stored = frappe.get_doc("Brand", inserted["name"]).as_dict(convert_dates_to_str=True)
	assert body == stored
	assert (body["brand"], body["description"]) == (inserted["brand"], stored.description)
	assert "{{ doc.name }}" in body["description"]


def test_a_record_that_was_rolled_back_out_of_a_bulk_call_sends_nothing(api, worker, allow_private):
	"""Of two brands deleted record by record, the one in use stays and its webhook with it."""
	used, free = (frappe.get_doc("Brand", insert_brand(api())["name"]) for _ in "ab")
	factories.make_record(
		"Item",
		item_code=factories.make_unique("Kit"),
		item_group=frappe.db.get_value("Item Group", {"is_group": 0}),
		stock_uom="Nos",
		is_stock_item=0,
		brand=used.name,
	)
	with run_receiver() as (url, received):
		asked = build_arguments(doctype="Brand", request_url=url, events=["on_trash"])
		assert api(make_manager()).post(CREATE, **asked).status_code == 201
		reply = api().post(
			"frappe.desk.delete.delete_many", doctype="Brand", name=[used.name, free.name], atomic=False
		)
		worker()

	assert [result["ok"] for result in reply.json()["data"]["results"]] == [False, True]
	assert [body["name"] for _path, _headers, body in received] == [free.name]


def test_a_delivery_to_a_private_address_is_stopped_and_logged(api, worker):
	"""This happens if a name resolves to another address after the webhook was created."""
	with run_receiver() as (url, received):
		asked = build_arguments(doctype="Brand")
		api(make_manager()).post(CREATE, **asked)
		frappe.db.set_value("Webhook", asked["webhook_name"], "request_url", url.replace("http:", "https:"))
		frappe.db.commit()
		brand = insert_brand(api())
		worker()

	assert received == []
	logs = frappe.get_all(
		"Webhook Request Log",
		{"webhook": asked["webhook_name"]},
		["reference_document", "headers", "data", "error"],
	)
	assert [(log.reference_document, log.headers, log.data) for log in logs] == [(brand["name"], None, None)]
	assert "InvalidWebhookTargetError" in logs[0].error


@pytest.mark.parametrize(
	"url", ["https://no-such-host.invalid/hook", "https://bücher.invalid/hook", "https://a.b.c.invalid:8443/"]
)
def test_a_host_that_is_not_known_now_is_accepted_with_a_warning(api, url):
	asked = build_arguments(request_url=url)
	reply = api(make_manager()).post(CREATE, **asked)
	assert reply.status_code == 201, reply.text
	(warning,) = reply.json()["data"]["warnings"]
	assert "cannot be found at the moment" in warning
	assert frappe.db.get_value("Webhook", asked["webhook_name"], "request_url") == url


def test_plain_http_to_an_unknown_host_is_still_refused(api):
	reply = api(make_manager()).post(
		CREATE, **build_arguments(request_url="http://no-such-host.invalid/hook")
	)
	assert get_error(reply) == (422, "InvalidWebhookTargetError")


def test_a_delivery_to_an_unknown_host_is_stopped_and_logged(api, worker):
	asked = build_arguments(doctype="Brand", request_url="https://no-such-host.invalid/hook")
	assert api(make_manager()).post(CREATE, **asked).status_code == 201
	insert_brand(api())
	worker()
	(error,) = frappe.get_all("Webhook Request Log", {"webhook": asked["webhook_name"]}, pluck="error")
	assert "InvalidWebhookTargetError" in error


@pytest.mark.parametrize(("sent", "kept"), [(None, 30), (1, 1), (60, 60), ("45", 45)])
def test_the_timeout_can_be_set(api, sent, kept):
	asked = build_arguments(**({} if sent is None else {"timeout": sent}))
	assert api(make_manager()).post(CREATE, **asked).status_code == 201
	assert frappe.db.get_value("Webhook", asked["webhook_name"], "timeout") == kept


@pytest.mark.parametrize("sent", [0, -1, 61, "soon", True, 10**30])
def test_a_timeout_out_of_range_is_400(api, sent):
	asked = build_arguments(timeout=sent)
	assert get_error(api(make_manager()).post(CREATE, **asked)) == (400, "InvalidRequestError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


def test_each_delivery_has_an_id_that_its_attempts_share(api, worker, allow_private):
	with run_receiver(failures=1) as (url, received):
		asked = build_arguments(doctype="Brand", request_url=url)
		assert api(make_manager()).post(CREATE, **asked).status_code == 201
		for _ in range(2):
			insert_brand(api())
		worker()
	ids = [headers["Webhook-Id"] for _path, headers, _body in received]
	assert (len(ids), len(set(ids))) == (3, 2)
	assert all(uuid.UUID(found) for found in ids)
	stored = frappe.get_doc("Webhook", asked["webhook_name"])
	assert "Webhook-Id" not in [header.key for header in stored.webhook_headers]


@pytest.mark.skipif(compat.FRAPPE_MAJOR < 16, reason="Tasks of a workflow's transition came with Frappe 16")
def test_a_task_of_a_workflow_is_not_delivered_to_a_private_address(api):
	with run_receiver() as (url, received):
		asked = build_arguments(doctype="Brand")
		api(make_manager()).post(CREATE, **asked)
		frappe.db.set_value("Webhook", asked["webhook_name"], "request_url", url.replace("http:", "https:"))
		frappe.db.commit()
		brand = frappe.get_doc("Brand", insert_brand(api())["name"])
		with pytest.raises(InvalidWebhookTargetError):
			frappe.get_doc("Webhook", asked["webhook_name"]).execute_for_doc(brand)
		refusal = frappe.get_last_doc("Webhook Request Log", {"webhook": asked["webhook_name"]})
		frappe.db.rollback()

	assert received == []
	assert (refusal.reference_document, refusal.headers, refusal.data) == (brand.name, None, None)
	assert "InvalidWebhookTargetError" in refusal.error


@pytest.mark.skipif(compat.FRAPPE_MAJOR < 16, reason="Tasks of a workflow's transition came with Frappe 16")
def test_a_task_of_a_workflow_is_delivered_with_an_id(api, allow_private):
	with run_receiver() as (url, received):
		asked = build_arguments(doctype="Brand", request_url=url)
		api(make_manager()).post(CREATE, **asked)
		brand = frappe.get_doc("Brand", insert_brand(api())["name"])
		frappe.get_doc("Webhook", asked["webhook_name"]).execute_for_doc(brand)

	((_path, headers, body),) = received
	assert body["name"] == brand.name
	assert uuid.UUID(headers["Webhook-Id"])
