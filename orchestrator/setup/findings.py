"""What one check of the doctor says."""

from typing import NamedTuple

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
	"""What one check found. `level` is ok, warn or fail; `remedy` tells what to do unless it is ok."""

	check: str
	level: str
	found: str
	remedy: str = ""
