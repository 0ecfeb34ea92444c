"""Hook auth_hooks: guard the platform's methods once the caller is known. See orchestrator/access/method_guards.py."""

import re
from typing import Any

from werkzeug.wrappers import Request

import frappe

from orchestrator.access.method_guards import check_method
from orchestrator.api import call as calls

RUN_DOC_METHOD = "frappe.handler.run_doc_method"
RESOURCE_PATH = re.compile(r"^/api/(?:v1/)?resource/(?P<dt>[^/]+)/(?P<dn>.+?)/?$")
DOCUMENT_PATH = re.compile(r"^/api/v2/document/(?P<dt>[^/]+)/(?P<dn>.+)/method/(?P<method>[^/]+)/?$")


def authorize() -> None:
	"""Check the method that this request asks for, whichever path or parameter names it."""
	request = frappe.local.request
	if request.method == "OPTIONS":
		return
	if method := calls.requested_method(request):
		check_method(method, frappe.local.form_dict)
	elif arguments := document_method(request):
		check_method(RUN_DOC_METHOD, arguments)


def document_method(request: Request) -> dict[str, Any] | None:
	"""Return the document and the method of it that a REST route asks for, None where it asks for none."""
	if match := DOCUMENT_PATH.match(request.path):
		return match.groupdict()
	match = RESOURCE_PATH.match(request.path)
	if match and (method := frappe.local.form_dict.get("run_method")):
		return {**match.groupdict(), "method": method}
	return None
