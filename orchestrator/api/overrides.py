"""Target of `override_whitelisted_methods`: the contract's edition of a method for API clients, Frappe's own
function, untouched and with nothing of ours on the call stack, for browsers.

Frappe looks an override up by name in each request, so a module-level `__getattr__` can choose per caller.
A wrapper function could not: Desk would see its frames in tracebacks and its signature in errors.
"""

from collections.abc import Callable
from typing import Any

import frappe

from orchestrator.api.call import is_contract_call

# our name -> (Frappe's function, the contract's)
METHODS = {
	"get_list": ("frappe.client.get_list", "orchestrator.api.generic.get_list"),
	"get": ("orchestrator.access.native_methods.get", "orchestrator.api.generic.get"),
	"insert": ("frappe.client.insert", "orchestrator.api.generic.insert"),
	"set_value": ("frappe.client.set_value", "orchestrator.api.generic.set_value"),
	"delete": ("frappe.client.delete", "orchestrator.api.generic.delete"),
	"upload_file": ("frappe.handler.upload_file", "orchestrator.api.uploads.upload_file"),
}


def __getattr__(name: str) -> Callable[..., Any]:
	"""Return the function to run for this request."""
	if name not in METHODS:
		raise AttributeError(name)
	native, contract = METHODS[name]
	return frappe.get_attr(contract if is_contract_call() else native)
