"""Code of a job that reads for a recipient outside the organisation, as a mailed report does."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from orchestrator.access import key_patches
from orchestrator.access.client_references import list_guarded_doctypes
from orchestrator.access.disclosures import get_recorder
from orchestrator.access.key_scope import KeyScope, get_recipient, get_scope, set_scope
from orchestrator.access.outside_recipients import OutsideRecipient
from orchestrator.exceptions import refuse

SCOPE: str = "orchestrator_key_scope"


@contextmanager
def read_for(recipient: OutsideRecipient) -> Iterator[None]:
	"""Read what the session's user may read and consents let the recipient have. `commit_disclosures` records it.

	Raises:
		PermissionError: 403. No access log is kept here, or no consent covers a record that was read.
	"""
	recorder, before = get_recorder(), get_scope()
	if recorder is None:
		refuse(_("What no access log records is disclosed to nobody outside."), frappe.PermissionError)
	doctypes, recorder.doctypes = recorder.doctypes, recorder.doctypes | frozenset(list_guarded_doctypes())
	key_patches.install_patches()
	set_scope(KeyScope(key="", user=frappe.session.user, is_lifted=True, recipient=recipient))
	frappe.local.role_permissions = {}  # cached without the scope
	try:
		yield
		recorder.flush()
	finally:
		setattr(frappe.local, SCOPE, before)
		frappe.local.role_permissions = {}
		recorder.doctypes = doctypes


def commit_disclosures() -> None:
	"""Write and commit what was read for a recipient outside, before it is sent.

	Raises:
		MissingConsentError: 403. No consent covers a record that was read.
	"""
	recorder = get_recorder()
	if recorder and get_recipient():
		recorder.flush()
		frappe.db.commit()
