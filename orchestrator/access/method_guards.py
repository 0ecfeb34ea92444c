"""Check permissions that a platform method does not check itself, before Frappe looks the method up.

No frame of this app is on the stack of the guarded function, and no app that overrides the method bypasses
the check: it applies to the requested name and to the function that it leads to. See docs/security.md.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import frappe
import frappe.handler
from frappe import _

from orchestrator.access import dispatchers
from orchestrator.access.arguments import Arguments
from orchestrator.access.hr_method_table import HRMS
from orchestrator.access.method_table import ERPNEXT, FRAPPE, SUPPORT, Check
from orchestrator.access.switch import OWN_PREFIX, is_guarded
from orchestrator.exceptions import refuse

METHODS: Mapping[str, tuple[Check, ...]] = {**FRAPPE, **ERPNEXT, **HRMS, **SUPPORT}
# Nobody needs a batch in a batch in a batch.
MAX_DEPTH = 3


def check_method(method: str, arguments: Arguments) -> None:
	"""Check that the caller may run a platform method on the records that its arguments name.

	Args:
		method: The dotted name that the request asks for.
		arguments: The arguments of the request.

	Raises:
		PermissionError: The caller may not read or change such records (403).
		DoesNotExistError: There is no such record, or the caller may not read it (404).
	"""
	if is_guarded():
		_check_call(method, arguments, 0)


def _check_call(method: str, arguments: Arguments, depth: int) -> None:
	if method.startswith(OWN_PREFIX):
		return
	function = find_function(method)
	if function and frappe.session.user == "Guest" and function not in frappe.guest_methods:
		return  # Frappe refuses it
	names = {method, get_function_name(function)} if function else {method}
	for name in sorted(names):
		for check in METHODS.get(name, ()):
			check(arguments)
	for inner, inner_arguments in _find_inner_calls(names, arguments):
		if depth == MAX_DEPTH:
			refuse(_("Methods are nested too deeply."), frappe.PermissionError)
		_check_call(inner, inner_arguments, depth + 1)


def find_function(method: str) -> Any:
	"""Return the function that Frappe runs for a method, None if there is none."""
	name = frappe.override_whitelisted_method(method)
	if "." not in name:
		return getattr(frappe.handler, name, None)
	try:
		return frappe.get_attr(name)
	except Exception:  # Frappe itself reports what is wrong with the name
		frappe.clear_messages()
		return None


def _find_inner_calls(names: set[str], arguments: Arguments) -> list[dispatchers.Call]:
	return [call for name in sorted(names) for call in dispatchers.list_inner_calls(name, arguments)]


def get_function_name(function: Any) -> str:
	"""Return the name under which the function is defined, whatever name was requested."""
	unwrapped = inspect.unwrap(function)
	return f"{getattr(unwrapped, '__module__', '')}.{getattr(unwrapped, '__qualname__', '')}"
