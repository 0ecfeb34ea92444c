"""The moment by which sprints are kept: the site's time zone, to the microsecond, as Frappe stores it."""

from datetime import datetime

from frappe.utils import now_datetime


def now() -> datetime:
	"""This moment. The one place that asks, so that a test can tell a story of other days."""
	return now_datetime()
