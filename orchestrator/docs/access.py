"""Permissions on documents: granted by folders to roles, departments and users, and inherited by subfolders.

Nobody has access without a folder's grant, except users who manage all documents. Frappe's roles let in every
Desk user; the hooks here restrict that, in lists and for each record.
"""

from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.access import attachments
from orchestrator.access.key_scope import get_scope
from orchestrator.compat import NO_OPINION
from orchestrator.doctypes import (
	DOCUMENT,
	DOCUMENT_FOLDER,
	DOCUMENT_FOLDER_ACCESS,
	DOCUMENT_VERSION,
	EMPLOYEE,
)
from orchestrator.exceptions import refuse

NONE, READ, WRITE, MANAGE = range(4)
LEVEL_BY_NAME = {"Read": READ, "Write": WRITE, "Manage": MANAGE}
GLOBAL_MANAGER_ROLES = frozenset({"System Manager", "Orchestrator Manager"})
# Permission types -> the level that grants them. Others are granted to nobody.
REQUIRED_LEVELS = {
	**dict.fromkeys(("read", "select", "report", "export", "print", "email"), READ),
	**dict.fromkeys(("write", "create"), WRITE),
	"delete": MANAGE,
}
# DocTypes of Frappe that refer to records of any DocType -> the fields that name the record
REFERENCING_DOCTYPES = {
	"File": ("attached_to_doctype", "attached_to_name"),
	"Tag Link": ("document_type", "document_name"),
}


class Grant(NamedTuple):
	"""A row of a folder's access."""

	folder: str
	level: int


class FolderNode(NamedTuple):
	"""A folder in the tree."""

	name: str
	parent: str | None
	inherits: bool


def get_level(folder: str | None, user: str | None = None) -> int:
	"""Return the user's access level in a folder."""
	user = user or frappe.session.user
	level = MANAGE if _is_global_manager(user) else _get_levels(user).get(folder or "", NONE)
	return min(level, _get_scope_level(user))


def get_level_name(folder: str | None) -> str:
	"""Return the name of the caller's access level in a folder that they may read."""
	level = get_level(folder)
	return next((name for name, value in LEVEL_BY_NAME.items() if value == level), "")


def _get_scope_level(user: str) -> int:
	"""Return the most that the scope of an API key lets it do with documents."""
	scope = get_scope()
	if scope is None or not scope.applies_to(user):
		return MANAGE
	rights = {right for right in REQUIRED_LEVELS if scope.allows(DOCUMENT, right)}
	return max((REQUIRED_LEVELS[right] for right in rights if rights >= {"read"}), default=NONE)


def _is_global_manager(user: str) -> bool:
	return user == "Administrator" or not GLOBAL_MANAGER_ROLES.isdisjoint(frappe.get_roles(user))


def _get_levels(user: str) -> dict[str, int]:
	"""Return the user's access level in each folder, without folders that they may not access. Cached for the
	request.
	"""
	cached: dict[str, dict[str, int]] = getattr(frappe.local, "document_access", None) or {}
	if user not in cached:
		cached[user] = compute_inherited_levels(_get_tree(), _get_grants(user))
		frappe.local.document_access = cached
	return cached[user]


def clear_cached_levels() -> None:
	"""Clear the cached access levels, after a change of folders."""
	frappe.local.document_access = None


def compute_inherited_levels(tree: list[FolderNode], grants: list[Grant]) -> dict[str, int]:
	"""Return the level in each folder: the highest of its own grants and, if it inherits, of its parent's.

	`tree` has parents before their children.
	"""
	levels: dict[str, int] = {}
	for grant in grants:
		levels[grant.folder] = max(grant.level, levels.get(grant.folder, NONE))
	for node in tree:
		if node.inherits and node.parent:
			levels[node.name] = max(levels.get(node.name, NONE), levels.get(node.parent, NONE))
	return {folder: level for folder, level in levels.items() if level}


def _get_tree() -> list[FolderNode]:
	rows = frappe.get_all(
		DOCUMENT_FOLDER,
		fields=["name", "parent_document_folder", "inherit_access"],
		order_by="lft asc",
		limit=0,
	)
	return [FolderNode(row.name, row.parent_document_folder, bool(row.inherit_access)) for row in rows]


def _get_grants(user: str) -> list[Grant]:
	"""Return the grants to the user, to one of their roles, or to a department that theirs is or belongs to."""
	table = frappe.qb.DocType(DOCUMENT_FOLDER_ACCESS)
	condition_of_grantee = (
		((table.grantee_type == "Role") & table.grantee.isin(frappe.get_roles(user)))
		| ((table.grantee_type == "Department") & table.grantee.isin(_build_departments_query(user)))
		| ((table.grantee_type == "User") & (table.grantee == user))
	)
	rows = frappe.qb.from_(table).select(table.parent, table.level).where(condition_of_grantee).run()
	return [Grant(folder, LEVEL_BY_NAME.get(level, NONE)) for folder, level in rows]


