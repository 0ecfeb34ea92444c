"""Checks for records that earlier versions left wrong, with remedies. No check changes anything."""

import frappe

from orchestrator.setup.findings import OK, WARN, Finding
from orchestrator.sync.kipu.fields import FIELDS
from orchestrator.sync.kipu.records import ESSENTIAL_FIELDS

MAX_NAMED = 10
# A rate this many times higher or lower than the present one belongs to another currency.
RATE_FACTOR = 5


def _check_clients_kept_out() -> Finding:
	"""Find Kipu records that were not imported because of one field that does not affect their status."""
	rows = frappe.db.sql_list(
		"""
		SELECT DISTINCT issue.casefile_id FROM `tabSync Issue` issue
		WHERE issue.kind = 'Record' AND issue.status = 'Open' AND issue.field IN %(fields)s AND NOT EXISTS(
			SELECT 1 FROM `tabClient Stay` stay
			WHERE stay.connection = issue.connection AND stay.casefile_id = issue.casefile_id
		)
		ORDER BY issue.casefile_id
		""",
		{"fields": tuple(FIELDS.keys() - ESSENTIAL_FIELDS)},
	)
	return _build_finding(
		"clients kept out",
		rows,
		"missing for one unreadable field",
		"Retry the open Sync Issues, or run a full sync.",
	)


def _check_charts() -> Finding:
	"""Find charts that count stays of two people, as after a merge in Kipu."""
	rows = frappe.db.sql_list(
		"""
		SELECT CONCAT(connection, ' ', chart_id) FROM `tabClient Stay`
		WHERE status NOT IN ('Absent', 'Deleted')
		GROUP BY connection, chart_id HAVING COUNT(DISTINCT client) > 1 ORDER BY connection, chart_id
		"""
	)
	return _build_finding(
		"charts of two people",
		rows,
		"with stays of two people",
		"Compare both with Kipu, and delete the client that Kipu does not have any more.",
	)


def _check_leave_days() -> Finding:
	"""Find days on which an employee has more than one day of leave."""
	rows = frappe.db.sql_list(
		"""
		SELECT DISTINCT CONCAT(half.name, ' and ', other.name) FROM `tabLeave Application` half
		JOIN `tabLeave Application` other ON other.employee = half.employee AND other.name != half.name
			AND half.half_day_date BETWEEN other.from_date AND other.to_date
			AND (other.half_day = 0 OR COALESCE(other.half_day_date, '1000-01-01') != half.half_day_date)
		WHERE half.half_day = 1 AND half.half_day_date IS NOT NULL
			AND half.docstatus < 2 AND other.docstatus < 2
			AND half.status IN ('Open', 'Approved') AND other.status IN ('Open', 'Approved')
		ORDER BY 1
		"""
	)
	return _build_finding(
		"leave days", rows, "that overlap by more than a day", "Cancel one application of each, or ask HR to."
	)


def _check_lead_addresses() -> Finding:
	"""Find e-mail addresses of several leads, if the site allows only one lead per address."""
	rows = []
	if not frappe.db.get_single_value("CRM Settings", "allow_lead_duplication_based_on_emails"):
		rows = frappe.db.sql_list(
			"""
			SELECT GROUP_CONCAT(name ORDER BY name SEPARATOR ' and ') FROM `tabLead`
			WHERE COALESCE(email_id, '') != '' GROUP BY email_id HAVING COUNT(*) > 1 ORDER BY 1
			"""
		)
	return _build_finding(
		"lead addresses", rows, "with one e-mail address", "Merge these leads, or change the address of one."
	)


def _check_rates() -> Finding:
	"""Find opportunities whose rate differs much from the site's rate for their currency."""
	rows = frappe.db.sql_list(
		"""
		SELECT opportunity.name FROM `tabOpportunity` opportunity
		JOIN `tabCompany` company ON company.name = opportunity.company
		JOIN `tabCurrency Exchange` known ON known.from_currency = opportunity.currency
			AND known.to_currency = company.default_currency
			AND known.date = (
				SELECT MAX(latest.date) FROM `tabCurrency Exchange` latest
				WHERE latest.from_currency = known.from_currency AND latest.to_currency = known.to_currency
			)
		WHERE opportunity.conversion_rate > 0 AND known.exchange_rate > 0 AND (
			opportunity.conversion_rate > known.exchange_rate * %(factor)s
			OR opportunity.conversion_rate * %(factor)s < known.exchange_rate
		)
		GROUP BY opportunity.name ORDER BY opportunity.name
		""",
		{"factor": RATE_FACTOR},
	)
	return _build_finding(
		"exchange rates",
		rows,
		"whose rate seems to be of another currency",
		"Set conversion_rate to 0 and save: the rate is looked up again.",
	)


def _build_finding(check: str, rows: list[str], what: str, remedy: str) -> Finding:
	if not rows:
		return Finding(check, OK, "none is wrong")
	named = ", ".join(map(str, rows[:MAX_NAMED])) + (", …" if len(rows) > MAX_NAMED else "")
	return Finding(check, WARN, f"{len(rows)} {what}: {named}", remedy)


CHECKS = (_check_clients_kept_out, _check_charts, _check_leave_days, _check_lead_addresses, _check_rates)
