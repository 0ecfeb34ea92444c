"""Fixtures that several tests of the contract share."""

from collections.abc import Iterator

import pytest

import frappe

from tests.support import factories


@pytest.fixture
def broken_doctype(site: str) -> Iterator[str]:
	"""A DocType whose table is gone: nothing foresees that."""
	name = factories.make_unique("Broken")
	frappe.get_doc(
		{
			"doctype": "DocType", "name": name, "module": "Custom", "custom": 1,
			"fields": [{"fieldname": "secret_note", "fieldtype": "Data", "label": "Note"}],
			"permissions": [{"role": "System Manager", "read": 1, "create": 1, "write": 1}],
		}
	).insert()  # fmt: skip
	frappe.db.sql_ddl(f"rename table `tab{name}` to `gone {name}`")
	yield name
	frappe.db.sql_ddl(f"rename table `gone {name}` to `tab{name}`")
	frappe.delete_doc("DocType", name, force=True)
	frappe.db.commit()
