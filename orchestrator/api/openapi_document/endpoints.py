"""The endpoints in the document, each under the name that a client calls."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import frappe

from orchestrator import compat
from orchestrator.api import overrides
from orchestrator.api.call import OWN_PREFIX
from orchestrator.api.endpoint import get_documented_types, get_effect

Method = Callable[..., Any]

APP = "orchestrator"
# A domain's endpoints are in its package, the contract's own in modules of the package api. HR, insights and sync have
# further ones in modules.
PACKAGES_WITH_ENDPOINTS = (APP, f"{APP}.api", f"{APP}.hr", f"{APP}.insights", f"{APP}.sync")
OVERRIDES_PREFIX = f"{overrides.__name__}."


@dataclass(frozen=True)
class Parameter:
	"""A parameter of an endpoint, with its type."""

	name: str
	type: Any
	default: Any

	@property
	def is_required(self) -> bool:
		"""Return True for a parameter without a default."""
		return self.default is inspect.Parameter.empty


def list_methods() -> dict[str, Method]:
	"""Return the functions under the contract, by the name that a client calls."""
	named = {function: name for name, function in _list_documented()}
	return dict(
		sorted((named.get(function, _get_own_name(function)), function) for function in _list_endpoints())
	)


def list_verbs(function: Method) -> list[str]:
	"""Return the HTTP methods that an endpoint answers, the usual one first."""
	return frappe.allowed_http_methods_for_whitelisted_func[function]


def list_parameters(function: Method) -> list[Parameter]:
	"""Return the named parameters of an endpoint."""
	hints = get_documented_types(function)
	return [
		Parameter(name, hints[name], parameter.default)
		for name, parameter in inspect.signature(function).parameters.items()
		if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
	]


def get_result_type(function: Method) -> Any:
	"""Return the type that an endpoint returns."""
	return get_documented_types(function)["return"]


def accepts_any_field(function: Method) -> bool:
	"""Return True if the fields of the body are the data: `**values`."""
	return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def _list_documented() -> Iterator[tuple[str, Method]]:
	"""Yield Frappe's method names under the contract, with their functions. Of synonyms, the documented one,
	which is first in hooks.py, comes last.
	"""
	targets = frappe.get_hooks("override_whitelisted_methods", app_name=APP)
	for name, paths in reversed(targets.items()):
		if name in compat.NAMES_OF_THE_OTHER_LINE:
			continue
		path = paths[-1]
		if path.startswith(OVERRIDES_PREFIX):
			path = overrides.METHODS[path.removeprefix(OVERRIDES_PREFIX)][1]
		yield name, frappe.get_attr(path)


def _list_endpoints() -> list[Method]:
	"""Return every whitelisted function of this app that answers under the contract. They register when imported."""
	for package in map(importlib.import_module, PACKAGES_WITH_ENDPOINTS):
		for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
			importlib.import_module(module.name)
	return [
		function
		for function in frappe.whitelisted
		if function.__module__.startswith(OWN_PREFIX) and get_effect(function)
	]


def _get_own_name(function: Method) -> str:
	return f"{function.__module__}.{function.__name__}"
