"""Replace the few Frappe functions that read for a caller and offer no hook: see docs/decisions/0039.

A replacement works only where this app's hooks have run in the present request or job. Other sites of the bench, the
console and commands keep Frappe's own behaviour.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import frappe
import frappe.api.v1
import frappe.permissions
import frappe.utils
import frappe.utils.data
from frappe.core.doctype.data_export.exporter import DataExporter
from frappe.core.doctype.data_import.exporter import Exporter as TemplateExporter
from frappe.core.doctype.server_script.server_script_utils import get_server_script_map
from frappe.database.query import Engine, LinkTableField
from frappe.desk import reportview
from frappe.desk.form import document_follow
from frappe.model.db_query import DatabaseQuery
from frappe.model.document import Document

from orchestrator.access import (
	child_rows,
	disclosures,
	engine_checks,
	exports,
	insights_tables,
	linked_records,
	query_checks,
	switch,
	versions,
)
from orchestrator.apps import is_installed
from orchestrator.compat import QUERY_BUILDER_CHECKS_PERMISSIONS

Native = Callable[..., Any]
MARK = "orchestrator_replaces"


def before_request() -> None:
	"""Handle the hook before_request: enforce permission levels and linked records in this request."""
	install_patches()


def before_job(method: str, kwargs: Mapping[str, Any]) -> None:
	"""Handle the hook before_job: enforce the same in jobs, which make reports and mails. Jobs of this app
	are always guarded.
	"""
	install_patches()
	scheduled = str(
		kwargs.get("job_type") or ""
	)  # the scheduler runs a method of Frappe, with the name of ours as an argument
	if method.startswith(switch.OWN_PREFIX) or scheduled.startswith(switch.OWN_PREFIX):
		switch.require()


def install_patches() -> None:
	"""Install the replacements in this process once, and enable them for the present site as set there."""
	replacements = (*REPLACEMENTS, *_get_insights_replacements())
	install([each for each in replacements if each[2] in ALWAYS_ACTIVE], _is_activated)
	install([each for each in replacements if each[2] not in ALWAYS_ACTIVE], is_active)
	frappe.local.orchestrator_access = True
	switch.begin()


def install(
	replacements: Iterable[tuple[Any, str, Native]], decide: Callable[[], bool], mark: str = MARK
) -> None:
	"""Install replacements in this process, once. Each works where `decide` says so.

	Args:
		replacements: The owner of a function, its name, and what takes its place.
		decide: Returns True in a request or job in which the replacements work.
		mark: The attribute by which a function is known as replaced. Replacements with different marks of one function
			work one around the other.
	"""
	for owner, name, replacement in replacements:
		native = getattr(owner, name)
		if not hasattr(native, mark):
			_install(owner, name, native, _replace(native, replacement, decide, mark))


def _is_activated() -> bool:
	"""Return True inside a request or job of a site that has this app."""
	return bool(getattr(frappe.local, "orchestrator_access", False))


def is_active() -> bool:
	"""Return True inside a guarded request or job of a site that has this app."""
	return _is_activated() and switch.is_guarded()


def _install(owner: Any, name: str, native: Native, chosen: Native) -> None:
	"""Replace the native function, also in modules that have imported it by name."""
	setattr(owner, name, chosen)
	if isinstance(owner, ModuleType):
		for module in list(sys.modules.values()):
			if isinstance(module, ModuleType) and vars(module).get(name) is native:
				setattr(module, name, chosen)


def _replace(native: Native, replacement: Native, decide: Callable[[], bool], mark: str) -> Native:
	"""Return a function that calls the replacement, with the native function as first argument, if `decide`
	returns True.
	"""

	@functools.wraps(native)
	def chosen(*args: Any, **kwargs: Any) -> Any:
		if not decide():
			return native(*args, **kwargs)
		return replacement(native, *args, **kwargs)

	setattr(chosen, mark, native)
	return chosen


def _get_filters_cond(
	native: Native,
	doctype: str,
	filters: Any,
	conditions: list[str],
	ignore_permissions: bool | None = None,
	with_match_conditions: bool = False,
) -> str:
	"""Build the filter conditions of a custom search, and check their columns."""
	if not ignore_permissions:
		named: list[str] = []
		native(doctype, filters, named, ignore_permissions)  # without the conditions of permissions
		query_checks.check_conditions(doctype, named)
	return str(native(doctype, filters, conditions, ignore_permissions, with_match_conditions))


def _apply_fieldlevel_read_permissions(native: Native, query: DatabaseQuery) -> None:
	"""Check everything else that a list query names, before and after Frappe has expanded its `*`."""
	if query.flags.ignore_permissions:
		return
	query_checks.check_query(query)
	native(query)
	query_checks.check_query(query)
	if query.link_tables:
		linked_records.limit_linked_tables(query)


def _get_permission_query_conditions(_native: Native, query: DatabaseQuery) -> str:
	"""Join the conditions of all hooks, each in parentheses: Frappe 15 leaves them out, so that an `or` in one of them,
	such as File's, makes the others void.
	"""
	hooks = frappe.get_hooks("permission_query_conditions", {})
	conditions = [
		frappe.call(frappe.get_attr(method), query.user, doctype=query.doctype)
		for method in hooks.get(query.doctype, []) + hooks.get("*", [])
	]
	if script := get_server_script_map().get("permission_query", {}).get(query.doctype):
		tables = [table.replace("`", "").replace('"', "") for table in query.tables]
		conditions.append(
			frappe.call(  # which leaves out what Frappe 15 does not know
				frappe.get_doc("Server Script", script).get_permission_query_conditions,
				query.user,
				active_child_tables=[table for table in tables if table != f"tab{query.doctype}"],
			)
		)
	return " and ".join(f"({condition})" for condition in conditions if condition)


def _update_wildcard_field_param(native: Native, data: Any) -> bool:
	"""Refuse functions of unreadable fields, which Frappe's next step removes silently.

	It replaces the step before that one, so that no frame of this app is on the stack of Frappe's own errors.
	"""
	if isinstance(data.fields, list | tuple):
		query_checks.check_functions(data.doctype, data.parent_doctype, list(data.fields))
	expanded = bool(native(data))
	if expanded:
		# Frappe's next step takes fields out of this list, which may be the one that the cached meta holds.
		data.fields = list(data.fields)
	return expanded


def _get_exportable_fields(
	native: Native, exporter: TemplateExporter, doctype: str, fieldnames: list[str]
) -> list[Any]:
	return exports.filter_fields(doctype, exporter.doctype, native(exporter, doctype, fieldnames))


def _add_exported_row(
	native: Native,
	exporter: DataExporter,
	rows: list[Any],
	dt: str,
	parentfield: str | None,
	doc: Any,
	rowidx: int,
) -> None:
	native(exporter, rows, dt, parentfield, exports.filter_row(dt, exporter.doctype, doc), rowidx)


def _attach_expanded_links(
	_native: Native, doctype: str, docs: list[Any], fields_to_expand: list[str]
) -> None:
	linked_records.attach_expanded_links(doctype, docs, fields_to_expand)


def _expand_document(_native: Native, doc_dict: Any) -> None:
	linked_records.expand_document(doc_dict)


def _get_message(native: Native, doc_name: str, doctype: str, frequency: str, user: str) -> list[Any]:
	"""Return the mail to a follower, without records that they may not read (any more)."""
	if not linked_records.can_read(doctype, doc_name, user):
		return []
	message = list(native(doc_name, doctype, frequency, user))
	if message:
		disclosures.record_sent(doctype, doc_name, [disclosures.Receiver(user, user)])
	return message


def _get_version(native: Native, doctype: str, doc_name: str, frequency: str, user: str) -> list[Any]:
	return versions.filter_timeline(doctype, user, native(doctype, doc_name, frequency, user))


def _get_traceback(native: Native, *_args: Any, **_kwargs: Any) -> str:
	"""Return the traceback without the values of local variables, which are parts of records: Frappe keeps it in logs."""
	return str(native())


def _update_children(native: Native, doc: Document) -> None:
	child_rows.check_moved_rows(doc)
	native(doc)


def _get_insights_replacements() -> tuple[tuple[Any, str, Native], ...]:
	"""Return the replaced functions of Insights, none on a site without it."""
	return _find_in_insights() if is_installed("insights") else ()


@functools.cache
def _find_in_insights() -> tuple[tuple[Any, str, Native], ...]:
	modules = "insights.insights.doctype."
	return tuple(
		(functools.reduce(getattr, classes, import_module(modules + module)), name, replacement)
		for module, classes, name, replacement in IN_INSIGHTS
	)


# Functions that check the switch themselves, because this app's own DocTypes are always guarded
ALWAYS_ACTIVE: frozenset[Native] = frozenset(
	{
		child_rows.has_child_permission,
		_update_children,
		engine_checks.add_permission_conditions,
		engine_checks.double_percent_signs,
		_get_permission_query_conditions,
	}
)
# The query builder of Frappe 16's lists. That of Frappe 15 does not check permissions and makes no lists.
IN_QUERY_BUILDER: tuple[tuple[Any, str, Native], ...] = (
	(Engine, "apply_field_permissions", engine_checks.filter_selected),
	(Engine, "add_permission_conditions", engine_checks.add_permission_conditions),
	(LinkTableField, "apply_join", engine_checks.join_linked_table),
	(LinkTableField, "apply_select", engine_checks.select_linked_field),
	(getattr(frappe.database.query, "RawCriterion", None), "get_sql", engine_checks.double_percent_signs),
)
# the owner of the function, its name, its replacement
REPLACEMENTS: tuple[tuple[Any, str, Native], ...] = (
	(DatabaseQuery, "apply_fieldlevel_read_permissions", _apply_fieldlevel_read_permissions),
	(DatabaseQuery, "get_permission_query_conditions", _get_permission_query_conditions),
	(frappe.permissions, "has_child_permission", child_rows.has_child_permission),
	(Document, "update_children", _update_children),
	(DataExporter, "add_data_row", _add_exported_row),
	(TemplateExporter, "get_exportable_fields", _get_exportable_fields),
	(reportview, "update_wildcard_field_param", _update_wildcard_field_param),
	(reportview, "get_filters_cond", _get_filters_cond),
	(frappe.utils, "get_traceback", _get_traceback),
	(frappe.utils.data, "attach_expanded_links", _attach_expanded_links),
	(frappe.api.v1, "get_values_for_link_and_dynamic_link_fields", _expand_document),
	(document_follow, "get_message", _get_message),
	(document_follow, "get_version", _get_version),
	*(IN_QUERY_BUILDER if QUERY_BUILDER_CHECKS_PERMISSIONS else ()),
)
# the module, the class in it, the name of the function, its replacement
IN_INSIGHTS: tuple[tuple[str, tuple[str, ...], str, Native], ...] = (
	("insights_table_v3.insights_table_v3", (), "apply_user_permissions", insights_tables.limit_table),
	(
		"insights_data_source_v3.ibis_utils",
		("IbisQueryBuilder",),
		"apply_sql",
		insights_tables.apply_sql,
	),
	(
		"insights_data_source_v3.ibis_utils",
		("IbisQueryBuilder",),
		"apply_code",
		insights_tables.run_script,
	),
	(
		"insights_query_v3.insights_query_v3",
		("InsightsQueryv3",),
		"build",
		insights_tables.build_for_public,
	),
	("insights_alert.insights_alert", ("InsightsAlert",), "send_alert", insights_tables.send_alert),
	(
		"insights_query.insights_script_query",
		("InsightsScriptQueryController",),
		"fetch_results",
		insights_tables.run_script,
	),
	(
		"insights_data_source.sources.base_database",
		("BaseDatabase",),
		"validate_native_sql",
		insights_tables.validate_native_sql,
	),
)
