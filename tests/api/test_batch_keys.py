"""Batches of API keys with scopes, and of conditional requests: each step passes the checks of a single call."""

from collections.abc import Callable

import pytest
import requests

import frappe

from tests.conftest import Callers
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.key_scopes import Clinic, make_clinic
from tests.support.keys import KeyMaker, get_missing_scope

BATCH = "orchestrator.api.batch"
GET_LIST = "frappe.client.get_list"


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	return make_clinic()


@pytest.fixture(scope="module")
def maker(people: Clinic, callers: Callers) -> KeyMaker:
	return KeyMaker(callers.api(people.user))


@pytest.fixture(scope="module")
def lead_reader(maker: KeyMaker) -> Client:
	"""Return a client whose key may read leads, alone or in a batch."""
	return maker.client(doctypes={"Lead": ["read"]}, methods=[BATCH])


def list_step(doctype: str) -> dict[str, object]:
	params = {"doctype": doctype, "fields": ["*"]}
	return {"id": doctype.lower(), "method": GET_LIST, "verb": "GET", "params": params}


def test_key_without_the_batch_is_refused(site: str, maker: KeyMaker) -> None:
	reply = maker.client(doctypes={"Lead": ["read"]}).post(BATCH, steps=[list_step("Lead")])
	assert get_error(reply) == (403, "PermissionError")
	assert get_missing_scope(reply) == f"method {BATCH}"


def test_step_has_the_scope_of_the_key(site: str, people: Clinic, lead_reader: Client) -> None:
	single = lead_reader.get(GET_LIST, doctype="Client")
	reply = lead_reader.post(BATCH, steps=[list_step("Lead"), list_step("Client")], atomic=False)
	lead, client = get_data(reply)["steps"]
	assert lead["status"] == 200
	assert (client["status"], client["body"]["exc"]) == (403, single.json()["exc"])
	assert "Client: read" in client["body"]["exc"]
	assert people.last_name not in reply.text


def test_refused_step_of_an_atomic_batch_names_the_scope(site: str, lead_reader: Client) -> None:
	reply = lead_reader.post(BATCH, steps=[list_step("Lead"), list_step("Client")])
	assert get_error(reply) == (403, "PermissionError")
	assert get_missing_scope(reply) == "Client: read"


def test_missing_scope_of_one_step_is_not_told_of_the_next(site: str, lead_reader: Client) -> None:
	missing = {
		"id": "none",
		"method": "frappe.client.get",
		"params": {"doctype": "Lead", "name": "LEAD-NONE"},
	}
	reply = lead_reader.post(BATCH, steps=[list_step("Client"), missing], atomic=False)
	client, none = get_data(reply)["steps"]
	assert client["status"] == 403
	assert (none["status"], none["body"]["exc_type"]) == (404, "DoesNotExistError")
	assert "scope" not in none["body"]["exc"]


def test_batch_has_no_etag_of_its_steps(admin: Client) -> None:
	step = {
		"id": "user",
		"method": "frappe.client.get",
		"verb": "GET",
		"params": {"doctype": "User", "name": "Guest"},
	}
	reply = admin.post(BATCH, steps=[step])
	assert get_data(reply)["succeeded"] == 1
	assert "ETag" not in reply.headers


def test_batch_refuses_if_match(admin: Client) -> None:
	reply = admin.post(BATCH, headers={"If-Match": '"a"'}, steps=[list_step("Lead")])
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("key", ["$literal", "$ref"])
def test_step_cannot_have_another_method_checked_in_its_place(
	site: str, people: Clinic, maker: KeyMaker, key: str
) -> None:
	"""Frappe lets the parameter cmd win over the method, and `ping` is free for every key."""
	client = maker.client(doctypes={"Lead": ["read"], "Opportunity": ["read"]}, methods=[BATCH])
	first = {
		"id": "first",
		"method": GET_LIST,
		"params": {
			"doctype": "Lead",
			"fields": ["name as cmd"],
			"filters": {"name": people.lead},
		},
	}
	params = {"$literal": {"cmd": "ping"}} if key == "$literal" else {"$ref": "first.data.0"}
	step = {"id": "second", "method": "orchestrator.crm.get_pipeline_summary", "params": params}
	reply = client.post(BATCH, steps=[first, step], atomic=False)
	second = get_data(reply)["steps"][1]
	assert (second["status"], second["body"]["exc"]) == (
		400,
		"InvalidRequestError: cmd is not a parameter of a step.",
	)


def test_parameters_that_turn_out_to_be_no_object_are_refused(site: str, lead_reader: Client) -> None:
	step = {"id": "second", "method": GET_LIST, "params": {"$ref": "lead.data"}}
	reply = lead_reader.post(BATCH, steps=[list_step("Lead"), step], atomic=False)
	second = get_data(reply)["steps"][1]
	assert (second["status"], second["body"]["exc"]) == (
		400,
		"InvalidRequestError: params must be an object.",
	)


@pytest.mark.parametrize("method", [GET_LIST, "orchestrator.api.get_changes"])
def test_replay_of_a_list_needs_the_scope_that_it_needed(
	site: str, people: Clinic, maker: KeyMaker, mark: str, method: str
) -> None:
	key = maker.create(doctypes={"Lead": ["read"], "Client": ["read"]}, methods=[BATCH])
	client = maker.sign_in(key)
	step = {"id": "list", "method": method, "verb": "POST", "params": {"doctype": "Client"}}

	def send() -> requests.Response:
		return client.post(BATCH, headers={"Idempotency-Key": mark}, steps=[step])

	assert send().json() == send().json()
	stored = frappe.get_doc("API Key", key["key"])
	stored.doctypes = [row for row in stored.doctypes if row.reference_doctype == "Lead"]
	stored.save()
	frappe.db.commit()
	assert get_error(send()) == (403, "PermissionError")


@pytest.mark.parametrize("method", [GET_LIST, "orchestrator.api.get_changes"])
@pytest.mark.parametrize("fields", [["title"], ["name", "title"]])
def test_replay_of_a_list_asks_for_each_of_its_records(
	site: str, api: Callable[[str], Client], mark: str, method: str, fields: list[str]
) -> None:
	"""Also where the rows do not have their names."""
	title = factories.make_unique("Note")
	note = factories.make_record("Note", title=title, public=1)
	client = api(factories.make_user("Sales User").name)
	params = {"doctype": "Note", "fields": fields, "limit_page_length": 500}
	steps = [{"id": "list", "method": method, "verb": "POST", "params": params}]

	def send() -> requests.Response:
		return client.post(BATCH, headers={"Idempotency-Key": mark}, steps=steps)

	first = send()
	assert title in first.text
	assert "orchestrator_name" not in first.text
	assert send().json() == first.json()
	note.update({"public": 0}).save()
	frappe.db.commit()
	refused = send()
	assert get_error(refused) == (404, "DoesNotExistError")
	assert title not in refused.text
	note.update({"public": 1}).save()
	frappe.db.commit()
	assert send().json() == first.json()
	frappe.delete_doc("Note", note.name)
	frappe.db.commit()
	assert send().json() == first.json()  # as that of a single record
