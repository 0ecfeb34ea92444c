"""Add records that an upgrade must keep to a demo site: `python records.py SITE`, in the sites folder.

Permissions of every kind, a schedule, a share, a dashboard of somebody's own, a lead's source, a holiday list.
"""

import sys
from typing import Any

import frappe

READER = "upgrade.reader@example.com"


def main(site: str) -> None:
	frappe.init(site=site)
	frappe.connect()
	try:
		frappe.set_user("Administrator")
		_fill()
		frappe.db.commit()
	finally:
		frappe.destroy()


def _fill() -> None:
	lead = frappe.get_last_doc("Lead")
	source = _insert("Lead Source", source_name="Referral of the upgrade")
	lead.db_set("source", source.name)
	_insert("User", email=READER, first_name="Reader", send_welcome_email=0, roles=[{"role": "Sales User"}])
	_insert("User Permission", user=READER, allow="Lead", for_value=lead.name)
	frappe.share.add("Lead", lead.name, READER, read=1, write=1)
	frappe.permissions.add_permission("Client", "Sales Manager", 0)
	_insert(
		"ToDo", description="Call back", allocated_to=READER, reference_type="Lead", reference_name=lead.name
	)
	lead.add_comment("Comment", "Noted before the upgrade")
	report = "Lead Analysis"
	_insert(
		"Auto Email Report",
		report=report,
		user="Administrator",
		enabled=1,
		report_type=frappe.db.get_value("Report", report, "report_type"),
		format="XLSX",
		frequency="Weekly",
		day_of_week="Monday",
		email_to=READER,
		no_of_rows=100,
		filters="{}",
	)
	metric = frappe.get_all("Orchestrator Metric", pluck="name", order_by="name", limit=1)[0]
	_insert(
		"Orchestrator Dashboard",
		title="Of the upgrade",
		dashboard_name="of_the_upgrade",
		items=[{"metric": metric, "width": "Third"}],
	)
	frappe.get_doc("User", READER).add_tag("kept")


def _insert(doctype: str, **values: Any) -> Any:
	return frappe.get_doc(doctype=doctype, **values).insert(ignore_permissions=True)


if __name__ == "__main__":
	main(sys.argv[1])
