"""Lists under the reader's permissions: which records of private DocTypes their rows come from.

The names are selected beside the columns asked for and taken out of the rows again, so that a list costs no further
statement. Statistics (counts, sums, groups by a category) tell of no single record.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.model.meta import Meta

from orchestrator.access.disclosures import get_recorder, is_recording, suspend_recording
from orchestrator.api.list_query import ContractQuery
from orchestrator.privacy.outside_replies import note_list
from orchestrator.privacy.references import REFERENCES, Reference

LABEL: Final = "orchestrator_disclosed_{0}"
STATE: Final = "orchestrator_tracking"
AGGREGATE: Final = re.compile(
	r"\b(count|sum|avg|min|max|group_concat|std\w*|var\w*|bit_\w+|json_\w*agg)\s*\(", re.IGNORECASE
)
STATISTIC: Final = re.compile(r"^\s*(count|sum|avg)\s*\(", re.IGNORECASE)
PLAIN: Final = re.compile(
	r"^\s*(?:`?(?P<table>tab[^`.]+)`?\.)?`?(?P<field>\w+)`?(?:\s+as\s+\S+)?\s*$", re.IGNORECASE
)
WORD: Final = re.compile(r"\w+")
# A group by text tells who is in it. A group by anything else, or by one of these, is a statistic.
TEXT_TYPES: Final = frozenset(
	{"Autocomplete", "Code", "Data", "Dynamic Link", "HTML Editor", "JSON", "Long Text", "Markdown Editor"}
	| {"Phone", "Read Only", "Small Text", "Text", "Text Editor"}
)
CATEGORY_FIELDS: Final = frozenset({"level_of_care", "program"})
IDENTIFYING_COLUMNS: Final = frozenset({"name", "parent"})


class TrackedColumn(NamedTuple):
	"""Columns that name a record: SQL of its name, and its DocType or the SQL of that."""

	name: str
	doctype: str = ""
	doctype_column: str = ""

	def list_columns(self) -> list[str]:
		"""Return the SQL of the columns."""
		return [self.name, self.doctype_column] if self.doctype_column else [self.name]


class Tracking(NamedTuple):
	"""What is tracked of one query: the columns, whether they stand in its rows, and the SQL without selected columns."""

	columns: tuple[TrackedColumn, ...]
	has_labels: bool
	has_names: bool
	reveals: bool
	source: str


def prepare_args(native: Any, query: DatabaseQuery) -> Any:
	"""Select the names of records beside the other columns."""
	args = native(query)
	is_tracked = _is_tracked(query)
	if is_tracked:
		note_list(query.doctype)
	columns = tuple(_find_columns(query)) if is_tracked and args.fields else ()
	if not columns:
		return args
	has_labels = not query.group_by and not _has_aggregate(query.fields) and _keeps_rows(query)
	where = f"where {args.conditions}" if args.conditions else ""
	reveals = has_labels or any(_reveals(query.doctype_meta, field) for field in _list_fields(query.fields))
	has_names = has_labels and _has_names(query, columns)
	query.__dict__[STATE] = Tracking(columns, has_labels, has_names, reveals, f"from {args.tables} {where}")
	if has_labels and not has_names:
		args.fields += ", " + select_labels(columns)
	return args


def build_and_run(native: Any, query: DatabaseQuery) -> Any:
	"""Run the query, take the names out of its rows, and record them."""
	rows = native(query)
	tracking: Tracking | None = query.__dict__.pop(STATE, None)
	recorder = get_recorder()
	if tracking is None or recorder is None:
		return rows
	if not tracking.has_labels:
		named = _select_names(tracking) if tracking.reveals and rows else []
		record_names(tracking.columns, named)
		return rows
	if tracking.has_names:
		named = [(row["name"],) for row in rows]
	else:
		rows, named = split_labels(rows, tracking.columns)
	if isinstance(query, ContractQuery) and query.keyset and query.limit_page_length:
		named = named[: query.limit_page_length - 1]  # the last row only tells that there are more
	record_names(tracking.columns, named)
	return rows


def select_labels(columns: Iterable[TrackedColumn]) -> str:
	"""Return the SQL that selects tracked columns under labels of their own."""
	parts = [part for column in columns for part in column.list_columns()]
	return ", ".join(f"{part} as `{LABEL.format(number)}`" for number, part in enumerate(parts))


def split_labels(rows: Any, columns: Sequence[TrackedColumn]) -> tuple[Any, list[tuple[Any, ...]]]:
	"""Return rows without the tracked columns, and the values of those."""
	count = sum(len(column.list_columns()) for column in columns)
	labels = [LABEL.format(number) for number in range(count)]
	if rows and isinstance(rows[0], dict):
		return rows, [tuple(row.pop(label) for label in labels) for row in rows]
	return type(rows)(row[:-count] for row in rows), [tuple(row[-count:]) for row in rows]


def record_names(columns: Sequence[TrackedColumn], named: Iterable[tuple[Any, ...]]) -> None:
	"""Record the records that rows come from. Values are those of `TrackedColumn.list_columns`, one after the other."""
	recorder = get_recorder()
	rows = list(named)
	if recorder is None or not rows:
		return
	position = 0
	for column in columns:
		if column.doctype:
			recorder.add(column.doctype, [row[position] for row in rows])
		else:
			for row in rows:
				recorder.add(str(row[position + 1]), [row[position]])
		position += len(column.list_columns())


def find_main_columns(meta: Meta, doctypes: frozenset[str], table: str) -> list[TrackedColumn]:
	"""Return the columns of a DocType's own table that name a private record."""
	if meta.name in doctypes:
		return [TrackedColumn(f"{table}.`name`", meta.name)]
	if meta.istable:
		return [TrackedColumn(f"{table}.`parent`", doctype_column=f"{table}.`parenttype`")]
	if reference := REFERENCES.get(meta.name):
		return [_build_reference_column(reference, table)]
	return []


