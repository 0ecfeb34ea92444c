"""Operands that do not fit their operator are refused before any SQL is built."""

import itertools
from collections.abc import Callable, Iterator

import pytest

import frappe

from orchestrator.api import errors, generic
from tests.support import factories
from tests.support.client import Client, get_error

OPERATORS = [
	"=", "!=", "<", "like", "not like", "in", "not in", "is", "between", "timespan", "descendants of", "ancestors of",
]  # fmt: skip
VALUES = [
	None, True, -1, 1.5, "", "x", "'", "\\", "%", {"a": 1}, [], [1], [None], [["x"]], ["in", ["a"]], "\x00", 10**30,
]  # fmt: skip
FIELDS = ["name", "email", "probability", "creation", "_assign", "notes", "territory", "parent", "_seen"]


@pytest.fixture
def admin(api: Callable[[str], Client]) -> Iterator[Client]:
	"""Yield an administrator without a rate limit, for many requests."""
	frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 0)
	frappe.db.commit()
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")
	yield api("Administrator")
	frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 1)
	frappe.db.commit()
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")


@pytest.mark.parametrize("operator", OPERATORS)
def test_any_operand_is_answered_or_refused(site: str, operator: str) -> None:
	for field, value in itertools.product(FIELDS, VALUES):
		assert get_list_status([[field, operator, value]]) in (200, 400), (field, operator, value)


def get_list_status(filters: list) -> int:
	"""Return the status of a request, from the endpoint's own function, which saves two thousand requests."""
	try:
		generic.get_list(doctype="Lead", filters=filters)
	except Exception as error:
		return errors.get_status(error)
	return 200


@pytest.mark.parametrize("value", VALUES)
def test_operands_of_any_kind_over_http(admin: Client, value: object) -> None:
	reply = admin.post("frappe.client.get_list", doctype="Lead", filters=[["email", "=", value]])
	assert reply.status_code == get_list_status([["email", "=", value]]), (value, reply.text)


@pytest.mark.parametrize(
	("body", "status"),
	[
		({"order_by": "name asc, "}, 400),
		({"order_by": ","}, 400),
		({"order_by": "notes"}, 400),
		({"fields": [""]}, 400),
		({"fields": ["count(*) as n"]}, 200),
		({"fields": ["sum(probability)"]}, 200),
		({"fields": ["notes"]}, 400),
		({"fields": ["notes.note"]}, 200),
		({"fields": ["territory.parent_territory as parent_territory"]}, 200),
		({"fields": ["`tabCRM Note`.`note`"]}, 200),
		({"fields": ["`tabUser`.`name`"]}, 400),
		({"fields": ["email as mail"]}, 200),
		({"fields": ["name", "name"]}, 200),
		({"fields": ["*"], "as_dict": False}, 200),
		({"fields": ["territory"], "expand": ["territory"]}, 200),
		({"expand": "[1]"}, 400),
		({"expand": ["lead_name"]}, 400),
		({"filters": "null"}, 200),
		({"filters": "1"}, 400),
		({"filters": ["name", "=", "x"]}, 200),
		({"filters": ["Lead", "name", "=", "x"]}, 200),
		({"filters": [["CRM Note", "note", "=", "x"]]}, 200),
		({"filters": [["User", "name", "=", "x"]]}, 400),
		({"filters": {"creation": ["timespan", "last week"]}}, 200),
		({"filters": {"creation": ["timespan", "some day"]}}, 400),
		({"filters": {"creation": ["between", ["2026-01-01", "2026-12-31"]]}}, 200),
		({"filters": {"territory": ["descendants of", "All Territories"]}}, 200),
		({"limit_page_length": 1.5}, 400),
	],
)
def test_a_list_request_is_read_or_refused(admin: Client, body: dict, status: int) -> None:
	reply = admin.post("frappe.client.get_list", doctype="Lead", **body)
	assert reply.status_code == status, reply.text


@pytest.mark.parametrize("doctype", ["DocType", "User", "Version", "RQ Job"])
def test_other_kinds_of_doctype_answer(admin: Client, doctype: str) -> None:
	assert admin.post("frappe.client.get_list", doctype=doctype).status_code == 200
	assert get_error(admin.post("frappe.client.get", doctype=doctype, name="no-such")) == (
		404,
		"DoesNotExistError",
	)


def test_a_child_table_needs_its_parent(api: Callable[[str], Client]) -> None:
	seller = api(factories.make_user("Sales User").name)
	assert get_error(seller.post("frappe.client.get_list", doctype="CRM Note")) == (403, "PermissionError")
	assert seller.post("frappe.client.get_list", doctype="CRM Note", parent="Lead").status_code == 200


def test_a_single_needs_no_name(admin: Client) -> None:
	assert (
		admin.post("frappe.client.get", doctype="Selling Settings").json()["data"]["doctype"]
		== "Selling Settings"
	)
