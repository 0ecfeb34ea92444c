"""Idempotency-Keys after failures, in parallel calls, on every verb and route, and permissions on stored
replies.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import frappe

from orchestrator.compat import get_lead_source_field
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.runs import run_queue
from orchestrator.sync.runs.run_records import RunRequest
from tests.support import clinic, factories, kipu_site
from tests.support.client import Client, get_error

Api = Callable[[str], Client]
INSERT = "frappe.client.insert"
SET_VALUE = "frappe.client.set_value"
RECORD = "Idempotency Record"
PARALLEL = 4


@pytest.fixture
def seller(api: Api) -> Client:
	return api(factories.make_user("Sales User").name)


def make_key() -> dict[str, str]:
	return {"Idempotency-Key": factories.make_unique("key")}


def build_lead(**values: str) -> dict[str, str]:
	return {
		"doctype": "Lead",
		"lead_name": factories.make_unique("Jane"),
		"email": factories.make_unique_email(),
		**values,
	}


def is_replayed(reply: requests.Response) -> bool:
	return reply.headers.get("Idempotency-Replayed") == "true"


def get_user(client: Client) -> str:
	return client.get("frappe.auth.get_logged_user").json()["message"]


def send_in_parallel(client: Client, send: Callable[[Client], requests.Response]) -> list[requests.Response]:
	"""Send the same request over connections of their own, at the same time."""
	replies: list[requests.Response] = []
	clients = [Client(client.base, client.host, headers=dict(client.headers)) for _ in range(PARALLEL)]
	threads = [threading.Thread(target=lambda each=each: replies.append(send(each))) for each in clients]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	return replies


@pytest.mark.usefixtures("loopback")
def test_a_sync_that_was_refused_frees_its_key(api: Api) -> None:
	manager, headers = api(kipu_site.get_user_with("Kipu Sync Manager")), make_key()
	with Simulator(3) as kipu:
		body = {"connection": kipu_site.make_connection(kipu), "background": False}
		run = run_queue.begin_run(RunRequest(body["connection"], "incremental"))
		refused = manager.post("orchestrator.sync.sync_kipu_clients", headers=headers, **body)
		assert (refused.status_code, run.name in refused.json()["exc"]) == (409, True)
		run.finish_run("Cancelled")
		first = manager.post("orchestrator.sync.sync_kipu_clients", headers=headers, **body)
		assert (first.status_code, first.json()["data"]["imported"]) == (200, 3), first.text
		again = manager.post("orchestrator.sync.sync_kipu_clients", headers=headers, **body)
	assert (again.content, is_replayed(again)) == (first.content, True)


def test_key_of_killed_worker_is_reclaimed(seller: Client) -> None:
	"""A commit within the work has stored the claim, but no reply came."""
	headers, body = make_key(), build_lead()
	first = seller.post(INSERT, headers=headers, **build_lead())
	assert first.status_code == 201
	frappe.db.set_value(RECORD, {"user": get_user(seller)}, {"reply": None, "status_code": 0})
	frappe.db.commit()
	again = seller.post(INSERT, headers=headers, **body)  # another body: the key is free
	assert (again.status_code, is_replayed(again)) == (201, False), again.text
	assert frappe.db.count("Lead", {"email_id": body["email"]}) == 1
	assert is_replayed(seller.post(INSERT, headers=headers, **body))


def test_a_lock_ends_with_the_connection_that_held_it(seller: Client) -> None:
	import hashlib

	headers, body = make_key(), build_lead()
	name = hashlib.sha256(f"{get_user(seller)}\0{headers['Idempotency-Key']}".encode()).hexdigest()
	lock = hashlib.sha256(f"{frappe.conf.db_name}\0{name}".encode()).hexdigest()
	assert frappe.db.sql("select get_lock(%s, 0)", lock) == ((1,),)
	replies: list[requests.Response] = []
	thread = threading.Thread(target=lambda: replies.append(seller.post(INSERT, headers=headers, **body)))
	thread.start()
	time.sleep(1)
	assert (replies, frappe.db.count("Lead", {"email_id": body["email"]})) == ([], 0)
	frappe.db.close()  # as the database does for a process that was killed
	thread.join()
	assert replies[0].status_code == 201
	assert frappe.db.count("Lead", {"email_id": body["email"]}) == 1


@pytest.mark.parametrize("_round", range(3))
def test_parallel_calls_that_fail_each_say_why(seller: Client, _round: int) -> None:
	headers, body = make_key(), build_lead(source="No Such Source")
	replies = send_in_parallel(seller, lambda client: client.post(INSERT, headers=headers, **body))
	assert [(reply.status_code, reply.json()["exc_type"]) for reply in replies] == [
		(422, "LinkValidationError")
	] * PARALLEL
	good = {**body, "source": ""}
	replies = send_in_parallel(seller, lambda client: client.post(INSERT, headers=headers, **good))
	assert [reply.status_code for reply in replies] == [201] * PARALLEL, [reply.text for reply in replies]
	assert len({reply.content for reply in replies}) == 1
	assert sorted(is_replayed(reply) for reply in replies) == [False, True, True, True]
	assert frappe.db.count("Lead", {"email_id": body["email"]}) == 1


def test_parallel_keys_do_not_wait_for_each_other(seller: Client) -> None:
	replies = send_in_parallel(seller, lambda client: client.post(INSERT, headers=make_key(), **build_lead()))
	assert [reply.status_code for reply in replies] == [201] * PARALLEL, [reply.text for reply in replies]


def test_put_and_delete_honour_the_key(seller: Client) -> None:
	name = seller.post(INSERT, **build_lead()).json()["data"]["name"]
	put, body = make_key(), {"doctype": "Lead", "name": name, "lead_name": "Mary Major"}
	first, again = (
		seller.request("PUT", f"/api/method/{SET_VALUE}", json=body, headers=put) for _ in range(2)
	)
	assert (first.status_code, again.content, is_replayed(again)) == (200, first.content, True)


def test_delete_honours_the_key(api: Api) -> None:
	client, headers, body = api("Administrator"), make_key(), {"doctype": "ToDo"}
	body["name"] = factories.make_record("ToDo", description="x").name
	path = "/api/method/frappe.client.delete"
	first, again = (client.request("DELETE", path, json=body, headers=headers) for _ in range(2))
	assert (first.status_code, again.content, is_replayed(again)) == (200, first.content, True)
	assert get_error(client.request("DELETE", path, json=body)) == (404, "DoesNotExistError")


RAW_WRITES: list[tuple[str, str, dict[str, Any]]] = [
	("POST", "/api/resource/Lead", {"json": {"lead_name": "Jane"}}),
	("POST", "/api/v1/resource/Lead", {"data": {"lead_name": "Jane"}}),
	("POST", "/api/v2/document/Lead", {"json": {"lead_name": "Jane"}}),
	("PUT", "/api/resource/Lead/{name}", {"json": {"lead_name": "Mary"}}),
	("PATCH", "/api/v2/document/Lead/{name}", {"json": {"lead_name": "Mary"}}),
	(
		"POST",
		"/api/method/frappe.client.insert_many",
		{"json": {"docs": [{"doctype": "Lead", "lead_name": "Jane"}]}},
	),
]


@pytest.mark.parametrize(("verb", "path", "arguments"), RAW_WRITES)
def test_frappes_own_writes_are_replayed_byte_for_byte(
	seller: Client, verb: str, path: str, arguments: dict
) -> None:
	path, headers = path.format(name=factories.make_lead().name), make_key()
	first = seller.request(verb, path, headers=headers, **arguments)
	assert first.status_code == 200, first.text
	leads = frappe.db.count("Lead")
	again = seller.request(verb, path, headers={**headers, "Accept": "text/html"}, **arguments)
	assert (again.status_code, again.content, is_replayed(again)) == (200, first.content, True)
	assert again.headers["Content-Type"] == first.headers["Content-Type"]
	assert int(again.headers["X-RateLimit-Remaining"]) > 0
	assert frappe.db.count("Lead") == leads
	other = seller.request(verb, path, headers=headers, json={"lead_name": "Another"})
	assert (other.status_code, other.json().get("exc_type", "ConflictError")) == (409, "ConflictError"), (
		other.text
	)


def test_a_delete_by_resource_is_replayed(api: Api) -> None:
	owner, headers = api("Administrator"), make_key()
	name = factories.make_record("ToDo", description="x").name
	first = owner.request("DELETE", f"/api/resource/ToDo/{name}", headers=headers)
	again = owner.request("DELETE", f"/api/resource/ToDo/{name}", headers=headers)
	assert (first.status_code, first.text) == (202, '{"data":"ok"}')
	assert (again.status_code, again.content, is_replayed(again)) == (202, first.content, True)
	assert get_error(owner.request("DELETE", f"/api/resource/ToDo/{name}")) == (404, "DoesNotExistError")


def test_a_failed_write_by_resource_frees_its_key(seller: Client) -> None:
	headers = make_key()
	failed = seller.request(
		"POST", "/api/resource/Lead", headers=headers, json={get_lead_source_field(): "No Such Source"}
	)
	assert get_error(failed) == (417, "LinkValidationError")
	good = seller.request("POST", "/api/resource/Lead", headers=headers, json={"lead_name": "Jane"})
	assert (good.status_code, is_replayed(good)) == (200, False)


def test_parallel_writes_by_resource_execute_once(seller: Client) -> None:
	headers, body = make_key(), {"lead_name": factories.make_unique("Jane")}
	replies = send_in_parallel(
		seller, lambda client: client.request("POST", "/api/resource/Lead", json=body, headers=headers)
	)
	assert [reply.status_code for reply in replies] == [200] * PARALLEL, [reply.text for reply in replies]
	assert len({reply.content for reply in replies}) == 1
	assert frappe.db.count("Lead", {"lead_name": body["lead_name"]}) == 1


# Permissions on replies


def insert_by(route: str, client: Client, headers: dict[str, str], **values: str) -> requests.Response:
	if route == "contract":
		return client.post(INSERT, headers=headers, doctype="Lead", **values)
	return client.request("POST", "/api/resource/Lead", headers=headers, json=values)


@pytest.mark.parametrize("route", ["contract", "resource"])
def test_a_caller_who_lost_the_role_gets_no_replay(api: Api, route: str) -> None:
	user, headers, values = (
		factories.make_user("Sales User", "Newsletter Manager"),
		make_key(),
		{"lead_name": factories.make_unique("Jane")},
	)
	client = api(user.name)
	assert insert_by(route, client, headers, **values).ok
	assert is_replayed(insert_by(route, client, headers, **values))
	user.reload()
	user.remove_roles("Sales User")
	frappe.db.commit()
	reply = insert_by(route, client, headers, **values)
	assert (reply.status_code, values["lead_name"] in reply.text, is_replayed(reply)) == (403, False, False)
	user.add_roles("Sales User")
	frappe.db.commit()
	assert is_replayed(insert_by(route, client, headers, **values))


@pytest.mark.parametrize("route", ["contract", "resource"])
def test_a_caller_who_may_not_read_the_record_any_more_gets_no_replay(api: Api, route: str) -> None:
	user, headers, values = (
		factories.make_user("Sales User"),
		make_key(),
		{"lead_name": factories.make_unique("Jane")},
	)
	client = api(user.name)
	assert insert_by(route, client, headers, **values).ok
	other = factories.make_lead().name
	factories.make_record(
		"User Permission", user=user.name, allow="Lead", for_value=other, apply_to_all_doctypes=1
	)
	reply = insert_by(route, client, headers, **values)
	assert (reply.status_code, values["lead_name"] in reply.text) == (404, False), reply.text


def test_a_caller_who_lost_a_share_gets_no_replay(api: Api) -> None:
	user, headers = factories.make_user("Desk User"), make_key()
	name = factories.make_record("Note", title=factories.make_unique("Note"), content="x", public=0).name
	frappe.share.add("Note", name, user.name, read=1, write=1)
	frappe.db.commit()
	body = {"doctype": "Note", "name": name, "content": "secret"}
	client = api(user.name)
	assert client.post(SET_VALUE, headers=headers, **body).status_code == 200
	assert is_replayed(client.post(SET_VALUE, headers=headers, **body))
	frappe.share.remove("Note", name, user.name)
	frappe.db.commit()
	reply = client.post(SET_VALUE, headers=headers, **body)
	assert (reply.status_code in (403, 404), "secret" in reply.text) == (True, False)


def test_a_caller_who_lost_a_permission_level_gets_no_replay(api: Api, clinic_record: str) -> None:
	user, headers = factories.make_user("Clinical User", "Clinical Manager"), make_key()
	client, body = api(user.name), {"doctype": "Client", "name": clinic_record, "preferred_name": "Ada"}
	first = client.post(SET_VALUE, headers=headers, **body)
	assert first.status_code == 200, first.text
	user.reload()
	user.remove_roles("Clinical Manager")
	frappe.db.commit()
	assert get_error(client.post(SET_VALUE, headers=headers, **body)) == (403, "PermissionError")


@pytest.fixture
def clinic_record(site: str) -> Iterator[str]:
	yield clinic.make_client(clinic.make_connection()).name


def test_nobody_else_reads_a_stored_reply(api: Api, seller: Client) -> None:
	secret = factories.make_unique("Secret")
	headers, body = make_key(), build_lead(lead_name=secret)
	assert seller.post(INSERT, headers=headers, **body).status_code == 201
	assert seller.request("POST", "/api/resource/Lead", headers=make_key(), json={"lead_name": secret}).ok
	manager = api(factories.make_user("System Manager").name)
	rows = manager.get(
		"frappe.client.get_list",
		doctype=RECORD,
		fields='["*"]',
		filters=f'[["user","=","{get_user(seller)}"]]',
	)
	assert (rows.status_code, len(rows.json()["data"])) == (200, 2)
	for text in (rows.text, str(frappe.get_all(RECORD, fields=["*"]))):
		assert secret not in text
		assert body["email"] not in text
		assert headers["Idempotency-Key"] not in text
	assert is_replayed(seller.post(INSERT, headers=headers, **body))
