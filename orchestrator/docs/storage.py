"""Storage of the content of versions: below private/files, so that backups include it, each under a random
key that no File and no reply contains. Files are written once, never opened for writing again, and deleted if
the request fails.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import frappe
from frappe import _
from frappe.core.api.file import get_max_file_size
from frappe.core.doctype.file.exceptions import MaxFileSizeReachedError

from orchestrator.docs.errors import DamagedFileConflictError, InvalidFileError, StorageError
from orchestrator.doctypes import DOCUMENT_VERSION
from orchestrator.exceptions import refuse

FOLDER = "orchestrator_documents"
PREVIEW_FOLDER = "orchestrator_previews"
KEY = re.compile(r"[0-9a-f]{32}")
READ_ONLY = 0o440
CHUNK_BYTES = 1024 * 1024
MEGABYTE = 1024 * 1024


class StoredBytes(NamedTuple):
	"""Content on disk."""

	key: str
	size: int
	sha256: str


def get_root() -> Path:
	return Path(frappe.get_site_path("private", "files", FOLDER))


def get_path(key: str) -> Path:
	"""Return the path of the content of `key`. Only keys made by `write_bytes` are valid."""
	if not KEY.fullmatch(key or ""):
		raise ValueError("not a storage key")
	return get_root() / key[:2] / key


def get_preview_root() -> Path:
	"""Return the folder of converted files: a cache, outside of the files that backups include."""
	return Path(frappe.get_site_path("private", PREVIEW_FOLDER))


def get_preview_path(key: str) -> Path:
	"""Return the path of the PDF into which the content of `key` is converted for its preview."""
	return get_preview_root() / get_path(key).parent.name / f"{key}.pdf"


def write_bytes(source: BinaryIO) -> StoredBytes:
	"""Store the content of `source`. It is deleted again if the transaction is rolled back.

	Raises MaxFileSizeReachedError (413), InvalidFileError (422) for no bytes at all, StorageError (507).
	"""
	key = secrets.token_hex(16)
	path = get_path(key)
	frappe.db.after_rollback.add(lambda: _delete_bytes(key))
	frappe.db.after_commit.add(lambda: delete_unreferenced([key]))
	try:
		path.parent.mkdir(parents=True, exist_ok=True)
		size, digest = _copy_bytes(source, path)
	except OSError as error:
		_delete_bytes(key)
		_raise_storage_error(error)
	except Exception:
		_delete_bytes(key)
		raise
	return StoredBytes(key, size, digest)


def _copy_bytes(source: BinaryIO, path: Path) -> tuple[int, str]:
	"""Write `source` to a new file and sync it to disk. Return its size and SHA-256."""
	limit, size, digest = get_max_file_size(), 0, hashlib.sha256()
	descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
	with os.fdopen(descriptor, "wb", buffering=0) as target:
		while chunk := source.read(CHUNK_BYTES):
			size += len(chunk)
			if size > limit:
				_raise_size_error(limit)
			digest.update(chunk)
			_write_all(target.fileno(), chunk)
		if not size:
			refuse(_("The file is empty. Send a file that has content."), InvalidFileError)
		os.fsync(target.fileno())
	return size, digest.hexdigest()


def _write_all(descriptor: int, data: bytes) -> None:
	rest = memoryview(data)
	while rest:
		rest = rest[os.write(descriptor, rest) :]


def _raise_size_error(limit: int) -> None:
	refuse(
		_("The file is larger than the {0} MB that this site accepts. Send a smaller file.").format(
			limit // MEGABYTE
		),
		MaxFileSizeReachedError,
	)


def _raise_storage_error(error: OSError) -> None:
	full = error.errno in (errno.ENOSPC, errno.EDQUOT)
	why = _("The server's disk is full") if full else _("The server cannot write files")
	refuse(
		_("{0}, so nothing was stored. Tell your administrator and try again later.").format(why),
		StorageError,
	)


def _delete_bytes(key: str) -> None:
	"""Delete the content and its preview, if there are any."""
	get_path(key).unlink(missing_ok=True)
	get_preview_path(key).unlink(missing_ok=True)


def delete_unreferenced(keys: list[str]) -> None:
	"""Delete the content of those keys that no version has. Call it after a transaction: part of it may have
	been rolled back to a savepoint, which Frappe does not report.
	"""
	referenced = frappe.get_all(DOCUMENT_VERSION, {"storage_key": ("in", keys)}, pluck="storage_key", limit=0)
	for key in set(keys) - set(referenced):
		_delete_bytes(key)


def delete_after_commit(keys: list[str]) -> None:
	"""Delete the content after the commit, when its records cannot be restored any more."""
	if keys:
		frappe.db.after_commit.add(lambda: delete_unreferenced(keys))


def find_fault(key: str, size: int, sha256: str) -> str | None:
	"""Return the fault of stored content: `missing`, `unreadable`, `changed`; None if it is intact."""
	digest, stored_size = hashlib.sha256(), 0
	try:
		with get_path(key).open("rb") as file:
			while chunk := file.read(CHUNK_BYTES):
				digest.update(chunk)
				stored_size += len(chunk)
	except (FileNotFoundError, ValueError):
		return "missing"
	except OSError:
		return "unreadable"
	return None if stored_size == size and digest.hexdigest() == sha256 else "changed"


def get_checked_path(key: str, size: int, sha256: str, label: str) -> Path:
	"""Return the path of the file, if its content is intact.

	Raises DamagedFileConflictError (409), which names `label` and nothing of the server's.
	"""
	if found := find_fault(key, size, sha256):
		refuse(
			_(
				"The file of {0} is {1} on the server, so it cannot be downloaded. Tell your administrator; other versions are not affected."
			).format(label, _(found)),
			DamagedFileConflictError,
		)
	return get_path(key)


def list_keys() -> Iterator[tuple[str, float]]:
	"""Yield the key of every stored file, with the time of its last modification."""
	for path in sorted(get_root().glob("??/*")):
		with contextlib.suppress(FileNotFoundError):  # deleted in the meantime
			if KEY.fullmatch(path.name):
				yield path.name, path.stat().st_mtime
