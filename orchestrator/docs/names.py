"""Validate names of files, folders and documents that callers send. Plain functions: no site is needed."""

import mimetypes
from pathlib import Path
from typing import NoReturn

from frappe import _
from frappe.utils.html_utils import sanitize_html

from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.file_names import MAX_NAME_LENGTH, is_valid_name, normalize_name

MAX_LENGTH = MAX_NAME_LENGTH


def validate_name(kind: str, name: str) -> str:
	"""Return `name` as it is stored: see orchestrator/file_names.py.

	Refuse (400) a path, a control character, and a character that changes the text direction.
	"""
	text = normalize_name(name)
	# Frappe would store HTML in another form: of "a <b>.txt" it makes "a <b>.txt</b>".
	if not is_valid_name(text) or ("<" in text and sanitize_html(text) != text):
		_refuse_name(kind, name)
	return text


def _refuse_name(kind: str, name: str) -> NoReturn:
	refuse(
		_(
			"{0} is not a valid name for a {1}. Use 1 to {2} visible characters without slashes, control characters, direction marks or HTML."
		).format(ascii(name[:MAX_LENGTH]), kind, MAX_LENGTH),
		InvalidRequestError,
	)


def add_extension(title: str, extension: str) -> str:
	"""Return the title as a file name with `extension`, which replaces the extension of another type."""
	stem = Path(title).stem if mimetypes.guess_type(title)[0] else title
	return f"{stem[: MAX_LENGTH - len(extension)]}{extension}"
