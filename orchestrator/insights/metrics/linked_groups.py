"""Charts that group by a link whose records have titles, on a version of Frappe that shows these titles.

Frappe 16 asks for the title of "no record" as well, and gets that of any record. Here such records keep a group of their
own, titles are shown only to who may see them, and groups of equal titles can be told apart by their values.
"""

from typing import Any, NamedTuple

import frappe
from frappe.desk.doctype.dashboard_chart.dashboard_chart import DashboardChart, get_aggregate_function

from orchestrator import compat
from orchestrator.access import link_titles
from orchestrator.access.switch import is_guarded
from orchestrator.insights.metrics.chart_records import GROUP_BY


class Groups(NamedTuple):
	"""The groups of a chart: the linked records (None for none), their titles, and the values."""

	names: list[str | None]
	labels: list[str | None]
	values: list[float]


def has_titles(chart: DashboardChart) -> bool:
	"""Return True for a chart by a link whose labels are the titles of the linked records."""
	if not compat.CHARTS_SHOW_TITLES or chart.chart_type != GROUP_BY:
		return False
	field = frappe.get_meta(chart.document_type).get_field(chart.group_by_based_on)
	return bool(field and field.fieldtype == "Link" and frappe.get_meta(field.options).title_field)


def compute(chart: DashboardChart, filters: list[Any]) -> Groups:
	"""Return the groups of a chart as Frappe computes them: the largest first."""
	doctype, fieldname = chart.document_type, chart.group_by_based_on
	column = f"`tab{doctype}`.`{fieldname}`"
	aggregate = get_aggregate_function(chart.group_by_type)
	rows = compat.get_list(
		doctype,
		filters=[*filters, [doctype, "docstatus", "<", 2]],
		fields=[f"{column} as name", f"{aggregate}({chart.aggregate_function_based_on or '1'}) as count"],
		parent_doctype=chart.parent_document_type,
		group_by=column,
		order_by=f"count desc, {column}",
		ignore_ifnull=True,
		as_list=True,
	)
	names = [name for name, _value in rows]
	titles = _get_titles(frappe.get_meta(doctype).get_field(fieldname).options, names)
	return Groups(names, [titles.get(name) for name in names], [value for _name, value in rows])


def _get_titles(doctype: str, names: list[str | None]) -> dict[str | None, str]:
	"""Return the titles of records; the names of those whose title the reader may not see."""
	title_field = frappe.get_meta(doctype).title_field
	found = compat.get_all(
		doctype,
		filters={"name": ("in", [name for name in names if name])},
		fields=["name", title_field],
		as_list=True,
	)
	titles = {f"{doctype}{link_titles.SEPARATOR}{name}": title or name for name, title in found}
	if is_guarded():
		link_titles.remove_hidden_titles(titles)
	return {name: titles.get(f"{doctype}{link_titles.SEPARATOR}{name}", name) for name in names if name}
