"""The filters of dashboards: a range of dates and a facility, which each figure applies or says that it does not."""

import json
from typing import Any, NamedTuple

import pytest

import frappe

from orchestrator import compat
from orchestrator.insights.dashboards import jobs
from tests.support import clinic, factories, insights
from tests.support.client import get_data, get_error

CLIENTS = "clients_dashboard"
JANUARY = {"from_date": "2003-01-10", "to_date": "2003-01-20"}


class Clinic(NamedTuple):
	here: str
	there: str
	reader: str


@pytest.fixture(scope="module")
def two_facilities(frappe_site) -> Clinic:
	"""Create two facilities: three clients in care here, one there; stays of January 2003 here, one there."""
	here, there = clinic.make_connection(), clinic.make_connection()
	for connection, levels in ((here, ("Residential", "Residential", None)), (there, ("Residential",))):
		for level in levels:
			clinic.make_client(connection, level_of_care=level)
	make_stay(here, "2003-01-10", "2003-01-14")
	make_stay(here, "2003-01-20", "2003-01-20")
	make_stay(here, "2003-01-09", "2003-02-01")  # before the range, right in the range before
	make_stay(there, "2003-01-15", "2003-01-16")
	return Clinic(here.default_facility, there.default_facility, clinic.make_clinical_user())


def make_stay(connection, admitted: str, discharged: str) -> None:
	client = clinic.make_client(connection, status="Discharged")
	factories.make_record(
		"Client Stay",
		connection=connection.name,
		client=client.name,
		facility=connection.default_facility,
		status="Discharged",
		admission_date=admitted,
		discharge_date=discharged,
		casefile_id=factories.make_unique("casefile"),
	)


def get_items(client, **filters):
	data = get_data(client.get(insights.GET, dashboard=CLIENTS, **filters))
	return {item["name"]: item for item in data["items"]}, data


def test_facility_limits_every_figure_of_clients(api, two_facilities):
	items, data = get_items(api(two_facilities.reader), facility=two_facilities.here)
	assert items["clients_in_care"]["value"] == 3
	level = items["clients_by_level_of_care"]["value"]
	assert (level["labels"], level["datasets"][0]["values"]) == (["Residential", "None"], [2, 1])
	assert items["clients_by_facility"]["value"]["labels"] == [two_facilities.here]
	assert [name for name, item in items.items() if item["applied_filters"] != ["facility"]] == []
	assert data["filters"] == {"from_date": None, "to_date": None, "facility": two_facilities.here}
	assert data["available_filters"] == ["dates", "facility"]


def test_dates_replace_the_period_of_a_figure_and_its_comparison(api, two_facilities):
	items, _data = get_items(api(two_facilities.reader), facility=two_facilities.here, **JANUARY)
	# of 10 to 20 January; before that, of 30 December to 9 January
	assert (items["admissions"]["value"], items["admissions"]["previous"]) == (2, 1)
	assert (items["discharges"]["value"], items["discharges"]["previous"]) == (2, 0)
	assert items["length_of_stay"]["value"] == 2  # 4 days and none
	assert items["admissions_by_month"]["value"] == {
		"labels": ["2003-01"],
		"datasets": [{"name": "Admissions", "values": [2]}],
	}
	assert items["admissions"]["label"] == "Admissions"


def test_figures_of_the_present_say_that_dates_do_not_apply(api, two_facilities):
	items, _data = get_items(api(two_facilities.reader), facility=two_facilities.there, **JANUARY)
	ignoring = {name for name, item in items.items() if item["ignored_filters"] == ["dates"]}
	assert ignoring == {
		"clients_in_care",
		"clients_expected",
		"clients_by_level_of_care",
		"clients_by_facility",
	}
	assert items["clients_in_care"]["value"] == 1
	assert items["clients_in_care"]["label"] == "Clients in Care"


def test_filtered_values_leave_the_others_and_the_history_alone(api, two_facilities):
	client = api(two_facilities.reader)
	before = get_items(client)[0]["clients_in_care"]["value"]
	get_items(client, facility=two_facilities.there)
	insights.record_history()
	assert get_items(client)[0]["clients_in_care"]["value"] == before
	points = get_data(client.get(insights.HISTORY, dashboard=CLIENTS, metric="clients_in_care"))["points"]
	assert [point["value"] for point in points] == [before]


def test_user_permissions_apply_to_filtered_figures(api, two_facilities):
	limited = api(clinic.make_clinical_user(two_facilities.here))
	assert get_items(limited, facility=two_facilities.here)[0]["clients_in_care"]["value"] == 3
	hidden = limited.get(insights.GET, dashboard=CLIENTS, facility=two_facilities.there)
	assert get_error(hidden) == (404, "DoesNotExistError")


