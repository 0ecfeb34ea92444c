"""Who may upsert which records, and who sees what becomes of them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator.api.upserts.jobs import resume_dead_operations
from tests.support import factories, upserts
from tests.support.client import Client, get_data, get_error
from tests.support.keys import KeyMaker, get_missing_scope
from tests.support.upserts import DOCTYPE, LEVEL_ROLE, LINKED, METHOD, ROLE, STATUS

Api = Callable[[str], Client]
Worker = Callable[[], None]
CREATOR, EDITOR, OWNER, READER = "Upsert Creator", "Upsert Editor", "Upsert Owner", "Upsert Reader"
RIGHTS = {
	CREATOR: {"read": 1, "create": 1},
	EDITOR: {"read": 1, "write": 1},
	OWNER: {"read": 1, "write": 1, "create": 1, "if_owner": 1},
	READER: {"read": 1},
}


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	upserts.make_doctype()
	hidden_key = upserts.build_field("hidden_key", unique=1, permlevel=1)
	doc = frappe.get_doc("DocType", DOCTYPE)
	doc.append("fields", hidden_key)
	for role, rights in RIGHTS.items():
		if not frappe.db.exists("Role", role):
			factories.make_record("Role", role_name=role)
		doc.append("permissions", {"role": role, "write": 0, "create": 0, "delete": 0, **rights})
	doc.save()
	for name in ("Red", "Green"):
		factories.make_record(LINKED, name=name)
	yield
	upserts.delete_doctypes(DOCTYPE)


def make_client(api: Api, *roles: str) -> Client:
	return api(str(factories.make_user(*roles).name))


def make_thing(key: str, **values: Any) -> str:
	return str(factories.make_record(DOCTYPE, external_id=key, title="first", **values).name)


@pytest.mark.parametrize(
	("role", "statuses", "title"),
	[
		(CREATOR, ["failed: PermissionError", "created"], "first"),
		(EDITOR, ["updated", "failed: PermissionError"], "second"),
		(OWNER, ["failed: PermissionError", "created"], "first"),
	],
)
def test_rights_to_create_and_write(
	api: Api, worker: Worker, mark: str, role: str, statuses: list[str], title: str
) -> None:
	make_thing(mark)
	records = [{"external_id": mark, "title": "second"}, {"external_id": f"{mark}-2", "title": "second"}]
	results = upserts.upsert(make_client(api, role), worker, records)
	assert upserts.list_statuses(results) == statuses
	rows = upserts.list_rows(DOCTYPE, "external_id", "title", external_id=("like", f"{mark}%"))
	created = [{"external_id": f"{mark}-2", "title": "second"}] if "created" in statuses else []
	assert rows == [{"external_id": mark, "title": title}, *created]


def test_hidden_record_looks_like_one_that_may_not_be_created(api: Api, worker: Worker, mark: str) -> None:
	"""To someone who may only change records, restricted to those of a category."""
	user = str(factories.make_user(EDITOR).name)
	factories.make_record("User Permission", user=user, allow=LINKED, for_value="Red")
	make_thing(f"{mark}-0", category="Green")
	make_thing(f"{mark}-1", category="Red")
	records = [{"external_id": f"{mark}-{n}", "title": "second"} for n in range(3)]
	records.append({"external_id": f"{mark}-1x", "title": "second"})
	results = upserts.upsert(api(user), worker, records)
	assert upserts.list_statuses(results) == [
		"failed: PermissionError", "updated", "failed: PermissionError", "failed: PermissionError",
	]  # fmt: skip
	assert len({result["error"]["text"] for result in results if result["error"]}) == 1
	moved = upserts.upsert(api(user), worker, [{"external_id": f"{mark}-1", "category": "Green"}])
	assert upserts.list_statuses(moved) == ["failed: PermissionError"]
	rows = upserts.list_rows(DOCTYPE, "title", "category", external_id=("like", f"{mark}%"))
	assert rows == [{"title": "first", "category": "Green"}, {"title": "second", "category": "Red"}]


def test_field_of_a_permission_level(api: Api, worker: Worker, mark: str) -> None:
	make_thing(mark, secret="s")
	changes = [{"external_id": mark, "secret": "t"}]
	refused = upserts.upsert(make_client(api, ROLE), worker, changes)
	assert upserts.list_statuses(refused) == ["failed: PermissionError"]
	same = upserts.upsert(make_client(api, ROLE), worker, [{"external_id": mark, "secret": "s"}])
	assert upserts.list_statuses(same) == ["unchanged"]
	changed = upserts.upsert(make_client(api, LEVEL_ROLE), worker, changes)
	assert upserts.list_statuses(changed) == ["updated"]


def test_key_that_the_caller_may_not_read(api: Api) -> None:
	params = {"doctype": DOCTYPE, "key_field": "hidden_key", "records": [{"hidden_key": "a", "title": "b"}]}
	reply = make_client(api, ROLE).post(METHOD, **params)
	assert get_error(reply) == (403, "PermissionError")
	assert get_data(make_client(api, LEVEL_ROLE).post(METHOD, **params))["total"] == 1


def test_reader_is_refused_at_once(api: Api) -> None:
	reply = upserts.send_body(make_client(api, READER), b'{"external_id": "x"}')
	assert get_error(reply) == (403, "PermissionError")


def test_result_file_is_for_the_caller_alone(api: Api, worker: Worker, guest: Client, mark: str) -> None:
	caller = make_client(api, ROLE)
	manager = make_client(api, "System Manager", "Orchestrator Manager")
	stranger = make_client(api, ROLE)
	operation = get_data(upserts.send_body(caller, upserts.to_ndjson([{"external_id": mark, "title": "x"}])))[
		"operation"
	]
	job_text = json.dumps(frappe.get_all("Bulk Operation", {"name": operation}, "*"), default=str)
	worker()
	state = upserts.get_state(caller, operation)

	assert mark not in job_text
	assert state["result_file"].startswith("/private/files/")
	assert get_error(stranger.get(STATUS, operation=operation)) == (404, "DoesNotExistError")
	assert upserts.get_state(manager, operation) == {**state, "result_file": None}
	downloads = [client.request("GET", state["result_file"]) for client in (manager, stranger, guest)]
	assert [reply.status_code for reply in downloads] == [403] * 3
	name = frappe.db.get_value("Bulk Operation", operation, "result_file")
	others = (manager, stranger)
	reads = [client.get("frappe.client.get", doctype="File", name=name) for client in others]
	assert {reply.status_code for reply in reads} <= {403, 404}
	filters = json.dumps({"name": name})
	lists = [client.get("frappe.client.get_list", doctype="File", filters=filters) for client in others]
	assert [reply.json()["data"] for reply in lists if reply.status_code != 403] in ([], [[]], [[], []])
	reply = manager.get("frappe.client.get_list", doctype="Bulk Operation Chunk")
	assert get_error(reply) == (403, "PermissionError")


def test_job_of_a_user_who_was_disabled_or_lost_the_role(api: Api, worker: Worker, mark: str) -> None:
	users = [factories.make_user(ROLE) for _ in range(2)]
	operations = [
		get_data(
			upserts.send_body(
				api(str(user.name)), upserts.to_ndjson([{"external_id": f"{mark}-{n}", "title": "x"}])
			)
		)["operation"]
		for n, user in enumerate(users)
	]
	users[0].db_set("enabled", 0)
	users[1].reload()
	users[1].set("roles", [])
	users[1].save()
	frappe.db.commit()
	worker()
	frappe.db.rollback()
	states = [upserts.get_state(api("Administrator"), operation) for operation in operations]
	assert [(state["status"], state["done"], state["error"]["type"]) for state in states] == [
		("Failed", 0, "PermissionError"), ("Failed", 0, "PermissionError"),
	]  # fmt: skip
	assert frappe.db.count("Bulk Operation Chunk", {"operation": ("in", operations)}) == 0
	assert upserts.list_rows(DOCTYPE, external_id=("like", f"{mark}%")) == []


def test_scope_of_an_api_key_holds_in_the_job_and_for_its_results(
	api: Api, worker: Worker, mark: str
) -> None:
	maker = KeyMaker(make_client(api, ROLE))
	writer = maker.client(doctypes={DOCTYPE: ["read", "write"]})
	other = maker.client(doctypes={"Note": ["read", "write", "create"], "File": ["read"]})
	make_thing(mark)
	records = [{"external_id": mark, "title": "second"}, {"external_id": f"{mark}-2", "title": "x"}]
	refused = upserts.send_body(other, upserts.to_ndjson(records))
	assert (get_error(refused), get_missing_scope(refused)) == ((403, "PermissionError"), f"{DOCTYPE}: write")

	operation = get_data(upserts.send_body(writer, upserts.to_ndjson(records)))["operation"]
	for queue in get_queues():
		queue.empty()
	frappe.db.set_value("Bulk Operation", operation, "last_activity_at", "2020-01-01")
	frappe.db.commit()
	resume_dead_operations()  # outside of any request of the key
	worker()
	state = upserts.get_state(writer, operation)
	results = upserts.get_results(writer, state)
	assert upserts.list_statuses(results) == ["updated", "failed: PermissionError"]
	assert other.request("GET", state["result_file"]).status_code == 403
	assert get_error(other.get(STATUS, operation=operation)) == (404, "DoesNotExistError")
	name = frappe.db.get_value("Bulk Operation", operation, "result_file")
	assert get_error(other.get("frappe.client.get", doctype="File", name=name))[0] in (403, 404)


def test_result_file_is_listed_to_keys_that_may_read_the_records(api: Api, worker: Worker, mark: str) -> None:
	"""Also its name: a key for files alone does not learn what else its user has done."""
	owner = make_client(api, ROLE)
	operation = get_data(upserts.send_body(owner, upserts.to_ndjson([{"external_id": mark}])))["operation"]
	worker()
	frappe.db.rollback()
	name = frappe.db.get_value("Bulk Operation", operation, "result_file")
	maker = KeyMaker(owner)

	def list_files(*doctypes: str) -> list[tuple[str, ...]]:
		client = maker.client(doctypes={doctype: ["read"] for doctype in (*doctypes, "File")})
		asked = {"doctype": "File", "filters": f'{{"name": "{name}"}}'}
		rows = [
			get_data(client.get("frappe.client.get_list", **asked)),
			client.request("GET", f'/api/resource/File?filters=[["name","=","{name}"]]').json()["data"],
		]
		return [tuple(row["name"] for row in each) for each in rows]

	assert name
	assert list_files() == [(), ()]
	assert list_files("Note") == [(), ()]
	assert list_files(DOCTYPE) == [(name,), (name,)]
