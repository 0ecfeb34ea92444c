"""What the ETags of records are computed from: rows as they are stored, for DocTypes that show nothing else."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe
from frappe.model.document import Document
from frappe.utils.response import json_handler

from orchestrator import compat
from orchestrator.api import etags, record_etags, record_tables
from orchestrator.api.record_tables import describe_tables, shows_row_only
from orchestrator.exceptions import InvalidRequestError
from tests.support import factories
from tests.support.conditional import make_opportunity_with_items

RECORDS_OF_A_DOCTYPE = 3


def shows_rows_only(doctype: str) -> bool:
	return all(shows_row_only(table) for table in describe_tables(frappe.get_meta(doctype)).values())


def list_doctypes_with_records() -> list[str]:
	names = frappe.get_all("DocType", {"istable": 0, "issingle": 0, "is_virtual": 0}, pluck="name")
	return sorted(name for name in names if shows_rows_only(name) and frappe.db.count(name))


def test_records_of_plain_doctypes_show_their_rows(site: str) -> None:
	"""No constructor of the platform changes what a record shows, on any DocType that has records here."""
	differing = []
	for doctype in list_doctypes_with_records():
		for name in frappe.get_all(doctype, pluck="name", limit=RECORDS_OF_A_DOCTYPE):
			differing += find_differences(frappe.get_doc(doctype, name))
	assert differing == []


def find_differences(doc: Document, parentfield: str = "", position: int = 0) -> list[str]:
	"""The fields that a record shows otherwise than its row has them. A row without an index shows its position."""
	row = frappe.db.get_value(doc.doctype, doc.name, "*", as_dict=True)
	row.idx = row.idx or position
	shown, table = doc.as_dict(), describe_tables(frappe.get_meta(doc.doctype))[""]
	differing = [
		f"{doc.doctype} {parentfield} {column}"
		for column in table.columns
		if not is_same(row.get(column), shown.get(column))
	]
	for fieldname in (name for name in describe_tables(doc.meta) if name):
		for position, child in enumerate(doc.get(fieldname), 1):
			differing += find_differences(child, fieldname, position)
	return differing


def is_same(stored: Any, shown: Any) -> bool:
	"""A check shows 0 for no value, and so do numbers."""
	return shown == stored or (not stored and not shown)


@pytest.mark.parametrize("doctype", ["Document", "DocType", "System Settings"])
def test_doctypes_that_show_more_are_recognised(site: str, doctype: str) -> None:
	meta = frappe.get_meta(doctype)
	name = frappe.get_all(doctype, pluck="name", limit=1)[0] if not meta.issingle else doctype
	etag = record_etags.compute_etag(meta, name)
	assert etag
	assert etag.view is None


@pytest.mark.parametrize(
	"members",
	[
		{"as_dict": lambda self: {}},
		{"load_from_db": lambda self: self},
		{"get_valid_dict": lambda self: {}},
		{"apply_fieldlevel_read_permissions": lambda self: None},
		{"__init__": lambda self, *_: None},
		{"__setup__": lambda self: None},
	],
	ids=lambda members: next(iter(members)),
)
def test_controllers_of_other_apps_that_compute_are_recognised(members: dict[str, Any]) -> None:
	base = type("Base", (Document,), {"__module__": "other_app.base"})
	assert record_tables._is_plain_controller(base)
	assert not record_tables._is_plain_controller(
		type("Own", (base,), {"__module__": "other_app.own", **members})
	)


@pytest.fixture
def field(site: str) -> Iterator[str]:
	"""A field that an administrator adds to a child table."""
	name = f"x_{frappe.generate_hash(length=6)}"
	custom = frappe.get_doc(
		{
			"doctype": "Custom Field",
			"dt": "Opportunity Item",
			"fieldname": name,
			"fieldtype": "Data",
			"label": name,
		}
	).insert()
	frappe.db.commit()
	yield name
	custom.delete()
	frappe.db.sql_ddl(f"alter table `tabOpportunity Item` drop column `{name}`")
	frappe.clear_cache(doctype="Opportunity Item")


def test_a_new_field_of_a_child_table_counts_at_once(site: str, request: pytest.FixtureRequest) -> None:
	opportunity = frappe.get_doc("Opportunity", make_opportunity_with_items())
	before = record_etags.compute_etag(frappe.get_meta("Opportunity"), opportunity.name)
	name = request.getfixturevalue("field")
	frappe.local.cache = {}  # as a new request finds it
	meta = frappe.get_meta("Opportunity")
	added = record_etags.compute_etag(meta, opportunity.name)
	frappe.db.set_value("Opportunity Item", opportunity.items[0].name, name, "value", update_modified=False)
	changed = record_etags.compute_etag(meta, opportunity.name)
	assert before and added and changed
	assert len({before.state, added.state, changed.state}) == 3
	assert len({before.view, added.view}) == 2


def test_positions_of_rows_without_an_index_follow_from_the_rows(site: str) -> None:
	"""Frappe shows such a row's position among the rows: each row that changes it changes the ETag as well."""
	name = make_opportunity_with_items()
	meta = frappe.get_meta("Opportunity")
	rows = [row.name for row in frappe.get_doc("Opportunity", name).items]
	assert len(rows) > 1
	states, shown = [], []
	for indexes in ([1, 2], [0, 2], [0, 0], [2, 0]):
		for row, idx in zip(rows, indexes, strict=False):
			frappe.db.set_value("Opportunity Item", row, "idx", idx, update_modified=False)
		states.append(record_etags.compute_state(meta, name))
		shown.append({row.name: row.idx for row in frappe.get_doc("Opportunity", name).items})
	assert len(set(states)) == 4
	assert (shown[1][rows[0]], shown[3][rows[1]]) == (1, 1)
	assert sorted(shown[2].values())[:2] == [1, 2]


