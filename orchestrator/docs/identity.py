"""The identity of documents and folders: their titles in NFC, compared byte by byte.

MariaDB's collation treats Résumé and Resume, Straße and Strasse, は and ぱ and any two emoji as equal. So the
columns that identify a record have a binary collation. Titles keep the usual collation, so that searches
ignore case; beside each title, a column holds its key.
"""

from typing import NamedTuple

import frappe

from orchestrator.doctypes import DOCUMENT, DOCUMENT_FOLDER, DOCUMENT_FOLDER_ACCESS

COLLATION = "utf8mb4_bin"


class Columns(NamedTuple):
	"""Columns of a DocType's table."""

	doctype: str
	names: tuple[str, ...]


BINARY_COLUMNS = (
	Columns(DOCUMENT, ("document_folder", "title_key")),
	Columns(DOCUMENT_FOLDER, ("name", "parent_document_folder", "old_parent", "title_key")),
	Columns(DOCUMENT_FOLDER_ACCESS, ("parent",)),
)


def update_collations() -> None:
	"""Set the collation of columns that Frappe has created with another one."""
	for columns in BINARY_COLUMNS:
		if definitions := _find_wrong(columns):
			frappe.db.sql_ddl(f"ALTER TABLE `tab{columns.doctype}` {', '.join(definitions)}")


def list_wrong_collations() -> list[str]:
	"""Return the tables with a column that has another collation."""
	return [f"collation of {columns.doctype}" for columns in BINARY_COLUMNS if _find_wrong(columns)]


def _find_wrong(columns: Columns) -> list[str]:
	"""Return the clauses that change only the collation of columns with another one."""
	rows = frappe.db.sql(
		"""
		SELECT column_name AS name, column_type AS type, is_nullable AS nullable FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name = %s AND column_name IN %s AND collation_name != %s
		""",
		(f"tab{columns.doctype}", columns.names, COLLATION),
		as_dict=True,
	)
	return [
		f"MODIFY `{row.name}` {row.type} COLLATE {COLLATION} {'NULL' if row.nullable == 'YES' else 'NOT NULL'}"
		for row in rows
	]


def replace_unique(doctype: str, former: str, columns: list[str]) -> None:
	"""Create the unique index over `columns` in place of the one named `former`, which contained the title
	itself.
	"""
	frappe.db.add_unique(doctype, columns, constraint_name=f"{former}_exactly")
	if frappe.db.has_index(f"tab{doctype}", former):
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP INDEX `{former}`")
