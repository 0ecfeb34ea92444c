"""The class of File: parse `is_private` before Frappe writes the file to disk, and store the content
unchanged.
"""

import codecs
from collections.abc import Sequence

import frappe

from orchestrator import compat
from orchestrator.access.guarded_file import GuardedFile
from orchestrator.api.file_privacy import before_file_validate


class PrivacyParsingFile(GuardedFile):
	"""The guarded File, with `is_private` parsed to 0 or 1."""

	def set_user_and_timestamp(self) -> None:
		"""Set the owner and the time, and parse `is_private`.

		Frappe writes the file in `before_insert`, ahead of every hook, and this is the step before. It has
		returned by then, so that no frame of this app is on the stack of Frappe's own errors.
		"""
		super().set_user_and_timestamp()
		before_file_validate(self)

	def get_content(self, encodings: Sequence[str] | None = None) -> bytes | str:
		"""Return the content: as text only if encoding it gives the same bytes.

		Frappe 16 decodes short binary files as text in an old code page, and drops a byte order mark: its
		prepared reports can then not be unpacked, and a copy of an attachment has different content.

		Args:
			encodings: The encodings to try, for callers of Frappe 16 that know them.
		"""
		if encodings is not None:
			return super().get_content(encodings)
		if not compat.DECODES_BINARY_FILES or self.get("content"):
			return super().get_content()
		content = super().get_content(("utf-8",))
		if isinstance(content, str) and content.encode().startswith(codecs.BOM_UTF8):
			content = self._content = content.encode()
		return content

	def delete_file_data_content(self, only_thumbnail: bool = False) -> None:
		"""Delete the content from the disk once the deletion is committed: until then, it may be rolled back.

		Frappe deletes it at once, and loses it where the record is in use, or another one of a bulk call or batch.
		"""
		if self.flags.new_file:
			super().delete_file_data_content(only_thumbnail)
			return
		frappe.db.after_commit.add(lambda: self._delete_content_if_unused(only_thumbnail))

	def _delete_content_if_unused(self, only_thumbnail: bool) -> None:
		"""Delete the content from the disk, unless a File of it has been made meanwhile."""
		if not frappe.db.exists("File", {"file_url": self.file_url}):
			super().delete_file_data_content(only_thumbnail)
