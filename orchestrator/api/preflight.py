"""Check an API client's request before its method runs: 401, 404, 405, or invalid parameters. Frappe itself
answers these with 403, 417 or 500.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, get_args

import frappe
from frappe import _
from frappe.exceptions import FrappeTypeError
from frappe.utils.typing_validations import transform_parameter_types

from orchestrator.api.call import ApiCall
from orchestrator.api.parameter_names import reject_unknown_parameters
from orchestrator.api.request_text import reject_undecodable_text
from orchestrator.exceptions import InvalidRequestError, MethodNotAllowedError, refuse

SCALAR_KINDS = frozenset({str, int, float, NoneType})


def check_call(call: ApiCall) -> None:
	"""Refuse what can be refused without running anything: the caller's identity first, then the method."""
	function = find_whitelisted_function(call.method)
	if frappe.session.user == "Guest" and (function is None or function not in frappe.guest_methods):
		raise frappe.AuthenticationError
	if function is None:
		refuse(_("There is no method {0}.").format(call.method), frappe.DoesNotExistError)
	_check_verb(call, function)
	_check_parameters(function)


def find_whitelisted_function(method: str) -> Callable[..., Any] | None:
	"""Return the whitelisted function that Frappe will run for `method`, None if there is none."""
	try:
		function = frappe.get_attr(frappe.override_whitelisted_method(method))
	except (ImportError, AttributeError, ValueError, frappe.ValidationError):
		# frappe.get_attr raises a ValidationError for an app that is not installed
		return None
	return function if function in frappe.whitelisted else None


def _check_verb(call: ApiCall, function: Callable[..., Any]) -> None:
	"""Refuse (405, with Allow) a verb that the method does not answer."""
	allowed = frappe.allowed_http_methods_for_whitelisted_func[function]
	verb = frappe.local.request.method
	if verb not in allowed:
		call.headers["Allow"] = ", ".join(allowed)
		refuse(
			_("{0} answers {1}, not {2}.").format(call.method, ", ".join(allowed), verb),
			MethodNotAllowedError,
		)


def _check_parameters(function: Callable[..., Any]) -> None:
	"""Refuse (400) a body that is not an object, and a parameter that is missing or has the wrong type."""
	if isinstance(frappe.form_dict.get("data"), list) and len(frappe.form_dict) == 1:
		refuse(_("The body must be a JSON object, not a list."), InvalidRequestError)
	reject_undecodable_text()
	reject_unknown_parameters(function)
	given = frappe.get_newargs(function, frappe.form_dict)
	missing = [name for name in list_required_parameters(function) if given.get(name) in (None, "")]
	if missing:
		refuse(_("Missing parameter: {0}.").format(", ".join(missing)), InvalidRequestError)
	_reject_bool_for_scalar(function, given)
	try:
		read = transform_parameter_types(inspect.unwrap(function), (), given)[1]
	except FrappeTypeError as error:
		refuse(str(error), InvalidRequestError)
	_reject_non_boolean(function, read)


def _reject_bool_for_scalar(function: Callable[..., Any], given: dict[str, Any]) -> None:
	"""Refuse (400) true or false for a name or a number.

	Python treats true as 1, so that ticket 1 would be deleted.
	"""
	for name, kinds in _get_kinds(function).items():
		if isinstance(given.get(name), bool) and kinds <= SCALAR_KINDS:
			refuse(_("{0} must not be true or false.").format(name), InvalidRequestError)


def _reject_non_boolean(function: Callable[..., Any], read: dict[str, Any]) -> None:
	"""Refuse (400) a number other than 0 and 1 for a boolean. Frappe accepts any, NaN as well."""
	for name, kinds in _get_kinds(function).items():
		if kinds == {bool} and name in read and read[name] not in (0, 1):
			refuse(_("{0} must be true or false.").format(name), InvalidRequestError)


@functools.lru_cache(maxsize=1024)
def _get_kinds(function: Callable[..., Any]) -> Mapping[str, set[Any]]:
	"""Return the types that each parameter may have.

	They are cached, because every request reads them.
	"""
	annotations = inspect.unwrap(function).__annotations__
	return {name: set(get_args(kind) or (kind,)) for name, kind in annotations.items()}


@functools.lru_cache(maxsize=1024)
def list_required_parameters(function: Callable[..., Any]) -> Sequence[str]:
	"""Return the parameters without a default, in the order of the signature."""
	return [
		name
		for name, parameter in inspect.signature(function).parameters.items()
		if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
	]
