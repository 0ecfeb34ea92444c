"""Sources of metrics, validation of metrics, and the metrics that come with the app."""

import json

import pytest
import requests

import frappe
from frappe.utils import add_days, add_months, getdate, today

from orchestrator.exceptions import InvalidRequestError, MissingDataError
from orchestrator.insights import get_dashboard
from orchestrator.insights.metrics import dynamic_filters, measures, report_figures
from orchestrator.measure_queries import (
	Column,
	aggregate_trailing_period,
	build_series,
	build_table,
	compute_percentage,
	count_by_day,
	count_by_month,
	count_records,
	to_number,
)
from orchestrator.setup import dashboards, shipped_dashboards
from tests.support import factories, insights
from tests.support.client import get_error

CARD_METHODS = "orchestrator_card_methods"
OFFERS = "hrms.hr.doctype.job_offer.job_offer.get_offer_acceptance_rate"
THREE = "SELECT 1 AS amount, 'a' AS name UNION SELECT 2.5, 'b' UNION SELECT 4, 'c'"


def compute(metric):
	"""Return the metric's item, computed for the user of the session."""
	(item,) = get_dashboard(dashboard=insights.make_dashboard(metric))["items"]
	return item


# Reports


@pytest.mark.parametrize(
	("aggregate", "value"),
	[("Count", 3), ("Sum", 7.5), ("Average", 2.5), ("Minimum", 1), ("Maximum", 4)],
)
def test_a_report_gives_one_number_over_a_column(site, aggregate, value):
	report = insights.make_report(THREE)
	metric = insights.make_metric("Report", report, aggregate=aggregate, aggregate_field="amount")
	assert metric.kind == "Number"
	assert compute(metric)["value"] == value


def test_a_report_without_an_aggregate_is_a_table(site):
	item = compute(insights.make_metric("Report", insights.make_report(THREE)))
	assert (item["kind"], item["value"]["total"]) == ("table", 3)
	assert [column["fieldname"] for column in item["value"]["columns"]] == ["amount", "name"]
	assert [(row["amount"], row["name"]) for row in item["value"]["rows"]] == [
		(1.0, "a"),
		(2.5, "b"),
		(4.0, "c"),
	]


def test_a_table_holds_a_hundred_rows_and_says_how_many_there_are(site):
	item = compute(insights.make_metric("Report", insights.make_report("SELECT seq FROM seq_1_to_150")))
	assert (len(item["value"]["rows"]), item["value"]["total"]) == (100, 150)


def test_a_report_gets_the_filters_of_the_metric(site):
	report = insights.make_report("SELECT %(amount)s AS amount")
	metric = insights.make_metric(
		"Report", report, filters='{"amount": 42}', aggregate="Sum", aggregate_field="amount"
	)
	assert compute(metric)["value"] == 42


def test_a_column_that_the_report_does_not_have_is_named(site):
	metric = insights.make_metric(
		"Report", insights.make_report(THREE), aggregate="Sum", aggregate_field="price"
	)
	error = compute(metric)["error"]
	assert error["type"] == InvalidRequestError.__name__
	assert "has no column price. It has amount, name." in error["message"]


def test_a_report_that_the_caller_may_not_run_is_refused_to_them(site):
	report = insights.make_report(THREE, roles=[{"role": "HR Manager"}])
	dashboard = insights.make_dashboard(insights.make_metric("Report", report, aggregate="Count"))
	frappe.set_user(insights.make_reader())
	(item,) = get_dashboard(dashboard=dashboard)["items"]
	assert (item["value"], item["error"]["type"]) == (None, "PermissionError")


def test_aggregate_ignores_non_numeric_values():
	assert report_figures.compute_aggregate([1, None, "", "2", "x"], "Sum") == 3
	assert report_figures.compute_aggregate([], "Sum") == 0
	assert report_figures.compute_aggregate(["x"], "Average") is None


# Cards and charts


def test_a_card_of_a_report_and_one_of_a_method_give_their_numbers(site):
	report = insights.make_report(THREE)
	of_report = insights.make_card(
		"", type="Report", report_name=report, report_field="amount", report_function="Sum", filters_json="{}"
	)
	assert compute(insights.make_metric("Number Card", of_report.name))["value"] == 7.5
	of_method = insights.make_card("", type="Custom", method=OFFERS, filters_json="{}")
	item = compute(insights.make_metric("Number Card", of_method.name))
	assert (item["error"], item["value"]) == (None, 0)


