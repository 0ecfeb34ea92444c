from frappe.model.document import Document
from frappe.utils.nestedset import NestedSet

from orchestrator.docs import access, audit, document_folder_rules, guards, identity
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

	def validate_share(self, _share: Document) -> None:
		guards.refuse_sharing()

	def before_rename(self, *_args: object, **_kwargs: object) -> None:
		document_folder_rules.refuse_rename()

	def on_trash(self) -> None:
		document_folder_rules.check_deletion(self)
		super().on_trash()
		access.clear_cached_levels()
		audit.create_entry("Folder Deleted", None, self.name, path=self.path)


def on_doctype_update() -> None:
	identity.replace_unique(DOCUMENT_FOLDER, "one_title_per_parent", ["parent_document_folder", "title_key"])
