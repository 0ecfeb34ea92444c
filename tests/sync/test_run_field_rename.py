"""A site of an earlier version keeps its counts when the field `departures` of Sync Run becomes `deactivated`."""

import pytest

import frappe

from orchestrator.patches import rename_departures

pytestmark = pytest.mark.site


def test_the_patch_copies_the_counts_of_an_earlier_version(site: str) -> None:
	run = frappe.get_doc(
		{"doctype": "Sync Run", "connection": "An earlier one", "sync_type": "full", "status": "Completed"}
	)
	run.insert(ignore_permissions=True, ignore_links=True)
	frappe.db.commit()
	frappe.db.sql_ddl(
		"alter table `tabSync Run` add column if not exists departures int(11) not null default 0"
	)
	frappe.clear_cache()  # the names of columns
	try:
		frappe.db.sql("update `tabSync Run` set departures = 7, deactivated = 0 where name = %s", run.name)
		rename_departures.execute()
		assert frappe.db.get_value("Sync Run", run.name, "deactivated") == 7
	finally:
		frappe.db.sql_ddl("alter table `tabSync Run` drop column departures")
		frappe.clear_cache()  # the names of columns
		frappe.db.delete("Sync Run", run.name)
		frappe.db.commit()
