"""The due times of an Issue, in working hours also after a pause.

ERPNext adds the duration of a pause by the clock, so that a ticket may be due at night or on a holiday. Here
only the working time in the pause counts. A target that was breached before the pause stays breached.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import frappe
from erpnext.support.doctype.service_level_agreement import service_level_agreement as engine
from frappe.model.document import Document
from frappe.utils import get_datetime, get_system_timezone, getdate

from orchestrator.doctypes import ISSUE
from orchestrator.helpdesk.working_time import Calendar, add_working_time, count_working_time

if TYPE_CHECKING:
	from erpnext.support.doctype.service_level_agreement.service_level_agreement import ServiceLevelAgreement

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PAUSE_CREDIT = "sla_paused_working_seconds"
RESOLUTION_BY = "sla_resolution_by"  # an older ERPNext calls it resolution_by: its own times are kept there


def before_save(doc: Document, _event: str | None = None) -> None:
	"""Handle the hook before_save of Issue, after ERPNext has set its own times in validate."""
	flags = frappe.flags
	if flags.in_patch or flags.in_migrate or flags.in_install or not doc.meta.has_field(RESOLUTION_BY):
		return
	if not doc.get("service_level_agreement"):
		return
	agreement: ServiceLevelAgreement = frappe.get_cached_doc(
		"Service Level Agreement", doc.service_level_agreement
	)
	calendar = get_calendar(agreement)
	_count_pause(doc, agreement, calendar)
	_set_due_times(doc, agreement, calendar)
	engine.update_agreement_status(doc, agreement.apply_sla_for_resolution)


def _set_due_times(doc: Document, agreement: "ServiceLevelAgreement", calendar: Calendar) -> None:
	"""Set the due times of response and resolution. On hold there is none, unless it had passed before."""
	response, resolution = get_durations(agreement, doc.priority)
	credit = doc.get(PAUSE_CREDIT) or 0
	if doc.response_by:
		pause = 0 if doc.first_responded_on else credit
		doc.response_by = add_working_time(calendar, get_start(doc), response + pause) or doc.response_by
	if not agreement.apply_sla_for_resolution:
		return
	due = add_working_time(calendar, get_start(doc), resolution + credit)
	if due and (not doc.on_hold_since or due < get_datetime(doc.on_hold_since)):
		doc.set(RESOLUTION_BY, due)


def _count_pause(doc: Document, agreement: "ServiceLevelAgreement", calendar: Calendar) -> None:
	"""Add the working time of a pause that has just ended. A reset clock has had no pause."""
	before = doc.get_doc_before_save()
	if not before or get_start(doc) != get_start(before):
		doc.set(PAUSE_CREDIT, 0)
		return
	length = (doc.total_hold_time or 0) - (before.total_hold_time or 0)
	begin = get_datetime(before.sla_resolution_date or before.on_hold_since)
	if length <= 0 or not begin:
		return
	end = get_datetime(frappe.flags.current_time or engine.now_datetime(doc.get("owner")))
	resolution = get_durations(agreement, before.priority or doc.priority)[1]
	credit = doc.get(PAUSE_CREDIT) or 0
	due = add_working_time(calendar, get_start(doc), resolution + credit)
	if due and begin <= due:
		doc.set(PAUSE_CREDIT, credit + round(count_working_time(calendar, begin, end)))


def get_start(doc: Document) -> datetime:
	"""Return the time from which the ticket's clock runs."""
	return get_datetime(doc.get("service_level_agreement_creation") or doc.creation)


def get_durations(agreement: Document, priority: str) -> tuple[float, float]:
	"""Return the seconds allowed for the first response and for the resolution."""
	row = next((row for row in agreement.priorities if row.priority == priority), None)
	return (row.response_time or 0, row.resolution_time or 0) if row else (0, 0)


def get_calendar(agreement: Document) -> Calendar:
	"""Return the working hours of an agreement, ERPNext's or Helpdesk's."""
	table = "HD Holiday" if agreement.doctype == "HD Service Level Agreement" else "Holiday"
	# get_all: due times must not depend on the caller's permissions
	holidays = frappe.get_all(table, {"parent": agreement.holiday_list}, pluck="holiday_date", limit=0)
	hours = {
		WEEKDAYS.index(row.workday): (row.start_time, row.end_time)
		for row in agreement.support_and_resolution
	}
	return Calendar(hours, frozenset(getdate(day) for day in holidays), ZoneInfo(get_system_timezone()))


# Tickets of an earlier version


def recount_pauses() -> None:
	"""Recompute the due times of open Issues that were paused before this app counted pauses in working time."""
	if not frappe.get_meta(ISSUE).has_field(RESOLUTION_BY):
		return
	for row in _list_paused_issues():
		doc = frappe.get_doc(ISSUE, row)
		agreement = frappe.get_cached_doc("Service Level Agreement", doc.service_level_agreement)
		calendar = get_calendar(agreement)
		plain = add_working_time(calendar, get_start(doc), get_durations(agreement, doc.priority)[1])
		if not plain:
			continue
		engines = plain + timedelta(seconds=doc.total_hold_time or 0)
		doc.set(PAUSE_CREDIT, round(count_working_time(calendar, plain, engines)))
		_set_due_times(doc, agreement, calendar)
		values: dict[str, Any] = {
			name: doc.get(name) for name in (PAUSE_CREDIT, RESOLUTION_BY, "response_by")
		}
		frappe.db.set_value(ISSUE, doc.name, values, update_modified=False)


def _list_paused_issues() -> list[str]:
	rows = frappe.db.sql(
		f"""
		SELECT name FROM `tabIssue`
		WHERE COALESCE(service_level_agreement, '') != '' AND sla_resolution_date IS NULL
			AND status NOT IN ('Resolved', 'Closed') AND COALESCE({PAUSE_CREDIT}, 0) = 0
			AND (COALESCE(total_hold_time, 0) > 0 OR on_hold_since IS NOT NULL)
		"""  # noqa: S608  # a column of ours
	)
	return [row[0] for row in rows]
