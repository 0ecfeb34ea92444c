"""generate_report over HTTP: replies, permissions, refusals, mail, and deletion of files."""

import json

import pytest

import frappe
from frappe.utils import add_days, now_datetime

from orchestrator.insights.reports import report_jobs
from tests.support import factories, helpdesk
from tests.support.client import get_error
from tests.support.report_factories import (
	GENERATE,
	STATUS,
	download_content,
	generate_report,
	list_private_files,
	list_runs,
	make_builder_report,
	make_query_report,
	parse_csv,
)


def make_sales_user():
	return factories.make_user("Sales User").name


@pytest.fixture(scope="module")
def report(frappe_site):
	return make_query_report("select 7 as `Answer:Int:80`")


def test_reply_has_file_size_rows_and_expiry(api, report):
	caller = make_sales_user()
	client = api(caller)

	reply = client.post(GENERATE, report_name=report, format="xlsx", send_mail=False)

	data = reply.json()["data"]
	file = frappe.get_doc("File", data["file"])
	assert (reply.status_code, reply.json()["message"]) == (200, "Report generated")
	assert data == {
		"run": list_runs(report)[0],
		"report_name": report,
		"format": "xlsx",
		"status": "Completed",
		"progress": 100,
		"row_count": 1,
		"file": file.name,
		"file_name": file.file_name,
		"file_url": f"/private/files/{file.file_name}",
		"file_size": file.file_size,
		"started_at": data["started_at"],
		"finished_at": data["finished_at"],
		"kept_until": add_days(data["finished_at"], 7).split(".")[0],
		"recipients": [],
		"mail_queued": False,
		"mail_note": None,
		"error": None,
	}
	assert (file.owner, file.is_private) == (caller, 1)
	assert client.get(STATUS, run=data["run"]).json()["data"] == data


def test_the_file_is_its_callers_alone(api, guest, report):
	data = generate_report(api(make_sales_user()), report, "csv")

	assert api(make_sales_user()).request("GET", data["file_url"]).status_code == 403
	assert guest.request("GET", data["file_url"]).status_code == 403
	assert get_error(api(make_sales_user()).get(STATUS, run=data["run"])) == (404, "DoesNotExistError")
	assert api().get(STATUS, run=data["run"]).status_code == 200  # a System Manager


def test_the_same_report_twice_is_two_files(api, report):
	first, second = (generate_report(api(), report, "csv") for _ in range(2))

	frappe.db.rollback()
	frappe.delete_doc("Generated Report", first["run"], force=True)
	frappe.db.commit()

	assert first["file_url"] != second["file_url"]
	assert api().request("GET", first["file_url"]).status_code in (403, 404)
	assert api().request("GET", second["file_url"]).status_code == 200


def test_rows_are_those_that_the_caller_may_see(api):
	company = factories.make_unique("Company")
	seen, _hidden = (factories.make_lead(company_name=company).name for _ in range(2))
	caller = make_sales_user()
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	of_builder = make_builder_report(company_name=company)
	of_query = make_query_report(
		f"select name as `Lead:Link/Lead:120` from tabLead where company_name = '{company}'"  # noqa: S608
	)

	for report in (of_builder, of_query):
		rows = parse_csv(download_content(api(caller), report, "csv"))
		assert [row[0] for row in rows[1:]] == [seen], report


def test_a_filter_that_names_a_record_the_caller_may_not_read_is_refused(api):
	seen, hidden = (factories.make_lead().name for _ in range(2))
	caller = make_sales_user()
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	report = make_query_report(
		"select lead_name as `Name::120` from tabLead where name = %(lead)s",
		filters=[{"fieldname": "lead", "label": "Lead", "fieldtype": "Link", "options": "Lead"}],
	)

	def reply(lead):
		return api(caller).post(GENERATE, report_name=report, format="csv", filters={"lead": lead})

	assert reply(seen).json()["data"]["row_count"] == 1
	assert get_error(reply(hidden)) == (422, "ValidationError")
	assert len(list_runs(report)) == 1


def test_a_get_is_405(api, report):
	assert get_error(api().get(GENERATE, report_name=report)) == (405, "MethodNotAllowedError")


