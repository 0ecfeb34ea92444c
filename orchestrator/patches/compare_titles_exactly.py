"""Give documents and folders of an earlier version their exact identity: names in NFC, keys of titles, a
binary collation. The former collation treated more titles as equal, so that none can clash under the new one.
"""

import frappe
from frappe.model.rename_doc import rename_doc

from orchestrator.docs import identity
from orchestrator.file_names import normalize_name

# DocType -> the field within which its titles are unique
SCOPES = {"Document Folder": "parent_document_folder", "Document": "document_folder"}
MAX_TITLE = 140


def execute() -> None:
	identity.update_collations()
	_normalize_folder_names()
	for doctype, scope in SCOPES.items():
		_fill_keys(doctype, scope)
	_rebuild_paths()


def _normalize_folder_names() -> None:
	"""Rename the folders whose names are not in NFC, with everything that refers to them."""
	for name in frappe.get_all("Document Folder", pluck="name", limit=0):
		normalized = normalize_name(name)
		if normalized != name and not frappe.db.exists("Document Folder", normalized):
			rename_doc(
				"Document Folder",
				name,
				normalized,
				force=True,
				show_alert=False,
				rebuild_search=False,
				validate=False,
			)
			frappe.db.set_value(
				"Document Audit Entry",
				{"document_folder": name},
				"document_folder",
				normalized,
				update_modified=False,
			)


def _fill_keys(doctype: str, scope: str) -> None:
	"""Normalize each record's title to NFC and set its key. A duplicate gets a number."""
	rows = frappe.get_all(
		doctype, fields=["name", "title", scope], order_by="creation asc, name asc", limit=0
	)
	taken = {(row[scope], row.title) for row in rows if normalize_name(row.title) == row.title}
	for row in rows:
		title = normalize_name(row.title)
		if title != row.title:
			title = _find_free(title, row[scope], taken)
			taken.add((row[scope], title))
		frappe.db.set_value(doctype, row.name, {"title": title, "title_key": title}, update_modified=False)


def _find_free(title: str, scope: str | None, taken: set[tuple[str | None, str]]) -> str:
	number, free = 1, title
	while (scope, free) in taken:
		number += 1
		free = f"{title[: MAX_TITLE - 6]} ({number})"
	return free


def _rebuild_paths() -> None:
	"""Rebuild the paths from the titles, the upper folders first."""
	paths: dict[str, str] = {}
	folders = frappe.get_all(
		"Document Folder",
		fields=["name", "title", "parent_document_folder", "path"],
		order_by="lft asc",
		limit=0,
	)
	for folder in folders:
		path = f"{paths.get(folder.parent_document_folder or '', '')}/{folder.title}"
		paths[folder.name] = path
		if path != folder.path:
			frappe.db.set_value("Document Folder", folder.name, "path", path, update_modified=False)
