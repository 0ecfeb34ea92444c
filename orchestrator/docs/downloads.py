"""The only way to a version's bytes."""

from pathlib import Path
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

CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def build_download(document: str | None, version: str | None) -> Response:
	"""Return the reply with the content of a version, for a caller who may read the document."""
	readable = get_readable_version(document, version)
	path = versions.get_intact_path(readable)
	record_access("Downloaded", readable)
	return build_attachment(path, readable, readable.mime_type or "application/octet-stream")


def record_access(action: audit.Action, version: "DocumentVersion") -> None:
	"""Add an audit entry for a version whose content is sent to the caller."""
	folder = frappe.db.get_value(DOCUMENT, version.document, "document_folder")
	audit.create_read_entry(action, version.document, folder, version.number)


def build_attachment(path: Path, version: "DocumentVersion", media_type: str) -> Response:
	"""Return the reply with a file. A browser never displays it as a page: a file may contain a script."""
	response = send_file(
		path,
		environ=frappe.request.environ,
		mimetype=media_type,
		as_attachment=True,
		download_name=version.file_name,
		etag=version.sha256,
		conditional=True,
	)
	response.headers["X-Content-Type-Options"] = "nosniff"
	response.headers["Cache-Control"] = "private, no-store"
	# For browsers that open an attachment all the same: no script, no request, an origin of its own.
	response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
	response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
	return response


def get_readable_version(document: str | None, version: str | None) -> "DocumentVersion":
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
