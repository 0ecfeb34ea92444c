"""Methods that run another method by its name: the target and its arguments.

A guard that checked only the requested method could be bypassed through them.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import frappe

from orchestrator.access.arguments import Arguments, find_values

# The name of a method, and its arguments
Call = tuple[str, dict[str, Any]]


def list_inner_calls(name: str, arguments: Arguments) -> Iterator[Call]:
	"""Yield the calls that a method will make for its caller, none for a method that is not a dispatcher."""
	find = DISPATCHERS.get(name)
	if find:
		yield from find(arguments)


def _list_batch_calls(arguments: Arguments) -> Iterator[Call]:
	"""Yield the calls of Gameplan's batch, which adds the arguments of each request to those of the requests
	before.
	"""
	merged = {key: value for key, value in arguments.items() if key != "requests"}
	for request in find_values(arguments, "requests[]"):
		if isinstance(request, dict):
			merged.update({key: value for key, value in request.items() if key != "cmd"})
			yield str(request.get("cmd")), dict(merged)


def _list_search_calls(arguments: Arguments) -> Iterator[Call]:
	query = arguments.get("query")
	standard = frappe.get_hooks("standard_queries") or {}
	if not query and arguments.get("doctype") in standard:
		query = standard[arguments["doctype"]][-1]
	if query:
		yield str(query), dict(arguments)


def _list_tree_calls(arguments: Arguments) -> Iterator[Call]:
	yield str(arguments.get("tree_method")), dict(arguments)


def _list_organisation_calls(arguments: Arguments) -> Iterator[Call]:
	yield str(arguments.get("method")), {"company": arguments.get("company")}


def _list_mapper_calls(arguments: Arguments) -> Iterator[Call]:
	"""Yield the calls of the mapper, which passes the name of each source as the first argument, and `args`
	as the third.
	"""
	name = str(arguments.get("method"))
	extra = find_values(arguments, "args")
	for source in [*find_values(arguments, "source_name"), *find_values(arguments, "source_names[]")]:
		yield name, _build_binder(name, source, arguments.get("target_doc"), *extra)


def _list_upload_calls(arguments: Arguments) -> Iterator[Call]:
	if arguments.get("method"):
		yield str(arguments["method"]), dict(arguments)


def _build_binder(name: str, *values: Any) -> dict[str, Any]:
	"""Return a function that names positional values by the first parameters of a function."""
	try:
		parameters = list(inspect.signature(frappe.get_attr(name)).parameters)
	except Exception:  # Frappe itself reports what is wrong with the name
		return {}
	return dict(zip(parameters, values, strict=False))


DISPATCHERS: dict[str, Callable[[Arguments], Iterator[Call]]] = {
	"frappe.client.validate_link_and_fetch": _list_search_calls,
	"frappe.desk.search.search_link": _list_search_calls,
	"frappe.desk.search.search_widget": _list_search_calls,
	"frappe.desk.treeview.get_all_nodes": _list_tree_calls,
	"frappe.handler.upload_file": _list_upload_calls,
	"frappe.handler.uploadfile": _list_upload_calls,
	"frappe.model.mapper.make_mapped_doc": _list_mapper_calls,
	"frappe.model.mapper.map_docs": _list_mapper_calls,
	"gameplan.extends.client.batch": _list_batch_calls,
	"hrms.utils.hierarchy_chart.get_all_nodes": _list_organisation_calls,
	"orchestrator.api.uploads.upload_file": _list_upload_calls,
}
