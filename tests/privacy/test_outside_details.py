"""What stands beside the values of a record, and how names are compared, for recipients outside the organisation."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from tests.privacy.conftest import People
from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.consents import Outsider, list_disclosures, make_consent, make_outsider

pytestmark = pytest.mark.usefixtures("consents_required")
Api = Callable[[str], Client]
METHOD = "/api/method/"
COLUMNS = ("_comments", "_user_tags", "_assign", "_liked_by")
# A composed and an ignored sign, and two of the signs that MariaDB does not tell apart
OTHER_NAMES = [("Müller {0}", "Muller {0}"), ("Court {0}", "Co\u200burt {0}"), ("Plan 😀 {0}", "Plan 😂 {0}")]


@pytest.fixture
def covered(outsider: Outsider, people: People) -> str:
	"""Return a client who consents to everything but counselling notes, with a comment, a tag, a like and an assignment."""
	client = people.clients[0]
	make_consent(client.name, outsider)
	client.add_comment("Comment", "internal words")
	client.add_tag("internal tag")
	values = {"_assign": '["internal@harbor.example"]', "_liked_by": '["internal@harbor.example"]'}
	frappe.db.set_value("Client", client.name, values, update_modified=False)
	frappe.db.commit()
	return str(client.name)


def build_lists(name: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
	filters = json.dumps({"name": name})
	fields = json.dumps(["name", *COLUMNS])
	quoted = json.dumps([f"`tabClient`.`{column}`" for column in ("name", *COLUMNS)])
	values = {"doctype": "Client", "filters": filters}
	return {
		"get": ("GET", METHOD + "frappe.client.get", {"doctype": "Client", "name": name}),
		"v1": ("GET", f"/api/resource/Client/{name}", {}),
		"v2": ("GET", f"/api/v2/document/Client/{name}", {}),
		"list": ("GET", METHOD + "frappe.client.get_list", {**values, "fields": fields}),
		"all columns": ("GET", METHOD + "frappe.client.get_list", {**values, "fields": '["*"]'}),
		"v1 list": ("GET", "/api/resource/Client", {"filters": filters, "fields": fields}),
		"v2 list": ("GET", "/api/v2/document/Client", {"filters": filters, "fields": fields}),
		"value": (
			"GET",
			METHOD + "frappe.client.get_value",
			{**values, "fieldname": json.dumps(["name", *COLUMNS])},
		),
		"desk list": ("POST", METHOD + "frappe.desk.reportview.get", {**values, "fields": quoted}),
		"export": (
			"POST",
			METHOD + "frappe.desk.reportview.export_query",
			{**values, "fields": quoted, "file_format_type": "CSV", "title": "Client"},
		),
	}


@pytest.mark.parametrize("route", build_lists(""))
def test_comments_tags_and_assignments_in_a_record_are_withheld(
	route: str, outsider: Outsider, covered: str
) -> None:
	verb, path, values = build_lists(covered)[route]
	reply = outsider.client.request(verb, path, **({"params": values} if verb == "GET" else {"data": values}))
	assert "internal" not in reply.text
	if route == "export" and reply.status_code == 403:  # Frappe 15
		return
	assert reply.status_code == 200, reply.text
	assert covered in reply.text


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("use", ["filters", "or_filters", "order_by", "fields"])
def test_lists_do_not_filter_or_sort_by_them(use: str, column: str, outsider: Outsider, covered: str) -> None:
	values = {
		"filters": json.dumps([[column, "like", "%internal%"]]),
		"or_filters": json.dumps([[column, "like", "%internal%"]]),
		"order_by": f"{column} desc",
		"fields": json.dumps([f"max({column}) as most"]),
	}
	reply = outsider.client.get("frappe.client.get_list", doctype="Client", **{use: values[use]})
	assert reply.status_code == 403, reply.text


def test_readers_inside_get_them(api: Api, covered: str, people: People) -> None:
	_verb, path, values = build_lists(covered)["list"]
	[row] = get_data(api(people.manager).request("GET", path, params=values))
	assert all("internal" in row[column] for column in COLUMNS)


@pytest.mark.parametrize(("name", "other"), OTHER_NAMES)
def test_a_consent_for_a_similar_name_covers_nothing(name: str, other: str, api: Api, people: People) -> None:
	unique = factories.make_unique("of")
	outsider = make_outsider(api("Administrator"), people.manager, recipient_name=name.format(unique))
	make_consent(people.names[0], outsider, recipient_name=other.format(unique))
	make_consent(people.names[1], outsider, recipient_name=name.format(unique).upper())
	statuses = [
		outsider.client.get("frappe.client.get", doctype="Client", name=client).status_code
		for client in people.names[:2]
	]
	assert statuses == [404, 200]


@pytest.fixture(scope="module")
def clients_of_contact(frappe_site: str) -> Iterator[list[str]]:
	"""Add two fields for a client to contacts."""
	fields = [
		factories.make_record(
			"Custom Field", dt="Contact", fieldname=name, label=name, fieldtype="Link", options="Client"
		)
		for name in ("first_client", "second_client")
	]
	yield [field.fieldname for field in fields]
	for field in fields:
		frappe.delete_doc("Custom Field", field.name)
	frappe.db.commit()


@pytest.mark.parametrize("used", ["first_client", "second_client"])
def test_the_client_in_either_link_has_the_disclosure(
	used: str, api: Api, people: People, clients_of_contact: list[str]
) -> None:
	frappe.get_doc("User", people.manager).add_roles("Sales User")
	outsider = make_outsider(
		api("Administrator"), people.manager, doctypes=[{"reference_doctype": "Contact", "read": 1}]
	)
	consent = make_consent(people.names[1], outsider)
	contact = factories.make_record("Contact", first_name=factories.make_unique("Ada"))
	values = {**dict.fromkeys(clients_of_contact, ""), used: people.names[1]}
	frappe.db.set_value(
		"Contact", contact.name, values
	)  # Desk stores a link that is cleared as an empty text
	frappe.db.commit()
	get_data(outsider.client.get("frappe.client.get", doctype="Contact", name=contact.name))
	assert list_disclosures(outsider) == [("Contact", contact.name, consent.name)]
