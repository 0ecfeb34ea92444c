"""The status In Progress of HD Tickets, a record of Helpdesk: created by install and migrate, removed by
uninstall. One that the site had before stays.
"""

import frappe

DOCTYPE, TICKET = "HD Ticket Status", "HD Ticket"
STATUS, CATEGORY, COLOUR = "In Progress", "Open", "Orange"
AFTER_UNINSTALL = "Open"
_REMEMBERED = "__orchestrator_ticket_status"  # parent of our row in DefaultValue


def sync_status() -> None:
	"""Create the status if it is missing."""
	if not list_missing_status():
		return
	order = max(frappe.get_all(DOCTYPE, pluck="order", limit=0), default=0) + 1
	status = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"label_agent": STATUS,
			"category": CATEGORY,
			"color": COLOUR,
			"order": order,
			"enabled": 1,
		}
	)
	status.insert(ignore_permissions=True)  # install and migrate have no caller whose permissions count
	frappe.defaults.set_default(TICKET, STATUS, _REMEMBERED)


def delete_status() -> None:
	"""Delete the status if this app created it, and set its tickets to the stock one."""
	if frappe.defaults.get_defaults_for(_REMEMBERED).get(TICKET) == STATUS and _is_existing():
		ticket = frappe.qb.DocType(TICKET)
		frappe.qb.update(ticket).set(ticket.status, AFTER_UNINSTALL).where(ticket.status == STATUS).run()
		frappe.delete_doc(DOCTYPE, STATUS, force=True, delete_permanently=True)
	frappe.defaults.clear_default(parent=_REMEMBERED)


def list_missing_status() -> list[str]:
	"""Return `DocType: value` if this site has Helpdesk and lacks the status."""
	return [f"{TICKET}: {STATUS}"] if frappe.db.exists("DocType", DOCTYPE) and not _is_existing() else []


def _is_existing() -> bool:
	return bool(frappe.db.exists("DocType", DOCTYPE) and frappe.db.exists(DOCTYPE, STATUS))
