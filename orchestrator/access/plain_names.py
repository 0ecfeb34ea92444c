"""Refuse a dict or a list in place of a record's name. Frappe uses these as filters, without checking
permissions.
"""

from typing import Any

import frappe
from frappe import _

from orchestrator.access.switch import is_guarded
from orchestrator.exceptions import InvalidNameError, refuse

DOCTYPE_PARAMETERS = ("doctype", "dt", "reference_doctype", "ref_doctype")
NAME_PARAMETERS = ("name", "docname", "dn", "doc_name", "reference_name", "ref_docname")


def check_request() -> None:
	"""Handle the hook auth_hooks: refuse filters in place of a record's name, in any method.

	Raises:
		InvalidNameError: The name of a record is a dict, or a list of anything but names (400).
	"""
	form = frappe.local.form_dict
	if not is_guarded() or not any(form.get(parameter) for parameter in DOCTYPE_PARAMETERS):
		return
	for parameter in NAME_PARAMETERS:
		if _is_filter(form.get(parameter)):
			refuse(_("{0} must be the name of one record.").format(parameter), InvalidNameError)


def _is_filter(value: Any) -> bool:
	"""Return True for a value that Frappe would use as filters; a list of strings or numbers is a list of
	names.
	"""
	if isinstance(value, list):
		return any(isinstance(item, dict | list) for item in value)
	return isinstance(value, dict)
