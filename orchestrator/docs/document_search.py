"""Documents for the search over all kinds of records."""

import frappe
from frappe import _

from orchestrator.api.shapes import FoundRecord
from orchestrator.docs import fulltext
from orchestrator.docs.search_terms import build_expression
from orchestrator.docs.shapes import Hit
from orchestrator.doctypes import DOCUMENT


def find_documents(query: str, limit: int) -> list[FoundRecord]:
	"""Return documents that the caller may read, best match first; none for a text without a word."""
	if not frappe.has_permission(DOCUMENT, "read") or not build_expression(query, fulltext.MAX_WORDS):
		return []
	return [_build_record(hit) for hit in fulltext.search_page(query, None, 0, limit)]


def _build_record(hit: Hit) -> FoundRecord:
	return {
		"doctype": DOCUMENT,
		"name": hit["document"],
		"title": hit["title"],
		"description": ", ".join(filter(None, [_(hit["status"]), hit["document_folder"]])),
		"snippet": hit["snippet"],
	}
