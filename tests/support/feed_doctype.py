"""A DocType of one's own for tests of the change feed."""

from typing import Any

import frappe

from tests.support import factories

ROLE = "Feed Reader"


def make_doctype(name: str, **properties: Any) -> str:
	"""A DocType of one's own, with a field of permission level 1."""
	if not frappe.db.exists("Role", ROLE):
		factories.make_record("Role", role_name=ROLE)
	if not frappe.db.exists("DocType", name):
		factories.make_record(
			"DocType",
			__newname=name,
			module="Custom",
			custom=1,
			allow_rename=1,
			fields=[
				{"fieldname": "title", "fieldtype": "Data", "label": "Title"},
				{"fieldname": "customer", "fieldtype": "Link", "options": "Customer", "label": "Customer"},
				{"fieldname": "secret", "fieldtype": "Data", "label": "Secret", "permlevel": 1},
			],
			permissions=[
				{"role": "System Manager", "read": 1, "write": 1, "create": 1, "delete": 1, "share": 1},
				{"role": ROLE, "read": 1},
			],
			**{"autoname": "prompt", **properties},
		)
	return name


def delete_doctype(name: str) -> None:
	"""The DocType, its records and what a change feed knows of them, gone."""
	frappe.db.rollback()
	frappe.delete_doc("DocType", name)
	frappe.db.delete("Change Feed", {"reference_doctype": name})
	frappe.db.commit()
	frappe.db.sql_ddl(f"drop table if exists `tab{name}`")  # which Frappe keeps
	frappe.db.sql_ddl(f"drop sequence if exists `{frappe.scrub(name)}_id_seq`")
