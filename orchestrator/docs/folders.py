"""Find and create folders by path, and choose names that are short where they are unique."""

from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.core.api.file import create_new_folder

from orchestrator.api import idempotency
from orchestrator.docs import access
from orchestrator.docs.names import validate_name
from orchestrator.doctypes import DOCUMENT_FOLDER
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.file_names import normalize_name

ROOT = "Documents"
FILES_ROOT = "Home"


class FolderRules(NamedTuple):
	"""Retention and legal hold of a folder, from itself and its ancestors."""

	retention_days: int
	legal_hold: bool


def _parse_levels(path: str) -> list[str]:
	"""Return the titles along a path below the root; `/Documents/Contracts` and `Contracts` are equal. 400 if
	it is not a path.
	"""
	levels = [validate_name(_("folder"), level) for level in path.split("/") if level.strip()]
	if levels and levels[0] == FILES_ROOT:
		levels = levels[1:]
	return levels[1:] if levels and levels[0] == ROOT else levels


def find_folder(text: str) -> str:
	"""Return the folder of that name or path. 404 if there is none or the caller may not read it: the two
	look alike.
	"""
	name = normalize_name(text)
	folder = name if frappe.db.exists(DOCUMENT_FOLDER, name) else _get_by_path(_parse_levels(name))
	if not folder or not access.get_level(folder):
		refuse(_("There is no folder {0}.").format(text), frappe.DoesNotExistError)
	return folder


def _get_by_path(levels: list[str]) -> str | None:
	"""Return the folder at a path."""
	folder: str | None = ROOT
	for level in levels:
		folder = folder and _get_child(folder, level)
	return folder


def _get_child(parent: str, title: str, lock: bool = False) -> str | None:
	return frappe.db.get_value(
		DOCUMENT_FOLDER, {"parent_document_folder": parent, "title_key": title}, "name", for_update=lock
	)


def get_or_create(path: str) -> str:
	"""Return the folder at a path, created if it is missing.

	Raises PermissionError (403) if the caller may not write in the folder above the first missing one.
	"""
	folder = ROOT
	for level in _parse_levels(path):
		folder = _get_child(folder, level) or _create_child(folder, level)
	return folder


def _create_child(parent: str, title: str) -> str:
	"""Create a folder in a folder.

	The root is locked meanwhile, so that two requests do not create the same folder.
	"""
	access.check_level(access.WRITE, parent)
	frappe.db.get_value(DOCUMENT_FOLDER, ROOT, "name", for_update=True)
	if found := _get_child(parent, title, lock=True):
		_refresh_snapshot()
		return found
	return frappe.get_doc(doctype=DOCUMENT_FOLDER, title=title, parent_document_folder=parent).insert().name


def _refresh_snapshot() -> None:
	"""Start a new snapshot, to see a folder that another request has just created.

	If this transaction has already written anything that must not be lost, raise an error instead: the caller
	has to retry.
	"""
	if idempotency.has_work_to_lose():
		refuse(_("Someone else created this folder at the same time. Repeat the request."), ConflictError)
	frappe.db.rollback()
	access.clear_cached_levels()


def find_free_name(title: str, parent: str) -> str:
	"""Return the shortest end of the folder's path that is not the name of another folder: Contracts, then
	Legal/Contracts.
	"""
	above = [level for level in build_path(parent).split("/") if level]
	for length in range(len(above) + 1):
		name = "/".join([*above[len(above) - length :], title])
		if len(name) <= 140 and not frappe.db.exists(DOCUMENT_FOLDER, name):
			return name
	return f"{title[:120]} {frappe.generate_hash(length=8)}"


def build_path(folder: str) -> str:
	return frappe.db.get_value(DOCUMENT_FOLDER, folder, "path") or ""


def compute_rules(folder: str | None) -> FolderRules:
	"""Return the longest retention and any legal hold on the path to the root."""
	bounds = frappe.db.get_value(DOCUMENT_FOLDER, folder, ["lft", "rgt"], as_dict=True)
	# get_all: the rules must not depend on the caller's permissions.
	rows = frappe.get_all(
		DOCUMENT_FOLDER,
		filters={"lft": ("<=", bounds.lft), "rgt": (">=", bounds.rgt)},
		fields=["retention_days", "legal_hold"],
		limit=0,
	)
	return FolderRules(
		max((row.retention_days or 0 for row in rows), default=0), any(row.legal_hold for row in rows)
	)


def get_file_folder(folder: str) -> str:
	"""Return the folder of the File list for the files of a folder's documents, created if it is missing."""
	parent = FILES_ROOT
	for level in build_path(folder).strip("/").split("/"):
		name = f"{parent}/{level}"
		# Frappe compares names of Files without accents: folders that differ only in accents share one in the File list.
		if not (found := frappe.db.get_value("File", name)):
			create_new_folder(level, parent)
		parent = found or name
	return parent


def ensure_root() -> None:
	"""Create the root of the tree if it is missing."""
	if not frappe.db.exists(DOCUMENT_FOLDER, ROOT):
		root: Any = frappe.get_doc(doctype=DOCUMENT_FOLDER, title=ROOT, inherit_access=0)
		root.flags.is_root = True
		root.insert(ignore_permissions=True)


def list_descendants(folder: str) -> list[str]:
	"""Return the folder and all folders below it."""
	bounds = frappe.db.get_value(DOCUMENT_FOLDER, folder, ["lft", "rgt"], as_dict=True)
	return frappe.get_all(
		DOCUMENT_FOLDER, {"lft": (">=", bounds.lft), "rgt": ("<=", bounds.rgt)}, pluck="name", limit=0
	)
