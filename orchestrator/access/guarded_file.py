"""Frappe's File, restricted to content that the user who sets its URL may already read."""

import contextlib
from pathlib import Path
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.file.file import File
from frappe.core.doctype.file.utils import get_content_hash

from orchestrator.access import file_paths
from orchestrator.exceptions import refuse

# Fields that decide where the content is stored
PLACE = ("file_url", "file_name", "is_private")


class GuardedFile(File):
	"""A File whose URL is checked before Frappe reads or writes anything."""

	def check_if_latest(self) -> None:
		"""Check the file path. Frappe calls this after the permission check, when the record before the
		change is loaded.

		Frappe's own hooks run after it has read the content. And in this step, no frame of this app is on the
		stack of Frappe's other errors, so that browsers get the same replies as without this app.
		"""
		super().check_if_latest()
		if self._is_written_by_server():
			return
		before = self.get_doc_before_save()
		if before:
			self._check_change(before)
		else:
			file_paths.check_url(self)

	def _check_change(self, before: File) -> None:
		"""Check the new path of a saved File. Its former private content is its own."""
		if all((before.get(field) or "") == (self.get(field) or "") for field in PLACE):
			return
		had = file_paths.find_private_paths(before.file_url or "", bool(before.is_private))
		gets = file_paths.find_private_paths(self.file_url or self.file_name or "", bool(self.is_private))
		if gets - had or (self.file_url or "") != (before.file_url or ""):
			file_paths.check_url(self)

	def _is_written_by_server(self) -> bool:
		"""Return True for content that was written just now, at a path chosen by the server.

		Frappe's older `save_file` returns only the hash of the written content, and checks no permission.
		"""
		if self.file_url and self.file_url == self.flags.written_url:
			return True
		if not (self.flags.ignore_permissions and self.content_hash and self.is_new() and self.file_url):
			return False
		with contextlib.suppress(OSError):
			return bool(self.content_hash == get_content_hash(Path(self.get_full_path()).read_bytes()))
		return False

	def save_file_on_filesystem(self) -> Any:
		"""Write the content to a new path, and remember that Frappe chose it."""
		saved = super().save_file_on_filesystem()
		self.flags.written_url = self.file_url
		return saved

	def get_full_path(self) -> str:
		"""Return the path of the content. Raises PermissionError (403) for content of the document library."""
		path = str(super().get_full_path())
		if not path.startswith(("http://", "https://", "/api/")) and file_paths.is_in_library(
			str(Path(path).absolute())
		):
			refuse(_("Download documents with orchestrator.docs.download."), frappe.PermissionError)
		return path
