"""Values in columns whose fields ERPNext 16 has renamed move to the new fields."""

from collections.abc import Iterator

import pytest

import frappe

from orchestrator.setup import utm_fields
from tests.support import factories

TARGET = "Territory"


@pytest.fixture
def doctype(site: str) -> Iterator[str]:
	"""Yield a DocType with the new fields, whose table still has the columns of the old ones."""
	fields = [
		{"fieldname": name, "fieldtype": "Link", "options": TARGET} for name in ("utm_source", "utm_campaign")
	]
	doc = factories.make_record(
		"DocType",
		__newname=factories.make_unique("Deal"),
		module="Custom",
		custom=1,
		fields=fields,
		permissions=[{"role": "System Manager", "read": 1}],
	)
	for column in ("source", "campaign_name"):
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doc.name}` ADD COLUMN `{column}` varchar(140)")
	yield str(doc.name)
	frappe.delete_doc("DocType", doc.name, force=True)
	frappe.db.commit()


def insert(doctype: str, **values: str | None) -> str:
	name = str(frappe.get_doc(doctype=doctype).insert().name)
	for column, value in values.items():
		frappe.db.sql(f"UPDATE `tab{doctype}` SET `{column}` = %s WHERE name = %s", (value, name))  # noqa: S608
	return name


def get_values(doctype: str, name: str) -> tuple[str | None, ...]:
	columns = "source, utm_source, campaign_name, utm_campaign"
	[row] = frappe.db.sql(f"SELECT {columns} FROM `tab{doctype}` WHERE name = %s", name)  # noqa: S608
	return tuple(row)


def test_values_left_behind_move_to_the_new_fields(doctype: str) -> None:
	here, other = (
		factories.make_record(TARGET, territory_name=factories.make_unique("Place")).name for _ in range(2)
	)
	both = insert(doctype, source=here, campaign_name=other)
	modified = frappe.db.get_value(doctype, both, "modified")
	chosen = insert(doctype, source=here, utm_source=other)
	nowhere = insert(doctype, source="No such record")
	empty = insert(doctype, source="")
	for _migration in range(2):
		utm_fields.sync()
		assert get_values(doctype, both) == (None, here, None, other)
		assert get_values(doctype, chosen) == (here, other, None, None)
		assert get_values(doctype, nowhere) == ("No such record", None, None, None)
		assert get_values(doctype, empty) == ("", None, None, None)
	assert frappe.db.get_value(doctype, both, "modified") == modified


def test_value_cleared_after_the_upgrade_stays_cleared(doctype: str) -> None:
	here = factories.make_record(TARGET, territory_name=factories.make_unique("Place")).name
	name = insert(doctype, source=here)
	utm_fields.sync()
	frappe.db.set_value(doctype, name, "utm_source", None)
	utm_fields.sync()
	assert get_values(doctype, name) == (None, None, None, None)


def test_columns_that_are_fields_still_keep_their_values(site: str) -> None:
	lead = factories.make_lead()
	before = frappe.db.sql("SELECT * FROM tabLead WHERE name = %s", lead.name)
	utm_fields.sync()
	assert frappe.db.sql("SELECT * FROM tabLead WHERE name = %s", lead.name) == before
