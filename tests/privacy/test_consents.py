"""A recipient outside gets the record of a client by no route unless a consent covers it, and each disclosure is recorded."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import frappe
from frappe.utils import add_days, nowdate

from orchestrator.access.outside_recipients import OutsideRecipient
from orchestrator.privacy import ledger
from tests.privacy.conftest import People
from tests.privacy.test_routes import ROUTES
from tests.support import clinic, factories
from tests.support.access_log import count_records, get_last_batch
from tests.support.client import Client
from tests.support.consents import (
	ALL_KINDS,
	Outsider,
	list_disclosures,
	make_consent,
	make_outside_key,
	make_outsider,
)
from tests.support.helpdesk import capture_queries, override_settings

pytestmark = pytest.mark.usefixtures("consents_required")
Api = Callable[[str], Client]
READ = "/api/method/frappe.client.get?doctype=Client&name={0}"
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
# Pages and forms, which show more than the record, are not for keys of recipients outside.
REFUSED_ROUTES = ("form", "print")


def get_client(outsider: Outsider, client: str) -> int:
	return outsider.client.request("GET", READ.format(client)).status_code


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_gives_a_record_without_a_consent(route: str, outsider: Outsider, people: People) -> None:
	verb, path, values = ROUTES[route][0](people)
	before = get_last_batch()
	reply = outsider.client.request(verb, path, **({"params": values} if verb == "GET" else {"data": values}))
	assert [client.name for client in people.clients if client.last_name in reply.text] == []
	assert "X-Orchestrator-Notice" not in reply.headers
	assert count_records(before, people.manager) == {}
	assert list_disclosures(outsider) == []


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_gives_the_covered_records_alone(route: str, outsider: Outsider, people: People) -> None:
	build, is_list = ROUTES[route]
	covered = people.names[1]
	first = (
		people
		if is_list
		else People([people.clients[1]] * 3, people.stay, people.stranger, people.manager, people.facility)
	)
	consent = make_consent(covered, outsider)
	verb, path, values = build(first if not is_list else people)
	reply = outsider.client.request(verb, path, **({"params": values} if verb == "GET" else {"data": values}))
	given = [client.name for client in people.clients if client.last_name in reply.text]
	if route in REFUSED_ROUTES:
		assert (reply.status_code, given) == (403, [])
		return
	assert (reply.status_code, given) == (200, [covered]), reply.text
	assert reply.headers["X-Orchestrator-Notice"] == NOTICE
	assert list_disclosures(outsider) == [("Client", covered, consent.name)]


@pytest.mark.parametrize("route", [name for name, (_build, is_list) in ROUTES.items() if is_list])
def test_lists_tell_how_many_records_are_withheld(route: str, outsider: Outsider, people: People) -> None:
	make_consent(people.names[0], outsider)
	verb, path, values = ROUTES[route][0](people)
	reply = outsider.client.request(verb, path, **({"params": values} if verb == "GET" else {"data": values}))
	assert reply.headers["X-Orchestrator-Withheld"] == "2"


def test_the_number_of_withheld_records_does_not_depend_on_filters(
	outsider: Outsider, people: People
) -> None:
	make_consent(people.names[0], outsider)
	replies = [
		outsider.client.get(
			"frappe.client.get_list", doctype="Client", filters=json.dumps({"last_name": name})
		)
		for name in (people.clients[1].last_name, "Nobody")
	]
	found = [(reply.json()["data"], reply.headers["X-Orchestrator-Withheld"]) for reply in replies]
	assert found == [([], "2"), ([], "2")]


CASES: dict[str, tuple[dict[str, Any], bool]] = {
	"covered": ({}, True),
	"last day": ({"valid_until": 0}, True),
	"first day": ({"valid_from": 0}, True),
	"expired": ({"valid_until": -1}, False),
	"not yet valid": ({"valid_from": 1}, False),
	"other purpose": ({"purpose": "Research"}, False),
	"other recipient": ({"recipient_name": "Somebody else"}, False),
	"other kind of recipient": ({"recipient_kind": "Class of Recipients"}, False),
	"other information": ({"documents": 1}, False),
	"general, for another purpose": ({"is_general": 1}, False),
	"counselling notes": ({"counselling_notes": 1}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_a_consent_covers_what_it_says(case: str, outsider: Outsider, people: People) -> None:
	values, is_covered = CASES[case]
	days = {key: add_days(nowdate(), value) for key, value in values.items() if key.startswith("valid_")}
	make_consent(people.names[0], outsider, **{**values, **days})
	assert get_client(outsider, people.names[0]) == (200 if is_covered else 404)
	assert get_client(outsider, people.names[1]) == 404


def test_a_consent_may_name_a_class_or_a_key(outsider: Outsider, people: People) -> None:
	make_consent(
		people.names[0],
		outsider,
		recipient_kind="Class of Recipients",
		recipient_name=outsider.recipient_class,
	)
	make_consent(people.names[1], outsider, recipient_kind="API Key", api_key=outsider.key)
	assert [get_client(outsider, name) for name in people.names] == [200, 200, 404]


@pytest.mark.parametrize(
	("purpose", "status"),
	[("Treatment", 200), ("Payment", 200), ("Health Care Operations", 200), ("Research", 404)],
)
def test_a_general_consent_is_for_any_recipient(purpose: str, status: int, api: Api) -> None:
	connection = clinic.make_connection()
	client, other = clinic.make_client(connection), clinic.make_client(connection)
	user = clinic.make_clinical_user(connection.default_facility, "Clinical Manager")
	outsider = make_outsider(api("Administrator"), user, purpose)
	make_consent(client.name, outsider, is_general=1)
	assert [get_client(outsider, each.name) for each in (client, other)] == [status, 404]


def test_a_revocation_is_in_force_at_once(outsider: Outsider, people: People, api: Api) -> None:
	consent = make_consent(people.names[0], outsider)
	assert get_client(outsider, people.names[0]) == 200
	etag = outsider.client.request("GET", READ.format(people.names[0])).headers["ETag"]
	reply = api(people.manager).request(
		"PUT", f"/api/resource/Client Consent/{consent.name}", json={"docstatus": 2}
	)
	assert reply.status_code == 200, reply.text
	assert get_client(outsider, people.names[0]) == 404
	reply = outsider.client.request("GET", READ.format(people.names[0]), headers={"If-None-Match": etag})
	assert reply.status_code == 404


def test_a_replay_needs_the_consent_as_well(outsider: Outsider, people: People) -> None:
	consent = make_consent(people.names[0], outsider)
	body = {"doctype": "Client", "name": people.names[0], "fieldname": "phone", "value": "555-0170"}
	headers = {"Idempotency-Key": factories.make_unique("key")}
	assert outsider.client.post("frappe.client.set_value", headers=headers, **body).status_code == 200
	consent.cancel()
	frappe.db.commit()
	reply = outsider.client.post("frappe.client.set_value", headers=headers, **body)
	assert reply.status_code in (403, 404)
	assert people.clients[0].last_name not in reply.text


def test_stays_need_diagnoses_where_the_reader_gets_them(outsider: Outsider, people: People) -> None:
	path = f"/api/method/frappe.client.get?doctype=Client Stay&name={people.stay.name}"
	make_consent(people.names[0], outsider, stays=1)
	assert outsider.client.request("GET", path).status_code == 404
	consent = make_consent(people.names[0], outsider, diagnoses=1)
	assert outsider.client.request("GET", path).status_code == 200
	assert [row[:2] for row in list_disclosures(outsider)] == [("Client Stay", people.stay.name)]
	assert consent.name
	values = {"doctype": "Client Stay", "fields": json.dumps(["status", "client.full_name"])}
	reply = outsider.client.get("frappe.client.get_list", **values)
	assert reply.status_code == 200, reply.text
	assert people.clients[0].last_name not in reply.text


def test_records_that_repeat_a_client_are_withheld(outsider: Outsider, people: People) -> None:
	client = frappe.get_doc("Client", people.names[2])
	client.phone = factories.make_unique("555")
	client.save()
	client.add_comment("Comment", f"About {client.last_name}")
	frappe.db.commit()
	make_consent(people.names[2], outsider)
	replies = [
		outsider.client.get("frappe.client.get_list", doctype=doctype, fields=json.dumps([field]))
		for doctype, field in (("Version", "data"), ("Comment", "content"))
	]
	texts = "".join(reply.text for reply in replies)
	assert client.last_name not in texts and client.phone not in texts
	assert {reply.status_code for reply in replies} <= {200, 403}
	reply = outsider.client.get("orchestrator.sync.get_client", client=people.names[2])
	assert (reply.status_code, reply.json()["data"]["activity"]) == (200, [])


def test_files_follow_the_record_that_they_are_attached_to(outsider: Outsider, people: People) -> None:
	content = factories.make_unique("chart")
	file = factories.make_record(
		"File", file_name=f"{content}.txt", content=content, is_private=1,
		attached_to_doctype="Client", attached_to_name=people.names[0],
	)  # fmt: skip
	filters = json.dumps({"name": file.name})
	assert outsider.client.request("GET", file.file_url).status_code == 403
	assert outsider.client.get("frappe.client.get_list", doctype="File", filters=filters).json()["data"] == []
	consent = make_consent(people.names[0], outsider)
	reply = outsider.client.request("GET", file.file_url)
	assert (reply.status_code, reply.text) == (200, content)
	assert list_disclosures(outsider) == [("Client", people.names[0], consent.name)]


def test_counselling_notes_need_a_consent_of_their_own(outsider: Outsider, people: People) -> None:
	frappe.get_doc("User", people.manager).add_roles("Orchestrator Manager")
	folder = factories.make_record("Document Folder", title=factories.make_unique("Notes"))
	note, letter = (
		factories.make_record(
			"Document", title=factories.make_unique("Session"), document_folder=folder.name,
			client=people.names[0], is_counselling_note=is_note,
		)
		for is_note in (1, 0)
	)  # fmt: skip

	def list_titles() -> list[str]:
		filters = json.dumps({"document_folder": folder.name})
		reply = outsider.client.get("frappe.client.get_list", doctype="Document", filters=filters)
		assert reply.status_code == 200, reply.text
		return [row["name"] for row in reply.json()["data"]]

	assert list_titles() == []
	make_consent(people.names[0], outsider)
	assert list_titles() == [letter.name]
	own = make_consent(people.names[0], outsider, counselling_notes=1)
	assert sorted(list_titles()) == sorted([note.name, letter.name])
	assert ("Document", note.name, own.name) in list_disclosures(outsider)


def test_linked_records_are_withheld(outsider: Outsider, people: People) -> None:
	frappe.get_doc("User", people.manager).add_roles("Support Team")
	issue = factories.make_record("Issue", subject=factories.make_unique("About"), client=people.names[0])
	other = factories.make_record("Issue", subject=factories.make_unique("Printer"))
	path = "/api/method/frappe.client.get?doctype=Issue&name={0}"
	assert outsider.client.request("GET", path.format(issue.name)).status_code == 404
	assert outsider.client.request("GET", path.format(other.name)).status_code == 200
	make_consent(people.names[0], outsider, correspondence=1)
	assert outsider.client.request("GET", path.format(issue.name)).status_code == 200
	assert [row[:2] for row in list_disclosures(outsider)] == [("Issue", issue.name)]


def test_shared_records_are_withheld(outsider: Outsider, people: People) -> None:
	frappe.share.add("Client", people.stranger.name, people.manager, read=1)
	frappe.db.commit()
	try:
		filters = json.dumps({"name": people.stranger.name})
		reply = outsider.client.get("frappe.client.get_list", doctype="Client", filters=filters)
		assert reply.json()["data"] == []
		assert get_client(outsider, people.stranger.name) == 404
	finally:
		frappe.share.remove("Client", people.stranger.name, people.manager)
		frappe.db.commit()


def test_exempt_facilities_need_no_consent(api: Api) -> None:
	facility = clinic.make_facility(
		is_part2_exempt=1, part2_exemption_reason="Holds itself out as no program"
	)
	connection = clinic.make_connection(facility=facility.name)
	client, former = clinic.make_client(connection), clinic.make_client(connection)
	factories.make_record(
		"Client Stay", client=former.name, connection=connection.name, facility=clinic.make_facility().name,
		casefile_id=factories.make_unique("casefile"), status="Discharged",
	)  # fmt: skip
	user = clinic.make_clinical_user(facility.name, "Clinical Manager", "System Manager")
	outsider = make_outsider(api("Administrator"), user)
	assert [get_client(outsider, name) for name in (client.name, former.name)] == [200, 404]
	assert list_disclosures(outsider) == [("Client", client.name, None)]
	assert frappe.db.get_value("Disclosure", {"recipient": outsider.name}, "basis") == "Exempt Facility"


def test_callers_inside_need_no_consent(api: Api, people: People) -> None:
	assert api(people.manager).request("GET", READ.format(people.names[0])).status_code == 200


def test_keys_of_recipients_outside_are_like_others_while_the_setting_is_off(
	outsider: Outsider, people: People
) -> None:
	with override_settings(consents_enabled=0):
		reply = outsider.client.request("GET", READ.format(people.names[0]))
		assert (reply.status_code, "X-Orchestrator-Notice" in reply.headers) == (200, False)
	assert list_disclosures(outsider) == []


def test_the_access_log_names_the_purpose_of_the_key(outsider: Outsider, people: People) -> None:
	make_consent(people.names[0], outsider)
	reply = outsider.client.request(
		"GET", READ.format(people.names[0]), headers={"X-Purpose-Of-Use": "TREAT"}
	)
	assert reply.status_code == 403
	reply = outsider.client.request(
		"GET", READ.format(people.names[0]), headers={"X-Purpose-Of-Use": "HLEGAL"}
	)
	assert reply.status_code == 200


def test_a_new_record_of_a_client_needs_a_consent(outsider: Outsider, people: People) -> None:
	frappe.get_doc("User", people.manager).add_roles("Support Team")
	body = {"doctype": "Issue", "subject": factories.make_unique("About"), "client": people.names[0]}
	assert outsider.client.post("frappe.client.insert", doc=json.dumps(body)).status_code in (403, 404)
	assert not frappe.db.exists("Issue", {"subject": body["subject"]})


@pytest.mark.parametrize(
	"method",
	[
		"frappe.desk.form.load.getdoc",
		"orchestrator.api.get_changes",
		"orchestrator.insights.get_dashboard",
		"frappe.desk.query_report.run",
	],
)
def test_other_methods_are_not_for_recipients_outside(
	method: str, outsider: Outsider, people: People
) -> None:
	reply = outsider.client.get(method, doctype="Client", name=people.names[0])
	assert reply.status_code == 403
	with pytest.raises(frappe.ValidationError, match="may not use"):
		make_outside_key(people.manager, methods=[{"method": method}])


@pytest.mark.parametrize(
	"values",
	[
		{"full_access": 1, "doctypes": [], "methods": []},
		{"recipient_name": " "},
		{"recipient_purpose": None},
		{"reports": [{"report": "Client Census"}]},
	],
)
def test_a_key_of_a_recipient_outside_is_described_and_limited(
	values: dict[str, Any], people: People
) -> None:
	with pytest.raises(frappe.ValidationError):
		make_outside_key(people.manager, **values)


def test_users_do_not_clear_the_recipient_of_their_key(api: Api, people: People) -> None:
	user = clinic.make_clinical_user(people.facility, "Clinical Manager")
	key = make_outside_key(user)
	reply = api(user).request("PUT", f"/api/resource/API Key/{key.name}", json={"is_outside_recipient": 0})
	assert (reply.status_code, frappe.db.get_value("API Key", key.name, "is_outside_recipient")) == (403, 1)


def test_consents_need_the_access_log(site: str) -> None:
	settings = frappe.get_doc("Orchestrator Settings")
	settings.update({"consents_enabled": 1, "access_log_enabled": 0})
	with pytest.raises(frappe.ValidationError, match="Turn on both"):
		settings.save()


def test_all_kinds_are_of_the_doctype(site: str) -> None:
	meta = frappe.get_meta("Client Consent")
	assert all(meta.get_field(kind).fieldtype == "Check" for kind in (*ALL_KINDS, "counselling_notes"))


def test_keys_of_the_administrator_are_limited_as_well(api: Api, people: People) -> None:
	outsider = make_outsider(api("Administrator"), "Administrator")
	make_consent(people.names[0], outsider)
	filters = json.dumps({"name": ["in", people.names]})
	reply = outsider.client.get("frappe.client.get_list", doctype="Client", filters=filters)
	assert [row["name"] for row in reply.json()["data"]] == [people.names[0]]
	assert [get_client(outsider, name) for name in people.names] == [200, 404, 404]


@pytest.mark.parametrize("doctype", ["Client", "Comment", "Version"])
def test_what_comes_to_a_reply_without_a_check_is_not_given(doctype: str, people: People) -> None:
	recipient = OutsideRecipient(factories.make_unique("County Court"), "Legal Proceeding")
	with pytest.raises(ledger.MissingConsentError):
		ledger.write_disclosures(recipient, {doctype: [people.names[0]]}, "GET /somewhere")
	assert frappe.db.count("Disclosure", {"recipient": recipient.name}) == 0


def test_readers_inside_cost_no_statement_more(people: People) -> None:
	frappe.set_user(people.manager)

	def count_statements() -> int:
		with capture_queries() as statements:
			frappe.get_list("Client", filters={"name": ("in", people.names)})
		return len(statements)

	count_statements()
	with_consents = count_statements()
	with override_settings(consents_enabled=0):
		frappe.get_list("Client", filters={"name": ("in", people.names)})
		assert count_statements() == with_consents
