"""The requests of a soak to documents, search, upserts, webhooks, API keys, sprints, clients and the MCP server."""

import json
from random import Random

from benchmarks.soak_callers import Call, Caller, Outcome, make_unique
from tests.support import docs_factories, upserts
from tests.support.keys import CREATE

# Documents that a caller reads; new ones take the place of older ones
MAX_DOCUMENTS = 10
RECORDS_PER_UPSERT = 25
KEYS = "orchestrator.api.keys."
DOCS = docs_factories.METHOD


def upload_document(caller: Caller, rng: Random) -> Outcome:
	content = f"{make_unique()} agreement of {rng.choice(['harbor', 'cedar', 'willow'])}".encode()
	reply = docs_factories.upload(
		caller.client, f"/Documents/{caller.folder}", f"{make_unique()}.txt", content
	)
	if reply.status_code == 201:
		caller.documents = [*caller.documents[-MAX_DOCUMENTS:], reply.json()["data"]["document"]]
	return reply, (201,)


def create_version(caller: Caller, rng: Random) -> Outcome:
	body = {"document": rng.choice(caller.documents), "file": make_unique(), "encoding": "text"}
	return caller.client.post(f"{DOCS}create_version", **body), (201,)


def read_documents(caller: Caller, rng: Random) -> Outcome:
	document = rng.choice(caller.documents)
	method, params = rng.choice(
		[
			("get_versions", {"document": document}),
			("download", {"document": document}),
			("get_preview", {"document": document}),
			("get_folder", {"folder": caller.folder}),
			("get_access", {"document": document}),
			("search", {"query": rng.choice(["harbor", "cedar", "willow"])}),
		]
	)
	return caller.client.get(DOCS + method, **params), (200,)


def find_records(caller: Caller, rng: Random) -> Outcome:
	query = rng.choice(["harbor", "Alderbourne", "Ada", f"soak {rng.randint(1, 99)}"])
	return caller.client.post("orchestrator.api.search.find_records", query=query), (200,)


def upsert_records(caller: Caller, rng: Random) -> Outcome:
	"""Send records, half of them with keys of earlier calls."""
	records = [
		{
			"external_id": f"{caller.password_user}-{rng.randint(1, 5000)}-{number}",
			"title": make_unique(),
			"units": number,
		}
		for number in range(RECORDS_PER_UPSERT)
	]
	reply = upserts.send_body(caller.client, upserts.to_ndjson(records))
	if reply.status_code == 200:
		caller.operations = [*caller.operations[-5:], reply.json()["data"]["operation"]]
	return reply, (200,)


def get_operation(caller: Caller, rng: Random) -> Outcome:
	if not caller.operations:
		return upsert_records(caller, rng)
	return caller.client.get(upserts.STATUS, operation=rng.choice(caller.operations)), (200,)


def use_webhooks(caller: Caller, rng: Random) -> Outcome:
	if rng.random() < 0.2:
		return caller.client.post(
			"orchestrator.api.webhooks.replay_deliveries",
			webhook=caller.webhook,
			from_time="2020-01-01T00:00:00Z",
			to_time="2020-01-02T00:00:00Z",
		), (200,)
	body = {
		"doctype": "Webhook Delivery",
		"fields": ["name", "status", "attempts", "payload_digest"],
		"filters": {"webhook": caller.webhook},
	}
	return caller.client.post("frappe.client.get_list", **body), (200,)


def create_key(caller: Caller) -> Outcome:
	scope = {"doctypes": {"Lead": ["read"]}, "methods": ["orchestrator.mcp"]}
	reply = caller.client.post(CREATE, title=make_unique(), **scope)
	caller.key = reply.json()["data"] if reply.status_code == 201 else None
	return reply, (201,)


def use_keys(caller: Caller, rng: Random) -> Outcome:
	"""Create a key with a scope, then use, rotate, list and revoke it."""
	client = caller.client
	if caller.key is None:
		return create_key(caller)
	scoped = {"Authorization": caller.key["authorization"]}
	turn = rng.random()
	if turn < 0.4:
		return client.get("frappe.client.get_list", scoped, doctype="Lead"), (200,)
	if turn < 0.6:
		return client.get("frappe.client.get_list", scoped, doctype="Note"), (403,)
	if turn < 0.7:
		return client.get(f"{KEYS}get_current_key", scoped), (200,)
	if turn < 0.8:
		return client.get(f"{KEYS}list_keys"), (200,)
	if turn < 0.9:
		reply = client.post(f"{KEYS}rotate_key", key=caller.key["key"], overlap_hours=0)
		caller.key = reply.json()["data"] if reply.status_code == 200 else None
		return reply, (200,)
	name, caller.key = caller.key["key"], None
	return client.post(f"{KEYS}revoke_key", key=name), (200,)


def read_sprint(caller: Caller, rng: Random) -> Outcome:
	method = rng.choice(["get_sprint_board", "get_sprint_burndown", "get_sprint_flow", "get_sprint_capacity"])
	return caller.client.get(f"orchestrator.gameplan.{method}", sprint=caller.sprint), (200,)


def get_client(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.get("orchestrator.sync.get_client", client=caller.patient), (200,)


def list_tools(caller: Caller, rng: Random) -> Outcome:
	if caller.key is None:
		return create_key(caller)
	headers = {"Authorization": caller.key["authorization"]}
	body = {"jsonrpc": "2.0", "id": rng.randint(1, 10**9), "method": "tools/list"}
	return caller.client.request("POST", "/api/method/orchestrator.mcp", json=body, headers=headers), (200,)


def send_unfit_records(caller: Caller, rng: Random) -> Outcome:
	"""Send what is refused at once: a column that no record has, whose name differs each time."""
	body = f"external_id,{make_unique()}\na,{json.dumps(rng.random())}\n".encode()
	return upserts.send_body(caller.client, body, "text/csv"), (400,)


# Of 100 requests on average, and the call
MIX: dict[str, tuple[float, Call]] = {
	"uploads of documents": (0.8, upload_document),
	"versions of documents": (0.7, create_version),
	"reads of documents": (4, read_documents),
	"searches": (2, find_records),
	"upserts": (0.7, upsert_records),
	"states of upserts": (2, get_operation),
	"refused upserts": (0.5, send_unfit_records),
	"webhooks": (1.5, use_webhooks),
	"API keys": (2.5, use_keys),
	"sprints": (1.5, read_sprint),
	"clients": (1, get_client),
	"lists of MCP tools": (0.5, list_tools),
}
