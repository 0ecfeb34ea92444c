"""The figures of a dashboard for one reader, as an email or a PDF."""

import time
from datetime import date
from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.utils import format_datetime, formatdate, get_url

from orchestrator import clock
from orchestrator.doctypes import DASHBOARD
from orchestrator.exceptions import refuse
from orchestrator.insights.dashboards import layout, rendering
from orchestrator.insights.metrics.dashboard_filters import DashboardFilters, check_facility
from orchestrator.insights.shapes import Dashboard, Item

TEMPLATE = "orchestrator/templates/dashboard_mail.html"
MAX_MAIL_ROWS = 25
NUMBER_TYPES = frozenset({"Currency", "Float", "Int", "Percent"})


class Bar(NamedTuple):
	"""A line of a series: its label, its values as text, and its length in percent."""

	label: str
	values: list[str]
	length: float


class NothingToSendError(frappe.ValidationError):
	"""The reader may see none of the figures. 422."""


def compute_board(dashboard: str, filters: DashboardFilters) -> Dashboard:
	"""Return the dashboard with values computed now, for the session's user.

	Raises:
		PermissionError: 403. The user may read no dashboards, or no facilities.
		DoesNotExistError: 404. The dashboard or the facility is missing or hidden.
		NothingToSendError: 422. The user may see none of the figures.
	"""
	if filters.facility:
		check_facility(filters.facility)
	plan = layout.get_dashboard(dashboard, DASHBOARD).apply_filters(filters)
	board = rendering.compute_dashboard(plan)
	if all(
		item["error"] and item["error"]["type"] == frappe.PermissionError.__name__ for item in board["items"]
	):
		refuse(_("You may see none of the figures of this dashboard."), NothingToSendError)
	return board


def render_board(board: Dashboard, subscription: str) -> str:
	"""Return the figures as HTML, in the language of the session."""
	return frappe.render_template(
		TEMPLATE,
		{
			"title": board["title"],
			"made_at": format_datetime(clock.get_now_to_second()),
			"filters": list(_list_filters(board)),
			"numbers": [_build_number(item) for item in board["items"] if item["kind"] == "number"],
			"others": [_build_other(item) for item in board["items"] if item["kind"] != "number"],
			"address": build_address(board["dashboard"], subscription),
		},
	)


def build_address(dashboard: str, subscription: str) -> str:
	"""Return the address at which a recipient finds the dashboard and ends the subscription."""
	return get_url(f"/app/metrics/{dashboard}?subscription={subscription}")


def render_pdf(html: str) -> bytes:
	"""Return the figures as a PDF. Nothing is fetched for it."""
	from weasyprint import HTML  # slow to import

	return HTML(string=html, url_fetcher=_refuse_url).write_pdf()


def _refuse_url(url: str, *_arguments: Any, **_options: Any) -> dict[str, Any]:
	raise ValueError(url)


def _list_filters(board: Dashboard) -> Any:
	"""Yield label and value of each filter that is set."""
	filters = board["filters"]
	if filters["from_date"] and filters["to_date"]:
		first, last = (formatdate(filters["from_date"]), formatdate(filters["to_date"]))
		yield _("Period"), first if first == last else _("{0} to {1}").format(first, last)
	if filters["facility"]:
		yield _("Facility"), filters["facility"]


def _build_number(item: Item) -> dict[str, Any]:
	change = item["change"]
	sign = "" if not change else "▲ " if change > 0 else "▼ "
	return {
		"label": item["label"],
		"value": "–" if item["value"] is None else _format_number(item["value"]),
		"unit": item["unit"] or "",
		"change": "" if change is None else f"{sign}{_format_number(abs(change))}",
		"note": _build_note(item),
	}


def _build_other(item: Item) -> dict[str, Any]:
	"""Return a series or a table for the template."""
	common = {
		"label": item["label"],
		"note": _build_note(item),
		"heads": [],
		"bars": [],
		"columns": [],
		"rows": [],
	}
	value = item["value"]
	if not value:
		return common
	if item["kind"] == "series":
		heads = [dataset["name"] for dataset in value["datasets"]] if len(value["datasets"]) > 1 else []
		return {**common, "heads": heads, "bars": _build_bars(value)}
	columns = value["columns"]
	rows = [[_format_cell(column, row) for column in columns] for row in value["rows"][:MAX_MAIL_ROWS]]
	if value["total"] > len(rows) and not common["note"]:
		common["note"] = _("{0} of {1}").format(len(rows), value["total"])
	return {**common, "columns": columns, "rows": rows}


def _build_bars(value: dict[str, Any]) -> list[Bar]:
	datasets = [dataset["values"] for dataset in value["datasets"]]
	most = max((abs(number) for numbers in datasets for number in numbers), default=0) or 1
	return [
		Bar(
			_format_label(label),
			[_format_number(numbers[index]) for numbers in datasets],
			round(100 * abs(datasets[0][index]) / most, 1) if datasets else 0,
		)
		for index, label in enumerate(value["labels"])
	]


def _build_note(item: Item) -> str:
	"""Return why there is no value, or which filters it ignores."""
	if item["error"]:
		return item["error"]["message"]
	names = {"dates": _("the period"), "facility": _("the facility")}
	ignored = [names[name] for name in item["ignored_filters"]]
	return _("Not limited by {0}").format(", ".join(ignored)) if ignored else ""


def _format_label(label: str) -> str:
	"""Return a day in the site's format, anything else as it is."""
	try:
		return formatdate(time.strptime(label, "%Y-%m-%d") and date.fromisoformat(label))
	except ValueError:
		return label


def _format_number(value: float) -> str:
	precision = 0 if float(value).is_integer() else 2
	return str(frappe.utils.fmt_money(value, precision=precision))


def _format_cell(column: dict[str, Any], row: dict[str, Any]) -> str:
	value = row.get(column["fieldname"])
	if value is None or value == "":
		return ""
	if column["fieldtype"] in NUMBER_TYPES:
		return _format_number(float(value))
	if column["fieldtype"] == "Date":
		return str(formatdate(value))
	return str(format_datetime(value) if column["fieldtype"] == "Datetime" else value)
