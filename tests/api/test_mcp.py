"""The MCP server: by the official client, and by JSON-RPC messages of one's own."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import frappe

from tests.conftest import BENCH, Callers
from tests.support import factories, helpdesk
from tests.support.client import Client, get_error
from tests.support.gateway import run_gateway
from tests.support.key_scopes import Clinic, make_clinic
from tests.support.keys import KeyMaker
from tests.support.source import ROOT

METHOD = "orchestrator.mcp"
Message = dict[str, Any]
Use = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	return make_clinic()


@pytest.fixture(scope="module")
def maker(people: Clinic, callers: Callers) -> KeyMaker:
	return KeyMaker(callers.api(people.user))


@pytest.fixture(scope="module")
def assistant(maker: KeyMaker) -> Client:
	"""Return a client whose key may use the MCP server, and read and create leads."""
	return maker.client(doctypes={"Lead": ["read", "create"]}, methods=[METHOD, "orchestrator.crm.*"])


@pytest.fixture(scope="module")
def use(server: str, frappe_site: str) -> Iterator[Use]:
	"""`use(client, *calls)`: what the official client gets with the key of `client`."""
	modules = f"{BENCH}/.orchestrator/clients"
	with run_gateway(server, frappe_site) as gateway:

		def run(client: Client, *calls: tuple[str, Message]) -> dict[str, Any]:
			command = [
				"node", str(ROOT / "tests/clients/mcp_sdk.js"), f"{gateway.base}/api/method/{METHOD}",
				client.headers["Authorization"], json.dumps(calls), modules,
			]  # fmt: skip
			done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
			assert done.returncode == 0, done.stderr
			return json.loads(done.stdout)

		yield run


def send(client: Client, method: str, params: Message | None = None, **more: Any) -> requests.Response:
	"""Send one request of JSON-RPC."""
	body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}
	return client.request("POST", f"/api/method/{METHOD}", json=body)


def find_missing_definitions(tool: Message) -> set[str]:
	"""Return the references of a tool's schema that lead to nothing in it."""
	references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(tool["inputSchema"])))
	return references - {f"#/$defs/{name}" for name in tool["inputSchema"].get("$defs", {})}


