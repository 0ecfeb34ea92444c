"""A snapshot of the whole database, for comparison with another."""

import json
from collections import Counter
from dataclasses import dataclass

import frappe

# Tables of Frappe's own bookkeeping: their rows are created again with other names and times. Compared
# without those.
BOOKKEEPING = {
	"tabDefaultValue",  # `installed_apps`
	"tabInstalled Application",
	"tabPortal Menu Item",
	"tabScheduled Job Type",
	"tabSingles",
}
LOGS = {
	"tabDeleted Document",
	"tabError Log",
	"tabPermission Log",
	"tabScheduled Job Log",
}  # they always grow


@dataclass
class Snapshot:
	"""The schema, a checksum per table, and the rows of Frappe's own tables."""

	columns: set[tuple]
	indexes: set[tuple]
	tables: dict[str, int]
	bookkeeping: dict[str, list[str]]


def capture_site() -> Snapshot:
	frappe.db.rollback()
	names = {row[0] for row in frappe.db.sql("show tables")}
	return Snapshot(
		columns=list_columns(),
		indexes=_query_schema("statistics", "table_name, index_name, seq_in_index, column_name"),
		tables={name: frappe.db.sql(f"checksum table `{name}`")[0][1] for name in names - BOOKKEEPING - LOGS},
		bookkeeping={name: list_rows(name) for name in BOOKKEEPING},
	)


def list_columns() -> set[tuple]:
	return _query_schema("columns", "table_name, column_name, column_type, is_nullable, column_default")


def list_rows(table: str) -> list[str]:
	"""Return the rows of a table without their names and times."""
	stored = frappe.db.sql(f"select * from `{table}`", as_dict=True)  # noqa: S608
	return sorted(
		json.dumps({key: row[key] for key in row if key not in ("name", "creation", "modified")}, default=str)
		for row in stored
		if row.get("field") not in ("modified", "creation")
	)


def find_changed_tables(one: Snapshot, other: Snapshot) -> list[str]:
	"""Return the tables whose rows differ."""
	return sorted(name for name in one.tables if one.tables[name] != other.tables.get(name))


def list_changed_bookkeeping(one: Snapshot, other: Snapshot) -> list[str]:
	"""Return the rows of Frappe's own tables that only one of both has, each as often as it is more."""
	rows = [Counter(row for found in state.bookkeeping.values() for row in found) for state in (one, other)]
	return sorted([*(rows[0] - rows[1]).elements(), *(rows[1] - rows[0]).elements()])


def find_unchanged_tables(one: Snapshot, other: Snapshot) -> set[str]:
	"""Return the tables of both that have the same rows, columns and indexes, as far as these are compared."""
	schema = {row[0] for row in (one.columns ^ other.columns) | (one.indexes ^ other.indexes)}
	return set(one.tables).intersection(other.tables) - set(find_changed_tables(one, other)) - schema


def _query_schema(view: str, what: str) -> set[tuple]:
	return set(
		frappe.db.sql(f"select {what} from information_schema.{view} where table_schema=database()")  # noqa: S608
	)
