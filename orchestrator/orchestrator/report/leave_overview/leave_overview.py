"""Leave Overview: allocated, used, pending and remaining leave of each employee whose records the caller may
read.
"""

from datetime import date
from typing import Any

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.hr.balances import get_balances
from orchestrator.insights.reports.content.report_parts import (
	Column,
	ReportResult,
	build_bar_chart,
	build_column,
	build_equal_filters,
	build_figure,
	parse_day,
)

DAYS = ("allocated", "used", "pending", "balance")


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	day = parse_day(filters, "date") or clock.get_today()
	employees = read_employees(filters)
	chosen = filters.get("leave_type")
	types = [chosen] if chosen else list_allocated_types(list(employees), day)
	rows = [row for leave_type in types for row in build_rows(employees, leave_type, day)]
	rows.sort(key=lambda row: (row["employee_name"], row["employee"], row["leave_type"]))
	return ReportResult(build_columns(), rows, None, build_chart(rows, types), build_summary(rows))


def read_employees(filters: dict[str, Any]) -> dict[str, frappe._dict]:
	"""Return the active employees that the caller may read."""
	conditions = [["status", "=", "Active"], *build_equal_filters(filters, "company", "department")]
	if filters.get("employee"):
		conditions.append(["name", "=", filters["employee"]])
	employees = frappe.get_list(
		"Employee", filters=conditions, fields=["name", "employee_name", "department"], order_by=None
	)
	return {employee.name: employee for employee in employees}


def list_allocated_types(employees: list[str], day: date) -> list[str]:
	"""Return the leave types that are allocated to those employees on the day."""
	if not employees:
		return []
	# get_all: the caller may read these employees, and gets their balance only
	return frappe.get_all(
		"Leave Allocation",
		filters={
			"employee": ("in", employees),
			"docstatus": 1,
			"from_date": ("<=", day),
			"to_date": (">=", day),
		},
		pluck="leave_type",
		distinct=True,
		order_by="leave_type",
	)


def build_rows(employees: dict[str, frappe._dict], leave_type: str, day: date) -> list[dict[str, Any]]:
	"""Return the balances of employees with an allocation."""
	return [
		{
			"employee": balance["employee"],
			"employee_name": employees[balance["employee"]].employee_name,
			"department": employees[balance["employee"]].department,
			"leave_type": leave_type,
			**{name: balance[name] for name in DAYS},  # type: ignore[literal-required]
		}
		for balance in get_balances(list(employees), leave_type, day)
		if any(balance[name] for name in DAYS)  # type: ignore[literal-required]
	]


def build_columns() -> list[Column]:
	"""Return the report's columns."""
	return [
		build_column("employee", _("Employee"), "Link", "Employee"),
		build_column("employee_name", _("Employee Name"), width=180),
		build_column("department", _("Department"), "Link", "Department", width=150),
		build_column("leave_type", _("Leave Type"), "Link", "Leave Type", width=150),
		build_column("allocated", _("Allocated"), "Float"),
		build_column("used", _("Used"), "Float"),
		build_column("pending", _("Pending"), "Float"),
		build_column("balance", _("Balance"), "Float"),
	]


def build_chart(rows: list[dict[str, Any]], types: list[str]) -> dict[str, Any] | None:
	"""Return days used and left of each leave type."""
	series = [
		(label, [sum(row[name] for row in rows if row["leave_type"] == leave_type) for leave_type in types])
		for name, label in (("used", _("Used")), ("balance", _("Balance")))
	]
	return build_bar_chart(types, series) if rows else None


def build_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the figures above the report, in days."""
	labels = {
		"allocated": _("Allocated"),
		"used": _("Used"),
		"pending": _("Pending"),
		"balance": _("Balance"),
	}
	return [build_figure(labels[name], sum(row[name] for row in rows), "Float") for name in DAYS]
