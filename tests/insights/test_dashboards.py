"""get_dashboard over HTTP: the three kinds of dashboards, the content of a reply, and refusals."""

import json

import pytest

import frappe

from orchestrator.insights.dashboards.scopes import Scope
from orchestrator.insights.metrics import insights_app
from orchestrator.setup import shipped_dashboards
from tests.support import factories, helpdesk, insights
from tests.support.client import get_error
from tests.support.insights import GET, HISTORY, REFRESH


@pytest.fixture(scope="module")
def note(frappe_site):
	"""Return three ToDos of Administrator, of two priorities."""
	frappe.set_user("Administrator")
	text = factories.make_unique("Note")
	insights.make_todos(2, text, priority="High", date="2026-03-01")
	insights.make_todos(1, text, priority="Low", date="2026-03-02")
	return text


@pytest.mark.parametrize("dashboard", shipped_dashboards.DASHBOARDS, ids=lambda dashboard: dashboard.name)
def test_every_shipped_dashboard_answers_all_its_items_in_their_order(api, dashboard):
	data = api().get(GET, dashboard=dashboard.name).json()["data"]
	assert (data["dashboard"], data["title"]) == (dashboard.name, dashboard.title)
	assert [item["name"] for item in data["items"]] == [place.metric for place in dashboard.items]
	assert {item["kind"] for item in data["items"]} <= {"number", "series", "table"}
	assert {item["name"]: item["error"] for item in data["items"] if item["error"]} == {}


def test_an_item_says_all_that_a_page_needs(api, note):
	metric = insights.make_metric(
		"Number Card", insights.make_card(note).name, label="Notes", unit="notes", direction="Down"
	)
	name = insights.make_dashboard(metric, title="Noted")
	data = api().get(GET, dashboard=name).json()["data"]
	(item,) = data["items"]
	assert data == {
		"dashboard": name,
		"doctype": "Orchestrator Dashboard",
		"title": "Noted",
		"refreshed_at": item["refreshed_at"],
		"filters": {"from_date": None, "to_date": None, "facility": None},
		"available_filters": [],
		"items": [item],
		"queued": [],
	}
	assert item == {
		"name": metric.name,
		"label": "Notes",
		"kind": "number",
		"value": 3,
		"previous": None,
		"change": None,
		"change_percent": None,
		"unit": "notes",
		"direction": "down",
		"width": "Quarter",
		"display": None,
		"refreshed_at": item["refreshed_at"],
		"stale": False,
		"records": [{"doctype": "ToDo", "filters": [["description", "=", note]], "points": None}],
		"applied_filters": [],
		"ignored_filters": [],
		"error": None,
	}


def test_cached_value_is_not_computed_again(api):
	metric = insights.make_random_metric()
	client, name = api(), insights.make_dashboard(metric)
	assert insights.get_value(client.get(GET, dashboard=name), metric.name) == insights.get_value(
		client.get(GET, dashboard=name), metric.name
	)


def test_one_metric_that_fails_leaves_the_others_alone(api, note):
	broken = insights.make_metric("Report", insights.make_report("SELECT missing FROM `tabToDo`"))
	whole = insights.make_metric("Number Card", insights.make_card(note).name)
	reply = api().get(GET, dashboard=insights.make_dashboard(broken, whole))
	failed = insights.get_item(reply, broken.name)
	assert (failed["kind"], failed["value"], failed["error"]["type"]) == (
		"table",
		None,
		"ReportExecutionError",
	)
	assert "missing" not in failed["error"]["message"]
	assert insights.get_value(reply, whole.name) == 3


def test_a_failure_shows_the_last_value_beside_it(api):
	report = insights.make_report("SELECT 7 AS number")
	metric = insights.make_metric("Report", report, aggregate="Sum", aggregate_field="number")
	client, name = api(), insights.make_dashboard(metric)
	assert insights.get_value(client.get(GET, dashboard=name), metric.name) == 7
	frappe.db.set_value("Report", report, "query", "SELECT missing FROM `tabToDo`")
	frappe.db.commit()
	found = insights.get_item(client.post(REFRESH, dashboard=name), metric.name)
	assert (found["value"], found["error"]["type"]) == (7, "ReportExecutionError")


