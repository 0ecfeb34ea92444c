"""Kipu Reconciliation: clients in care in Kipu compared with those on this site, read while the report runs."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import format_time

from orchestrator import clock
from orchestrator.exceptions import refuse
from orchestrator.sync.errors import SyncError
from orchestrator.sync.tools import reconciliation

KINDS = {
	"missing here": "In care in Kipu, not on this site",
	"missing at Kipu": "In care on this site, not in Kipu",
	"differs": "Differs",
	"unreadable": "Cannot be read",
}


def execute(
	filters: dict[str, Any] | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
	"""Return columns, rows, and a message: whether both agree, or that Kipu's read was not complete."""
	result = reconcile(get_connection(filters or {}))
	rows = [
		{
			"kind": _(KINDS[each.kind]),
			"casefile_id": each.casefile_id,
			"stay": each.stay,
			"client": each.client,
			"facility": each.facility,
			"field": each.field,
			"here": render_value(each.here),
			"there": render_value(each.there),
		}
		for each in result.differences
	]
	return build_columns(), rows, build_message(bool(rows), result.complete)


def build_message(differs: bool, complete: bool) -> str | None:
	"""Return the sentence above the report, None for a complete list of differences."""
	if not complete:
		return _(
			"Kipu's list of current clients was incomplete: clients shown as missing may not be missing."
		)
	if differs:
		return None
	return _("Kipu and this site agree, checked at {0}.").format(format_time(clock.get_now(), "HH:mm"))


def reconcile(connection: str) -> reconciliation.Reconciliation:
	"""Return the comparison; an error of Kipu becomes a message."""
	try:
		return reconciliation.build_reconciliation(connection)
	except SyncError as error:
		text = str(error)
	refuse(text, frappe.ValidationError)
	raise AssertionError


def get_connection(filters: dict[str, Any]) -> str:
	"""Return the requested connection, or the only one."""
	names = frappe.get_all(
		"Kipu Connection", pluck="name"
	)  # names only; the roles of the report restrict its users
	connection = filters.get("connection")
	if connection not in names and (connection or len(names) != 1):
		refuse(
			_("Choose a connection. The connections are: {0}.").format(", ".join(names) or _("none")),
			frappe.ValidationError,
		)
	return connection or names[0]


def render_value(value: Any) -> str:
	return "" if value is None else str(value)


def build_columns() -> list[dict[str, Any]]:
	return [
		{"fieldname": "kind", "label": _("Difference"), "fieldtype": "Data", "width": 250},
		{"fieldname": "casefile_id", "label": _("Casefile ID"), "fieldtype": "Data", "width": 330},
		{
			"fieldname": "stay",
			"label": _("Stay"),
			"fieldtype": "Link",
			"options": "Client Stay",
			"width": 150,
		},
		{"fieldname": "client", "label": _("Client"), "fieldtype": "Link", "options": "Client", "width": 150},
		{
			"fieldname": "facility",
			"label": _("Facility"),
			"fieldtype": "Link",
			"options": "Facility",
			"width": 170,
		},
		{"fieldname": "field", "label": _("Field"), "fieldtype": "Data", "width": 120},
		{"fieldname": "here", "label": _("This Site"), "fieldtype": "Data", "width": 120},
		{"fieldname": "there", "label": _("Kipu"), "fieldtype": "Data", "width": 120},
	]
