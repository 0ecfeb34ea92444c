"""Insights over the site's own database: the rows and columns that the reader may read, however a table is
named.
"""

from dataclasses import dataclass
from typing import Any

import pytest
import requests

import frappe

from orchestrator.access import insights_tables
from tests.support import clinic, factories
from tests.support.client import Client, get_error

RACE = "Canary-Race-8801"
SITE = "Site DB"
RUN = "insights.api.run_doc_method"
PREVIEWED_ROWS = 100
PREVIEWS = ("get_data_source_table", "get_data_source_table_row_count")


@dataclass(frozen=True)
class Reader:
	"""A user of Insights, and a query of theirs."""

	user: str
	http: Client
	query: dict[str, Any]

	def run(self, *operations: dict[str, Any], method: str = "execute", live: int = 1) -> requests.Response:
		doc = {**self.query, "operations": frappe.as_json(operations), "use_live_connection": live}
		return post(self.http, RUN, method=method, docs=doc, args={})


def post(http: Client, path: str, **body: Any) -> requests.Response:
	"""Send a POST with parameters of any name."""
	return http.request("POST", f"/api/method/{path}", json=body)


def make_reader(callers, *roles: str) -> Reader:
	user = factories.make_user("Insights User", *roles).name
	return reader_of(callers, user)


def reader_of(callers, user: str) -> Reader:
	frappe.set_user(user)
	workbook = factories.make_record("Insights Workbook", title=factories.make_unique("Workbook"))
	query = factories.make_record("Insights Query v3", title="Query", workbook=workbook.name, operations="[]")
	frappe.set_user("Administrator")
	row = {"doctype": query.doctype, "name": query.name, "workbook": workbook.name, "title": "Query"}
	return Reader(user, callers.api(user), row)


@pytest.fixture(scope="module")
def facility(frappe_site: str) -> str:
	"""Return a facility with one client; another client is at another one."""
	frappe.set_user("Administrator")
	connection = clinic.make_connection()
	clinic.make_client(connection, first_name="Canary-First-8802", race=RACE)
	clinic.make_client(clinic.make_connection(), first_name="Canary-First-8803", race=RACE)
	return str(connection.default_facility)


@pytest.fixture(scope="module")
def stranger(callers, facility) -> Reader:
	return make_reader(callers)


@pytest.fixture(scope="module")
def clinical(callers, facility) -> Reader:
	"""Return a clinical user of one facility, who reads level 0."""
	return reader_of(callers, clinic.make_clinical_user(facility, "Clinical User", "Insights User"))


def build_source(table: str) -> dict[str, Any]:
	return {"type": "source", "table": {"type": "table", "data_source": SITE, "table_name": table}}


def build_sql(text: str) -> dict[str, Any]:
	return {"type": "sql", "data_source": SITE, "raw_sql": text}


def list_rows(reply: requests.Response) -> list[dict[str, Any]]:
	assert reply.status_code == 200, reply.text
	return list(reply.json()["message"]["rows"])


@pytest.mark.parametrize("method", PREVIEWS)
@pytest.mark.parametrize("table", ["tabClient", "tabSalary Slip", "tabEmployee", "__Auth", "tabComment"])
def test_previews_are_refused(site, stranger, method, table):
	reply = stranger.http.post(f"insights.api.data_sources.{method}", data_source=SITE, table_name=table)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_values_of_a_column_are_refused(site, stranger):
	reply = stranger.http.post(
		"insights.api.data_sources.fetch_column_values",
		data_source=SITE,
		table="tabClient",
		column="race",
	)
	assert (reply.status_code, RACE in reply.text) == (403, False)


@pytest.mark.parametrize(
	"table", ["tabClient", "tabClient Stay", "tabSalary Slip", "tabSalary Detail", "tabVersion"]
)
def test_a_stranger_gets_no_rows(site, stranger, table):
	assert list_rows(stranger.run(build_source(table))) == []


def test_clinical_user_gets_their_facility_without_level_one(site, clinical):
	rows = list_rows(clinical.run(build_source("tabClient")))
	assert [row["first_name"] for row in rows] == ["Canary-First-8802"]
	assert not {"race", "contacts", "maiden_name"} & set(rows[0])