def test_a_quick_due_value_is_computed_again_and_a_slow_one_is_stale(api, site):
	metric = insights.make_random_metric()
	client, name = api(), insights.make_dashboard(metric)
	scope = Scope("Administrator", "Administrator", "Administrator")
	first = insights.get_value(client.get(GET, dashboard=name), metric.name)
	insights.make_older(name, scope, 16)
	second = insights.get_item(client.get(GET, dashboard=name), metric.name)
	assert (second["value"] != first, second["stale"]) == (True, False)
	insights.make_older(name, scope, 16, seconds=2)
	third = insights.get_item(client.get(GET, dashboard=name), metric.name)
	assert (third["value"], third["stale"]) == (second["value"], True)


# Frappe's own


def test_a_frappe_dashboard_answers_its_cards_and_charts(api, note):
	card, chart = insights.make_card(note), insights.make_chart(note)
	name = factories.make_record(
		"Dashboard",
		dashboard_name=factories.make_unique("Board"),
		cards=[{"card": card.name}],
		charts=[{"chart": chart.name, "width": "Full"}],
	).name
	reply = api().get(GET, dashboard=name)
	assert reply.json()["data"]["doctype"] == "Dashboard"
	number, series = insights.get_item(reply, card.name), insights.get_item(reply, chart.name)
	assert (number["kind"], number["value"]) == ("number", 3)
	assert (series["kind"], series["width"], series["display"]) == ("series", "Full", "Bar")
	assert series["value"] == {
		"labels": ["High", "Low"],
		"datasets": [{"name": chart.name, "values": [2, 1]}],
	}
	refreshed = api().post(REFRESH, dashboard=name, items=[card.name])
	assert [item["name"] for item in refreshed.json()["data"]["items"]] == [card.name]


def test_what_a_caller_may_not_read_is_not_on_their_frappe_dashboard(api, note):
	card = insights.make_card(note)
	employees = insights.make_card(note, document_type="Employee", filters_json="[]")
	charts = [
		insights.make_chart(note),
		insights.make_chart(note, document_type="Employee", group_by_based_on="status"),
	]
	name = factories.make_record(
		"Dashboard",
		dashboard_name=factories.make_unique("Board"),
		cards=[{"card": card.name}, {"card": employees.name}],
		charts=[{"chart": chart.name} for chart in charts],
	).name
	reply = api(insights.make_reader()).get(GET, dashboard=name)
	assert [item["name"] for item in reply.json()["data"]["items"]] == [card.name, charts[0].name]
	assert insights.get_value(reply, card.name) == 0


def test_a_heatmap_counts_readable_records_only(api, note):
	chart = insights.make_chart(
		note,
		chart_type="Count",
		type="Heatmap",
		based_on="date",
		timeseries=1,
		heatmap_year="2026",
		timespan="Last Year",
		time_interval="Daily",
	)
	metric = insights.make_metric("Dashboard Chart", chart.name)
	name = insights.make_dashboard(metric)
	assert insights.get_value(api().get(GET, dashboard=name), metric.name) == {
		"labels": ["2026-03-01", "2026-03-02"],
		"datasets": [{"name": chart.name, "values": [2, 1]}],
	}
	nothing = insights.get_value(api(insights.make_reader()).get(GET, dashboard=name), metric.name)
	assert nothing["labels"] == []


# Insights


@pytest.fixture(scope="module")
def insights_dashboard(frappe_site, note):
	"""Return an Insights dashboard of two charts over the ToDos of the note: their number, and by priority."""
	frappe.set_user("Administrator")
	workbook = factories.make_record("Insights Workbook", title=factories.make_unique("Workbook"))
	charts = [
		make_insights_chart(
			workbook.name,
			"Number",
			f"SELECT COUNT(*) AS todos FROM tabToDo WHERE description = '{note}'",  # noqa: S608
		),
		make_insights_chart(
			workbook.name,
			"Bar",
			"SELECT priority, COUNT(*) AS todos FROM tabToDo"  # noqa: S608
			f" WHERE description = '{note}' GROUP BY priority ORDER BY todos DESC",
		),
	]
	title = factories.make_unique("Insights")
	dashboard = factories.make_record(
		"Insights Dashboard v3",
		title=title,
		workbook=workbook.name,
		items=json.dumps([{"type": "chart", "chart": chart} for chart in charts]),
	)
	return dashboard.name, title, charts