def test_no_etag_can_be_computed_without_the_sites_key(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
	meta, name = frappe.get_meta("Lead"), factories.make_lead().name
	first = record_etags.compute_state(meta, name)
	monkeypatch.setattr("orchestrator.api.sealed_replies.get_encryption_key", lambda: "another")
	assert record_etags.compute_state(meta, name) != first


def test_missing_records_and_virtual_doctypes_have_no_state(site: str) -> None:
	assert record_etags.compute_state(frappe.get_meta("Lead"), "no such lead") is None
	assert record_etags.compute_state(frappe.get_meta("Lead"), None) is None
	assert record_etags.compute_state(frappe.get_meta("RQ Job"), "x") is None


LOOKS: dict[str, Callable[[Any], Any]] = {
	"attribute": lambda doc: [row.name for row in doc.roles],
	"get": lambda doc: [row.name for row in doc.get("roles")],
	"get with filters": lambda doc: [row.name for row in doc.get("roles", {"role": ("!=", "x")})],
	"get_all_children": lambda doc: sorted(row.name for row in doc.get_all_children()),
	"as_dict": lambda doc: json.dumps(doc.as_dict(), default=json_handler),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_lazy_records_load_child_tables_when_asked(site: str, look: Callable[[Document], Any]) -> None:
	user = factories.make_user("Sales User", "HR User")
	lazy = compat.get_lazy_doc("User", user.name)
	assert "roles" not in vars(lazy)
	assert look(lazy) == look(frappe.get_doc("User", user.name))


@pytest.mark.parametrize(
	("text", "values"),
	[
		('"a"', [("a", False)]),
		('W/"a"', [("a", True)]),
		(' "a" ,\t"b",W/"c" ', [("a", False), ("b", False), ("c", True)]),
		(',,"a",,', [("a", False)]),
		('""', [("", False)]),
		('"a,b"', [("a,b", False)]),
		('"é"', [("é", False)]),
	],
)
def test_lists_of_etags(site: str, text: str, values: list[tuple[str, bool]]) -> None:
	condition = etags.parse_condition("If-Match", text)
	assert condition
	assert [(tag.value, tag.is_weak) for tag in condition.tags] == values


@pytest.mark.parametrize(
	"text", ["", ",", "a", '"a', 'a"', '"a"b', '"a""b"', '"a b"', "**", '* , "a"', 'W"a"']
)
def test_malformed_lists_of_etags(site: str, text: str) -> None:
	with pytest.raises(InvalidRequestError):
		etags.parse_condition("If-Match", text)