def test_user_without_facilities_may_not_filter_by_one(api, two_facilities):
	seller = api(factories.make_user("Sales User").name)
	reply = seller.get(insights.GET, dashboard="sales_dashboard", facility=two_facilities.here)
	assert get_error(reply) == (403, "PermissionError")
	missing = seller.get(insights.GET, dashboard="sales_dashboard", facility="nowhere")
	assert get_error(missing) == (403, "PermissionError")


@pytest.mark.parametrize("method", [insights.GET, insights.REFRESH])
@pytest.mark.parametrize(
	("filters", "expected"),
	[
		({"from_date": "2003-02-30"}, (400, "InvalidRequestError")),
		({"from_date": "yesterday"}, (400, "InvalidRequestError")),
		({"from_date": "2003-01-02", "to_date": "2003-01-01"}, (400, "InvalidRequestError")),
		({"to_date": "2003-01-01"}, (400, "InvalidRequestError")),
		({"from_date": "1990-01-01", "to_date": "2003-01-01"}, (400, "InvalidRequestError")),
		({"from_date": ["2003-01-01"]}, (400, "InvalidRequestError")),
		({"facility": "nowhere"}, (404, "DoesNotExistError")),
		({"facility": {"like": "%"}}, (400, "InvalidRequestError")),
	],
)
def test_malformed_filters_are_refused(api, two_facilities, method, filters, expected):
	reply = api(two_facilities.reader).post(method, dashboard=CLIENTS, **filters)
	assert get_error(reply) == expected


def test_chart_with_too_many_points_says_so_and_leaves_the_others(api, site):
	reply = api(factories.make_user("Support Team").name).get(
		insights.GET, dashboard="helpdesk_dashboard", from_date="2001-01-01", to_date="2003-12-31"
	)
	assert insights.get_item(reply, "tickets_by_day")["error"] == {
		"type": "InvalidRequestError",
		"message": "Choose a shorter period: a chart has at most 366 points.",
	}
	assert insights.get_item(reply, "new_tickets")["error"] is None


def make_client_card(**values):
	return insights.make_card("", document_type="Client", filters_json="[]", **values).name


def test_card_applies_the_facility_of_its_records(api, two_facilities):
	metric = insights.make_metric("Number Card", make_client_card())
	dashboard = insights.make_dashboard(metric)
	item = insights.get_item(
		api(two_facilities.reader).get(insights.GET, dashboard=dashboard, facility=two_facilities.there),
		metric.name,
	)
	assert (item["value"], item["applied_filters"]) == (2, ["facility"])
	assert item["records"][0]["filters"] == [["facility", "=", two_facilities.there]]


def test_shared_figure_does_not_apply_filters(api, two_facilities):
	shared = {"permission_mode": "Shared", "compute_as": "Administrator", "shared_role": "Clinical User"}
	metric = insights.make_metric("Number Card", make_client_card(), **shared)
	dashboard = insights.make_dashboard(metric)
	client = api(two_facilities.reader)
	item = insights.get_item(
		client.get(insights.GET, dashboard=dashboard, facility=two_facilities.there), metric.name
	)
	assert (item["value"], item["ignored_filters"]) == (frappe.db.count("Client"), ["facility"])


def test_report_applies_the_filters_that_it_declares(api, two_facilities):
	metric = insights.make_metric("Report", "Client Census")
	dashboard = insights.make_dashboard(metric)
	item = insights.get_item(
		api(two_facilities.reader).get(
			insights.GET, dashboard=dashboard, facility=two_facilities.there, **JANUARY
		),
		metric.name,
	)
	assert item["applied_filters"] == ["dates", "facility"]
	rows = [row for row in item["value"]["rows"] if row["group"] == two_facilities.there]
	assert [(row["admitted"], row["discharged"]) for row in rows] == [(1, 1)]


def make_stay_chart(connection: str = "%", **values: Any) -> str:
	filters = [["Client Stay", "status", "!=", "Deleted"], ["Client Stay", "connection", "like", connection]]
	return insights.make_chart(
		"",
		document_type="Client Stay",
		filters_json=json.dumps(filters),
		**values,
	).name


@pytest.mark.parametrize("interval", ["Daily", "Weekly", "Monthly", "Quarterly", "Yearly"])
def test_chart_over_time_applies_both_and_each_point_leads_to_its_records(
	api, browser, two_facilities, interval
):
	chart = make_stay_chart(
		chart_type="Count",
		based_on="admission_date",
		timeseries=1,
		timespan="Last Year",
		time_interval=interval,
	)
	item = get_chart_item(api, chart, two_facilities, facility=two_facilities.here, **JANUARY)
	assert item["applied_filters"] == ["dates", "facility"]
	assert sum(item["value"]["datasets"][0]["values"]) == 2
	check_points(browser, two_facilities.reader, item)


