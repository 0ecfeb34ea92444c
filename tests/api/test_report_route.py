"""The report route over HTTP: script, query, builder and prepared reports, permissions, invalid filters."""

import json

import pytest

import frappe

from tests.support import factories
from tests.support.client import get_error
from tests.support.report_factories import make_builder_report, make_query_report

RUN = "frappe.desk.report.run"
COLUMN_KEYS = {"fieldname", "label", "fieldtype", "options", "width"}


def make_sales_user():
	return factories.make_user("Sales User").name


def test_a_script_report_gives_columns_and_rows_by_fieldname(api):
	lead = factories.make_lead(status="Open")
	today = frappe.utils.nowdate()
	filters = {"company": factories.get_company(), "from_date": today, "to_date": today}

	reply = api(make_sales_user()).get(RUN, report_name="Lead Details", filters=json.dumps(filters))

	assert reply.status_code == 200, reply.text
	assert reply.json()["message"] == "Report run"
	data = reply.json()["data"]
	assert (data["report_name"], data["report_type"], data["ref_doctype"], data["status"]) == (
		"Lead Details",
		"Script Report",
		"Lead",
		"Completed",
	)
	assert data["columns"][0] == {
		"fieldname": "name",
		"label": "Lead",
		"fieldtype": "Link",
		"options": "Lead",
		"width": 150,
	}
	assert all(set(column) == COLUMN_KEYS for column in data["columns"])
	row = next(row for row in data["rows"] if row["name"] == lead.name)
	assert (row["lead_name"], row["status"], row["lead_owner"]) == (lead.lead_name, "Open", "Administrator")


def test_a_post_with_an_object_gives_the_same_as_a_get_with_text(api):
	today = frappe.utils.nowdate()
	filters = {"company": factories.get_company(), "from_date": today, "to_date": today}
	client = api(make_sales_user())

	got = client.get(RUN, report_name="Lead Details", filters=json.dumps(filters))
	posted = client.post(RUN, report_name="Lead Details", filters=filters)

	assert posted.json() == got.json()


def test_a_query_report_fills_its_filters_and_keeps_the_total_apart(api):
	report = make_query_report(
		"select name as `Name:Link/Lead:120`, 3 as `Count:Int:80` from tabLead where name = %(lead)s",
		add_total_row=1,
	)
	lead = factories.make_lead().name

	data = api().get(RUN, report_name=report, filters=json.dumps({"lead": lead})).json()["data"]

	assert data["columns"] == [
		{"fieldname": "name", "label": "Name", "fieldtype": "Link", "options": "Lead", "width": "120"},
		{"fieldname": "count", "label": "Count", "fieldtype": "Int", "options": None, "width": "80"},
	]
	assert data["rows"] == [{"name": lead, "count": 3}]
	assert data["total_row"] == {"name": "Total", "count": 3.0}


def test_a_builder_report_gives_the_list_it_describes(api):
	company = factories.make_unique("Company")
	leads = [
		factories.make_lead(lead_name=f"{letter} {company}", company_name=company, status=status)
		for letter, status in (("B", "Open"), ("A", "Open"), ("C", "Replied"))
	]
	report = make_builder_report(company_name=company)
	client = api(make_sales_user())

	every = client.get(RUN, report_name=report).json()["data"]
	as_object = client.get(RUN, report_name=report, filters=json.dumps({"status": "Open"})).json()["data"]
	as_list = client.post(RUN, report_name=report, filters=[["email", "=", leads[2].email_id]]).json()["data"]

	assert [column["fieldname"] for column in every["columns"]] == ["name", "lead_name", "status"]
	assert every["columns"][0]["fieldtype"] == "Link"
	assert [row["name"] for row in every["rows"]] == [leads[1].name, leads[0].name, leads[2].name]
	assert as_object["rows"] == [
		{"name": lead.name, "lead_name": lead.lead_name, "status": "Open"} for lead in (leads[1], leads[0])
	]
	assert [row["name"] for row in as_list["rows"]] == [leads[2].name]


def test_a_builder_report_has_readable_records_only(api):
	company = factories.make_unique("Company")
	seen, hidden = (factories.make_lead(company_name=company).name for _ in range(2))
	caller = make_sales_user()
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	report = make_builder_report(company_name=company)

	mine = api(caller).get(RUN, report_name=report).json()["data"]
	everyones = api().get(RUN, report_name=report).json()["data"]

	assert [row["name"] for row in mine["rows"]] == [seen]
	assert {row["name"] for row in everyones["rows"]} == {seen, hidden}


def test_the_user_in_the_request_is_refused(api):
	report = make_builder_report(company_name=factories.make_unique("Company"))

	reply = api(factories.make_user("Projects User").name).get(RUN, report_name=report, user="Administrator")

	assert get_error(reply) == (400, "InvalidRequestError")


def test_a_prepared_report_returns_its_status_and_then_its_rows(api, worker):
	report = make_query_report("select 7 as `Answer:Int:80`", prepared_report=1)
	client = api(make_sales_user())

	before = client.get(RUN, report_name=report).json()["data"]
	started = client.post(RUN, report_name=report).json()["data"]
	again = client.post(RUN, report_name=report).json()["data"]
	worker()
	ready = client.get(RUN, report_name=report).json()["data"]

	assert (before["status"], before["rows"]) == ("Not Prepared", None)
	assert "POST the same request" in before["message"]
	assert (started["status"], started["rows"], again["status"]) == ("Queued", None, "Queued")
	assert frappe.db.count("Prepared Report", {"report_name": report}) == 1
	assert (ready["status"], ready["rows"]) == ("Completed", [{"answer": 7}])
	assert ready["prepared_at"]


