"""Hooks of this app that another installed app replaces.

Of several overrides, Frappe uses the last app's. Of several `has_permission` functions, it calls the last
app's first and uses the first answer that is not None. `permission_query_conditions` are combined, so that
none is lost.
"""

from collections.abc import Iterable

import frappe
from frappe.model.base_document import get_controller

from orchestrator.setup.findings import FAIL, OK, WARN, Finding

APP = "orchestrator"
EVERY_DOCTYPE = "*"
REMEDY = "Reinstall Orchestrator, so that it comes last, or remove the other app's hook."


def check_overrides() -> Finding:
	"""Find the methods and DocType classes of this app that another one overrides."""
	overridden = [*_find_overridden_methods(), *_find_overridden_classes()]
	if overridden:
		return Finding("hooks", FAIL, f"overridden: {', '.join(overridden)}", REMEDY)
	methods = frappe.get_hooks("override_whitelisted_methods", app_name=APP)
	classes = frappe.get_hooks("override_doctype_class", app_name=APP)
	return Finding("hooks", OK, f"{len(methods)} methods and {len(classes)} classes are active")


def check_permission_hooks() -> Finding:
	"""Find the apps that may permit what this app's `has_permission` functions refuse."""
	ours = frappe.get_hooks("has_permission", app_name=APP)
	everyone = frappe.get_hooks("has_permission")
	later = [
		f"{doctype} by {path}"
		for doctype, paths in ours.items()
		if doctype != EVERY_DOCTYPE
		for path in _list_functions_after(everyone.get(doctype, []), paths[-1])
	]
	later += [
		f"every DocType by {path}" for path in everyone.get(EVERY_DOCTYPE, []) if not _is_own_path(path)
	]
	if later:
		return Finding("permission hooks", WARN, f"run before those of this app: {', '.join(later)}", REMEDY)
	return Finding("permission hooks", OK, f"those of {len(ours)} DocTypes run first")


def _find_overridden_methods() -> Iterable[str]:
	ours = frappe.get_hooks("override_whitelisted_methods", app_name=APP)
	for method, paths in frappe.get_hooks("override_whitelisted_methods").items():
		if (method in ours or method.startswith(f"{APP}.")) and not _is_own_path(paths[-1]):
			yield f"{method} by {paths[-1]}"


def _find_overridden_classes() -> Iterable[str]:
	"""Yield the DocTypes whose class is neither this app's nor derived from it."""
	ours = frappe.get_hooks("override_doctype_class", app_name=APP)
	for doctype, paths in frappe.get_hooks("override_doctype_class").items():
		if _is_own_path(paths[-1]):
			continue
		is_derived = doctype in ours and issubclass(
			get_controller(doctype), frappe.get_attr(ours[doctype][-1])
		)
		is_our_doctype = frappe.db.get_value("DocType", doctype, "module") == "Orchestrator"
		if (doctype in ours or is_our_doctype) and not is_derived:
			yield f"{doctype} by {paths[-1]}"


def _list_functions_after(paths: list[str], ours: str) -> list[str]:
	"""Return other apps' functions that follow `ours` in the order of the apps."""
	return paths[len(paths) - paths[::-1].index(ours) :] if ours in paths else []


def _is_own_path(path: str) -> bool:
	return path.startswith(f"{APP}.")
