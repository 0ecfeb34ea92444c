"""The reports that come with the app: their figures, computed by hand, and the caller's permissions."""

import json

import pytest

import frappe
from frappe.utils import add_days, nowdate

from orchestrator.insights.reports.content.report_parts import (
	CurrencyConverter,
	DateRange,
	compute_percentage,
	list_months,
)
from tests.support import clinic, factories, hr_factories
from tests.support.report_factories import download_content
from tests.support.source import ROOT

RUN = "frappe.desk.report.run"
DESK = "frappe.desk.query_report.run"
# No other record on the site has these dates.
SPRING = {"from_date": "2001-03-01", "to_date": "2001-04-30"}


def run(client, report, /, **filters):
	reply = client.get(RUN, report_name=report, filters=json.dumps(filters))
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def get_refusal(client, report, /, **filters):
	reply = client.get(RUN, report_name=report, filters=json.dumps(filters))
	return reply.status_code, reply.json()["exc_type"]


def get_figures(data):
	return {item["label"]: item["value"] for item in data["summary"]}


def make_user(*roles):
	return factories.make_user(*roles).name


def make_lead(day, status, **values):
	lead = factories.make_lead(**values)
	changes = {"creation": f"{day} 10:00:00", "status": status}
	frappe.db.set_value("Lead", lead.name, changes, update_modified=False)
	frappe.db.commit()
	return lead.name


@pytest.fixture(scope="module")
def leads(frappe_site):
	"""Create leads of an earlier spring. Yield the sources."""
	web, fair = (factories.make_lead_source(factories.make_unique(name)).name for name in ("Web", "Fair"))
	names = [
		make_lead("2001-03-05", "Open", source=web, probability=20),
		make_lead("2001-03-06", "Converted", source=web, probability=100),
		make_lead("2001-04-30", "Qualified", source=web, probability=60),
		make_lead("2001-04-01", "Do Not Contact", source=fair, probability=0),
		make_lead("2001-05-01", "Open", source=web),
	]
	yield web, fair, names
	for name in names:
		frappe.delete_doc("Lead", name, force=True)
	frappe.db.commit()


def test_lead_analysis_counts_outcomes_of_leads_by_source(api, leads):
	web, fair, _names = leads

	data = run(api(make_user("Sales User")), "Lead Analysis", **SPRING)

	assert data["rows"] == [
		{
			"group": web, "leads": 3, "open": 1, "qualified": 1, "opportunity": 0, "converted": 1, "lost": 0,
			"conversion": 33.33, "probability": 60.0,
		},
		{
			"group": fair, "leads": 1, "open": 0, "qualified": 0, "opportunity": 0, "converted": 0, "lost": 1,
			"conversion": 0.0, "probability": 0.0,
		},
	]  # fmt: skip
	assert get_figures(data) == {"Leads": 4, "Qualified": 1, "Converted": 1, "Converted (%)": 25.0}
	assert data["chart"]["data"] == {
		"labels": [web, fair],
		"datasets": [{"name": "Leads", "values": [3, 1]}, {"name": "Converted", "values": [1, 0]}],
	}


def test_lead_analysis_takes_the_filters_of_the_reference(api, leads):
	web = leads[0]

	data = run(api(make_user("Sales User")), "Lead Analysis", status="Open", source=web, **SPRING)

	assert [(row["group"], row["leads"], row["open"]) for row in data["rows"]] == [(web, 1, 1)]


def test_lead_analysis_shows_the_leads_of_one_owner(api, leads):
	data = run(api(make_user("Sales User")), "Lead Analysis", lead_owner="Administrator", **SPRING)

	assert get_figures(data)["Leads"] == 4


@pytest.mark.parametrize(
	("group", "rows"),
	[
		("Month", [("2001-03", 2), ("2001-04", 2)]),
		("Status", [("Converted", 1), ("Do Not Contact", 1), ("Open", 1), ("Qualified", 1)]),
		("Owner", [("Administrator", 4)]),
		("Territory", [("-", 4)]),
	],
)
def test_lead_analysis_groups_otherwise(api, leads, group, rows):
	data = run(api(make_user("Sales User")), "Lead Analysis", group_by=group, **SPRING)

	assert [(row["group"], row["leads"]) for row in data["rows"]] == rows


def test_lead_analysis_counts_only_leads_that_the_caller_may_read(api, leads):
	web, _fair, names = leads
	caller = make_user("Sales User")
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=names[1], apply_to_all_doctypes=1
	)

	data = run(api(caller), "Lead Analysis", **SPRING)

	assert [(row["group"], row["leads"], row["converted"]) for row in data["rows"]] == [(web, 1, 1)]


