"""Permission levels of fields, wherever a list request can name a field and wherever a reply contains a
record.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import frappe

from orchestrator import compat
from tests.support import clinic, factories
from tests.support.client import Client, get_data, get_error

RACE = "Canary-Race-7301"
CONTACTS = "Canary-Contact-7302"
HIDDEN = {"race": RACE, "contacts": CONTACTS}


@dataclass(frozen=True)
class Clinic:
	"""A client with values on level 1, and users who may read more or less of it."""

	name: str
	clinical_user: str
	clinical_manager: str
	system_manager: str


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	frappe.set_user("Administrator")
	client = clinic.make_client(clinic.make_connection(), **HIDDEN)
	return Clinic(
		client.name,
		clinic.make_clinical_user(None, "Clinical User", "Report Manager", "Dashboard Manager"),
		clinic.make_clinical_user(None, "Clinical Manager"),
		factories.make_user("System Manager").name,
	)


Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]


def open_desk(browser: Browser, user: str) -> Client:
	return browser(user, factories.PASSWORD)


FILTER = ["Client", "race", "=", RACE]
# Parameters of a list request that could reveal a hidden value
PROBES: dict[str, dict[str, Any]] = {
	"filters": {"filters": [FILTER]},
	"filters as a dict": {"filters": {"race": ["like", "Canary%"]}},
	"filters in capitals": {"filters": [["Client", "RACE", "like", "Canary%"]]},
	"or_filters": {"or_filters": [FILTER, ["Client", "name", "=", "x"]]},
	"order_by": {"order_by": "race desc"},
	"order_by with a table": {"order_by": "`tabClient`.`race` desc, name asc"},
	"group_by": {"group_by": "race"},
	"sum": {"fields": ["sum(race) as total"]},
	"max": {"fields": ["max(race) as highest"]},
	"count": {"fields": ["count(race) as number"]},
	"count distinct": {"fields": ["count(distinct race) as number"]},
}
# Parameters of Frappe's own lists only
NATIVE_PROBES: dict[str, dict[str, Any]] = {
	"group_concat": {"fields": ["group_concat(race) as all_races"]},
	"nested": {"fields": ["max(length(race)) as longest"]},
	"having": {"fields": ["name"], "group_by": "name having race in ('Canary-Race-7301')"},
	"order by a function": {"order_by": "length(race) desc"},
	"order by capitals": {"order_by": "`tabClient`.RACE desc"},
}


def encode_query(parameters: dict[str, Any]) -> dict[str, str]:
	return {key: value if isinstance(value, str) else json.dumps(value) for key, value in parameters.items()}


def assert_refused(reply: requests.Response, field: str = "race") -> None:
	assert reply.status_code == 403, reply.text
	assert field in reply.text or "date_of_death" in reply.text
	assert "Canary" not in reply.text.replace("Canary%", "").replace(RACE, "")


@pytest.mark.parametrize("probe", PROBES)
def test_contract_list_refuses_hidden_field(people: Clinic, api: Api, probe: str) -> None:
	reply = api(people.clinical_user).post("frappe.client.get_list", doctype="Client", **PROBES[probe])
	if probe == "filters in capitals":  # not a column under the contract
		assert get_error(reply) == (400, "InvalidRequestError")
		return
	assert_refused(reply)


@pytest.mark.parametrize(
	"path", ["/api/resource/Client", "/api/v1/resource/Client", "/api/v2/document/Client"]
)
@pytest.mark.parametrize("probe", [*PROBES, *NATIVE_PROBES])
def test_resource_list_refuses_hidden_field(people: Clinic, api: Api, path: str, probe: str) -> None:
	query = encode_query({**PROBES, **NATIVE_PROBES}[probe])
	reply = api(people.clinical_user).request("GET", path, params=query)
	if compat.QUERY_BUILDER_CHECKS_PERMISSIONS and path.startswith("/api/v2") and probe == "or_filters":
		# ignored by version 2 of Frappe 16: the list is as without them
		assert reply.json() == api(people.clinical_user).request("GET", path).json()
		return
	# Frappe itself refuses some of these as invalid columns or orders
	assert reply.status_code in (403, 417, 500) if "capitals" in probe or probe in NATIVE_PROBES else True
	if reply.status_code not in (417, 500):
		assert_refused(reply)


DESK_LISTS = (
	"frappe.desk.reportview.get",
	"frappe.desk.reportview.get_list",
	"frappe.client.get_list",
)


@pytest.mark.parametrize("method", DESK_LISTS)
@pytest.mark.parametrize("probe", [name for name in PROBES if "capitals" not in name])
def test_desk_list_refuses_hidden_field(people: Clinic, browser: Browser, method: str, probe: str) -> None:
	data = encode_query({"doctype": "Client", "fields": ["name"], **PROBES[probe]})
	reply = open_desk(browser, people.clinical_user).request("POST", f"/api/method/{method}", data=data)
	if reply.status_code != 417:
		assert_refused(reply)
	assert reply.status_code in (403, 417)


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
	"reportview.get_count": ("frappe.desk.reportview.get_count", {"doctype": "Client", "filters": [FILTER]}),
	"client.get_count": ("frappe.client.get_count", {"doctype": "Client", "filters": {"race": RACE}}),
	"get_stats": ("frappe.desk.reportview.get_stats", {"doctype": "Client", "stats": ["race"]}),
	"get_sidebar_stats": (
		"frappe.desk.reportview.get_sidebar_stats",
		{"doctype": "Client", "stats": ["_user_tags", "race"], "filters": [FILTER]},
	),
	"export_query": (
		"frappe.desk.reportview.export_query",
		{"doctype": "Client", "fields": ["name"], "filters": [FILTER], "file_format_type": "CSV", "title": "x"},
	),
	"get_group_by_count": (
		"frappe.desk.listview.get_group_by_count",
		{"doctype": "Client", "current_filters": [], "field": "race"},
	),
	"get_group_by_count filtered": (
		"frappe.desk.listview.get_group_by_count",
		{"doctype": "Client", "current_filters": [FILTER], "field": "status"},
	),
	"get_group_by_count assigned": (
		"frappe.desk.listview.get_group_by_count",
		{"doctype": "Client", "current_filters": [FILTER], "field": "assigned_to"},
	),
	"search_link": ("frappe.desk.search.search_link", {"doctype": "Client", "txt": "", "filters": [FILTER]}),
	"search_widget": ("frappe.desk.search.search_widget", {"doctype": "Client", "txt": "", "filters": {"race": RACE}}),
	"get_value": ("frappe.client.get_value", {"doctype": "Client", "fieldname": "name", "filters": {"race": RACE}}),
	"get": ("frappe.client.get", {"doctype": "Client", "filters": {"race": RACE}}),
	"number card": (
		"frappe.desk.doctype.number_card.number_card.get_result",
		{"doc": {"document_type": "Client", "function": "Count"}, "filters": [FILTER]},
	),
	"number card of a field": (
		"frappe.desk.doctype.number_card.number_card.get_result",
		{"doc": {"document_type": "Client", "function": "Maximum", "aggregate_function_based_on": "race"}, "filters": []},
	),
	"chart": (
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		{"chart": {"name": "x", "document_type": "Client", "chart_type": "Group By", "group_by_type": "Count", "group_by_based_on": "race", "filters_json": "[]"}, "no_cache": 1},
	),
	"filtered chart": (
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get",
		{"chart": {"name": "x", "document_type": "Client", "chart_type": "Group By", "group_by_type": "Count", "group_by_based_on": "status", "filters_json": json.dumps([FILTER])}, "no_cache": 1},
	),
	"next record": (
		"frappe.desk.form.utils.get_next",
		{"doctype": "Client", "value": "x", "prev": 0, "filters": [FILTER]},
	),
	"next record by a field": (
		"frappe.desk.form.utils.get_next",
		{"doctype": "Client", "value": "x", "prev": 0, "sort_field": "race"},
	),
	"goal": (
		"frappe.utils.goal.get_monthly_goal_graph_data",
		{
			"title": "x", "doctype": "User", "docname": "Administrator", "goal_value_field": "name", "goal_total_field": "name",
			"goal_history_field": "name", "goal_doctype": "Client", "goal_doctype_link": "name", "goal_field": "race",
			"date_field": "creation", "aggregation": "max",
		},
	),
	"grouped list": (
		"frappe.desk.reportview.get",
		{
			"doctype": "Client", "fields": ["name"], "group_by": "`tabClient`.`status`", "aggregate_function": "count",
			"aggregate_on_doctype": "Client", "aggregate_on_field": "race",
		},
	),
	"calendar": (
		"frappe.desk.calendar.get_events",
		{
			"doctype": "Client", "start": "2020-01-01", "end": "2030-01-01",
			"field_map": {"start": "date_of_death", "end": "modified", "title": "full_name"},
		},
	),
	"filtered calendar": (
		"frappe.desk.calendar.get_events",
		{
			"doctype": "Client", "start": "2020-01-01", "end": "2030-01-01", "filters": [FILTER],
			"field_map": {"start": "creation", "end": "modified", "title": "full_name"},
		},
	),
	"kanban": (
		"frappe.desk.reportview.get",
		{"doctype": "Client", "fields": ["name"], "filters": [FILTER], "view": "Kanban", "start": 0, "page_length": 20},
	),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("by", ["token", "desk"])
def test_method_refuses_hidden_field(people: Clinic, api: Api, browser: Browser, call: str, by: str) -> None:
	method, parameters = CALLS[call]
	caller = api(people.clinical_user) if by == "token" else open_desk(browser, people.clinical_user)
	reply = caller.request("POST", f"/api/method/{method}", data=encode_query(parameters))
	assert_refused(reply)


@pytest.mark.parametrize("call", CALLS)
def test_method_answers_readers_of_the_level(people: Clinic, api: Api, call: str) -> None:
	method, parameters = CALLS[call]
	reply = api(people.clinical_manager).request(
		"POST", f"/api/method/{method}", data=encode_query(parameters)
	)
	assert reply.status_code != 403 or "race" not in reply.text


def test_count_by_assignee_holds_readable_records(people: Clinic, api: Api) -> None:
	"""Frappe counts the assignments of records that the caller may not read."""
	frappe.db.rollback()
	frappe.get_doc(
		{
			"doctype": "ToDo", "allocated_to": people.clinical_manager, "description": "Look at it",
			"reference_type": "Client", "reference_name": people.name,
		}
	).insert()  # fmt: skip
	frappe.db.commit()
	parameters = encode_query(
		{"doctype": "Client", "current_filters": {"name": people.name}, "field": "assigned_to"}
	)
	method = "/api/method/frappe.desk.listview.get_group_by_count"
	seen = api(people.clinical_user).request("POST", method, data=parameters).json()
	assert seen["message"] == [{"name": people.clinical_manager, "count": 1}]
	stranger = factories.make_user("Desk User").name
	assert api(stranger).request("POST", method, data=parameters).status_code == 403


def test_stored_number_card_holds_levels(people: Clinic, api: Api) -> None:
	card = factories.make_record(
		"Number Card", label=factories.make_unique("Card"), document_type="Client", type="Document Type",
		function="Count", filters_json=json.dumps([[*FILTER, False]]), is_public=1,
	)  # fmt: skip
	reply = api(people.clinical_user).request(
		"POST",
		"/api/method/frappe.desk.doctype.number_card.number_card.get_result",
		data=encode_query({"doc": card.as_dict(convert_dates_to_str=True), "filters": card.filters_json}),
	)
	assert_refused(reply)


def test_stored_report_holds_levels(people: Clinic, api: Api) -> None:
	definition = {"filters": [FILTER], "columns": [["name", "Client"]], "order_by": "`tabClient`.`name`"}
	report = factories.make_record(
		"Report", report_name=factories.make_unique("Report"), ref_doctype="Client", report_type="Report Builder",
		is_standard="No", json=json.dumps(definition), roles=[{"role": "Clinical User"}, {"role": "Clinical Manager"}],
	)  # fmt: skip
	refused = api(people.clinical_user).post("frappe.desk.report.run", report_name=report.name)
	assert_refused(refused)
	assert people.name in json.dumps(
		get_data(api(people.clinical_manager).post("frappe.desk.report.run", report_name=report.name))
	)


@pytest.mark.parametrize("path", ["/api/resource/Client", "/api/v2/document/Client"])
def test_plain_fields_are_left_out(people: Clinic, api: Api, path: str) -> None:
	query = encode_query({"fields": ["name", "race", "contacts"], "filters": {"name": people.name}})
	assert api(people.clinical_user).request("GET", path, params=query).json()["data"] == [
		{"name": people.name}
	]
	rows = api(people.clinical_manager).request("GET", path, params=query).json()["data"]
	assert rows == [{"name": people.name, **HIDDEN}]


@pytest.mark.parametrize("method", ["search_link", "search_widget"])
@pytest.mark.parametrize(
	"text", ["race", "contacts", "#race", "-- race", "/* race */", "race's", 'say "race"', "a\\' race"]
)
def test_search_for_the_name_of_a_field(people: Clinic, api: Api, text: str, method: str) -> None:
	"""Search terms are not columns."""
	reply = api(people.clinical_user).get(f"frappe.desk.search.{method}", doctype="Client", txt=text)
	assert reply.status_code == 200, reply.text
	found = api(people.clinical_user).post(
		"frappe.client.get_list", doctype="Client", filters=[["full_name", "like", f"%{text}%"]]
	)
	assert found.status_code == 200, found.text


@pytest.mark.parametrize(
	"field",
	[
		"ifnull(race,'')",
		"ifnull(/*'*/race/*'*/,'')",
		"ifnull(`tabClient`.`race`, '')",
		"ifnull(tabClient . race, '')",
	],
)
def test_filter_by_a_function_of_a_hidden_field(people: Clinic, api: Api, field: str) -> None:
	query = encode_query({"filters": [["Client", field, "like", "Canary%"]]})
	reply = api(people.clinical_user).request("GET", "/api/resource/Client", params=query)
	assert reply.status_code in (403, 417), reply.text
	assert people.name not in reply.text


@pytest.mark.parametrize(
	("method", "kind"),
	[
		("frappe.desk.form.load.getdoc", "InvalidNameError"),
		("frappe.client.set_value", "InvalidRequestError"),
		("frappe.client.get", "InvalidRequestError"),
	],
)
@pytest.mark.parametrize("parameter", ["docname", "name", "dn"])
@pytest.mark.parametrize("value", [{"race": RACE}, [["race", "=", RACE]]])
def test_filters_are_no_name(
	people: Clinic, api: Api, parameter: str, value: Any, method: str, kind: str
) -> None:
	"""Frappe accepts filters in place of a name, and its reply reveals whether a record matches."""
	caller = api(people.clinical_user)
	reply = caller.post(method, doctype="Client", **{parameter: value}, fieldname="status", value="Active")
	assert get_error(reply) == (400, kind), reply.text
	assert get_error(
		caller.request(
			"POST", "/api/method/run_doc_method", json={"dt": "Client", "method": "x", parameter: value}
		)
	) == (400, "InvalidNameError")


def test_level_of_user_fields(people: Clinic, api: Api) -> None:
	"""Frappe excepts the DocType User from permission levels. Its type stays readable, because all apps
	select users by it.
	"""
	stranger = api(factories.make_user("Desk User").name)
	factories.get_token(people.system_manager)
	query = {
		"filters": {"name": people.system_manager},
		"fields": ["name", "full_name", "api_key", "user_type"],
	}
	rows = stranger.request("GET", "/api/resource/User", params=encode_query(query)).json()["data"]
	assert set(rows[0]) == {"name", "full_name"}
	star = stranger.request(
		"GET", "/api/resource/User", params=encode_query({**query, "fields": ["*"]})
	).json()["data"]
	assert "full_name" in star[0]
	assert {"api_key", "reset_password_key", "restrict_ip"}.isdisjoint(star[0])
	by_key = encode_query({"filters": [["User", "api_key", "like", "a%"]]})
	assert_refused(stranger.request("GET", "/api/resource/User", params=by_key), "api_key")
	by_type = encode_query({"filters": [["User", "user_type", "=", "System User"]]})
	assert stranger.request("GET", "/api/resource/User", params=by_type).status_code == 200


@pytest.mark.parametrize(
	("doctype", "filters"),
	[
		("Leave Application", [["status", "=", "Approved"]]),
		("Employee Checkin", [["time", ">", "2026-01-01"]]),
		("Expense Claim", [["approval_status", "=", "Approved"]]),
	],
)
def test_employee_can_filter_by_fields_readable_in_hrms(
	api: Api, site: str, doctype: str, filters: list
) -> None:
	"""HRMS keeps the status of leave and the time of a punch on level 1, and lets employees read both."""
	user = factories.make_user("Employee", "Employee Self Service").name
	factories.make_employee(user_id=user)
	query = encode_query(
		{"filters": filters, "fields": ["name", filters[0][0]], "order_by": f"{filters[0][0]} desc"}
	)
	reply = api(user).request("GET", f"/api/resource/{doctype}", params=query)
	assert reply.status_code == 200, reply.text


@pytest.fixture(scope="module")
def timesheet(frappe_site: str) -> tuple[str, str]:
	"""Return a timesheet with a billing rate on level 1 of its rows, and an employee who may not read that
	level.
	"""
	frappe.set_user("Administrator")
	user = factories.make_user("Employee", "Projects User", "HR User").name
	employee = factories.make_employee(user_id=user).name
	row = {
		"activity_type": frappe.get_all("Activity Type", pluck="name", limit=1)[0],
		"from_time": "2026-11-02 08:00:00", "hours": 2, "is_billable": 1, "billing_hours": 2, "billing_rate": 7301.25,
	}  # fmt: skip
	doc = factories.make_record(
		"Timesheet", employee=employee, company=factories.get_company(), time_logs=[row]
	)
	frappe.db.set_value("Timesheet", doc.name, "owner", user)
	frappe.db.commit()
	return str(doc.name), user


CHILD_PROBES: dict[str, dict[str, Any]] = {
	"filter": {"filters": [["Timesheet Detail", "billing_rate", ">", 7000]]},
	"function": {"fields": ["name", "max(`tabTimesheet Detail`.`billing_rate`) as highest"]},
	"order": {"fields": ["name", "time_logs.hours"], "order_by": "`tabTimesheet Detail`.`billing_rate` desc"},
	"bare order": {"fields": ["name", "time_logs.hours"], "order_by": "billing_rate desc"},
}


@pytest.mark.parametrize("probe", CHILD_PROBES)
@pytest.mark.parametrize("path", ["/api/resource/Timesheet", "/api/v2/document/Timesheet"])
def test_levels_of_child_rows(timesheet: tuple[str, str], api: Api, path: str, probe: str) -> None:
	name, user = timesheet
	reply = api(user).request("GET", path, params=encode_query(CHILD_PROBES[probe]))
	assert reply.status_code in (403, 417), reply.text
	assert name not in reply.text
	assert "7301" not in reply.text
	plain = encode_query(
		{"fields": ["name", "time_logs.hours", "time_logs.billing_rate"], "filters": {"name": name}}
	)
	rows = api(user).request("GET", path, params=plain).json()["data"]
	assert rows == [{"name": name, "hours": 2.0}]


def test_levels_of_child_rows_in_replies(timesheet: tuple[str, str], api: Api) -> None:
	name, user = timesheet
	for reply in (
		api(user).request("PUT", f"/api/resource/Timesheet/{name}", json={"note": "x"}),
		api(user).post(
			"frappe.client.set_value", doctype="Timesheet", name=name, fieldname="note", value="y"
		),
		api(user).post(
			"frappe.email.inbox.set_value", doctype="Timesheet", name=name, fieldname="note", value="z"
		),
		api(user).get("frappe.desk.form.load.getdoc", doctype="Timesheet", name=name),
	):
		assert reply.status_code == 200, reply.text
		body = reply.json()
		record = body.get("data") or body.get("message") or body["docs"][0]
		rows = record["time_logs"]
		assert [(row["hours"], row.get("billing_rate") or 0) for row in rows] == [(2.0, 0)]


def test_levels_of_child_rows_in_exports(timesheet: tuple[str, str], api: Api) -> None:
	name, user = timesheet
	columns = {"Timesheet": ["name"], "time_logs": ["name", "hours", "billing_rate"]}
	template = {
		"doctype": "Timesheet", "export_fields": json.dumps(columns), "export_records": "all", "file_type": "CSV",
		"export_filters": json.dumps([["Timesheet", "name", "=", name]]),
	}  # fmt: skip
	method = "/api/method/frappe.core.doctype.data_import.data_import.download_template"
	reply = api(user).request("GET", method, params=template)
	assert reply.status_code == 200, reply.text
	assert name in reply.text
	assert "7301" not in reply.text
	assert "7301.25" in api("Administrator").request("GET", method, params=template).text
	whole = {
		"doctype": "Timesheet", "parent_doctype": "Timesheet", "all_doctypes": "true", "with_data": "1", "file_type": "CSV",
		"filters": json.dumps({"name": name}),
	}  # fmt: skip
	method = "/api/method/frappe.core.doctype.data_export.exporter.export_data"
	exported, all_columns = (
		api(reader).request("GET", method, params=whole) for reader in (user, "Administrator")
	)
	# ERPNext keeps the rate in the company's currency on level 0
	assert (exported.text.count("7301.25"), all_columns.text.count("7301.25")) == (1, 2)


def test_lists_without_hidden_fields_are_frappes_own(people: Clinic, browser: Browser) -> None:
	"""A reply is not rewritten if nothing has to be removed."""
	caller = open_desk(browser, people.clinical_manager)
	form = caller.get("frappe.desk.form.load.getdoc", doctype="Client", name=people.name)
	assert (form.status_code, form.json()["docs"][0]["race"]) == (200, RACE)
	assert form.json()["_link_titles"] == {}


def test_searches_by_custom_queries(people: Clinic, api: Api) -> None:
	"""Filters of a search by an app's function go through the same check."""
	frappe.db.rollback()
	frappe.make_property_setter(
		{
			"doctype": "Employee",
			"fieldname": "bank_ac_no",
			"property": "permlevel",
			"value": 1,
			"property_type": "Int",
		},
		is_system_generated=False,
	)
	frappe.db.commit()
	try:
		user = factories.make_user("Employee", "HR User").name
		parameters = {"doctype": "Employee", "txt": "", "query": "erpnext.controllers.queries.employee_query"}
		ask = api(user)
		plain = ask.post("frappe.desk.search.search_link", **parameters, filters={"status": "Active"})
		assert plain.status_code == 200, plain.text
		probe = ask.post(
			"frappe.desk.search.search_link", **parameters, filters={"bank_ac_no": ["like", "7%"]}
		)
		assert probe.status_code in (403, 404), probe.text
		direct = ask.post(
			"erpnext.controllers.queries.employee_query", doctype="Employee", txt="", searchfield="name", start=0,
			page_len=10, filters={"bank_ac_no": ["like", "7%"]},
		)  # fmt: skip
		assert direct.status_code == 403, direct.text
	finally:
		frappe.db.delete("Property Setter", {"doc_type": "Employee", "field_name": "bank_ac_no"})
		frappe.clear_cache(doctype="Employee")
		frappe.db.commit()


