"""docs/api-reference.md is correct: each of its requests is sent and gets the documented reply."""

import json
import time
import uuid
from collections.abc import Iterator

import pytest
import requests

import frappe

from orchestrator import compat
from orchestrator.api import errors
from orchestrator.api.aliases import ALIASES
from orchestrator.setup import ticket_status
from orchestrator.setup.custom_fields import CUSTOM_FIELDS, CUSTOM_FIELDS_OF_APPS
from orchestrator.setup.status_options import STATUS_OPTIONS
from tests.support import (
	factories,
	helpdesk,
	platform_faults,
	reference,
	reference_gameplan,
	reference_hr,
	reference_kipu,
)
from tests.support.client import Client
from tests.support.reference import Bindings, Example

EVERY_ROLE = (
	"Sales User", "Sales Manager", "HR User", "HR Manager", "Support Team", "Projects User", "Projects Manager", "System Manager",
)  # fmt: skip
# Callers of the reference: <key> of the document -> user and roles
CALLERS = {
	"api": ("sales@example.com", EVERY_ROLE),
	"colleague": ("user@example.com", EVERY_ROLE),
	"stranger": ("stranger@example.com", ()),
	"busy": ("busy@example.com", ("Sales User",)),
	"employee": (reference_hr.EMPLOYEE, ()),
	"manager": (reference_hr.MANAGER, ("Leave Approver",)),
}
LEADS = ("jane@example.com", "john.doe@example.com", "mary@example.com", "ben@example.com")
AGREEMENT = "Example Support"
EVERY_DAY = (*helpdesk.WORKDAYS, "Saturday", "Sunday")
APP_NAME = "Example app"
WEBHOOK = "lead_created"
# Longer than the test of the document, so that the busy caller's bucket stays empty.
AN_HOUR = 3600


@pytest.fixture(scope="module")
def bound(frappe_site: str) -> Iterator[Bindings]:
	"""Prepare the site of the reference, without records of an earlier run. Yield values of the document that
	no reply contains first.
	"""
	frappe.set_user("Administrator")
	for email, roles in CALLERS.values():
		if not frappe.db.exists("User", email):
			factories.make_user(*roles, email=email, first_name=email.split("@")[0])
	for name in ("Website", "Referral"):
		if not frappe.db.exists(compat.get_lead_source_doctype(), name):
			factories.make_lead_source(name)
	if not frappe.db.exists("Customer", "C001"):
		factories.make_record("Customer", customer_name="C001")
	forget_earlier_run()
	promise_support()
	switch_names(True)
	helpdesk.save_settings({"send_dashboards_by_mail": 1})
	prepared = reference_hr.make_reference_employees() | reference_gameplan.make_reference_sprint()
	with reference_kipu.run_reference_kipu() as kipu:
		drain_bucket(CALLERS["busy"][0])  # last: saving an employee clears the cache
		given = {"<password>": factories.PASSWORD, "<idempotency key>": uuid.uuid4().hex}
		yield build_credentials() | prepared | kipu | given
	switch_names(False)
	helpdesk.save_settings({"send_dashboards_by_mail": 0})
	forget_earlier_run()
	reference_hr.delete_reference_employees()


def forget_earlier_run() -> None:
	"""Delete the records of the examples."""
	frappe.set_user("Administrator")
	reference_gameplan.delete_reference_sprints()
	leads = frappe.get_all("Lead", {"email_id": ("in", LEADS)}, pluck="name")
	for doctype, filters in (
		("Document", {"title": "contract.txt", "document_folder": ("in", ("Documents", "Contracts"))}),
		("Webhook", {"name": WEBHOOK}),
		("Note", {"title": "Packing list"}),
		("OAuth Client", {"app_name": APP_NAME}),
		("Issue", {"raised_by": LEADS[0]}),
		("Ticket Macro", {"name": "Account unlocked"}),
		("Task", {"subject": "Call the family", "client": ("is", "set")}),
		("Opportunity", {"party_name": ("in", leads)}),
		("Lead", {"name": ("in", leads)}),
		("Contact", {"email_id": ("in", LEADS)}),
	):
		for name in frappe.get_all(doctype, filters, pluck="name"):
			frappe.delete_doc(doctype, name, force=True)
	frappe.db.commit()


def promise_support() -> None:
	"""Give the document's customer an agreement around the clock, so that no time of day is outside of it."""
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 1)
	for priority in helpdesk.HOURS:
		if not frappe.db.exists("Issue Priority", priority):
			factories.make_record("Issue Priority", __newname=priority)
	if not frappe.db.exists("Service Level Agreement", {"service_level": AGREEMENT}):
		helpdesk.make_agreement(
			service_level=AGREEMENT,
			entity="C001",
			support_and_resolution=helpdesk.build_workdays(EVERY_DAY, "00:00:00", "23:59:59"),
		)
	frappe.db.commit()


