"""Refuse parameters that a method does not have. If they were ignored, `halfday` would book a whole day."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

import frappe
from frappe import _

from orchestrator.api.columns import build_hint
from orchestrator.exceptions import InvalidRequestError, refuse

# Parameters of every request that Frappe adds or reads, beside the method's own.
TRANSPORT_PARAMETERS: Final = frozenset({"cmd", "csrf_token", "_", "_lang", "sid"})
# Frappe takes these from every request's parameters before the method gets them.
DROPPED_BY_FRAPPE: Final = frozenset({"flags", "ignore_permissions"})
# Methods that read the request themselves -> the parameters that they read.
PARAMETERS_READ_FROM_REQUEST: Final[dict[str, frozenset[str]]] = {
	"orchestrator.api.uploads.upload_file": frozenset(
		{
			"doctype",
			"docname",
			"fieldname",
			"file",
			"file_name",
			"file_url",
			"filename",
			"folder",
			"is_private",
			"library_file_name",
			"max_height",
			"max_width",
			"method",
			"optimize",
			"tags",
			"title",
			"version_notes",
		}
	)
}
# A parameter of the method that names another function: that one may read further parameters.
DELEGATING_PARAMETER: Final = "method"


def reject_unknown_parameters(function: Callable[..., Any]) -> None:
	"""Refuse a request that sends a parameter which `function` does not have.

	Args:
		function: The whitelisted function that the request is about to run.

	Raises:
		InvalidRequestError: 400. The message names the parameter and the one that may have been meant.
	"""
	_reject_query_beside_json_body()
	known = _get_parameters(function)
	for name in DROPPED_BY_FRAPPE & frappe.form_dict.keys():
		_refuse_parameter(name, known or ())
	if known is None or (_is_reading_request(function) and frappe.form_dict.get(DELEGATING_PARAMETER)):
		return
	for name in frappe.form_dict:
		if name not in known and name not in TRANSPORT_PARAMETERS:
			_refuse_parameter(name, known)


def _reject_query_beside_json_body() -> None:
	"""Refuse parameters in the query of a request with a JSON body, because Frappe reads only the body."""
	request = frappe.local.request
	if not request.args or not request.is_json or not request.get_data(cache=True):
		return
	for name in request.args:
		if name not in TRANSPORT_PARAMETERS and name not in frappe.form_dict:
			refuse(
				_("Send {0} in the JSON body: with a body, parameters in the query are not read.").format(
					name
				),
				InvalidRequestError,
			)


@functools.lru_cache(maxsize=1024)
def _get_parameters(function: Callable[..., Any]) -> frozenset[str] | None:
	"""Return the names of the function's parameters, None if it accepts any."""
	if _is_reading_request(function):
		return PARAMETERS_READ_FROM_REQUEST[_get_path(function)]
	parameters = inspect.signature(function).parameters.values()
	if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
		return None
	return frozenset(parameter.name for parameter in parameters)


def _is_reading_request(function: Callable[..., Any]) -> bool:
	"""Return True for a method that reads the request's form instead of having parameters."""
	return _get_path(function) in PARAMETERS_READ_FROM_REQUEST


def _get_path(function: Callable[..., Any]) -> str:
	"""Return the dotted path of the function under its decorators."""
	inner = inspect.unwrap(function)
	return f"{inner.__module__}.{inner.__qualname__}"


def _refuse_parameter(name: str, known: Iterable[str]) -> None:
	"""Refuse the parameter, and suggest a similar one."""
	hint = build_hint(name, sorted(known))
	message = _("There is no parameter {0}.").format(name)
	refuse(f"{message} {hint}".strip(), InvalidRequestError)