def _build_reference_column(reference: Reference, table: str) -> TrackedColumn:
	name, doctype = (f"{table}.`{field}`" for field in (reference.name_field, reference.doctype_field))
	return TrackedColumn(name, doctype_column=doctype)


def _is_tracked(query: DatabaseQuery) -> bool:
	recorder = get_recorder()
	if recorder is None or not query.run or not is_recording():
		return False
	return recorder.ignores_permissions or not query.flags.ignore_permissions


def _find_columns(query: DatabaseQuery) -> list[TrackedColumn]:
	"""Return the columns that name private records: those of the main table, and of tables joined by a link."""
	recorder = get_recorder()
	doctypes = recorder.doctypes if recorder else frozenset()
	with suspend_recording():  # nobody gets metadata, and to load it takes queries that would come here again
		meta = query.doctype_meta
	columns = find_main_columns(meta, doctypes, f"`tab{query.doctype}`")
	linked = [
		TrackedColumn(f"{link.table_alias}.`name`", link.doctype)
		for link in query.link_tables
		if link.doctype in doctypes
	]
	return columns + linked


def _list_fields(fields: Any) -> list[str]:
	return [field for field in fields if isinstance(field, str)]


def _has_aggregate(fields: Any) -> bool:
	return any(AGGREGATE.search(field) for field in _list_fields(fields))


def _keeps_rows(query: DatabaseQuery) -> bool:
	"""Return True where a further column does not make further rows of a distinct query."""
	fields = _list_fields(query.fields)
	if not query.distinct and not any("distinct" in field.lower() for field in fields):
		return True
	return any(_is_name(query.doctype, field) for field in fields)


def _has_names(query: DatabaseQuery, columns: Sequence[TrackedColumn]) -> bool:
	"""Return True where the rows have the names of the records already, under that key."""
	if query.as_list or len(columns) > 1 or not columns[0].doctype or columns[0].doctype != query.doctype:
		return False
	if query.link_tables or len(query.tables) > 1:
		return False
	names = {"name", "*", "`name`", f"`tab{query.doctype}`.`name`", f"`tab{query.doctype}`.*"}
	return not names.isdisjoint(_list_fields(query.fields))


def _is_name(doctype: str, field: str) -> bool:
	if field.strip() in ("*", f"`tab{doctype}`.*"):
		return True
	match = PLAIN.match(field)
	return bool(match and match["field"] == "name" and match["table"] in (None, f"tab{doctype}"))


def _reveals(meta: Meta, field: str) -> bool:
	"""Return True for a column of a grouped or distinct list that tells of single records."""
	if STATISTIC.match(field):
		return False
	return "*" in field or any(is_revealing(meta, word) for word in WORD.findall(field))


def is_revealing(meta: Meta, fieldname: str) -> bool:
	"""Return True for a field whose values tell who a record is about; False for a category, a number or a date."""
	field = meta.get_field(fieldname)
	if field is None:
		return fieldname in IDENTIFYING_COLUMNS
	if field.fieldtype == "Link":
		recorder = get_recorder()
		return bool(recorder and field.options in recorder.doctypes)
	return field.fieldtype in TEXT_TYPES and fieldname not in CATEGORY_FIELDS


def _select_names(tracking: Tracking) -> list[tuple[Any, ...]]:
	return list(
		frappe.db.sql(
			f"select distinct {select_labels(tracking.columns)} {tracking.source}"
		)  # Frappe's own SQL
	)