def test_a_prepared_report_runs_at_once_when_asked_to(api):
	report = make_query_report("select 7 as `Answer:Int:80`", prepared_report=1)

	data = api().get(RUN, report_name=report, ignore_prepared_report=1).json()["data"]

	assert (data["status"], data["rows"], data["prepared_at"]) == ("Completed", [{"answer": 7}], None)


def test_nobody_gets_another_users_prepared_report_by_its_name(api):
	report = make_query_report("select 7 as `Answer:Int:80`", prepared_report=1)

	reply = api().get(RUN, report_name=report, filters=json.dumps({"prepared_report_name": "x"}))

	assert get_error(reply) == (400, "InvalidRequestError")


def test_a_report_that_breaks_is_422_with_its_reason(api):
	report = make_query_report("select name from `tabNo Such Table`")

	broken_query = api().get(RUN, report_name=report)
	broken_script = api().get(RUN, report_name="Campaign Efficiency")

	assert get_error(broken_query) == (422, "ReportExecutionError")
	assert "tabNo Such Table" not in broken_query.text
	assert get_error(broken_script) == (422, "ReportExecutionError")
	assert broken_script.json()["exc"] == (
		"ReportExecutionError: Report Campaign Efficiency failed (AttributeError: 'dict' object has no attribute 'from_date')."
		" Check that it gets all the filters it needs."
	)


def test_a_reports_own_refusal_is_passed_on(api):
	reply = api().get(RUN, report_name="Sales Pipeline Analytics")

	assert get_error(reply) == (422, "ValidationError")
	assert reply.json()["exc"] == "ValidationError: From Date is mandatory"


def test_a_guest_is_refused(guest):
	assert get_error(guest.get(RUN, report_name="Lead Details")) == (401, "AuthenticationError")


@pytest.mark.parametrize("role", ["Projects User", "Employee"])
def test_a_caller_without_the_reports_roles_is_refused(api, role):
	reply = api(factories.make_user(role).name).get(RUN, report_name="Lead Details")

	assert get_error(reply) == (403, "PermissionError")


def test_an_unknown_report_is_404(api):
	reply = api().get(RUN, report_name="Lead Divination")

	assert get_error(reply) == (404, "DoesNotExistError")
	assert reply.json()["exc"] == "DoesNotExistError: There is no report Lead Divination."


@pytest.mark.parametrize(
	("filters", "words"),
	[
		("{", "filters is not valid JSON."),
		('["status"]', "filters must be an object"),
		("7", "filters must be an object"),
		("{}", "needs the filter lead"),
	],
)
def test_bad_filters_of_a_query_report_are_400(api, filters, words):
	report = make_query_report("select name from tabLead where name = %(lead)s")

	reply = api().get(RUN, report_name=report, filters=filters)

	assert get_error(reply) == (400, "InvalidRequestError")
	assert words in reply.json()["exc"]


def test_declared_filters_are_checked(api):
	report = make_query_report(
		"select name from tabLead where status = %(status)s",
		filters=[{"fieldname": "status", "label": "Status", "fieldtype": "Data", "mandatory": 1}],
	)

	unknown = api().get(RUN, report_name=report, filters='{"status": "Open", "stat": "Open"}')
	missing = api().get(RUN, report_name=report, filters="{}")

	assert get_error(unknown) == get_error(missing) == (400, "InvalidRequestError")
	assert "has no filter stat. It takes status." in unknown.json()["exc"]
	assert "needs the filter status" in missing.json()["exc"]


def test_a_filter_that_a_script_report_does_not_know_is_named(api):
	filters = {"company": factories.get_company(), "from_date": "2001-01-01", "to_date": "2001-01-02"}

	known = api().get(RUN, report_name="Lead Details", filters=json.dumps({**filters, "status": "Open"}))
	unknown = api().get(RUN, report_name="Lead Details", filters=json.dumps({**filters, "mood": "good"}))

	assert known.status_code == 200
	assert get_error(unknown) == (400, "InvalidRequestError")
	assert unknown.json()["exc"] == (
		"InvalidRequestError: Lead Details has no filter mood. It takes company, from_date, to_date, status, territory."
	)


def test_a_report_with_filters_from_elsewhere_takes_any(api):
	filters = {"company": factories.get_company(), "report_date": "2001-01-01", "ageing_based_on": "Due Date",
		"range": "30, 60", "my_dimension": "x"}  # fmt: skip

	assert api().get(RUN, report_name="Accounts Receivable", filters=json.dumps(filters)).status_code == 200


def test_an_unknown_field_in_a_builder_reports_filters_is_400(api):
	report = make_builder_report(company_name=factories.make_unique("Company"))

	reply = api().get(RUN, report_name=report, filters='{"statsu": "Open"}')

	assert get_error(reply) == (400, "InvalidRequestError")
	assert "Did you mean status?" in reply.json()["exc"]
