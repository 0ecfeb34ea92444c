"""The contract's view of one request: its method, the kind of client, the result.

An `ApiCall` exists only for methods under the contract: `orchestrator.*` and the documented generic ones. It
is on `frappe.local` during the request.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

import frappe

from orchestrator.api.route import get_requested_method

# The documented generic methods of Frappe, and other dotted names of the same functions.
NATIVE_METHODS = frozenset(
	{
		"frappe.client.get_list",
		"frappe.client.get",
		"frappe.client.insert",
		"frappe.client.set_value",
		"frappe.client.delete",
		"frappe.email.inbox.set_value",
		"upload_file",
		"frappe.handler.upload_file",
		"frappe.api.v2.upload_file",
		"helpdesk.extends.data_import.upload_file",
	}
)
# Documented methods under Frappe's name that Frappe does not have: this app implements them.
ADDED_METHODS = frozenset(
	{
		"frappe.desk.report.run",
		"frappe.desk.bulk_assignment.set_assignment_for_many",
		"frappe.desk.delete.delete_many",
		"frappe.desk.doctype.webhook.create",
	}
)
OWN_PREFIX = "orchestrator."
# Headers that Desk and the Vue front ends send with every call, and other clients do not.
BROWSER_HEADERS = ("X-Frappe-CSRF-Token", "X-Frappe-Site-Name")
# With it, the API page has its calls answered as those of an API client, from the browser's own session.
CONTRACT_HEADER = "X-Orchestrator-Contract"


@dataclass
class ApiCall:
	"""One request under the contract. `error_data` is what the reply to an error holds in `data`."""

	method: str
	from_browser: bool
	id: str = field(default_factory=lambda: secrets.token_hex(8))
	entered: bool = False
	function: str = ""  # dotted name of the endpoint that answers, once it runs
	error: BaseException | None = None
	headers: dict[str, str] = field(default_factory=dict)
	error_data: Any = None

	@property
	def is_own(self) -> bool:
		"""Return True for a method of this app, False for one of Frappe's."""
		return is_own(self.method)


def is_own(method: str) -> bool:
	"""Return True for what only this app answers, whatever its name."""
	return method in ADDED_METHODS or method.startswith(OWN_PREFIX)


def parse_call(request: "frappe.Request") -> ApiCall | None:
	"""Return the call that `request` makes, or None if the contract does not apply."""
	method = get_requested_method(request)
	if not method or not (method in NATIVE_METHODS or is_own(method)):
		return None
	return ApiCall(method=method, from_browser=is_from_browser(request))


def is_from_browser(request: "frappe.Request") -> bool:
	"""Return True for Desk and the Vue front ends, which always send certain headers and never CONTRACT_HEADER."""
	headers = request.headers
	if headers.get(CONTRACT_HEADER):
		return False
	if headers.get("X-Requested-With") == "XMLHttpRequest":
		return True
	return any(headers.get(name) for name in BROWSER_HEADERS)


def set_current_call(call: ApiCall | None) -> None:
	"""Make `call` the current call of this request."""
	frappe.local.orchestrator_call = call


def get_current_call() -> ApiCall | None:
	"""Return the current call, None outside a request under the contract."""
	return getattr(frappe.local, "orchestrator_call", None)


def is_contract_call() -> bool:
	"""Return True if the reply goes to an API client, which gets the whole contract."""
	call = get_current_call()
	return call is not None and not call.from_browser