def test_a_guest_is_refused(guest, report):
	assert get_error(guest.post(GENERATE, report_name=report)) == (401, "AuthenticationError")
	assert get_error(guest.get(STATUS, run="x")) == (401, "AuthenticationError")


@pytest.mark.parametrize("role", ["Projects User", "Employee"])
def test_a_caller_without_the_reports_roles_or_its_doctype_is_refused(api, report, role):
	reply = api(factories.make_user(role).name).post(GENERATE, report_name=report, format="csv")

	assert get_error(reply) == (403, "PermissionError")


def test_who_may_read_no_reports_learns_not_even_which_there_are(api, report):
	customer = factories.make_user(user_type="Website User").name

	replies = [api(customer).post(GENERATE, report_name=name) for name in (report, "Lead Divination")]

	assert [get_error(reply) for reply in replies] == [(403, "PermissionError")] * 2


@pytest.mark.parametrize(
	("arguments", "error", "words"),
	[
		(
			{"report_name": "Lead Divination"},
			(404, "DoesNotExistError"),
			"There is no report Lead Divination.",
		),
		(
			{"format": "docx"},
			(400, "InvalidRequestError"),
			"There is no format docx. The formats are: pdf, xlsx, csv,",
		),
		({"filters": "{"}, (400, "InvalidRequestError"), "filters is not valid JSON."),
		({"filters": [["status", "=", "Open"]]}, (400, "InvalidRequestError"), "filters must be an object"),
		(
			{"recipients": "sales@example.com"},
			(400, "InvalidRequestError"),
			"recipients can be sent only with send_mail.",
		),
		(
			{"send_mail": True, "recipients": [1]},
			(400, "InvalidRequestError"),
			"recipients must be a list of users.",
		),
		({"send_mail": "often"}, (400, "InvalidRequestError"), "send_mail"),
	],
)
def test_a_bad_argument_is_named(api, report, arguments, error, words):
	reply = api().post(GENERATE, **{"report_name": report, "format": "csv", **arguments})

	assert get_error(reply) == error
	assert words in reply.json()["exc"]


def test_an_unknown_filter_is_named(api):
	declared = make_query_report(
		"select 1 as `One:Int:80` from dual where %(status)s = 'Open'",
		filters=[{"fieldname": "status", "label": "Status", "fieldtype": "Data"}],
	)
	listed = make_builder_report(company_name=factories.make_unique("Company"))

	replies = [
		api().post(GENERATE, report_name=name, format="csv", filters={"statsu": "Open"})
		for name in (declared, listed)
	]

	assert [get_error(reply) for reply in replies] == [(400, "InvalidRequestError")] * 2
	assert all("statsu" in reply.json()["exc"] for reply in replies)


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_a_report_that_fails_is_422_and_leaves_no_file(api, form):
	broken = make_query_report("select name from `tabNo Such Table`")
	before = list_private_files()

	reply = api().post(GENERATE, report_name=broken, format=form)
	refused = api().post(GENERATE, report_name="Sales Pipeline Analytics", format=form)

	assert get_error(reply) == (422, "ReportExecutionError")
	assert "tabNo Such Table" not in reply.text
	assert (get_error(refused), refused.json()["exc"]) == (
		(422, "ValidationError"),
		"ValidationError: From Date is mandatory",
	)
	assert list_private_files() == before
	assert list_runs(broken) == list_runs("Sales Pipeline Analytics") == []


def test_a_table_that_is_too_long_for_a_pdf_is_422_and_leaves_no_file(api):
	report = make_query_report(
		"with recursive n as (select 1 as i union all select i + 1 from n where i < 900) select a.i as `A:Int:80` from n a, (select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6) b"
	)
	before = list_private_files()

	reply = api().post(GENERATE, report_name=report, format="pdf")

	assert get_error(reply) == (422, "ReportExecutionError")
	assert "A PDF can contain at most 5000 rows." in reply.json()["exc"]
	assert list_private_files() == before


def test_a_repeated_key_makes_no_second_file(api, report):
	headers = {"Idempotency-Key": frappe.generate_hash()}
	client = api()

	first, second = (
		client.post(GENERATE, headers=headers, report_name=report, format="csv") for _ in range(2)
	)

	assert second.json() == first.json()
	assert second.headers["Idempotency-Replayed"] == "true"


