"""Keep an opportunity's stage and ERPNext's status consistent, and move the stage on request."""

from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import escape_html, flt

from orchestrator.crm import stages
from orchestrator.crm.shapes import OpportunityStanding
from orchestrator.crm.stages import LOST, MOVES, STAGES, Standing
from orchestrator.doctypes import OPPORTUNITY
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse

if TYPE_CHECKING:
	from erpnext.crm.doctype.opportunity.opportunity import Opportunity


class StageTransitionConflictError(ConflictError):
	"""The opportunity cannot be moved from its stage to the requested one. 409."""


class OpenQuotationConflictError(ConflictError):
	"""A submitted quotation prevents the requested stage. 409."""


class InvalidStageError(frappe.ValidationError):
	"""Stage and status were set together and contradict each other. 422."""


def validate(doc: "Opportunity", _method: str | None = None) -> None:
	"""Handle the hook validate, after ERPNext's own: make stage, status and probability consistent."""
	if doc.pipeline_stage and doc.pipeline_stage not in STAGES:
		return  # Frappe refuses it next, as it does for every invalid option
	before = doc.get_doc_before_save()
	try:
		standing = stages.reconcile(
			_serialize_opportunity(doc), _serialize_opportunity(before) if before else None
		)
	except stages.InconsistentStageError:
		refuse(
			_("Pipeline stage {0} and status {1} contradict each other. Set one of them.").format(
				_(doc.pipeline_stage), _(doc.status)
			),
			InvalidStageError,
		)
	if standing.status != doc.status:
		_check_quotations(doc, standing)
	doc.pipeline_stage, doc.status, doc.probability = standing.stage, standing.status, standing.probability


def on_change(doc: "Opportunity", _method: str | None = None) -> None:
	"""Handle the hook on_change: quotations and orders write only the status, without validate. After a save
	there is nothing to do.
	"""
	now = _serialize_opportunity(doc)
	standing = stages.apply_status(now)
	if standing != now:
		changes = {"pipeline_stage": standing.stage, "probability": standing.probability}
		doc.update(changes)
		frappe.db.set_value(OPPORTUNITY, doc.name, changes, update_modified=False)


def parse_stage(text: str) -> str:
	"""Return the stage that the caller names. 400 if there is none."""
	stage = stages.find_stage(text)
	if stage is None:
		refuse(
			_("There is no stage {0}. The stages are: {1}.").format(text, ", ".join(STAGES)),
			InvalidRequestError,
		)
	return stage


def parse_lost_reasons(stage: str, value: object) -> list[str]:
	"""Return the names of the given lost reasons. 400 for anything else, and for reasons without a loss."""
	reasons = value or []
	if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
		refuse(_("lost_reasons must be a list of names of lost reasons."), InvalidRequestError)
	if reasons and stage != LOST:
		refuse(_("lost_reasons can be sent only with {0}.").format(LOST), InvalidRequestError)
	return reasons


def move_to_stage(name: str, stage: str, notes: str | None, lost_reasons: list[str]) -> OpportunityStanding:
	"""Move the opportunity to `stage` and add a comment to its timeline. A move to its present stage changes
	nothing.

	The row stays locked until the request ends, so that of two concurrent moves the second sees the result of
	the first.
	"""
	doc = frappe.get_doc(OPPORTUNITY, name, for_update=True)
	before = doc.pipeline_stage
	if stage != before:
		_check_move(before, stage)
		if stage == LOST:
			_declare_lost(doc, notes, lost_reasons)
		else:
			_save_at_stage(doc, stage)
		doc.add_comment("Comment", _build_timeline_text(before, stage, notes))
	return OpportunityStanding(
		opportunity=doc.name,
		pipeline_stage=doc.pipeline_stage,
		status=doc.status,
		probability=flt(doc.probability),
		next_stages=list(MOVES[doc.pipeline_stage]),
	)


def _check_move(before: str, stage: str) -> None:
	"""Refuse (409) an illegal move, and name the legal ones."""
	legal = MOVES[before]
	if stage in legal:
		return
	if not legal:
		refuse(
			_(
				"A {0} opportunity is closed and cannot be moved. To reopen it, cancel its order or set its status in Desk."
			).format(_(before)),
			StageTransitionConflictError,
		)
	refuse(
		_("An opportunity cannot go from {0} to {1}. From {0} it can go to: {2}.").format(
			_(before), _(stage), ", ".join(_(other) for other in legal)
		),
		StageTransitionConflictError,
	)


def _declare_lost(doc: "Opportunity", notes: str | None, lost_reasons: list[str]) -> None:
	"""Declare the opportunity lost as ERPNext does. ERPNext clears the competitors unless they are passed
	again.
	"""
	_check_quotations(doc, Standing(LOST, "Lost", 0.0))
	doc.declare_enquiry_lost(
		lost_reasons_list=[{"lost_reason": reason} for reason in lost_reasons],
		competitors=[{"competitor": row.competitor} for row in doc.competitors],
		detailed_reason=notes,
	)


def _save_at_stage(doc: "Opportunity", stage: str) -> None:
	"""Save the opportunity at `stage`, from which the status follows. A reopened one loses its lost reasons."""
	if doc.pipeline_stage == LOST:
		doc.update({"lost_reasons": [], "order_lost_reason": None})
	doc.pipeline_stage = stage
	doc.save()


def _check_quotations(doc: "Opportunity", standing: Standing) -> None:
	"""Refuse (409) a stage that contradicts an open quotation."""
	if standing.status in ("Open", "Lost") and not doc.is_new() and doc.has_active_quotation():
		refuse(
			_(
				"{0} has a submitted quotation, so it cannot become {1}. Cancel the quotation or set it as lost first."
			).format(doc.name, _(standing.stage)),
			OpenQuotationConflictError,
		)


def _serialize_opportunity(doc: "Opportunity") -> Standing:
	"""Return the stage, status and probability of the record."""
	return Standing(doc.pipeline_stage or "", doc.status or "", flt(doc.probability))


def _build_timeline_text(before: str, stage: str, notes: str | None) -> str:
	"""Return the comment on a move: both stages, and the caller's notes as text."""
	moved = _("Pipeline stage: {0} → {1}").format(_(before), _(stage))
	return f"<p>{moved}</p>" + (f"<p>{escape_html(notes)}</p>".replace("\n", "<br>") if notes else "")
