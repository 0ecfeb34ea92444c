"""The exchange rate of an opportunity follows its currency."""

from typing import TYPE_CHECKING

from frappe.utils import flt

if TYPE_CHECKING:
	from erpnext.crm.doctype.opportunity.opportunity import Opportunity

RATE_DEPENDS_ON = ("currency", "company")


def before_validate(doc: "Opportunity", _method: str | None = None) -> None:
	"""Handle the hook before_validate: let ERPNext look up the rate again if the currency changes and no rate
	is sent.

	ERPNext keeps an existing rate, of whatever currency. If it finds none, the rate is 0, and the
	opportunity's amount counts as unconverted.
	"""
	before = doc.get_doc_before_save()
	if not before or not any(
		(doc.get(name) or None) != (before.get(name) or None) for name in RATE_DEPENDS_ON
	):
		return
	if flt(doc.conversion_rate) == flt(before.conversion_rate):
		doc.conversion_rate = 0


def validate(doc: "Opportunity", _method: str | None = None) -> None:
	"""Handle the hook validate, after ERPNext's own: compute the amount in the company's currency from the
	rate where Desk filled it in.
	"""
	before = doc.get_doc_before_save()
	if not before or not doc.base_opportunity_amount:
		return
	is_moved = flt(doc.conversion_rate) != flt(before.conversion_rate)
	if is_moved and flt(doc.base_opportunity_amount) == flt(before.base_opportunity_amount):
		doc.base_opportunity_amount = flt(doc.opportunity_amount) * flt(doc.conversion_rate)
