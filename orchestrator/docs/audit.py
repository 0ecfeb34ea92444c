"""The audit trail: who viewed, downloaded or changed which document. Entries are added, never changed or
deleted.
"""

import json
from typing import Any, Literal

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.api.client_address import get_client_address
from orchestrator.docs.errors import ImmutableRecordConflictError
from orchestrator.doctypes import DOCUMENT_AUDIT_ENTRY
from orchestrator.exceptions import refuse

Action = Literal[
	"Created",
	"Changed",
	"Moved",
	"Tagged",
	"Viewed",
	"Version Added",
	"Version Restored",
	"Versions Compared",
	"Previewed",
	"Downloaded",
	"Checked Out",
	"Checked In",
	"Deleted",
	"Folder Created",
	"Folder Changed",
	"Folder Deleted",
]


def create_entry(
	action: Action, document: str | None, folder: str | None, version: int | None = None, **details: Any
) -> None:
	"""Add an entry, in the transaction of the action that it records. `details` are names and numbers, no
	content.
	"""
	entry = frappe.new_doc(DOCUMENT_AUDIT_ENTRY)
	entry.set_new_name()
	moment = clock.get_now()
	values = {
		"name": entry.name,
		"owner": frappe.session.user,
		"creation": moment,
		"modified": moment,
		"modified_by": frappe.session.user,
		"document": document,
		"document_folder": folder,
		"version": version or 0,
		"action": action,
		"user": frappe.session.user,
		"ip_address": get_client_address(),
		"details": json.dumps(details, default=str, sort_keys=True) if details else None,
	}
	table = frappe.qb.DocType(DOCUMENT_AUDIT_ENTRY)
	frappe.qb.into(table).columns(*values).insert(*values.values()).run()


def refuse_change() -> None:
	"""Refuse to change the audit trail, also for the Administrator."""
	refuse(
		_("The audit trail of documents is recorded automatically and cannot be changed."),
		ImmutableRecordConflictError,
	)


def create_read_entry(
	action: Action, document: str | None, folder: str | None, version: int | None = None
) -> None:
	"""Add an entry for a read, and have it committed: Frappe rolls a GET back by default."""
	create_entry(action, document, folder, version)
	frappe.local.flags.commit = True
