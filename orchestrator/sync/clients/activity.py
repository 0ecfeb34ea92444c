"""The activity of a client: comments, and changes of the client and its stays without hidden fields."""

import json
from typing import Any

import frappe
from frappe import _
from frappe.utils import cstr, strip_html

from orchestrator.access import versions
from orchestrator.access.key_scope import get_scope
from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.period import to_iso
from orchestrator.sync.clients.readable_fields import get_hidden_fields
from orchestrator.sync.shapes import ActivityEntry, FieldChange

MAX_ENTRIES = 30
MAX_VERSIONS = 100  # read, because those that show hidden fields only are left out
COMMENT_TYPES = (
	"Comment",
	"Assigned",
	"Assignment Completed",
	"Attachment",
	"Attachment Removed",
	"Workflow",
)
COMMENTS = """
	(SELECT 'comment' AS kind, comment_type AS type, reference_doctype AS doctype, reference_name AS record,
		owner, creation, content AS body
	FROM `tabComment` WHERE reference_doctype = 'Client' AND reference_name = %(client)s
		AND comment_type IN %(types)s
	ORDER BY creation DESC LIMIT %(entries)s)"""
VERSIONS = """
	(SELECT 'change' AS kind, '' AS type, ref_doctype AS doctype, docname AS record,
		owner, creation, data AS body
	FROM `tabVersion` WHERE (ref_doctype, docname) IN %(records)s
	ORDER BY creation DESC LIMIT %(versions)s)"""


def list_activity(client: str, stays: list[str]) -> list[ActivityEntry]:
	"""Return the latest comments on a client, and changes of it and of its stays, newest first.

	As in Desk's timeline, whoever reads a record sees its comments and its changes. The scope of an API key must
	include them.

	Args:
		client: The name of a client that the reader may read.
		stays: The names of those of its stays that the reader may read.
	"""
	scope = get_scope()
	parts = [
		statement
		for doctype, statement in (("Comment", COMMENTS), ("Version", VERSIONS))
		if scope is None or scope.allows(doctype)
	]
	if not parts:
		return []
	values = {
		"client": client,
		"types": COMMENT_TYPES,
		"records": [(CLIENT, client), *((CLIENT_STAY, stay) for stay in stays)],
		"entries": MAX_ENTRIES,
		"versions": MAX_VERSIONS,
	}
	rows = frappe.db.sql(
		f"SELECT a.*, u.full_name FROM ({' UNION ALL '.join(parts)}) a LEFT JOIN `tabUser` u ON u.name = a.owner"  # noqa: S608  # constants
		" ORDER BY a.creation DESC",
		values,
		as_dict=True,
	)
	entries = [entry for row in rows if (entry := _build_entry(row))]
	return entries[:MAX_ENTRIES]


def _build_entry(row: Any) -> ActivityEntry | None:
	"""Return an entry, None for a change of which the reader may see nothing."""
	changes = _list_changes(row.doctype, row.body) if row.kind == "change" else []
	if row.kind == "change" and not changes:
		return None
	return {
		"kind": row.kind,
		"type": row.type,
		"doctype": row.doctype,
		"name": row.record,
		"user": row.owner,
		"user_name": row.full_name or row.owner,
		"at": to_iso(row.creation),
		"text": strip_html(row.body or "").strip() if row.kind == "comment" else "",
		"changes": changes,
	}


def _list_changes(doctype: str, data: str | None) -> list[FieldChange]:
	"""Return the changed fields of a version that the reader may see."""
	readable = versions.filter_data(doctype, data)
	meta, hidden = frappe.get_meta(doctype), get_hidden_fields(doctype)
	changed = json.loads(readable or "{}").get("changed") or []
	return [
		{
			"field": name,
			"label": _(field.label or name),
			"before": cstr(before) or None,
			"after": cstr(after) or None,
		}
		for name, before, after in changed
		if (field := meta.get_field(name)) and name.lower() not in hidden
	]
