"""The examples of docs/api-reference.md through the generated clients: each gives what the site answered, and that is
what the reference says.

What writes is sent by both clients with one Idempotency-Key: the first one does it, the second one gets the same reply,
which the site gives for the same request only. What no client can send (sign-in, malformed bodies, other routes) is
sent without one, so that the examples after it find what they need.
"""

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api.test_api_reference import (
	bound,  # noqa: F401  # a fixture
	build_param,
	send,
	translate_to_line,
)
from tests.clients.conftest import Token
from tests.support import reference
from tests.support.api_clients import Driver, Outcome
from tests.support.client import Client
from tests.support.gateway import Exchange, Gateway
from tests.support.reference import Bindings, Example

PREFIX = "/api/method/"
JSON, FORM = "application/json", "multipart/form-data"
UTC_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
QUERY_VERBS = frozenset({"GET", "DELETE"})
SAFE_VERBS = frozenset({"GET"})
SENT_BY_CLIENTS = frozenset({"Authorization", "Content-Type", "Idempotency-Key"})
FIRST_ERROR = 400
EXAMPLES = list(reference.parse_examples())

# They list what both clients read, and the reference reads it once.
COUNTING_READS = frozenset(
	f"/api/method/orchestrator.{name}"
	for name in ("docs.get_audit_trail", "privacy.get_record_accesses", "privacy.get_user_accesses")
)

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
	"""An example as the clients make it."""

	action: str
	command: dict[str, Any]


@pytest.fixture(scope="module")
def document(frappe_site: str) -> Document:
	from orchestrator.api.openapi_document.document import build_document

	return build_document("http://localhost")


@pytest.mark.parametrize("example", [build_param(example) for example in EXAMPLES])
def test_clients_give_what_the_site_answers(
	example: Example, bound: Bindings, document: Document, drivers: dict[str, Driver], gateway: Gateway, site: str  # noqa: F811
) -> None:  # fmt: skip
	call = build_call(example, bound, document)
	if call is None:
		reply = send(Client(gateway.base, site), example, bound)
		bind_reply(example, reply.status_code, dict(reply.headers), reply.content, bound)
		return
	before = dict(bound)
	for number, driver in enumerate(drivers.values()):
		outcome = driver.run(call.action, get_token(example, before), **call.command)
		exchange = get_exchange(gateway, outcome, call)
		check_exchange(example, exchange, bound if number == 0 else dict(before))
		check_outcome(outcome, exchange)
		gateway.reset()


def test_most_examples_go_through_generated_functions(document: Document) -> None:
	calls = [call for example in EXAMPLES if (call := build_call(example, {}, document))]
	typed = [call for call in calls if call.action == "operation"]
	assert (len(calls) > 0.8 * len(EXAMPLES), len(typed) > 0.75 * len(EXAMPLES)) == (True, True)
	assert len({call.command["operation"] for call in typed}) > 60


def build_call(example: Example, values: Bindings, document: Document) -> Call | None:
	"""Return an example as a call of a generated function, or by name where its parameters are not the function's; None
	for what no client sends."""
	authorization = example.headers.get("Authorization", "token")
	is_form = example.headers.get("Content-Type") == FORM
	body = None if is_form else parse_body(reference.substitute(example.body, values))
	if (
		not example.path.startswith(PREFIX)
		or not example.headers.keys() <= SENT_BY_CLIENTS
		or example.headers.get("Content-Type", JSON) not in (JSON, FORM)
		or not authorization.startswith("token")
		or body is False
	):
		return None
	method = example.path.removeprefix(PREFIX)
	operation = document["paths"].get(example.path, {}).get(example.verb.lower())
	query = reference.substitute_all(example.query, values)
	if example.verb not in QUERY_VERBS and body is None:
		body, query = query or None, {}  # the clients send the parameters of a write in its body
	common = {"verb": example.verb, "method": method, "idempotency_key": get_key(example, values)}
	if is_form:
		return Call("operation", {**common, **build_upload(example, values)})
	if (
		operation
		and (typed := build_typed_query(operation, query)) is not None
		and fits(operation, body, document)
	):
		command = {"operation": operation["operationId"], "query": typed, "body": body, "sent_body": body}
		return Call("operation", {**common, **command, "is_download": is_download(operation)})
	if body and query:
		return None
	return Call("call", {**common, "parameters": body or query, "sent_body": body})


def parse_body(text: str) -> Any:
	"""Return a JSON body as both clients write it; None without one, False for what is no JSON object."""
	try:
		body = json.loads(text) if text else None
	except ValueError:
		return False
	if isinstance(body, dict):
		return {name: rewrite_time(value) for name, value in body.items()}
	return None if body is None else False


