"""The REST routes of both versions, for each DocType that contains or repeats planted values."""

import json
from collections.abc import Iterator
from typing import Any

import frappe
from frappe.model.document import Document

from tests.security.arguments import subjects_of
from tests.security.dispatch import Request
from tests.security.planting import World

# DocTypes that repeat values of other records
REPEATING = (
	"Version", "Comment", "Communication", "ToDo", "File", "Deleted Document", "DocShare", "Email Queue",
	"Email Queue Recipient", "Notification Log", "Error Log", "Access Log", "Activity Log", "View Log", "Document Follow",
	"Document Text", "Document Audit Entry", "Idempotency Record", "Sync Change", "Sync State", "Sync Issue", "Sync Run",
	"Sprint Event", "Tag Link", "Tag", "Prepared Report", "Scheduled Job Log", "Webhook Request Log", "Integration Request",
	"HD Ticket Activity", "HD Notification", "Generated Report", "Bulk Operation", "Orchestrator Metric Value",
	"Document Folder", "Contact", "Event", "Energy Point Log", "Ticket Escalation", "User Permission",
)  # fmt: skip
# Fields of linked records that are requested, beside the name
WORTH_ASKING = {
	"Employee": ("ctc", "bank_ac_no", "health_details"),
	"Client": ("full_name", "race", "first_name"),
	"User": ("api_key",),
	"Document": ("title", "description"),
	"File": ("file_name", "file_url"),
	"Project": ("project_name", "notes"),
	"HD Ticket": ("subject", "description"),
	"Issue": ("subject", "description"),
	"Sprint": ("title", "goal"),
}
EVERY = json.dumps(["*"])


def find_requests(world: World) -> list[Request]:
	"""Return the requests of all routes, for records, child rows, lists, counts and metadata."""
	docs = subjects_of(world)
	doctypes = {doc.doctype for doc in docs} | set(REPEATING) | world.children
	if world.subjects:
		doctypes = set()  # lists are the same whatever record calls are about
	lists = [_about_list(doctype) for doctype in sorted(doctypes) if frappe.db.exists("DocType", doctype)]
	return [request for part in (*map(_about_record, docs), *lists) for request in part]


def _about_record(doc: Document) -> Iterator[Request]:
	v1, v2 = f"/api/resource/{doc.doctype}/{doc.name}", f"/api/v2/document/{doc.doctype}/{doc.name}"
	document = {"doctype": doc.doctype, "name": doc.name}
	in_memory = {"document": json.dumps(document), "method": "add_comment", "kwargs": '{"text": "text"}'}
	routes: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
		("v1 read", "GET", v1, {}),
		("v1 read", "GET", v1.replace("/api/", "/api/v1/"), {}),
		("v2 read", "GET", v2, {}),
		("v2 copy", "GET", v2 + "/copy", {}),
		("v1 expand_links", "GET", v1, {"expand_links": "True"}),
		("v1 run_method", "GET", v1, {"run_method": "get_title"}),
		("v1 run_method", "POST", v1, {"run_method": "add_comment", "text": "text"}),
		("v2 run_method", "POST", v2 + "/method/add_comment", {"text": "text"}),
		("v2 run_method", "GET", v2 + "/method/get_title", {}),
		("v2 run_doc_method", "POST", "/api/v2/method/run_doc_method", in_memory),
		("v1 update", "PUT", v1, {"data": "{}"}),
		("v2 update", "PUT", v2, {}),
		("v1 delete", "DELETE", v1, {}),
		("v2 delete", "DELETE", v2, {}),
		("v1 create", "POST", f"/api/resource/{doc.doctype}", {"data": json.dumps(document)}),
	)
	for name, verb, path, values in routes:
		yield Request(name, doc.doctype, verb, path, values)


def _about_list(doctype: str) -> Iterator[Request]:
	v1, v2 = f"/api/resource/{doctype}", f"/api/v2/document/{doctype}"
	for parent in ({}, *({"parent": parent} for parent in _parents_of(doctype))):
		yield Request("v1 list", doctype, "GET", v1, {"fields": EVERY, "limit_page_length": "500", **parent})
		yield Request("v2 list", doctype, "GET", v2, {"fields": EVERY, "limit": "500", **parent})
		yield Request(
			"v1 columns",
			doctype,
			"GET",
			v1,
			{"fields": _columns(doctype), "limit_page_length": "500", **parent},
		)
	in_order = {"fields": EVERY, "order_by": "modified desc"}
	yield Request("v1 list in order", doctype, "GET", v1.replace("/api/", "/api/v1/"), in_order)
	yield Request("v1 expand", doctype, "GET", v1, {"fields": EVERY, "expand": _links(doctype)})
	yield Request(
		"v1 dotted fields", doctype, "GET", v1, {"fields": _dotted(doctype), "limit_page_length": "500"}
	)
	yield Request("v2 count", doctype, "GET", f"/api/v2/doctype/{doctype}/count")
	yield Request("v2 meta", doctype, "GET", f"/api/v2/doctype/{doctype}/meta")


def _parents_of(doctype: str) -> list[str]:
	in_table = {"fieldtype": ("in", ("Table", "Table MultiSelect")), "options": doctype}
	return sorted(set(frappe.get_all("DocField", in_table, pluck="parent")))[:8]


def _columns(doctype: str) -> str:
	"""Return all columns by name, those of higher permission levels too."""
	fields = [
		df.fieldname for df in frappe.get_meta(doctype).fields if df.fieldtype in frappe.model.data_fieldtypes
	]
	return json.dumps(["name", *fields[:60]])


def _links(doctype: str) -> str:
	return json.dumps([df.fieldname for df in frappe.get_meta(doctype).get_link_fields()])


def _dotted(doctype: str) -> str:
	"""Return the fields of linked records and of child rows."""
	wanted = ["name"]
	for df in frappe.get_meta(doctype).get_link_fields():
		wanted += [f"{df.fieldname}.{name}" for name in WORTH_ASKING.get(df.options, ())]
	for df in frappe.get_meta(doctype).get_table_fields():
		rows = frappe.get_meta(df.options).fields
		wanted.append(
			f"{df.fieldname}.{next((r.fieldname for r in rows if r.fieldtype in ('Data', 'Currency')), 'name')}"
		)
	return json.dumps(wanted)
