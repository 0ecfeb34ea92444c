"""Keep private values out of texts: errors, logs, and tracebacks with local variables, as in Frappe's error
log.
"""

from typing import Any


class PrivateDict(dict[str, Any]):
	"""A dict that never shows its values, neither in a repr nor in a traceback's local variables."""

	__slots__ = ()

	def __repr__(self) -> str:
		return f"<{type(self).__name__}: {len(self)} fields>"

	__str__ = __repr__
