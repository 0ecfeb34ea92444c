"""Pages of records that match a list request and that the caller may read."""

from typing import Any

from frappe import _
from frappe.model.meta import Meta

from orchestrator.api import lists
from orchestrator.api.day_names import add_documented_names
from orchestrator.api.endpoint import Listing
from orchestrator.api.filters import parse_filters
from orchestrator.api.list_query import get_rows
from orchestrator.api.ordering import build_order
from orchestrator.exceptions import InvalidRequestError, refuse


def find_first_match(
	meta: Meta, filters: str | list | dict | None, parent: str | None = None
) -> str | int | None:
	"""Return the name of the first record that matches and that the caller may read."""
	if not filters:
		refuse(_("Missing parameter: name."), InvalidRequestError)
	conditions = parse_filters(meta, "filters", filters)
	names = get_rows(meta.name, filters=conditions, pluck="name", limit=1, parent_doctype=parent)
	return names[0] if names else None


def get_list_page(
	meta: Meta,
	*,
	fields: str | list | None,
	filters: list,
	or_filters: list,
	order_by: str | None,
	limit_start: str | int | None,
	limit_page_length: str | int | None,
	group_by: str | None = None,
	parent: str | None = None,
) -> Listing:
	"""Return a page of the records that match parsed filters and that the caller may read."""
	if meta.issingle:
		refuse(
			_("{0} has only one record. Read it with frappe.client.get.").format(meta.name),
			InvalidRequestError,
		)
	query = lists.parse_fields(meta, fields)
	start, length = lists.parse_page(limit_start, limit_page_length)
	groups = lists.parse_groups(meta, query, group_by)
	order = build_order(meta, query, order_by, groups)  # before `fields`: it may select further columns
	rows = get_rows(
		meta.name,
		fields=list(query.fields),
		filters=filters,
		or_filters=or_filters,
		group_by=groups,
		order_by=order,
		distinct=query.distinct,
		limit_start=start,
		limit_page_length=length,
		parent_doctype=parent,
	)
	return _build_listing(query, rows)


def _build_listing(query: lists.ListQuery, rows: list[dict[str, Any]]) -> Listing:
	"""Rows under the caller's names; `*` gives every column, and the aliases beside them."""
	if "*" in query.fields:
		unnamed = set(query.columns.values())
		rows = [
			add_documented_names(query.doctype, {key: row[key] for key in row if key not in unnamed})
			| query.build_row(row)
			for row in rows
		]
		return Listing(rows, list(rows[0]) if rows else [])
	return Listing([query.build_row(row) for row in rows], query.column_labels)
