import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.docs import audit, guards
from orchestrator.docs.errors import ImmutableRecordConflictError
from orchestrator.doctypes import DOCUMENT, DOCUMENT_VERSION
from orchestrator.exceptions import refuse


class DocumentVersion(Document):
	"""A version of a document, which stands as it is for as long as the document does."""

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
		if not self.flags.is_new_version:
			refuse(
				_("Create versions with orchestrator.docs.create_version, together with their file."),
				ImmutableRecordConflictError,
			)

	def validate(self) -> None:
		if not self.is_new():
			self.refuse_change()

	def on_trash(self) -> None:
		self.refuse_change()

	def before_rename(self, *_args: object) -> None:
		self.refuse_change()

	def validate_share(self, _share: Document) -> None:
		guards.refuse_sharing()

	def apply_fieldlevel_read_permissions(self) -> None:
		"""As on Document: here a view is seen."""
		super().apply_fieldlevel_read_permissions()
		if getattr(frappe.local, "request", None):
			folder = frappe.db.get_value(DOCUMENT, self.document, "document_folder")
			audit.create_read_entry("Viewed", self.document, folder, self.number)

	def refuse_change(self) -> None:
		refuse(
			_("Version {0} of {1} cannot be changed. Add a new version instead.").format(
				self.number, self.document
			),
			ImmutableRecordConflictError,
		)


def on_doctype_update() -> None:
	frappe.db.add_unique(DOCUMENT_VERSION, ["document", "number"], constraint_name="one_of_each_number")
