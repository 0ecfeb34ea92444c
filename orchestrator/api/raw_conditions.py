"""Conditional requests on the routes that Frappe answers itself: /api/resource and /api/v2/document.

Frappe's replies stay as they are; an ETag is added, and 304 or 412 given in the place of a reply. What cannot be checked
is refused, so that no condition is ignored.
"""

from typing import Any

from werkzeug.wrappers import Request

import frappe
from frappe import _
from frappe.api import v1, v2
from frappe.auth import UNSAFE_HTTP_METHODS
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.api import call as calls
from orchestrator.api import charges, conditional, errors, preconditions
from orchestrator.api.conditional import NotModifiedError, PendingEtag
from orchestrator.api.etags import IF_MATCH, IF_NONE_MATCH, Condition, parse_condition
from orchestrator.api.records import get_meta_or_none, get_writable
from orchestrator.api.route import Route, find_route, get_requested_command
from orchestrator.compat import get_lazy_doc

READS = frozenset({v1.read_doc, v2.read_doc})
LISTS = frozenset({v1.document_list, v2.document_list})
# Endpoints that change the record in the path -> the permission for it
WRITES = {
	v1.update_doc: "write",
	v2.update_doc: "write",
	v1.delete_doc: "delete",
	v2.delete_doc: "delete",
	v1.execute_doc_method: "write",
	v2.execute_doc_method: "write",
}
# Endpoints whose reply is the record that they wrote
RECORD_WRITES = frozenset({v1.create_doc, v2.create_doc, v1.update_doc, v2.update_doc})
# Parameters by which a record's reply holds more than the record
READ_PARAMETERS = frozenset({"run_method", "expand_links"})


def authorize() -> None:
	"""Handle the hook auth_hooks, the last of them: check the conditions of a request that no endpoint of ours answers.

	Raises:
		NotModifiedError: the caller may read the record and has it as it is; `conditional.finish_reply` sends the 304.
		InvalidRequestError: 400. A header is malformed, or this request cannot check it.
		PermissionError: 403, DoesNotExistError: 404. As without the header.
		PreconditionFailedError: 412. The record has changed.
	"""
	request, call = frappe.local.request, calls.get_current_call()
	if charges.get_current_request() is None or request.method == "OPTIONS":
		return
	if call and (call.is_own or not call.from_browser):
		return  # its endpoint checks: see orchestrator/api/endpoint.py
	route = Route() if get_requested_command() else find_route(request)
	try:
		if calls.is_from_browser(request):
			_refuse_unchecked(request)
		else:
			_begin_request(request, route)
	except frappe.ValidationError as error:
		frappe.local.flags.disable_traceback = True
		if not calls.is_from_browser(request):
			request.environ["HTTP_ACCEPT"] = (
				"application/json"  # of an error, Frappe makes a page unless asked for JSON
			)
			error.http_status_code = errors.get_status(error)
		raise


def _begin_request(request: Request, route: Route) -> None:
	condition = parse_condition(IF_MATCH, request.headers.get(IF_MATCH))
	if request.method in UNSAFE_HTTP_METHODS and route.endpoint in WRITES:
		conditional.check_reading_header()
		_begin_write(route, condition)
		return
	if request.method in conditional.READING_VERBS and route.endpoint in READS | LISTS:
		conditional.check_reading_header()
		if condition is None:
			_begin_read(request, route)
			return
	_refuse_unchecked(request)
	if route.endpoint in RECORD_WRITES:
		frappe.db.before_commit.add(_remember_written)


def _begin_read(request: Request, route: Route) -> None:
	if route.endpoint in LISTS or READ_PARAMETERS & frappe.form_dict.keys():
		# A method may do anything, and is left alone
		conditional.set_pending(None if "run_method" in frappe.form_dict else PendingEtag())
		return
	meta = get_meta_or_none(route.arguments["doctype"])
	if meta is None:
		return
	pending = conditional.compute_pending(meta, route.arguments["name"])
	conditional.set_pending(pending)
	if conditional.is_known_to_caller(pending) and _is_readable(meta, route.arguments["name"]):
		request.environ["HTTP_ACCEPT"] = (
			"application/json"  # of an error, Frappe makes a page unless asked for JSON
		)
		frappe.local.flags.disable_traceback = True
		raise NotModifiedError


def _is_readable(meta: Meta, name: str) -> bool:
	"""Return True if Frappe will give the record to the caller. If not, it says so itself."""
	doc = get_lazy_doc(meta.name, name)
	return bool(doc.has_permission("read"))


def _begin_write(route: Route, condition: Condition | None) -> None:
	doctype, name = route.arguments["doctype"], route.arguments["name"]
	meta = get_meta_or_none(doctype)
	if condition and meta:
		root = _get_permitted_root(meta, name, WRITES[route.endpoint])
		preconditions.check_condition(meta, name, root, condition)
	if route.endpoint in RECORD_WRITES:
		frappe.db.before_commit.add(_remember_written)
	elif condition:
		frappe.db.before_commit.add(lambda: conditional.set_written(doctype, name))


def _get_permitted_root(meta: Meta, name: str, permission: str) -> Document:
	"""Return the record to lock, where Frappe will let the caller write it; the parent of a child row."""
	if meta.istable:
		return get_writable(meta, name)
	doc = frappe.get_doc(meta.name, name)
	doc.check_permission(permission)
	return doc


def _remember_written() -> None:
	"""Compute the ETag of the record in Frappe's reply, before the commit: after it, others may have written it again."""
	written: Any = frappe.local.response.get("data")
	if isinstance(written, Document | dict):  # Frappe 16 has dicts in replies of v2
		conditional.set_written(written.get("doctype"), written.get("name"))


def _refuse_unchecked(request: Request) -> None:
	"""Refuse conditions on a request that cannot check them. A GET without 304 is right in any case."""
	if IF_MATCH in request.headers:
		preconditions.refuse_header(
			IF_MATCH, _("It can be sent with requests that change or delete one record.")
		)
	if IF_NONE_MATCH in request.headers and request.method in UNSAFE_HTTP_METHODS:
		preconditions.refuse_header(IF_NONE_MATCH, _("It can be sent with GET."))
