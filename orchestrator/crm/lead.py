"""Keep a lead's status, qualification and probability consistent, whichever changes.

ERPNext itself rewrites the status of a lead that has an opportunity or a quotation; a qualified lead then
stays qualified.
"""

from typing import TYPE_CHECKING

import frappe
from frappe.utils import flt

from orchestrator import clock
from orchestrator.doctypes import LEAD

if TYPE_CHECKING:
	from erpnext.crm.doctype.lead.lead import Lead
	from frappe.model.document import Document

QUALIFIED = "Qualified"
NO_LONGER_QUALIFIED = "In Process"
# The statuses of a lead that is not qualified yet.
UNQUALIFIED_STATUSES = frozenset({"Lead", "Open", "Replied", "Interested"})
DEFAULT_QUALIFIED_PROBABILITY = 50.0
# Statuses with a fixed probability.
CERTAIN_PROBABILITY = {"Converted": 100.0, "Lost Quotation": 0.0, "Do Not Contact": 0.0}


def before_validate(doc: "Lead", _method: str | None = None) -> None:
	"""Handle the hook before_validate, before ERPNext rewrites the status: the field that the caller changed
	decides.
	"""
	before = doc.get_doc_before_save() or frappe._dict()
	if doc.status == QUALIFIED and before.status != QUALIFIED:
		_mark_qualified(doc)
	elif doc.qualification_status == QUALIFIED and before.qualification_status != QUALIFIED:
		_mark_qualified(doc)
		doc.status = QUALIFIED if doc.status in UNQUALIFIED_STATUSES else doc.status
	elif _is_qualification_removed(doc, before):
		_remove_qualification(doc)


def validate(doc: "Lead", _method: str | None = None) -> None:
	"""Handle the hook validate, after ERPNext's own: set the probability of the lead's final status."""
	doc.probability = _compute_probability(doc)


def on_change(doc: "Lead", _method: str | None = None) -> None:
	"""Handle the hook on_change: opportunities and quotations write only the status, without validate."""
	probability = _compute_probability(doc)
	if probability != flt(doc.get("probability")):
		doc.probability = probability
		frappe.db.set_value(LEAD, doc.name, "probability", probability, update_modified=False)


def on_customer_update(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook on_update of Customer: ERPNext writes the status of its lead without running any hook
	of the lead.
	"""
	if doc.lead_name and frappe.db.exists(LEAD, doc.lead_name):
		on_change(frappe.get_doc(LEAD, doc.lead_name))


def _mark_qualified(doc: "Lead") -> None:
	"""Set the lead as qualified, with user and date."""
	doc.qualification_status = QUALIFIED
	doc.qualified_by = doc.qualified_by or frappe.session.user
	doc.qualified_on = doc.qualified_on or clock.get_today()
	doc.probability = flt(doc.get("probability")) or DEFAULT_QUALIFIED_PROBABILITY


def _is_qualification_removed(doc: "Lead", before: "Lead") -> bool:
	"""Return True if the caller removed the qualification, in either field."""
	if before.qualification_status == QUALIFIED and doc.qualification_status != QUALIFIED:
		return True
	return before.status == QUALIFIED and doc.status in UNQUALIFIED_STATUSES


def _remove_qualification(doc: "Lead") -> None:
	"""Clear the qualification in the field that the caller did not change."""
	if doc.qualification_status == QUALIFIED:
		doc.qualification_status = NO_LONGER_QUALIFIED
	if doc.status == QUALIFIED:
		doc.status = "Open"
	doc.qualified_by = doc.qualified_on = None


def _compute_probability(doc: "Document") -> float:
	"""Return the probability for the lead's status: the fixed one, otherwise its own."""
	return CERTAIN_PROBABILITY.get(doc.status, flt(doc.get("probability")))