@pytest.mark.parametrize(
	"text",
	[
		"select race from tabClient",
		"select full_name from tabClient",
		"with tabClient as (select * from tabClient) select * from tabClient",
		"select 1 as a union select race from tabClient",
		"select (select race from tabClient limit 1) as a",
		"select 1 as a where exists (select 1 from tabClient where race like 'C%')",
		"select * from `{database}`.tabClient",
		"select password from __Auth",
		"select table_name from information_schema.tables",
		"select 1 as a /*!50000 , (select race from tabClient limit 1) as b */",
		"select 1 as a; select race from tabClient",
	],
)
@pytest.mark.parametrize("who", ["stranger", "clinical"])
def test_sql_on_private_tables_is_refused(request, site, who, text):
	reader = request.getfixturevalue(who)
	reply = reader.run(build_sql(text.format(database=frappe.conf.db_name)))
	assert reply.status_code in (403, 500), reply.text
	assert RACE not in reply.text
	assert "Canary-First" not in reply.text


def test_sql_on_restricted_rows_is_limited(site, callers, stranger):
	mine, other = factories.make_unique("Mine"), factories.make_unique("Other")
	reader = make_reader(callers, "Desk User")
	factories.make_record("ToDo", description=mine, allocated_to=reader.user)
	factories.make_record("ToDo", description=other, allocated_to="Administrator")
	text = f"select description from tabToDo where description in ('{mine}', '{other}')"  # noqa: S608  # made here
	assert list_rows(reader.run(build_sql(text))) == [{"description": mine}]


def test_who_may_read_all_keeps_tables_and_sql(site, callers):
	lead = factories.make_lead()
	reader = make_reader(callers, "Sales User", "Sales Manager")
	same = {"type": "filter", "column": {"column_name": "name"}, "operator": "=", "value": lead.name}
	assert [row["name"] for row in list_rows(reader.run(build_source("tabLead"), same))] == [lead.name]
	text = f"select name from tabLead where name = '{lead.name}'"  # noqa: S608  # made here
	assert list_rows(reader.run(build_sql(text))) == [{"name": lead.name}]
	preview = reader.http.post(
		"insights.api.data_sources.get_data_source_table", data_source=SITE, table_name="tabLead"
	)
	assert len(list_rows(preview)) == min(frappe.db.count("Lead"), PREVIEWED_ROWS)


def test_scripts_require_permission_to_write_scripts(site, stranger):
	code = {"type": "code", "code": "results = frappe.get_all('Client', fields=['*'])"}
	assert get_error(stranger.run(code)) == (403, "PermissionError")


def test_public_queries_read_by_the_permissions_of_their_author(site, stranger, guest):
	"""An Insights User publishes a table that they may not read: a guest gets nothing of it."""
	chart = frappe.get_doc(
		{
			"doctype": "Insights Chart v3",
			"title": "Chart",
			"workbook": stranger.query["workbook"],
			"query": stranger.query["name"],
			"chart_type": "Table",
			"is_public": 1,
		}
	).insert(ignore_mandatory=True)
	frappe.db.set_value(
		"Insights Query v3", stranger.query["name"], "operations", frappe.as_json([build_source("tabClient")])
	)
	frappe.db.set_value("Insights Query v3", stranger.query["name"], "use_live_connection", 1)
	frappe.db.set_value("Insights Chart v3", chart.name, "is_public", 1)
	frappe.db.commit()
	reply = post(guest, RUN, method="execute", docs=stranger.query, args={})
	assert list_rows(reply) == []


@pytest.mark.parametrize("text", ["select race from tabClient", "{{ 'select race from' }} tabClient"])
def test_queries_of_insights_2_are_checked(site, stranger, api, text):
	reader = api(stranger.user)
	made = reader.post("insights.api.queries.create_query", title="Old", data_source=SITE, is_native_query=1)
	doc = made.json()["message"]
	reply = post(reader, "run_doc_method", docs=frappe.as_json({**doc, "sql": text}), method="run")
	assert reply.status_code >= 400
	assert RACE not in reply.text


def test_alerts_are_evaluated_as_their_author(site, stranger):
	frappe.set_user("Administrator")
	alert = frappe.get_doc("Insights Query v3", stranger.query["name"])
	assert insights_tables.send_alert(lambda *_args: frappe.session.user, alert) == stranger.user
	assert frappe.session.user == "Administrator"
