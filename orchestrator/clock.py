"""Now and today in the site's time zone, without a zone, as Frappe stores them.

Modules call `clock.get_now()` and never frappe.utils, so that a test sets the time in one place. Tests do not
change `get_today`: the platform compares dates with its own clock.
"""

from datetime import date, datetime

from frappe.utils import now_datetime


def get_now() -> datetime:
	"""Return the time to the microsecond, for comparing, ordering and measuring."""
	return now_datetime()


def get_now_to_second() -> datetime:
	"""Return the time to the second, for values that people read and enter."""
	return get_now().replace(microsecond=0)


def get_today() -> date:
	"""Return the site's date."""
	return now_datetime().date()
