"""A DocType whose records are upserted, and upserts carried out to their end."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import requests

import frappe

from tests.support import factories
from tests.support.client import Client, get_data

METHOD = "orchestrator.api.upsert_many"
PATH = f"/api/method/{METHOD}"
STATUS = "orchestrator.api.bulk.get_operation"
DOCTYPE = "Upsert Thing"
LINKED = "Upsert Category"
ROLE = "Upsert Clerk"
LEVEL_ROLE = "Upsert Chief"
Record = dict[str, Any]


def build_field(fieldname: str, fieldtype: str = "Data", **properties: Any) -> Record:
	return {
		"fieldname": fieldname,
		"fieldtype": fieldtype,
		"label": fieldname.replace("_", " ").title(),
		**properties,
	}


FIELDS = [
	build_field("external_id", unique=1),
	build_field("title", reqd=1),
	build_field("amount", "Float"),
	build_field("units", "Int", non_negative=1),
	build_field("size", "Select", options="\nSmall\nLarge", default="Small"),
	build_field("is_active", "Check", default="1"),
	build_field("due_on", "Date"),
	build_field("seen_at", "Datetime"),
	build_field("notes", "Small Text"),
	build_field("category", "Link", options=LINKED),
	build_field("badge", set_only_once=1),
	build_field("secret", permlevel=1),
]


def build_permissions(is_submittable: bool) -> list[Record]:
	rights = {"read": 1, "write": 1, "create": 1}
	further = {"submit": 1, "cancel": 1} if is_submittable else {}
	return [
		{"role": "System Manager", **rights, **further, "delete": 1},
		{"role": ROLE, **rights},
		{"role": LEVEL_ROLE, **rights},
		{"role": LEVEL_ROLE, "permlevel": 1, "read": 1, "write": 1},
	]


def make_doctype(name: str = DOCTYPE, fields: Iterable[Record] = FIELDS, **properties: Any) -> str:
	"""Make a DocType at which nothing listens, and the roles that may use it."""
	for role in (ROLE, LEVEL_ROLE):
		if not frappe.db.exists("Role", role):
			factories.make_record("Role", role_name=role)
	if not frappe.db.exists("DocType", LINKED) and name != LINKED:
		make_doctype(LINKED, [build_field("colour")], autoname="prompt")
	if not frappe.db.exists("DocType", name):
		factories.make_record(
			"DocType",
			name=name,
			module="Custom",
			custom=1,
			allow_rename=1,
			fields=list(fields),
			permissions=[]
			if properties.get("istable")
			else build_permissions(bool(properties.get("is_submittable"))),
			**{"autoname": "hash", **properties},
		)
	return name


def delete_doctypes(*names: str) -> None:
	"""Delete the DocTypes, their records and what refers to them."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for name in (*names, LINKED):
		frappe.delete_doc("DocType", name, ignore_missing=True, force=True)
		frappe.db.commit()
		frappe.db.sql_ddl(f"drop table if exists `tab{name}`")  # which Frappe keeps
		frappe.db.sql_ddl(f"drop sequence if exists `{frappe.scrub(name)}_id_seq`")


def to_ndjson(records: Iterable[Record]) -> bytes:
	return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def send_body(
	client: Client, body: bytes, media_type: str = "application/x-ndjson", headers: Any = None, **params: Any
) -> requests.Response:
	"""Send the records as the body of the request."""
	params = {"doctype": DOCTYPE, "key_field": "external_id", **params}
	headers = {"Content-Type": media_type, **(headers or {})}
	return client.request("POST", PATH, params=params, data=body, headers=headers)


def get_state(client: Client, operation: str) -> Record:
	return dict(get_data(client.get(STATUS, operation=operation)))


def get_results(client: Client, state: Record) -> list[Record]:
	"""Return the lines of the result file."""
	reply = client.request("GET", state["result_file"])
	assert reply.status_code == 200, reply.text
	return [json.loads(line) for line in reply.text.splitlines()]


def upsert(
	client: Client, worker: Callable[[], None], records: Iterable[Record], **params: Any
) -> list[Record]:
	"""Send records, and return the results when the job has ended."""
	operation = get_data(send_body(client, to_ndjson(records), **params))["operation"]
	worker()
	frappe.db.rollback()
	state = get_state(client, operation)
	assert state["status"] == "Completed", state
	return get_results(client, state)


def list_rows(doctype: str = DOCTYPE, *fields: str, **filters: Any) -> list[Record]:
	frappe.db.rollback()
	order = "creation, external_id" if doctype == DOCTYPE else "creation, name"
	rows = frappe.get_all(doctype, filters, list(fields) or ["external_id", "title"], order_by=order)
	return [dict(row) for row in rows]


def list_statuses(results: Iterable[Record]) -> list[str]:
	"""Return the statuses, for failures with the class of the error."""
	return [
		f"failed: {result['error']['type']}" if result["error"] else result["status"] for result in results
	]
