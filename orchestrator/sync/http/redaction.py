"""What keeps private values out of texts: errors, logs, tracebacks with local variables (which Frappe's error log is)."""

from typing import Any


class PrivateDict(dict[str, Any]):
	"""A dict that never shows its values: neither in a repr, nor in a traceback's local variables."""

	__slots__ = ()

	def __repr__(self) -> str:
		return f"<{type(self).__name__}: {len(self)} fields>"

	__str__ = __repr__