@pytest.mark.parametrize(
	("method", "kind", "words"),
	[
		("frappe.handler.logout", "MissingDataError", "is not registered for cards"),
		("frappe.utils.now", "MissingDataError", "is not registered for cards"),
		("orchestrator.helpdesk.get_my_tickets", "MissingDataError", "is not registered for cards"),
	],
)
def test_card_of_a_method_that_is_not_registered_is_refused(site, method, kind, words):
	card = insights.make_card("", type="Custom", method=method, filters_json="{}")
	error = compute(insights.make_metric("Number Card", card.name))["error"]
	assert (error["type"], words in error["message"]) == (kind, True)


@pytest.mark.parametrize(
	("method", "kind", "words"),
	[
		("orchestrator.helpdesk.get_my_tickets", "MissingDataError", "does not return a number"),
		("frappe.utils.now", "PermissionError", ""),
		("orchestrator.insights.refresh_metrics", "MissingDataError", "does not only read"),
	],
)
def test_registered_method_has_to_answer_get_with_a_number(site, monkeypatch, method, kind, words):
	hooks_of = frappe.get_hooks
	monkeypatch.setattr(
		frappe,
		"get_hooks",
		lambda hook=None, *rest, **named: (
			[method] if hook == CARD_METHODS else hooks_of(hook, *rest, **named)
		),
	)
	card = insights.make_card("", type="Custom", method=method, filters_json="{}")
	error = compute(insights.make_metric("Number Card", card.name))["error"]
	assert (error["type"], words in error["message"]) == (kind, True)


def test_reader_of_a_dashboard_stays_signed_in(browser):
	manager = insights.make_reader("Dashboard Manager")
	frappe.set_user(manager)
	card = insights.make_card("", type="Custom", method="frappe.handler.logout", filters_json="{}")
	frappe.set_user("Administrator")
	dashboard = insights.make_dashboard(insights.make_metric("Number Card", card.name))
	reader = browser(insights.make_reader(), factories.PASSWORD)
	reply = reader.get(insights.GET, dashboard=dashboard)
	assert reply.status_code == 200
	assert reader.get("frappe.auth.get_logged_user").status_code == 200


def test_a_cards_statistics_stand_in_until_there_is_a_history(site):
	note = factories.make_unique("Note")
	old, _new = insights.make_todos(2, note)
	frappe.db.set_value("ToDo", old, "creation", add_days(today(), -40), update_modified=False)
	card = insights.make_card(note, show_percentage_stats=1, stats_time_interval="Monthly")
	item = compute(insights.make_metric("Number Card", card.name))
	assert (item["value"], item["previous"], item["change"], item["change_percent"]) == (2, 1, 1, 100)


def test_a_chart_over_time_has_a_value_for_each_period(site):
	note = factories.make_unique("Note")
	insights.make_todos(2, note, date=add_months(today(), -1))
	insights.make_todos(1, note, date=today())
	chart = insights.make_chart(
		note,
		chart_type="Count",
		based_on="date",
		timeseries=1,
		timespan="Last Quarter",
		time_interval="Monthly",
	)
	(dataset,) = compute(insights.make_metric("Dashboard Chart", chart.name))["value"]["datasets"]
	assert dataset["values"][-2:] == [2, 1]
	assert sum(dataset["values"]) == 3


def test_a_chart_of_a_report_takes_the_columns_it_names(site):
	chart = insights.make_chart(
		"",
		chart_type="Report",
		report_name=insights.make_report(THREE),
		x_field="name",
		y_axis=[{"y_field": "amount"}],
		filters_json="{}",
	)
	assert compute(insights.make_metric("Dashboard Chart", chart.name))["value"] == {
		"labels": ["a", "b", "c"],
		"datasets": [{"name": "amount", "values": [1, 2.5, 4]}],
	}


@pytest.mark.parametrize(
	("expression", "value"),
	[
		("frappe.datetime.nowdate()", today),
		("frappe.datetime.get_today()", today),
		("frappe.datetime.add_months(frappe.datetime.nowdate(), -12)", lambda: add_months(today(), -12)),
		("frappe.datetime.add_days(frappe.datetime.get_today(), 7)", lambda: add_days(today(), 7)),
		('frappe.defaults.get_user_default("Company")', factories.get_company),
		("frappe.session.user", lambda: "Administrator"),
		("frappe.datetime.str_to_obj(frappe.datetime.get_today()).getMonth() + 1", lambda: getdate().month),
		("frappe.datetime.str_to_obj(frappe.datetime.get_today()).getFullYear();", lambda: getdate().year),
		("30", lambda: "30"),
	],
)
def test_a_dynamic_filter_is_read(site, expression, value):
	assert dynamic_filters.evaluate(expression) == value()
	assert dynamic_filters.merge_filters("[]", json.dumps([["ToDo", "date", "=", expression]])) == [
		["ToDo", "date", "=", value()]
	]


