"""The only way to a version's bytes."""

from typing import TYPE_CHECKING

from werkzeug.utils import send_file
from werkzeug.wrappers import Response

import frappe
from frappe import _

from orchestrator.docs import audit, documents, versions
from orchestrator.doctypes import DOCUMENT
from orchestrator.exceptions import InvalidRequestError, refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion


def build_download(document: str | None, version: str | None) -> Response:
	"""Return the reply with the content of a version, for a caller who may read the document."""
	readable = _get_readable_version(document, version)
	path = versions.get_intact_path(readable)
	folder = frappe.db.get_value(DOCUMENT, readable.document, "document_folder")
	audit.create_read_entry("Downloaded", readable.document, folder, readable.number)
	response = send_file(
		path,
		environ=frappe.request.environ,
		mimetype=readable.mime_type or "application/octet-stream",
		# Never displayed in the browser: a file may contain a script.
		as_attachment=True,
		download_name=readable.file_name,
		etag=readable.sha256,
		conditional=True,
	)
	response.headers["X-Content-Type-Options"] = "nosniff"
	response.headers["Cache-Control"] = "private, no-store"
	return response


def _get_readable_version(document: str | None, version: str | None) -> "DocumentVersion":
	"""Return the requested version, if its document may be read; a missing and a hidden one look alike."""
	if document:
		number = _parse_number(version)
		return versions.get_version(str(documents.get_document(document).name), number)
	if not version:
		refuse(_("Missing parameter: document."), InvalidRequestError)
	owner, _mark, number_text = version.rpartition("-v")
	documents.get_document(owner or version)
	return versions.get_version(owner, _parse_number(number_text))


def _parse_number(version: str | None) -> int | None:
	"""Return a version's number, also if its whole name was sent."""
	text = (version or "").rpartition("-v")[2]
	if not text:
		return None
	if not text.isdecimal():
		refuse(_("version must be a number, or the name of a version."), InvalidRequestError)
	return int(text)