def _build_departments_query(user: str) -> Any:
	"""Return the query for the department of the user's active employee record, and its ancestors."""
	# No permissions: access must not depend on the user's permissions on HR records.
	employee, department = frappe.qb.DocType(EMPLOYEE), frappe.qb.DocType("Department")
	ancestor = frappe.qb.DocType("Department").as_("ancestor")
	return (
		frappe.qb.from_(employee)
		.join(department)
		.on(department.name == employee.department)
		.join(ancestor)
		.on((ancestor.lft <= department.lft) & (ancestor.rgt >= department.rgt))
		.where((employee.user_id == user) & (employee.status == "Active"))
		.select(ancestor.name)
	)


# Refusals


def check_level(level: int, folder: str | None) -> None:
	"""Refuse (403) a caller whose access to the folder is below `level`.

	The message names only a readable folder.
	"""
	held = get_level(folder)
	if held == NONE:
		refuse(
			_("You do not have access to this folder. Ask someone who manages it or its parent folder."),
			frappe.PermissionError,
		)
	if held < level:
		name = next(name for name, value in LEVEL_BY_NAME.items() if value == level)
		refuse(
			_("You need {0} access to the folder {1}. Ask someone who manages it.").format(_(name), folder),
			frappe.PermissionError,
		)


# Hooks


def has_permission(
	doc: Document, ptype: str | None = "read", user: str | None = None, **_kwargs: Any
) -> bool:
	"""Implement the hook has_permission of Document, Document Version and Document Folder."""
	ptype = ptype or "read"  # None: Desk asks for all at once
	needed = REQUIRED_LEVELS.get(ptype)
	if needed is None:
		return False
	if doc.doctype == DOCUMENT_FOLDER:
		folder, needed = _get_required_level(doc, ptype)
		return get_level(folder, user) >= needed
	if doc.doctype == DOCUMENT_VERSION:
		folder = frappe.db.get_value(DOCUMENT, doc.document, "document_folder") if needed == READ else None
		return bool(folder) and get_level(folder, user) >= needed
	return get_level(doc.document_folder, user) >= needed


def _get_required_level(doc: Document, ptype: str) -> tuple[str | None, int]:
	"""Return the folder that decides about a folder, and the required level: Write on the parent for a new
	one, Manage on itself for a change.
	"""
	if ptype == "create" or doc.is_new():
		return doc.parent_document_folder, WRITE
	return doc.name, READ if REQUIRED_LEVELS[ptype] == READ else MANAGE


def build_conditions(user: str | None = None, doctype: str | None = None) -> str:
	"""Implement the hook permission_query_conditions of the documents' DocTypes, and of DocTypes that refer
	to documents among others.
	"""
	user = user or frappe.session.user
	if _is_global_manager(user):
		return ""
	folders = [frappe.db.escape(name, percent=False) for name in _get_levels(user)]
	listed = f"({', '.join(folders)})" if folders else "('')"
	if doctype in (DOCUMENT_FOLDER, DOCUMENT_FOLDER_ACCESS):
		return f"`tab{doctype}`.{'name' if doctype == DOCUMENT_FOLDER else 'parent'} in {listed}"
	if doctype == DOCUMENT:
		return f"`tab{DOCUMENT}`.document_folder in {listed}"
	readable = f"(select d.name from `tab{DOCUMENT}` d where d.document_folder in {listed})"  # noqa: S608  # escaped names
	if doctype == DOCUMENT_VERSION:
		return f"`tab{DOCUMENT_VERSION}`.document in {readable}"
	of_type, of_name = REFERENCING_DOCTYPES[str(doctype)]
	table = f"`tab{doctype}`"
	return f"(coalesce({table}.{of_type}, '') != '{DOCUMENT}' or {table}.{of_name} in {readable})"


def build_file_conditions(user: str | None = None, doctype: str = "File") -> str:
	"""Implement the hook permission_query_conditions of File: by the record that it is attached to; files of
	documents by their folder.
	"""
	both = (build_conditions(user, doctype), attachments.build_conditions(user, doctype))
	return " and ".join(condition for condition in both if condition)


def has_tag_permission(doc: Document, user: str | None = None, **_kwargs: Any) -> bool | None:
	"""Implement the hook has_permission of Tag Link, which contains the title of the tagged record."""
	if doc.document_type != DOCUMENT or not frappe.db.exists(DOCUMENT, doc.document_name):
		return NO_OPINION
	return bool(frappe.has_permission(DOCUMENT, "read", doc=doc.document_name, user=user))
