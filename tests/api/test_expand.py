"""Links and child tables that a list or a record is expanded by: each under its own permission, in few statements."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.conditional import make_item

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"
GET = "frappe.client.get"
ORDER = "Expand Test Order"
LINE = "Expand Test Line"
MAX_STATEMENTS = 4


@dataclass(frozen=True)
class Orders:
	"""Two orders of a batch. The lines of the first link to both leads; the order itself to the first lead."""

	batch: str
	names: list[str]
	leads: list[str]


@pytest.fixture(scope="module")
def doctypes(frappe_site: str) -> Iterator[None]:
	"""Orders with lines, and with a table and a field of the lines above permission level 0."""
	drop_doctypes()
	make_doctype(
		LINE,
		[
			{"fieldname": "item", "fieldtype": "Data", "label": "Item"},
			{"fieldname": "lead", "fieldtype": "Link", "options": "Lead", "label": "Lead"},
			{"fieldname": "cost", "fieldtype": "Currency", "label": "Cost", "permlevel": 1},
		],
		istable=1,
	)
	make_doctype(
		ORDER,
		[
			{"fieldname": "batch", "fieldtype": "Data", "label": "Batch"},
			{"fieldname": "lead", "fieldtype": "Link", "options": "Lead", "label": "Lead"},
			{"fieldname": "lines", "fieldtype": "Table", "options": LINE, "label": "Lines"},
			{"fieldname": "notes", "fieldtype": "Table", "options": LINE, "label": "Notes", "permlevel": 1},
		],
		permissions=[
			{"role": "Sales User", "read": 1},
			{"role": "Sales Manager", "read": 1},
			{"role": "Sales Manager", "read": 1, "permlevel": 1},
			{"role": "Support Team", "read": 1, "if_owner": 1},
			{"role": "HR User", "select": 1, "read": 0},
		],
	)
	yield
	drop_doctypes()


def make_doctype(name: str, fields: list[dict[str, Any]], **values: Any) -> None:
	frappe.get_doc(
		{"doctype": "DocType", "name": name, "module": "Custom", "custom": 1, "autoname": "hash", "fields": fields, **values}
	).insert()  # fmt: skip
	frappe.db.commit()


def drop_doctypes() -> None:
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for name in (ORDER, LINE):
		frappe.delete_doc("DocType", name, force=True, ignore_missing=True)
		frappe.db.sql_ddl(f"drop table if exists `tab{name}`")
	frappe.db.commit()
	frappe.clear_cache()  # which names the tables


@pytest.fixture(scope="module")
def orders(doctypes: None) -> Orders:
	batch = uuid.uuid4().hex[:8]
	leads = [factories.make_lead().name for _ in range(2)]
	lines = [
		[
			{"item": "A", "lead": leads[0], "cost": 5},
			{"item": "B", "lead": leads[1], "cost": 7},
			{"item": "C"},
		],
		[{"item": "D"}],
	]
	names = [
		factories.make_record(ORDER, batch=batch, lead=lead, lines=rows, notes=[{"item": "note"}]).name
		for lead, rows in zip((leads[0], None), lines, strict=True)
	]
	return Orders(batch, names, leads)


def list_orders(client: Client, orders: Orders, *expand: str, **query: Any) -> Any:
	return client.post(
		LIST, **{"doctype": ORDER, "filters": {"batch": orders.batch}, "order_by": "creation", "expand": expand, **query}
	)  # fmt: skip


# Lists


def test_rows_of_a_table_stand_in_each_record(admin: Client, orders: Orders) -> None:
	reply = list_orders(admin, orders, "lines", fields=["name", "batch"]).json()
	assert reply["keys"] == ["name", "batch", "lines"]
	first, second = reply["data"]
	assert (first["name"], second["name"]) == tuple(orders.names)
	assert [line["item"] for line in first["lines"]] == ["A", "B", "C"]
	assert [line["idx"] for line in first["lines"]] == [1, 2, 3]
	assert [line["item"] for line in second["lines"]] == ["D"]
	assert {line["parentfield"] for line in first["lines"]} == {"lines"}
	assert set(first) == {"name", "batch", "lines"}


def test_name_need_not_be_among_the_fields(admin: Client, orders: Orders) -> None:
	reply = list_orders(admin, orders, "lines", fields=["batch"]).json()
	assert [set(row) for row in reply["data"]] == [{"batch", "lines"}] * 2
	assert [len(row["lines"]) for row in reply["data"]] == [3, 1]


def test_lines_are_what_get_gives(admin: Client, orders: Orders) -> None:
	[first, _second] = get_data(list_orders(admin, orders, "lines"))
	record = get_data(admin.get(GET, doctype=ORDER, name=orders.names[0]))
	got = [{key: line[key] for key in line if key != "doctype"} for line in record["lines"]]
	assert [{key: line[key] for key in got[0]} for line in first["lines"]] == got


def test_record_without_lines_has_an_empty_table(admin: Client, orders: Orders) -> None:
	batch = uuid.uuid4().hex[:8]
	factories.make_record(ORDER, batch=batch)
	[row] = get_data(list_orders(admin, orders, "lines", "lines.lead", filters={"batch": batch}))
	assert row["lines"] == []
	assert get_data(list_orders(admin, orders, "lines", filters={"batch": "none"})) == []


def test_links_of_lines(admin: Client, orders: Orders) -> None:
	[first, _second] = get_data(list_orders(admin, orders, "lead", "lines.lead", fields=["name", "lead"]))
	assert first["lead"]["name"] == orders.leads[0]
	assert [line["lead"] and line["lead"]["name"] for line in first["lines"]] == [*orders.leads, None]


def test_rows_as_arrays(admin: Client, orders: Orders) -> None:
	[first, _second] = get_data(list_orders(admin, orders, "lines", fields=["batch"], as_dict=False))
	assert first[0] == orders.batch
	assert [line["item"] for line in first[1]] == ["A", "B", "C"]


def test_expanded_pages_by_cursor(admin: Client, orders: Orders) -> None:
	page = list_orders(admin, orders, "lines", cursor="*", limit_page_length=1, fields='["*"]').json()
	assert [line["item"] for line in page["data"][0]["lines"]] == ["A", "B", "C"]
	assert not [key for key in page["data"][0] if key.startswith("orchestrator")]
	page = list_orders(admin, orders, "lines", cursor=page["next_cursor"], limit_page_length=1).json()
	assert [line["item"] for line in page["data"][0]["lines"]] == ["D"]


# Permissions


def test_fields_and_tables_above_the_callers_level(api: Api, orders: Orders) -> None:
	user, manager = (factories.make_user(role).name for role in ("Sales User", "Sales Manager"))
	[first, _second] = get_data(list_orders(api(user), orders, "lines", "notes"))
	assert first["notes"] is None
	assert [line.get("cost") for line in first["lines"]] == [None] * 3
	[first, _second] = get_data(list_orders(api(manager), orders, "lines", "notes"))
	assert [line["item"] for line in first["notes"]] == ["note"]
	assert [line["cost"] for line in first["lines"]] == [5, 7, 0]


def test_lines_of_readable_records_only(api: Api, orders: Orders) -> None:
	user = factories.make_user("Support Team").name
	frappe.db.set_value(ORDER, orders.names[1], "owner", user)
	frappe.db.commit()
	[row] = get_data(list_orders(api(user), orders, "lines"))
	assert [line["item"] for line in row["lines"]] == ["D"]
	frappe.db.set_value(ORDER, orders.names[1], "owner", "Administrator")
	frappe.db.commit()


def test_lines_of_a_shared_record(api: Api, orders: Orders) -> None:
	user = factories.make_user().name
	frappe.share.add(ORDER, orders.names[0], user, read=1, notify=0)
	frappe.db.commit()
	[row] = get_data(list_orders(api(user), orders, "lines", filters={"name": ["in", orders.names]}))
	assert [line["idx"] for line in row["lines"]] == [1, 2, 3]


def test_who_may_only_select_gets_no_list(api: Api, orders: Orders) -> None:
	reply = list_orders(api(factories.make_user("HR User").name), orders, "lines")
	assert get_error(reply) == (403, "PermissionError")


def test_links_of_lines_that_the_caller_may_not_read_stay_names(api: Api, orders: Orders) -> None:
	user = factories.make_user("Sales User").name
	factories.make_record("User Permission", user=user, allow="Lead", for_value=orders.leads[1], apply_to_all_doctypes=0, applicable_for="Lead")  # fmt: skip
	[first, _second] = get_data(list_orders(api(user), orders, "lead", "lines.lead", fields=["name", "lead"]))
	assert first["lead"] == orders.leads[0]
	assert first["lines"][0]["lead"] == orders.leads[0]
	assert first["lines"][1]["lead"]["name"] == orders.leads[1]


def test_lines_of_a_doctype_that_the_caller_may_not_read(api: Api, guest: Client, orders: Orders) -> None:
	stranger = api(factories.make_user().name)
	assert get_error(list_orders(stranger, orders, "lines")) == (403, "PermissionError")
	assert get_error(list_orders(guest, orders, "lines")) == (401, "AuthenticationError")
	reply = stranger.get(GET, doctype=ORDER, name=orders.names[0], expand='["no_field"]')
	assert get_error(reply) == (403, "PermissionError")


# Refusals


@pytest.mark.parametrize(
	"query",
	[
		{"expand": ["batch"]},
		{"expand": ["lines.item"]},
		{"expand": ["lines.parent"]},
		{"expand": ["lines."]},
		{"expand": ["lines.lead.company"]},
		{"expand": ["lead.company"]},
		{"expand": ["nothing"]},
		{"expand": [""]},
		{"expand": [1]},
		{"expand": {"lines": 1}},
		{"expand": ["lines"], "fields": ["count(name)"]},
		{"expand": ["lines"], "fields": ["batch"], "group_by": "batch"},
		{"expand": ["lines"], "fields": ["distinct batch"]},
		{"expand": ["lines"], "fields": ["name", "lines.item"]},
	],
)
def test_malformed_expansions_are_400(admin: Client, orders: Orders, query: dict) -> None:
	reply = list_orders(admin, orders, **query)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text


@pytest.mark.parametrize("expand", ["batch", "lines.item", "nothing"])
def test_malformed_expansions_of_a_record_are_400(admin: Client, orders: Orders, expand: str) -> None:
	reply = admin.get(GET, doctype=ORDER, name=orders.names[0], expand=f'["{expand}"]')
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text


# One record


def test_links_of_one_record(admin: Client, orders: Orders) -> None:
	reply = admin.post(GET, doctype=ORDER, name=orders.names[0], expand=["lead", "lines.lead"])
	record = get_data(reply)
	assert record["lead"]["name"] == orders.leads[0]
	assert [line["lead"] and line["lead"]["name"] for line in record["lines"]] == [*orders.leads, None]
	assert record["notes"][0]["item"] == "note"


def test_links_of_one_record_that_the_caller_may_not_read(api: Api, orders: Orders) -> None:
	user = factories.make_user("Sales User").name
	factories.make_record("User Permission", user=user, allow="Lead", for_value=orders.leads[1], apply_to_all_doctypes=0, applicable_for="Lead")  # fmt: skip
	expand = ["lead", "lines.lead", "notes.lead"]
	record = get_data(api(user).post(GET, doctype=ORDER, name=orders.names[0], expand=expand))
	assert record["lead"] == orders.leads[0]
	assert record["lines"][1]["lead"]["name"] == orders.leads[1]
	assert not record.get("notes")
	assert record["lines"][0].get("cost") is None


# Statements


def count_statements() -> int:
	"""How many statements this connection has sent."""
	return int(frappe.db.sql("show session status like 'Questions'")[0][1])


def test_two_hundred_orders_with_lines_in_four_statements(site: str) -> None:
	"""The list, its lines, the customers, and the items of the lines."""
	from orchestrator.access import platform_patches
	from orchestrator.api import generic

	customer, item = factories.make_customer().name, make_item()
	user, mark = factories.make_user("Sales User").name, uuid.uuid4().hex[:8]
	names = [f"{mark}-{index:03}" for index in range(200)]
	frappe.db.bulk_insert(
		"Sales Order", ["name", "customer", "company"], [(name, customer, factories.get_company()) for name in names]
	)  # fmt: skip
	lines = [(f"{name}-{n}", name, "Sales Order", "items", n, item, n) for name in names for n in (2, 1, 3)]
	frappe.db.bulk_insert(
		"Sales Order Item", ["name", "parent", "parenttype", "parentfield", "idx", "item_code", "qty"], lines
	)
	frappe.set_user(user)
	platform_patches.install_patches()
	query = {
		"fields": ["name", "customer"], "filters": {"name": ["like", f"{mark}-%"]}, "order_by": "name",
		"limit_page_length": 200, "expand": ["customer", "items", "items.item_code"], "cursor": "*",
	}  # fmt: skip
	generic.get_list("Sales Order", **query)  # Frappe caches metadata and roles
	before = count_statements()
	page = generic.get_list("Sales Order", **query)
	assert count_statements() - before - 1 <= MAX_STATEMENTS
	assert [row["name"] for row in page.rows] == names
	assert all([line["qty"] for line in row["items"]] == [1, 2, 3] for row in page.rows)
	assert all(row["customer"]["name"] == customer for row in page.rows)
	frappe.db.rollback()
