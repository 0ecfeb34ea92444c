"""The CRM endpoints: leads, the pipeline, and stages of opportunities."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.filters import parse_filters
from orchestrator.api.list_pages import ListRequest, get_list_page
from orchestrator.api.parameters import parse_json
from orchestrator.api.records import get_writable
from orchestrator.api.schema_types import Names, OneOf, PageLength, RowOffset
from orchestrator.crm import opportunity as opportunities
from orchestrator.crm import pipeline
from orchestrator.crm.shapes import LeadPage, OpportunityStanding, PipelineSummary
from orchestrator.crm.stages import STAGES

LEAD_FIELDS = [
	"name",
	"lead_name",
	"email",
	"phone",
	"source",
	"status",
	"topic",
	"probability",
	"assigned_to",
]


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leads fetched"), effect=READ)
def get_leads(
	filters: str | list | dict | None = None,
	fields: str | list | None = None,
	order_by: str | None = None,
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
	or_filters: str | list | dict | None = None,
) -> LeadPage:
	"""Return a page of leads and the number of leads on all pages.

	Args:
		filters: Conditions that all hold: an object of fields and values, or a list of [field, operator, value].
		fields: Fields of each lead, as a list. Default: name, lead_name, email, phone, source, status, topic, probability, assigned_to.
		order_by: Fields to sort by, each with asc or desc. Default: the order of the DocType.
		limit_start: Number of leads to skip. Default: 0.
		limit_page_length: Number of leads on a page. Default: 20.
		or_filters: Conditions of which at least one holds, in the form of `filters`.

	Returns:
		The leads of the page and the total.

	Permissions:
		Whoever may read leads. Only the leads that the caller may read are counted and returned.

	Raises:
		PermissionError: 403. The caller may not read leads.
		InvalidRequestError: 400. A field, an operator or the page does not exist.
	"""
	frappe.has_permission("Lead", "read", throw=True)
	meta = frappe.get_meta("Lead")
	conditions = parse_filters(meta, "filters", filters)
	alternatives = parse_filters(meta, "or_filters", or_filters)
	page = get_list_page(
		ListRequest(
			meta=meta,
			fields=fields or LEAD_FIELDS,
			filters=conditions,
			or_filters=alternatives,
			order_by=order_by,
			limit_start=limit_start,
			limit_page_length=limit_page_length,
		)
	)
	return LeadPage(leads=page.rows, total=lists.count_rows(meta, conditions, alternatives))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Pipeline summarized"), effect=READ)
def get_pipeline_summary(user: str | None = None) -> PipelineSummary:
	"""Return counts and values of opportunities by stage.

	Args:
		user: Name of the user whose opportunities count: those that the user owns or is assigned. Default: all that the caller may read.

	Returns:
		A count per stage and values in the currency of the site's default company.

	Permissions:
		Whoever may read opportunities. Asking for another user requires a role that allows it.

	Raises:
		PermissionError: 403. The caller may not read opportunities, or may not ask for another user.
		DoesNotExistError: 404. There is no such user.
	"""
	frappe.has_permission("Opportunity", "read", throw=True)
	if user:
		pipeline.check_may_ask(user)
	return pipeline.get_summary(user or None)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Opportunity moved"), effect=WRITE)
def advance_opportunity(
	opportunity: str,
	new_status: Annotated[str, OneOf(*STAGES)],
	notes: str | None = None,
	lost_reasons: Names = None,
) -> OpportunityStanding:
	"""Move an opportunity to another pipeline stage.

	ERPNext's status follows, and the timeline records both stages and the notes. Sending the present stage changes nothing.

	Args:
		opportunity: Name of the opportunity.
		new_status: Stage to move to.
		notes: Remark on the change, for the timeline.
		lost_reasons: Names of Opportunity Lost Reasons, as a list. Only with Closed Lost.

	Returns:
		The stage, ERPNext's status, the probability and the stages to which the opportunity may move next.

	Permissions:
		Whoever may write the opportunity.

	Raises:
		PermissionError: 403. The caller may not write the opportunity.
		DoesNotExistError: 404. The opportunity is missing or hidden.
		InvalidRequestError: 400. The stage is unknown, or lost_reasons does not fit.
		StageTransitionConflictError: 409. The opportunity may not move to this stage.
		OpenQuotationConflictError: 409. An open quotation prevents the change.
		ValidationError: 422. A lost reason is unknown.
	"""
	doc = get_writable(frappe.get_meta("Opportunity"), opportunity)
	stage = opportunities.parse_stage(new_status)
	reasons = opportunities.parse_lost_reasons(stage, parse_json("lost_reasons", lost_reasons))
	return opportunities.move_to_stage(doc.name, stage, notes, reasons)
