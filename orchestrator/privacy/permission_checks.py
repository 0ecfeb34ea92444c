"""Permission checks on single records: a record that a caller may read is read for them.

That is how methods of every app, print views and downloads come to a record. A few methods check and give nothing.
"""

from typing import Any, Final

import frappe

from orchestrator.access.disclosures import get_recorder, is_recording
from orchestrator.privacy.references import REFERENCES, find_record

READING: Final = frozenset({"read", "print", "email", "export", "report"})
# Methods that check the permission to read a record, and reply with nothing of it
SILENT_METHODS: Final = (
	"frappe.client.get_doc_permissions",
	"frappe.client.has_permission",
	"frappe.desk.form.assign_to.",
	"frappe.desk.form.document_follow.",
	"frappe.desk.form.utils.add_comment",
	"frappe.desk.like.",
	"frappe.desk.doctype.tag.tag.",
	"frappe.realtime.",
	"frappe.share.",
)


def has_permission(
	native: Any,
	doctype: Any,
	ptype: str = "read",
	doc: Any = None,
	user: str | None = None,
	*args: Any,
	**kwargs: Any,
) -> bool:
	"""Check a permission, and record the record where the caller has it."""
	is_permitted = bool(native(doctype, ptype, doc, user, *args, **kwargs))
	if is_permitted and ptype in READING and (doc or hasattr(doctype, "doctype")):
		_record(doctype, doc or doctype, user)
	return is_permitted


def is_silent(method: str | None) -> bool:
	"""Return True for a method that gives nothing of the records whose permission it checks."""
	return bool(method) and str(method).startswith(SILENT_METHODS)


def _record(doctype: Any, doc: Any, user: str | None) -> None:
	recorder = get_recorder()
	if recorder is None or not is_recording() or not recorder.follows_checks:
		return
	if user and user != frappe.session.user:
		return
	if isinstance(doc, str | int):
		name = str(doc)
		if doctype in recorder.doctypes:
			recorder.add(doctype, [name])
			return
		if doctype not in REFERENCES:
			return
		doc = frappe.get_cached_doc(doctype, name)
	if not getattr(doc, "name", None) or doc.get("__islocal"):
		return
	if found := find_record(doc):
		recorder.add(found[0], [found[1]])
