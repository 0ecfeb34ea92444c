"""Remove unreadable fields, versions and link titles from a reply, whatever method made it."""

import json
from typing import Any

from werkzeug.wrappers import Response

import frappe
from frappe.model.base_document import BaseDocument
from frappe.utils.response import json_handler

from orchestrator.access.field_levels import NO_FIELDS, get_unreadable_fields
from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.link_titles import remove_hidden_titles
from orchestrator.access.switch import is_guarded
from orchestrator.access.versions import filter_data

FIRST_ERROR = 400


def after_request(response: Response | None) -> None:
	"""Handle the hook after_request: rewrite the reply if something must be removed from it.

	Frappe sends a reply even if such a hook fails. Here, a reply that could not be checked is not sent.
	"""
	if response is None or response.mimetype != "application/json" or response.status_code >= FIRST_ERROR:
		return
	if is_unlimited(frappe.session.user) or not is_guarded():
		return
	try:
		withheld = ReplyFilter().withhold(frappe.local.response)
		if withheld:
			body = json.dumps(frappe.local.response, default=json_handler, separators=(",", ":"))
			response.set_data(body)
	except Exception:
		response.status_code = 500
		response.set_data(json.dumps({"exc_type": "InternalServerError"}))
		frappe.logger().error("The reply could not be checked for unreadable fields", exc_info=True)


class ReplyFilter:
	"""One pass over a reply. It caches the permissions that it has looked up."""

	def __init__(self) -> None:
		self.hidden: dict[tuple[str, str | None], frozenset[str]] = {}
		self.tables: dict[str, list[str]] = {}
		self.seen: set[int] = set()

	def withhold(self, reply: dict[str, Any]) -> bool:
		"""Clear what the caller may not read. Return True if there was any."""
		changed = self._clear_unreadable(reply)
		if titles := reply.get("_link_titles"):
			changed |= remove_hidden_titles(titles)
		if (docinfo := reply.get("docinfo")) and docinfo.get("versions"):
			changed |= _withhold_versions(docinfo)
		return changed

	def _clear_unreadable(self, value: Any) -> bool:
		if isinstance(value, BaseDocument):
			return self._clear_document(value, value.get("parenttype"))
		if not isinstance(value, dict | list | tuple) or id(value) in self.seen:
			return False
		self.seen.add(id(value))
		changed = False
		if isinstance(value, dict):
			changed = self._clear_fields(value)
			value = value.values()
		for item in value:
			if isinstance(item, dict | list | tuple | BaseDocument):
				changed |= self._clear_unreadable(item)
		return changed

	def _clear_fields(self, values: dict[str, Any]) -> bool:
		"""Clear the unreadable fields of a record that is a dict. Return True if there were any."""
		doctype = values.get("doctype")
		if not isinstance(doctype, str):
			return False
		hidden = self._get_hidden_fields(doctype, values.get("parenttype"))
		found = [name for name in values if name.lower() in hidden and values[name] is not None]
		for name in found:
			values[name] = None
		return bool(found)

	def _clear_document(self, doc: BaseDocument, parent_doctype: str | None) -> bool:
		"""Clear the unreadable fields of a record and of its rows. Return True if there were any."""
		hidden = self._get_hidden_fields(doc.doctype, parent_doctype)
		found = [name for name in doc.__dict__ if name.lower() in hidden]
		for name in found:
			delattr(doc, name)
		changed = bool(found)
		for table in self._get_table_fields(doc.doctype):
			for row in doc.__dict__.get(table) or []:
				if isinstance(row, BaseDocument):
					changed |= self._clear_document(row, doc.doctype)
		return changed

	def _get_hidden_fields(self, doctype: str, parent_doctype: str | None) -> frozenset[str]:
		key = (doctype, parent_doctype)
		if key not in self.hidden:
			is_known = frappe.db.exists("DocType", doctype, cache=True)
			self.hidden[key] = get_unreadable_fields(doctype, parent_doctype) if is_known else NO_FIELDS
		return self.hidden[key]

	def _get_table_fields(self, doctype: str) -> list[str]:
		"""Return the table fields of a DocType whose rows have fields above level 0."""
		if doctype not in self.tables:
			self.tables[doctype] = [
				field.fieldname
				for field in frappe.get_meta(doctype).get_table_fields()
				if frappe.get_meta(field.options).get_high_permlevel_fields()
			]
		return self.tables[doctype]


def _withhold_versions(docinfo: dict[str, Any]) -> bool:
	"""Remove from the versions in a form's reply what the caller may not read. Return True if anything was
	removed.
	"""
	kept = []
	changed = False
	for version in docinfo["versions"]:
		data = filter_data(docinfo["doctype"], version.get("data"))
		changed |= data != version.get("data")
		if data is not None or version.get("data") is None:
			kept.append({**version, "data": data})
	docinfo["versions"] = kept
	return changed