@pytest.mark.parametrize("expression", ["frappe.boot.user.name", "alert(1)", "locals.x", "frappe.get_roles"])
def test_a_dynamic_filter_that_is_unknown_is_not_evaluated(site, expression):
	with pytest.raises(MissingDataError, match="can be evaluated only in Desk"):
		dynamic_filters.evaluate(expression)


# Measures


def test_every_registered_measure_has_a_return_annotation(site):
	kinds = {name: measures.get_measure_kind(name) for name in measures.list_registered()}
	assert set(kinds.values()) == {"number", "series", "table"}
	used = {metric.name for metric in shipped_dashboards.METRICS if not metric.card}
	assert used == set(kinds)


def test_a_measure_that_no_app_registers_any_more_is_an_error_of_its_item(site, monkeypatch):
	metric = insights.make_metric("Measure", "new_leads")
	monkeypatch.setattr(measures, "list_registered", dict)
	error = compute(metric)["error"]
	assert (error["type"], "new_leads" in error["message"]) == ("MissingDataError", True)


def test_what_came_lately_is_counted_against_the_time_before(site):
	note = factories.make_unique("Note")
	for days_ago, records in ((0, 2), (29, 1), (30, 4), (59, 1), (60, 8)):
		insights.make_todos(records, note, date=add_days(today(), -days_ago))
	insights.make_todos(1, note, date=add_days(today(), 1))
	where = f"description = {frappe.db.escape(note)}"
	assert aggregate_trailing_period("ToDo", "date", where=where) == (3, 5, None, ())
	assert (
		aggregate_trailing_period(
			"ToDo", "date", where=where, what="DAY(date)", average=True, days=1
		).previous
		is None
	)
	assert count_records("ToDo", where) == (17, None, None, ())


def test_days_and_months_of_none_are_in_their_series(site):
	note = factories.make_unique("Note")
	insights.make_todos(2, note, date=today())
	insights.make_todos(1, note, date=add_days(today(), -2))
	where = f"description = {frappe.db.escape(note)}"
	days = count_by_day("ToDo", "date", "ToDos", where, days=4)
	assert days.labels == [str(add_days(today(), -index)) for index in (3, 2, 1, 0)]
	assert days.datasets == [("ToDos", [0, 1, 0, 2])]
	months = count_by_month("ToDo", "date", "ToDos", where, months=3)
	assert months.labels[-1] == today()[:7]
	assert sum(months.datasets[0].values) == 3
	assert len(months.labels) == 3


def test_figures_hold_plain_numbers():
	assert (to_number(None), to_number(2.0), to_number("2.50"), to_number(1 / 3)) == (0, 2, 2.5, 0.3333)
	assert (to_number(float("nan")), to_number(float("inf"))) == (0, 0)
	assert (
		compute_percentage(1, 3),
		compute_percentage(0, 4),
		compute_percentage(1, 0),
		compute_percentage(None, None),
	) == (
		33.33,
		0,
		None,
		None,
	)
	assert build_series([(None, 1)], "n").datasets == [("n", [1])]
	assert build_table([Column("a", "A")], [(1,), (2,)]).total == 2


# The measures of the suite, on records counted by hand


def set_reader_of(role: str, doctype: str, *names: str) -> str:
	user = insights.make_reader(role)
	for name in names:
		insights.permit_record(user, doctype, name)
	return user


def get_items(dashboard: str, user: str) -> dict:
	frappe.set_user(user)
	try:
		return {item["name"]: item["value"] for item in get_dashboard(dashboard=dashboard)["items"]}
	finally:
		frappe.set_user("Administrator")


