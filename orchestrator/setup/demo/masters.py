"""Master data of the demo, and its users."""

import frappe

from orchestrator import compat
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import DemoMaker, build_email, get_or_create, get_root, insert_record

DEMO_RATE_LIMIT = 1_000_000


def create_masters_and_users(maker: DemoMaker) -> None:
	_create_masters()
	_create_users(maker)


def _create_masters() -> None:
	for source in data.LEAD_SOURCES:
		_ensure_lead_source(source)
	get_or_create("Opportunity Lost Reason", data.LOST_REASON, lost_reason=data.LOST_REASON)
	get_or_create("Quotation Lost Reason", data.LOST_REASON, order_lost_reason=data.LOST_REASON)
	get_or_create(
		"Customer Group",
		data.CUSTOMER_GROUP,
		customer_group_name=data.CUSTOMER_GROUP,
		parent_customer_group=get_root("Customer Group"),
	)
	get_or_create(
		"Item",
		data.SERVICE_ITEM,
		item_code=data.SERVICE_ITEM,
		item_group=get_root("Item Group"),
		stock_uom=frappe.db.get_single_value("Stock Settings", "stock_uom") or "Nos",
		is_stock_item=0,
	)
	for designation in {person.designation for person in data.PEOPLE if person.designation}:
		get_or_create("Designation", designation, designation_name=designation)


def _ensure_lead_source(source: str) -> None:
	doctype = compat.get_lead_source_doctype()
	title = {"source_name": source} if frappe.get_meta(doctype).has_field("source_name") else {}
	get_or_create(doctype, source, __newname=source, **title)


def _create_users(maker: DemoMaker) -> None:
	# Frappe limits the new users per hour; the demo's are exempt.
	frappe.local.conf.throttle_user_limit = DEMO_RATE_LIMIT
	for person in data.PEOPLE:
		user = insert_record(
			"User",
			email=build_email(person.key),
			first_name=person.first_name,
			last_name=person.last_name,
			send_welcome_email=0,
			roles=[{"role": role} for role in person.roles],
		)
		maker.names["User", person.key] = user.name
