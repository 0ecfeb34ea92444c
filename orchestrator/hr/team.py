"""Team members who are on leave."""

from datetime import date

import frappe

from orchestrator.doctypes import EMPLOYEE, LEAVE_APPLICATION
from orchestrator.hr.shapes import Absence, TeamOnLeave
from orchestrator.period import to_iso


def get_team_on_leave(manager: str, day: date) -> TeamOnLeave:
	"""Return the manager's active reports, direct or not, whom the caller may read, and whose approved leave
	covers `day`, by name.
	"""
	team = _list_reports(manager)
	return TeamOnLeave(
		manager=manager,
		date=to_iso(day),
		team=len(team),
		on_leave=[_build_absence(row, day) for row in _list_leaves(team, day)] if team else [],
	)


def _list_reports(manager: str) -> list[str]:
	"""Return the active employees below the manager in the tree that `reports_to` makes."""
	first, last = frappe.db.get_value(EMPLOYEE, manager, ["lft", "rgt"])
	return frappe.get_list(
		EMPLOYEE,
		filters=[["lft", ">", first], ["rgt", "<", last], ["status", "=", "Active"]],
		pluck="name",
		limit_page_length=0,
	)


def _list_leaves(team: list[str], day: date) -> list[frappe._dict]:
	"""Return the approved leave applications of the team that cover the day."""
	return frappe.get_list(
		LEAVE_APPLICATION,
		filters={
			"employee": ("in", team),
			"docstatus": 1,
			"status": "Approved",
			"from_date": ("<=", day),
			"to_date": (">=", day),
		},
		fields=[
			"name",
			"employee",
			"employee_name",
			"leave_type",
			"from_date",
			"to_date",
			"half_day",
			"half_day_date",
		],
		order_by="employee_name, from_date",
		limit_page_length=0,
	)


def _build_absence(row: frappe._dict, day: date) -> Absence:
	"""Return a leave for the reply. `half_day` is about this day."""
	return Absence(
		employee=row.employee,
		employee_name=row.employee_name,
		leave_application=row.name,
		leave_type=row.leave_type,
		from_date=to_iso(row.from_date),
		to_date=to_iso(row.to_date),
		half_day=bool(row.half_day and row.half_day_date == day),
	)
