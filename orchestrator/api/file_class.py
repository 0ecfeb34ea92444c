"""The class of File: whether a file is private is known before Frappe writes it to the disk."""

from orchestrator.access.guarded_file import GuardedFile
from orchestrator.api.file_privacy import before_file_validate


class FileOfKnownPrivacy(GuardedFile):
	"""The guarded File, with `is_private` as 0 or 1 whatever the caller sends."""

	def set_user_and_timestamp(self) -> None:
		"""Set the owner and the time, and parse `is_private`.

		Frappe writes the file in `before_insert`, ahead of every hook, and this is the step before. It has returned by
		then, so that nothing of ours is on the stack of Frappe's own errors."""
		super().set_user_and_timestamp()
		before_file_validate(self)
