import frappe
from frappe.model.document import Document

from orchestrator.docs import document_version_rules, guards
from orchestrator.doctypes import DOCUMENT_VERSION


class DocumentVersion(Document):
	"""One file of a document. It is never changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		author: DF.Link
		document: DF.Link
		file: DF.Link
		file_name: DF.Data
		file_size: DF.Int
		mime_type: DF.Data
		notes: DF.SmallText | None
		number: DF.Int
		restored_from: DF.Int
		sha256: DF.Data
		storage_key: DF.Data

	# end: auto-generated types

	def autoname(self) -> None:
		self.name = f"{self.document}-v{self.number}"

	def before_insert(self) -> None:
		document_version_rules.check_creation(self)

	def validate(self) -> None:
		if not self.is_new():
			document_version_rules.refuse_change(self)

	def on_trash(self) -> None:
		document_version_rules.refuse_change(self)

	def before_rename(self, *_args: object) -> None:
		document_version_rules.refuse_change(self)

	def validate_share(self, _share: Document) -> None:
		guards.refuse_sharing()

	def apply_fieldlevel_read_permissions(self) -> None:
		"""Record a view, as Document does."""
		super().apply_fieldlevel_read_permissions()
		document_version_rules.record_view(self)


def on_doctype_update() -> None:
	frappe.db.add_unique(DOCUMENT_VERSION, ["document", "number"], constraint_name="one_of_each_number")
