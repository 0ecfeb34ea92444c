"""Takes the base site through Frappe's setup wizard: `python setup_wizard.py SITE`, run from the sites folder."""

import datetime
import sys

import frappe

YEAR = datetime.date.today().year

ANSWERS = {
	"language": "English",
	"country": "United States",
	"timezone": "America/New_York",
	"currency": "USD",
	"full_name": "Administrator",
	"email": "admin@example.com",
	"company_name": "Harbor Wellness",
	"company_abbr": "HW",
	"chart_of_accounts": "Standard",
	"fy_start_date": f"{YEAR}-01-01",
	"fy_end_date": f"{YEAR}-12-31",
	"enable_telemetry": 0,
	"setup_demo": 0,
}


def main(site: str) -> None:
	"""Completes the wizard; raises when Frappe reports a failed stage or the company isn't there afterwards."""
	frappe.init(site=site)
	frappe.connect()
	try:
		frappe.set_user("Administrator")
		from frappe.desk.page.setup_wizard.setup_wizard import setup_complete

		answer = setup_complete(ANSWERS)
		frappe.db.commit()
		if not frappe.is_setup_complete() or not frappe.db.exists("Company", ANSWERS["company_name"]):
			raise RuntimeError(f"The setup wizard did not finish: {answer}")
	finally:
		frappe.destroy()


if __name__ == "__main__":
	main(sys.argv[1])
