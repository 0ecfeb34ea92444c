"""Who has access to a folder and its documents, as far as the caller may know it."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import get_fullname

from orchestrator.docs import access
from orchestrator.docs.shapes import Access, FolderGrant
from orchestrator.doctypes import DOCUMENT_FOLDER, DOCUMENT_FOLDER_ACCESS

MAX_CONTACTS = 5


def build_access(folder: str) -> Access:
	"""Return the caller's access level in a folder, its grants, and who may change them."""
	grants = list_grants(folder)
	return {
		"folder": folder,
		"path": frappe.db.get_value(DOCUMENT_FOLDER, folder, "path") or "",
		"access": access.get_level_name(folder),
		"grants": grants,
		"contacts": _list_contacts(grants),
	}


def list_grants(folder: str) -> list[FolderGrant]:
	"""Return the grants on a folder, and those that it inherits from folders that the caller may read."""
	sources = [name for name in _list_inherited_folders(folder) if access.get_level(name)]
	# get_all: the rows are selected by the folders that the caller may read.
	rows = frappe.get_all(
		DOCUMENT_FOLDER_ACCESS,
		filters={"parent": ("in", sources), "parenttype": DOCUMENT_FOLDER},
		fields=["parent", "grantee_type", "grantee", "level"],
		order_by="idx asc",
		limit=0,
	)
	rows.sort(key=lambda row: sources.index(row.parent))
	return [_build_grant(row, folder) for row in rows]


def _list_inherited_folders(folder: str) -> list[str]:
	"""Return the folder and the folders from which it inherits access, from the folder to the top."""
	bounds = frappe.db.get_value(DOCUMENT_FOLDER, folder, ["lft", "rgt"], as_dict=True)
	# get_all: the chain is followed through hidden folders, whose grants are left out above.
	rows = frappe.get_all(
		DOCUMENT_FOLDER,
		filters={"lft": ("<=", bounds.lft), "rgt": (">=", bounds.rgt)},
		fields=["name", "inherit_access"],
		order_by="lft desc",
		limit=0,
	)
	chain: list[str] = []
	for row in rows:
		chain.append(row.name)
		if not row.inherit_access:
			break
	return chain


def _build_grant(row: Any, folder: str) -> FolderGrant:
	return {
		"grantee_type": row.grantee_type,
		"grantee": row.grantee,
		"label": get_fullname(row.grantee) if row.grantee_type == "User" else _(row.grantee),
		"access": row.level,
		"folder": row.parent,
		"inherited": row.parent != folder,
	}


def _list_contacts(grants: list[FolderGrant]) -> list[str]:
	"""Return whom to ask for more access: who manages the folder, otherwise the role that manages all."""
	managers = [grant["label"] for grant in grants if grant["access"] == "Manage"]
	return list(dict.fromkeys(managers))[:MAX_CONTACTS] or [_("Orchestrator Manager")]
