"""Targets of `override_whitelisted_methods` for methods of Frappe that return fields or records without
checking permissions.

As in `orchestrator.api.overrides`, the function is chosen in each request: if nothing must be refused,
Frappe's own runs, without a frame of this app on its stack. The same holds while the guards are off: see
switch.py.
"""

from collections.abc import Callable
from typing import Any

import frappe
from frappe.model.db_query import DatabaseQuery

from orchestrator.access.field_levels import get_unreadable_fields, refuse_field
from orchestrator.access.query_checks import check_filters
from orchestrator.access.switch import is_guarded
from orchestrator.compat import SEARCH_CHECKS_LINK_FIELD

Method = Callable[..., Any]

# our name -> (Frappe's function, its replacement if `APPLIES` returns True)
METHODS = {
	"get": ("frappe.client.get", "orchestrator.access.native_methods.get_checked"),
	"get_value": ("frappe.client.get_value", "orchestrator.access.native_methods.refuse_single_field"),
	"get_single_value": (
		"frappe.client.get_single_value",
		"orchestrator.access.native_methods.refuse_single_field",
	),
	"get_group_by_count": (
		"frappe.desk.listview.get_group_by_count",
		"orchestrator.access.native_methods.count_by_assignee",
	),
	"search_link": (
		"frappe.desk.search.search_link",
		"orchestrator.access.native_methods.search_link_checked",
	),
	"search_widget": (
		"frappe.desk.search.search_widget",
		"orchestrator.access.native_methods.search_widget_checked",
	),
	"get_next": ("frappe.desk.form.utils.get_next", "orchestrator.access.record_queries.get_next"),
	"get_monthly_goal_graph_data": (
		"frappe.utils.goal.get_monthly_goal_graph_data",
		"orchestrator.access.record_queries.get_monthly_goal_graph_data",
	),
	"get_link_title": (
		"frappe.desk.search.get_link_title",
		"orchestrator.access.link_titles.get_link_title",
	),
}


def __getattr__(name: str) -> Method:
	"""Return the function to run for this request."""
	if name not in METHODS:
		raise AttributeError(name)
	native, checked = METHODS[name]
	return frappe.get_attr(checked if is_guarded() and APPLIES[name](frappe.form_dict) else native)


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def get_checked(doctype: str, name: Any = None, filters: Any = None, parent: str | None = None) -> Any:
	"""Return the first record that matches filters, as `frappe.client.get` does.

	Args:
		doctype: The DocType of the record.
		name: Its name.
		filters: What it has to fit where there is no name.
		parent: For a child table, the DocType of the parent.

	Permissions:
		Read on the record, and the permission level of each field in the filters.

	Raises:
		PermissionError: The caller may not read the record, or a field in the filters (403).
	"""
	frappe.has_permission(doctype, "read", throw=True, parent_doctype=parent)
	check_filters(doctype, frappe.parse_json(filters), parent)
	return frappe.get_attr("frappe.client.get")(doctype, name, filters, parent)


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def refuse_single_field(
	doctype: str, field: str | None = None, fieldname: str | None = None, **_kwargs: Any
) -> None:
	"""Refuse a field of a Single that the caller may not read.

	Args:
		doctype: The Single.
		field: The field asked for by `get_single_value`.
		fieldname: The field or fields asked for by `get_value`.

	Raises:
		PermissionError: Always (403).
	"""
	frappe.has_permission(doctype, "read", throw=True)
	refuse_field(doctype, str(field or fieldname))


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def count_by_assignee(doctype: str, current_filters: str) -> list[dict[str, Any]]:
	"""Return the number of records that the caller may read by assignee, most first.

	Args:
		doctype: The DocType of the records.
		current_filters: Filters of the list, JSON.

	Permissions:
		Read on the DocType, and the permission level of each field in the filters.

	Raises:
		PermissionError: The caller may not read the DocType, or a field in the filters (403).
	"""
	readable = frappe.get_list(
		doctype, filters=frappe.parse_json(current_filters), fields=["name"], order_by=None, run=False
	)
	rows: list[dict[str, Any]] = frappe.db.sql(
		f"""select todo.allocated_to as name, count(*) as count
		from `tabToDo` todo join `tabUser` user on user.name = todo.allocated_to
		where todo.status != 'Cancelled' and user.user_type = 'System User'
		and todo.reference_type = {frappe.db.escape(doctype, percent=False)} and todo.reference_name in ({readable})
		group by todo.allocated_to order by count desc limit 50""",  # noqa: S608  # built by Frappe, escaped
		as_dict=True,
	)
	return rows


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def search_link_checked(**kwargs: Any) -> Any:
	"""Return the suggestions of a link field, with the caller's own permissions.

	Args:
		kwargs: The parameters of `frappe.desk.search.search_link`.
	"""
	return _call_with_permissions("frappe.desk.search.search_link", kwargs)


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def search_widget_checked(**kwargs: Any) -> Any:
	"""Return the results of a link search, with the caller's own permissions.

	Args:
		kwargs: The parameters of `frappe.desk.search.search_widget`.
	"""
	return _call_with_permissions("frappe.desk.search.search_widget", kwargs)