def make_opportunity(stage, day, amount, **values):
	return factories.make_opportunity(
		pipeline_stage=stage, expected_closing=day, opportunity_amount=amount, **values
	).name


@pytest.fixture(scope="module")
def opportunities(frappe_site):
	"""Create closed opportunities of an earlier spring, in two currencies."""
	names = [
		make_opportunity("Closed Won", "2001-03-10", 1000),
		make_opportunity("Closed Won", "2001-03-31", 500, currency="EUR", conversion_rate=2),
		make_opportunity("Closed Lost", "2001-03-20", 9000),
		make_opportunity("Closed Won", "2001-04-15", 250),
		make_opportunity("Open", "2001-04-16", 7000),
		make_opportunity("Closed Won", "2001-05-01", 8000),
	]
	yield names
	for name in names:
		frappe.delete_doc("Opportunity", name, force=True)
	frappe.db.commit()


def test_the_monthly_sales_report_adds_up_currencies_in_one(api, opportunities):
	data = run(api(make_user("Sales User")), "Monthly Sales Report", **SPRING)

	shown = ("month", "won", "won_value", "average", "lost", "win_rate", "ordered", "currency")
	assert [tuple(row[key] for key in shown) for row in data["rows"]] == [
		("2001-03", 2, 2000.0, 1000.0, 1, 66.67, 0.0, "USD"),
		("2001-04", 1, 250.0, 250.0, 0, 100.0, 0.0, "USD"),
	]
	assert get_figures(data) == {"Won": 3, "Won Value": 2250.0, "Lost": 1, "Win Rate (%)": 75.0}
	assert data["chart"]["data"]["datasets"] == [{"name": "Won Value", "values": [2000.0, 250.0]}]


def test_the_monthly_sales_report_shows_invoices_with_permission_only(api, opportunities):
	def columns_for(*roles):
		data = run(api(make_user(*roles)), "Monthly Sales Report", **SPRING)
		return {column["fieldname"] for column in data["columns"]} & {"ordered", "invoiced"}

	assert columns_for("Sales User") == {"ordered"}
	assert columns_for("Sales User", "Accounts User") == {"ordered", "invoiced"}


def test_the_monthly_sales_report_counts_readable_opportunities_only(api, opportunities):
	caller = make_user("Sales User")
	factories.make_record(
		"User Permission",
		user=caller,
		allow="Opportunity",
		for_value=opportunities[3],
		apply_to_all_doctypes=1,
	)

	data = run(api(caller), "Monthly Sales Report", **SPRING)

	assert [(row["month"], row["won"], row["won_value"]) for row in data["rows"]] == [
		("2001-03", 0, 0.0),
		("2001-04", 1, 250.0),
	]


def test_the_monthly_sales_report_becomes_a_pdf_as_in_the_reference(api, opportunities):
	content = download_content(api(make_user("Sales User")), "Monthly Sales Report", "pdf", filters=SPRING)

	assert content.startswith(b"%PDF-")


def test_a_page_shows_the_figures_and_the_chart_of_the_report(api, opportunities):
	page = download_content(
		api(make_user("Sales User")), "Monthly Sales Report", "html", filters=SPRING
	).decode()

	assert '<div class="value">$ 2,250.00</div><div class="label">Won Value</div>' in page
	assert page.count('fill="#2490ef"/>') == 3  # two months and the legend
	assert ">2001-03</text>" in page


def make_issue(day, **values):
	issue = factories.make_issue(**values.pop("values", {}))
	frappe.db.set_value("Issue", issue.name, {"opening_date": day, **values}, update_modified=False)
	frappe.db.commit()
	return issue.name


def test_ticket_service_levels_report_lists_met_targets(api):
	priority = factories.make_record("Issue Priority", __newname=factories.make_unique("Priority")).name
	due, early, late = "2001-03-05 12:00:00", "2001-03-05 11:00:00", "2001-03-05 13:00:00"
	common = {"priority": priority, "response_by": due, "sla_resolution_by": due}
	make_issue(
		"2001-03-05",
		**common,
		first_responded_on=early,
		first_response_time=3600,
		sla_resolution_date=early,
		status="Closed",
	)
	make_issue(
		"2001-03-05",
		**common,
		first_responded_on=early,
		first_response_time=7200,
		sla_resolution_date=late,
		status="Resolved",
	)
	make_issue("2001-03-06", **common, status="Open")
	make_issue("2001-03-07", priority=priority, status="Open")

	data = run(api(make_user("Support Team")), "Ticket Service Levels", priority=priority, **SPRING)

	assert data["rows"] == [
		{
			"group": priority, "issues": 4, "open": 2, "overdue": 1, "responses_kept": 66.67,
			"resolutions_kept": 33.33, "first_response_hours": 1.5,
		}
	]  # fmt: skip
	assert get_figures(data) == {
		"Issues": 4, "Overdue": 1, "First Responses in Time (%)": 66.67, "Resolutions in Time (%)": 33.33,
	}  # fmt: skip


