"""Refuse what the scope of an API key does not include before anything runs, by whichever route a request comes.

What is not known here is refused. The checks of records come later, where the method asks for permissions: see
orchestrator/access/key_patches.py.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from werkzeug.wrappers import Request, Response

import frappe
from frappe import _
from frappe.api import v1, v2

from orchestrator.access import file_paths, key_methods
from orchestrator.access.key_scope import KeyScope, describe_right, get_scope
from orchestrator.api import method_guard
from orchestrator.api.errors import ErrorReply
from orchestrator.api.route import API_PREFIX, find_route, get_requested_method
from orchestrator.exceptions import refuse

MISSING_HEADER = "X-API-Key-Missing-Scope"
FORBIDDEN = 403
# Endpoints of records -> the right to the DocType that they need
RIGHT_BY_ENDPOINT: dict[Callable[..., Any] | None, str] = {
	v1.document_list: "read",
	v1.read_doc: "read",
	v1.create_doc: "create",
	v1.update_doc: "write",
	v1.delete_doc: "delete",
	v2.document_list: "read",
	v2.read_doc: "read",
	v2.copy_doc: "read",
	v2.count: "read",
	v2.get_meta: "read",
	v2.create_doc: "create",
	v2.update_doc: "write",
	v2.delete_doc: "delete",
}


def check_request(request: Request) -> None:
	"""Check that the scope of the request's key includes what the request asks for.

	Raises:
		PermissionError: 403, it does not. The message names the missing scope.
	"""
	scope = get_scope()
	if scope is None:
		return
	if method := get_requested_method(request):
		_check_method(scope, method)
	elif request.path.startswith(API_PREFIX):
		_check_route(scope, request)
	elif not request.path.startswith(file_paths.PRIVATE_PREFIX):
		_refuse(_("This API key may call the API only, not {0}.").format(request.path))


def add_missing_scope(response: Response) -> None:
	"""Name in a header the scope whose lack made this reply a refusal. Not in a 404: it would tell that the record exists."""
	scope = get_scope()
	if scope and scope.missing and response.status_code == FORBIDDEN:
		response.headers[MISSING_HEADER] = scope.missing.encode("ascii", "replace").decode()


def begin_check() -> None:
	"""Forget the scope that an earlier step of a batch lacked."""
	if scope := get_scope():
		scope.missing = None


def explain_failure(failure: ErrorReply) -> ErrorReply:
	"""Return the failure with the scope whose lack caused it as its text; any other as it is."""
	scope = get_scope()
	if scope is None or not scope.missing or failure.status != FORBIDDEN:
		return failure
	return ErrorReply(failure.status, failure.type, build_message(scope.missing))


def build_message(missing: str) -> str:
	"""Return the message of a refusal for the lack of a scope."""
	return _("This API key lacks the scope {0}. Add it to the key, or use another key.").format(missing)


def _check_method(scope: KeyScope, method: str) -> None:
	form = frappe.local.form_dict
	if key_methods.is_document_method(method):
		_check_document_method(scope, form)
	elif missing := key_methods.find_missing_method(scope, method, form):
		_refuse_missing(scope, f"method {missing}")
	elif missing := key_methods.find_missing_right(scope, method, form):
		_refuse_missing(scope, missing)


def _check_document_method(scope: KeyScope, arguments: dict[str, Any]) -> None:
	if missing := key_methods.find_missing_document_method(scope, arguments):
		_refuse_missing(scope, f"method {missing}")


def _check_route(scope: KeyScope, request: Request) -> None:
	route = find_route(request)
	if route.error:
		return  # there is no such route: Frappe says so itself
	if arguments := method_guard.find_document_method(request):
		_check_document_method(scope, arguments)
		return
	right = RIGHT_BY_ENDPOINT.get(route.endpoint)
	if right is None:
		_refuse(_("This API key may not use {0}.").format(request.path))
	doctype = str(route.arguments["doctype"])
	# Rows of child tables are asked for by their parent, which the route does not name.
	if not frappe.is_table(doctype) and not scope.allows(doctype, right):
		_refuse_missing(scope, describe_right(doctype, right))


def _refuse_missing(scope: KeyScope, missing: str) -> NoReturn:
	scope.missing = missing
	_refuse(build_message(missing))


def _refuse(message: str) -> NoReturn:
	frappe.local.flags.disable_traceback = True
	if frappe.local.request.path.startswith(API_PREFIX):
		frappe.local.request.environ["HTTP_ACCEPT"] = "application/json"
	refuse(message, frappe.PermissionError)
