"""Pages of a change feed: the changes after a token, with the fields of the records as they are now."""

from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.access.field_levels import get_unreadable_fields
from orchestrator.access.key_scope import get_scope
from orchestrator.api import lists
from orchestrator.api.changes.differences import quote
from orchestrator.api.changes.feeds import Feed, open_feed
from orchestrator.api.changes.refresh import MAX_DIFFERENCES, SCAN_LENGTH, refresh_feed, scan_further
from orchestrator.api.changes.shapes import Change, Changes
from orchestrator.api.changes.tokens import (
	ChangeToken,
	compute_digest,
	encrypt_token,
	parse_token,
	refuse_expired,
)
from orchestrator.api.columns import list_columns, refuse_name
from orchestrator.api.day_names import add_documented_names
from orchestrator.api.list_query import get_rows
from orchestrator.doctypes import CHANGE_FEED_RECORD
from orchestrator.exceptions import InvalidRequestError, refuse


def check_kind(meta: Meta) -> None:
	"""Refuse (400) DocTypes whose records have no changes of their own."""
	if meta.istable:
		refuse(
			_("{0} is a child table. Get the changes of its parent.").format(meta.name), InvalidRequestError
		)
	if meta.issingle or meta.get("is_virtual"):
		refuse(
			_("{0} has no table. Read it with frappe.client.get.").format(meta.name),
			InvalidRequestError,
		)


def parse_fields(meta: Meta, fields: Any) -> lists.ListQuery:
	"""Return the columns asked for, which must be those of the record itself: changes of other records are not seen."""
	query = lists.parse_fields(meta, fields)
	if query.functions or query.distinct:
		refuse(_("fields must be fields of {0}, without functions.").format(meta.name), InvalidRequestError)
	for column in query.columns:
		if "." in column:
			refuse_name(meta, "fields", column)
	return query


def get_page(meta: Meta, query: lists.ListQuery, token: str | None, length: int) -> Changes:
	"""Return the changes after a token, or the first records without one."""
	scope = get_scope()
	feed = open_feed(meta.name, frappe.session.user, scope.key if scope else "")
	start = _build_start(meta, query, feed)
	place = parse_token(token, start) if token else start
	if token and not place.is_latest and place.position < feed.oldest_position:
		refuse_expired()
	has_more = refresh_feed(feed) if feed.is_current else True
	if place.is_latest:
		rows, place = [], _skip_known(feed, place, has_more)
		has_more = place.is_latest
	else:
		rows = _list_further(feed, place, length + 1)
	if feed.is_current:
		feed.update()
	page = rows[:length]
	if page:
		place = replace(place, position=page[-1].position, name=page[-1].docname)
	return {
		"changes": _build_changes(meta, query, page),
		"token": encrypt_token(place),
		"has_more": len(rows) > length or not feed.is_complete or has_more,
	}


def _skip_known(feed: Feed, place: ChangeToken, has_more: bool) -> ChangeToken:
	"""Return the place behind all that the feed has, and `place` as it is while the feed does not have all records."""
	if feed.is_current and not feed.is_complete:
		scan_further(feed, MAX_DIFFERENCES)
	if has_more or not (feed.is_current and feed.is_complete):
		return place
	return replace(place, is_latest=False, position=feed.position + 1)


def _list_further(feed: Feed, place: ChangeToken, limit: int) -> list[frappe._dict]:
	"""Return the records of a feed after a place, with further ones of the DocType where the feed has too few."""
	rows = _list_records(feed, place, limit)
	if len(rows) >= limit or not feed.is_current or feed.is_complete:
		return rows
	scan_further(feed, SCAN_LENGTH)
	return _list_records(feed, place, limit)


def _build_start(meta: Meta, query: lists.ListQuery, feed: Feed) -> ChangeToken:
	"""Return the token of a call that has no changes yet."""
	columns = sorted(list_columns(meta.name)) if "*" in query.fields else []
	return ChangeToken(
		feed=feed.name,
		user=feed.user,
		doctype=meta.name,
		fields=compute_digest([query.fields, query.labels]),
		columns=compute_digest([columns, sorted(get_unreadable_fields(meta.name))]),
	)


def _list_records(feed: Feed, place: ChangeToken, limit: int) -> list[frappe._dict]:
	"""Return the records of a feed after a place, without those that came after it and have gone again."""
	position, name = int(place.position), quote(place.name)
	return frappe.db.sql(
		f"""select docname, status, position, previous_name,
			(since > {position} or (since = {position} and docname > {name})) as is_new
		from `tab{CHANGE_FEED_RECORD}`
		where feed = {quote(feed.name)} and (position > {position} or (position = {position} and docname > {name}))
			and (status = 'Present' or first_position < {position}
				or (first_position = {position} and docname <= {name}))
		order by position, docname limit {limit}""",  # noqa: S608
		as_dict=True,
	)


def _build_changes(meta: Meta, query: lists.ListQuery, page: list[frappe._dict]) -> list[Change]:
	records = _get_records(meta, query, [row.docname for row in page if row.status == "Present"])
	renamed = {row.previous_name for row in page if row.docname in records}
	return [
		_build_change(meta, row, records)
		for row in page
		if row.docname in records or (row.status != "Present" and row.docname not in renamed)
	]


def _build_change(meta: Meta, row: frappe._dict, records: dict[str, dict[str, Any]]) -> Change:
	if row.status != "Present":
		kind = row.status.lower()
	elif row.previous_name:
		kind = "renamed"
	else:
		kind = "created" if row.is_new else "changed"
	return {
		"change": kind,
		"name": _parse_name(meta, row.docname),
		"previous_name": _parse_name(meta, row.previous_name) if row.previous_name else None,
		"record": records.get(row.docname),
	}


def _get_records(meta: Meta, query: lists.ListQuery, names: list[str]) -> dict[str, dict[str, Any]]:
	"""Return the fields of records by their names, under the caller's permissions as they are now."""
	if not names:
		return {}
	rows = get_rows(
		meta.name,
		fields=[*query.fields, f"`tab{meta.name}`.`name` as name_in_feed"],
		filters=[[meta.name, "name", "in", names]],
		order_by="",
		limit_page_length=len(names),
	)
	return {str(row.pop("name_in_feed")): _build_record(query, row) for row in rows}


def _build_record(query: lists.ListQuery, row: dict[str, Any]) -> dict[str, Any]:
	if "*" not in query.fields:
		return query.build_row(row)
	unnamed = set(query.columns.values())
	named = {key: row[key] for key in row if key not in unnamed}
	return add_documented_names(query.doctype, named) | query.build_row(row)


def _parse_name(meta: Meta, docname: str) -> str | int:
	return int(docname) if meta.autoname == "autoincrement" else docname
