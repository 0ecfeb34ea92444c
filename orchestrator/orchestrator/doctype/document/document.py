import frappe
from frappe.model.document import Document as Base
from frappe.model.naming import make_autoname

from orchestrator.docs import audit, document_rules, fulltext, grants, guards, identity, retention
from orchestrator.docs.documents import check_checkout
from orchestrator.doctypes import DOCUMENT

SERIES = "DOC-.#####"


class Document(Base):
	"""A title in a folder, with versions, one of which is current."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approved_version: DF.Int
		checked_out_at: DF.Datetime | None
		checked_out_by: DF.Link | None
		checksum: DF.Data | None
		client: DF.Link | None
		current_version: DF.Int
		description: DF.SmallText | None
		document_folder: DF.Link
		file: DF.Link | None
		file_name: DF.Data | None
		file_size: DF.Int
		is_counselling_note: DF.Check
		mime_type: DF.Data | None
		owner_department: DF.Link | None
		status: DF.Literal["Draft", "In Review", "Approved", "Archived"]
		title: DF.Data
		title_key: DF.Data | None

	# end: auto-generated types

	@property
	def tag_list(self) -> list[str]:
		stored = frappe.db.get_value(DOCUMENT, self.name, "_user_tags") if self.name else ""
		return [tag for tag in (stored or "").split(",") if tag]

	@property
	def tags(self) -> str:
		return ", ".join(self.tag_list)

	def autoname(self) -> None:
		# Here and not in the DocType: with a series there, Frappe reuses the number of a deleted document.
		self.name = make_autoname(SERIES, DOCUMENT, self)

	def before_insert(self) -> None:
		document_rules.clear_system_fields(self)

	def validate(self) -> None:
		before = self.get_doc_before_save()
		document_rules.check_title(self, before)
		if before:
			document_rules.check_system_fields(self, before)
			document_rules.update_approved_version(self, before)
			document_rules.check_move(self, before)

	def after_insert(self) -> None:
		audit.create_entry("Created", self.name, self.document_folder, title=self.title)

	def on_update(self) -> None:
		fulltext.update_index(self.name)
		if before := self.get_doc_before_save():
			document_rules.record_changes(self, before)

	def after_tagging(self, tags: list[str]) -> None:
		fulltext.update_index(self.name)
		audit.create_entry("Tagged", self.name, self.document_folder, self.current_version, tags=tags)

	def onload(self) -> None:
		self.set_onload("access", grants.build_access(self.document_folder))

	def apply_fieldlevel_read_permissions(self) -> None:
		"""Record a view: every API and Desk's form call this before they return a document."""
		super().apply_fieldlevel_read_permissions()
		if not self.get_doc_before_save():
			document_rules.record_view(self)

	def before_print(self, *_args: object) -> None:
		document_rules.record_view(self)

	def validate_share(self, _share: Base) -> None:
		guards.refuse_sharing()

	def before_rename(self, *_args: object) -> None:
		document_rules.refuse_rename()

	def on_trash(self) -> None:
		retention.check_deletion(self)
		check_checkout(self)
		document_rules.delete_versions(self.name)
		fulltext.delete_from_index(self.name)
		audit.create_entry("Deleted", self.name, self.document_folder, self.current_version, title=self.title)


def on_doctype_update() -> None:
	identity.replace_unique(DOCUMENT, "one_title_per_folder", ["document_folder", "title_key"])
