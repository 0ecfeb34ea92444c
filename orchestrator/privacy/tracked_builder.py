"""The same as tracked_queries.py for the lists that Frappe 16 makes by its query builder."""

from copy import copy
from typing import Any, Final

from pypika.functions import Avg, Count, Sum
from pypika.terms import Field, LiteralValue

import frappe

from orchestrator.access.disclosures import get_recorder, is_recording, suspend_recording
from orchestrator.privacy.outside_replies import note_list
from orchestrator.privacy.tracked_queries import (
	LABEL,
	TrackedColumn,
	find_main_columns,
	is_revealing,
	record_names,
	split_labels,
)

STATE: Final = "_orchestrator_tracked"
TABLE_PREFIX: Final = "tab"
_classes: dict[type, type] = {}


def get_query(native: Any, engine: Any, *args: Any, **kwargs: Any) -> Any:
	"""Return a query that records the records it reads when it is run. As a part of another query it stays as it is."""
	query = native(engine, *args, **kwargs)
	recorder = get_recorder()
	if recorder is None or not is_recording() or not getattr(query, "_selects", None):
		return query
	if not (engine.apply_permissions or recorder.ignores_permissions) or not query._from:
		return query
	note_list(engine.doctype)
	columns = _find_columns(query, engine.doctype, recorder.doctypes)
	if columns:
		setattr(query, STATE, columns)
		query.__class__ = _get_tracked_class(type(query))
	return query


def _get_tracked_class(native: type) -> type:
	if native not in _classes:
		_classes[native] = type(f"Tracked{native.__name__}", (_TrackedQuery, native), {})
	return _classes[native]


class _TrackedQuery:
	"""Mixin of a query builder that tracks the records of its rows."""

	def run(self: Any, *args: Any, **kwargs: Any) -> Any:
		columns: tuple[TrackedColumn, ...] = getattr(self, STATE)
		if not is_recording() or not _keeps_rows(self) or kwargs.get("as_iterator"):
			if is_recording() and _reveals(self):
				record_names(columns, _select_names(self, columns))
			return super().run(*args, **kwargs)  # type: ignore[misc]
		pluck = kwargs.pop("pluck", None)
		labelled = _add_labels(self, columns)
		rows = super(_TrackedQuery, labelled).run(*args, **kwargs)  # type: ignore[misc]
		rows, named = split_labels(rows, columns)
		record_names(columns, named)
		if not pluck:
			return rows
		return [_pluck(row, pluck) for row in rows]


def _pluck(row: Any, column: Any) -> Any:
	if isinstance(row, dict):
		return row[column] if isinstance(column, str) else next(iter(row.values()))
	return row[0]


def _find_columns(query: Any, doctype: str, doctypes: frozenset[str]) -> tuple[TrackedColumn, ...]:
	with suspend_recording():  # nobody gets metadata, and to load it takes queries that would come here again
		meta = frappe.get_meta(doctype)
	columns = find_main_columns(meta, doctypes, _quote(query._from[0]))
	for join in query._joins:
		name = str(getattr(join.item, "_table_name", "")).removeprefix(TABLE_PREFIX)
		if name in doctypes:
			columns.append(TrackedColumn(f"{_quote(join.item)}.`name`", name))
	return tuple(columns)


def _quote(table: Any) -> str:
	return f"`{table.alias or table._table_name}`"


def _add_labels(query: Any, columns: tuple[TrackedColumn, ...]) -> Any:
	parts = [part for column in columns for part in column.list_columns()]
	return query.select(*(LiteralValue(part, LABEL.format(number)) for number, part in enumerate(parts)))


def _keeps_rows(query: Any) -> bool:
	"""Return True where each row is one of the main table, so that further columns change nothing."""
	if query._groupbys or any(term.is_aggregate for term in query._selects):
		return False
	return not query._distinct or any(_is_name(query, term) for term in query._selects)


def _is_name(query: Any, term: Any) -> bool:
	return isinstance(term, Field) and term.name in ("name", "*") and term.table in (None, query._from[0])


def _reveals(query: Any) -> bool:
	meta = frappe.get_meta(query._doctype)
	return any(
		is_revealing(meta, field.name)
		for term in query._selects
		if not isinstance(term, Count | Sum | Avg)
		for field in term.find_(Field)
	)


def _select_names(query: Any, columns: tuple[TrackedColumn, ...]) -> Any:
	"""Return the names of the records that a grouped query reads."""
	plain = copy(query)
	plain._selects, plain._groupbys, plain._orderbys = [], [], []
	plain._limit = plain._offset = plain._havings = None
	return super(_TrackedQuery, _add_labels(plain.distinct(), columns)).run()
