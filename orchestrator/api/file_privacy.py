"""Parse `is_private` as callers send it. Frappe treats every unknown text, also `true`, as no."""

import json
from typing import Any

import frappe
from frappe import _
from frappe.api import v1, v2
from frappe.model.document import Document

from orchestrator.api.route import Route
from orchestrator.exceptions import InvalidRequestError, refuse

# The methods that convert the parameter to a number before a File is created.
UPLOAD_METHODS = frozenset(
	{
		"upload_file",
		"frappe.handler.upload_file",
		"frappe.api.v2.upload_file",
		"helpdesk.extends.data_import.upload_file",
		"uploadfile",
		"frappe.handler.uploadfile",
		"frappe.client.attach_file",
	}
)
DOCTYPE = "File"
V1_WRITE_ROUTES = frozenset({v1.create_doc, v1.update_doc})
V2_WRITE_ROUTES = frozenset({v2.create_doc, v2.update_doc})
TRUTHS = (0, 1)
VALUES = {"": 0, "0": 0, "false": 0, "1": 1, "true": 1}


def normalize_parameter(method: str | None) -> None:
	"""Replace the parameter `is_private` of an upload by 0 or 1.

	Raises:
		InvalidRequestError: 400, it is anything but 0, 1, true or false.
	"""
	if method in UPLOAD_METHODS and frappe.form_dict.get("is_private") is not None:
		frappe.form_dict.is_private = _parse_is_private(frappe.form_dict.is_private)


def normalize_record(route: Route) -> None:
	"""Replace `is_private` in a File that /api/resource or /api/v2/document inserts or changes.

	Raises:
		InvalidRequestError: 400, it is anything but 0, 1, true or false.
	"""
	if route.endpoint not in V1_WRITE_ROUTES | V2_WRITE_ROUTES or route.arguments.get("doctype") != DOCTYPE:
		return
	form = frappe.local.form_dict
	data = frappe.parse_json(form.data) if form.get("data") else form
	if not isinstance(data, dict) or data.get("is_private") in (*TRUTHS, None):
		return
	data["is_private"] = _parse_is_private(data["is_private"])
	if route.endpoint in V1_WRITE_ROUTES:
		form.data = json.dumps(data)  # v1 reads the body itself where it finds no such parameter


def parse_record_privacy(doctype: str, values: dict[str, Any]) -> dict[str, Any]:
	"""Return `values`, for a File with `is_private` as 0 or 1.

	Raises:
		InvalidRequestError: 400, it is anything but 0, 1, true or false.
	"""
	if doctype != DOCTYPE or values.get("is_private") is None:
		return values
	return {**values, "is_private": _parse_is_private(values["is_private"])}


def before_file_validate(file: Document, _event: str | None = None) -> None:
	"""Handle the hook File.before_validate: check a File that other code changes in the same way."""
	if file.get("is_private") not in (*TRUTHS, None):
		file.is_private = _parse_is_private(file.is_private)


def _parse_is_private(value: Any) -> int:
	"""Return 1 for private, 0 for public.

	Raises:
		InvalidRequestError: 400, the value is anything but 0, 1, true or false.
	"""
	text = str(int(value) if isinstance(value, bool) else value).strip().lower()
	if text not in VALUES:
		refuse(_("is_private must be 0, 1, true or false."), InvalidRequestError)
	return VALUES[text]
