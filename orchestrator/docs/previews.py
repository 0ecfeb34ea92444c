"""What a browser can show of a version without running anything in it: text, a table, an image, a PDF.

Pages with scripts (HTML, SVG opened as a page) are shown as text or as an image, never as a page. Office files are
converted to PDF: see conversion.py.
"""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from werkzeug.wrappers import Response

from frappe import _

from orchestrator.docs import conversion, downloads, media, text, versions
from orchestrator.docs.errors import InvalidFileError
from orchestrator.docs.shapes import PREVIEW, Preview
from orchestrator.exceptions import ConflictError, refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

Kind = Literal["pdf", "image", "text", "table", "office", "none"]
IMAGES = frozenset(
	{
		"image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/svg+xml", "image/webp",
		"image/x-ms-bmp",
	}
)  # fmt: skip
TABLES = frozenset({"text/csv", "text/tab-separated-values"})
DELIMITERS = ",;\t|"
MAX_CHARACTERS = 200_000
MAX_ROWS, MAX_COLUMNS, MAX_CELL = 500, 50, 1_000
TEXT_SECONDS = 10


def find_kind(media_type: str) -> Kind:
	"""Return how files of a type are shown."""
	if media_type == media.PDF:
		return "pdf"
	if media_type in IMAGES:
		return "image"
	if media_type in TABLES:
		return "table"
	if media_type in conversion.EXTENSIONS:
		return "office"
	return "text" if media.is_textual(media_type) else "none"


def build_preview(document: str | None, number: int | None) -> Preview:
	"""Return the preview of a version that the caller may read. Text is sent at once, other content by its URL."""
	version = downloads.get_readable_version(document, str(number) if number else None)
	kind = find_kind(version.mime_type or "")
	if kind in ("text", "table"):
		return _build_text_preview(version, kind)
	if kind == "office":
		return _build_converted_preview(version)
	if kind == "none":
		return _build_preview(version, kind, message=_get_type_message())
	return _build_preview(version, kind, url=f"{PREVIEW}{version.name}")


def _build_preview(
	version: "DocumentVersion",
	kind: Kind,
	*,
	state: str = "",
	url: str | None = None,
	content: str | None = None,
	rows: list[list[str]] | None = None,
	truncated: bool = False,
	message: str | None = None,
) -> Preview:
	return {
		"document": version.document,
		"version": version.number,
		"file_name": version.file_name,
		"mime_type": version.mime_type,
		"kind": kind,
		"state": state or ("Unavailable" if message else "Ready"),
		"url": url,
		"text": content,
		"rows": rows,
		"truncated": truncated,
		"message": message,
	}


def _build_text_preview(version: "DocumentVersion", kind: Kind) -> Preview:
	path = versions.get_intact_path(version)
	content = text.extract_text(path, media.TEXT, TEXT_SECONDS, MAX_CHARACTERS + 1)
	if content is None:
		return _build_preview(
			version,
			"none",
			message=_("The text of this file could not be read. Download the file to open it."),
		)
	downloads.record_access("Previewed", version)
	truncated, content = len(content) > MAX_CHARACTERS, content[:MAX_CHARACTERS]
	rows = parse_table(content) if kind == "table" else None
	if not rows:
		return _build_preview(version, "text", content=content, truncated=truncated)
	cut = truncated or len(rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in rows)
	return _build_preview(version, "table", rows=_cut_table(rows), truncated=cut)


def parse_table(content: str) -> list[list[str]] | None:
	"""Return the rows of comma-separated values, at most one more than are shown. None if they have no structure.

	The delimiter is the most frequent one in the first line.
	"""
	first_line = content.lstrip().partition("\n")[0]
	delimiter = max(DELIMITERS, key=first_line.count)
	rows: list[list[str]] = []
	try:
		for row in csv.reader(content.splitlines(keepends=True), delimiter=delimiter):
			rows.append(row)
			if len(rows) > MAX_ROWS:
				break
	except csv.Error:
		return None
	return rows


def _cut_table(rows: list[list[str]]) -> list[list[str]]:
	return [[cell[:MAX_CELL] for cell in row[:MAX_COLUMNS]] for row in rows[:MAX_ROWS]]


def _build_converted_preview(version: "DocumentVersion") -> Preview:
	versions.get_intact_path(version)
	state = conversion.request_conversion(version)
	if state == "Unavailable":
		return _build_preview(version, "none", message=conversion.build_message())
	url = f"{PREVIEW}{version.name}" if state == "Ready" else None
	return _build_preview(version, "pdf", state=state, url=url)


def build_content(document: str | None, version: str | None) -> Response:
	"""Return the reply with the image or the PDF that a preview shows."""
	readable = downloads.get_readable_version(document, version)
	path = versions.get_intact_path(readable)
	media_type = readable.mime_type or ""
	kind = find_kind(media_type)
	if kind == "office":
		path, media_type = _get_converted_path(readable), media.PDF
	elif kind not in ("pdf", "image"):
		refuse(_get_type_message(), InvalidFileError)
	downloads.record_access("Previewed", readable)
	return downloads.build_attachment(path, readable, media_type)


def _get_converted_path(version: "DocumentVersion") -> Path:
	path = conversion.find_converted(version.storage_key)
	if not path:
		refuse(
			_("This file has not been converted yet. Call get_preview until its state is Ready."),
			ConflictError,
		)
	return path


def _get_type_message() -> str:
	return _("There is no preview for files of this type. Download the file to open it.")
