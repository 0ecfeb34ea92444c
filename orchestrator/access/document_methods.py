"""Methods of documents that change records for whoever may read the document, and the right that is asked in its place.

Frappe's `run_doc_method` asks for the right to read alone, and its REST routes for the right to write."""

from collections.abc import Iterator
from typing import Any

import frappe

from orchestrator.access import checks
from orchestrator.access.arguments import Arguments, find_names, find_values

# DocType -> its methods that write
WRITING_METHODS: dict[str, frozenset[str]] = {
	"Appraisal Cycle": frozenset({"complete_cycle", "create_appraisals", "set_employees"}),
	"Company": frozenset({"create_default_tax_template"}),
	"File": frozenset({"optimize_file"}),
	"HD Team": frozenset({"rename_self"}),
	"Module Onboarding": frozenset({"reset_progress"}),
	"Report": frozenset({"set_doctype_roles", "toggle_disable"}),
	"Salary Component": frozenset({"get_structures_to_be_updated", "update_salary_structures"}),
	"Shift Type": frozenset({"process_auto_attendance"}),
}
# DocType -> its methods that act for the support team: for who may read its notes
AGENT_METHODS: dict[str, frozenset[str]] = {"HD Ticket": frozenset({"assign_agent", "reply_via_agent"})}
NOTE = "HD Ticket Comment"


def check_document_method(arguments: Arguments) -> None:
	"""Check the document whose method `run_doc_method` will run.

	Raises:
		PermissionError: The caller may not write the document (403).
		DoesNotExistError: There is no such document, or the caller may not read it (404).
	"""
	methods = {str(value) for value in find_values(arguments, "method")}
	for doctype, name in _documents(arguments):
		if methods & AGENT_METHODS.get(doctype, frozenset()):
			checks.check_doctype(NOTE)
		if methods & WRITING_METHODS.get(doctype, frozenset()):
			checks.check_doctype(doctype, "write")
			if name and frappe.db.exists(doctype, name):
				checks.check_record(doctype, name, "write")


def _documents(arguments: Arguments) -> Iterator[tuple[str, str | None]]:
	"""Yield the DocType and name of the document, which Frappe takes from `dt` and `dn`, or from `docs`."""
	for doctype_path, name_path in (
		("dt", "dn"),
		("docs.doctype", "docs.name"),
		("document.doctype", "document.name"),
	):
		names: list[Any] = find_names(arguments, name_path) or [None]
		for doctype in find_names(arguments, doctype_path):
			yield doctype, names[0]
