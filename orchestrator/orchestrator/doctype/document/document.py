import frappe
from frappe import _
from frappe.model.document import Document as Base
from frappe.model.naming import make_autoname

from orchestrator.docs import access, audit, folders, fulltext, guards, identity, retention, storage
from orchestrator.docs.documents import check_checkout
from orchestrator.docs.names import validate_name
from orchestrator.doctypes import DOCUMENT, DOCUMENT_VERSION
from orchestrator.exceptions import refuse

SERIES = "DOC-.#####"
# Kept by the versions and the check-out. They write past `validate`.
KEPT = (
	"current_version",
	"file",
	"file_name",
	"mime_type",
	"file_size",
	"checksum",
	"checked_out_by",
	"checked_out_at",
)
TOLD = ("title", "status", "owner_department", "description")


class Document(Base):
	"""A document: what it is called, where it belongs, and which of its versions is the current one."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		checked_out_at: DF.Datetime | None
		checked_out_by: DF.Link | None
		checksum: DF.Data | None
		current_version: DF.Int
		description: DF.SmallText | None
		document_folder: DF.Link
		file: DF.Link | None
		file_name: DF.Data | None
		file_size: DF.Int
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
		# Here and not in the DocType: of a series there, Frappe gives the number of a deleted document to the next.
		self.name = make_autoname(SERIES, DOCUMENT, self)

	def before_insert(self) -> None:
		for field in KEPT:
			self.set(field, None)
		self.current_version = 0

	def validate(self) -> None:
		before = self.get_doc_before_save()
		if not before or self.title != before.title:  # an old name stays, whatever the rules are by now
			self.title = validate_name(_("document"), self.title)
		self.title_key = self.title
		if before:
			self.refuse_kept(before)
			self.validate_folder(before)

	def refuse_kept(self, before: "Document") -> None:
		for field in KEPT:
			if (self.get(field) or None) != (before.get(field) or None):
				refuse(
					_("{0} is set by the versions of the document. Leave it out.").format(field),
					frappe.ValidationError,
				)

	def validate_folder(self, before: "Document") -> None:
		"""Write access where it was: Frappe asked for where it is to be."""
		if self.document_folder == before.document_folder:
			return
		if not self.flags.ignore_permissions:
			access.check_level(access.WRITE, before.document_folder)
		access.check_level(access.WRITE, self.document_folder)
		check_checkout(before)
		retention.check_move(before, before.document_folder, self.document_folder)

	def after_insert(self) -> None:
		audit.create_entry("Created", self.name, self.document_folder, title=self.title)

	def on_update(self) -> None:
		fulltext.update_index(self.name)
		before = self.get_doc_before_save()
		if not before:
			return
		if self.document_folder != before.document_folder:
			self.show_files_in_folder()
			audit.create_entry(
				"Moved",
				self.name,
				self.document_folder,
				self.current_version,
				**{"from": before.document_folder, "to": self.document_folder},
			)
		if changed := [field for field in TOLD if self.get(field) != before.get(field)]:
			audit.create_entry(
				"Changed", self.name, self.document_folder, self.current_version, fields=changed
			)

	def show_files_in_folder(self) -> None:
		"""The File list shows the files where the document is."""
		files = {"attached_to_doctype": DOCUMENT, "attached_to_name": self.name}
		place = folders.get_file_folder(self.document_folder)
		frappe.db.set_value("File", files, "folder", place, update_modified=False)

	def after_tagging(self, tags: list[str]) -> None:
		fulltext.update_index(self.name)
		audit.create_entry("Tagged", self.name, self.document_folder, self.current_version, tags=tags)

	def apply_fieldlevel_read_permissions(self) -> None:
		"""Frappe calls this wherever a single record is given to a reader, by every API and by Desk's form. So it is
		here that a view is seen."""
		super().apply_fieldlevel_read_permissions()
		if getattr(frappe.local, "request", None) and not self.get_doc_before_save():
			audit.create_read_entry("Viewed", self.name, self.document_folder, self.current_version)

	def before_print(self, *_args: object) -> None:
		"""A print is a view as well."""
		if getattr(frappe.local, "request", None):
			audit.create_read_entry("Viewed", self.name, self.document_folder, self.current_version)

	def validate_share(self, _share: Base) -> None:
		guards.refuse_sharing()

	def before_rename(self, *_args: object) -> None:
		refuse(_("A document cannot be renamed. Change its title instead."), frappe.ValidationError)

	def on_trash(self) -> None:
		retention.check_deletion(self)
		check_checkout(self)
		self.delete_versions()
		fulltext.delete_from_index(self.name)
		audit.create_entry("Deleted", self.name, self.document_folder, self.current_version, title=self.title)

	def delete_versions(self) -> None:
		"""The versions go with the document, their bytes when it is certain that it is gone."""
		rows = frappe.get_all(
			DOCUMENT_VERSION, {"document": self.name}, ["name", "file", "storage_key"], limit=0
		)
		frappe.db.delete(DOCUMENT_VERSION, {"document": self.name})
		frappe.db.delete("File", {"name": ("in", [row.file for row in rows] or [""])})
		storage.delete_after_commit([row.storage_key for row in rows])


def on_doctype_update() -> None:
	identity.replace_unique(DOCUMENT, "one_title_per_folder", ["document_folder", "title_key"])
