"""Results of measures, and the SQL that restricts them to the records that the caller may read.

A measure is a function without parameters that returns one of the three types below. Any app registers its
measures by name in hooks.py:

	orchestrator_measures = {"open_pipeline_value": "orchestrator.crm.measures.open_pipeline_value"}
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.model.db_query import DatabaseQuery
from frappe.utils import add_days, add_months, get_first_day, get_last_day

from orchestrator import clock
from orchestrator.exceptions import MissingDataError, refuse

MAX_ROWS = 100
PRECISION = 4
DAYS, MONTHS = 30, 12


Filter = list[Any]  # [fieldname, operator, value], as Frappe's lists have them


class Records(NamedTuple):
	"""The records behind a figure, as the filters of a list. `points` has the further filters of each label of a
	series; those of the same field replace the others.
	"""

	doctype: str
	filters: list[Filter]
	points: list[list[Filter]] | None = None


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


def _build_read_condition(doctype: str) -> str:
	"""Return the SQL condition on `tab<doctype>` for records that the caller may read, with roles, user
	permissions, shares and the conditions of other apps as in Frappe's lists. Percent signs are doubled.

	Raises PermissionError if the caller may read none, MissingDataError if the site has no such DocType.
	"""
	if not frappe.db.exists("DocType", doctype, cache=True):
		refuse(
			_("This site has no {0} yet, so there is nothing to count.").format(_(doctype)), MissingDataError
		)
	check_readable(doctype)
	return " AND ".join(build_match_conditions(doctype)) or "TRUE"


def build_match_conditions(doctype: str) -> list[str]:
	"""Return the parts of `_build_read_condition`, none if the caller may read all records."""
	query = DatabaseQuery(doctype)
	matching = query.build_match_conditions()
	# `query.conditions` holds the shares of a caller who may read nothing else.
	conditions = [*query.conditions, *([matching] if matching else [])]
	return [f"({condition})".replace("%", "%%") for condition in conditions]


def check_readable(doctype: str) -> None:
	"""Refuse (PermissionError) if the caller may read none of these records."""
	if not frappe.has_permission(doctype, "read"):
		refuse(
			_("You don't have access to {0}, so this figure is hidden.").format(_(doctype)),
			frappe.PermissionError,
		)


def fetch_all(sql: str, *doctypes: str, **values: Any) -> list[tuple[Any, ...]]:
	"""Return the rows of `sql`, in which `{readable}` is replaced by the condition of the first DocType,
	`{readable_1}` by that of the second.
	"""
	conditions = [_build_read_condition(doctype) for doctype in doctypes]
	named = {f"readable_{index}": condition for index, condition in enumerate(conditions)}
	# always with a value: only then does the driver undo doubled percent signs
	return frappe.db.sql(sql.format(readable=conditions[0], **named), {"doctypes": len(doctypes), **values})


def fetch_one(sql: str, *doctypes: str, **values: Any) -> tuple[Any, ...]:
	"""Return the only row of an aggregate."""
	return fetch_all(sql, *doctypes, **values)[0]


def aggregate_trailing_period(
	doctype: str,
	field: str,
	*,
	what: str = "1",
	where: str = "TRUE",
	filters: list[Filter] | None = None,
	days: int = DAYS,
	average: bool = False,
) -> Number:
	"""Return the sum (or average) of `what`, by default the number of records, over records whose date
	`field` is within the last `days` days; and over the period of the same length before.

	`filters` say the same as `where`; without them, the number has no records.
	"""
	today = clock.get_today()
	row = fetch_one(
		f"""
		SELECT {_render_aggregate(what, field, ">=", average)}, {_render_aggregate(what, field, "<", average)}
		FROM `tab{doctype}` WHERE {field} >= %(before)s AND {field} < %(end)s AND {where} AND {{readable}}
		""",  # noqa: S608 (the parts are those of measures, never a caller's)
		doctype,
		since=add_days(today, 1 - days),
		before=add_days(today, 1 - 2 * days),
		end=add_days(today, 1),
	)
	now, before = (None if average and value is None else to_number(value) for value in row)
	period = [field, "between", [str(add_days(today, 1 - days)), str(today)]]
	return Number(now, before, records=_build_records(doctype, where, filters, [period]))


def _build_records(
	doctype: str,
	where: str,
	filters: list[Filter] | None,
	more: list[Filter] | None = None,
	points: list[list[Filter]] | None = None,
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
) -> Series:
	"""Return the number of records in each of the last `months` months, including this one. Months without
	records are included.
	"""
	first = get_first_day(add_months(clock.get_today(), 1 - months))
	rows = fetch_all(
		f"""
		SELECT DATE_FORMAT({field}, '%%Y-%%m'), COUNT(*) FROM `tab{doctype}`
		WHERE {field} >= %(first)s AND {field} < %(end)s AND {where} AND {{readable}} GROUP BY 1
		""",  # noqa: S608
		doctype,
		first=first,
		end=add_days(clock.get_today(), 1),
	)
	counts: dict[Any, int] = dict(rows)
	starts = [add_months(first, index) for index in range(months)]
	series = build_series([(str(start)[:7], counts.get(str(start)[:7], 0)) for start in starts], name)
	today = clock.get_today()
	points = [_build_period(field, start, min(get_last_day(start), today)) for start in starts]
	whole = _build_period(field, first, today)
	return series._replace(records=_build_records(doctype, where, filters, whole, points))


def _build_period(field: str, first: Any, last: Any) -> list[Filter]:
	return [[field, "between", [str(first), str(last)]]]


def count_by_day(
	doctype: str,
	field: str,
	name: str,
	where: str = "TRUE",
	days: int = DAYS,
	filters: list[Filter] | None = None,
) -> Series:
	"""Return the number of records on each of the last `days` days, including today. Days without records are
	included.
	"""
	first = add_days(clock.get_today(), 1 - days)
	rows = fetch_all(
		f"""
		SELECT DATE({field}), COUNT(*) FROM `tab{doctype}`
		WHERE {field} >= %(first)s AND {field} < %(end)s AND {where} AND {{readable}} GROUP BY 1
		""",  # noqa: S608
		doctype,
		first=first,
		end=add_days(clock.get_today(), 1),
	)
	counts = {str(day): count for day, count in rows}
	labels = [str(add_days(first, index)) for index in range(days)]
	series = build_series([(label, counts.get(label, 0)) for label in labels], name)
	points: list[list[Filter]] = [_build_period(field, label, label) for label in labels]
	whole = _build_period(field, first, clock.get_today())
	return series._replace(records=_build_records(doctype, where, filters, whole, points))


def count_by_value(
	doctype: str, field: str, name: str, where: str = "TRUE", filters: list[Filter] | None = None
) -> Series:
	"""Return the number of records for each value of a field, largest first."""
	rows = fetch_all(
		f"""SELECT {field}, COUNT(*) AS records FROM `tab{doctype}` WHERE {where} AND {{readable}}
			GROUP BY {field} ORDER BY records DESC, {field}""",  # noqa: S608
		doctype,
	)
	points: list[list[Filter]] = [
		[[field, "=", value] if value not in (None, "") else [field, "is", "not set"]]
		for value, _count in rows
	]
	series = build_series([(value, count) for value, count in rows], name)
	return series._replace(records=_build_records(doctype, where, filters, None, points))


def count_records(
	doctype: str, where: str = "TRUE", filters: list[Filter] | None = None, **values: Any
) -> Number:
	"""Return how many records the caller may read. `filters` say the same as `where`."""
	(count,) = fetch_one(
		f"SELECT COUNT(*) FROM `tab{doctype}` WHERE {where} AND {{readable}}",  # noqa: S608
		doctype,
		**values,
	)
	return Number(count, records=_build_records(doctype, where, filters))
