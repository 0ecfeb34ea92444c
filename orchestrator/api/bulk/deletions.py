"""Delete many records, each by frappe.delete_doc with its hooks, its check of links and its Deleted Document."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import frappe
from frappe import _
from frappe.model.meta import Meta
from frappe.permissions import get_role_permissions
from frappe.utils import get_site_path

from orchestrator.api.bulk.requests import BulkRequest, Name, get_bulk_meta, list_readable_names
from orchestrator.exceptions import refuse


class BulkDeletion:
	"""The work of a bulk deletion. See `runs.Work`."""

	def __init__(self, request: BulkRequest) -> None:
		self.meta = get_bulk_meta(request.doctype)
		self.attachments = AttachmentBackup()

	def check(self) -> None:
		"""Refuse (403) a DocType of which the caller may read or delete no record."""
		frappe.has_permission(self.meta.name, "read", throw=True)
		if not _can_delete_any(self.meta):
			refuse(
				_("You do not have permission to delete any {0}. Ask your administrator for access.").format(
					_(self.meta.name)
				),
				frappe.PermissionError,
			)

	def prepare(self, names: list[Name]) -> dict[str, Name]:
		"""Find the records that the caller may read, and back up their attachments in case the call fails."""
		readable = list_readable_names(self.meta, names, frappe.session.user)
		self.attachments.create_links(self.meta.name, readable)
		return readable

	def sort_names(self, names: list[Name]) -> list[Name]:
		"""Return the newest first, as Desk does: a naming series only steps back from its last name."""
		return sorted(names, key=str, reverse=True)

	def apply(self, name: Name) -> None:
		"""Delete one record. Frappe checks that the caller may and that nothing refers to it."""
		try:
			frappe.delete_doc(self.meta.name, name, ignore_missing=False)
		except Exception:
			self.attachments.restore_record(str(name))
			raise

	def apply_to_succeeded(self, succeeded: list[Name]) -> None:
		"""Do nothing: each deletion is complete."""


def _can_delete_any(meta: Meta) -> bool:
	"""Return True if a role of the caller may delete records of the DocType, even if only the caller's own."""
	allowed = get_role_permissions(meta, is_owner=True)
	return bool(allowed.get("delete") or allowed.get("if_owner", {}).get("delete"))


class AttachmentBackup:
	"""The files of the records to delete. Frappe removes them from the disk at once, which no rollback brings
	back; a second link to each does. Links go when the call is committed.
	"""

	def __init__(self) -> None:
		self.files: dict[str, list[tuple[Path, Path]]] = {}
		self.directory: Path | None = None

	def create_links(self, doctype: str, names: Iterable[str]) -> None:
		"""Link the attachments of `names` a second time."""
		filters = {"attached_to_doctype": doctype, "attached_to_name": ("in", list(names)), "is_folder": 0}
		fields = ["attached_to_name", "file_url", "thumbnail_url"]
		# get_all: whoever deletes a record deletes its attachments, visible or not
		for file in frappe.get_all("File", filters=filters, fields=fields):
			for url in (file.file_url, file.thumbnail_url):
				if (path := _find_path(url)) and path.is_file():
					self.create_link(file.attached_to_name, path)
		if self.directory:
			frappe.db.after_rollback.add(self.restore_all)
			frappe.db.after_commit.add(self.delete_links)

	def create_link(self, name: str, path: Path) -> None:
		"""Link one file a second time."""
		if self.directory is None:
			self.directory = Path(get_site_path("private", f".bulk-{frappe.generate_hash(length=12)}"))
			self.directory.mkdir()
		saved = self.directory / frappe.generate_hash(length=20)
		os.link(path, saved)
		self.files.setdefault(name, []).append((path, saved))

	def restore_record(self, name: str) -> None:
		"""Restore the missing files of one record."""
		for path, saved in self.files.get(name, []):
			with contextlib.suppress(FileExistsError):
				os.link(saved, path)

	def restore_all(self) -> None:
		"""Restore the missing files, because the call was rolled back."""
		for name in self.files:
			self.restore_record(name)
		self.delete_links()

	def delete_links(self) -> None:
		"""Remove the second links."""
		if self.directory:
			shutil.rmtree(self.directory, ignore_errors=True)


def _find_path(url: str | None) -> Path | None:
	"""Return the path of the file at `url` on this site's disk, None for a file elsewhere."""
	for prefix, folder in (("/private/files/", "private"), ("/files/", "public")):
		if url and url.startswith(prefix) and ".." not in url.split("/"):
			return Path(get_site_path(folder, "files", url.rsplit("/", 1)[-1]))
	return None
