"""The rules of a Document Version: created with its file, never changed."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.docs import audit
from orchestrator.docs.errors import ImmutableRecordConflictError
from orchestrator.doctypes import DOCUMENT
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion


def check_creation(doc: "DocumentVersion") -> None:
	if not doc.flags.is_new_version:
		refuse(
			_("Create versions with orchestrator.docs.create_version, together with their file."),
			ImmutableRecordConflictError,
		)


def refuse_change(doc: "DocumentVersion") -> None:
	refuse(
		_("Version {0} of {1} cannot be changed. Add a new version instead.").format(
			doc.number, doc.document
		),
		ImmutableRecordConflictError,
	)


def record_view(doc: "DocumentVersion") -> None:
	"""Add an audit entry for a view, if a request asked for the version."""
	if getattr(frappe.local, "request", None):
		folder = frappe.db.get_value(DOCUMENT, doc.document, "document_folder")
		audit.create_read_entry("Viewed", doc.document, folder, doc.number)
