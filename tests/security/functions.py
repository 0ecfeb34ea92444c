"""The calls of every whitelisted function: those of modules by /api/method, those of controllers by run_doc_method."""

import json
from collections.abc import Iterator
from typing import Any

import frappe

from tests.security.arguments import Arguments, Filling
from tests.security.caller import Caller
from tests.security.dispatch import Request
from tests.security.exceptions import NOT_CALLED
from tests.security.registry import Method

RUN = "/api/method/run_doc_method"


def find_calls(
	arguments: Arguments, methods: list[Method], caller: Caller
) -> Iterator[tuple[Method, list[Request]]]:
	"""Yield each function with its calls, those about the most private record first.

	A guest is refused before arguments count, but for what is open to guests.
	"""
	for method in methods:
		if method.path in NOT_CALLED:
			continue
		if method.doctype:
			if caller.key != "guest":
				yield method, list(_of_controller(arguments, method))
			continue
		main = arguments.main_subject(method).doctype
		fillings = sorted(arguments.fillings(method), key=lambda filling: filling.about != main)
		if caller.key == "guest" and not method.for_guests:
			fillings = fillings[:1]
		yield method, [r for filling in fillings for r in _of_module(method, filling, filling is fillings[0])]


def _of_module(method: Method, filling: Filling, is_first: bool) -> Iterator[Request]:
	"""Yield a POST for each filling, and a GET for the first."""
	verbs: list[str] = [verb for verb in ("GET", "POST") if verb in method.verbs] or list(method.verbs[:1])
	for verb in verbs if is_first else verbs[-1:]:
		yield Request(method.path, filling.about, verb, f"/api/method/{method.path}", filling.as_form())


def _of_controller(arguments: Arguments, method: Method) -> Iterator[Request]:
	"""Yield a call on an existing record, and one on a document that the caller invents."""
	doctype = str(method.doctype)
	verb = "POST" if "POST" in method.verbs else method.verbs[0]
	label = f"{doctype}.{method.path}"
	values = json.dumps(arguments.fillings(method)[0].as_form())
	name = doctype if frappe.get_meta(doctype).issingle else arguments.named.get(frappe.scrub(doctype))
	form: dict[str, Any] = {"method": method.path, "args": values}
	if name is not None:
		yield Request(label, doctype, verb, RUN, {**form, "dt": doctype, "dn": str(name)})
	made_up = json.dumps(arguments.made_up(doctype), default=str)
	yield Request(label, doctype, verb, RUN, {**form, "docs": made_up})
