"""Records that the caller could read for a limited time: their refusal may say so, because the caller knows of them."""

from typing import Final

import frappe

LOCAL_NAME: Final = "orchestrator_ended_access"


def note_ended(doctype: str, name: str) -> None:
	"""Note that the caller's access to a record has ended."""
	ended = getattr(frappe.local, LOCAL_NAME, None) or set()
	setattr(frappe.local, LOCAL_NAME, ended | {(doctype, name)})


def has_ended(doctype: str, name: str) -> bool:
	"""Return True if the caller's access to a record was refused in this request because it has ended."""
	return (doctype, name) in (getattr(frappe.local, LOCAL_NAME, None) or ())
