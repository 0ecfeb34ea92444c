"""The rules of a Document: its title, its folder, the fields that its versions set, and its deletion."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.docs import access, audit, folders, retention, storage
from orchestrator.docs.documents import check_checkout
from orchestrator.docs.names import validate_name
from orchestrator.doctypes import DOCUMENT, DOCUMENT_VERSION
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document

# Set by versions and check-outs, which write without `validate`.
SYSTEM_FIELDS = (
	"current_version",
	"file",
	"file_name",
	"mime_type",
	"file_size",
	"checksum",
	"approved_version",
	"checked_out_by",
	"checked_out_at",
)
AUDITED_FIELDS = ("title", "status", "approved_version", "owner_department", "client", "description")

APPROVED = "Approved"


def clear_system_fields(doc: "Document") -> None:
	for field in SYSTEM_FIELDS:
		doc.set(field, None)
	doc.current_version = 0
	doc.approved_version = 0


def check_title(doc: "Document", before: "Document | None") -> None:
	"""Validate a new or changed title. An unchanged one stays, even if it is invalid under the present rules."""
	if not before or doc.title != before.title:
		doc.title = validate_name(_("document"), doc.title)
	doc.title_key = doc.title


def check_system_fields(doc: "Document", before: "Document") -> None:
	for field in SYSTEM_FIELDS:
		if (doc.get(field) or None) != (before.get(field) or None):
			refuse(
				_("{0} is set by the versions of the document. Leave it out.").format(field),
				frappe.ValidationError,
			)


def update_approved_version(doc: "Document", before: "Document") -> None:
	"""Set the approved version: the one that a call names, or the current one when the status becomes
	Approved. A later version leaves it as it is.
	"""
	if doc.flags.approves_version:
		doc.approved_version = doc.flags.approves_version
	elif doc.status == APPROVED and before.status != APPROVED:
		doc.approved_version = doc.current_version


def check_move(doc: "Document", before: "Document") -> None:
	"""Require Write on the old folder too: Frappe checks the new one only."""
	if doc.document_folder == before.document_folder:
		return
	if not doc.flags.ignore_permissions:
		access.check_level(access.WRITE, before.document_folder)
	access.check_level(access.WRITE, doc.document_folder)
	check_checkout(before)
	retention.check_move(before, before.document_folder, doc.document_folder)


def record_changes(doc: "Document", before: "Document") -> None:
	"""Add audit entries for a move and for changed fields, and show the files in the new folder."""
	if doc.document_folder != before.document_folder:
		_show_files_in_folder(doc)
		folders_by_key = {"from": before.document_folder, "to": doc.document_folder}
		audit.create_entry("Moved", doc.name, doc.document_folder, doc.current_version, **folders_by_key)
	if changed := [field for field in AUDITED_FIELDS if doc.get(field) != before.get(field)]:
		audit.create_entry("Changed", doc.name, doc.document_folder, doc.current_version, fields=changed)


def record_view(doc: "Document") -> None:
	"""Add an audit entry for a view, if a request asked for the document."""
	if getattr(frappe.local, "request", None):
		audit.create_read_entry("Viewed", doc.name, doc.document_folder, doc.current_version)


def refuse_rename() -> None:
	refuse(_("A document cannot be renamed. Change its title instead."), frappe.ValidationError)


def delete_versions(document: str) -> None:
	"""Delete the versions and their files, and the stored content after the commit."""
	rows = frappe.get_all(DOCUMENT_VERSION, {"document": document}, ["name", "file", "storage_key"], limit=0)
	frappe.db.delete(DOCUMENT_VERSION, {"document": document})
	frappe.db.delete("File", {"name": ("in", [row.file for row in rows] or [""])})
	storage.delete_after_commit([row.storage_key for row in rows])


def _show_files_in_folder(doc: "Document") -> None:
	"""Move the files in Frappe's File list to the folder of the document."""
	files = {"attached_to_doctype": DOCUMENT, "attached_to_name": doc.name}
	file_folder = folders.get_file_folder(doc.document_folder)
	frappe.db.set_value("File", files, "folder", file_folder, update_modified=False)
