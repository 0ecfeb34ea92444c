"""Fill in the approved version of documents that were approved before versions were: the one that was current then,
by the audit trail.
"""

import frappe

from orchestrator.docs.document_rules import APPROVED
from orchestrator.doctypes import DOCUMENT, DOCUMENT_AUDIT_ENTRY


def execute() -> None:
	approved = frappe.get_all(
		DOCUMENT,
		{"status": APPROVED, "approved_version": 0, "current_version": (">", 0)},
		["name", "current_version"],
		limit=0,
	)
	for document in approved:
		version = _find_version_at_approval(document.name) or document.current_version
		frappe.db.set_value(DOCUMENT, document.name, "approved_version", version, update_modified=False)


def _find_version_at_approval(document: str) -> int | None:
	"""Return the version that was current at the last change of the status."""
	entries = frappe.get_all(
		DOCUMENT_AUDIT_ENTRY,
		{"document": document, "action": "Changed", "details": ("like", '%"status"%')},
		pluck="version",
		order_by="creation desc",
		limit=1,
	)
	return entries[0] if entries else None
