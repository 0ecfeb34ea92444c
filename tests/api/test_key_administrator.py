"""Keys of the Administrator: no permission applies to this user, but the scope of a key does."""

import json

import pytest

import frappe

from orchestrator.access.key_scope import UNREADABLE_DOCTYPES
from tests.conftest import Callers
from tests.support import clinic, factories
from tests.support.client import Client, get_error
from tests.support.key_scopes import REPORT, WAYS, Clinic, make_clinic, send
from tests.support.keys import CREATE, KeyMaker, get_missing_scope


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	return make_clinic()


@pytest.fixture(scope="module")
def maker(callers: Callers) -> KeyMaker:
	return KeyMaker(callers.api("Administrator"))


@pytest.fixture(scope="module")
def reporter(maker: KeyMaker) -> Client:
	return maker.client(reports=[REPORT])


@pytest.fixture(scope="module")
def generous(maker: KeyMaker) -> Client:
	doctypes = ("Client Stay", "Comment", "Version", "File", "Deleted Document", "Contact")
	methods = ["frappe.desk.form.load.getdoc", "frappe.desk.reportview.get", "frappe.desk.search.search_link"]
	methods += ["frappe.desk.search.get_link_title", "frappe.core.doctype.file.file.download_file"]
	return maker.client(doctypes={name: ["read", "write"] for name in doctypes}, methods=methods)


@pytest.mark.parametrize("name", WAYS)
def test_the_administrators_key_for_one_report_reads_no_client(
	site: str, people: Clinic, reporter: Client, name: str
) -> None:
	reply = send(reporter, people, WAYS[name])
	assert (reply.status_code, people.last_name in reply.text) == (403, False), reply.text


@pytest.mark.parametrize("name", WAYS)
def test_the_administrators_key_reads_no_client_through_other_records(
	site: str, people: Clinic, generous: Client, name: str
) -> None:
	assert people.last_name not in send(generous, people, WAYS[name]).text


def test_the_administrators_key_does_what_it_names_and_no_more(site: str, maker: KeyMaker) -> None:
	lead, contact = factories.make_lead(), factories.make_record("Contact", first_name="Kept")
	key = maker.client(doctypes={"Lead": ["read", "write"], "Contact": ["read"]})
	changed = key.request("PUT", f"/api/resource/Lead/{lead.name}", json={"first_name": "Changed"})
	assert changed.json()["data"]["first_name"] == "Changed"
	refused = [
		key.request("DELETE", f"/api/resource/Lead/{lead.name}"),
		key.request("DELETE", f"/api/v2/document/Lead/{lead.name}"),
		key.post("frappe.client.delete", doctype="Contact", name=contact.name),
	]
	assert [(reply.status_code, get_missing_scope(reply)) for reply in refused] == [
		(403, "Lead: delete"),
		(403, "Lead: delete"),
		(403, "Contact: delete"),
	]
	frappe.db.rollback()
	assert frappe.db.exists("Lead", lead.name) and frappe.db.exists("Contact", contact.name)


def test_rows_of_child_tables_follow_their_record(site: str, people: Clinic, maker: KeyMaker) -> None:
	contact = factories.make_record(
		"Contact", first_name="Row", links=[{"link_doctype": "Lead", "link_name": people.lead}]
	)
	address = factories.make_record(
		"Address",
		address_title=factories.make_unique("Row"),
		address_line1="1 Pier",
		city="Harbor",
		country="Germany",
		links=[{"link_doctype": "Lead", "link_name": people.lead}],
	)
	key = maker.client(doctypes={"Contact": ["read"], "Lead": ["read"]})
	params = {"fields": '["parent"]', "filters": f'[["link_name","=","{people.lead}"]]', "limit": 100}
	path = "/api/resource/Dynamic Link"
	rows = key.request("GET", path, params={**params, "parent": "Contact"})
	parents = {row["parent"] for row in rows.json()["data"]}
	assert contact.name in parents
	assert address.name not in parents
	others = [{"parent": "Address"}, {"parent": "Lead"}, {}]
	refused = [key.request("GET", path, params={**params, **parent}) for parent in others]
	assert [reply.status_code for reply in refused] == [403, 403, 403]
	row = address.links[0].name
	assert key.request("GET", f"/api/resource/Dynamic Link/{row}").status_code == 403


def test_states_of_the_sync_need_the_record_type_that_they_repeat(site: str, maker: KeyMaker) -> None:
	connection = clinic.make_connection().name
	state = {"connection": connection, "reference_doctype": "Client Stay", "synced": "{}"}
	name = factories.make_record("Sync State", name=factories.make_unique("state"), **state).name
	narrow = maker.client(doctypes={"Sync State": ["read"]})
	wide = maker.client(doctypes={"Sync State": ["read"], "Client Stay": ["read"]})
	listed = [
		reply.json()["data"]
		for key in (narrow, wide)
		for reply in [key.post("frappe.client.get_list", doctype="Sync State", filters={"name": name})]
	]
	assert listed == [[], [{"name": name}]]
	refused = narrow.get("frappe.client.get", doctype="Sync State", name=name)
	assert (refused.status_code, get_missing_scope(refused)) == (404, None)  # as for one that does not exist


@pytest.mark.parametrize("doctype", sorted(UNREADABLE_DOCTYPES))
def test_no_scope_reads_what_repeats_records_of_every_type(site: str, maker: KeyMaker, doctype: str) -> None:
	refused = maker.owner.post(CREATE, title="Too much", doctypes={doctype: ["read"]})
	assert get_error(refused) == (422, "ValidationError")
	key = maker.create(doctypes={"Lead": ["read"]})
	frappe.db.set_value("API Key", key["key"], "scope", json.dumps({"doctypes": {doctype: ["read"]}}))
	frappe.db.commit()
	reply = maker.sign_in(key).post("frappe.client.get_list", doctype=doctype)
	assert (reply.status_code, get_missing_scope(reply)) == (403, f"{doctype}: read")