def rewrite_time(value: Any) -> Any:
	"""Return a timestamp as Python writes it, with +00:00 for Z, so that both clients send the same request under their
	common Idempotency-Key."""
	is_in_utc = isinstance(value, str) and UTC_TIMESTAMP.fullmatch(value)
	return value.removesuffix("Z") + "+00:00" if is_in_utc else value


def get_key(example: Example, values: Bindings) -> str | None:
	"""Return the example's Idempotency-Key, or a new one for what may write."""
	if example.verb in SAFE_VERBS:
		return None
	return reference.substitute(example.headers.get("Idempotency-Key", uuid.uuid4().hex), values)


def get_token(example: Example, values: Bindings) -> Token:
	usual = "token <api key>:<api secret>"
	text = reference.substitute(example.headers.get("Authorization", usual), values)
	key, _colon, secret = text.removeprefix("token ").partition(":")
	return key, secret


def build_upload(example: Example, values: Bindings) -> dict[str, Any]:
	"""Return the form of an upload; what is sent is no JSON."""
	form = reference.parse_headers(reference.substitute(example.body, values).splitlines())
	flags = {name: int(form[name]) for name in ("is_private",) if name in form}
	return {"operation": "upload_file", "query": {}, "body": {**form, **flags}, "is_upload": True}


def build_typed_query(operation: dict[str, Any], query: dict[str, str]) -> dict[str, Any] | None:
	"""Return the query with values of the function's types; None where it takes no such query."""
	declared = {entry["name"]: entry for entry in operation["parameters"] if entry.get("in") == "query"}
	required = {name for name, entry in declared.items() if entry["required"]}
	if not required <= query.keys() <= declared.keys():
		return None
	typed = {
		name: json.loads(text)
		if declared[name]["schema"].get("type") in ("integer", "number", "boolean")
		else text
		for name, text in query.items()
	}
	is_valid = all(Draft202012Validator(declared[name]["schema"]).is_valid(typed[name]) for name in typed)
	return typed if is_valid else None


def fits(operation: dict[str, Any], body: Any, document: Document) -> bool:
	"""Return True for a body that the function takes."""
	content = operation.get("requestBody", {}).get("content")
	if content is None or body is None:
		return content is None and body is None
	schema = {**content[JSON]["schema"], "components": document["components"]}
	return bool(Draft202012Validator(schema).is_valid(body))


def is_download(operation: dict[str, Any]) -> bool:
	return JSON not in operation["responses"].get("200", {}).get("content", {JSON: {}})


def bind_reply(
	example: Example, status: int, headers: dict[str, str], content: bytes, values: Bindings
) -> None:
	"""Assert that a reply is the one of the reference, and remember what it names."""
	assert status == example.status, content
	for name, text in example.reply_headers.items():
		assert list(reference.find_differences(text, headers[name], values, name)) == []
	if example.reply is not None and example.path not in COUNTING_READS:
		assert (
			list(reference.find_differences(translate_to_line(example.reply), json.loads(content), values))
			== []
		)


def get_exchange(gateway: Gateway, outcome: Outcome, call: Call) -> Exchange:
	"""Return the one request of a client, which sent what it was told."""
	assert not outcome.error or outcome.error["classes"], outcome.error["text"]
	(exchange,) = gateway.exchanges
	if "sent_body" in call.command:
		assert (json.loads(exchange.body or "null") or None) == call.command["sent_body"]
	return exchange


def check_exchange(example: Example, exchange: Exchange, values: Bindings) -> None:
	headers = dict(exchange.reply_headers or {})
	bind_reply(example, int(exchange.status or 0), headers, exchange.reply, values)


def check_outcome(outcome: Outcome, exchange: Exchange) -> None:
	"""Assert that a client gave what the site answered."""
	assert exchange.status and exchange.reply_headers
	is_json = JSON in exchange.reply_headers.get("Content-Type", "")
	answered = json.loads(exchange.reply) if is_json else exchange.reply.decode()
	if exchange.status < FIRST_ERROR:
		assert (outcome.error, outcome.value) == (None, answered)
		return
	assert outcome.error
	facts = {"status": exchange.status, "exc_type": answered["exc_type"]}
	assert {key: outcome.error[key] for key in facts} == facts
	assert f"{answered['exc_type']}: {outcome.error['text']}" == answered["exc"]
	assert outcome.error["classes"][-2:] == ["ApiError", "OrchestratorError"]