def _call_with_permissions(method: str, parameters: dict[str, Any]) -> Any:
	"""Call a search without the caller's parameter to ignore permissions."""
	return frappe.call(method, **{**parameters, "ignore_user_permissions": False})


def _return_true(_form: dict[str, Any]) -> bool:
	return True


def _has_record_filters(form: dict[str, Any]) -> bool:
	return not form.get("name") and bool(form.get("filters"))


def _is_hidden_single_field(form: dict[str, Any]) -> bool:
	"""Return True if the caller requests a field of a Single that they may not read."""
	doctype = form.get("doctype")
	if not isinstance(doctype, str) or not frappe.db.exists("DocType", doctype, cache=True):
		return False
	if not frappe.get_meta(doctype).issingle:
		return False
	asked = str(form.get("field") or form.get("fieldname")).lower()
	return any(name in asked for name in get_unreadable_fields(doctype))


def _is_count_by_assignee(form: dict[str, Any]) -> bool:
	return form.get("field") == "assigned_to"


def _is_narrowed_by_hooks(doctype: str) -> bool:
	"""Return True if a hook hides records of the DocType from the caller. The hook of User only hides Guest."""
	if doctype == "User" or not frappe.db.exists("DocType", doctype, cache=True):
		return False
	return bool(DatabaseQuery(doctype).get_permission_query_conditions())


def _is_ignoring_user_permissions(form: dict[str, Any]) -> bool:
	"""Return True if a search asks to ignore user permissions, and no link field of its form allows that.

	Frappe 15 then ignores all permissions of records, not only user permissions. So the parameter is ignored
	if a hook hides records from the caller. Frappe 16 checks the link field itself, and ignores no hook.
	"""
	if SEARCH_CHECKS_LINK_FIELD:
		return False
	doctype, reference = form.get("doctype"), form.get("reference_doctype")
	if str(form.get("ignore_user_permissions") or "0").lower() in ("0", "false") or not isinstance(
		doctype, str
	):
		return False
	if not isinstance(reference, str) or _is_narrowed_by_hooks(doctype):
		return True
	if not frappe.db.exists("DocType", reference, cache=True):
		return True
	links = frappe.get_meta(reference).get_link_fields()
	return not any(link.options == doctype and link.ignore_user_permissions for link in links)


APPLIES: dict[str, Callable[[dict[str, Any]], bool]] = {
	"get": _has_record_filters,
	"get_value": _is_hidden_single_field,
	"get_single_value": _is_hidden_single_field,
	"get_group_by_count": _is_count_by_assignee,
	"search_link": _is_ignoring_user_permissions,
	"search_widget": _is_ignoring_user_permissions,
	"get_next": _return_true,
	"get_monthly_goal_graph_data": _return_true,
	"get_link_title": _return_true,
}
