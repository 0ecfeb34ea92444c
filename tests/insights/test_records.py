"""The records behind the figures of the dashboards: the filters that a click opens give exactly what was counted."""

import json
from typing import Any

import pytest

import frappe

from orchestrator.helpdesk import overdue
from orchestrator.setup.shipped_dashboards import DASHBOARDS
from tests.support import clinic, factories, hr_factories, insights
from tests.support.client import get_error

COUNT = "frappe.desk.reportview.get_count"
# Sums, rates and averages: their records are those that enter them.
NO_COUNTS = {
	"open_pipeline_value",
	"pipeline_by_stage",
	"win_rate",
	"remaining_hours",
	"length_of_stay",
	"first_response_hours",
	"service_level_met",
	"satisfaction_score",
	"satisfaction_response_rate",
	"satisfaction_by_agent",
	"satisfaction_by_month",
}
# Counts of employees, of whom one may have several applications or check-ins
DISTINCT = {"on_leave_today", "checked_in_today"}
PERIODS = ({}, {"from_date": "2001-01-01", "to_date": "2001-03-31"})
ROLES = (
	"Sales User",
	"Sales Manager",
	"HR User",
	"HR Manager",
	"Support Team",
	"Projects User",
	"Clinical User",
	"Orchestrator Manager",
)


@pytest.fixture(scope="module")
def reader(frappe_site):
	"""Create records of each dashboard, some without a value. Return a user who may read them."""
	factories.make_lead(status="Qualified")
	factories.make_opportunity(expected_closing="2001-01-05")
	factories.make_opportunity(expected_closing="2099-01-05")
	factories.make_issue(status="Closed")
	factories.make_issue(resolution_by="2001-02-01 10:00:00")
	factories.make_issue()
	factories.make_task(status="Completed", completed_on=frappe.utils.today(), priority="High")
	factories.make_task(expected_time=3)
	hr_factories.make_person()
	connection = clinic.make_connection()
	clinic.make_client(connection, level_of_care="Residential")
	clinic.make_client(connection)
	clinic.make_client(connection, status="Pre-Admission")
	return factories.make_user(*ROLES).name


def count(desk: Any, doctype: str, filters: list[list[Any]]) -> int:
	"""Return the number of records that Desk's list shows with these filters."""
	reply = desk.post(COUNT, doctype=doctype, filters=json.dumps([[doctype, *row] for row in filters]))
	assert reply.status_code == 200, reply.text
	return int(reply.json()["message"])


def join_filters(filters: list[list[Any]], point: list[list[Any]]) -> list[list[Any]]:
	"""Return the filters of one label of a series."""
	fields = {row[0] for row in point}
	return [*(row for row in filters if row[0] not in fields), *point]


def count_item(desk: Any, item: dict[str, Any]) -> Any:
	"""Return the numbers of the lists behind an item, in the form of its value."""
	lists = item["records"]
	if item["kind"] != "series":
		return sum(count(desk, each["doctype"], each["filters"]) for each in lists)
	return [
		sum(
			count(desk, each["doctype"], join_filters(each["filters"], each["points"][index]))
			for each in lists
		)
		for index in range(len(item["value"]["labels"]))
	]


def get_counted(item: dict[str, Any]) -> Any:
	if item["kind"] == "number":
		return item["value"]
	return item["value"]["total"] if item["kind"] == "table" else item["value"]["datasets"][0]["values"]


@pytest.mark.parametrize("dates", PERIODS, ids=["present", "past"])
@pytest.mark.parametrize("dashboard", [each.name for each in DASHBOARDS])
def test_the_filters_of_each_figure_give_the_counted_records(api, browser, reader, dashboard, dates):
	desk = browser(reader, factories.PASSWORD)
	items = api(reader).post(insights.REFRESH, dashboard=dashboard, **dates).json()["data"]["items"]

	counted = {item["name"]: item for item in items if item["records"]}
	expected = {name: get_counted(item) for name, item in counted.items()}
	found = {name: count_item(desk, item) for name, item in counted.items()}

	assert [item["error"] for item in items] == [None] * len(items)
	assert {item["name"] for item in items} == set(counted)
	exact = set(counted) - NO_COUNTS - DISTINCT
	assert {name: found[name] for name in exact} == {name: expected[name] for name in exact}
	assert [name for name in DISTINCT & set(counted) if found[name] < expected[name]] == []


