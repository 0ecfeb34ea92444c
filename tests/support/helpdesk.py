"""Common parts of the helpdesk tests: agreements, portal users, agents, tickets, settings, an outgoing mail
account.
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import frappe
from frappe.model.document import Document

from tests.support import factories

WORKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
# priority -> hours to the first response and to the resolution
HOURS = {"High": (2, 12), "Medium": (4, 16), "Low": (8, 24)}
AGREEMENT = "Harbor Support"
SETTINGS = "Orchestrator Settings"


def get_agreement() -> str:
	"""Return the tests' service level agreement on issues, for its own customer: 09:00 to 17:00, without
	2027-02-03.
	"""
	return frappe.db.exists("Service Level Agreement", {"service_level": AGREEMENT}) or make_agreement()


def make_agreement(**values: Any) -> str:
	"""Create an agreement with the hours above, the tests' own unless `values` say otherwise."""
	frappe.set_user("Administrator")
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 1)
	for priority in HOURS:
		if not frappe.db.exists("Issue Priority", priority):
			factories.make_record("Issue Priority", __newname=priority)
	holidays = factories.make_record(
		"Holiday List",
		holiday_list_name=factories.make_unique("Holidays"),
		from_date="2027-01-01",
		to_date="2027-12-31",
		holidays=[{"holiday_date": "2027-02-03", "description": "Harbor day"}],
	)
	defaults = {
		"document_type": "Issue",
		"service_level": AGREEMENT,
		"enabled": 1,
		"entity_type": "Customer",
		"entity": values.get("entity") or factories.make_customer().name,
		"holiday_list": holidays.name,
		"apply_sla_for_resolution": 1,
		"priorities": build_priorities(),
		"support_and_resolution": build_workdays(),
		"pause_sla_on": [{"status": "Replied"}, {"status": "On Hold"}],
		"sla_fulfilled_on": [{"status": "Resolved"}, {"status": "Closed"}],
	}
	return factories.make_record("Service Level Agreement", **{**defaults, **values}).name


def build_priorities() -> list[dict[str, Any]]:
	return [
		{
			"priority": priority,
			"response_time": response * 3600,
			"resolution_time": resolution * 3600,
			"default_priority": int(priority == "Medium"),
		}
		for priority, (response, resolution) in HOURS.items()
	]


def build_workdays(
	days: tuple[str, ...] = WORKDAYS, start: str = "09:00:00", end: str = "17:00:00"
) -> list[dict[str, str]]:
	return [{"workday": day, "start_time": start, "end_time": end} for day in days]


def make_hd_agreement() -> str:
	"""Create the same for HD Tickets whose subject names it."""
	name = factories.make_unique("Agreement")
	urgent = {"priority": "Urgent", "response_time": 3600, "resolution_time": 7200}
	holidays = factories.make_record(
		"HD Service Holiday List",
		holiday_list_name=factories.make_unique("Holidays"),
		from_date="2027-01-01",
		to_date="2027-12-31",
	)
	factories.make_record(
		"HD Service Level Agreement",
		service_level=name,
		enabled=1,
		holiday_list=holidays.name,
		condition=f'(doc.subject or "").startswith("{name}")',
		apply_sla_for_resolution=1,
		priorities=[*build_priorities(), urgent],
		support_and_resolution=build_workdays(),
	)
	return name


def make_portal_user(**values: Any) -> str:
	"""Create a customer: a user without access to Desk."""
	name = factories.make_user("Customer", **values).name
	assert frappe.db.get_value("User", name, "user_type") == "Website User"
	return name


def make_agent() -> str:
	"""Create an agent of Helpdesk, who has no role for issues."""
	user = factories.make_user("Agent")
	factories.make_record("HD Agent", user=user.name, agent_name=user.first_name)
	return user.name


def make_hd_ticket(**values: Any) -> Document:
	defaults = {
		"subject": factories.make_unique("Ticket"),
		"description": "It does not work.",
		"raised_by": factories.make_unique_email("caller"),
	}
	# Helpdesk itself saves the ticket of the first message again
	return factories.make_record("HD Ticket", **{**defaults, **values}).reload()


def get_other_company() -> str:
	"""Return a company besides the site's own, with no chart of accounts."""
	name = "Harbor Annex"
	if not frappe.db.exists("Company", name):
		with mock.patch.dict(frappe.local.flags, ignore_chart_of_accounts=True):
			factories.make_record(
				"Company", company_name=name, abbr="HAX", default_currency="USD", country="United States"
			)
	return name


@contextlib.contextmanager
def override_settings(**values: Any) -> Iterator[None]:
	"""Set values of Orchestrator Settings until the context ends."""
	before = frappe.get_doc(SETTINGS).as_dict()
	save_settings(values)
	try:
		yield
	finally:
		save_settings({name: before[name] for name in values})


def save_settings(values: dict[str, Any]) -> None:
	user = frappe.session.user
	frappe.set_user("Administrator")
	frappe.get_doc(SETTINGS).update(values).save()
	frappe.db.commit()
	frappe.set_user(user)


@contextlib.contextmanager
def capture_queries() -> Iterator[list[str]]:
	"""Yield the statements that are sent to the database in the meantime."""
	asked: list[str] = []
	sql = frappe.db.sql

	def counted(query: Any, *args: Any, **kwargs: Any) -> Any:
		asked.append(str(query))
		return sql(query, *args, **kwargs)

	frappe.db.sql = counted
	try:
		yield asked
	finally:
		frappe.db.sql = sql


@contextlib.contextmanager
def use_outgoing_account(port: int = 9) -> Iterator[str]:
	"""Create a default outgoing mail account, whose mails stay queued until they are sent to a server on that
	port. Yield its address.
	"""
	address = factories.make_unique_email("support")
	account = frappe.new_doc("Email Account")
	account.update(
		{
			"email_account_name": factories.make_unique("Support"),
			"email_id": address,
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"smtp_server": "127.0.0.1",
			"smtp_port": port,
			"no_smtp_authentication": 1,
			"awaiting_password": 1,
		}
	)
	account.insert()
	frappe.db.commit()
	try:
		yield address
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.delete_doc("Email Account", account.name, force=True)
		frappe.db.commit()
