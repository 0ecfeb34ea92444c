"""Hook auth_hooks: guard the platform's methods once the caller is known. See orchestrator/access/method_guards.py."""

import frappe

from orchestrator.access.method_guards import check_method
from orchestrator.api import call as calls


def authorize() -> None:
	"""Check the method that this request asks for, whichever path or parameter names it."""
	request = frappe.local.request
	if request.method == "OPTIONS":
		return
	if method := calls.requested_method(request):
		check_method(method, frappe.local.form_dict)
