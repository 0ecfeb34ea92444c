"""`upload_file` into the document library: the folders, the document, its version."""

from typing import Any

import frappe
from frappe import _

from orchestrator.docs import access, changes, content, documents, folders, versions
from orchestrator.docs.names import checked
from orchestrator.docs.versions import Incoming
from orchestrator.exceptions import InvalidRequestError, refuse


def concerns(folder: str) -> bool:
	"""True for an upload that goes into the library: a path below Documents."""
	levels = [level.strip() for level in folder.split("/") if level.strip()]
	if levels and levels[0] == folders.FILES_ROOT:
		levels = levels[1:]
	return bool(levels) and levels[0] == folders.ROOT


def keep(form: Any) -> tuple[dict[str, Any], bool]:
	"""Keep an upload as a document. Returns the File with the names of document and version, and whether anything was
	new: the same bytes again under the same title in the same folder are not.

	Raises PermissionError (403) where the caller may not write there."""
	incoming = incoming_of(form)
	title = checked(_("document"), form.title or incoming.file_name or "")
	folder = folders.make(form.folder)
	access.require(access.WRITE, folder)
	kept = versions.keep(incoming, title)
	document = documents.of_title(folder, title)
	if document and document.checksum == kept.stored.sha256:
		return reply(document.file, document.name), False
	if document:
		documents.refuse_foreign_lock(document)
	else:
		document = documents.make(folder, title)
	version = versions.add(document, kept, form.version_notes or form.notes)
	if form.tags:
		changes.tag(document.name, changes.read_tags(form.tags))
	return reply(version.file, document.name), True


def incoming_of(form: Any) -> Incoming:
	"""What is uploaded: a part of the form, or a file that the site has."""
	if upload := content.uploaded():
		return upload
	if form.library_file_name:
		return content.of_file(content.readable_file({"name": form.library_file_name}))
	if form.file_url and (found := content.of_this_site(form.file_url.strip())):
		return found
	return refuse(
		_("Send the file as a multipart part named file, or a file_url of this site."), InvalidRequestError
	)


def reply(file: str | None, document: str | None) -> dict[str, Any]:
	version = frappe.db.get_value("Document Version", {"file": file}, ["name", "number"], as_dict=True)
	return {
		**frappe.get_doc("File", file).as_dict(),
		"document": document,
		"document_version": version.name,
		"version": version.number,
	}
