"""Auto Email Report: its owner, the users who may change it, and the user it runs as."""

import email

import pytest

import frappe
from frappe.email.doctype.auto_email_report import auto_email_report

from tests.support import factories, helpdesk
from tests.support.report_factories import make_builder_report

DOCTYPE = "Auto Email Report"
METHODS = "frappe.email.doctype.auto_email_report.auto_email_report"


def make_manager():
	return factories.make_user("Report Manager", "Sales User").name


def schedule_of(user, report, **values):
	defaults = {"user": user, "email_to": "a@example.com", "format": "CSV", "frequency": "Daily"}
	return factories.make_record(DOCTYPE, report=report, enabled=1, **{**defaults, **values}).name


@pytest.fixture(scope="module")
def report(frappe_site):
	frappe.set_user("Administrator")
	return make_builder_report(company_name=factories.make_unique("Company"))


def test_schedule_that_runs_as_another_user_is_refused(api, report):
	values = {
		"report": report,
		"user": "Administrator",
		"email_to": "me@example.com",
		"format": "CSV",
		"frequency": "Daily",
		"enabled": 1,
	}
	reply = api(make_manager()).request("POST", f"/api/resource/{DOCTYPE}", json=values)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
	assert frappe.db.count(DOCTYPE, {"email_to": "me@example.com"}) == 0


ROUTES = {
	"set_value": ("POST", "/api/method/frappe.client.set_value", lambda name, values: {"doctype": DOCTYPE, "name": name, "fieldname": values}),
	"PUT": ("PUT", "/api/resource/Auto Email Report/{name}", lambda _name, values: values),
	"v2": ("PATCH", "/api/v2/document/Auto Email Report/{name}", lambda _name, values: values),
	"delete": ("DELETE", "/api/resource/Auto Email Report/{name}", lambda _name, _values: {}),
}  # fmt: skip
CHANGES = {
	"email_to": {"email_to": "me@example.com"},
	"user and email_to": {"email_to": "me@example.com", "user": "{me}"},
	"api_format emptied": {"api_format": "", "email_to": "me@example.com"},
	"enabled": {"enabled": 0},
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("change", CHANGES)
def test_schedule_of_another_user_is_not_changed(api, report, route, change):
	owner, caller = make_manager(), make_manager()
	name = schedule_of(owner, report)
	values = {key: caller if value == "{me}" else value for key, value in CHANGES[change].items()}
	verb, path, body = ROUTES[route]
	reply = api(caller).request(verb, path.format(name=name), json=body(name, values))
	assert reply.status_code == 403
	kept = frappe.db.get_value(DOCTYPE, name, ["email_to", "user", "enabled"])
	assert kept == ("a@example.com", owner, 1)


@pytest.mark.parametrize("method", ["download", "send_now"])
def test_rows_of_another_users_schedule_are_refused(api, report, method):
	name = schedule_of(make_manager(), report)
	reply = api(make_manager()).get(f"{METHODS}.{method}", name=name)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_format_of_the_api_stays(api, report):
	caller = make_manager()
	made = api(caller).post(
		"orchestrator.insights.schedule_report", report_name=report, frequency="daily", format="csv"
	)
	name = made.json()["data"]["schedule"]
	reply = api(caller).request(
		"PUT", f"/api/resource/{DOCTYPE}/{name}", json={"api_format": "", "email_to": "stranger@example.com"}
	)
	assert reply.json()["exc_type"] == "InvalidRecipientError"
	assert frappe.db.get_value(DOCTYPE, name, ["api_format", "email_to"]) == ("csv", caller)


def test_owner_and_system_manager_change_it(api, report):
	caller, admin = make_manager(), factories.make_user("System Manager").name
	name = schedule_of(caller, report)
	path = f"/api/resource/{DOCTYPE}/{name}"
	assert api(caller).request("PUT", path, json={"enabled": 0}).status_code == 200
	assert api(admin).request("PUT", path, json={"user": admin}).status_code == 200
	assert frappe.db.get_value(DOCTYPE, name, ["user", "enabled"]) == (admin, 0)


def test_schedule_made_in_desk_mails_the_rows_that_its_user_sees(site, worker):
	company = factories.make_unique("Company")
	seen, hidden = (factories.make_lead(company_name=company).name for _ in range(2))
	caller = make_manager()
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	name = schedule_of(caller, make_builder_report(company_name=company), email_to=caller, format="HTML")
	with helpdesk.use_outgoing_account():
		auto_email_report.process_auto_email_report(frappe._dict(name=name))
		frappe.db.commit()
		worker()
	mails = frappe.get_all("Email Queue", {"reference_name": name}, ["name", "message"])
	assert [frappe.db.get_value("Email Queue Recipient", {"parent": mail.name}, "recipient") for mail in mails] == [caller]  # fmt: skip
	text = get_html(mails[0].message)
	assert (seen in text, hidden in text) == (True, False)


def get_html(message):
	parts = email.message_from_string(message).walk()
	return "".join(
		part.get_payload(decode=True).decode() for part in parts if part.get_content_type() == "text/html"
	)
