"""Call the site within this process, through Frappe's own application with all of its hooks."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.test import Client, EnvironBuilder

import frappe
import frappe.app
import frappe.auth

from tests.security.caller import Caller
from tests.security.isolation import Effects, Ground, guarded

# Far beyond what any call takes: one that is stopped within a statement takes the connection with it
CALL_SECONDS = 30
DISCLOSURES = "select * from `tabDisclosure` where `api_key` = %s"


class CallTimeoutError(BaseException):
	"""A call took too long. No handler of the platform catches this."""


@dataclass(frozen=True)
class Request:
	"""One request, about a planted record."""

	method: str
	about: str
	verb: str
	path: str
	values: dict[str, Any] = field(default_factory=dict)
	as_json: bool = False


@dataclass
class Reply:
	"""A reply, and the side effects of the call."""

	request: Request
	status: int
	body: bytes
	headers: str
	effects: Effects = field(default_factory=Effects)
	sent: str = ""
	forbidden: str = ""
	# What was recorded as disclosed to the caller, a recipient outside
	disclosures: list[dict[str, Any]] = field(default_factory=list)

	@property
	def error(self) -> tuple[str, str]:
		"""Return the class and the text of the error."""
		try:
			body = json.loads(self.body)
		except ValueError:
			return "", self.body[:300].decode("utf-8", "replace")
		if not isinstance(body, dict):
			return "", ""
		texts = (
			body.get("exception") or body.get("message") or body.get("exc"),
			body.get("_server_messages"),
		)
		return str(body.get("exc_type") or ""), " ".join(str(text)[:300] for text in texts if text)


class Dispatcher:
	"""Sends requests of any caller."""

	def __init__(self, ground: Ground, site: str) -> None:
		self.ground = ground
		self.site = site
		self.together = False
		self.known_disclosures: set[str] = set()
		self.client = Client(frappe.app.application, use_cookies=False)
		_sign_in_by_name()
		_keep_metas()

	def send(self, caller: Caller, request: Request) -> Reply:
		"""Send one request and, outside of a session, undo its changes."""
		headers = {"Accept": "application/json", "Host": self.site}
		if caller.key != "guest":
			headers["Authorization"] = caller.authorization or f"token {caller.user}:sweep"
		options: dict[str, Any] = {"method": request.verb, "path": request.path, "headers": headers}
		if request.verb in ("GET", "DELETE"):
			path, _mark, query = request.path.partition("?")
			options.update(path=path, query_string={**dict(parse_qsl(query)), **request.values})
		elif request.as_json:
			options["json"] = request.values
		else:
			options["data"] = request.values
		environ = EnvironBuilder(base_url=f"http://{self.site}/", **options).get_environ()
		sent = f"{request.path} {json.dumps(request.values, default=str)}"
		if self.together:
			self.ground.effects.clear()
			return self._reply(caller, request, environ, sent)
		with guarded(self.ground):
			self.known_disclosures.clear()
			return self._reply(caller, request, environ, sent)

	def _reply(self, caller: Caller, request: Request, environ: dict[str, Any], sent: str) -> Reply:
		reply = Reply(request, *self._run(environ), deepcopy(self.ground.effects), sent)
		if caller.api_key:
			reply.disclosures = [
				row
				for row in self.ground.db.sql(DISCLOSURES, caller.api_key, as_dict=True)
				if row.name not in self.known_disclosures
			]
			self.known_disclosures.update(row["name"] for row in reply.disclosures)
		return reply

	@contextmanager
	def one_session(self) -> Iterator[None]:
		"""Let each request within the block see the changes of those before it. All is undone at the end."""
		with guarded(self.ground):
			self.together = True
			self.known_disclosures.clear()
			try:
				yield
			finally:
				self.together = False

	def _run(self, environ: dict[str, Any]) -> tuple[int, bytes, str]:
		try:
			with time_limit(CALL_SECONDS):
				response = self.client.open(environ)
				return response.status_code, response.get_data(), str(response.headers)
		except CallTimeoutError:
			return 0, b"timeout", ""
		except (SystemExit, KeyboardInterrupt) as error:
			return 0, f"{type(error).__name__} {error}".encode(), ""
		except Exception as error:
			return 500, f"{type(error).__name__} {error}".encode(), ""


def _sign_in_by_name() -> None:
	"""Let a token name its user: signing in is not what the sweep tests. API keys of this app sign in as always."""

	def validate(authorization: list[str]) -> None:
		if not authorization[1].endswith(":sweep"):
			return
		form = frappe.local.form_dict
		frappe.set_user(authorization[1].rpartition(":")[0])
		frappe.local.form_dict = form

	frappe.auth.validate_auth_via_api_keys = validate


def _keep_metas() -> None:
	"""Share the metadata of DocTypes between requests: reading it again is the largest cost of most of them."""
	init, key = frappe.init, frappe.cache.make_key("doctype_meta")
	kept: dict[str, Any] = {}

	def init_with_metas(*args: Any, **options: Any) -> None:
		kept.update(getattr(frappe.local, "cache", {}).get(key) or {})
		init(*args, **options)
		frappe.local.cache[key] = dict(kept)

	frappe.init = init_with_metas


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
	def stop(_signal: int, _frame: Any) -> None:
		raise CallTimeoutError

	before = signal.signal(signal.SIGALRM, stop)
	signal.setitimer(signal.ITIMER_REAL, seconds)
	try:
		yield
	finally:
		signal.setitimer(signal.ITIMER_REAL, 0)
		signal.signal(signal.SIGALRM, before)
