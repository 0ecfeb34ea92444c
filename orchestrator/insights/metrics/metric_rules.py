"""The rules of an Orchestrator Metric: its source, its filters, its sharing, and its alerts."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.apps import require_app
from orchestrator.exceptions import refuse
from orchestrator.insights.metrics import measures, metrics

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_metric.orchestrator_metric import OrchestratorMetric

APP_BY_SOURCE_TYPE = {metrics.INSIGHTS_QUERY: "insights", metrics.INSIGHTS_CHART: "insights"}


def check_app(doc: "OrchestratorMetric") -> None:
	"""Refuse (501) a source of an app that this site does not have."""
	if doc.source_type in APP_BY_SOURCE_TYPE:
		require_app(APP_BY_SOURCE_TYPE[doc.source_type])


def clear_unused_fields(doc: "OrchestratorMetric") -> None:
	"""Clear the fields of other source types, and those that only a shared metric has."""
	if doc.source_type == metrics.MEASURE:
		doc.source = None
	else:
		doc.measure = None
	if doc.permission_mode != metrics.SHARED:
		doc.update({"compute_as": None, "shared_role": None, "approved_source": None})


def check_source(doc: "OrchestratorMetric") -> None:
	if doc.source_type == metrics.MEASURE and doc.measure not in measures.list_registered():
		names = ", ".join(sorted(measures.list_registered()))
		refuse(
			_("There is no measure {0}. The measures are: {1}.").format(doc.measure or "", names),
			frappe.ValidationError,
		)
	if doc.source_type != metrics.MEASURE and not doc.source:
		refuse(
			_("Choose the {0} that this metric shows.").format(_(doc.source_type)),
			frappe.ValidationError,
		)
	if doc.aggregate and doc.aggregate != "Count" and not doc.aggregate_field:
		refuse(_("Enter the column for the {0}.").format(_(doc.aggregate)), frappe.ValidationError)


def check_filters(doc: "OrchestratorMetric") -> None:
	try:
		filters = frappe.parse_json(doc.filters or "{}")
	except ValueError:
		filters = None
	if not isinstance(filters, dict | list):
		refuse(
			_("The filters are not a valid JSON object. Write them like {0}.").format('{"company": "…"}'),
			frappe.ValidationError,
		)


def check_sharing(doc: "OrchestratorMetric") -> None:
	"""Check who shares a metric: the user whose records it counts, or a System Manager."""
	if doc.permission_mode != metrics.SHARED:
		return
	if not (doc.compute_as and doc.shared_role):
		refuse(
			_("A shared metric needs the user whose records it counts, and the role that may see it."),
			frappe.ValidationError,
		)
	if doc.compute_as != frappe.session.user and "System Manager" not in frappe.get_roles():
		refuse(
			_("Only {0} or a System Manager may save a metric that counts the records of {0}.").format(
				doc.compute_as
			),
			frappe.PermissionError,
		)
	doc.approved_source = metrics.get_source_modified(doc.source_type, doc.source)


def set_kind(doc: "OrchestratorMetric") -> None:
	kind = metrics.get_kind(doc.source_type, doc.measure or doc.source, doc.aggregate)
	if not kind:
		refuse(
			_(
				"{0} {1} does not say whether it is a number, a series or a table. Choose another source."
			).format(_(doc.source_type), doc.measure or doc.source),
			frappe.ValidationError,
		)
	doc.kind = (kind or "").title()


def check_alerts(doc: "OrchestratorMetric") -> None:
	if doc.alerts and doc.kind != "Number":
		refuse(
			_("Only a number can have alerts. Remove the alerts, or choose another source."),
			frappe.ValidationError,
		)
