"""Validate an API client's plain upload. Frappe itself answers these mistakes with an unexplained 500."""

import contextlib
import inspect
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

import frappe
from frappe import _

from orchestrator.api.preflight import list_required_parameters
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.file_names import BIDI_CONTROLS, MAX_NAME_LENGTH, REFUSED_CATEGORIES, list_categories

# Frappe stores a file under its own name and adds up to ten bytes. File systems allow 255.
MAX_NAME_BYTES = 240
# The libraries with which Frappe reads a file before it is stored.
FILE_LIBRARIES = frozenset({"pypdf", "PIL"})


def check_upload(form: Any) -> None:
	"""Refuse an upload that could not be stored.

	Args:
		form: The parameters of the request, beside its part `file`.

	Raises:
		InvalidRequestError: The file is empty or has no usable name, or `method` is no method (400).
		DoesNotExistError: There is no such DocType, or no File of the name `library_file_name` (404).
	"""
	if form.doctype and not frappe.db.exists("DocType", form.doctype):
		refuse(_("There is no DocType {0}.").format(form.doctype), frappe.DoesNotExistError)
	if form.library_file_name and not _can_read_file(form.library_file_name):
		refuse(_("There is no File {0}.").format(form.library_file_name), frappe.DoesNotExistError)
	if "file" in frappe.request.files:
		_check_part(frappe.request.files["file"])
	if form.method:
		_check_method(form.method)


def _can_read_file(name: str) -> bool:
	"""Return whether the caller may read this File. A missing one looks like a hidden one."""
	return bool(frappe.db.exists("File", name)) and bool(frappe.has_permission("File", doc=name))


def _check_part(part: FileStorage) -> None:
	"""Refuse a part without a usable name, and one without content."""
	name = part.filename or ""
	unusable = not REFUSED_CATEGORIES.isdisjoint(list_categories(name)) or not BIDI_CONTROLS.isdisjoint(name)
	if not name.strip() or unusable or len(name) > MAX_NAME_LENGTH or len(name.encode()) > MAX_NAME_BYTES:
		refuse(
			_(
				"{0} is not a valid file name. Use 1 to {1} visible characters, at most {2} bytes, without control characters or direction marks."
			).format(ascii(name[:MAX_NAME_LENGTH]), MAX_NAME_LENGTH, MAX_NAME_BYTES),
			InvalidRequestError,
		)
	if not part.stream.read(1):
		refuse(_("The file is empty. Send a file that has content."), InvalidRequestError)
	part.stream.seek(0)


def _check_method(path: str) -> None:
	"""Refuse a method that does not exist or that an upload cannot call. Frappe checks the permission to call
	it.
	"""
	try:
		method = frappe.get_attr(path)
	except (ImportError, AttributeError, ValueError, frappe.ValidationError):
		method = None
	if not inspect.isroutine(method):
		refuse(_("There is no method {0}.").format(path[:MAX_NAME_LENGTH]), InvalidRequestError)
	if method in frappe.whitelisted and list_required_parameters(method):
		refuse(
			_("{0} takes parameters, so an upload cannot call it.").format(path[:MAX_NAME_LENGTH]),
			InvalidRequestError,
		)


@contextlib.contextmanager
def translate_file_errors() -> Iterator[None]:
	"""Translate errors of file readers, and a missing file, to a refusal (422)."""
	try:
		yield
	except Exception as error:
		if getattr(error, "http_status_code", None):
			raise
		if _is_reader_error(error):
			refuse(_("The file is damaged: it cannot be read. Send it again."), frappe.ValidationError)
		if isinstance(error, FileNotFoundError | OSError) and frappe.form_dict.file_url:
			refuse(_("There is no file at this file_url. Upload it first."), frappe.ValidationError)
		raise


def _is_reader_error(error: BaseException) -> bool:
	"""Return True if the error was raised inside one of the libraries that read files."""
	frames = traceback.extract_tb(error.__traceback__)
	return any(not FILE_LIBRARIES.isdisjoint(Path(frame.filename).parts) for frame in frames)
