import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils.nestedset import NestedSet

from orchestrator import clock
from orchestrator.docs import access, audit, folders, guards, identity, retention
from orchestrator.docs.errors import RetentionConflictError
from orchestrator.docs.names import validate_name
from orchestrator.doctypes import DOCUMENT_FOLDER
from orchestrator.exceptions import refuse

# What says who has access and what is kept: for those who manage the folder.
SETTINGS = ("inherit_access", "retention_days", "legal_hold", "parent_document_folder")


class DocumentFolder(NestedSet):
	"""A folder of documents: who has access to what is in it, and how long that is kept."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.document_folder_access.document_folder_access import (
			DocumentFolderAccess,
		)

		access: DF.Table[DocumentFolderAccess]
		inherit_access: DF.Check
		is_group: DF.Check
		legal_hold: DF.Check
		lft: DF.Int
		old_parent: DF.Data | None
		parent_document_folder: DF.Link | None
		path: DF.Data | None
		retention_days: DF.Int
		rgt: DF.Int
		title: DF.Data
		title_key: DF.Data | None

	# end: auto-generated types

	nsm_parent_field = "parent_document_folder"

	def autoname(self) -> None:
		self.title = validate_name(_("folder"), self.title or "")
		if self.flags.is_root:
			self.name = folders.ROOT
		else:
			self.parent_document_folder = self.parent_document_folder or folders.ROOT
			self.name = folders.find_free_name(self.title, self.parent_document_folder)

	def before_validate(self) -> None:
		self.is_group = 1
		if not self.parent_document_folder and self.name != folders.ROOT:
			self.parent_document_folder = folders.ROOT

	def validate(self) -> None:
		before = self.get_doc_before_save()
		if not before or self.title != before.title:
			self.title = validate_name(_("folder"), self.title)
		self.title_key = self.title
		if self.name == folders.ROOT and (self.parent_document_folder or self.title != folders.ROOT):
			refuse(
				_("The folder Documents is the root: it has no parent and keeps its title."),
				frappe.ValidationError,
			)
		self.validate_access_to_settings(before)
		if before:
			self.validate_move(before)
		self.path = self.path_below_parent()

	def validate_access_to_settings(self, before: "DocumentFolder | None") -> None:
		"""A new folder takes Write on its parent, but to set up who has access Manage."""
		if self.flags.ignore_permissions or not self.has_settings(before):
			return
		access.check_level(access.MANAGE, self.name if before else self.parent_document_folder)
		if before and before.parent_document_folder != self.parent_document_folder:
			access.check_level(access.MANAGE, self.parent_document_folder)

	def has_settings(self, before: "DocumentFolder | None") -> bool:
		if before is None:
			return bool(self.access or not self.inherit_access or self.retention_days or self.legal_hold)
		return self.grants() != before.grants() or any(self.get(f) != before.get(f) for f in SETTINGS)

	def grants(self) -> list[tuple[str, str, str]]:
		return sorted((row.grantee_type, row.grantee, row.level) for row in self.access)

	def validate_move(self, before: "DocumentFolder") -> None:
		"""A folder under a hold or a period of those above it stays under one."""
		if not before.parent_document_folder or before.parent_document_folder == self.parent_document_folder:
			return
		here = folders.compute_rules(before.parent_document_folder)
		there = folders.compute_rules(self.parent_document_folder)
		until = retention.compute_retention_end(clock.get_now(), here.retention_days)
		if refusal := retention.find_loosened_rule(here, there, until):
			refuse(f"{self.name}: {refusal}", RetentionConflictError)

	def path_below_parent(self) -> str:
		parent = self.parent_document_folder
		return f"{folders.build_path(parent)}/{self.title}" if parent else f"/{self.title}"

	def on_update(self) -> None:
		before = self.get_doc_before_save()
		super().on_update()
		access.clear_cached_levels()
		if before and before.path != self.path:
			self.carry_path(before.path)
		if before:
			changed = [field for field in (*SETTINGS, "title") if self.get(field) != before.get(field)]
			grants = ["access"] if self.grants() != before.grants() else []
			if changed or grants:
				audit.create_entry("Folder Changed", None, self.name, fields=[*changed, *grants])

	def carry_path(self, old: str | None) -> None:
		"""The folders below get their new path."""
		if old:
			frappe.db.sql(
				"UPDATE `tabDocument Folder` SET path = CONCAT(%(new)s, SUBSTRING(path, %(length)s))"
				" WHERE lft > %(lft)s AND rgt < %(rgt)s",
				{"new": self.path, "length": len(old) + 1, "lft": self.lft, "rgt": self.rgt},
			)

	def after_insert(self) -> None:
		super().after_insert()
		access.clear_cached_levels()
		audit.create_entry("Folder Created", None, self.name, path=self.path)

	def validate_share(self, _share: Document) -> None:
		guards.refuse_sharing()

	def before_rename(self, *_args: object, **_kwargs: object) -> None:
		refuse(_("A folder cannot be renamed. Change its title instead."), frappe.ValidationError)

	def on_trash(self) -> None:
		if self.name == folders.ROOT:
			refuse(_("The folder Documents is the root and cannot be deleted."), frappe.ValidationError)
		if folders.compute_rules(self.name).legal_hold:
			refuse(
				_("{0} is under legal hold and cannot be deleted.").format(self.name), RetentionConflictError
			)
		super().on_trash()
		access.clear_cached_levels()
		audit.create_entry("Folder Deleted", None, self.name, path=self.path)


def on_doctype_update() -> None:
	identity.replace_unique(DOCUMENT_FOLDER, "one_title_per_parent", ["parent_document_folder", "title_key"])
