"""Folders and documents as a file browser shows them: the tree, the path of a folder, and a page of its content."""

from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _

from orchestrator.docs import access, folders
from orchestrator.docs.listings import get_full_names
from orchestrator.docs.shapes import Breadcrumb, DocumentRow, FolderItem, FolderPage
from orchestrator.doctypes import DOCUMENT, DOCUMENT_FOLDER
from orchestrator.exceptions import InvalidRequestError, refuse

ORDERS = (
	"title asc", "title desc", "modified desc", "modified asc", "file_size desc", "file_size asc",
)  # fmt: skip
FOLDER_FIELDS = ("name", "title", "path", "parent_document_folder", "legal_hold")
ROW_FIELDS = (
	"name", "title", "document_folder", "status", "current_version", "approved_version", "checked_out_by",
	"checked_out_at", "file_name", "file_size", "mime_type", "description", "modified", "modified_by",
	"_user_tags",
)  # fmt: skip


def list_subfolders(folder: str | None) -> list[FolderItem]:
	"""Return the readable folders in a folder, by default the root. Those in a folder that is hidden are listed
	in the root, so that every readable folder can be reached.
	"""
	if folder and folder != folders.ROOT:
		rows = _list_folders({"parent_document_folder": folder})
		names = [row.name for row in rows]
		below = _list_folders({"parent_document_folder": ("in", names)}) if rows else []
		return _build_items(rows, below)
	rows = [row for row in _list_folders({}) if row.name != folders.ROOT]
	hidden = {row.parent_document_folder for row in rows} - {row.name for row in rows}
	return _build_items([row for row in rows if row.parent_document_folder in hidden], rows)


def build_folder_page(name: str | None, order_by: str, start: int, length: int) -> FolderPage:
	"""Return a folder with its path, its subfolders and a page of its documents.

	Without a name, return the root; for users who may not read it, the topmost folders that they may read.
	"""
	folder = name or (folders.ROOT if access.get_level(folders.ROOT) else None)
	if folder is None:
		return {
			"folder": None, "breadcrumb": [], "folders": list_subfolders(None), "documents": [], "has_more": False,
			"users": {},
		}  # fmt: skip
	row = _get_folder(folder)
	documents = _list_documents(folder, order_by, start, length + 1)
	users = [user for row in documents for user in (row["modified_by"], row["checked_out_by"])]
	return {
		"folder": _build_items([row], [])[0],
		"breadcrumb": _list_ancestors(folder),
		"folders": list_subfolders(folder),
		"documents": documents[:length],
		"has_more": len(documents) > length,
		"users": get_full_names(users),
	}


def parse_order(text: str) -> str:
	"""Return the order of documents. 400 for another one than those of ORDERS."""
	if text not in ORDERS:
		refuse(_("order_by must be one of: {0}.").format(", ".join(ORDERS)), InvalidRequestError)
	return text


def _list_folders(filters: dict[str, Any]) -> list[frappe._dict]:
	return frappe.get_list(
		DOCUMENT_FOLDER, filters=filters, fields=list(FOLDER_FIELDS), order_by="title asc, name asc", limit=0
	)


def _get_folder(name: str) -> frappe._dict:
	# get_all: folders.find_folder or access.get_level has checked the access.
	return frappe.get_all(DOCUMENT_FOLDER, {"name": name}, list(FOLDER_FIELDS))[0]


def _build_items(rows: Iterable[frappe._dict], below: Iterable[frappe._dict]) -> list[FolderItem]:
	parents = {row.parent_document_folder for row in below}
	return [
		{
			"name": row.name,
			"title": row.title,
			"path": row.path or "",
			"access": access.get_level_name(row.name),
			"has_subfolders": row.name in parents,
			"legal_hold": bool(row.legal_hold),
		}
		for row in rows
	]


def _list_ancestors(folder: str) -> list[Breadcrumb]:
	"""Return the readable folders on the path to a folder, and the folder, from the top."""
	bounds = frappe.db.get_value(DOCUMENT_FOLDER, folder, ["lft", "rgt"], as_dict=True)
	rows = frappe.get_list(
		DOCUMENT_FOLDER,
		filters={"lft": ("<=", bounds.lft), "rgt": (">=", bounds.rgt)},
		fields=["name", "title"],
		order_by="lft asc",
		limit=0,
	)
	return [{"name": row.name, "title": row.title} for row in rows]


def _list_documents(folder: str, order_by: str, start: int, length: int) -> list[DocumentRow]:
	rows = frappe.get_list(
		DOCUMENT,
		filters={"document_folder": folder},
		fields=list(ROW_FIELDS),
		order_by=f"{order_by}, name asc",
		limit_start=start,
		limit_page_length=length,
	)
	return [build_row(row) for row in rows]


def build_row(row: Any) -> DocumentRow:
	"""Return a document, or a row of one, as the browser lists it."""
	return {
		"document": str(row.name),
		"title": row.title,
		"document_folder": row.document_folder,
		"status": row.status,
		"current_version": row.current_version or 0,
		"approved_version": row.approved_version or None,
		"checked_out_by": row.checked_out_by or None,
		"checked_out_at": row.checked_out_at,
		"tags": [tag for tag in (row.get("_user_tags") or "").split(",") if tag],
		"file_name": row.file_name,
		"file_size": row.file_size or 0,
		"mime_type": row.mime_type,
		"description": row.description,
		"modified": row.modified,
		"modified_by": row.modified_by,
	}
