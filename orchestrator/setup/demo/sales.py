"""The demo's leads, customers, opportunities and quotations."""

from typing import Any

import frappe
from frappe.utils import add_days

from orchestrator import compat
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import DemoMaker, get_root, insert_record


def create_sales(maker: DemoMaker) -> None:
	_create_leads(maker)
	_create_customers(maker)
	_create_opportunities(maker)
	_create_quotations(maker)


def _create_leads(maker: DemoMaker) -> None:
	by_documents = ("Opportunity", "Quotation", "Lost Quotation", "Converted")
	for row in data.LEADS:
		lead = insert_record(
			"Lead",
			lead_name=row.name,
			company_name=row.organisation,
			company=maker.company,
			email_id=f"{row.key}@{data.EMAIL_DOMAIN}",
			phone=row.phone,
			**{compat.get_lead_source_field(): row.source},
			topic=row.topic,
			probability=row.probability,
			status="Open" if row.status in by_documents else row.status,
		)
		maker.names["Lead", row.key] = lead.name
		maker.assign(lead, row.assignee)


def _create_customers(maker: DemoMaker) -> None:
	for row in data.CUSTOMERS:
		customer = insert_record(
			"Customer",
			customer_name=row.name,
			customer_type=row.type,
			customer_group=data.CUSTOMER_GROUP,
			territory=get_root("Territory"),
			lead_name=maker.names["Lead", row.lead] if row.lead else None,
		)
		maker.names["Customer", row.key] = customer.name


def _create_opportunities(maker: DemoMaker) -> None:
	for row in data.OPPORTUNITIES:
		opportunity = insert_record("Opportunity", **_build_opportunity_values(maker, row))
		maker.assign(opportunity, row.owner)


def _build_opportunity_values(maker: DemoMaker, row: data.Opportunity) -> dict[str, Any]:
	opportunity_from, key = row.party
	currency, rate = _get_currency(maker, row.currency)
	values = {
		"opportunity_from": opportunity_from,
		"party_name": maker.names[opportunity_from, key],
		"title": row.title,
		"company": maker.company,
		"currency": currency,
		"conversion_rate": rate,
		"opportunity_amount": row.amount,
		"opportunity_owner": maker.names["User", row.owner],
		"expected_closing": add_days(maker.today, row.closing),
		"transaction_date": add_days(maker.today, min(row.closing, 0) - 30),
		"pipeline_stage": row.stage,
		"status": data.STATUS_OF_STAGE[row.stage],
	}
	if row.stage == "Closed Lost":
		values["lost_reasons"] = [{"lost_reason": data.LOST_REASON}]
	return values


def _get_currency(maker: DemoMaker, currency: str) -> tuple[str, float]:
	"""Return the currency and its rate in the company's, for which an exchange rate is created.

	The company's own currency is used if its rate is not in the table.
	"""
	own = frappe.get_cached_value("Company", maker.company, "default_currency")
	if not currency or currency == own or own not in data.DOLLARS:
		return own, 1.0
	rate = round(data.DOLLARS[currency] / data.DOLLARS[own], 4)
	pair = {"from_currency": currency, "to_currency": own, "date": maker.today}
	if not frappe.db.exists("Currency Exchange", pair):
		insert_record("Currency Exchange", **pair, exchange_rate=rate, for_buying=1, for_selling=1)
	return currency, rate


def _create_quotations(maker: DemoMaker) -> None:
	"""Create a quotation for each lead whose status results from one."""
	for row in data.LEADS:
		if row.status not in ("Quotation", "Lost Quotation"):
			continue
		quotation = insert_record(
			"Quotation",
			quotation_to="Lead",
			party_name=maker.names["Lead", row.key],
			company=maker.company,
			order_type="Sales",
			items=[{"item_code": data.SERVICE_ITEM, "qty": 10, "rate": 150}],
		)
		quotation.submit()
		if row.status == "Lost Quotation":
			quotation.declare_enquiry_lost([{"lost_reason": data.LOST_REASON}], [])