@pytest.fixture
def outgoing(site):
	"""Create an outgoing mail account on the site."""
	with helpdesk.use_outgoing_account() as address:
		yield address


def list_queued_mails(report):
	mails = frappe.get_all(
		"Email Queue", {"reference_doctype": "Report", "reference_name": report}, ["name", "attachments"]
	)
	addresses = frappe.get_all(
		"Email Queue Recipient", {"parent": ("in", [m.name for m in mails])}, pluck="recipient"
	)
	return sorted(addresses), [json.loads(mail.attachments) for mail in mails]


def test_a_mail_with_the_file_goes_to_users_who_may_run_the_report(api, outgoing):
	report = make_query_report("select 7 as `Answer:Int:80`")
	caller, colleague = make_sales_user(), make_sales_user()

	data = (
		api(caller)
		.post(GENERATE, report_name=report, format="csv", send_mail=True, recipients=[colleague, caller])
		.json()["data"]
	)

	assert (data["recipients"], data["mail_queued"], data["mail_note"]) == ([colleague, caller], True, None)
	assert list_queued_mails(report) == (sorted([caller, colleague]), [[{"fid": data["file"]}]] * 2)


def test_without_recipients_the_mail_goes_to_the_caller(api, outgoing):
	report = make_query_report("select 7 as `Answer:Int:80`")
	caller = make_sales_user()

	data = api(caller).post(GENERATE, report_name=report, format="csv", send_mail=True).json()["data"]

	assert data["recipients"] == [caller]
	assert list_queued_mails(report)[0] == [caller]


def test_nothing_is_sent_when_a_recipient_may_not_see_the_report(api, outgoing):
	report = make_query_report("select 7 as `Answer:Int:80`")
	fit, unfit = make_sales_user(), factories.make_user("Projects User").name
	disabled = factories.make_user("Sales User", enabled=0).name

	reply = api().post(
		GENERATE,
		report_name=report,
		format="csv",
		send_mail=True,
		recipients=[fit, unfit, disabled, "nobody@example.com"],
	)

	assert get_error(reply) == (422, "InvalidRecipientError")
	assert f"Nothing was sent: {unfit}, {disabled}, nobody@example.com may not see" in reply.json()["exc"]
	assert fit not in reply.json()["exc"]
	assert list_queued_mails(report) == ([], [])
	assert list_runs(report) == []


def test_without_an_account_the_file_is_made_and_the_reply_says_that_no_mail_was(api, report):
	data = (
		api(make_sales_user()).post(GENERATE, report_name=report, format="csv", send_mail=True).json()["data"]
	)

	assert (data["status"], data["mail_queued"]) == ("Completed", False)
	assert data["mail_note"].startswith("No email was sent: this site has no outgoing Email Account.")


def test_expired_files_are_deleted_with_their_runs_and_others_stay(api, report):
	expired, kept = (generate_report(api(), report, "csv") for _ in range(2))
	frappe.db.set_value("Generated Report", expired["run"], "kept_until", add_days(now_datetime(), -1))
	frappe.db.commit()

	report_jobs.delete_expired_runs()

	frappe.db.commit()
	assert not frappe.db.exists("Generated Report", expired["run"])
	assert not frappe.db.exists("File", expired["file"])
	assert expired["file_name"] not in list_private_files()
	assert kept["file_name"] in list_private_files()
	assert frappe.db.exists("Generated Report", kept["run"])


def test_a_run_with_a_deleted_file_is_deleted_too(api, report):
	data = generate_report(api(), report, "csv")

	frappe.delete_doc("File", data["file"])
	frappe.db.set_value("Generated Report", data["run"], "kept_until", add_days(now_datetime(), -1))
	frappe.db.commit()
	status = api().get(STATUS, run=data["run"]).json()["data"]
	report_jobs.delete_expired_runs()

	assert (status["status"], status["file"], status["file_url"]) == ("Completed", None, None)
	assert not frappe.db.exists("Generated Report", data["run"])
