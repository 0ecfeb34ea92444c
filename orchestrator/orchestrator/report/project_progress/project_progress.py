"""Project Progress: planned, done and overdue tasks and hours of each project."""

from datetime import date
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from orchestrator import clock, compat
from orchestrator.insights.reports.content.report_parts import (
	PRECISION,
	Column,
	ReportResult,
	build_bar_chart,
	build_column,
	build_count_columns,
	build_equal_filters,
	build_figure,
	compute_percentage,
)

DONE, CANCELLED = "Completed", "Cancelled"
NOT_COUNTED = (CANCELLED, "Template")
MOST_BARS = 15
TASK_COLUMNS = ("tasks", "completed", "overdue", "progress", "planned_hours", "hours_left")


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	projects = read_projects(filters)
	if not frappe.has_permission("Task", "read"):
		return build_result_without_tasks(projects)
	tasks = read_tasks([project.name for project in projects])
	rows = [build_row(project, tasks.get(project.name, []), clock.get_today()) for project in projects]
	return ReportResult(build_columns(), rows, None, build_chart(rows), build_summary(rows))


def build_result_without_tasks(projects: list[frappe._dict]) -> ReportResult:
	"""Return the report for a caller who may not read tasks: zeros would look like figures."""
	columns = [column for column in build_columns() if column["fieldname"] not in TASK_COLUMNS]
	names = [column["fieldname"] for column in columns]
	rows = [
		{"project": project.name, **{name: project[name] for name in names if name != "project"}}
		for project in projects
	]
	message = _("You don't have access to tasks, so progress and hours are hidden.")
	return ReportResult(columns, rows, message, None, [build_figure(_("Projects"), len(rows))])


def read_projects(filters: dict[str, Any]) -> list[frappe._dict]:
	"""Return the projects that the caller may read, by expected end."""
	conditions = build_equal_filters(filters, "status", "company")
	if filters.get("project"):
		conditions.append(["name", "=", filters["project"]])
	fields = ["name", "project_name", "status", "expected_start_date", "expected_end_date"]
	return frappe.get_list(
		"Project",
		filters=conditions,
		fields=fields,
		order_by="expected_end_date asc, name asc",
		limit_page_length=0,
	)


def read_tasks(projects: list[str]) -> dict[str, list[frappe._dict]]:
	"""Return the tasks of those projects that the caller may read: numbers and hours by project, status and end."""
	if not projects:
		return {}
	groups: dict[str, list[frappe._dict]] = {}
	tasks = compat.get_list(
		"Task",
		filters=[["project", "in", projects], ["status", "not in", NOT_COUNTED], ["is_group", "=", 0]],
		fields=[
			"project",
			"status",
			"date(exp_end_date) as due",
			"count(name) as tasks",
			"sum(expected_time) as hours",
			"sum(expected_time * progress / 100) as hours_done",
		],
		group_by="project, status, due",
		order_by=None,
	)
	for task in tasks:
		groups.setdefault(task.project, []).append(task)
	return groups


def build_row(project: frappe._dict, tasks: list[frappe._dict], day: date) -> dict[str, Any]:
	"""Return the figures of one project. A completed task counts with all its hours."""
	total = sum(task.tasks for task in tasks)
	done = sum(task.tasks for task in tasks if task.status == DONE)
	planned = sum(flt(task.hours) for task in tasks)
	worked = sum(flt(task.hours if task.status == DONE else task.hours_done) for task in tasks)
	return {
		"project": project.name,
		"project_name": project.project_name,
		"status": project.status,
		"tasks": total,
		"completed": done,
		"overdue": sum(task.tasks for task in tasks if is_overdue(task, day)),
		"progress": compute_percentage(worked, planned) if planned else compute_percentage(done, total),
		"planned_hours": round(planned, PRECISION),
		"hours_left": round(planned - worked, PRECISION),
		"expected_start_date": project.expected_start_date,
		"expected_end_date": project.expected_end_date,
	}


def is_overdue(task: frappe._dict, day: date) -> bool:
	"""Return True for a task that should have ended."""
	return bool(task.status != DONE and task.due and task.due < day)


def build_columns() -> list[Column]:
	"""Return the report's columns."""
	return [
		build_column("project", _("Project"), "Link", "Project"),
		build_column("project_name", _("Project Name"), width=200),
		build_column("status", _("Status"), width=100),
		*build_count_columns(
			(("tasks", _("Tasks")), ("completed", _("Completed")), ("overdue", _("Overdue")))
		),
		build_column("progress", _("Progress (%)"), "Percent"),
		build_column("planned_hours", _("Planned Hours"), "Float"),
		build_column("hours_left", _("Hours Left"), "Float"),
		build_column("expected_start_date", _("Expected Start"), "Date"),
		build_column("expected_end_date", _("Expected End"), "Date"),
	]


def build_chart(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
	"""Return the progress of the projects."""
	shown = rows[:MOST_BARS]
	return build_bar_chart(
		[row["project_name"] for row in shown], [(_("Progress (%)"), [row["progress"] for row in shown])]
	)


def build_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the figures above the report."""
	planned, left = (sum(row[name] for row in rows) for name in ("planned_hours", "hours_left"))
	return [
		build_figure(_("Projects"), len(rows)),
		build_figure(_("Tasks"), sum(row["tasks"] for row in rows)),
		build_figure(_("Overdue"), sum(row["overdue"] for row in rows), indicator="Red"),
		build_figure(_("Progress (%)"), compute_percentage(planned - left, planned), "Percent"),
	]
