"""Prevent two leads with the same e-mail address, also when both are saved at the same moment."""

import hashlib
import unicodedata
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from erpnext.crm.doctype.lead.lead import Lead

LOCK_WAIT_SECONDS = 10
MAX_LOCK_NAME_LENGTH = 64


def validate(doc: "Lead", _method: str | None = None) -> None:
	"""Handle the hook validate, after ERPNext's own check, which does not see what other requests have saved
	since this one began.

	Raises DuplicateEntryError (409) for an address that another lead has.
	"""
	email = (doc.email_id or "").strip()
	if not email or not doc.has_value_changed("email_id"):
		return
	if frappe.db.get_single_value("CRM Settings", "allow_lead_duplication_based_on_emails"):
		return
	_lock_until_transaction_ends(_lock_name(email))
	# A locking read sees what is committed now.
	others = frappe.db.sql_list(
		"SELECT name FROM `tabLead` WHERE email_id = %s AND name != %s LIMIT 1 LOCK IN SHARE MODE",
		(email, doc.name or ""),
	)
	if others:
		refuse(
			_("Email Address must be unique, it is already used in {0}").format(others[0]),
			frappe.DuplicateEntryError,
		)


def _lock_name(email: str) -> str:
	"""Return one lock name for all spellings of an address that the database may treat as equal."""
	letters = unicodedata.normalize("NFKD", email.casefold())
	plain = "".join(each for each in letters if not unicodedata.combining(each))
	digest = hashlib.sha256(f"{frappe.conf.db_name}\n{plain}".encode(errors="replace")).hexdigest()
	return f"orchestrator_lead_{digest}"[:MAX_LOCK_NAME_LENGTH]


def _lock_until_transaction_ends(name: str) -> None:
	"""Acquire a named lock of the database. Raises QueryTimeoutError if another request holds it for too
	long.
	"""
	if not frappe.db.sql("SELECT GET_LOCK(%s, %s)", (name, LOCK_WAIT_SECONDS))[0][0]:
		raise frappe.QueryTimeoutError

	def release() -> None:
		frappe.db.sql("SELECT RELEASE_LOCK(%s)", (name,))

	frappe.db.after_commit.add(release)
	frappe.db.after_rollback.add(release)
