"""Jobs of an API key: what a request with a scope has queued runs with the same scope."""

import rq

import frappe

from orchestrator.access import key_patches
from orchestrator.access.key_scope import ADMINISTRATOR, get_scope, parse_scope, set_scope
from orchestrator.access.outside_recipients import parse_recipient
from orchestrator.doctypes import API_KEY


def before_job() -> None:
	"""Handle the hook before_job: limit the job to the scope that its key has now. One of a deleted key may do nothing."""
	job = rq.get_current_job()
	key = job.meta.get(key_patches.JOB_KEY) if job else None
	if key:
		limit_to_key(key)


def limit_to_key(key: str) -> None:
	"""Limit the rest of this job to the scope that an API key has now. That of a deleted key includes nothing.

	Args:
		key: The name of the key.
	"""
	if get_scope():
		return
	stored = frappe.db.get_value(API_KEY, key, "*", as_dict=True)
	user = stored.user if stored else frappe.session.user
	recipient = parse_recipient(stored) if stored else None
	set_scope(parse_scope(key, user, stored.scope if stored else None, recipient))
	key_patches.install_patches()
	if frappe.session.user == ADMINISTRATOR and user != ADMINISTRATOR:
		# A job that Frappe runs again after a deadlock has lost its user.
		frappe.set_user(user)
