"""The facility of records: the field by which cards and charts apply a dashboard's filter."""

from typing import Any

import frappe

from orchestrator.doctypes import FACILITY
from orchestrator.insights.metrics.dashboard_filters import FACILITY_FILTER


def find_facility_field(doctype: str) -> str | None:
	"""Return the DocType's only link to a facility, None if it has none or several."""
	links = [
		field.fieldname for field in frappe.get_meta(doctype).get_link_fields() if field.options == FACILITY
	]
	return links[0] if len(links) == 1 else None


def list_filters(doctype: str) -> frozenset[str]:
	"""Return the filters of a dashboard that apply to any list of these records."""
	known = frappe.db.exists("DocType", doctype, cache=True) and find_facility_field(doctype)
	return frozenset({FACILITY_FILTER}) if known else frozenset()


def build_facility_filter(doctype: str, facility: str) -> list[Any]:
	"""Return the condition on the facility, as the filters of cards and charts have it."""
	return [doctype, find_facility_field(doctype), "=", facility]
