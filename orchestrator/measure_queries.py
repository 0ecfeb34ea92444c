"""Results of measures, and the queries that they are made of, restricted to the records that the caller may read.

A measure is a function that returns one of the three types below. Any app registers its measures by name in hooks.py:

	orchestrator_measures = {"open_pipeline_value": "orchestrator.crm.measures.open_pipeline_value"}

Its parameters are the filters of a dashboard that it applies, none by default: `dates: DateRange | None = None` and
`facility: str | None = None`.
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.utils import add_days, add_months, get_first_day, get_last_day

from orchestrator import clock
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.measure_permissions import build_read_condition
from orchestrator.period import DateRange

MAX_ROWS = 100
# Points of a series by day or by month, and records that a list finds by their names
MAX_POINTS = 366
MAX_NAMES = 200
PRECISION = 4
DAYS, MONTHS = 30, 12


Filter = list[Any]  # [fieldname, operator, value], as Frappe's lists have them


class Records(NamedTuple):
	"""The records behind a figure, as the filters of a list. `points` has the further filters of each label of a
	series; those of the same field replace the others. A label without a list has None.
	"""

	doctype: str
	filters: list[Filter]
	points: Sequence[list[Filter] | None] | None = None


class Number(NamedTuple):
	"""One number, None if there is none (a rate without cases). `previous` is its value one period earlier,
	if the measure knows it; `unit` is set if it is known only after computing (a currency). `records` are empty if
	no filters of a list give exactly the counted records.
	"""

	value: float | None
	previous: float | None = None
	unit: str | None = None
	records: tuple[Records, ...] = ()


class Dataset(NamedTuple):
	name: str
	values: list[float]


class Series(NamedTuple):
	"""Labels, and per dataset one value for each label."""

	labels: list[str]
	datasets: list[Dataset]
	unit: str | None = None
	records: tuple[Records, ...] = ()


class Column(NamedTuple):
	fieldname: str
	label: str
	fieldtype: str = "Data"
	options: str | None = None


class Table(NamedTuple):
	"""Rows by fieldname, at most `MAX_ROWS`, and the number of all rows."""

	columns: list[Column]
	rows: list[dict[str, Any]]
	total: int
	records: tuple[Records, ...] = ()


Figure = Number | Series | Table


def build_series(pairs: Iterable[tuple[Any, Any]], name: str, unit: str | None = None) -> Series:
	"""Return a series of one dataset, from labels with their values."""
	rows = list(pairs)
	labels = [str(label) if label not in (None, "") else _("None") for label, _value in rows]
	return Series(labels, [Dataset(name, [to_number(value) for _label, value in rows])], unit)


def build_table(columns: Sequence[Column], rows: Iterable[Sequence[Any]], total: int | None = None) -> Table:
	"""Return a table from rows in the order of the columns."""
	names = [column.fieldname for column in columns]
	dicts = [dict(zip(names, row, strict=True)) for row in rows]
	return Table(list(columns), dicts[:MAX_ROWS], len(dicts) if total is None else total)


def to_number(value: Any) -> float:
	"""Return a database value as a JSON number, 0 for none. Integers stay integers."""
	plain = round(float(value or 0), PRECISION)
	if not isfinite(plain):
		return 0
	return int(plain) if plain.is_integer() else plain


def compute_percentage(part: Any, whole: Any) -> float | None:
	"""Return `part` as a percentage of `whole`, None if that is 0."""
	return round(float(part or 0) / float(whole) * 100, 2) if whole else None


def fetch_all(sql: str, *doctypes: str, **values: Any) -> list[tuple[Any, ...]]:
	"""Return the rows of `sql`, in which `{readable}` is replaced by the condition of the first DocType,
	`{readable_1}` by that of the second.
	"""
	conditions = [build_read_condition(doctype) for doctype in doctypes]
	named = {f"readable_{index}": condition for index, condition in enumerate(conditions)}
	# always with a value: only then does the driver undo doubled percent signs
	return frappe.db.sql(sql.format(readable=conditions[0], **named), {"doctypes": len(doctypes), **values})


def fetch_one(sql: str, *doctypes: str, **values: Any) -> tuple[Any, ...]:
	"""Return the only row of an aggregate."""
	return fetch_all(sql, *doctypes, **values)[0]


def get_trailing_days(days: int) -> DateRange:
	"""Return the last `days` days, including today."""
	today = clock.get_today()
	return DateRange(add_days(today, 1 - days), today)


def aggregate_trailing_period(
	doctype: str,
	field: str,
	*,
	what: str = "1",
	where: str = "TRUE",
	filters: list[Filter] | None = None,
	days: int = DAYS,
	average: bool = False,
	dates: DateRange | None = None,
	facility: str | None = None,
) -> Number:
	"""Return the sum (or average) of `what`, by default the number of records, over records whose date
	`field` is within `dates`, by default the last `days` days; and over the period of the same length before.

	`filters` say the same as `where`; without them, the number has no records.
	"""
	dates = dates or get_trailing_days(days)
	row = fetch_one(
		f"""
		SELECT {_render_aggregate(what, field, ">=", average)}, {_render_aggregate(what, field, "<", average)}
		FROM `tab{doctype}` WHERE {field} >= %(before)s AND {field} < %(end)s AND {where}
			AND {_render_facility(facility)} AND {{readable}}
		""",  # noqa: S608 (the parts are those of measures, never a caller's)
		doctype,
		since=dates.first,
		before=dates.before.first,
		end=dates.end,
		facility=facility,
	)
	now, before = (None if average and value is None else to_number(value) for value in row)
	more = [*_build_period(field, *dates), *_build_facility_filter(facility)]
	return Number(now, before, records=_build_records(doctype, where, filters, more))


def _render_facility(facility: str | None) -> str:
	return "facility = %(facility)s" if facility else "TRUE"


def _build_facility_filter(facility: str | None) -> list[Filter]:
	return [["facility", "=", facility]] if facility else []


def _build_records(
	doctype: str,
	where: str,
	filters: list[Filter] | None,
	more: list[Filter] | None = None,
	points: Sequence[list[Filter] | None] | None = None,
) -> tuple[Records, ...]:
	"""Return the records of a figure, none if its condition is not given as filters."""
	if filters is None and where != "TRUE":
		return ()
	return (Records(doctype, [*(filters or []), *(more or [])], points),)


def _render_aggregate(what: str, field: str, side: str, average: bool) -> str:
	"""Return an aggregate over the records before or after `since`."""
	return f"{'AVG' if average else 'SUM'}(IF({field} {side} %(since)s, {what}, NULL))"


def count_by_month(
	doctype: str,
	field: str,
	name: str,
	where: str = "TRUE",
	months: int = MONTHS,
	filters: list[Filter] | None = None,
	dates: DateRange | None = None,
	facility: str | None = None,
) -> Series:
	"""Return the number of records in each month of `dates`, by default of the last `months` months, including this
	one. Months without records are included.
	"""
	today = clock.get_today()
	dates = dates or DateRange(get_first_day(add_months(today, 1 - months)), today)
	starts = _list_months(dates)
	label = f"DATE_FORMAT({field}, '%%Y-%%m')"
	counts = _count_by_label(doctype, label, field, where, dates, facility)
	series = build_series([(str(start)[:7], counts.get(str(start)[:7], 0)) for start in starts], name)
	points = [
		_build_period(field, max(start, dates.first), min(get_last_day(start), dates.last))
		for start in starts
	]
	more = [*_build_period(field, *dates), *_build_facility_filter(facility)]
	return series._replace(records=_build_records(doctype, where, filters, more, points))


def _list_months(dates: DateRange) -> list[Any]:
	"""Return the first day of each month of a period."""
	first, last = get_first_day(dates.first), dates.last
	count = 12 * (last.year - first.year) + last.month - first.month + 1
	_check_points(count)
	return [add_months(first, index) for index in range(count)]


def _check_points(count: int) -> None:
	if count > MAX_POINTS:
		refuse(
			_("Choose a shorter period: a chart has at most {0} points.").format(MAX_POINTS),
			InvalidRequestError,
		)


def _count_by_label(
	doctype: str, label: str, field: str, where: str, dates: DateRange, facility: str | None
) -> dict[str, int]:
	"""Return the number of records of a period by the SQL expression `label`."""
	rows = fetch_all(
		f"""
		SELECT {label}, COUNT(*) FROM `tab{doctype}`
		WHERE {field} >= %(first)s AND {field} < %(end)s AND {where} AND {_render_facility(facility)} AND {{readable}}
		GROUP BY 1
		""",  # noqa: S608
		doctype,
		first=dates.first,
		end=dates.end,
		facility=facility,
	)
	return {str(value): count for value, count in rows}


def _build_period(field: str, first: Any, last: Any) -> list[Filter]:
	return [[field, "between", [str(first), str(last)]]]


def count_by_day(
	doctype: str,
	field: str,
	name: str,
	where: str = "TRUE",
	days: int = DAYS,
	filters: list[Filter] | None = None,
	dates: DateRange | None = None,
	facility: str | None = None,
) -> Series:
	"""Return the number of records on each day of `dates`, by default of the last `days` days, including today. Days
	without records are included.
	"""
	dates = dates or get_trailing_days(days)
	_check_points(dates.days)
	counts = _count_by_label(doctype, f"DATE({field})", field, where, dates, facility)
	labels = [str(add_days(dates.first, index)) for index in range(dates.days)]
	series = build_series([(label, counts.get(label, 0)) for label in labels], name)
	points: list[list[Filter]] = [_build_period(field, label, label) for label in labels]
	more = [*_build_period(field, *dates), *_build_facility_filter(facility)]
	return series._replace(records=_build_records(doctype, where, filters, more, points))


def count_by_value(
	doctype: str,
	field: str,
	name: str,
	where: str = "TRUE",
	filters: list[Filter] | None = None,
	facility: str | None = None,
) -> Series:
	"""Return the number of records for each value of a field of text, largest first."""
	rows = fetch_all(
		f"""SELECT NULLIF({field}, '') AS value, COUNT(*) AS records FROM `tab{doctype}`
			WHERE {where} AND {_render_facility(facility)} AND {{readable}}
			GROUP BY value ORDER BY records DESC, value""",  # noqa: S608
		doctype,
		facility=facility,
	)
	points: list[list[Filter]] = [
		[[field, "=", value] if value not in (None, "") else [field, "is", "not set"]]
		for value, _count in rows
	]
	series = build_series([(value, count) for value, count in rows], name)
	more = _build_facility_filter(facility)
	return series._replace(records=_build_records(doctype, where, filters, more, points))


def count_records(
	doctype: str,
	where: str = "TRUE",
	filters: list[Filter] | None = None,
	facility: str | None = None,
	**values: Any,
) -> Number:
	"""Return how many records the caller may read. `filters` say the same as `where`."""
	(count,) = fetch_one(
		f"SELECT COUNT(*) FROM `tab{doctype}` WHERE {where} AND {_render_facility(facility)} AND {{readable}}",  # noqa: S608
		doctype,
		facility=facility,
		**values,
	)
	more = _build_facility_filter(facility)
	return Number(count, records=_build_records(doctype, where, filters, more))


def find_records_by_name(doctype: str, where: str, **values: Any) -> tuple[Records, ...]:
	"""Return the records of a condition that no filters of a list express, by their names; none if there are more than
	`MAX_NAMES`.
	"""
	rows = fetch_all(
		f"SELECT name FROM `tab{doctype}` WHERE {where} AND {{readable}} ORDER BY name LIMIT {MAX_NAMES + 1}",  # noqa: S608
		doctype,
		**values,
	)
	names = [name for (name,) in rows]
	return (Records(doctype, [["name", "in", names]]),) if len(names) <= MAX_NAMES else ()
