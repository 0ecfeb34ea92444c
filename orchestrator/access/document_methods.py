"""Methods of documents that change records, and the permission that each requires.

Frappe's `run_doc_method` checks only the permission to read the document; its REST routes check the
permission to write.
"""

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
# DocType -> its methods for the support team: only for users who may read its notes
AGENT_METHODS: dict[str, frozenset[str]] = {"HD Ticket": frozenset({"assign_agent", "reply_via_agent"})}
# DocType -> its methods that compute an employee's entitlements from records of others
EMPLOYEE_METHODS: dict[str, frozenset[str]] = {
	"Employee Benefit Application": frozenset({"set_benefit_components_and_currency"}),
	"Employee Benefit Claim": frozenset({"get_benefit_details"}),
	"Overtime Slip": frozenset({"get_frequency_and_dates"}),
	"Payroll Correction": frozenset({"fetch_salary_slip_details"}),
}
# DocType -> its field with the DocType of the record that its previews show
PREVIEWS: dict[str, str] = {"Notification": "document_type", "Webhook": "webhook_doctype"}
PREVIEW_PREFIXES = ("preview_", "generate_preview")
NOTE = "HD Ticket Comment"


def check_document_method(arguments: Arguments) -> None:
	"""Check the document whose method `run_doc_method` will run.

	Raises:
		PermissionError: The caller may not write the document (403).
		DoesNotExistError: There is no such document, or the caller may not read it (404).
	"""
	methods = {str(value) for value in find_values(arguments, "method")}
	for doctype, name in _list_documents(arguments):
		if methods & EMPLOYEE_METHODS.get(doctype, frozenset()):
			checks.check_doctype(doctype)
			for employee in _find_sent(arguments, "employee"):
				checks.check_record("Employee", employee)
		if doctype in PREVIEWS and any(method.startswith(PREVIEW_PREFIXES) for method in methods):
			_check_preview(arguments, doctype, name)
		if methods & AGENT_METHODS.get(doctype, frozenset()):
			checks.check_doctype(NOTE)
		if methods & WRITING_METHODS.get(doctype, frozenset()):
			checks.check_doctype(doctype, "write")
			if name and frappe.db.exists(doctype, name):
				checks.check_record(doctype, name, "write")


def _check_preview(arguments: Arguments, doctype: str, name: str | None) -> None:
	"""Check the record that the preview of a notification or a webhook shows."""
	checks.check_doctype(doctype)
	shown = _find_sent(arguments, PREVIEWS[doctype])
	if not shown and name:
		shown = [str(frappe.db.get_value(doctype, name, PREVIEWS[doctype]))]
	for target in shown:
		for record in _find_previewed(arguments):
			checks.check_record(target, record)


def _find_previewed(arguments: Arguments) -> list[str]:
	"""Return the records that a preview names: in its arguments, or in a field of the document."""
	found = [*find_names(arguments, "preview_document"), *_find_sent(arguments, "preview_document")]
	for path in ("args", "arg", "kwargs"):
		for value in find_values(arguments, path):
			named = find_names({path: value}, f"{path}.preview_document")
			found += named or [str(value)]
	return found


def _find_sent(arguments: Arguments, fieldname: str) -> list[str]:
	"""Return the values of a field in the document that the caller sent."""
	return [each for sent in ("docs", "document") for each in find_names(arguments, f"{sent}.{fieldname}")]


def _list_documents(arguments: Arguments) -> Iterator[tuple[str, str | None]]:
	"""Yield the DocType and name of the document, which Frappe takes from `dt` and `dn`, or from `docs`."""
	for doctype_path, name_path in (
		("dt", "dn"),
		("docs.doctype", "docs.name"),
		("document.doctype", "document.name"),
	):
		names: list[Any] = find_names(arguments, name_path) or [None]
		for doctype in find_names(arguments, doctype_path):
			yield doctype, names[0]
