"""Pages of the versions and the audit trail of a document."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import frappe

from orchestrator.docs import access, audit, shapes, versions
from orchestrator.docs.shapes import AuditPage, Version, VersionPage
from orchestrator.doctypes import DOCUMENT_AUDIT_ENTRY, DOCUMENT_VERSION

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document

TRAIL_FIELDS = ("action", "version", "user", "creation", "ip_address", "details")


def list_versions(document: "Document", start: int, length: int) -> VersionPage:
	"""Return the versions of a document that the caller may read. Numbers have no gaps, so the current one is
	the count.
	"""
	rows = frappe.get_all(
		DOCUMENT_VERSION,
		filters={"document": document.name},
		fields=list(shapes.VERSION_FIELDS),
		order_by="number desc",
		limit_start=start,
		limit_page_length=length,
	)
	audit.create_read_entry("Viewed", document.name, document.document_folder)
	return {
		"versions": [shapes.build_version(row) for row in rows],
		"total": document.current_version,
		"users": get_full_names(row.author for row in rows),
	}


def get_version(document: "Document", number: int | None) -> Version:
	"""Return one version of a document that the caller may read."""
	version = versions.get_version(str(document.name), number)
	audit.create_read_entry("Viewed", document.name, document.document_folder, version.number)
	return shapes.build_version(version)


def list_trail(document: "Document", start: int, length: int) -> AuditPage:
	"""Return the trail of a document, for users who manage its folder; the DocType itself is for managers of
	all documents.
	"""
	access.check_level(access.MANAGE, document.document_folder)
	filters = {"document": document.name}
	rows = frappe.get_all(
		DOCUMENT_AUDIT_ENTRY,
		filters=filters,
		fields=list(TRAIL_FIELDS),
		order_by="creation desc, name desc",
		limit_start=start,
		limit_page_length=length,
	)
	return {
		"entries": rows,
		"total": frappe.db.count(DOCUMENT_AUDIT_ENTRY, filters),
		"users": get_full_names(row.user for row in rows),
	}


def get_full_names(users: Iterable[str | None]) -> dict[str, str]:
	"""Return the full names of users, which Desk shows in place of their addresses."""
	names = sorted({user for user in users if user})
	if not names:
		return {}
	# get_all: Desk shows every user's name to colleagues.
	rows = frappe.get_all("User", {"name": ("in", names)}, ["name", "full_name"], limit=0)
	return {row.name: row.full_name or row.name for row in rows}
