"""The whitelisted method that a request runs, found with Frappe's own router so that both always agree."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

import frappe
import frappe.api
from frappe.api import v1, v2
from frappe.modules.utils import load_doctype_module

API_PREFIX = "/api/"
ENVIRON_KEY = "orchestrator.route"
# Endpoints of v2 that Frappe calls directly, without `override_whitelisted_methods`.
DIRECT_METHODS: dict[Callable[..., Any] | None, str] = {
	v2.login: "login",
	v2.logout: "logout",
	frappe.ping: "frappe.ping",
	v2.upload_file: "upload_file",
}


@dataclass(frozen=True)
class Route:
	"""The result of Frappe's router for a path and a verb: an endpoint with arguments, or an error."""

	endpoint: Callable[..., Any] | None = None
	arguments: dict[str, Any] = field(default_factory=dict)
	error: HTTPException | None = None


def is_api_request(request: Request) -> bool:
	"""Return True for a request that Frappe answers as an API call: by its path, or by `cmd` on any path."""
	return bool(get_requested_command()) or request.path.startswith(API_PREFIX)


def get_requested_command() -> str | None:
	"""Return the parameter `cmd`, which Frappe lets win over the path.

	Frappe drops the query of a request with a JSON body, so only the parsed parameters count.
	"""
	form = getattr(frappe.local, "form_dict", None) or {}
	command = form.get("cmd")
	return str(command) if command else None


def get_requested_method(request: Request) -> str | None:
	"""Return the dotted name of the method that Frappe will run, None if it runs none."""
	if command := get_requested_command():
		return command
	route = find_route(request)
	if route.endpoint in DIRECT_METHODS:
		return DIRECT_METHODS[route.endpoint]
	if route.endpoint is v1.handle_rpc_call:
		return str(route.arguments["method"]).split("/")[0]
	if route.endpoint is v2.handle_rpc_call:
		return _build_method_name(**route.arguments)
	return None


def is_override_skipped(request: Request) -> bool:
	"""Return True if Frappe calls the method without looking up overrides."""
	return not get_requested_command() and find_route(request).endpoint in DIRECT_METHODS


def find_route(request: Request) -> Route:
	"""Return the result of Frappe's router for `request`, an empty route for a path outside the API."""
	if ENVIRON_KEY not in request.environ:
		request.environ[ENVIRON_KEY] = _match_route(request)
	return request.environ[ENVIRON_KEY]


def _match_route(request: Request) -> Route:
	if not request.path.startswith(API_PREFIX):
		return Route()
	try:
		endpoint, arguments = frappe.api.API_URL_MAP.bind_to_environ(request.environ).match()
	except HTTPException as error:
		return Route(error=error)
	return Route(endpoint, dict(arguments))


def _build_method_name(method: str, doctype: str | None = None) -> str | None:
	"""Return the method's dotted name; with a DocType, the one in its controller's module, as v2 has it."""
	if not doctype:
		return method
	try:
		return f"{load_doctype_module(doctype).__name__}.{method}"
	except Exception:  # Frappe's router itself reports an invalid DocType
		frappe.clear_messages()
		return None