def test_sales_figures_are_those_of_the_opportunities(site):
	made = [
		factories.make_opportunity(
			opportunity_amount=amount, pipeline_stage=stage, title=stage, expected_closing=closing
		).name
		for amount, stage, closing in (
			(1000, "Open", "2031-02-01"),
			(250.5, "Qualified", "2031-01-01"),
			(400, "In Progress", None),
			(9000, "Closed Won", None),
			(70, "Closed Lost", None),
			(30, "Closed Lost", None),
		)
	]
	old = factories.make_opportunity(
		pipeline_stage="Closed Lost", transaction_date=add_days(today(), -400)
	).name
	values = get_items("sales_dashboard", set_reader_of("Sales User", "Opportunity", *made, old))
	assert values["open_pipeline_value"] == 1650.5
	assert values["opportunities_in_pipeline"] == 3
	assert values["win_rate"] == 33.33
	assert values["new_opportunities"] == 7
	assert values["pipeline_by_stage"]["datasets"][0]["values"] == [1000, 250.5, 400]
	assert [row["name"] for row in values["next_closings"]["rows"]] == [made[1], made[0]]


def test_project_figures_are_those_of_the_tasks(site):
	project = factories.make_project().name
	tasks = [
		factories.make_task(
			project=project, status=status, expected_time=hours, progress=progress, priority=priority
		).name
		for status, hours, progress, priority in (
			("Open", 10, 0, "High"),
			("In Progress", 8, 25, "Low"),
			("Completed", 5, 100, "Low"),
			("Cancelled", 7, 0, "Low"),
		)
	]
	user = set_reader_of("Projects User", "Task", *tasks)
	values = get_items("projects_dashboard", user)
	assert (values["open_tasks"], values["overdue_tasks"], values["completed_tasks"]) == (2, 0, 1)
	assert values["remaining_hours"] == 16
	assert sorted(values["tasks_by_priority"]["labels"]) == ["High", "Low"]
	assert values["tasks_by_priority"]["datasets"][0]["values"] == [1, 1]


def test_support_figures_are_those_of_the_tickets(site):
	issues = [factories.make_issue(status=status).name for status in ("Open", "In Progress", "Closed")]
	for name, hours in zip(issues, (2, 4), strict=False):
		frappe.db.sql(
			"""UPDATE tabIssue SET creation = %s, first_responded_on = creation + INTERVAL %s HOUR,
				sla_resolution_date = creation, sla_resolution_by = creation + INTERVAL %s HOUR WHERE name = %s""",
			(today(), hours, 3 - hours, name),  # from midnight on, so that all of it is today
		)
	frappe.db.sql("UPDATE tabIssue SET _assign = '[\"someone\"]' WHERE name = %s", issues[0])
	frappe.db.commit()
	values = get_items("helpdesk_dashboard", set_reader_of("Support Team", "Issue", *issues))
	assert (values["open_tickets"], values["unassigned_tickets"], values["new_tickets"]) == (2, 1, 3)
	assert values["first_response_hours"] == 3
	assert values["service_level_met"] == 50
	assert values["tickets_by_day"]["datasets"][0]["values"][-1] == 3
	assert {row["name"] for row in values["oldest_tickets"]["rows"]} == set(issues[:2])


def test_people_figures_are_those_of_the_employees(site):
	joined = add_days(today(), -10)
	employees = [factories.make_employee(date_of_joining=joined).name for _ in range(2)]
	factories.make_record(
		"Employee Checkin", employee=employees[0], log_type="IN", time=frappe.utils.now_datetime()
	)
	values = get_items("hr_dashboard", set_reader_of("HR User", "Employee", *employees))
	assert (values["headcount"], values["new_employees"], values["checked_in_today"]) == (2, 2, 1)
	assert values["on_leave_today"] == 0
	assert sum(values["joined_by_month"]["datasets"][0]["values"]) == 2


# Validation of metrics


@pytest.mark.parametrize(
	("values", "refusal"),
	[
		({"metric_name": "Not A Name"}, "is not a valid name for the API"),
		({"measure": "no_such_measure"}, "There is no measure no_such_measure"),
		({"measure": None, "aggregate": "Sum"}, "There is no measure"),
		({"filters": "[broken"}, "not a valid JSON object"),
		({"permission_mode": "Shared"}, "needs the user whose records it counts"),
	],
)
def test_a_metric_that_makes_no_sense_is_refused(site, values, refusal):
	with pytest.raises(frappe.ValidationError, match=refusal):
		insights.make_metric("Measure", "new_leads", **values)


def test_a_metric_of_a_report_needs_the_report(site):
	with pytest.raises(frappe.ValidationError, match="Choose the Report"):
		insights.make_metric("Report", None)


def test_a_metric_may_be_on_a_dashboard_once(site):
	metric = insights.make_metric("Measure", "new_leads")
	with pytest.raises(frappe.ValidationError, match="is on the dashboard twice"):
		insights.make_dashboard(metric, metric)


