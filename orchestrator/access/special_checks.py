"""Permission checks for single methods whose arguments name records in their own way."""

import re
from typing import Any

import frappe
from frappe import _

from orchestrator.access import checks
from orchestrator.access.arguments import Arguments, find_names
from orchestrator.exceptions import refuse

GAMEPLAN_ADMINS = ("Gameplan Admin", "System Manager")
GAMEPLAN_MODULE = "Gameplan"
WORD = re.compile(r"[A-Za-z_]\w*")
CHART_ARGUMENTS = ("from_date", "to_date", "timespan", "time_interval", "heatmap_year")
CHART_FIELDS = ("based_on", "value_based_on", "group_by_based_on", "aggregate_function_based_on")


def check_chart(arguments: Arguments) -> None:
	"""Check the chart of frappe.desk.doctype.dashboard_chart.dashboard_chart.get.

	The caller must be allowed to read its DocType and the fields that it sums or filters by. A heatmap
	ignores permissions, so that the caller must be allowed to read all its records. Frappe caches one result
	per chart for all users: callers with restricted lists get their own.
	"""
	chart = _get_chart(arguments)
	doctype = chart.get("document_type")
	if not isinstance(doctype, str) or not doctype:
		return
	checks.check_doctype(doctype)
	filters = _parse_list(chart.get("filters_json"))
	named = [str(chart.get(fieldname) or "") for fieldname in CHART_FIELDS]
	_check_fields(doctype, [*named, *_find_filtered_fields(filters)])
	if not checks.has_restrictions(doctype):
		return
	if chart.get("type") == "Heatmap":
		checks.check_whole_list(doctype, filters)
	if arguments.get("chart_name"):
		frappe.local.form_dict.pop("chart_name", None)
		frappe.local.form_dict.update({"chart": frappe.as_json(chart), "no_cache": 1})


def check_employee_field(arguments: Arguments) -> None:
	"""Check hrms.hr.utils.get_employee_field_property: the employee, and the permission level of the field."""
	for employee in find_names(arguments, "employee"):
		checks.check_record("Employee", employee)
		_check_fields("Employee", find_names(arguments, "fieldname"))


def check_punch_lookup(arguments: Arguments) -> None:
	"""Check the employee whom a time clock looks up by a field: a hidden and a missing one get the same
	refusal.
	"""
	checks.check_doctype("Employee Checkin", "create")
	fieldname = arguments.get("employee_fieldname") or "attendance_device_id"
	_check_fields("Employee", [str(fieldname)])
	for value in find_names(arguments, "employee_field_value"):
		if frappe.get_list("Employee", filters={str(fieldname): value}, limit=1):
			continue
		refuse(_("You do not have access to an employee with this value."), frappe.PermissionError)


def check_password(arguments: Arguments) -> None:
	"""Check frappe.client.get_password, which returns any field of any record: a password of a readable record."""
	for doctype in find_names(arguments, "doctype"):
		for name in find_names(arguments, "name"):
			checks.check_record(doctype, name)
		for fieldname in find_names(arguments, "fieldname"):
			field = frappe.get_meta(doctype).get_field(fieldname)
			if not field or field.fieldtype != "Password":
				refuse(_("{0} is not a password.").format(fieldname), frappe.PermissionError)
			_check_fields(doctype, [fieldname])


def check_choice(arguments: Arguments) -> None:
	"""Check the DocType of frappe.client.validate_link_and_fetch, whose custom search reveals whether a
	record exists.
	"""
	for doctype in find_names(arguments, "doctype"):
		if frappe.is_table(doctype) or frappe.has_permission(doctype, "select"):
			continue
		checks.check_doctype(doctype)


def check_project_page(arguments: Arguments) -> None:
	"""Check the tasks of a project's portal page: for its portal users, and users who may read it."""
	for project in find_names(arguments, "project"):
		if frappe.db.exists("Project User", {"parent": project, "user": frappe.session.user}):
			continue
		checks.check_record("Project", project)


