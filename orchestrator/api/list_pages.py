"""Pages of records that match a list request and that the caller may read."""

from dataclasses import dataclass, replace
from typing import Any

from frappe import _
from frappe.model.meta import Meta

from orchestrator.api import lists
from orchestrator.api.cursors import encrypt_cursor, parse_cursor
from orchestrator.api.day_names import add_documented_names
from orchestrator.api.endpoint import Listing
from orchestrator.api.expansion import NAME_LABEL, Expansion, build_name_column
from orchestrator.api.filters import parse_filters
from orchestrator.api.keyset_order import build_keyset
from orchestrator.api.list_query import NO_COLUMNS, get_rows
from orchestrator.api.ordering import build_order
from orchestrator.api.replay_permissions import is_recording, record_listed
from orchestrator.exceptions import InvalidRequestError, refuse


@dataclass(frozen=True, kw_only=True)
class ListRequest:
	"""A list request as the caller sent it, with filters as `_parse_filters` gave them.

	`cursor` asks for keyset paging, None for an offset. `sent_filters` are those to which its cursors are bound.
	"""

	meta: Meta
	fields: str | list | None
	filters: list
	or_filters: list
	order_by: str | None
	limit_start: str | int | None
	limit_page_length: str | int | None
	group_by: str | None = None
	parent: str | None = None
	expansion: Expansion | None = None
	cursor: str | None = None
	sent_filters: Any = None
	with_total: bool = False


def find_first_match(
	meta: Meta, filters: str | list | dict | None, parent: str | None = None
) -> str | int | None:
	"""Return the name of the first record that matches and that the caller may read."""
	if not filters:
		refuse(_("Missing parameter: name."), InvalidRequestError)
	conditions = parse_filters(meta, "filters", filters)
	names = get_rows(meta.name, filters=conditions, pluck="name", limit=1, parent_doctype=parent)
	return names[0] if names else None


def get_list_page(request: ListRequest) -> Listing:
	"""Return a page of the records that fit and that the caller may read."""
	meta = request.meta
	if meta.issingle:
		refuse(
			_("{0} has only one record. Read it with frappe.client.get.").format(meta.name),
			InvalidRequestError,
		)
	query = lists.parse_fields(meta, request.fields)
	_check_rows_are_records(request, query)
	get_page = _get_offset_page if request.cursor is None else _get_cursor_page
	listing = get_page(request, query)
	if request.with_total:
		listing.page["total"] = lists.count_rows(meta, request.filters, request.or_filters, request.parent)
	return listing


def _check_rows_are_records(request: ListRequest, query: lists.ListQuery) -> None:
	"""Refuse (400) the parameters that need a row for each record, where the rows are others."""
	needs_records = {
		"cursor": request.cursor is not None,
		"expand": request.expansion is not None and bool(request.expansion.tables),
		"with_total": request.with_total,
	}
	for parameter, is_sent in needs_records.items():
		if is_sent:
			lists.require_records(request.meta, query, request.group_by, parameter)


def _get_offset_page(request: ListRequest, query: lists.ListQuery) -> Listing:
	"""Return the page at `limit_start`."""
	meta = request.meta
	start, length = lists.parse_page(request.limit_start, request.limit_page_length)
	groups = lists.parse_groups(meta, query, request.group_by)
	# before `fields`: it may select further columns
	order = build_order(meta, query, request.order_by, groups)
	rows = _get_rows(
		request,
		query,
		group_by=groups,
		order_by=", ".join(order),
		distinct=query.distinct,
		limit_start=start,
		limit_page_length=length,
	)
	return _build_listing(request, query, rows)


def _get_cursor_page(request: ListRequest, query: lists.ListQuery) -> Listing:
	"""Return the page behind a cursor. Without `order_by`, records are ordered by name, which does not change."""
	meta = request.meta
	if request.limit_start not in (None, ""):
		refuse(_("Send either cursor or limit_start, not both."), InvalidRequestError)
	_start, length = lists.parse_page(None, request.limit_page_length)
	order = build_order(meta, query, request.order_by, None, by_name=True)
	keyset = build_keyset(meta, query, order)
	scope = [meta.name, request.parent, request.sent_filters, keyset.describe()]
	rows = _get_rows(
		request,
		query,
		keyset=replace(keyset, values=parse_cursor(str(request.cursor), scope)),
		order_by=", ".join(order),
		distinct=_joins_child_table(request),
		limit_page_length=length + 1,
	)
	values = [keyset.pop_values(row) for row in rows]
	has_more = len(rows) > length
	listing = _build_listing(request, query, rows[:length])
	listing.page["next_cursor"] = encrypt_cursor(values[length - 1], scope) if has_more else None
	listing.page["has_more"] = has_more
	return listing


def _joins_child_table(request: ListRequest) -> bool:
	"""Return True where a filter joins a child table, so that a record has a row for each row of it that fits."""
	return any(
		doctype != request.meta.name for doctype, *_condition in (*request.filters, *request.or_filters)
	)


def _get_rows(request: ListRequest, query: lists.ListQuery, **page: Any) -> list[dict[str, Any]]:
	"""Return the rows of a page, each with its record's name under NAME_LABEL where that is needed."""
	hidden_columns = request.expansion.hidden_columns if request.expansion else NO_COLUMNS
	if is_recording() and not (
		request.group_by or query.distinct or query.functions or request.meta.get("is_virtual")
	):
		hidden_columns = build_name_column(request.meta.name)
	return get_rows(
		request.meta.name,
		hidden_columns=hidden_columns,
		fields=list(query.fields),
		filters=request.filters,
		or_filters=request.or_filters,
		parent_doctype=request.parent,
		**page,
	)


def _build_listing(request: ListRequest, query: lists.ListQuery, rows: list[dict[str, Any]]) -> Listing:
	"""Return rows under the caller's names, with the records and rows that they are expanded by."""
	names = [row.pop(NAME_LABEL, None) for row in rows]
	record_listed(request.meta.name, names)
	listing = _label_columns(query, rows)
	return request.expansion.expand_list(listing, names) if request.expansion else listing


def _label_columns(query: lists.ListQuery, rows: list[dict[str, Any]]) -> Listing:
	"""Return rows under the caller's names; `*` gives every column, and the aliases beside them."""
	if "*" in query.fields:
		unnamed = set(query.columns.values())
		rows = [
			add_documented_names(query.doctype, {key: row[key] for key in row if key not in unnamed})
			| query.build_row(row)
			for row in rows
		]
		return Listing(rows, list(rows[0]) if rows else [])
	return Listing([query.build_row(row) for row in rows], query.column_labels)
