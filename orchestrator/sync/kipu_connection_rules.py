"""The rules of a Kipu Connection that hold when it is saved."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION
from orchestrator.exceptions import refuse
from orchestrator.sync.connection import CREDENTIAL_FIELDS, InvalidSettingsError

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection

# A test says nothing about a connection after a change of one of these.
TESTED_FIELDS = ("base_url", "api_version")


def check_schedule(doc: "KipuConnection") -> None:
	"""Refuse (422) to turn the schedule on before a test has succeeded with these credentials.

	The time of the test is never a caller's to set.
	"""
	before = doc.get_doc_before_save()
	doc.tested_at = None if not before or _is_changed(doc, before) else before.tested_at
	turned_on = doc.schedule_enabled and not (before and before.schedule_enabled)
	if turned_on and not doc.tested_at:
		refuse(
			_(
				"Sync Automatically can be turned on once Test has succeeded. Save without it, press Test, then turn it on."
			),
			InvalidSettingsError,
		)


def record_test(name: str, modified: object) -> None:
	"""Save the time of a successful test or run, unless the connection was changed meanwhile."""
	frappe.db.set_value(
		KIPU_CONNECTION,
		{"name": name, "modified": modified},
		"tested_at",
		clock.get_now(),
		update_modified=False,
	)
	frappe.clear_document_cache(KIPU_CONNECTION, name)


def _is_changed(doc: "KipuConnection", before: "KipuConnection") -> bool:
	"""Return True if the address or a credential is another. A stored credential arrives as asterisks."""
	return any(doc.get(name) != before.get(name) for name in TESTED_FIELDS) or any(
		doc.get(name) and set(doc.get(name)) != {"*"} for name in CREDENTIAL_FIELDS
	)