def make_insights_chart(workbook, chart_type, sql):
	operations = [{"type": "sql", "raw_sql": sql, "data_source": "Site DB"}]
	query = factories.make_record(
		"Insights Query v3",
		title=factories.make_unique("Query"),
		workbook=workbook,
		is_native_query=1,
		use_live_connection=1,
		operations=json.dumps(operations),
	)
	return factories.make_record(
		"Insights Chart v3",
		title=factories.make_unique("Chart"),
		workbook=workbook,
		query=query.name,
		chart_type=chart_type,
		config="{}",
	).name


@pytest.mark.parametrize("by_title", [False, True])
def test_an_insights_dashboard_answers_by_name_and_by_title(api, insights_dashboard, by_title):
	name, title, (number, bars) = insights_dashboard
	reply = api().get(GET, dashboard=title if by_title else name)
	assert reply.json()["data"]["doctype"] == "Insights Dashboard v3"
	assert insights.get_value(reply, number) == 3
	assert insights.get_value(reply, bars) == {
		"labels": ["High", "Low"],
		"datasets": [{"name": "todos", "values": [2, 1]}],
	}


def test_a_metric_takes_a_query_of_insights_as_a_table_or_as_one_number(api, insights_dashboard):
	query = frappe.db.get_value("Insights Chart v3", insights_dashboard[2][1], "query")
	table = insights.make_metric("Insights Query v3", query)
	number = insights.make_metric("Insights Query v3", query, aggregate="Maximum", aggregate_field="todos")
	dashboard = insights.make_dashboard(table, number)
	reply = api().get(GET, dashboard=dashboard)
	assert insights.get_value(reply, table.name)["rows"] == [
		{"priority": "High", "todos": 2},
		{"priority": "Low", "todos": 1},
	]
	assert insights.get_value(reply, number.name) == 2
	refused = insights.get_item(api(insights.make_reader()).get(GET, dashboard=dashboard), number.name)
	assert (refused["value"], refused["error"]["type"]) == (None, "PermissionError")


def test_an_insights_dashboard_requires_read_permission(api, insights_dashboard, note):
	"""Sharing a dashboard shares its charts; each reader counts the records that they may read themselves."""
	name, title, (number, _bars) = insights_dashboard
	user = factories.make_user("Insights User").name
	for asked in (name, title):
		assert get_error(api(user).get(GET, dashboard=asked)) == (404, "DoesNotExistError")
	frappe.share.add("Insights Dashboard v3", name, user, notify=0)
	frappe.db.commit()
	own = factories.make_record("ToDo", description=note, allocated_to=user)
	assert insights.get_value(api(user).get(GET, dashboard=name), number) == 1
	own.delete()
	frappe.db.commit()


def test_a_title_that_several_insights_dashboards_have_is_a_conflict(api, insights_dashboard):
	name, title, _charts = insights_dashboard
	workbook = frappe.db.get_value("Insights Dashboard v3", name, "workbook")
	other = factories.make_record("Insights Dashboard v3", title=title, workbook=workbook, items="[]").name
	reply = api().get(GET, dashboard=title)
	assert reply.status_code == 409
	assert {name, other} <= set(reply.json()["exc"].rstrip(".").replace(",", "").split())
	frappe.delete_doc("Insights Dashboard v3", other)
	frappe.db.commit()