# Shipped records


@pytest.fixture
def shipped(site):
	"""Undo the test's changes of shipped records."""
	yield
	frappe.db.rollback()
	frappe.clear_document_cache("Orchestrator Metric", "new_leads")
	frappe.cache().delete_value("orchestrator_dashboard_plans")


def declare(monkeypatch, **changes):
	(metric,) = (metric for metric in shipped_dashboards.METRICS if metric.name == "new_leads")
	monkeypatch.setattr(dashboards, "METRICS", (metric._replace(**changes),))


def test_update_changes_unmodified_metrics(shipped, monkeypatch):
	declare(monkeypatch, label="Fresh Leads")
	dashboards.sync_dashboards()
	assert frappe.db.get_value("Orchestrator Metric", "new_leads", "label") == "Fresh Leads"


def test_update_preserves_changes_of_the_site(shipped, monkeypatch):
	doc = frappe.get_doc("Orchestrator Metric", "new_leads")
	doc.update({"label": "Our Leads"}).save()
	board = frappe.get_doc("Orchestrator Dashboard", "sales_dashboard")
	board.set("items", board.items[:2])
	board.save()
	declare(monkeypatch, label="Fresh Leads", unit="leads")
	dashboards.sync_dashboards()
	doc.reload()
	assert (doc.label, doc.unit) == ("Our Leads", "")
	assert len(frappe.get_doc("Orchestrator Dashboard", "sales_dashboard").items) == 2


def test_declaring_again_changes_nothing(site):
	tables = ("Orchestrator Metric", "Orchestrator Dashboard", "Orchestrator Dashboard Item", "Has Role")
	before = [frappe.db.sql(f"checksum table `tab{table}`") for table in tables]
	dashboards.sync_dashboards()
	assert [frappe.db.sql(f"checksum table `tab{table}`") for table in tables] == before


def test_a_metric_of_the_sites_own_with_a_shipped_name_stays_as_it_is(shipped, monkeypatch):
	own = insights.make_metric("Measure", "headcount", label="Ours")
	declare(monkeypatch, name=own.name, label="Theirs")
	dashboards.sync_dashboards()
	own.reload()
	assert (own.label, own.shipped) == ("Ours", None)


@pytest.mark.parametrize(
	("doctype", "name"), [("Orchestrator Metric", "new_leads"), ("Orchestrator Dashboard", "sales_dashboard")]
)
def test_what_comes_with_the_app_is_not_deleted(site, doctype, name):
	with pytest.raises(frappe.ValidationError, match="comes with the app"):
		frappe.delete_doc(doctype, name, force=True)


def test_dashboard_with_missing_roles_is_not_public(site, monkeypatch):
	declared = shipped_dashboards.Dashboard("x", "X", ("No Such Role",), ())
	assert dashboards.build_dashboard_values(declared)["roles"] == [{"role": "System Manager"}]


def test_the_form_lists_measures_for_managers_of_metrics(browser):
	form = {
		"docs": frappe.as_json(frappe.get_doc("Orchestrator Metric", "win_rate")),
		"method": "get_measures",
	}
	manager = factories.make_user("Dashboard Manager").name

	def ask(user: str) -> requests.Response:
		return browser(user, factories.PASSWORD).request("POST", "/api/method/run_doc_method", json=form)

	assert ask(manager).json()["message"] == sorted(measures.list_registered())
	assert get_error(ask(insights.make_reader())) == (403, "PermissionError")


def test_a_measure_over_a_doctype_that_the_site_lacks_says_so(site, monkeypatch):
	from orchestrator.sync import measures as of_clients

	monkeypatch.setattr(of_clients, "CLIENT", "No Such Thing")
	(item,) = get_dashboard(
		dashboard=insights.make_dashboard(insights.make_metric("Measure", "clients_in_care"))
	)["items"]
	assert item["error"] == {
		"type": "MissingDataError",
		"message": "This site has no No Such Thing yet, so there is nothing to count.",
	}


def test_a_measure_of_a_broken_app_is_an_error_of_its_item_alone(site, monkeypatch):
	broken, whole = insights.make_metric("Measure", "new_leads"), insights.make_metric("Measure", "headcount")
	paths = {**measures.list_registered(), "new_leads": "orchestrator.no_such_module.measure"}
	monkeypatch.setattr(measures, "list_registered", lambda: paths)
	first, second = get_dashboard(dashboard=insights.make_dashboard(broken, whole))["items"]
	assert (first["kind"], first["value"], first["error"]["type"]) == ("number", None, "InternalServerError")
	assert second["error"] is None


