"""The hook auth_hooks: guard the platform's methods once the caller is known. See
orchestrator/access/method_guards.py.
"""

from typing import Any

from werkzeug.wrappers import Request

import frappe
from frappe.api import v1, v2

from orchestrator.access.method_guards import check_method
from orchestrator.api import call as calls
from orchestrator.api.route import find_route

RUN_DOC_METHOD = "frappe.handler.run_doc_method"
# Endpoints that run a method of a stored document, in v1 also by the parameter `run_method`
DOCUMENT_ENDPOINTS = frozenset({v1.read_doc, v1.execute_doc_method, v2.execute_doc_method})
# The endpoint that runs a method of a document which the caller sends: Frappe gives it no name
IN_MEMORY_ENDPOINTS = frozenset(
	rule.endpoint for rule in v2.url_rules if rule.rule == "/method/run_doc_method"
)


def check_requested_method() -> None:
	"""Check the method that this request runs, whichever path or parameter names it."""
	request = frappe.local.request
	if request.method == "OPTIONS":
		return
	if method := calls.get_requested_method(request):
		check_method(method, frappe.local.form_dict)
	elif arguments := find_document_method(request):
		check_method(RUN_DOC_METHOD, arguments)


def find_document_method(request: Request) -> dict[str, Any] | None:
	"""Return the document and its method that a REST route calls, None if it calls none."""
	route = find_route(request)
	form = frappe.local.form_dict
	if route.endpoint in IN_MEMORY_ENDPOINTS:
		return dict(form)
	if route.endpoint not in DOCUMENT_ENDPOINTS:
		return None
	method = route.arguments.get("method") or form.get("run_method")
	if not method:
		return None
	return {**form, "dt": route.arguments["doctype"], "dn": route.arguments["name"], "method": method}