def test_chart_by_value_leads_to_its_records(api, browser, two_facilities):
	chart = make_stay_chart(group_by_based_on="facility")
	item = get_chart_item(api, chart, two_facilities, **JANUARY)
	assert item["ignored_filters"] == ["dates"]
	check_points(browser, two_facilities.reader, item)


def test_stays_without_a_facility_are_a_group_of_their_own(api, browser, two_facilities):
	"""Frappe 16 counts them under the title of any facility."""
	nowhere = clinic.make_connection()
	make_stay(nowhere, "2003-01-15", "2003-01-16")
	frappe.db.set_value("Client Stay", {"connection": nowhere.name}, "facility", None)
	frappe.db.commit()
	item = get_chart_item(api, make_stay_chart(group_by_based_on="facility"), two_facilities)
	(values,) = [dataset["values"] for dataset in item["value"]["datasets"]]
	groups = list(zip(item["value"]["labels"], values, item["records"][0]["points"], strict=True))
	(blank,) = [group for group in groups if group[0] == "None"]
	assert blank[1] == frappe.db.count(
		"Client Stay", {"facility": ("is", "not set"), "status": ("!=", "Deleted")}
	)
	assert blank[2] == [["facility", "is", "not set"]]
	check_points(browser, two_facilities.reader, item)


def test_clients_of_one_name_are_groups_that_lead_to_their_own_stays(api, browser, two_facilities):
	chart, clients = make_chart_of_namesakes()
	item = get_chart_item(api, chart, two_facilities)
	expected = [client.full_name if compat.CHARTS_SHOW_TITLES else client.name for client in clients]
	assert sorted(item["value"]["labels"]) == sorted(expected)
	points = [[["client", "=", client.name]] for client in clients]
	assert sorted(item["records"][0]["points"]) == sorted(points)
	check_points(browser, two_facilities.reader, item)


def test_labels_do_not_name_clients_whom_the_reader_may_not_see(api, two_facilities):
	"""The stays were here, and one client has moved there since."""
	chart, (stayed, moved) = make_chart_of_namesakes()
	facility = frappe.db.get_value("Client", moved.name, "facility")
	frappe.db.set_value("Client", moved.name, "facility", two_facilities.there)
	frappe.db.commit()
	metric = insights.make_metric("Dashboard Chart", chart)
	reply = api(clinic.make_clinical_user(facility)).get(
		insights.GET, dashboard=insights.make_dashboard(metric)
	)
	seen = stayed.full_name if compat.CHARTS_SHOW_TITLES else stayed.name
	assert set(insights.get_item(reply, metric.name)["value"]["labels"]) == {seen, moved.name}


def make_chart_of_namesakes() -> tuple[str, list[Any]]:
	"""Return a chart of the stays of two clients with one name, and the clients."""
	connection = clinic.make_connection()
	make_stay(connection, "2003-01-15", "2003-01-16")
	make_stay(connection, "2003-01-15", "2003-01-16")
	clients = frappe.get_all("Client", {"connection": connection.name}, ["name"])
	for client in clients:
		client.full_name = f"Ada {connection.name}"
		frappe.db.set_value("Client", client.name, "full_name", client.full_name)
	frappe.db.commit()
	return make_stay_chart(group_by_based_on="client", connection=connection.name), clients


def get_chart_item(api, chart, two_facilities, **filters):
	metric = insights.make_metric("Dashboard Chart", chart)
	dashboard = insights.make_dashboard(metric)
	return insights.get_item(
		api(two_facilities.reader).get(insights.GET, dashboard=dashboard, **filters), metric.name
	)


def check_points(browser, reader, item) -> None:
	"""Compare each value of a chart with the number of records in its list."""
	from tests.insights.test_records import count, join_filters

	desk = browser(reader, factories.PASSWORD)
	(records,) = item["records"]
	found = [
		count(desk, records["doctype"], join_filters(records["filters"], point))
		for point in records["points"]
	]
	assert found == item["value"]["datasets"][0]["values"]
	assert count(desk, records["doctype"], records["filters"]) == sum(found)


def test_job_computes_with_the_filters(api, two_facilities):
	"""The job gets them as plain values, and as the caller."""
	from orchestrator.insights.dashboards import layout, scopes, values
	from orchestrator.insights.metrics.dashboard_filters import DashboardFilters

	filters = DashboardFilters(facility=two_facilities.there)
	frappe.set_user(two_facilities.reader)
	jobs._refresh_items("Orchestrator Dashboard", CLIENTS, ["clients_in_care"], "en", filters.to_dict())
	plan = layout.get_dashboard(CLIENTS).apply_filters(filters)
	metric = next(item.metric for item in plan.items if item.metric.name == "clients_in_care")
	cached = values.get_cached_values([(metric, scopes.build_caller_scope())])[0]
	frappe.set_user("Administrator")
	assert cached and cached.value == 1
