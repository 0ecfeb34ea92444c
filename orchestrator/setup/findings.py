"""The result of a check of the doctor."""

from typing import NamedTuple

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
	"""The result of one check. `level` is ok, warn or fail; `remedy` says what to do unless it is ok."""

	check: str
	level: str
	found: str
	remedy: str = ""
