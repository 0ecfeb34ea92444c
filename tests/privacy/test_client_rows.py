"""Records whose rows name clients: no recipient outside gets them, nor the files that are attached to them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from tests.privacy.conftest import People
from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.consents import Outsider, make_consent, make_outsider

pytestmark = pytest.mark.usefixtures("consents_required")
Api = Callable[[str], Client]


@pytest.fixture
def contact_reader(api: Api, people: People, consents_required: None) -> Outsider:
	"""Return a recipient outside whose key includes contacts."""
	frappe.get_doc("User", people.manager).add_roles("Sales User", "Sales Manager")
	rights = {"read": 1, "write": 1, "create": 1}
	doctypes = [{"reference_doctype": doctype, **rights} for doctype in ("Contact", "Client", "File")]
	return make_outsider(api("Administrator"), people.manager, doctypes=doctypes)


@pytest.fixture(scope="module")
def client_field(frappe_site: str) -> Iterator[str]:
	"""Add a field to the phones of a contact: whose phone it is."""
	field = factories.make_record(
		"Custom Field",
		dt="Contact Phone",
		fieldname="client",
		label="Client",
		fieldtype="Link",
		options="Client",
	)
	yield field.fieldname
	frappe.delete_doc("Custom Field", field.name)
	frappe.db.commit()


def make_contact(**values: Any) -> str:
	return str(factories.make_record("Contact", first_name=factories.make_unique("Ada"), **values).name)


def test_records_with_clients_in_their_rows_are_withheld(
	contact_reader: Outsider, client_field: str, people: People
) -> None:
	"""One record may have rows of several clients, of whom one consent is not enough."""
	make_consent(people.names[0], contact_reader)
	number = {"phone": "+1 202 555 0104"}
	linked = make_contact(links=[{"link_doctype": "Client", "link_name": people.names[0]}])
	named = make_contact(phone_nos=[{**number, client_field: people.names[0]}])
	others = [make_contact(phone_nos=[number]), make_contact()]
	reader = contact_reader.client
	names = [linked, named, *others]
	by_contract = [
		reader.get("frappe.client.get", doctype="Contact", name=name).status_code for name in names
	]
	by_resource = [reader.request("GET", f"/api/resource/Contact/{name}").status_code for name in names]
	assert (by_contract, by_resource) == ([404, 404, 200, 200], [403, 403, 200, 200])
	filters = json.dumps({"name": ("in", names)})
	found = get_data(reader.get("frappe.client.get_list", doctype="Contact", filters=filters))
	assert sorted(row["name"] for row in found) == sorted(others)
	fields = json.dumps(["parent", client_field])
	rows = get_data(
		reader.get(
			"frappe.client.get_list",
			doctype="Contact Phone",
			parent="Contact",
			fields=fields,
			filters=json.dumps({"parent": ("in", [named, others[0]])}),
		)
	)
	assert rows == [{"parent": others[0], client_field: None}]


def test_files_of_records_with_clients_in_their_rows_are_withheld(
	contact_reader: Outsider, people: People
) -> None:
	contacts = [
		make_contact(links=[{"link_doctype": "Client", "link_name": people.names[0]}]),
		make_contact(),
	]
	files = [
		factories.make_record(
			"File",
			file_name=f"{contact}.txt",
			content=contact,
			is_private=1,
			attached_to_doctype="Contact",
			attached_to_name=contact,
		)
		for contact in contacts
	]
	filters = json.dumps({"name": ("in", [file.name for file in files])})
	found = get_data(contact_reader.client.get("frappe.client.get_list", doctype="File", filters=filters))
	assert [row["name"] for row in found] == [files[1].name]
	statuses = [contact_reader.client.request("GET", file.file_url).status_code for file in files]
	assert statuses == [403, 200]


@pytest.mark.parametrize("table", ["links", "phone_nos"])
def test_new_records_with_clients_in_their_rows_are_refused(
	table: str, contact_reader: Outsider, client_field: str, people: People
) -> None:
	make_consent(people.names[0], contact_reader)
	row = (
		{"link_doctype": "Client", "link_name": people.names[0]}
		if table == "links"
		else {"phone": "+1 202 555 0104", client_field: people.names[0]}
	)
	body = {"doctype": "Contact", "first_name": factories.make_unique("Ada"), table: [row]}
	reply = contact_reader.client.post("frappe.client.insert", doc=json.dumps(body))
	assert reply.status_code in (403, 404)
	frappe.db.rollback()
	assert not frappe.db.exists("Contact", {"first_name": body["first_name"]})