def test_a_point_without_a_value_is_found_by_its_filter(api, browser, reader):
	items = api(reader).get(insights.GET, dashboard="clients_dashboard").json()["data"]["items"]
	item = next(item for item in items if item["name"] == "clients_by_level_of_care")
	index = item["value"]["labels"].index("None")
	(records,) = item["records"]
	assert records["points"][index] == [["level_of_care", "is", "not set"]]


def test_records_of_a_shared_figure_are_left_out_for_who_may_not_read_them(api, site):
	"""The figure counts leads as Administrator, and is shared with a role that may not read leads."""
	card = insights.make_card(
		"", document_type="Lead", filters_json=json.dumps([["Lead", "status", "=", "Open"]])
	)
	shared = {"permission_mode": "Shared", "compute_as": "Administrator", "shared_role": "Support Team"}
	metric = insights.make_metric("Number Card", card.name, **shared)
	dashboard = insights.make_dashboard(metric)
	outsider, seller = (
		insights.make_reader("Support Team"),
		insights.make_reader("Support Team", "Sales User"),
	)

	hidden = insights.get_item(api(outsider).get(insights.GET, dashboard=dashboard), metric.name)
	shown = insights.get_item(api(seller).get(insights.GET, dashboard=dashboard), metric.name)

	assert (hidden["value"], hidden["records"]) == (shown["value"], None)
	assert shown["records"] == [{"doctype": "Lead", "filters": [["status", "=", "Open"]], "points": None}]


def test_a_shared_figure_names_no_tickets_of_others(api, site):
	"""Overdue tickets are listed by name, but only to those who may see each of them."""
	(issues, *_others) = overdue.list_sources()
	due = {issues.resolution_by: frappe.utils.add_days(frappe.utils.now(), -1)}
	tickets = [factories.make_issue().name for _ in range(2)]
	agents = [insights.make_reader("Support Team") for _ in range(2)]
	for ticket, agent in zip(tickets, agents, strict=True):
		frappe.db.set_value("Issue", ticket, due)
		factories.make_record("User Permission", user=agent, allow="Issue", for_value=ticket)
	shared = {"permission_mode": "Shared", "compute_as": agents[0], "shared_role": "Support Team"}
	metrics = [insights.make_metric("Measure", "overdue_tickets", **fields) for fields in ({}, shared)]
	reader = api(agents[1])
	own, others = (
		insights.get_item(reader.get(insights.GET, dashboard=insights.make_dashboard(metric)), metric.name)
		for metric in metrics
	)

	assert (own["value"], others["value"]) == (1, 1)
	assert own["records"] == [{"doctype": "Issue", "filters": [["name", "in", [tickets[1]]]], "points": None}]
	assert others["records"] is None


@pytest.mark.parametrize(
	("roles", "expected"),
	[
		(("Clinical User",), ["clients_dashboard"]),
		(("Sales User", "Projects User"), ["sales_dashboard", "projects_dashboard"]),
		(("Orchestrator Manager",), ["satisfaction_dashboard"]),
	],
)
def test_dashboards_are_listed_by_the_roles_of_the_caller(api, site, roles, expected):
	shipped = {each.name for each in DASHBOARDS}
	user = factories.make_user(*roles).name
	data = api(user).get("orchestrator.insights.list_dashboards").json()["data"]["dashboards"]
	assert [row["dashboard"] for row in data if row["dashboard"] in shipped] == expected


def test_dashboards_are_not_listed_for_guests(guest):
	assert get_error(guest.get("orchestrator.insights.list_dashboards")) == (401, "AuthenticationError")
