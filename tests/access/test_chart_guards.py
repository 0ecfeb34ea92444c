"""Dashboard charts: charts that a caller invents, and figures that Frappe caches for all users."""

import pytest

import frappe

from orchestrator import compat
from tests.support import clinic, factories, helpdesk, hr_factories
from tests.support.client import get_error

GET = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"


def build_heatmap(doctype, based_on, value="1", **values):
	return {
		"chart_type": "Sum",
		"type": "Heatmap",
		"document_type": doctype,
		"based_on": based_on,
		"value_based_on": value,
		"filters_json": "[]",
		**values,
	}


@pytest.mark.parametrize(
	("doctype", "based_on"),
	[("Client", "creation"), ("Client Stay", "creation"), ("Salary Slip", "posting_date")],
)
@pytest.mark.parametrize("kind", ["Heatmap", "Bar"])
@pytest.mark.parametrize("encode", [dict, frappe.as_json], ids=["object", "text"])
@pytest.mark.parametrize("roles", [(), ("Desk User",)], ids=["portal", "desk"])
def test_invented_chart_of_a_hidden_doctype_is_refused(api, doctype, based_on, kind, encode, roles):
	user = factories.make_user(*roles).name if roles else helpdesk.make_portal_user()
	chart = encode(build_heatmap(doctype, based_on, type=kind))
	assert get_error(api(user).post(GET, chart=chart, no_cache=1)) == (403, "PermissionError")


def test_heatmap_of_hidden_records_is_refused_and_of_own_ones_not(api):
	person = hr_factories.make_person(ctc=71_717, date_of_joining="2026-03-04")
	factories.make_employee(ctc=91_919, date_of_joining="2026-03-05")
	chart = build_heatmap("Employee", "date_of_joining", "ctc", heatmap_year=2026)
	own = [["Employee", "name", "=", person.employee]]
	assert api(person.user).post(GET, chart=chart, no_cache=1).status_code == 403
	assert api(person.user).post(GET, chart=chart, filters=own, no_cache=1).status_code == 403
	own_chart = {**chart, "filters_json": frappe.as_json(own)}
	reply = api(person.user).post(GET, chart=own_chart, no_cache=1)
	of_all = api(hr_factories.make_hr()).post(GET, chart=chart, no_cache=1)
	if compat.FRAPPE_MAJOR < 16:
		assert list(reply.json()["message"]["dataPoints"].values()) == [71_717]
		assert of_all.status_code == 200
	else:  # Frappe 16.9 refuses the function of the date that its own heatmap selects
		assert [each.status_code for each in (reply, of_all)] == [417, 417]
		assert "unix_timestamp" in reply.text


@pytest.mark.parametrize(
	"values",
	[
		{"value_based_on": "age_at_admission + diagnosis_codes"},
		{"based_on": "race"},
		{"filters_json": '[["Client", "race", "like", "a%"]]'},
		{"filters_json": '[["race", "like", "a%"]]'},
		{"filters_json": '{"race": "a"}'},
		{"value_based_on": "(select max(ctc) from tabEmployee)"},
	],
	ids=["value", "date", "filter", "short filter", "dict of filters", "a query"],
)
def test_heatmap_of_a_field_of_a_hidden_level_is_refused(api, values):
	chart = {**build_heatmap("Client", "creation"), **values}
	reply = api(clinic.make_clinical_user()).post(GET, chart=chart, no_cache=1)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_shared_chart_cache_is_bypassed_for_restricted_users(api):
	person = hr_factories.make_person()
	factories.make_employee()
	chart = factories.make_record(
		"Dashboard Chart",
		chart_name=factories.make_unique("Chart"),
		chart_type="Group By",
		type="Bar",
		document_type="Employee",
		group_by_based_on="status",
		group_by_type="Count",
		filters_json="[]",
		is_public=1,
	).name
	reply = api("Administrator").get(GET, chart_name=chart)
	assert reply.status_code == 200, reply.text
	everyone = reply.json()["message"]
	own = api(person.user).get(GET, chart_name=chart).json()["message"]
	assert sum(everyone["datasets"][0]["values"]) > 1
	assert own["datasets"][0]["values"] == [1]