@pytest.mark.parametrize("group", ["Priority", "Customer", "Assignee", "Month"])
def test_ticket_service_levels_runs_for_support_staff_in_every_grouping(api, group):
	customer = factories.make_customer().name
	make_issue("2001-03-08", values={"customer": customer})

	data = run(api(make_user("Support Team")), "Ticket Service Levels", group_by=group, **SPRING)

	assert sum(row["issues"] for row in data["rows"]) >= 1


def test_project_progress_weighs_tasks_by_their_hours(api):
	project = factories.make_project().name
	for status, hours, progress, due in (
		("Completed", 10, 100, "2001-03-01"),
		("Working", 20, 50, add_days(nowdate(), 3)),
		("Open", 10, 0, add_days(nowdate(), -3)),
		("Cancelled", 100, 0, None),
	):
		factories.make_task(
			project=project, status=status, expected_time=hours, progress=progress, exp_end_date=due
		)

	data = run(api(make_user("Projects User")), "Project Progress", project=project)

	row = data["rows"][0]
	assert (row["tasks"], row["completed"], row["overdue"]) == (3, 1, 1)
	assert (row["planned_hours"], row["hours_left"], row["progress"]) == (40.0, 20.0, 50.0)
	assert get_figures(data) == {"Projects": 1, "Tasks": 3, "Overdue": 1, "Progress (%)": 50.0}


def test_project_progress_without_access_to_tasks_shows_no_figures_of_tasks(api):
	"""A Projects Manager without the role Projects User may read projects, and no tasks."""
	project = factories.make_project().name
	factories.make_task(project=project, expected_time=10)

	data = run(api(make_user("Projects Manager")), "Project Progress", project=project)

	assert [column["fieldname"] for column in data["columns"]] == [
		"project",
		"project_name",
		"status",
		"expected_start_date",
		"expected_end_date",
	]
	assert [row["project"] for row in data["rows"]] == [project]
	assert get_figures(data) == {"Projects": 1}
	assert data["chart"] is None
	assert data["message"] == "You don't have access to tasks, so progress and hours are hidden."


@pytest.fixture(scope="module")
def on_leave(frappe_site):
	"""Return two employees with their own leave type: one took three days of 20 and applied for one, the
	other has 10 left.
	"""
	leave_type = hr_factories.make_leave_type()
	first, second = hr_factories.make_person(), hr_factories.make_person()
	hr_factories.make_allocation(first.employee, leave_type, 20)
	hr_factories.make_allocation(second.employee, leave_type, 10)
	hr_factories.make_leave(first.employee, leave_type, "2027-03-01", "2027-03-03", "Approved")
	hr_factories.make_leave(first.employee, leave_type, "2027-04-01", "2027-04-01")
	return leave_type, first, second


def get_balances(data):
	return {
		row["employee"]: tuple(row[key] for key in ("allocated", "used", "pending", "balance"))
		for row in data["rows"]
	}


def test_leave_overview_shows_hr_all_balances(api, on_leave):
	leave_type, first, second = on_leave

	data = run(api(hr_factories.make_hr()), "Leave Overview", leave_type=leave_type, date="2027-03-10")

	assert get_balances(data) == {first.employee: (20, 3, 1, 17), second.employee: (10, 0, 0, 10)}
	assert get_figures(data) == {"Allocated": 30, "Used": 3, "Pending": 1, "Balance": 27}
	assert data["chart"]["data"]["labels"] == [leave_type]


def test_leave_overview_shows_employees_their_own_leave(api, on_leave):
	leave_type, first, _second = on_leave

	chosen = run(api(first.user), "Leave Overview", leave_type=leave_type, date="2027-03-10")
	every = run(api(first.user), "Leave Overview", date="2027-03-10")

	assert get_balances(chosen) == get_balances(every) == {first.employee: (20, 3, 1, 17)}


