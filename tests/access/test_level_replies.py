"""Replies to changes, forms and versions contain no field that the reader may not read."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

import frappe

from tests.support import clinic, factories, helpdesk
from tests.support.client import Client, get_data

CANARY = "Canary-Level-4471"
HIDDEN = {"race": f"{CANARY}-race", "contacts": f"{CANARY}-contacts"}

Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]


@pytest.fixture
def client(site: str) -> str:
	return str(clinic.make_client(clinic.make_connection(), **HIDDEN).name)


@pytest.fixture(scope="module")
def clinical_user(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return clinic.make_clinical_user()


@pytest.fixture(scope="module")
def clinical_manager(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return clinic.make_clinical_user(None, "Clinical Manager")


def encode_form(parameters: dict[str, Any]) -> dict[str, Any]:
	return {key: value if isinstance(value, str) else json.dumps(value) for key, value in parameters.items()}


def get_form(name: str) -> dict[str, Any]:
	"""Return the record as a form has it for users who may not read level 1."""
	doc = frappe.get_doc("Client", name).as_dict(convert_dates_to_str=True)
	return {key: value for key, value in doc.items() if key not in HIDDEN}


def write(caller: Client, route: str, name: str) -> requests.Response:
	"""Change the nickname of a client in one of several ways."""
	change = {"doctype": "Client", "name": name, "fieldname": "preferred_name", "value": "Nick"}
	path = f"/api/method/{route}"
	match route:
		case "frappe.client.set_value" | "frappe.email.inbox.set_value":
			return caller.request("POST", path, data=change)
		case "frappe.client.save":
			return caller.request(
				"POST", path, data=encode_form({"doc": {**get_form(name), "preferred_name": "Nick"}})
			)
		case "frappe.desk.form.save.savedocs":
			doc = {**get_form(name), "preferred_name": "Nick"}
			return caller.request("POST", path, data=encode_form({"doc": doc, "action": "Save"}))
		case "run_doc_method":
			return caller.request(
				"POST", path, data=encode_form({"docs": get_form(name), "method": "get_title"})
			)
		case "cmd":
			return caller.request("POST", "/?cmd=frappe.client.set_value", data=change)
		case _:
			return caller.request("PUT", f"{route}/{name}", json={"preferred_name": "Nick"})


ROUTES = (
	"frappe.client.set_value",
	"frappe.email.inbox.set_value",
	"frappe.client.save",
	"frappe.desk.form.save.savedocs",
	"cmd",
	"/api/resource/Client",
	"/api/v1/resource/Client",
	"/api/v2/document/Client",
)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("by", ["token", "desk"])
def test_reply_of_a_write(
	client: str, clinical_user: str, api: Api, browser: Browser, route: str, by: str
) -> None:
	caller = api(clinical_user) if by == "token" else browser(clinical_user, factories.PASSWORD)
	reply = write(caller, route, client)
	assert reply.status_code == 200, reply.text
	assert client in reply.text
	assert CANARY not in reply.text
	frappe.db.rollback()
	stored = frappe.db.get_value("Client", client, ["preferred_name", *HIDDEN], as_dict=True)
	assert stored == {"preferred_name": "Nick", **HIDDEN}


@pytest.mark.parametrize("route", ROUTES)
def test_reply_of_a_write_to_readers_of_the_level(
	client: str, clinical_manager: str, browser: Browser, route: str
) -> None:
	caller = browser(clinical_manager, factories.PASSWORD)
	reply = write(caller, route, client)
	assert reply.status_code == 200, reply.text
	is_whole_form = route in (
		"frappe.client.save",
		"frappe.desk.form.save.savedocs",
	)  # sent without the fields
	assert is_whole_form or HIDDEN["contacts"] in reply.text


def test_empty_write(client: str, clinical_user: str, api: Api) -> None:
	reply = api(clinical_user).request("PUT", f"/api/resource/Client/{client}", json={})
	assert (reply.status_code, CANARY in reply.text) == (200, False)


def test_stored_idempotent_reply_omits_hidden_fields(client: str, clinical_user: str, api: Api) -> None:
	key = {"Idempotency-Key": frappe.generate_hash()}
	parameters = {"doctype": "Client", "name": client, "preferred_name": "Nick"}
	for _attempt in range(2):
		reply = api(clinical_user).post("frappe.client.set_value", headers=key, **parameters)
		assert get_data(reply)["preferred_name"] == "Nick"
		assert CANARY not in reply.text
	frappe.db.rollback()
	kept = frappe.get_all("Idempotency Record", {"owner": clinical_user}, pluck="reply")
	assert kept
	assert CANARY not in json.dumps(kept)


def change_as_administrator(name: str) -> None:
	"""Create a version of a readable and of a hidden field."""
	doc = frappe.get_doc("Client", name)
	doc.update({"preferred_name": "Later", "race": f"{CANARY}-later", "contacts": f"{CANARY}-later"})
	doc.save()
	frappe.db.commit()


FORMS = (
	"frappe.desk.form.load.getdoc",
	"frappe.desk.form.load.get_docinfo",
	"frappe.desk.form.save.savedocs",
)


def open_form(caller: Client, method: str, name: str) -> requests.Response:
	if method.endswith("savedocs"):
		return write(caller, method, name)
	return caller.get(method, doctype="Client", name=name)


@pytest.mark.parametrize("method", FORMS)
def test_versions_of_a_form(client: str, clinical_user: str, browser: Browser, method: str) -> None:
	change_as_administrator(client)
	reply = open_form(browser(clinical_user, factories.PASSWORD), method, client)
	assert reply.status_code == 200, reply.text
	versions = reply.json()["docinfo"]["versions"]
	assert any("Later" in version["data"] for version in versions)
	assert CANARY not in reply.text


@pytest.mark.parametrize("method", FORMS[:2])
def test_versions_of_a_form_for_readers_of_the_level(
	client: str, clinical_manager: str, browser: Browser, method: str
) -> None:
	change_as_administrator(client)
	reply = open_form(browser(clinical_manager, factories.PASSWORD), method, client)
	assert f"{CANARY}-later" in reply.text


def test_version_of_hidden_fields_alone_is_left_out(client: str, clinical_user: str, api: Api) -> None:
	doc = frappe.get_doc("Client", client)
	doc.update({"race": f"{CANARY}-later"})
	doc.save()
	frappe.db.commit()
	reply = api(clinical_user).get("frappe.desk.form.load.get_docinfo", doctype="Client", name=client)
	assert reply.json()["docinfo"]["versions"] == []


def list_versions(name: str) -> list[str]:
	frappe.db.rollback()
	return frappe.get_all("Version", {"ref_doctype": "Client", "docname": name}, pluck="name")


@pytest.mark.parametrize(
	"roles", [("System Manager",), ("System Manager", "Clinical User"), ("Clinical Manager",)]
)
def test_list_of_versions(client: str, api: Api, roles: tuple[str, ...]) -> None:
	change_as_administrator(client)
	(version,) = list_versions(client)
	caller = api(factories.make_user(*roles).name)
	query = {"fields": '["name", "data"]', "filters": json.dumps({"docname": client})}
	listed = caller.request("GET", "/api/resource/Version", params=query)
	probed = caller.request(
		"GET", "/api/resource/Version", params={"filters": json.dumps([["data", "like", f"%{CANARY}%"]])}
	)
	single = caller.request("GET", f"/api/resource/Version/{version}")
	form = caller.get("frappe.desk.form.load.getdoc", doctype="Version", name=version)
	counted = caller.get(
		"frappe.client.get_count", doctype="Version", filters=json.dumps({"docname": client})
	)
	assert all(CANARY not in reply.text for reply in (listed, probed, single, form))
	assert all(version not in reply.text for reply in (listed, probed))
	assert single.status_code == form.status_code == 403
	assert counted.status_code == 403 or counted.json()["message"] == 0


def test_list_of_versions_that_may_be_read(client: str, api: Api, site: str) -> None:
	change_as_administrator(client)
	(version,) = list_versions(client)
	caller = api(factories.make_user("System Manager", "Clinical Manager").name)
	assert CANARY in caller.request("GET", f"/api/resource/Version/{version}").text
	todo = factories.make_record("ToDo", description="Before", allocated_to="Administrator")
	todo.update({"description": "After", "priority": "High"})
	todo.save()
	frappe.db.commit()
	manager = api(factories.make_user("System Manager").name)
	query = {"filters": json.dumps({"docname": todo.name, "ref_doctype": "ToDo"})}
	assert len(manager.request("GET", "/api/resource/Version", params=query).json()["data"]) == 1


def test_versions_follow_user_permissions(api: Api, site: str) -> None:
	"""Only users who may read a record may read its versions, also if a user permission decides."""
	near, far = (clinic.make_client(clinic.make_connection()) for _number in range(2))
	for doc in (near, far):
		doc.update({"preferred_name": "Later"})
		doc.save()
	frappe.db.commit()
	caller = api(clinic.make_clinical_user(near.facility, "System Manager", "Clinical Manager"))
	query = {"fields": '["docname"]', "filters": json.dumps({"docname": ["in", [near.name, far.name]]})}
	rows = caller.request("GET", "/api/resource/Version", params=query).json()["data"]
	assert rows == [{"docname": near.name}]
	(version,) = list_versions(far.name)
	assert caller.request("GET", f"/api/resource/Version/{version}").status_code == 403


def test_mail_to_a_follower(
	client: str, clinical_user: str, clinical_manager: str, worker: Callable[[], None]
) -> None:
	"""Changes are mailed without the fields that the follower may not read, and not at all if they may not
	read the record.
	"""
	stranger = factories.make_user("Desk User").name
	followers = (clinical_user, clinical_manager, stranger)
	for user in followers:
		frappe.db.set_value(
			"User", user, {"document_follow_notify": 1, "document_follow_frequency": "Hourly"}
		)
		frappe.get_doc(
			{"doctype": "Document Follow", "ref_doctype": "Client", "ref_docname": client, "user": user}
		).db_insert()
	change_as_administrator(client)
	frappe.db.delete("Email Queue")
	frappe.db.delete("Email Queue Recipient")
	frappe.db.commit()
	with helpdesk.use_outgoing_account(9):
		frappe.enqueue("frappe.desk.form.document_follow.send_hourly_updates")
		frappe.db.commit()
		worker()
	frappe.db.rollback()
	mails = {
		row.recipient: frappe.get_doc("Email Queue", row.parent).message
		for row in frappe.get_all("Email Queue Recipient", fields=["recipient", "parent"])
		if row.recipient in followers
	}
	assert set(mails) == {clinical_user, clinical_manager}
	assert "Later" in mails[clinical_user]
	assert CANARY not in mails[clinical_user]
	assert CANARY in mails[clinical_manager]
