"""The rules of a Facility."""

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

import frappe
from frappe import _

from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.facility.facility import Facility


def check_time_zone(doc: "Facility") -> None:
	if doc.time_zone and doc.time_zone not in available_timezones():
		refuse(
			_("{0} is not a time zone. Use a name such as America/New_York.").format(doc.time_zone),
			frappe.ValidationError,
		)
