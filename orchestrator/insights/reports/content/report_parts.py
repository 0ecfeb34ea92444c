"""Building blocks of this app's reports: columns, figures, charts, periods, amounts in one currency."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import frappe
from erpnext.setup.utils import get_exchange_rate
from frappe import _
from frappe.utils import add_months, get_first_day

from orchestrator import clock
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.period import parse_date

Column = dict[str, Any]
PRECISION = 2
MONTHS_BACK = 11
DEFAULT_WIDTH = 120
PIXELS_PER_LETTER = 8
DISPLAY_PRECISION = 1
DECIMALS = ("Float", "Percent")
NO_VALUE = "-"
COLORS = ("#2490ef", "#29cd42", "#ffa00a", "#e24c4c")


class DateRange(NamedTuple):
	"""The days from `first` to `last`."""

	first: date
	last: date


class ReportResult(NamedTuple):
	"""The result that a Script Report returns to Frappe."""

	columns: list[Column]
	rows: list[dict[str, Any]]
	message: str | None
	chart: dict[str, Any] | None
	summary: list[dict[str, Any]]


def build_column(
	fieldname: str,
	label: str,
	fieldtype: str = "Data",
	options: str | None = None,
	width: int = DEFAULT_WIDTH,
) -> Column:
	"""Return a column of a report. Desk shows decimals with `DISPLAY_PRECISION`; rows have the exact values."""
	column = {
		"fieldname": fieldname,
		"label": label,
		"fieldtype": fieldtype,
		"options": options,
		"width": width,
	}
	return {**column, "precision": DISPLAY_PRECISION} if fieldtype in DECIMALS else column


def build_link_column(fieldname: str, label: str, doctype: str | None, width: int = 180) -> Column:
	"""Return a column of names of records.

	A text column for users who may not read such records: Frappe refuses them a report with links to any.
	"""
	linked = doctype if doctype and frappe.has_permission(doctype, "read") else None
	return build_column(fieldname, label, "Link" if linked else "Data", linked, width)


def build_count_columns(names: Iterable[tuple[str, str]]) -> list[Column]:
	"""Return columns of whole numbers, wide enough for their labels."""
	return [
		build_column(fieldname, label, "Int", width=max(100, PIXELS_PER_LETTER * len(label) + 30))
		for fieldname, label in names
	]


def build_figure(
	label: str, value: float, datatype: str = "Int", currency: str | None = None, indicator: str | None = None
) -> dict[str, Any]:
	"""Return a figure of the report's summary."""
	return {
		"label": label,
		"value": value,
		"datatype": datatype,
		"currency": currency,
		"indicator": indicator,
	}


def build_bar_chart(
	labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], **more: Any
) -> dict[str, Any] | None:
	"""Return a bar chart, None if there are no data."""
	if not labels:
		return None
	datasets = [{"name": name, "values": list(values)} for name, values in series]
	return {
		"type": "bar",
		"data": {"labels": list(labels), "datasets": datasets},
		"colors": list(COLORS[: len(datasets)]),
		**more,
	}


def build_period_message(text: str, span: DateRange) -> str:
	"""Return a sentence with the first and last day of a period as {0} and {1}."""
	return text.format(*(frappe.format_value(day, "Date") for day in span))


def parse_date_range(filters: dict[str, Any]) -> DateRange:
	"""Return the period of the filters from_date and to_date, by default the year up to the end of this
	month. 400 for invalid or reversed dates.
	"""
	last = parse_day(filters, "to_date") or clock.get_today()
	first = parse_day(filters, "from_date") or get_first_day(add_months(last, -MONTHS_BACK))
	if first > last:
		refuse(_("from_date must not be after to_date."), InvalidRequestError)
	return DateRange(first, last)


def parse_day(filters: dict[str, Any], name: str) -> date | None:
	"""Return the date of a filter, if it has one."""
	value = filters.get(name)
	return value if isinstance(value, date) or not value else parse_date(name, str(value))


def parse_choice(filters: dict[str, Any], name: str, choices: Sequence[str]) -> str:
	"""Return the choice of a filter, by default the first. 400 for any other value."""
	choice = filters.get(name) or choices[0]
	if choice not in choices:
		refuse(_("{0} must be one of {1}.").format(name, ", ".join(choices)), InvalidRequestError)
	return choice


def build_equal_filters(filters: dict[str, Any], *names: str) -> list[list[Any]]:
	"""Return list conditions for the filters that are set."""
	return [[name, "=", filters[name]] for name in names if filters.get(name)]


def compute_percentage(part: float, whole: float) -> float:
	"""Return a percentage, 0 if the whole is 0."""
	return round(100 * part / whole, PRECISION) if whole else 0.0


def list_months(span: DateRange) -> list[str]:
	months, month = [], get_first_day(span.first)
	while month <= span.last:
		months.append(f"{month:%Y-%m}")
		month = get_first_day(add_months(month, 1))
	return months


class CurrencyConverter:
	"""Sums amounts of several currencies in one of them.

	Amounts without an exchange rate are reported separately.
	"""

	def __init__(
		self, currency: str, get_rate: Callable[[str, str], float | None] = get_exchange_rate
	) -> None:
		self.currency = currency
		self.rate = cache(lambda own: 1.0 if own == currency else get_rate(own, currency))
		self.unconverted: dict[str, float] = {}

	def convert(self, amount: float, own: str | None) -> float:
		"""Return the amount in the converter's currency, 0 if there is no rate."""
		rate = self.rate(own or self.currency) if amount else 0.0
		if amount and not rate:
			self.unconverted[str(own)] = self.unconverted.get(str(own), 0.0) + amount
		return amount * (rate or 0.0)

	def build_message(self) -> str | None:
		"""Return a message about the amounts that are not part of the sums."""
		if not self.unconverted:
			return None
		left_out = ", ".join(
			f"{frappe.format_value(amount, 'Float')} {own}" for own, amount in self.unconverted.items()
		)
		return _("Not included because there is no exchange rate to {0}: {1}.").format(
			self.currency, left_out
		)