@pytest.fixture(scope="module")
def stays(frappe_site):
	"""Create stays at two facilities in an earlier spring: (facility, status, admitted, discharged). Return
	the facilities.
	"""
	connection = clinic.make_connection()
	here, there = (clinic.make_facility().name for _ in range(2))
	for facility, status, admitted, discharged in (
		(here, "Active", "2001-03-05", None),
		(here, "Discharged", "2001-02-20", "2001-03-02"),
		(here, "Discharged", "2001-04-01", "2001-04-21"),
		(here, "Pre-Admission", None, None),
		(here, "Deleted", "2001-03-06", None),
		(there, "Absent", "2000-12-01", None),
	):
		client = clinic.make_client(connection, facility=facility)
		factories.make_record(
			"Client Stay", client=client.name, connection=connection.name, facility=facility, status=status,
			level_of_care="Residential", admission_date=admitted, discharge_date=discharged, casefile_id=frappe.generate_hash(),
		)  # fmt: skip
	return here, there


def test_client_census_counts_clients_in_care_admissions_and_discharges(api, stays):
	here, _there = stays

	data = run(api(make_user("Clinical User")), "Client Census", facility=here, **SPRING)

	assert data["rows"] == [
		{"group": here, "in_care": 1, "waiting": 1, "admitted": 2, "discharged": 2, "length_of_stay": 15.0}
	]
	assert data["message"] == "Admissions and discharges from 03-01-2001 to 04-30-2001."
	assert get_figures(data) == {
		"In Care": 1,
		"Pre-Admission": 1,
		"Admitted": 2,
		"Discharged": 2,
		"Average Length of Stay (Days)": 15.0,
	}


@pytest.mark.parametrize("group", ["Facility", "Level of Care"])
def test_client_census_shows_a_clinician_of_one_facility_no_other(api, stays, group):
	_here, there = stays

	data = run(api(clinic.make_clinical_user(there)), "Client Census", group_by=group, **SPRING)
	assert [(row["in_care"], row["admitted"]) for row in data["rows"]] == [(1, 0)]


REQUIRED_FILTERS = {"Accounting of Disclosures": {"client": "CL-NOBODY"}}


def list_report_roles():
	"""Return each shipped report with each of its roles."""
	pairs = []
	for path in sorted(ROOT.glob("orchestrator/orchestrator/report/*/*.json")):
		report = json.loads(path.read_text())
		# Kipu Reconciliation calls Kipu
		if report["name"] != "Kipu Reconciliation":
			pairs += [(report["name"], row["role"]) for row in report["roles"]]
	return pairs


@pytest.mark.parametrize(("report", "role"), list_report_roles())
def test_each_role_of_a_report_suffices_to_run_it(api, browser, report, role):
	# Frappe takes the role Employee from users who are not one
	caller = hr_factories.make_person().user if role == "Employee" else make_user(role)

	filters = REQUIRED_FILTERS.get(report, {})
	run(api(caller), report, **filters)
	desk = browser(caller, factories.PASSWORD).get(DESK, report_name=report, filters=json.dumps(filters))

	assert desk.status_code == 200, desk.text


@pytest.mark.parametrize(
	("report", "role"),
	[
		("Client Census", "Sales User"),
		("Lead Analysis", "Projects User"),
		("Monthly Sales Report", "Support Team"),
		("Leave Overview", "Sales User"),
		("Ticket Service Levels", "Sales User"),
		("Project Progress", "Sales User"),
	],
)
def test_who_has_none_of_its_roles_is_refused(api, report, role):
	assert get_refusal(api(make_user(role)), report) == (403, "PermissionError")


@pytest.mark.parametrize(
	"filters",
	[
		{"group_by": "Mood"},
		{"from_date": "soon"},
		{"from_date": "2001-04-01", "to_date": "2001-03-01"},
		{"statsu": "Open"},
	],
)
def test_bad_filters_are_400(api, filters):
	assert get_refusal(api(make_user("Sales User")), "Lead Analysis", **filters) == (
		400,
		"InvalidRequestError",
	)


def test_amount_without_exchange_rate_is_reported_and_excluded():
	converter = CurrencyConverter("USD", get_rate=lambda own, _to: {"EUR": 2.0}.get(own))

	assert [
		converter.convert(amount, own) for amount, own in ((5, "USD"), (5, "EUR"), (5, "XAU"), (0, "XAU"))
	] == [5, 10, 0, 0]
	assert converter.unconverted == {"XAU": 5}


def test_months_and_ratios():
	from datetime import date

	assert list_months(DateRange(date(2001, 11, 30), date(2002, 1, 1))) == ["2001-11", "2001-12", "2002-01"]
	assert (compute_percentage(1, 3), compute_percentage(0, 0)) == (33.33, 0.0)