def switch_names(on: bool) -> None:
	"""Let the site give the documented names, or its own."""
	frappe.set_user("Administrator")
	frappe.get_doc("Orchestrator Settings").update({"use_documented_names": int(on)}).save()
	frappe.db.commit()


def build_credentials() -> Bindings:
	"""Return `<api key>` and `<api secret>` of each caller."""
	values = {}
	for caller, (email, _roles) in CALLERS.items():
		values[f"<{caller} key>"], values[f"<{caller} secret>"] = factories.get_token(email)
	return values


def drain_bucket(user: str) -> None:
	"""Leave `user` no request, by emptying the bucket as of a later time, before which it does not refill."""
	cache = frappe.cache()
	key = cache.make_key(f"orchestrator:bucket:user:{user}")
	cache.execute_command("HSET", key, "tokens", 0, "at", time.time() + AN_HOUR)


def build_param(example: Example) -> object:
	"""Return the example as a case; those of the OAuth dialogue are skipped where Frappe does not support it."""
	is_oauth = "/frappe.integrations.oauth2." in example.path or "<access token>" in str(example.headers)
	marks = [platform_faults.OAUTH] if is_oauth else []
	return pytest.param(example, marks=marks, id=f"line-{example.line}-{example.status}")


def translate_to_line(reply: object) -> object:
	"""Return the reply with ERPNext's names on the site's version."""
	return json.loads(json.dumps(reply).replace('"Lead Source"', f'"{compat.get_lead_source_doctype()}"'))


@pytest.mark.parametrize("example", [build_param(example) for example in reference.parse_examples()])
def test_the_reference_is_true(example: Example, bound: Bindings, server: str, site: str) -> None:
	reply = send(Client(server, site), example, bound)
	assert reply.status_code == example.status, reply.text
	for name, value in example.reply_headers.items():
		assert name in reply.headers, f"no header {name}"
		assert list(reference.find_differences(value, reply.headers[name], bound, name)) == []
	if example.reply is not None:
		assert list(reference.find_differences(translate_to_line(example.reply), reply.json(), bound)) == []


def send(client: Client, example: Example, bound: Bindings) -> requests.Response:
	"""Send an example's request: with the usual token, unless it says who sends it."""
	headers = reference.substitute_all(example.headers, bound)
	if headers.get("Authorization") == "":
		del headers["Authorization"]
	elif not {"Authorization", "Cookie"} & headers.keys():
		headers["Authorization"] = f"token {bound['<api key>']}:{bound['<api secret>']}"
	body = reference.substitute(example.body, bound)
	return client.request(
		example.verb,
		reference.substitute(example.path, bound),
		params=reference.substitute_all(example.query, bound),
		**build_content(headers, body),
	)


def build_content(headers: dict[str, str], body: str) -> dict[str, object]:
	"""Return the request's headers and body for an HTTP library."""
	if headers.get("Content-Type") != "multipart/form-data":
		return {"headers": headers, "data": body.encode()}
	del headers["Content-Type"]  # the library adds it, with the boundary
	form = reference.parse_headers(body.splitlines())
	file = form.pop("file")
	return {"headers": headers, "files": {"file": ("contract.txt", file.encode())}, "data": form}


def list_rows(heading: str) -> list[list[str]]:
	"""Return the cells of the table that follows a line of the document, without mark-up."""
	text = reference.DOCUMENT.read_text().split(heading, 1)[1]
	lines = text[text.index("|") :].split("\n\n", 1)[0].splitlines()[2:]
	return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_aliases_is_the_one_in_the_code() -> None:
	declared = [
		[doctype, alias, fieldname]
		for doctype, aliases in ALIASES.items()
		for alias, fieldname in aliases.items()
	]
	assert list_rows("Aliases stand for a field") == declared


def test_the_table_of_added_fields_is_the_one_in_the_code() -> None:
	told = {
		(doctype, name)
		for doctype, names, _meaning in list_rows("Fields that the DocTypes get")
		for name in names.split(", ")
	}
	tables = (CUSTOM_FIELDS, *CUSTOM_FIELDS_OF_APPS.values())
	assert told == {
		(doctype, row["fieldname"]) for table in tables for doctype, rows in table.items() for row in rows
	}


def test_the_table_of_added_statuses_is_the_one_in_the_code() -> None:
	assert {
		(doctype, status) for doctype, status, _meaning in list_rows("Statuses that the DocTypes get")
	} == {
		*((option.doctype, option.value) for option in STATUS_OPTIONS),
		(ticket_status.TICKET, ticket_status.STATUS),
	}


def test_the_table_of_statuses_has_every_status_of_an_error() -> None:
	told = [int(status.split()[0]) for status, _when in list_rows("## Errors")]
	assert told == sorted(set(errors.STATUS_BY_NAME.values()))