def call_tool(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
	reply = send(client, "tools/call", {"name": tool, "arguments": arguments})
	assert reply.status_code == 200, reply.text
	return reply.json()


@pytest.fixture
def writes_allowed(site: str) -> Iterator[None]:
	with helpdesk.override_settings(mcp_allow_writes=1):
		yield


def test_official_client_reads_with_the_tools_of_its_key(
	site: str, people: Clinic, assistant: Client, use: Use
) -> None:
	filters = {"name": people.lead}
	found = use(
		assistant,
		("client_get_list", {"doctype": "Lead", "fields": ["name"], "filters": filters}),
		("client_get", {"doctype": "Client", "name": people.client}),
		("client_insert", {"doctype": "Lead", "lead_name": "Not allowed"}),
	)
	assert found.get("failure") is None
	assert found["server"]["name"] == "frappe-orchestrator"
	names = [tool["name"] for tool in found["tools"]]
	assert names == [
		"client_get",
		"client_get_list",
		"bulk_get_operation",
		"get_changes",
		"keys_get_current_key",
		"crm_get_leads",
		"crm_get_pipeline_summary",
	]
	assert all(tool["annotations"]["readOnlyHint"] for tool in found["tools"])
	leads, client, insert = found["calls"]
	assert leads["structuredContent"] == {"data": [{"name": people.lead}], "keys": ["name"]}
	assert json.loads(leads["content"][0]["text"]) == leads["structuredContent"]
	assert client["isError"]
	assert client["content"][0]["text"].startswith(
		"PermissionError: This API key lacks the scope Client: read."
	)
	assert insert == {"protocolError": -32602}
	assert not frappe.db.exists("Lead", {"lead_name": "Not allowed"})


def test_official_client_writes_where_the_site_permits_it(
	site: str, assistant: Client, use: Use, mark: str, writes_allowed: None
) -> None:
	found = use(
		assistant,
		("client_insert", {"doctype": "Lead", "lead_name": mark}),
		("client_insert", {"doctype": "Lead", "lead_name": mark, "no_such_field": 1}),
	)
	created, refused = found["calls"]
	assert created["structuredContent"]["data"]["lead_name"] == mark
	assert (refused["isError"], refused["content"][0]["text"].split(":")[0]) == (True, "InvalidRequestError")
	frappe.db.rollback()
	assert frappe.get_all("Lead", {"lead_name": mark}, pluck="name") == [
		created["structuredContent"]["data"]["name"]
	]


def test_failed_tool_leaves_nothing(site: str, assistant: Client, mark: str, writes_allowed: None) -> None:
	"""The insert fails after the lead was written: a second lead of the same email address."""
	first = call_tool(
		assistant, "client_insert", doctype="Lead", lead_name=mark, email_id=f"{mark}@example.com"
	)
	second = call_tool(
		assistant, "client_insert", doctype="Lead", lead_name=mark, email_id=f"{mark}@example.com"
	)
	assert (first["result"]["isError"], second["result"]["isError"]) == (False, True)
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": mark}) == 1


def test_schemas_of_tools_are_complete(site: str, maker: KeyMaker, writes_allowed: None) -> None:
	domains = ("crm", "docs", "gameplan", "helpdesk", "hr", "insights", "sync")
	methods = [METHOD, *(f"orchestrator.{domain}.*" for domain in domains)]
	client = maker.client(doctypes={"Lead": ["read"]}, methods=methods)
	tools = send(client, "tools/list").json()["result"]["tools"]
	assert len(tools) > 50
	assert {tool["inputSchema"]["type"] for tool in tools} == {"object"}
	assert list(filter(None, map(find_missing_definitions, tools))) == []
	names = [tool["name"] for tool in tools]
	assert len(set(names)) == len(names)
	assert all(len(name) <= 64 for name in names)
	assert not {"batch", "upload_file", "mcp"}.intersection(names)


def test_key_that_reads_clients_reads_them(site: str, people: Clinic, maker: KeyMaker) -> None:
	client = maker.client(doctypes={"Client": ["read"]}, methods=[METHOD])
	reply = call_tool(client, "client_get", doctype="Client", name=people.client)
	assert people.last_name in reply["result"]["structuredContent"]["data"]["last_name"]


@pytest.mark.parametrize("arguments", [{"fields": {"$ref": "tool.data"}}, {"fields": {"$literal": ["name"]}}])
def test_arguments_are_never_references(site: str, assistant: Client, arguments: Message) -> None:
	reply = call_tool(assistant, "client_get_list", doctype="Lead", **arguments)
	assert reply["result"]["isError"]
	assert reply["result"]["content"][0]["text"].startswith("InvalidRequestError")


def test_tool_gives_the_place_of_the_next_page(site: str, assistant: Client) -> None:
	names = [factories.make_lead().name for _number in range(3)]
	arguments: Message = {
		"doctype": "Lead",
		"filters": {"name": ["in", names]},
		"limit_page_length": 2,
		"with_total": True,
		"cursor": "*",
	}
	pages = []
	while arguments["cursor"]:
		reply = send(assistant, "tools/call", {"name": "client_get_list", "arguments": arguments})
		pages.append(reply.json()["result"]["structuredContent"])
		arguments["cursor"] = pages[-1]["next_cursor"]
	assert [row["name"] for page in pages for row in page["data"]] == names
	assert [(page["has_more"], page["total"]) for page in pages] == [(True, 3), (False, 3)]


def test_tool_cannot_have_another_method_checked_in_its_place(site: str, assistant: Client) -> None:
	arguments = {"doctype": "Lead", "cmd": "ping"}
	result = send(assistant, "tools/call", {"name": "client_get_list", "arguments": arguments}).json()[
		"result"
	]
	assert result["isError"] is True
	assert result["content"][0]["text"] == "InvalidRequestError: cmd is not a parameter of a step."


def test_guest_and_keys_without_scopes_are_refused(site: str, guest: Client, maker: KeyMaker) -> None:
	assert get_error(send(guest, "ping")) == (401, "AuthenticationError")
	assert get_error(send(maker.owner, "ping")) == (403, "PermissionError")
	assert get_error(send(maker.client(full_access=True), "ping")) == (403, "PermissionError")


def test_key_without_the_method_is_refused(site: str, maker: KeyMaker) -> None:
	reply = send(maker.client(doctypes={"Lead": ["read"]}), "ping")
	assert get_error(reply) == (403, "PermissionError")
	assert reply.headers["X-API-Key-Missing-Scope"] == f"method {METHOD}"


def test_only_post_is_answered(site: str, assistant: Client) -> None:
	assert get_error(assistant.request("GET", f"/api/method/{METHOD}")) == (405, "MethodNotAllowedError")
	assert get_error(assistant.request("DELETE", f"/api/method/{METHOD}")) == (405, "MethodNotAllowedError")


def test_pages_of_other_sites_are_refused(site: str, assistant: Client) -> None:
	headers = {"Origin": "https://elsewhere.example"}
	body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
	reply = assistant.request("POST", f"/api/method/{METHOD}", json=body, headers=headers)
	assert get_error(reply) == (403, "PermissionError")
	own = assistant.request(
		"POST", f"/api/method/{METHOD}", json=body, headers={"Origin": f"http://{assistant.host}"}
	)
	assert own.json()["result"] == {}


@pytest.mark.parametrize(
	("wanted", "agreed"),
	[
		("2025-11-25", "2025-11-25"),
		("2025-03-26", "2025-03-26"),
		("2099-01-01", "2025-11-25"),
		(7, "2025-11-25"),
	],
)
def test_revision_of_the_protocol_is_agreed_on(
	site: str, assistant: Client, wanted: object, agreed: str
) -> None:
	reply = send(assistant, "initialize", {"protocolVersion": wanted, "capabilities": {}, "clientInfo": {}})
	assert reply.json()["result"]["protocolVersion"] == agreed


def test_other_revision_in_the_header_is_refused(site: str, assistant: Client) -> None:
	body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
	reply = assistant.request(
		"POST", f"/api/method/{METHOD}", json=body, headers={"MCP-Protocol-Version": "1999-01-01"}
	)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_notification_is_accepted_without_a_reply(site: str, assistant: Client) -> None:
	body = {"jsonrpc": "2.0", "method": "notifications/initialized"}
	reply = assistant.request("POST", f"/api/method/{METHOD}", json=body)
	assert (reply.status_code, reply.content) == (202, b"")


@pytest.mark.parametrize(
	"message",
	[
		pytest.param({"jsonrpc": "1.0"}, id="other version of JSON-RPC"),
		pytest.param({"method": 7}, id="method is no text"),
		pytest.param({"id": True}, id="id is a boolean"),
		pytest.param({"id": 1.5}, id="id is a fraction"),
	],
)
def test_body_that_is_no_message_is_refused(site: str, assistant: Client, message: Message) -> None:
	body = {"jsonrpc": "2.0", "id": 1, "method": "ping", **message}
	reply = assistant.request("POST", f"/api/method/{METHOD}", json=body)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	("message", "code"),
	[
		pytest.param({"params": [1]}, -32602, id="params are a list"),
		pytest.param({"method": "resources/list"}, -32601, id="unknown method"),
		pytest.param({"method": "tools/call", "params": {}}, -32602, id="tool without a name"),
		pytest.param({"method": "tools/call", "params": {"name": "no_such"}}, -32602, id="unknown tool"),
		pytest.param(
			{"method": "tools/call", "params": {"name": "client_get", "arguments": [1]}},
			-32602,
			id="arguments are a list",
		),
	],
)
def test_request_that_cannot_be_answered_is_an_error_of_json_rpc(
	site: str, assistant: Client, message: Message, code: int
) -> None:
	body = {"jsonrpc": "2.0", "id": 1, "method": "ping", **message}
	reply = assistant.request("POST", f"/api/method/{METHOD}", json=body)
	assert (reply.status_code, reply.json()["id"], reply.json()["error"]["code"]) == (200, 1, code)


def test_list_of_messages_is_refused(site: str, assistant: Client) -> None:
	reply = assistant.request(
		"POST", f"/api/method/{METHOD}", json=[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]
	)
	assert reply.status_code == 400


def test_unexpected_error_is_logged_under_its_request(admin: Client, broken_doctype: str) -> None:
	client = KeyMaker(admin).client(doctypes={broken_doctype: ["read"]}, methods=[METHOD])
	text = call_tool(client, "client_get_list", doctype=broken_doctype)["result"]["content"][0]["text"]
	assert text.startswith("InternalServerError")
	request_id = next(word for word in text.replace(";", " ").split() if len(word) == 16)
	frappe.db.rollback()
	assert frappe.db.count("Error Log", {"method": ("like", f"{request_id}%")}) == 1


def test_call_counts_against_the_rate_limit_once(site: str, assistant: Client) -> None:
	left = [int(send(assistant, "tools/list").headers["X-RateLimit-Remaining"]) for _ in range(2)]
	assert left[0] - left[1] in (0, 1)
