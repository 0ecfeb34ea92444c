"""Tables of the site's own database in Insights, restricted to the rows and columns that the reader may read.

Insights checks permissions on rows in some places, and on fields nowhere. `platform_patches` lists the
functions that these replace; each gets the original function as its first argument.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import frappe
from frappe import _

from orchestrator.access.arguments import Arguments, find_names
from orchestrator.access.checks import check_doctype, check_whole_list
from orchestrator.access.field_levels import get_unreadable_fields
from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.record_conditions import build_read_condition
from orchestrator.configuration import is_platform_guarded
from orchestrator.exceptions import refuse

Native = Callable[..., Any]
PREFIX = "tab"
SITE_DATABASE = "is_site_db"
PUBLIC_FLAG = "insights_for_public_access"


def check_preview(arguments: Arguments) -> None:
	"""Check a table that Insights shows or counts without any permission check: all of it must be readable.

	Raises:
		PermissionError: The table holds rows or columns that the caller may not read (403).
	"""
	for source in find_names(arguments, "data_source"):
		if _is_site_database(source):
			for path in ("table_name", "table"):
				for table in find_names(arguments, path):
					_check_whole_table(table)


def _check_whole_table(table: str) -> None:
	"""Raise PermissionError (403) unless the caller may read each row and column of a table."""
	if is_unlimited(frappe.session.user):
		return
	doctype = _get_doctype(table)
	if frappe.get_meta(doctype).istable:
		if not _list_open_parents(doctype):
			refuse(
				_("You do not have permission to read the table {0}.").format(table), frappe.PermissionError
			)
		return
	check_whole_list(doctype, [])
	_check_columns(doctype)


def limit_table(native: Native, table: Any, data_source: str, table_name: str) -> Any:
	"""Return a table in the query builder with the rows and columns that the caller may read."""
	if not (is_platform_guarded() and _is_site_database(data_source)):
		return native(table, data_source, table_name)
	if is_unlimited(frappe.session.user):
		return table
	if not frappe.db.get_single_value("Insights Settings", "apply_user_permissions"):
		refuse(_("Switch on Apply User Permissions in Insights Settings first."), frappe.PermissionError)
	if table_name == "tabSingles":
		return native(table, data_source, table_name)
	doctype = _get_doctype(table_name)
	if frappe.get_meta(doctype).istable:
		return table.filter(table.parenttype.isin(_list_open_parents(doctype) or [""]))
	limited = _limit_rows(table, doctype)
	hidden = get_unreadable_fields(doctype)
	return limited.drop(*[name for name in limited.columns if name.lower() in hidden])


def _limit_rows(table: Any, doctype: str) -> Any:
	"""Return the rows that a list of Frappe shows to the caller."""
	import ibis

	conditions = build_read_condition(doctype, frappe.session.user)
	if conditions is None:
		return table.filter(ibis.literal(False))
	if not conditions:
		return table
	if table.get_backend().name == "mysql":
		names = table.get_backend().sql(f"select `name` from `tab{doctype}` where {conditions}")  # noqa: S608  # Frappe's own conditions
	else:
		readable = frappe.get_list(doctype, pluck="name", limit_page_length=0)
		names = ibis.memtable({"name": [str(name) for name in readable] or [""]})
	return table.semi_join(names, "name")


def build_for_public(
	native: Native,
	query: Any,
	active_operation_idx: int | None = None,
	use_live_connection: bool | None = None,
) -> Any:
	"""Build a query of a public dashboard with the permissions of the user who changed it last."""
	if not (frappe.flags.get(PUBLIC_FLAG) and is_platform_guarded()):
		return native(query, active_operation_idx, use_live_connection)
	frappe.flags[PUBLIC_FLAG] = False
	try:
		with _run_as_user(_get_author(query)):
			return native(query, active_operation_idx, use_live_connection)
	finally:
		frappe.flags[PUBLIC_FLAG] = True


def send_alert(native: Native, alert: Any, force: bool = False) -> Any:
	"""Send an alert with the permissions of the user who changed it last, also from the scheduler."""
	if frappe.session.user != "Administrator" or not is_platform_guarded():
		return native(alert, force)
	with _run_as_user(_get_author(alert)):
		return native(alert, force)


def apply_sql(native: Native, builder: Any, operation: Any) -> Any:
	"""Check the SQL of a query, and run the checked SQL."""
	if is_platform_guarded() and _is_site_database(operation.data_source):
		operation = frappe._dict(operation)
		operation.raw_sql = _check_sql(operation.raw_sql, whole=False)
	return native(builder, operation)


def validate_native_sql(native: Native, database: Any, query: Any) -> Any:
	"""Check the final SQL of a query of Insights 2, which checks no permission at all."""
	if is_platform_guarded() and _is_site_database(database.data_source):
		_check_sql(str(query), whole=True)
	return native(database, query)


def run_script(native: Native, *args: Any, **kwargs: Any) -> Any:
	"""Run a script in Insights if the caller may write server scripts: it reads without permissions."""
	if is_platform_guarded():
		check_doctype("Server Script", "write")
	return native(*args, **kwargs)


def _check_sql(sql: str, whole: bool) -> str:
	"""Check that each table in a query is one that the caller may read.

	Args:
		sql: One SELECT in the dialect of MariaDB.
		whole: True if nothing limits the rows afterwards.

	Returns:
		The same query without comments.

	Raises:
		PermissionError: A table has rows or columns that the caller may not read, or is not of this site (403).
	"""
	import sqlglot

	if is_unlimited(frappe.session.user):
		return sql
	statements = sqlglot.parse(sql, dialect="mysql")
	if len(statements) != 1 or statements[0] is None or "/*!" in sql or "/*M!" in sql.upper():
		refuse(_("Only one SELECT without conditional comments can be run."), frappe.PermissionError)
	for name in _list_tables(statements[0]):
		if whole:
			_check_whole_table(name)
		else:
			_check_limited_table(name)
	return str(statements[0].sql(dialect="mysql", comments=False))


def _list_tables(statement: Any) -> list[str]:
	"""Return the tables that a query reads, without the names that it gives to parts of itself."""
	from sqlglot import exp

	if not isinstance(statement, exp.Query) or statement.find(exp.Into, exp.Command):
		refuse(_("Only a SELECT can be run."), frappe.PermissionError)
	aliases = {cte.alias for cte in statement.find_all(exp.CTE)}
	tables = list(statement.find_all(exp.Table))
	if any(alias.lower().startswith((PREFIX, "_")) for alias in aliases):
		refuse(_("A part of the query has the name of a table. Rename it."), frappe.PermissionError)
	if any(table.db or table.catalog or not table.name for table in tables):
		refuse(_("Name tables without the database."), frappe.PermissionError)
	return sorted({table.name for table in tables} - aliases)


def _check_limited_table(name: str) -> None:
	"""Check a table whose rows Insights restricts itself: its columns must be readable."""
	doctype = _get_doctype(name)
	if frappe.get_meta(doctype).istable:
		return
	check_doctype(doctype)
	_check_columns(doctype)


def _check_columns(doctype: str) -> None:
	if hidden := get_unreadable_fields(doctype):
		refuse(
			_("You may not read these fields of {0}: {1}. Use the query builder.").format(
				_(doctype), ", ".join(sorted(hidden))
			),
			frappe.PermissionError,
		)


def _get_doctype(table: str) -> str:
	"""Return the DocType of a table. PermissionError for any other table, such as that of passwords."""
	doctype = table.removeprefix(PREFIX)
	if not table.startswith(PREFIX) or not frappe.db.exists("DocType", doctype, cache=True):
		refuse(_("You do not have permission to read the table {0}.").format(table), frappe.PermissionError)
	return doctype


def _list_open_parents(child: str) -> list[str]:
	"""Return the parent DocTypes of which the caller may read all rows of a child table, with all columns."""
	from insights.insights.doctype.insights_table_v3.insights_table_v3 import get_parents

	return [
		parent
		for parent in get_parents(child)
		if frappe.has_permission(parent, "read")
		and not build_read_condition(parent, frappe.session.user)
		and not get_unreadable_fields(parent)
		and not get_unreadable_fields(child, parent)
	]


def _is_site_database(source: str) -> bool:
	return any(
		frappe.db.get_value(doctype, source, SITE_DATABASE)
		for doctype in ("Insights Data Source v3", "Insights Data Source")
	)


def _get_author(doc: Any) -> str:
	"""Return the user who changed a record last. Administrator does not count, because patches run as this
	user.
	"""
	author = frappe.db.get_value(doc.doctype, doc.name, ["modified_by", "owner"], as_dict=True)
	return str(author.owner if author.modified_by == "Administrator" else author.modified_by)


@contextmanager
def _run_as_user(user: str) -> Iterator[None]:
	"""Use the permissions of another user. The request and the session are not changed."""
	before = frappe.session.user
	_switch_user(user)
	try:
		yield
	finally:
		_switch_user(before)


def _switch_user(user: str) -> None:
	frappe.session.user = user
	frappe.local.user_perms = None
	frappe.local.role_permissions = {}
