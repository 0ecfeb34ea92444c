"""What a reader of a client should notice first."""

from collections.abc import Iterator
from datetime import date

from frappe import _
from frappe.utils import formatdate

from orchestrator.sync.clients.linked_records import LinkedRecords
from orchestrator.sync.shapes import ClientAlert, ClientHeader, StayEntry


def list_alerts(
	header: ClientHeader,
	date_of_death: date | None,
	current: StayEntry | None,
	linked: LinkedRecords,
	today: date,
) -> Iterator[ClientAlert]:
	"""Yield the alerts, the gravest first. Each uses only what the reader may read."""
	if date_of_death:
		text = _("This client died on {0}.").format(formatdate(date_of_death))
		yield {"code": "deceased", "level": "danger", "message": text, "count": None}
	if header["status"] == "Deleted":
		text = _("This client was deleted in Kipu.")
		yield {"code": "deleted", "level": "danger", "message": text, "count": None}
	if header["status"] == "Absent":
		yield {"code": "absent", "level": "danger", "message": _describe_absence(current), "count": None}
	expected = current["expected_discharge_date"] if current and current["status"] == "Active" else None
	if expected and (day := date.fromisoformat(expected)) < today:
		text = _("The expected discharge, {0}, has passed.").format(formatdate(day))
		yield {"code": "discharge_overdue", "level": "warning", "message": text, "count": None}
	yield from _list_counted(linked)


def _describe_absence(current: StayEntry | None) -> str:
	if current and current["absent_since"]:
		return _("Kipu has not listed this client since {0}.").format(
			formatdate(current["absent_since"][:10])
		)
	return _("Kipu no longer lists this client.")


def _list_counted(linked: LinkedRecords) -> Iterator[ClientAlert]:
	sections = linked.sections
	counts = (
		(
			"overdue_tickets",
			sections["tickets"]["overdue"] if "tickets" in sections else 0,
			_("Overdue tickets: {0}"),
		),
		(
			"overdue_tasks",
			sections["tasks"]["overdue"] if "tasks" in sections else 0,
			_("Overdue tasks: {0}"),
		),
		("sync_issues", linked.sync_issues or 0, _("Open sync issues: {0}")),
	)
	for code, count, text in counts:
		if count:
			yield {"code": code, "level": "warning", "message": text.format(count), "count": count}
