"""Create the shipped dashboards and metrics, and update them as long as nobody has changed them.

Each record has a digest of its declaration when it was last written. If record and digest differ, the site
has changed the record, and it is not updated any more.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import frappe

from orchestrator.doctypes import DASHBOARD, METRIC
from orchestrator.setup.shipped_dashboards import CARD, DASHBOARDS, MEASURE, METRICS, Dashboard, Metric

if TYPE_CHECKING:
	from frappe.model.document import Document

# For a dashboard whose own roles are missing on this site: an empty list would open it to everyone.
MANAGER_ROLE = "System Manager"
Values = dict[str, Any]


def sync_dashboards() -> None:
	"""Create missing records and update unchanged ones. A repetition changes nothing."""
	for metric in METRICS:
		_upsert_declared(METRIC, metric.name, _build_metric_values(metric))
	for dashboard in DASHBOARDS:
		_upsert_declared(DASHBOARD, dashboard.name, build_dashboard_values(dashboard))


def delete_dashboards() -> None:
	"""Delete the rows of the dashboards' roles, which are in one of Frappe's tables."""
	frappe.db.delete("Has Role", {"parenttype": DASHBOARD})


def _upsert_declared(doctype: str, name: str, declared: Values) -> None:
	if not frappe.db.exists(doctype, name):
		doc = frappe.get_doc({"doctype": doctype, **declared, "shipped": _compute_digest(declared)})
		doc.insert(ignore_permissions=True)  # an installation has no caller
		return
	if frappe.db.get_value(doctype, name, "shipped") == _compute_digest(declared):
		return
	doc = frappe.get_doc(doctype, name)
	if _is_unchanged(doc, declared):
		doc.update({**declared, "shipped": _compute_digest(declared)})
		doc.save(ignore_permissions=True)


def _is_unchanged(doc: "Document", declared: Values) -> bool:
	"""Return True if the record still has the declared values of when it was written.

	A record without a digest was not created by this app.
	"""
	return bool(doc.shipped) and _compute_digest(_get_stored_values(doc, declared)) == doc.shipped


def _get_stored_values(doc: "Document", declared: Values) -> Values:
	"""Return the record's values of the fields that are declared."""
	return {
		field: [{key: row.get(key) for key in value[0]} for row in doc.get(field)]
		if isinstance(value, list)
		else doc.get(field)
		for field, value in declared.items()
	}


def _compute_digest(values: Values) -> str:
	text = json.dumps(values, sort_keys=True, default=str, separators=(",", ":"))
	plain = text.replace("null", '""')  # an empty field is stored as either
	return hashlib.sha256(plain.encode()).hexdigest()[:32]


def _build_metric_values(metric: Metric) -> Values:
	return {
		"metric_name": metric.name,
		"label": metric.label,
		"direction": metric.direction,
		"unit": metric.unit,
		"compare_with": metric.compare_with,
		"stale_after": metric.stale_after,
		"source_type": CARD if metric.card else MEASURE,
		"source": metric.card,
		"measure": "" if metric.card else metric.name,
		"permission_mode": "Caller",
	}


def build_dashboard_values(dashboard: Dashboard) -> Values:
	roles = [role for role in dashboard.roles if frappe.db.exists("Role", role)]
	return {
		"dashboard_name": dashboard.name,
		"title": dashboard.title,
		"refresh_minutes": 60,
		"roles": [{"role": role} for role in roles or [MANAGER_ROLE]],
		"items": [place._asdict() for place in dashboard.items],
	}
