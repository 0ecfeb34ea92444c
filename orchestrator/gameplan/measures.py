"""Measures about projects: projects and tasks that the caller may read."""

from frappe import _

from orchestrator.doctypes import TASK
from orchestrator.measure_queries import (
	Column,
	Filter,
	Number,
	Records,
	Series,
	Table,
	aggregate_trailing_period,
	build_table,
	count_by_value,
	count_records,
	fetch_all,
	fetch_one,
	to_number,
)
from orchestrator.period import DateRange

IS_OPEN = "status NOT IN ('Completed', 'Cancelled', 'Template')"
IS_COMPLETED = "status = 'Completed'"
IS_A_TASK = "status != 'Template'"
OPEN_TASKS: list[Filter] = [["status", "not in", ["Completed", "Cancelled", "Template"]]]
OPEN_PROJECTS: list[Filter] = [["status", "=", "Open"]]


def open_projects() -> Number:
	return count_records("Project", "status = 'Open'", OPEN_PROJECTS)


def open_tasks() -> Number:
	return count_records(TASK, IS_OPEN, OPEN_TASKS)


def completed_tasks(dates: DateRange | None = None) -> Number:
	"""Return the number of tasks completed within 30 days, and within the 30 days before."""
	return aggregate_trailing_period(
		TASK, "completed_on", where=IS_COMPLETED, filters=[["status", "=", "Completed"]], dates=dates
	)


def remaining_hours() -> Number:
	"""Return the remaining hours of open tasks, from their expected hours and progress.

	Group tasks are left out, because their hours are sums of their tasks.
	"""
	(hours,) = fetch_one(
		f"""SELECT SUM(expected_time * (1 - LEAST(COALESCE(progress, 0), 100) / 100)) FROM `tabTask`
			WHERE {IS_OPEN} AND is_group = 0 AND {{readable}}""",  # noqa: S608
		TASK,
	)
	return Number(to_number(hours), records=(Records(TASK, [*OPEN_TASKS, ["is_group", "=", 0]]),))


def tasks_by_status() -> Series:
	return count_by_value(TASK, "status", _("Tasks"), IS_A_TASK, [["status", "!=", "Template"]])


def tasks_by_priority() -> Series:
	"""Return the number of open tasks by priority."""
	return count_by_value(TASK, "priority", _("Tasks"), IS_OPEN, OPEN_TASKS)


def project_progress() -> Table:
	"""Return the open projects, by expected end."""
	rows = fetch_all(
		"""
		SELECT name, project_name, percent_complete, expected_end_date FROM `tabProject`
		WHERE status = 'Open' AND {readable} ORDER BY expected_end_date IS NULL, expected_end_date, name
		""",
		"Project",
	)
	columns = (
		Column("name", _("Project"), "Link", "Project"),
		Column("project_name", _("Name")),
		Column("percent_complete", _("Progress"), "Percent"),
		Column("expected_end_date", _("Expected End Date"), "Date"),
	)
	return build_table(columns, rows)._replace(records=(Records("Project", OPEN_PROJECTS),))
