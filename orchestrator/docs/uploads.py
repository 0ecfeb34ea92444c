"""`upload_file` into the document library: creates the folders, the document and its version."""

from typing import Any

import frappe
from frappe import _

from orchestrator.docs import access, changes, content, documents, folders, versions
from orchestrator.docs.names import validate_name
from orchestrator.docs.versions import IncomingFile
from orchestrator.doctypes import DOCUMENT_VERSION
from orchestrator.exceptions import InvalidRequestError, refuse


def accepts_upload(folder: str) -> bool:
	"""Return True for an upload into the library: to a path below Documents."""
	levels = [level.strip() for level in folder.split("/") if level.strip()]
	if levels and levels[0] == folders.FILES_ROOT:
		levels = levels[1:]
	return bool(levels) and levels[0] == folders.ROOT


def store_upload(form: Any) -> tuple[dict[str, Any], bool]:
	"""Store an upload as a document. Return the File with the names of document and version, and whether a
	version was created: the same content under the same title in the same folder creates none.

	Raises PermissionError (403) if the caller may not write there.
	"""
	incoming = _parse_upload(form)
	title = validate_name(_("document"), form.title or incoming.file_name or "")
	folder = folders.get_or_create(form.folder)
	access.check_level(access.WRITE, folder)
	upload = versions.store_file(incoming, title)
	document = documents.get_by_title(folder, title)
	if document and document.checksum == upload.stored.sha256:
		return _build_reply(document.file, document.name), False
	if document:
		documents.check_checkout(document)
	else:
		document = documents.create_document(folder, title)
	version = versions.create_version(document, upload, form.version_notes or form.notes)
	if form.tags:
		changes.update_tags(document.name, changes.read_tags(form.tags))
	return _build_reply(version.file, document.name), True


def _parse_upload(form: Any) -> IncomingFile:
	"""Return the uploaded content: a part of the form, or a file that the site has."""
	if upload := content.get_uploaded_part():
		return upload
	if form.library_file_name:
		return content.read_file(content.get_readable_file({"name": form.library_file_name}))
	if form.file_url and (found := content.find_site_file(form.file_url.strip())):
		return found
	return refuse(
		_("Send the file as a multipart part named file, or a file_url of this site."), InvalidRequestError
	)


def _build_reply(file: str | None, document: str | None) -> dict[str, Any]:
	version = frappe.db.get_value(DOCUMENT_VERSION, {"file": file}, ["name", "number"], as_dict=True)
	return {
		**frappe.get_doc("File", file).as_dict(),
		"document": document,
		"document_version": version.name,
		"version": version.number,
	}
