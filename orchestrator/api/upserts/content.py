"""The records that a request sends: in its body, as an uploaded file, as a parameter, or by the URL of a File."""

import json
from pathlib import PurePath
from typing import Any, Final, NamedTuple

import frappe
from frappe import _
from frappe.core.doctype.file.exceptions import MaxFileSizeReachedError

from orchestrator.access import file_paths
from orchestrator.api.parameters import parse_json
from orchestrator.api.upserts.source_parsing import Format
from orchestrator.exceptions import InvalidRequestError, refuse

# The site's own limit of uploads applies before this one.
MAX_CONTENT_BYTES: Final = 100 * 1024 * 1024
FILE_PART: Final = "file"
FORMAT_BY_MEDIA_TYPE: Final[dict[str, Format]] = {
	"text/csv": "csv",
	"application/x-ndjson": "ndjson",
	"application/ndjson": "ndjson",
	"application/jsonl": "ndjson",
}


class Content(NamedTuple):
	"""The bytes of the records, and the format that their name or media type tells."""

	data: bytes
	format: Format


def read_content(records: str | list | None, file_url: str | None) -> Content:
	"""Return the records of this request.

	Args:
		records: The parameter of that name.
		file_url: The parameter of that name.

	Raises:
		InvalidRequestError: 400. There are no records, or more than one source of them.
		PermissionError: 403. The caller may read no File with this URL.
		MaxFileSizeReachedError: 413. The records are too large.
	"""
	sources = [
		source
		for source in (
			_read_parameter(records),
			_read_file(file_url) if file_url else None,
			_read_part(),
			_read_body(),
		)
		if source is not None
	]
	if len(sources) != 1:
		refuse(
			_("Send the records once: as the body, as a part named {0}, in {1}, or by {2}.").format(
				FILE_PART, "records", "file_url"
			),
			InvalidRequestError,
		)
	_check_size(len(sources[0].data))
	return sources[0]


def _check_size(size: int) -> None:
	if size > MAX_CONTENT_BYTES:
		refuse(
			_("The records are larger than {0} MB. Send them in several calls.").format(
				MAX_CONTENT_BYTES // 1024**2
			),
			MaxFileSizeReachedError,
		)


def _read_parameter(records: Any) -> Content | None:
	if records is None or records == "":
		return None
	if isinstance(records, str) and not records.lstrip().startswith("["):
		return Content(records.encode(errors="surrogatepass"), "ndjson")  # refused when it is decoded
	# In a form, a list is sent as text.
	listed = parse_json("records", records) if isinstance(records, str) else records
	return Content("\n".join(map(json.dumps, listed)).encode(), "ndjson")


def _read_part() -> Content | None:
	request = getattr(frappe.local, "request", None)
	if request is None or FILE_PART not in request.files:
		return None
	part = request.files[FILE_PART]
	part.stream.seek(0)
	return Content(part.stream.read(), _get_file_format(part.filename or ""))


def _read_body() -> Content | None:
	request = getattr(frappe.local, "request", None)
	if request is None or request.mimetype not in FORMAT_BY_MEDIA_TYPE:
		return None
	body = request.get_data(cache=True)
	return Content(body, FORMAT_BY_MEDIA_TYPE[request.mimetype]) if body else None


def _read_file(url: str) -> Content:
	"""Return the content of a File that the caller may read. A missing one looks like a hidden one."""
	files = [file for file in file_paths.find_files(url) if file.has_permission("read")]
	if not files or url.startswith(("http://", "https://", "/api/")):
		refuse(
			_("There is no File with this URL that you may read. Upload the file first."),
			frappe.PermissionError,
		)
	_check_size(files[0].file_size or 0)
	try:
		content = files[0].get_content()
	except OSError:
		refuse(_("The content of this File is missing. Upload it again."), InvalidRequestError)
	data = content.encode() if isinstance(content, str) else content
	return Content(data, _get_file_format(files[0].file_name or url))


def _get_file_format(name: str) -> Format:
	return "csv" if PurePath(name).suffix.lower() == ".csv" else "ndjson"
