"""schedule_report: Frappe's Auto Email Report, run as its user, mailed to recipients who may see the report."""

import json

import pytest

import frappe
from frappe.email.doctype.auto_email_report import auto_email_report
from frappe.utils.background_jobs import get_queue

from orchestrator.insights.reports import report_schedules
from tests.support import factories, helpdesk
from tests.support.client import get_error
from tests.support.report_factories import make_builder_report, make_query_report, parse_csv

SCHEDULE = "orchestrator.insights.schedule_report"
DOCTYPE = "Auto Email Report"


def make_manager(*roles):
	return factories.make_user("Report Manager", "Sales User", *roles).name


def schedule(client, report, **arguments):
	reply = client.post(
		SCHEDULE, **{"report_name": report, "frequency": "weekly", "format": "csv", **arguments}
	)
	assert reply.status_code == 201, reply.text
	return reply.json()["data"]


@pytest.fixture(scope="module")
def report(frappe_site):
	return make_query_report("select 7 as `Answer:Int:80`")


def list_mails(report):
	queued = frappe.get_all(
		"Email Queue", {"reference_doctype": "Report", "reference_name": report}, ["name", "attachments"]
	)
	recipients = frappe.get_all(
		"Email Queue Recipient", {"parent": ("in", [mail.name for mail in queued])}, pluck="recipient"
	)
	return sorted(recipients), [json.loads(mail.attachments)[0]["fid"] for mail in queued]


def test_a_schedule_is_an_auto_email_report_of_the_caller(api, report):
	caller, colleague = make_manager(), factories.make_user("Sales User").name

	data = schedule(
		api(caller),
		report,
		format="pdf",
		recipients=[colleague],
		day_of_week="friday",
		filters={"a": 1},
		period="monthly",
	)

	doc = frappe.get_doc(DOCTYPE, data["schedule"])
	assert data == {
		"schedule": doc.name,
		"report_name": report,
		"format": "pdf",
		"frequency": "Weekly",
		"day_of_week": "Friday",
		"filters": {"a": 1},
		"period": "Monthly",
		"recipients": [colleague],
		"user": caller,
		"enabled": True,
	}
	assert (doc.user, doc.email_to, doc.enabled, doc.from_date_field) == (caller, colleague, 1, "from_date")


def test_a_due_schedule_mails_the_rows_of_its_user(api):
	company = factories.make_unique("Company")
	seen, _hidden = (factories.make_lead(company_name=company).name for _ in range(2))
	caller, gone = make_manager(), factories.make_user("Sales User")
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	report = make_builder_report(company_name=company)
	data = schedule(api(caller), report, recipients=[caller, gone.name], frequency="daily")
	gone.reload()
	gone.update({"enabled": 0}).save()
	frappe.db.commit()

	with helpdesk.use_outgoing_account():
		auto_email_report.process_auto_email_report(frappe._dict(name=data["schedule"]))
		frappe.db.commit()
		jobs = [
			job.kwargs["kwargs"]
			for job in get_queue("long").jobs
			if getattr(job.kwargs["method"], "__name__", "") == "run_schedule"
		]
		report_schedules.run_schedule(**jobs[-1])
		frappe.set_user("Administrator")
		frappe.db.commit()
	recipients, files = list_mails(report)

	assert (jobs[-1], recipients) == ({"schedule": data["schedule"]}, [caller])
	content = api(caller).request("GET", frappe.db.get_value("File", files[0], "file_url")).content
	assert [row[0] for row in parse_csv(content)[1:]] == [seen]


def test_the_days_of_the_filters_move_along(api):
	data = schedule(api(make_manager()), "Lead Analysis", period="monthly", filters={"status": "Open"})

	filters = report_schedules.build_filters(frappe.get_doc(DOCTYPE, data["schedule"]))

	assert filters == {
		"status": "Open",
		"from_date": frappe.utils.add_months(frappe.utils.nowdate(), -1),
		"to_date": frappe.utils.nowdate(),
	}


@pytest.mark.parametrize("roles", [("Sales User",), ("Report Manager", "Projects User")])
def test_who_may_make_no_auto_email_report_is_refused(api, guest, report, roles):
	assert get_error(guest.post(SCHEDULE, report_name=report, frequency="daily")) == (
		401,
		"AuthenticationError",
	)
	reply = api(factories.make_user(*roles).name).post(SCHEDULE, report_name=report, frequency="daily")
	assert get_error(reply) == (403, "PermissionError"), roles


def test_a_recipient_who_may_not_see_the_report_is_named(api, report):
	stranger = factories.make_user("Projects User").name

	reply = api(make_manager()).post(SCHEDULE, report_name=report, frequency="daily", recipients=[stranger])

	assert get_error(reply) == (422, "InvalidRecipientError")
	assert stranger in reply.json()["exc"]


@pytest.mark.parametrize(
	("arguments", "words"),
	[
		(
			{"frequency": "hourly"},
			"There is no frequency hourly. Choose one of: Daily, Weekdays, Weekly, Monthly.",
		),
		({"frequency": ""}, "frequency"),
		({"day_of_week": "Noday"}, "There is no day_of_week Noday."),
		({"period": "eternal"}, "There is no period eternal."),
		({"format": "docx"}, "There is no format docx."),
		({"report_name": "Leave Overview", "period": "monthly"}, "which Leave Overview does not have"),
	],
)
def test_a_bad_argument_is_400(api, report, arguments, words):
	reply = api(make_manager("HR User")).post(
		SCHEDULE, **{"report_name": report, "frequency": "daily", **arguments}
	)

	assert get_error(reply) == (400, "InvalidRequestError")
	assert words in reply.json()["exc"]


def test_schedule_cannot_mail_reports_of_another_user(api, report):
	data = schedule(api(make_manager()), report)

	reply = api(make_manager()).post(
		"frappe.client.set_value",
		doctype=DOCTYPE,
		name=data["schedule"],
		fieldname="user",
		value="Administrator",
	)

	assert get_error(reply) == (403, "PermissionError")


def make_in_desk(report):
	values = {"user": "Administrator", "email_to": "a@example.com", "format": "CSV", "frequency": "Daily"}
	return factories.make_record(DOCTYPE, report=report, enabled=1, **values)


def test_one_made_in_desk_stays_frappes_own(site, report, monkeypatch):
	sent = []
	monkeypatch.setattr(auto_email_report.AutoEmailReport, "send", lambda doc: sent.append(doc.name))
	doc = make_in_desk(report)

	doc.send()

	assert sent == [doc.name]


def test_leaving_the_app_switches_schedules_off_that_would_run_as_the_administrator(api, report):
	ours = schedule(api(make_manager()), report)["schedule"]
	desks = make_in_desk(report).name

	report_schedules.disable_all()

	assert [frappe.db.get_value(DOCTYPE, name, "enabled") for name in (ours, desks)] == [0, 1]
	frappe.db.rollback()
