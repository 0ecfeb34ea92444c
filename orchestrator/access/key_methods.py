"""Which methods the scope of an API key includes: those that it names, by every name that a request may use."""

import re

import frappe

from orchestrator.access import dispatchers
from orchestrator.access.arguments import Arguments, find_values
from orchestrator.access.key_scope import KeyScope, describe_right
from orchestrator.access.method_guards import MAX_DEPTH, find_function, get_function_name
from orchestrator.access.outside_recipients import ALLOWED_METHODS

# What every key may call: nothing of it tells of a record
FREE_METHODS = frozenset({"ping", "frappe.ping", "orchestrator.api.keys.get_current_key"})
# Methods on records of any DocType -> the right to the DocType that each needs
RIGHT_BY_RECORD_METHOD = {
	"frappe.client.cancel": "cancel",
	"frappe.client.delete": "delete",
	"frappe.client.get": "read",
	"frappe.client.get_count": "read",
	"frappe.client.get_list": "read",
	"frappe.client.get_value": "read",
	"frappe.client.insert": "create",
	"frappe.client.insert_many": "create",
	"frappe.client.save": "write",
	"frappe.client.set_value": "write",
	"frappe.client.submit": "submit",
	"frappe.desk.bulk_assignment.set_assignment_for_many": "read",
	"frappe.desk.delete.delete_many": "delete",
	"orchestrator.api.changes.get_changes": "read",
	"orchestrator.api.get_changes": "read",
	# what creates records is refused record by record where the scope lacks `create`
	"orchestrator.api.upsert_many": "write",
	"orchestrator.api.upserts.upsert_many": "write",
}
# Others that work on records, and on those only that the scope includes
RECORD_METHODS = frozenset({*RIGHT_BY_RECORD_METHOD, "orchestrator.api.bulk.get_operation", "upload_file"})
REPORT_METHODS = frozenset(
	{
		"frappe.desk.report.run",
		"orchestrator.insights.generate_report",
		"orchestrator.insights.get_report_status",
	}
)
# Sign-in, users, keys, OAuth and the console: no scope includes them.
FORBIDDEN_METHODS = frozenset({"login", "logout", "frappe.handler.logout", "frappe.handler.run_doc_method"})
RUN_DOC_METHOD = "frappe.handler.run_doc_method"
FORBIDDEN_PREFIXES = (
	"frappe.auth.",
	"frappe.core.doctype.user.",
	"frappe.core.doctype.user_permission.",
	"frappe.desk.doctype.system_console.",
	"frappe.integrations.oauth2",
	"frappe.integrations.doctype.connected_app.",
	"frappe.permissions.",
	"frappe.core.page.permission_manager.",
	"frappe.sessions.",
	"frappe.share.",
	"frappe.twofactor.",
	"frappe.utils.oauth.",
	"frappe.www.",
	"orchestrator.api.keys.",
	"orchestrator.hr.calendar_feed.",
)
METHOD_PATTERN = re.compile(r"[A-Za-z_]\w*(\.\w+)+(\.\*)?|\w+|[A-Z][\w ()/&-]*\.[a-z_]\w*")


def is_document_method(method: str) -> bool:
	"""Return True for the method that runs a method of a document, by whichever of its names."""
	function = find_function(method)
	return bool(function) and get_function_name(function) == RUN_DOC_METHOD


def find_missing_document_method(scope: KeyScope, arguments: Arguments) -> str | None:
	"""Return the method of a document that a request runs, None where the scope names it as `DocType.method`.

	Args:
		scope: The scope.
		arguments: The arguments of Frappe's `run_doc_method`.
	"""
	doctypes = {
		str(value)
		for path in ("dt", "docs.doctype", "document.doctype")
		for value in find_values(arguments, path)
	}
	method = str(arguments.get("method"))
	names = [f"{doctype}.{method}" for doctype in sorted(doctypes)] or [method]
	if scope.recipient:
		return names[0]
	return next((name for name in names if name not in scope.methods), None)


def find_missing_method(scope: KeyScope, method: str, arguments: Arguments, depth: int = 0) -> str | None:
	"""Return the method that the scope does not include, None where it includes it and those that it runs in turn.

	Args:
		scope: The scope.
		method: The dotted name that the request asks for.
		arguments: The arguments of the request.
		depth: How many methods run this one.
	"""
	function = find_function(method)
	names = {method, get_function_name(function)} if function else {method}
	if method in FREE_METHODS:
		return None
	if depth > MAX_DEPTH or any(map(is_forbidden, names)) or not _is_included(scope, method, names):
		return method
	if scope.recipient and method not in ALLOWED_METHODS:
		return method
	for name in sorted(names):
		for inner, inner_arguments in dispatchers.list_inner_calls(name, arguments):
			if missing := find_missing_method(scope, inner, inner_arguments, depth + 1):
				return missing
	return None


def find_missing_right(scope: KeyScope, method: str, arguments: Arguments) -> str | None:
	"""Return the right that a method on records needs for its DocType and the scope lacks, None for any other method.

	Rows of child tables follow the record that they belong to, and are checked with it.
	"""
	right = RIGHT_BY_RECORD_METHOD.get(method)
	if right is None:
		return None
	named = [value for path in ("doctype", "doc.doctype") for value in find_values(arguments, path)]
	for doctype in named:
		if isinstance(doctype, str) and not frappe.is_table(doctype) and not scope.allows(doctype, right):
			return describe_right(doctype, right)
	return None


def is_forbidden(method: str) -> bool:
	"""Return True for a method that no scope includes."""
	if method in FREE_METHODS:
		return False
	return method in FORBIDDEN_METHODS or method.startswith(FORBIDDEN_PREFIXES)


def _is_included(scope: KeyScope, method: str, names: set[str]) -> bool:
	if method in scope.methods:
		return True
	if method in RECORD_METHODS:
		return bool(scope.doctypes)
	if method in REPORT_METHODS and scope.reports:
		return True
	# A name below the prefix may lead to a function of another module, which that one has imported.
	return any(all(name.startswith(prefix) for name in names) for prefix in scope.prefixes)