def test_count_by_version_two(people: Clinic, api: Api) -> None:
	filters = encode_query({"filters": [FILTER, ["Client", "name", "=", people.name]]})
	reply = api(people.clinical_user).request("GET", "/api/v2/doctype/Client/count", params=filters)
	assert_refused(reply)
	counted = api(people.clinical_manager).request("GET", "/api/v2/doctype/Client/count", params=filters)
	assert counted.json()["data"] == 1


def test_values_of_a_custom_column(people: Clinic, api: Api) -> None:
	"""A column of a linked record that a report's reader adds."""
	method = "/api/method/frappe.desk.query_report.get_data_for_custom_field"
	parameters = encode_query({"doctype": "Client", "field": "race", "names": [people.name]})
	reply = api(people.clinical_user).request("POST", method, data=parameters)
	assert RACE not in reply.text
	assert RACE in api(people.clinical_manager).request("POST", method, data=parameters).text


def test_copy_of_a_record(people: Clinic, api: Api) -> None:
	reply = api(people.clinical_user).request("GET", f"/api/v2/document/Client/{people.name}/copy")
	assert (reply.status_code, RACE in reply.text) == (200, False)


def test_report_by_mail_holds_the_levels_of_its_user(people: Clinic, site: str) -> None:
	"""Frappe runs a stored report for a user in a job as the Administrator."""
	from orchestrator.access import platform_patches

	platform_patches.install_patches()
	try:
		rows = frappe.get_list(
			"Client", filters={"name": people.name}, fields=["name", "race"], user=people.clinical_user
		)
		assert rows == [{"name": people.name}]
		with pytest.raises(frappe.PermissionError, match="race"):
			frappe.get_list("Client", filters={"race": RACE}, user=people.clinical_user)
		assert frappe.get_list("Client", filters={"race": RACE}, ignore_permissions=True)
		assert RACE in frappe.get_all("Client", filters={"race": RACE}, order_by="race", pluck="race")
	finally:
		del frappe.local.orchestrator_access
	# without the app's hooks, Frappe's own behaviour
	if compat.QUERY_BUILDER_CHECKS_PERMISSIONS:
		with pytest.raises(frappe.PermissionError, match="You do not have permission to access field"):
			frappe.get_list("Client", filters={"race": RACE}, user=people.clinical_user)
	else:
		assert frappe.get_list("Client", filters={"race": RACE}, user=people.clinical_user)
