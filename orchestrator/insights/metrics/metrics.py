"""A metric: its source, the user whose permissions it is computed with, and its display."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import frappe

from orchestrator.api.parameters import parse_json
from orchestrator.insights.metrics.dashboard_filters import NO_FILTERS, DashboardFilters
from orchestrator.insights.metrics.measures import get_measure_kind

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_metric.orchestrator_metric import OrchestratorMetric

MEASURE, CARD, CHART, REPORT = "Measure", "Number Card", "Dashboard Chart", "Report"
INSIGHTS_QUERY, INSIGHTS_CHART = "Insights Query v3", "Insights Chart v3"
NUMBER, SERIES, TABLE = "number", "series", "table"
SHARED = "Shared"
STALE_AFTER_MINUTES = 15
DIGEST = 12
KEY_LENGTH = 140  # length of the field in the history


@dataclass(frozen=True)
class Metric:
	"""A metric, or a card or chart of another dashboard treated as one.

	`key` identifies its values and its history; `version` changes with its definition and with its source.
	`compute_as` and `shared_role` apply to a shared metric; `is_approved` is False if its source was changed
	since the approval. `available_filters` are those of a dashboard that it applies, `dashboard_filters` those of this value.
	"""

	name: str
	key: str
	label: str
	kind: str
	source_type: str
	source: str
	version: str
	unit: str | None = None
	direction: str | None = None
	compare_with: str = "Previous Day"
	stale_after: int = STALE_AFTER_MINUTES
	filters: dict[str, Any] = field(default_factory=dict)
	aggregate: str | None = None
	aggregate_field: str | None = None
	compute_as: str | None = None
	shared_role: str | None = None
	is_approved: bool = True
	available_filters: frozenset[str] = frozenset()
	dashboard_filters: DashboardFilters = NO_FILTERS


def build_from_document(doc: "OrchestratorMetric") -> Metric:
	"""Return the metric that a document defines."""
	changed = get_source_modified(doc.source_type, doc.source)
	shared = doc.permission_mode == SHARED
	return Metric(
		name=doc.name,
		key=doc.name,
		label=doc.label,
		kind=get_kind(doc.source_type, doc.measure or doc.source, doc.aggregate)
		or (doc.kind or NUMBER).lower(),
		source_type=doc.source_type,
		source=(doc.measure if doc.source_type == MEASURE else doc.source) or "",
		version=_compute_digest(doc.modified, changed),
		unit=doc.unit or None,
		direction=(doc.direction or "").lower() or None,
		compare_with=doc.compare_with or "Previous Day",
		stale_after=doc.stale_after or STALE_AFTER_MINUTES,
		filters=parse_json("filters", doc.filters) or {},
		aggregate=doc.aggregate or None,
		aggregate_field=doc.aggregate_field or None,
		compute_as=doc.compute_as if shared else None,
		shared_role=doc.shared_role if shared else None,
		is_approved=not shared or (doc.approved_source or None) == changed,
	)


def build_from_source(source_type: str, name: str, label: str, kind: str, changed: Any) -> Metric:
	"""Return a card or chart of another app's dashboard as a metric, computed for each caller.

	`changed` is the time of its last modification.
	"""
	return Metric(
		name=name,
		key=f"{source_type}/{name}"[:KEY_LENGTH],
		label=label,
		kind=kind,
		source_type=source_type,
		source=name,
		version=_compute_digest(name, changed),
	)


def get_kind(source_type: str, source: str | None, aggregate: str | None) -> str | None:
	"""Return number, series or table, by the source; None if it is unknown (its app is missing)."""
	if source_type == MEASURE:
		return get_measure_kind(source or "")
	if source_type == INSIGHTS_CHART:
		return get_insights_chart_kind(get_value(INSIGHTS_CHART, source, "chart_type"))
	if source_type in (CARD, CHART):
		return NUMBER if source_type == CARD else SERIES
	return NUMBER if aggregate else TABLE


def get_insights_chart_kind(chart_type: str | None) -> str | None:
	return {None: None, "Number": NUMBER, "Table": TABLE}.get(chart_type, SERIES)


def get_source_modified(source_type: str, source: str | None) -> str | None:
	"""Return the modification time of the record behind a metric."""
	changed = None if source_type == MEASURE else get_value(source_type, source, "modified")
	return str(changed) if changed else None


def get_value(doctype: str, name: str | None, fieldname: str) -> Any:
	"""Return a value of a record that may be missing, with or without its DocType."""
	if not name or not frappe.db.exists("DocType", doctype, cache=True):
		return None
	return frappe.db.get_value(doctype, name, fieldname)


def _compute_digest(*parts: Any) -> str:
	return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:DIGEST]
