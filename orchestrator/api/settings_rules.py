"""Validation of Orchestrator Settings."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.api.key_addresses import parse_networks
from orchestrator.exceptions import refuse
from orchestrator.leases import MIN_LEASE_SECONDS
from orchestrator.private_doctypes import parse_doctypes

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_settings.orchestrator_settings import (
		OrchestratorSettings,
	)

MAX_PAGE_LENGTH = 500  # as the API reference says
MIN_ONE = (
	"max_page_length",
	"idempotency_hours",
	"bulk_limit",
	"report_retention_days",
	"webhook_retention_days",
	"access_log_retention_days",
	"unusual_clients_per_hour",
)
MIN_ONE_WITH_RATE_LIMIT = (
	"rate_limit_per_minute",
	"rate_limit_guest_capacity",
	"rate_limit_user_capacity",
)
MIN_ONE_WITH_RATINGS = ("rating_link_days",)
MAX_EMERGENCY_MINUTES = 24 * 60


def check_minimums(doc: "OrchestratorSettings") -> None:
	fieldnames = MIN_ONE + (MIN_ONE_WITH_RATE_LIMIT if doc.rate_limit_enabled else ())
	fieldnames += MIN_ONE_WITH_RATINGS if doc.ask_for_ratings else ()
	for fieldname in fieldnames:
		if int(doc.get(fieldname) or 0) < 1:
			refuse(
				_("{0} must be 1 or more. Enter a whole number above zero.").format(
					frappe.bold(_(doc.meta.get_label(fieldname)))
				),
				frappe.ValidationError,
			)


def check_page_length(doc: "OrchestratorSettings") -> None:
	if doc.max_page_length > MAX_PAGE_LENGTH:
		refuse(
			_(
				"{0} cannot be more than {1}, the limit stated in the API reference. Enter {1} or less."
			).format(frappe.bold(_(doc.meta.get_label("max_page_length"))), MAX_PAGE_LENGTH),
			frappe.ValidationError,
		)


def check_lease(doc: "OrchestratorSettings") -> None:
	if int(doc.lease_seconds or 0) < MIN_LEASE_SECONDS:
		refuse(
			_(
				"{0} must be {1} or more, because a webhook may wait a minute for its receiver. Enter {1} or more."
			).format(frappe.bold(_(doc.meta.get_label("lease_seconds"))), MIN_LEASE_SECONDS),
			frappe.ValidationError,
		)


def check_trusted_proxies(doc: "OrchestratorSettings") -> None:
	parse_networks(doc.trusted_proxies)


def check_escalation(doc: "OrchestratorSettings") -> None:
	user = doc.escalate_to_user
	if user and doc.escalation_enabled and not frappe.db.get_value("User", user, "enabled"):
		refuse(
			_("{0} is disabled, so tickets cannot be escalated to them. Choose someone else.").format(user),
			frappe.ValidationError,
		)


def check_consents(doc: "OrchestratorSettings") -> None:
	"""Refuse to require consents without the access log, together with which disclosures are written."""
	if doc.consents_enabled and not doc.access_log_enabled:
		refuse(
			_("{0} needs {1}. Turn on both.").format(
				frappe.bold(_(doc.meta.get_label("consents_enabled"))),
				frappe.bold(_(doc.meta.get_label("access_log_enabled"))),
			),
			frappe.ValidationError,
		)


def check_logged_doctypes(doc: "OrchestratorSettings") -> None:
	for name in parse_doctypes(doc.logged_doctypes):
		meta = frappe.get_meta(name) if frappe.db.exists("DocType", name) else None
		if meta is None or meta.istable or meta.issingle or meta.get("is_virtual"):
			refuse(
				_(
					"{0} is not a DocType with records of its own, so access to it cannot be logged. Check the line in {1}."
				).format(frappe.bold(name), frappe.bold(_(doc.meta.get_label("logged_doctypes")))),
				frappe.ValidationError,
			)


def check_emergency_access(doc: "OrchestratorSettings") -> None:
	if not doc.emergency_access_enabled:
		return
	if not doc.access_log_enabled:
		refuse(
			_("{0} needs the access log. Turn on {1} as well.").format(
				frappe.bold(_(doc.meta.get_label("emergency_access_enabled"))),
				frappe.bold(_(doc.meta.get_label("access_log_enabled"))),
			),
			frappe.ValidationError,
		)
	if not 1 <= int(doc.emergency_access_minutes or 0) <= MAX_EMERGENCY_MINUTES:
		refuse(
			_("{0} must be between 1 and {1}.").format(
				frappe.bold(_(doc.meta.get_label("emergency_access_minutes"))), MAX_EMERGENCY_MINUTES
			),
			frappe.ValidationError,
		)