def check_organisation_chart(arguments: Arguments) -> None:
	"""Check the employees that the organisation chart shows below one employee, or at its top."""
	parent, company = arguments.get("parent"), arguments.get("company")
	filters: list[Any] = [["status", "=", "Active"]]
	if company and company != "All Companies":
		filters.append(["company", "=", find_names(arguments, "company")[0]])
	below = parent if parent and company and parent != company else ""
	if below:
		checks.check_record("Employee", find_names(arguments, "parent")[0])
	checks.check_whole_list("Employee", [*filters, ["reports_to", "=", below]])


def check_gameplan_list(arguments: Arguments) -> None:
	"""Check a list that Gameplan reads without permissions: of its own DocTypes, which its controllers
	restrict, or of another one of which the caller may read all records.
	"""
	for doctype in find_names(arguments, "doctype"):
		if not frappe.db.exists("DocType", {"name": doctype, "module": GAMEPLAN_MODULE}):
			checks.check_whole_list(doctype, [])
			if frappe.get_meta(doctype).get_high_permlevel_fields():
				refuse(_("Use frappe.client.get_list for {0}.").format(_(doctype)), frappe.PermissionError)


def check_gameplan_invitation(arguments: Arguments) -> None:
	"""Check the user who invites to Gameplan: members invite guests, its administrators everybody."""
	roles: tuple[str, ...] = GAMEPLAN_ADMINS
	if arguments.get("role") == "Gameplan Guest":
		roles = (*roles, "Gameplan Member")
	checks.AnyRole(roles)(arguments)


def check_salary_preview(arguments: Arguments) -> None:
	"""Check the preview of an employee's salary slip: only a caller who may create salary slips gets it."""
	checks.check_doctype("Salary Slip", "create")
	for employee in find_names(arguments, "employee"):
		checks.check_record("Employee", employee)


def check_schedule(arguments: Arguments) -> None:
	"""Check the schedule whose rows are requested: they are rows as its user sees them."""
	for name in find_names(arguments, "name"):
		user = frappe.db.get_value("Auto Email Report", name, "user")
		if user and user != frappe.session.user and "System Manager" not in frappe.get_roles():
			refuse(_("This schedule belongs to another user."), frappe.PermissionError)


def _get_chart(arguments: Arguments) -> dict[str, Any]:
	"""Return the chart that Frappe will draw: the named one with the request's changes, or the one sent."""
	for name in find_names(arguments, "chart_name"):
		chart = frappe.get_doc("Dashboard Chart", name).as_dict()
		chart.update({key: arguments[key] for key in CHART_ARGUMENTS if arguments.get(key)})
		if filters := _parse_list(arguments.get("filters")):
			chart["filters_json"] = frappe.as_json(filters)
		return chart
	chart = _parse(arguments.get("chart"))
	return chart if isinstance(chart, dict) else {}


def _parse(value: Any) -> Any:
	try:
		return frappe.parse_json(value)
	except ValueError:
		return None


def _parse_list(value: Any) -> list[Any]:
	parsed = _parse(value)
	if isinstance(parsed, dict):
		return [[fieldname, "=", each] for fieldname, each in parsed.items()]
	return list(parsed) if isinstance(parsed, list | tuple) else []


def _find_filtered_fields(filters: list[Any]) -> list[str]:
	"""Return the fields that filters name, `[field, operator, value]` or with the DocType before them."""
	named = []
	for each in filters:
		if isinstance(each, list | tuple) and len(each) > 1:
			named.append(str(each[0] if len(each) < 4 else each[1]))
	return named


def _check_fields(doctype: str, named: list[str]) -> None:
	"""Raise PermissionError for a field of a permission level that the caller does not have, and for names
	that are not fields.
	"""
	meta = frappe.get_meta(doctype)
	permitted = set(meta.get_permitted_fieldnames(permission_type="read", with_virtual_fields=True))
	permitted |= {*frappe.model.default_fields, *frappe.model.optional_fields, "name", "docstatus"}
	for text in named:
		for word in WORD.findall(text):
			if word not in permitted and (meta.has_field(word) or word != text):
				refuse(_("You do not have permission to read {0}.").format(word), frappe.PermissionError)
