"""The CRM endpoints: leads, the pipeline, an opportunity's move through it."""

import frappe
from frappe import _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.filters import parse_filters
from orchestrator.api.generic import get_list_page, get_writable
from orchestrator.api.parameters import parse_json
from orchestrator.crm import opportunity as opportunities
from orchestrator.crm import pipeline
from orchestrator.crm.shapes import LeadPage, OpportunityStanding, PipelineSummary

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
	limit_start: str | int | None = None,
	limit_page_length: str | int | None = None,
	or_filters: str | list | dict | None = None,
) -> LeadPage:
	"""A page of the leads that the caller may read, and how many fit in all. Parameters as `get_list` has them.

	Raises PermissionError (403) where the caller may not read leads, InvalidRequestError (400) for a field, an operator
	or a page that does not exist."""
	frappe.has_permission("Lead", "read", throw=True)
	meta = frappe.get_meta("Lead")
	conditions = parse_filters(meta, "filters", filters)
	alternatives = parse_filters(meta, "or_filters", or_filters)
	page = get_list_page(
		meta,
		fields=fields or LEAD_FIELDS,
		filters=conditions,
		or_filters=alternatives,
		order_by=order_by,
		limit_start=limit_start,
		limit_page_length=limit_page_length,
	)
	return LeadPage(leads=page.rows, total=lists.count_rows(meta, conditions, alternatives))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Pipeline summarized"), effect=READ)
def get_pipeline_summary(user: str | None = None) -> PipelineSummary:
	"""Counts by stage and the value of the opportunities that `user` owns or is assigned, and the caller may
	read; without `user`, of all the caller may read. Money is in the currency of the site's default company.

	Raises PermissionError (403) where the caller may not read opportunities, or asks for someone else without
	a role that may; DoesNotExistError (404) for an unknown user."""
	frappe.has_permission("Opportunity", "read", throw=True)
	if user:
		pipeline.check_may_ask(user)
	return pipeline.get_summary(user or None)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Opportunity moved"), effect=WRITE)
def advance_opportunity(
	opportunity: str, new_status: str, notes: str | None = None, lost_reasons: str | list | None = None
) -> OpportunityStanding:
	"""Move an opportunity to the stage `new_status`: Open, Qualified, In Progress, Closed Won or Closed Lost.

	ERPNext's status follows, and the timeline tells both stages and the notes. `lost_reasons`, names of
	Opportunity Lost Reasons, go with Closed Lost. Its present stage changes nothing. Raises
	DoesNotExistError (404) where the caller may not read it, PermissionError (403) where not write it,
	InvalidRequestError (400) for an unknown stage, StageTransitionConflictError and OpenQuotationConflictError (409), ValidationError (422) for an
	unknown lost reason."""
	doc = get_writable(frappe.get_meta("Opportunity"), opportunity)
	stage = opportunities.parse_stage(new_status)
	reasons = opportunities.parse_lost_reasons(stage, parse_json("lost_reasons", lost_reasons))
	return opportunities.move_to_stage(doc.name, stage, notes, reasons)
