"""Parse ISO 8601 dates and timestamps strictly. Imports nothing of Frappe."""

import re
from datetime import datetime

from dateutil.parser import isoparse

# The extended format of calendar dates, with or without a time. Python and dateutil read other forms as well.
PATTERN = re.compile(
	r"\d{4}-\d\d-\d\d"
	r"(?:[T ](?!24)\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
	re.ASCII,
)


def parse_iso(text: str) -> datetime:
	"""Return a date or timestamp to the second, aware if it has a zone. Raises ValueError for anything else."""
	if not PATTERN.fullmatch(text):
		raise ValueError("not an ISO 8601 date or timestamp")
	try:
		return datetime.fromisoformat(text).replace(
			microsecond=0
		)  # implemented in C, and from Python 3.11 on for nearly all forms
	except ValueError:
		return isoparse(text).replace(microsecond=0)