def test_a_source_that_is_renamed_stays_the_metrics_source(site):
	note = factories.make_unique("Note")
	insights.make_todos(2, note)
	card = insights.make_card(note)
	metric = insights.make_metric("Number Card", card.name)
	dashboard = insights.make_dashboard(metric)
	assert get_dashboard(dashboard=dashboard)["items"][0]["value"] == 2
	renamed = factories.make_unique("Renamed")
	frappe.rename_doc("Number Card", card.name, renamed)
	frappe.db.commit()
	(item,) = get_dashboard(dashboard=dashboard)["items"]
	assert (item["value"], item["error"]) == (2, None)
	assert frappe.db.get_value("Orchestrator Metric", metric.name, "source") == renamed


def test_without_redis_figures_are_computed_all_the_same(site, monkeypatch):
	from redis.exceptions import ConnectionError as RedisConnectionError
	from redis.lock import Lock

	def unreachable(*_arguments, **_options):
		raise RedisConnectionError

	dashboard = insights.make_dashboard(insights.make_metric("Measure", "headcount"))
	monkeypatch.setattr(type(frappe.cache()), "mget", unreachable)
	monkeypatch.setattr(Lock, "acquire", unreachable)
	(item,) = get_dashboard(dashboard=dashboard)["items"]
	assert item["error"] is None
	assert item["value"] >= 0


def test_another_app_adds_a_measure_by_its_hooks(site, monkeypatch):
	hooks = frappe.get_hooks
	theirs = {"open_tenders": ["tenders.figures.older", "orchestrator.hr.measures.headcount"]}

	def with_theirs(hook=None, *arguments, **options):
		found = hooks(hook, *arguments, **options)
		return {**found, **theirs} if hook == measures.HOOK else found

	monkeypatch.setattr(frappe, "get_hooks", with_theirs)
	item = compute(insights.make_metric("Measure", "open_tenders"))
	assert (item["kind"], item["error"]) == ("number", None)
	assert item["value"] == frappe.db.count("Employee", {"status": "Active"})


def make_client(status: str, level: str | None = None, **stays: tuple) -> str:
	"""Create a client of a connection and a facility that do not exist; `stays` are (status, days since
	admission, days since discharge).
	"""
	common = {"connection": "Nowhere", "facility": "Harbor House"}
	client = frappe.get_doc(
		{
			"doctype": "Client",
			"person_id": frappe.generate_hash(length=8),
			"status": status,
			"level_of_care": level,
			**common,
		}
	).insert(ignore_links=True)
	for case, (stay_status, admitted, discharged) in stays.items():
		frappe.get_doc(
			{
				"doctype": "Client Stay",
				"client": client.name,
				"casefile_id": f"{case}-{client.person_id}",
				"status": stay_status,
				"admission_date": add_days(today(), -admitted),
				"discharge_date": None if discharged is None else add_days(today(), -discharged),
				**common,
			}
		).insert(ignore_links=True)
	return client.name


def test_client_figures_are_those_of_the_clients_and_their_stays(site):
	clients = [
		make_client("Active", "Detox", a=("Active", 5, None)),
		make_client("Active", "Residential", a=("Active", 40, None)),
		make_client("Discharged", a=("Discharged", 20, 10), b=("Deleted", 1, 1)),
		make_client("Pre-Admission"),
	]
	frappe.db.commit()
	user = set_reader_of("Clinical User", "Client", *clients)
	frappe.set_user(user)
	items = {item["name"]: item for item in get_dashboard(dashboard="clients_dashboard")["items"]}
	assert {name: item["error"] for name, item in items.items() if item["error"]} == {}
	numbers = ("clients_in_care", "clients_expected", "admissions", "discharges", "length_of_stay")
	assert [items[name]["value"] for name in numbers] == [2, 1, 2, 1, 10]
	assert (items["admissions"]["previous"], items["discharges"]["previous"]) == (1, 0)
	levels = items["clients_by_level_of_care"]["value"]
	assert (levels["labels"], levels["datasets"][0]["values"]) == (["Detox", "Residential"], [1, 1])
	assert items["clients_by_facility"]["value"]["labels"] == ["Harbor House"]
	assert sum(items["admissions_by_month"]["value"]["datasets"][0]["values"]) == 3
