"""Targets of `override_whitelisted_methods` for methods of Frappe that query a DocType named by the caller
without checking permissions on records and fields.
"""

import json
from typing import Any

import frappe
from frappe import _
from frappe.utils import cstr

from orchestrator.access.field_levels import get_columns, get_unreadable_fields, refuse_field
from orchestrator.access.linked_records import can_read
from orchestrator.access.query_checks import check_filters
from orchestrator.access.record_conditions import build_read_condition


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def get_next(
	doctype: str,
	value: str,
	prev: str | int,
	filters: dict | list | str | None = None,
	sort_order: str = "desc",
	sort_field: str = "modified",
) -> Any:
	"""Return the name of the record before or after another one in a list.

	Args:
		doctype: The DocType of the list.
		value: The name of the record that is open.
		prev: 1 for the record before it, 0 for the one after it.
		filters: Filters of the list.
		sort_order: `asc` or `desc`.
		sort_field: The field that the list is sorted by.

	Returns:
		The name, None if there is none.

	Permissions:
		Read on the DocType and on the open record; only records that the caller may read are found.

	Raises:
		PermissionError: The caller may not read the DocType, or a field that is filtered or sorted by (403).
	"""
	frappe.has_permission(doctype, "read", throw=True)
	_check_fields(doctype, sort_field)
	parsed = frappe.parse_json(filters) if isinstance(filters, str) else filters
	check_filters(doctype, parsed)
	before = bool(int(prev)) == (sort_order.lower() == "asc")
	found = _find_neighbour(doctype, value, sort_field, parsed, before) if can_read(doctype, value) else None
	if found is None:
		frappe.msgprint(_("No further records"))
	return found


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def get_monthly_goal_graph_data(
	title: str,
	doctype: str,
	docname: str,
	goal_value_field: str,
	goal_total_field: str,
	goal_history_field: str,
	goal_doctype: str,
	goal_doctype_link: str,
	goal_field: str,
	date_field: str,
	aggregation: str = "sum",
	filters: str | dict | None = None,
) -> Any:
	"""Return the figures of a graph of monthly goals, of the records that the caller may read.

	Args:
		title: The title of the graph.
		doctype: The DocType of the record that has the goal.
		docname: Its name.
		goal_value_field: Its field with the goal.
		goal_total_field: Its field with the total of this month.
		goal_history_field: Its field with the totals of earlier months.
		goal_doctype: The DocType whose records are added up.
		goal_doctype_link: Their link to the record.
		goal_field: The field that is added up.
		date_field: Their date.
		aggregation: `sum`, `avg`, `count`, `min` or `max`.
		filters: Filters of the records.

	Permissions:
		Read on the record and on the DocType, and the permission level of each field.

	Raises:
		PermissionError: The caller may not read the record, the DocType or a field (403).
	"""
	_check_fields(doctype, goal_value_field, goal_total_field, goal_history_field)
	frappe.has_permission(goal_doctype, "read", throw=True)
	_check_fields(goal_doctype, goal_field, date_field, goal_doctype_link)
	conditions = frappe.parse_json(filters) or {}
	check_filters(goal_doctype, conditions)
	if build_read_condition(goal_doctype, frappe.session.user):
		names = frappe.get_list(goal_doctype, filters=conditions, pluck="name")
		conditions = {"name": ["in", names or [""]]}
	return frappe.get_attr("frappe.utils.goal.get_monthly_goal_graph_data")(
		title, doctype, docname, goal_value_field, goal_total_field, goal_history_field, goal_doctype,
		goal_doctype_link, goal_field, date_field, aggregation, json.dumps(conditions),
	)  # fmt: skip


def _check_fields(doctype: str, *fieldnames: str) -> None:
	"""Refuse fields that the caller may not read, and names that are not columns."""
	hidden, columns = get_unreadable_fields(doctype), get_columns(doctype)
	for name in fieldnames:
		if name.lower() in hidden or name.lower() not in columns:
			refuse_field(doctype, name)


def _find_neighbour(doctype: str, value: str, sort_field: str, filters: Any, before: bool) -> Any:
	"""Return the name of the readable record next to `value`, None if there is none."""
	readable = frappe.get_list(doctype, filters=filters or [], fields=["name"], order_by=None, run=False)
	sign, order = ("<", "desc") if before else (">", "asc")
	# as text: the driver of Frappe 16 escapes only text
	current = frappe.db.escape(cstr(frappe.db.get_value(doctype, value, sort_field)), percent=False)
	name = frappe.db.escape(cstr(value), percent=False)
	rows = frappe.db.sql(
		f"""select name from `tab{doctype}` where name in ({readable})
		and (`{sort_field}` {sign} {current} or (`{sort_field}` = {current} and name {sign} {name}))
		order by `{sort_field}` {order}, name {order} limit 1""",  # noqa: S608  # columns are checked, values escaped
	)
	return rows[0][0] if rows else None
