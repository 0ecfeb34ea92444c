"""Measures about tickets: ERPNext's Issues and, if Helpdesk is installed, its HD Tickets, as far as the
caller may read them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import frappe
from frappe import _
from frappe.utils import getdate

from orchestrator import clock, measure_queries
from orchestrator.compat import AS_TEXT
from orchestrator.doctypes import ISSUE
from orchestrator.helpdesk.overdue import TicketSource, list_sources
from orchestrator.measure_permissions import check_readable
from orchestrator.measure_queries import (
	Column,
	Filter,
	Number,
	Records,
	Series,
	Table,
	build_series,
	build_table,
	compute_percentage,
	to_number,
)
from orchestrator.period import DateRange

OLDEST = 10
HOUR = 3600


class Kind(NamedTuple):
	"""A DocType of tickets: the conditions for open ones, and the time at which one was opened."""

	source: TicketSource
	is_open: str
	open_filters: list[Filter]

	@property
	def doctype(self) -> str:
		return self.source.doctype


def _list_readable_kinds() -> Iterator[Kind]:
	"""Yield the DocTypes of tickets that the caller may read. Raises PermissionError if there are none."""
	kinds = [
		Kind(
			source,
			"status NOT IN ('Resolved', 'Closed')"
			if source.doctype == ISSUE
			else "COALESCE(status_category, '') != 'Resolved'",
			[["status", "not in", ["Resolved", "Closed"]]]
			if source.doctype == ISSUE
			else [["status_category", "!=", "Resolved"]],
		)
		for source in list_sources()
	]
	readable = [kind for kind in kinds if frappe.has_permission(kind.doctype, "read")]
	if not readable:
		check_readable(ISSUE)
	yield from readable


def _sum_kinds(of_kind: Callable[[Kind], Number]) -> Number:
	"""Return the sums over the DocTypes, of the period and of the one before."""
	numbers = [of_kind(kind) for kind in _list_readable_kinds()]
	previous = [number.previous for number in numbers if number.previous is not None]
	return Number(
		sum(number.value or 0 for number in numbers),
		sum(previous) if previous else None,
		records=_join_records([number for number in numbers if number.value] or numbers),
	)


def _join_records(figures: Sequence[Number | Series]) -> tuple[Records, ...]:
	"""Return the records of all DocTypes, none if those of one cannot be listed."""
	found = [figure.records for figure in figures]
	return tuple(records for each in found for records in each) if all(found) else ()


def open_tickets() -> Number:
	return _sum_kinds(
		lambda kind: measure_queries.count_records(kind.doctype, kind.is_open, kind.open_filters)
	)


def unassigned_tickets() -> Number:
	"""Return the number of open tickets without an assignee."""
	return _sum_kinds(
		lambda kind: measure_queries.count_records(
			kind.doctype,
			f"{kind.is_open} AND COALESCE(_assign, '[]') IN ('', '[]')",
			[*kind.open_filters, ["_assign", "in", ["", "[]"]]],
		)
	)


def overdue_tickets() -> Number:
	"""Return the number of open tickets past the time by which their service level requires a resolution."""
	return _sum_kinds(_count_overdue)


def _count_overdue(kind: Kind) -> Number:
	now = clock.get_now()
	where = (
		f"{kind.is_open} AND {kind.source.resolution_by} < LEAST(%(now)s, COALESCE(on_hold_since, %(now)s))"
	)
	number = measure_queries.count_records(kind.doctype, where, now=now)
	return number._replace(records=measure_queries.find_records_by_name(kind.doctype, where, now=now))


def new_tickets(dates: DateRange | None = None) -> Number:
	"""Return the number of tickets of the last 30 days, and of the 30 days before."""
	return _sum_kinds(
		lambda kind: measure_queries.aggregate_trailing_period(kind.doctype, "creation", dates=dates)
	)


def first_response_hours(dates: DateRange | None = None) -> Number:
	"""Return the average hours until the first response, of tickets first answered within 30 days; and within
	the 30 days before.
	"""
	waited = "TIMESTAMPDIFF(SECOND, creation, first_responded_on)"
	spent = [
		measure_queries.aggregate_trailing_period(
			kind.doctype, "first_responded_on", what=waited, dates=dates
		)
		for kind in _list_readable_kinds()
	]
	answered = [
		measure_queries.aggregate_trailing_period(kind.doctype, "first_responded_on", dates=dates)
		for kind in _list_readable_kinds()
	]
	now = _compute_mean_hours([number.value for number in spent], [number.value for number in answered])
	before = _compute_mean_hours(
		[number.previous for number in spent], [number.previous for number in answered]
	)
	return Number(now, before, records=_join_records(answered))


def _compute_mean_hours(seconds: list[float | None], records: list[float | None]) -> float | None:
	known = sum(total or 0 for total in records)
	return round(sum(total or 0 for total in seconds) / HOUR / known, 2) if known else None


def service_level_met(dates: DateRange | None = None) -> Number:
	"""Return the percentage of tickets resolved in time, of those resolved within 30 days; and within the 30
	days before.
	"""
	met, all_ = [], []
	for kind in _list_readable_kinds():
		due, done = kind.source.resolution_by, kind.source.resolved_on
		met.append(
			measure_queries.aggregate_trailing_period(
				kind.doctype, done, what=f"{done} <= {due}", where=f"{due} IS NOT NULL", dates=dates
			)
		)
		all_.append(
			measure_queries.aggregate_trailing_period(
				kind.doctype, done, where=f"{due} IS NOT NULL", filters=[[due, "is", "set"]], dates=dates
			)
		)
	return Number(
		compute_percentage(
			sum(number.value or 0 for number in met), sum(number.value or 0 for number in all_)
		),
		compute_percentage(
			sum(number.previous or 0 for number in met), sum(number.previous or 0 for number in all_)
		),
		records=_join_records(all_),
	)


def tickets_by_status() -> Series:
	counted: Counter[str] = Counter()
	for kind in _list_readable_kinds():
		series = measure_queries.count_by_value(kind.doctype, "status", "")
		counted.update(dict(zip(series.labels, series.datasets[0].values, strict=True)))
	points: list[list[Filter]] = [[["status", "=", status]] for status in dict(counted.most_common())]
	records = tuple(Records(kind.doctype, [], points) for kind in _list_readable_kinds())
	return build_series(counted.most_common(), _("Tickets"))._replace(records=records)


def tickets_by_day(dates: DateRange | None = None) -> Series:
	"""Return the number of tickets opened on each of the last 30 days."""
	counts = [
		measure_queries.count_by_day(kind.doctype, "creation", "", dates=dates)
		for kind in _list_readable_kinds()
	]
	values = [sum(each) for each in zip(*(series.datasets[0].values for series in counts), strict=True)]
	series = build_series(zip(counts[0].labels, values, strict=True), _("Tickets"))
	return series._replace(records=_join_records(counts))


def oldest_tickets() -> Table:
	"""Return the open tickets that were opened first."""
	rows, open_ = [], 0.0
	for kind in _list_readable_kinds():
		rows += measure_queries.fetch_all(
			f"""SELECT {AS_TEXT.format("name")}, %(doctype)s, subject, status, priority, creation FROM `tab{kind.doctype}`
				WHERE {kind.is_open} AND {{readable}} ORDER BY creation LIMIT {OLDEST}""",  # noqa: S608
			kind.doctype,
			doctype=kind.doctype,
		)
		open_ += measure_queries.count_records(kind.doctype, kind.is_open).value or 0
	oldest = sorted(rows, key=lambda row: row[-1])[:OLDEST]
	days = [(*row[:-1], (clock.get_today() - getdate(row[-1])).days) for row in oldest]
	columns = (
		Column("name", _("Ticket"), "Dynamic Link", "doctype"),
		Column("doctype", _("Type")),
		Column("subject", _("Subject")),
		Column("status", _("Status")),
		Column("priority", _("Priority")),
		Column("days", _("Age (Days)"), "Int"),
	)
	records = tuple(Records(kind.doctype, kind.open_filters) for kind in _list_readable_kinds())
	return build_table(columns, days, int(to_number(open_)))._replace(records=records)
