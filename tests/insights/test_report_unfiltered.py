"""The app's reports without any restricting filter: every route answers with all that the caller may read."""

import json

import pytest

import frappe

from tests.support import factories
from tests.support.client import get_data
from tests.support.report_factories import download_content, parse_csv

RUN = "frappe.desk.report.run"
DESK = "frappe.desk.query_report.run"
# Kipu Reconciliation is left out: it calls Kipu, and needs a connection.
REPORTS = (
	"Client Census",
	"Lead Analysis",
	"Leave Overview",
	"Likely Duplicate Clients",
	"Monthly Sales Report",
	"Project Progress",
	"Ticket Service Levels",
)
ROLES = (
	"System Manager",
	"Clinical Manager",
	"HR Manager",
	"Projects Manager",
	"Sales Manager",
	"Support Team",
)
EMPTY_FILTERS = [{}, {"project": ""}, {"project": None}, {"status": "", "company": None}]


@pytest.fixture(scope="module")
def project(frappe_site):
	return factories.make_project().name


@pytest.fixture(scope="module")
def desk_user(frappe_site):
	return factories.make_user(*ROLES).name


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_without_filters_answers_by_every_route(api, browser, desk_user, report):
	client = api()

	rows = get_data(client.get(RUN, report_name=report))["rows"]
	posted = get_data(client.post(RUN, report_name=report, filters={}))["rows"]
	file = parse_csv(download_content(client, report, "csv"))
	desk = browser(desk_user, factories.PASSWORD).get(DESK, report_name=report, filters="{}")

	totals = int(bool(rows and frappe.db.get_value("Report", report, "add_total_row")))
	assert rows == posted
	assert len(file) == 1 + len(rows) + totals
	assert desk.status_code == 200
	assert len(desk.json()["message"]["result"]) == len(rows) + totals


@pytest.mark.parametrize("filters", EMPTY_FILTERS, ids=json.dumps)
def test_project_progress_with_empty_filters_has_every_project(api, project, filters):
	data = get_data(api().get(RUN, report_name="Project Progress", filters=json.dumps(filters)))

	assert [row["status"] for row in data["rows"] if row["project"] == project] == ["Open"]


@pytest.mark.parametrize("form", ["pdf", "xlsx", "json", "html"])
def test_project_progress_without_filters_is_a_file_of_every_format(api, project, form):
	assert download_content(api(), "Project Progress", form)


def test_a_project_user_sees_the_projects_that_they_may_read(api, project):
	caller = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=caller, allow="Project", for_value=project)

	data = get_data(api(caller).get(RUN, report_name="Project Progress"))

	assert [row["project"] for row in data["rows"]] == [project]
