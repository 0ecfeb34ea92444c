"""Private files on disk that a File record leads to, and whether a user may read them.

The URL of a File is a text that its owner may set. Frappe sends the content behind it to whoever may read the
File record, and does not check who owns that content.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import frappe
from frappe import _
from frappe.utils import get_files_path

from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.switch import is_guarded
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from frappe.core.doctype.file.file import File

PRIVATE_PREFIX = "/private/files/"
# Files of the document library, which only its own download returns. See orchestrator/docs/storage.py.
LIBRARY_FOLDER = "orchestrator_documents"
MAX_DECODINGS = 5


def check_url(file: "File") -> None:
	"""Check that the session's user may read the private content that a new or changed File leads to.

	Args:
		file: The File, before Frappe has looked at its URL.

	Raises:
		PermissionError: The URL leads to bytes that the user may not read by any other File (403).
	"""
	if file.is_folder or is_unlimited(frappe.session.user):
		return
	url = file.file_url or ""
	if not url and file.get("content"):
		return  # an upload: Frappe chooses a new path for it
	for path in find_private_paths(url or file.file_name or "", bool(file.is_private)):
		check_path(path, file.name)
	if is_guarded() and url.startswith(("http://", "https://", "/api/")):
		_check_equal_url(url, file.name)


def check_path(path: str, name: str | None = None) -> None:
	"""Check that the session's user may read a file below private/files.

	Args:
		path: The path below private/files, normalized.
		name: A File that is left out of account.

	Raises:
		PermissionError: No File that the user may read has these bytes (403).
	"""
	if is_in_library(path) or (is_guarded() and not _is_readable(f"{PRIVATE_PREFIX}{path}", name)):
		_raise_not_permitted()


def is_in_library(path: str) -> bool:
	"""Return True for a path below private/files that is in the store of the document library."""
	root = Path(get_files_path(is_private=1)).resolve()
	library = str(root / LIBRARY_FOLDER).casefold()
	full = str((root / path).resolve()).casefold()
	return full == library or full.startswith(f"{library}{os.sep}")


def find_private_paths(url: str, is_private: bool) -> set[str]:
	"""Return the paths below private/files that a URL leads to, as it is or decoded.

	Args:
		url: A File's URL, or its name where it has no URL.
		is_private: Whether a bare name is that of a private file.
	"""
	paths = set()
	for text in _list_decodings(url):
		tail = _find_tail(text, is_private)
		if tail is not None:
			paths.add(tail)
	return paths


def _list_decodings(text: str) -> list[str]:
	"""Return a text, and the result of each further URL decoding."""
	found = [text]
	while len(found) < MAX_DECODINGS and (decoded := unquote(found[-1])) != found[-1]:
		found.append(decoded)
	return found


def _find_tail(text: str, is_private: bool) -> str | None:
	"""Return the normalized path below private/files that a text leads to, None if it leads elsewhere."""
	text = text.replace("\\", "/").strip()
	if "/" not in text:
		return os.path.normpath(text) if text and is_private else None
	if text.lower().startswith(("http://", "https://")):
		parts = urlsplit(text)
		text = f"{parts.path}?{parts.query}" if "private/files" in parts.query else parts.path
	normal = os.path.normpath(f"/{text}")
	mark = normal.lower().rfind("private/files/")
	return normal[mark + len("private/files/") :] if mark >= 0 else None


def _is_readable(url: str, name: str | None) -> bool:
	"""Return True if the session's user may read a File with exactly this URL."""
	return any(file.has_permission("read") for file in find_files(url, name))


def find_files(url: str, left_out: str | None = None) -> list["File"]:
	"""Return the Files with exactly this URL, byte for byte: MariaDB alone would treat é as e, and A as a.

	Args:
		url: A File's URL.
		left_out: The name of a File that does not count.
	"""
	# get_all: the permission on each is checked next
	rows = frappe.get_all("File", {"file_url": url}, ["name", "file_url"], limit=0)
	names = [row.name for row in rows if row.file_url == url and row.name != left_out]
	return [frappe.get_doc("File", name) for name in names]


def _check_equal_url(url: str, name: str | None) -> None:
	"""Check a URL that is not a path: if private Files have it, one of them must be readable."""
	files = find_files(url, name)
	if any(file.is_private for file in files) and not any(file.has_permission("read") for file in files):
		_raise_not_permitted()


def _raise_not_permitted() -> None:
	refuse(
		_("You may not read the file at this URL. Upload the file instead, or ask its owner to share it."),
		frappe.PermissionError,
	)
