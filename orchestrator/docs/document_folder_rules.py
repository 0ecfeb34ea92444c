"""The rules of a Document Folder: its title and parent, who may change its access and retention, and its path."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.docs import access, audit, folders, retention
from orchestrator.docs.errors import RetentionConflictError
from orchestrator.docs.names import validate_name
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_folder.document_folder import DocumentFolder

# Access, retention and the parent from which they are inherited: changing these requires Manage.
SETTINGS_FIELDS = ("inherit_access", "retention_days", "legal_hold", "parent_document_folder")


def set_name(doc: "DocumentFolder") -> None:
	doc.title = validate_name(_("folder"), doc.title or "")
	if doc.flags.is_root:
		doc.name = folders.ROOT
	else:
		doc.parent_document_folder = doc.parent_document_folder or folders.ROOT
		doc.name = folders.find_free_name(doc.title, doc.parent_document_folder)


def set_parent(doc: "DocumentFolder") -> None:
	doc.is_group = 1
	if not doc.parent_document_folder and doc.name != folders.ROOT:
		doc.parent_document_folder = folders.ROOT


def check_title(doc: "DocumentFolder", before: "DocumentFolder | None") -> None:
	if not before or doc.title != before.title:
		doc.title = validate_name(_("folder"), doc.title)
	doc.title_key = doc.title
	if doc.name == folders.ROOT and (doc.parent_document_folder or doc.title != folders.ROOT):
		refuse(
			_("The folder Documents is the root: it has no parent and keeps its title."),
			frappe.ValidationError,
		)


def check_settings_access(doc: "DocumentFolder", before: "DocumentFolder | None") -> None:
	"""Require Manage for access, retention and parent. A plain new folder requires Write on its parent only."""
	if doc.flags.ignore_permissions or not _has_changed_settings(doc, before):
		return
	access.check_level(access.MANAGE, doc.name if before else doc.parent_document_folder)
	if before and before.parent_document_folder != doc.parent_document_folder:
		access.check_level(access.MANAGE, doc.parent_document_folder)


def check_move(doc: "DocumentFolder", before: "DocumentFolder") -> None:
	"""Refuse a move that ends the legal hold or shortens the inherited retention."""
	if not before.parent_document_folder or before.parent_document_folder == doc.parent_document_folder:
		return
	old_rules = folders.compute_rules(before.parent_document_folder)
	new_rules = folders.compute_rules(doc.parent_document_folder)
	until = retention.compute_retention_end(clock.get_now(), old_rules.retention_days)
	if refusal := retention.find_loosened_rule(old_rules, new_rules, until):
		refuse(f"{doc.name}: {refusal}", RetentionConflictError)


def build_path(doc: "DocumentFolder") -> str:
	parent = doc.parent_document_folder
	return f"{folders.build_path(parent)}/{doc.title}" if parent else f"/{doc.title}"


def record_changes(doc: "DocumentFolder", before: "DocumentFolder") -> None:
	"""Update the paths of the folders below, and add an audit entry for changed fields."""
	if before.path and before.path != doc.path:
		_update_paths_below(doc, before.path)
	changed = [field for field in (*SETTINGS_FIELDS, "title") if doc.get(field) != before.get(field)]
	if _list_grants(doc) != _list_grants(before):
		changed.append("access")
	if changed:
		audit.create_entry("Folder Changed", None, doc.name, fields=changed)


def refuse_rename() -> None:
	refuse(_("A folder cannot be renamed. Change its title instead."), frappe.ValidationError)


def check_deletion(doc: "DocumentFolder") -> None:
	if doc.name == folders.ROOT:
		refuse(_("The folder Documents is the root and cannot be deleted."), frappe.ValidationError)
	if folders.compute_rules(doc.name).legal_hold:
		refuse(_("{0} is under legal hold and cannot be deleted.").format(doc.name), RetentionConflictError)


def _has_changed_settings(doc: "DocumentFolder", before: "DocumentFolder | None") -> bool:
	if before is None:
		return bool(doc.access or not doc.inherit_access or doc.retention_days or doc.legal_hold)
	return _list_grants(doc) != _list_grants(before) or any(
		doc.get(field) != before.get(field) for field in SETTINGS_FIELDS
	)


def _list_grants(doc: "DocumentFolder") -> list[tuple[str, str, str]]:
	return sorted((row.grantee_type or "", row.grantee or "", row.level or "") for row in doc.access)


def _update_paths_below(doc: "DocumentFolder", old: str) -> None:
	frappe.db.sql(
		"UPDATE `tabDocument Folder` SET path = CONCAT(%(new)s, SUBSTRING(path, %(length)s))"
		" WHERE lft > %(lft)s AND rgt < %(rgt)s",
		{"new": doc.path, "length": len(old) + 1, "lft": doc.lft, "rgt": doc.rgt},
	)
