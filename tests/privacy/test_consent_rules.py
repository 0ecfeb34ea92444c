"""Consents as records: what one may say, who reads and writes them, and that one in force can only be revoked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import frappe
from frappe.model.document import Document
from frappe.utils import nowdate

from orchestrator import clock
from tests.privacy.conftest import People
from tests.support import clinic, factories
from tests.support.client import Client, get_data, get_error

Api = Callable[[str], Client]
METHOD = "/api/method/"
RESOURCE = "/api/resource/Client Consent/{name}"


def build_values(client: str, **values: Any) -> dict[str, Any]:
	return {
		"doctype": "Client Consent",
		"client": client,
		"recipient_kind": "Organisation",
		"recipient_name": "County Court",
		"purpose": "Legal Proceeding",
		"demographics": 1,
		"valid_from": nowdate(),
		**values,
	}


@pytest.fixture
def consent(people: People) -> Document:
	doc = frappe.get_doc(build_values(people.names[0])).insert()
	doc.submit()
	frappe.db.commit()
	return doc


CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
	"update": ("PUT", RESOURCE, {"valid_until": "2999-01-01"}),
	"update v2": ("PUT", "/api/v2/document/Client Consent/{name}", {"purpose": "Research"}),
	"update with the revocation": ("PUT", RESOURCE, {"docstatus": 2, "purpose": "Research"}),
	"revocation in the past": ("PUT", RESOURCE, {"revoked_on": "2020-01-01 00:00:00"}),
	"back to draft": ("PUT", RESOURCE, {"docstatus": 0}),
	"delete": ("DELETE", RESOURCE, {}),
	"delete v2": ("DELETE", "/api/v2/document/Client Consent/{name}", {}),
	"set_value": (
		"POST", METHOD + "frappe.client.set_value",
		{"doctype": "Client Consent", "name": "{name}", "fieldname": "documents", "value": 1},
	),
	"client delete": ("POST", METHOD + "frappe.client.delete", {"doctype": "Client Consent", "name": "{name}"}),
	"rename": (
		"POST", METHOD + "frappe.client.rename_doc",
		{"doctype": "Client Consent", "old_name": "{name}", "new_name": "other"},
	),
}  # fmt: skip


def read_row(name: str) -> Any:
	frappe.db.rollback()
	return frappe.db.sql("select * from `tabClient Consent` where name = %s", name)


@pytest.mark.parametrize("change", CHANGES)
def test_a_consent_in_force_is_not_changed(change: str, consent: Document, api: Api) -> None:
	verb, path, values = CHANGES[change]
	before = read_row(consent.name)
	body = json.loads(json.dumps(values).replace("{name}", consent.name))
	reply = api("Administrator").request(verb, path.format(name=consent.name), json=body)
	assert (reply.status_code >= 400, read_row(consent.name)) == (True, before), reply.text


def test_a_revoked_consent_stays(consent: Document, api: Api) -> None:
	caller, begun = api("Administrator"), clock.get_now_to_second()
	assert caller.request("PUT", RESOURCE.format(name=consent.name), json={"docstatus": 2}).status_code == 200
	frappe.db.rollback()
	revoked = frappe.db.get_value("Client Consent", consent.name, ["docstatus", "revoked_on"])
	assert revoked[0] == 2 and begun <= revoked[1] <= clock.get_now()
	before = read_row(consent.name)
	path = RESOURCE.format(name=consent.name)
	changes = (("DELETE", {}), ("PUT", {"docstatus": 1}), ("PUT", {"revoked_on": None}))
	statuses = [caller.request(verb, path, json=values).status_code for verb, values in changes]
	assert min(statuses) >= 400
	assert read_row(consent.name) == before


def test_a_draft_is_changed_and_deleted(people: People, api: Api) -> None:
	caller = api(people.manager)
	doc = json.dumps(build_values(people.names[0], revoked_on="2020-01-01 00:00:00"))
	data = get_data(caller.post("frappe.client.insert", doc=doc), 201)
	assert data["revoked_on"] is None
	path = RESOURCE.format(name=data["name"])
	assert caller.request("PUT", path, json={"purpose": "Research"}).status_code == 200
	assert caller.request("DELETE", path).status_code == 202


REFUSED = {
	"no recipient": {"recipient_name": " "},
	"no key": {"recipient_kind": "API Key"},
	"no purpose": {"purpose": None},
	"no information": {"demographics": 0},
	"notes with others": {"counselling_notes": 1},
	"notes in general": {"demographics": 0, "counselling_notes": 1, "is_general": 1},
	"ends before it begins": {"valid_until": "2020-01-01"},
	"no such key": {"recipient_kind": "API Key", "api_key": "none"},
	"unknown purpose": {"purpose": "Curiosity"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_incomplete_consent_is_refused(case: str, people: People, api: Api) -> None:
	doc = json.dumps(build_values(people.names[0], **REFUSED[case]))
	reply = api(people.manager).post("frappe.client.insert", doc=doc)
	assert reply.status_code == 422, reply.text


def test_the_signed_document_is_the_clients_own(people: People) -> None:
	folder = factories.make_record("Document Folder", title=factories.make_unique("Consents"))
	document = factories.make_record(
		"Document",
		title=factories.make_unique("Consent"),
		document_folder=folder.name,
		client=people.names[1],
	)
	with pytest.raises(frappe.ValidationError, match="another client"):
		frappe.get_doc(build_values(people.names[0], signed_document=document.name)).insert()
	assert frappe.get_doc(build_values(people.names[1], signed_document=document.name)).insert().name


def test_a_general_consent_names_no_recipient(people: People) -> None:
	doc = frappe.get_doc(build_values(people.names[0], is_general=1)).insert()
	assert (doc.recipient_kind, doc.recipient_name, doc.purpose) == (None, None, None)


def test_readers_follow_the_client(people: People, consent: Document, api: Api) -> None:
	hidden = frappe.get_doc(build_values(people.stranger.name)).insert()
	frappe.db.commit()
	filters = json.dumps({"name": ["in", [hidden.name, consent.name]]})

	def list_names(user: str) -> list[str]:
		reply = api(user).get("frappe.client.get_list", doctype="Client Consent", filters=filters)
		return sorted(row["name"] for row in get_data(reply))

	user = clinic.make_clinical_user(people.facility, "Clinical User")
	officer = factories.make_user("Privacy Officer").name
	assert list_names(people.manager) == list_names(user) == [consent.name]
	assert list_names(officer) == sorted([hidden.name, consent.name])
	path = RESOURCE.format(name=hidden.name)
	readers = (people.manager, user, officer)
	assert [api(reader).request("GET", path).status_code for reader in readers] == [403, 403, 200]


@pytest.mark.parametrize(
	("roles", "of_stranger", "status"),
	[
		(("Clinical User",), False, 403),
		(("Clinical Manager",), False, 201),
		(("Clinical Manager",), True, 403),
		(("Sales User",), False, 403),
	],
)
def test_writers_may_read_the_client(
	roles: tuple[str, ...], of_stranger: bool, status: int, people: People, api: Api
) -> None:
	user = clinic.make_clinical_user(people.facility, *roles)
	client = people.stranger.name if of_stranger else people.names[0]
	reply = api(user).post("frappe.client.insert", doc=json.dumps(build_values(client)))
	assert reply.status_code == status, reply.text


def test_the_signature_of_refusals(consent: Document, api: Api) -> None:
	reply = api("Administrator").post("frappe.client.delete", doctype="Client Consent", name=consent.name)
	assert reply.status_code in (409, 422) and get_error(reply)[1] != "InternalServerError"


def test_an_exemption_needs_a_reason(site: str) -> None:
	with pytest.raises(frappe.ValidationError, match="Enter the reason"):
		clinic.make_facility(is_part2_exempt=1)
