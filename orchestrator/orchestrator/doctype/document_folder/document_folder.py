from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils.nestedset import NestedSet

from orchestrator.docs import (
	access,
	audit,
	browsing,
	document_folder_rules,
	folders,
	grants,
	guards,
	identity,
)
from orchestrator.doctypes import DOCUMENT_FOLDER


class DocumentFolder(NestedSet):
	"""A folder of documents, with the access and the retention period of its content."""

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
		document_folder_rules.set_name(self)

	def before_validate(self) -> None:
		document_folder_rules.set_parent(self)

	def validate(self) -> None:
		before = self.get_doc_before_save()
		document_folder_rules.check_title(self, before)
		document_folder_rules.check_settings_access(self, before)
		if before:
			document_folder_rules.check_move(self, before)
		self.path = document_folder_rules.build_path(self)

	def on_update(self) -> None:
		before = self.get_doc_before_save()
		super().on_update()
		access.clear_cached_levels()
		if before:
			document_folder_rules.record_changes(self, before)

	def after_insert(self) -> None:
		super().after_insert()
		access.clear_cached_levels()
		audit.create_entry("Folder Created", None, self.name, path=self.path)

	def onload(self) -> None:
		self.set_onload("access", grants.build_access(self.name))

	def validate_share(self, _share: Document) -> None:
		guards.refuse_sharing()

	def before_rename(self, *_args: object, **_kwargs: object) -> None:
		document_folder_rules.refuse_rename()

	def on_trash(self) -> None:
		document_folder_rules.check_deletion(self)
		super().on_trash()
		access.clear_cached_levels()
		audit.create_entry("Folder Deleted", None, self.name, path=self.path)


@frappe.whitelist(methods=["GET", "POST"])
def get_children(
	_doctype: str | None = None, parent: str | None = None, **_filters: Any
) -> list[dict[str, Any]]:
	"""Return the nodes below a folder for Frappe's tree view: without a parent, the root, also for users who may
	not read it.
	"""
	frappe.has_permission(DOCUMENT_FOLDER, "read", throw=True)
	if not parent:
		return [{"value": folders.ROOT, "title": folders.ROOT, "expandable": True}]
	return [
		{"value": item["name"], "title": item["title"], "expandable": True, "access": item["access"]}
		for item in browsing.list_subfolders(str(parent))
	]


def on_doctype_update() -> None:
	identity.replace_unique(DOCUMENT_FOLDER, "one_title_per_parent", ["parent_document_folder", "title_key"])
