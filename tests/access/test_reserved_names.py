"""Names that are not fields but would control Frappe's Document: refused by insert and set_value."""

import json
from collections.abc import Callable

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error

INSERT = "frappe.client.insert"
SET_VALUE = "frappe.client.set_value"
STEERING = [
	{"__islocal": 1},
	{"__unsaved": 1},
	{"__onload": {"x": 1}},
	{"_validate": 1},
	{"_action": "submit"},
	{"_assign": "[]"},
	{"_user_tags": ",x"},
	{"_original_modified": "2020-01-01"},
	{"flags": {"ignore_permissions": 1}},
	{"meta": {}},
	{"save": 1},
	{"insert": 1},
	{"run_method": 1},
	{"check_permission": 0},
	{"permitted_fieldnames": ["name"]},
	{"doctype": "ToDo"},
	{"docstatus": 5},
	{"docstatus": True},
	{"docstatus": "1; --"},
	{"notes": [{"note": "x", "save": 1}]},
	{"notes": [{"note": "x", "_validate": 1}]},
]


@pytest.fixture
def seller(api: Callable[[str], Client]) -> Client:
	return api(factories.make_user("Sales User").name)


FLAT = [each for each in STEERING if "doctype" not in each]  # a flat body's doctype is the parameter


@pytest.mark.parametrize(
	("as_fieldname", "values"), [(True, each) for each in STEERING] + [(False, each) for each in FLAT]
)
def test_set_value_rejects_reserved_names(seller: Client, values: dict, as_fieldname: bool) -> None:
	lead = factories.make_lead()
	body = {"fieldname": json.dumps(values)} if as_fieldname else values
	before = frappe.db.count("Lead")
	reply = seller.post(SET_VALUE, **{"doctype": "Lead", "name": lead.name, **body})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert frappe.db.count("Lead") == before
	assert str(frappe.db.get_value("Lead", lead.name, "modified")) == lead.modified


@pytest.mark.parametrize("name", ["__islocal", "_validate", "flags", "doctype"])
def test_set_value_refuses_a_single_name(seller: Client, name: str) -> None:
	lead = factories.make_lead()
	reply = seller.post(SET_VALUE, doctype="Lead", name=lead.name, fieldname=name, value=1)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("values", [each for each in FLAT if "flags" not in each])
def test_flat_insert_rejects_reserved_names(seller: Client, values: dict) -> None:
	before = frappe.db.count("Lead")
	reply = seller.post(INSERT, doctype="Lead", lead_name=factories.make_unique("Jane"), **values)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert frappe.db.count("Lead") == before


@pytest.mark.parametrize(
	"values",
	[
		{"_validate": 1},
		{"_action": "submit"},
		{"flags": {}},
		{"save": 1},
		{"docstatus": 5},
		{"notes": [{"save": 1}]},
	],
)
def test_an_inserted_doc_refuses_reserved_names(seller: Client, values: dict) -> None:
	doc = {"doctype": "Lead", "lead_name": factories.make_unique("Jane"), **values}
	assert get_error(seller.post(INSERT, doc=doc)) == (400, "InvalidRequestError")


def test_an_inserted_doc_may_have_the_keys_of_a_form(seller: Client) -> None:
	state = {"__islocal": 1, "__unsaved": 1, "_assign": '["Administrator"]', "_user_tags": ",x"}
	doc = {"doctype": "Lead", "lead_name": factories.make_unique("Jane"), **state}
	name = get_data(seller.post(INSERT, doc=doc), 201)["name"]
	assert frappe.db.get_value("Lead", name, ["_assign", "_user_tags"]) == (None, None)
	copied = get_data(seller.get("frappe.client.get", doctype="Lead", name=name))
	copied["lead_name"] = factories.make_unique("Jane")
	assert get_data(seller.post(INSERT, doc=copied), 201)["name"] != name


def test_the_same_doctype_is_no_change(seller: Client) -> None:
	lead = factories.make_lead()
	values = {"doctype": "Lead", "city": "Harbor"}
	reply = seller.post(SET_VALUE, doctype="Lead", name=lead.name, fieldname=values)
	assert get_data(reply)["city"] == "Harbor"
