"""Stream long tables from the database: the rows are never all in memory.

A query report and a list of the report builder are one statement each. If Frappe would only pass the rows on,
they are read one by one while the file is written, on a separate connection. Otherwise Frappe itself runs the
report.
"""

import json
from collections.abc import Iterator
from typing import Any

import frappe
from frappe.core.doctype.report.report import Report
from frappe.desk import query_report
from frappe.utils import cstr
from frappe.utils.safe_exec import check_safe_sql_query

from orchestrator import compat
from orchestrator.api import reports
from orchestrator.insights.reports.content import report_table
from orchestrator.insights.reports.content.report_table import Table
from orchestrator.insights.reports.report_request import ReportRequest

QUERY = "Query Report"
BATCH_ROWS = 1000


def open_table_stream(report: Report, request: ReportRequest) -> Table | None:
	"""Return the table, if its rows can be streamed from the database."""
	if frappe.db.db_type != "mariadb" or frappe.conf.read_from_replica:
		return None
	if report.report_type == reports.REPORT_BUILDER:
		return _open_list(report, request)
	if report.report_type == QUERY:
		return _open_query(report, request)
	return None


def _open_query(report: Report, request: ReportRequest) -> Table | None:
	"""Return the table of a query report, unless Frappe adds a total or a column, translates, or removes
	rows.
	"""
	if report.add_total_row or report.get("custom_columns") or request.filters.get("translate_data"):
		return None
	query_report.validate_filters_permissions(report.name, request.filters)
	check_safe_sql_query(report.query)
	rows = StreamedRows(report.query, request.filters, report.name)
	columns = [
		query_report.get_column_as_dict(column) for column in report.get_columns() or rows.list_labels()
	]
	if _is_whole(columns):
		return _build_table(columns, rows)
	rows.close()
	return None


def _is_whole(columns: list[dict[str, Any]]) -> bool:
	"""Return True if no user permission of the caller removes rows with links to other records."""
	linked = {column["options"] for column in columns if column.get("fieldtype") == "Link"}
	try:
		return not query_report.get_user_match_filters(linked, user=frappe.session.user)
	except frappe.PermissionError:  # for a column of links; Frappe refuses the report if it contains any
		frappe.clear_last_message()
		return False


def _open_list(report: Report, request: ReportRequest) -> Table | None:
	"""Return the table of a list of the report builder, unless it is grouped or has a total."""
	description = json.loads(report.json or "{}")
	if description.get("group_by") or description.get("add_totals_row"):
		return None
	fields = report.get_standard_report_columns(description)
	order_by, _group_by, _arguments = report.get_standard_report_order_by(description)
	query = compat.get_list(
		report.ref_doctype,
		fields=[Report._format([doctype, fieldname]) for fieldname, doctype in fields],
		filters=[*(description.get("filters") or []), *request.filters],
		order_by=order_by,
		as_list=True,
		run=False,
	)
	columns = report.build_standard_report_columns(fields, None)
	return _build_table(columns, StreamedRows(query, None, report.name))


def _build_table(columns: list[Any], rows: "StreamedRows") -> Table:
	"""Return the table of streamed rows."""
	table = report_table.parse_result({"columns": columns})
	width = max((column.index for column in table.columns), default=0) + 1
	needed = max((column.currency.index for column in table.columns if column.currency), default=0) + 1
	short = (None,) * max(needed - width, 0)
	table.rows = (row + short for row in rows) if short else iter(rows)
	table.expected_rows, table.close = None, rows.close
	return table


class StreamedRows:
	"""The rows of one statement, read on demand over a connection that is closed after the last row."""

	def __init__(self, query: str, values: dict[str, Any] | None, report_name: str) -> None:
		self.connection = frappe.db.create_connection()
		self.cursor = compat.open_unbuffered_cursor(self.connection)
		try:
			self.cursor.execute(query, values)
		except compat.DatabaseError as error:
			self.close()
			reports.raise_report_error(report_name, error)

	def list_labels(self) -> list[str]:
		"""Return the names of the columns, which in a query also contain their types."""
		return [cstr(column[0]) for column in self.cursor.description]

	def __iter__(self) -> Iterator[tuple[Any, ...]]:
		"""Yield the rows, which the driver receives in batches."""
		while batch := self.cursor.fetchmany(BATCH_ROWS):
			yield from batch
		self.close()

	def close(self) -> None:
		"""Close the connection. A repetition does nothing."""
		if self.connection.open:
			self.cursor.close()
			self.connection.close()