def test_without_insights_its_dashboards_and_metrics_name_the_missing_app(
	site, monkeypatch, insights_dashboard
):
	from orchestrator import apps
	from orchestrator.exceptions import MissingAppError
	from orchestrator.insights import get_dashboard

	number = insights_dashboard[2][0]
	metric = insights.make_metric("Insights Chart v3", number)
	dashboard = insights.make_dashboard(metric)
	monkeypatch.setattr(apps, "is_installed", lambda app: app != insights_app.APP)
	with pytest.raises(MissingAppError, match="insights"):
		get_dashboard(dashboard=insights_dashboard[0], doctype="Insights Dashboard v3")
	(item,) = get_dashboard(dashboard=dashboard)["items"]
	assert item["error"]["type"] == "MissingAppError"
	assert "insights" in item["error"]["message"]


# What is refused


def test_nobody_sees_more_than_that_a_dashboard_is_not_there(api, note):
	card = insights.make_metric("Number Card", insights.make_card(note).name)
	hidden = insights.make_dashboard(card, roles=[{"role": "HR Manager"}])
	off = insights.make_dashboard(card, disabled=1)
	user = api(insights.make_reader())
	for name in (hidden, off, "sales_dashboard", "no_such_dashboard"):
		for reply in (
			user.get(GET, dashboard=name),
			user.post(REFRESH, dashboard=name),
			user.get(HISTORY, dashboard=name, metric=card.name),
		):
			assert (reply.status_code, reply.json()["exc"]) == (
				404,
				f"DoesNotExistError: There is no dashboard {name}.",
			)
	assert api().get(GET, dashboard=hidden).status_code == 200


def test_a_dashboard_that_is_shared_with_someone_opens_for_them(api, note):
	card = insights.make_metric("Number Card", insights.make_card(note).name)
	hidden = insights.make_dashboard(card, roles=[{"role": "HR Manager"}])
	reader = insights.make_reader()
	frappe.share.add("Orchestrator Dashboard", hidden, reader, notify=0)
	frappe.db.commit()
	assert insights.get_value(api(reader).get(GET, dashboard=hidden), card.name) == 0


def test_a_list_of_dashboards_holds_those_that_open(api):
	listed = api(insights.make_reader("Sales User")).get(
		"frappe.client.get_list", doctype="Orchestrator Dashboard", limit_page_length=500
	)
	names = {row["name"] for row in listed.json()["data"]}
	assert "sales_dashboard" in names
	assert "hr_dashboard" not in names


@pytest.mark.parametrize("call", ["get", "refresh", "history"])
def test_a_guest_is_refused_with_401(guest, call):
	replies = {
		"get": lambda: guest.get(GET, dashboard="sales_dashboard"),
		"refresh": lambda: guest.post(REFRESH, dashboard="sales_dashboard"),
		"history": lambda: guest.get(HISTORY, dashboard="sales_dashboard", metric="new_leads"),
	}
	assert get_error(replies[call]()) == (401, "AuthenticationError")


def test_a_customer_may_read_no_dashboards_at_all(api):
	reply = api(helpdesk.make_portal_user()).get(GET, dashboard="sales_dashboard")
	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize(
	("method", "parameters", "status"),
	[
		(GET, {"dashboard": "sales_dashboard", "doctype": "User"}, 400),
		(GET, {}, 400),
		(REFRESH, {"dashboard": "sales_dashboard", "items": ["no_such_metric"]}, 404),
		(REFRESH, {"dashboard": "sales_dashboard", "items": [1]}, 400),
		(REFRESH, {"dashboard": "sales_dashboard", "items": '{"a": 1}'}, 400),
		(REFRESH, {"dashboard": "sales_dashboard", "items": "[broken"}, 400),
		(HISTORY, {"dashboard": "sales_dashboard", "metric": "no_such_metric"}, 404),
		(HISTORY, {"dashboard": "sales_dashboard", "metric": "new_leads", "days": 0}, 400),
		(HISTORY, {"dashboard": "sales_dashboard", "metric": "new_leads", "days": "ten"}, 400),
	],
)
def test_bad_input_is_named(api, method, parameters, status):
	reply = api().post(method, **parameters)
	assert reply.status_code == status, reply.text
	if "no_such_metric" in str(parameters):
		assert "no_such_metric" in reply.json()["exc"]


def test_refreshing_is_no_read(api):
	reply = api().get(REFRESH, dashboard="sales_dashboard")
	assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")
