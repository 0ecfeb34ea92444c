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


def check_exemption(doc: "Facility") -> None:
	"""Refuse an exemption from 42 CFR Part 2 without a reason."""
	if doc.is_part2_exempt and not (doc.part2_exemption_reason or "").strip():
		refuse(
			_("Enter the reason why {0} is not a Part 2 program.").format(doc.facility_name),
			frappe.ValidationError,
		)
	if not doc.is_part2_exempt:
		doc.part2_exemption_reason = None
