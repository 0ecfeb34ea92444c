"""Parse the content that a caller sends for a version: a part of the form, content in the body, or a file of
this site.
"""

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, unquote, unquote_to_bytes, urlsplit

import frappe
from frappe import _
from frappe.utils import get_url

from orchestrator.docs import documents, media, versions
from orchestrator.docs.errors import InvalidFileError
from orchestrator.docs.versions import IncomingFile
from orchestrator.doctypes import DOCUMENT_VERSION
from orchestrator.exceptions import InvalidRequestError, refuse

if TYPE_CHECKING:
	from frappe.core.doctype.file.file import File

DATA_URL = re.compile(
	r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w-]+=[^;,\s]*)*"
	r"(?:;base64,(?P<base64>[A-Za-z0-9+/=\s]*)|(?<=[\w\"]),(?P<escaped>[!-~]*))",
	re.IGNORECASE | re.ASCII,
)
WEB_URL = re.compile(r"https?://\S+", re.IGNORECASE)
SITE_PATHS = ("/files/", "/private/files/", versions.DOWNLOAD)
FILE_NAME = re.compile(r"[0-9a-z]{10}")


def read_content(file: str | None, encoding: str | None, file_name: str | None) -> IncomingFile:
	"""Return the content in a request, as an upload or in `file`.

	Raises InvalidRequestError (400) if there is none, InvalidFileError (422) for a URL of another host or a
	file that is missing or hidden.
	"""
	name = file_name or None
	if encoding not in (None, "", "base64", "text"):
		refuse(_("encoding must be base64 or text."), InvalidRequestError)
	if upload := get_uploaded_part():
		return upload._replace(file_name=name or upload.file_name)
	if not file:
		refuse(
			_(
				"Send the new content in file, as base64, as text or as a file URL of this site, or as a multipart part."
			),
			InvalidRequestError,
		)
	if encoding == "base64":
		return IncomingFile(io.BytesIO(_decode_base64(file)), name)
	incoming = None if encoding else find_site_file(file.strip()) or _parse_data_url(file)
	incoming = incoming or IncomingFile(io.BytesIO(_encode_text(file)), None, media.TEXT)
	return incoming._replace(file_name=name or incoming.file_name)


def get_uploaded_part() -> IncomingFile | None:
	"""Return the part `file` of a form, None if there is none."""
	part = frappe.request.files.get("file") if getattr(frappe.local, "request", None) else None
	if part is None:
		return None
	return IncomingFile(part.stream, part.filename or None, part.mimetype or None)


def _parse_data_url(text: str) -> IncomingFile | None:
	"""Return the content of a data URL; None for any other text, however much it looks like base64."""
	match = DATA_URL.fullmatch(text.strip())
	if not match:
		return None
	is_base64 = match["base64"] is not None
	content = _decode_base64(match["base64"]) if is_base64 else unquote_to_bytes(match["escaped"])
	return IncomingFile(io.BytesIO(content), None, match["type"])


def _encode_text(text: str) -> bytes:
	"""Return the bytes of a text. 400 for a lone surrogate, which no encoding has."""
	try:
		return text.encode()
	except UnicodeEncodeError:
		refuse(_("The content of file contains half of a character (a lone surrogate)."), InvalidRequestError)


def _decode_base64(text: str) -> bytes:
	"""Return the decoded bytes of base64. 400 if it is not base64."""
	try:
		return base64.b64decode("".join(text.split()), validate=True)
	except (binascii.Error, ValueError):
		refuse(_("The content of file is not valid base64."), InvalidRequestError)


def find_site_file(text: str) -> IncomingFile | None:
	"""Return the file named by a URL of this site, a path or a File's name; None for anything else.

	Nothing is fetched.
	"""
	if WEB_URL.fullmatch(text):
		site = urlsplit(get_url())
		try:
			url = urlsplit(text)
		except ValueError:  # such as http://[
			_raise_missing_file()
		own_hosts = {
			site.netloc,
			frappe.request.host if getattr(frappe.local, "request", None) else site.netloc,
		}
		if url.netloc not in own_hosts:
			refuse(
				_("Files are never fetched from other hosts. Upload the file and send its URL on this site."),
				InvalidFileError,
			)
		text = f"{url.path}?{url.query}" if url.query else url.path
		if not text.startswith(SITE_PATHS):
			_raise_missing_file()
	if text.startswith(versions.DOWNLOAD):
		return _read_version(parse_qs(urlsplit(text).query).get("version", [""])[0])
	if text.startswith(SITE_PATHS) and "\n" not in text:
		return read_file(get_readable_file({"file_url": unquote(urlsplit(text).path)}))
	if FILE_NAME.fullmatch(text) and frappe.db.exists("File", text):
		return read_file(get_readable_file({"name": text}))
	return None


def _read_version(name: str) -> IncomingFile:
	"""Return the content of another version that the caller may read."""
	document = frappe.db.get_value(DOCUMENT_VERSION, name, "document")
	if not document:
		_raise_missing_file()
	documents.get_document(document)
	version = frappe.get_doc(DOCUMENT_VERSION, name)
	return IncomingFile(versions.get_intact_path(version).open("rb"), version.file_name)


def get_readable_file(filters: dict[str, str]) -> "File":
	"""Return the File, if the caller may read one of those that match."""
	for name in frappe.get_all("File", {**filters, "is_folder": 0}, pluck="name", limit=20):
		file: File = frappe.get_doc("File", name)
		if file.has_permission("read"):
			return file
	return _raise_missing_file()


def read_file(file: "File") -> IncomingFile:
	if (file.file_url or "").startswith(versions.DOWNLOAD):
		return _read_version(file.file_url.removeprefix(versions.DOWNLOAD))
	if file.is_remote_file:
		_raise_missing_file()
	try:
		return IncomingFile(open(file.get_full_path(), "rb"), file.file_name)  # noqa: PTH123  # closed with the request
	except OSError:
		_raise_missing_file()


def _raise_missing_file() -> NoReturn:
	refuse(
		_("There is no such file on this site that you may read. Upload it and send its name or URL."),
		InvalidFileError,
	)
