"""What the rest of the demo refers to, and its users."""

import frappe

from orchestrator import compat
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import Maker, email_of, ensure, insert, root_of

UNTHROTTLED = 1_000_000


def make(maker: Maker) -> None:
	make_masters()
	make_users(maker)


def make_masters() -> None:
	for source in data.LEAD_SOURCES:
		ensure_lead_source(source)
	ensure("Opportunity Lost Reason", data.LOST_REASON, lost_reason=data.LOST_REASON)
	ensure("Quotation Lost Reason", data.LOST_REASON, order_lost_reason=data.LOST_REASON)
	ensure(
		"Customer Group",
		data.CUSTOMER_GROUP,
		customer_group_name=data.CUSTOMER_GROUP,
		parent_customer_group=root_of("Customer Group"),
	)
	ensure(
		"Item",
		data.SERVICE_ITEM,
		item_code=data.SERVICE_ITEM,
		item_group=root_of("Item Group"),
		stock_uom=frappe.db.get_single_value("Stock Settings", "stock_uom") or "Nos",
		is_stock_item=0,
	)
	for designation in {person.designation for person in data.PEOPLE if person.designation}:
		ensure("Designation", designation, designation_name=designation)


def ensure_lead_source(source: str) -> None:
	doctype = compat.lead_source_doctype()
	title = {"source_name": source} if frappe.get_meta(doctype).has_field("source_name") else {}
	ensure(doctype, source, __newname=source, **title)


def make_users(maker: Maker) -> None:
	# Frappe lets a site make so many users an hour; the demo's are made on purpose.
	frappe.local.conf.throttle_user_limit = UNTHROTTLED
	for person in data.PEOPLE:
		user = insert(
			"User",
			email=email_of(person.key),
			first_name=person.first_name,
			last_name=person.last_name,
			send_welcome_email=0,
			roles=[{"role": role} for role in person.roles],
		)
		maker.names["User", person.key] = user.name
