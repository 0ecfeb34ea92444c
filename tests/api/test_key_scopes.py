"""Scopes of API keys: what a key does not name it cannot do, by any route."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import frappe

from tests.support import clinic, factories
from tests.support.client import Client, get_data, get_error
from tests.support.keys import KeyMaker, get_missing_scope

Api = Callable[[str], Client]
REPORT = "Lead Analysis"
CENSUS = "Client Census"
ROLES = ("Clinical Manager", "Sales User", "Sales Manager", "System Manager", "Report Manager")


@dataclass(frozen=True)
class Clinic:
	"""A user who may read clients, one of those, and what tells of it. Each holds the client's last name."""

	user: str
	client: str
	last_name: str
	stay: str
	file_url: str
	lead: str


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	frappe.set_user("Administrator")
	connection = clinic.make_connection()
	last_name = f"Zimmerstein{frappe.generate_hash(length=8)}"
	client = clinic.make_client(connection, last_name=last_name)
	stay = factories.make_record(
		"Client Stay",
		client=client.name,
		connection=connection.name,
		facility=connection.default_facility,
		casefile_id=frappe.generate_hash(length=10),
		status="Active",
		admission_date="2025-01-05",
	)
	client.add_comment("Comment", f"About {last_name}")
	file = factories.make_record(
		"File",
		file_name=f"{last_name}.txt",
		content=f"Notes on {last_name}",
		is_private=1,
		attached_to_doctype="Client",
		attached_to_name=client.name,
	)
	client.reload()
	client.update({"last_name": f"{last_name}-Smith"})
	client.save()
	frappe.db.commit()
	user = factories.make_user(*ROLES).name
	return Clinic(user, client.name, last_name, stay.name, file.file_url, factories.make_lead().name)


@pytest.fixture
def maker(people: Clinic, api: Api) -> KeyMaker:
	return KeyMaker(api(people.user))


@pytest.fixture
def reporter(maker: KeyMaker) -> Client:
	"""A key that may run one report, which has nothing to do with clients."""
	return maker.client(reports=[REPORT])


Way = tuple[str, str, dict[str, Any]]
METHOD = "/api/method/"
WAYS: dict[str, Way] = {
	"resource": ("GET", "/api/resource/Client/{client}", {}),
	"resource list": ("GET", "/api/resource/Client", {"params": {"fields": '["*"]', "limit": 500}}),
	"resource by PUT": ("PUT", "/api/resource/Client/{client}", {"json": {"status": "Active"}}),
	"v1": ("GET", "/api/v1/resource/Client/{client}", {}),
	"v2": ("GET", "/api/v2/document/Client/{client}", {}),
	"v2 list": ("GET", "/api/v2/document/Client", {"params": {"fields": '["*"]', "limit": 500}}),
	"v2 copy": ("GET", "/api/v2/document/Client/{client}/copy", {}),
	"get": ("GET", METHOD + "frappe.client.get", {"params": {"doctype": "Client", "name": "{client}"}}),
	"v2 method": (
		"GET",
		"/api/v2/method/frappe.client.get",
		{"params": {"doctype": "Client", "name": "{client}"}},
	),
	"list": (
		"POST",
		METHOD + "frappe.client.get_list",
		{"json": {"doctype": "Client", "fields": ["*"], "limit_page_length": 500}},
	),
	"list as a browser": (
		"POST",
		METHOD + "frappe.client.get_list",
		{
			"json": {"doctype": "Client", "fields": ["*"], "limit_page_length": 500},
			"headers": {"X-Requested-With": "XMLHttpRequest"},
		},
	),
	"value": (
		"GET",
		METHOD + "frappe.client.get_value",
		{"params": {"doctype": "Client", "fieldname": "last_name", "filters": "{client}"}},
	),
	"cmd in the query": (
		"GET",
		"/",
		{"params": {"cmd": "frappe.client.get", "doctype": "Client", "name": "{client}"}},
	),
	"cmd in the form": (
		"POST",
		"/",
		{"data": {"cmd": "frappe.client.get", "doctype": "Client", "name": "{client}"}},
	),
	"cmd beside another method": (
		"GET",
		METHOD + "ping",
		{"params": {"cmd": "frappe.client.get", "doctype": "Client", "name": "{client}"}},
	),
	"form": (
		"GET",
		METHOD + "frappe.desk.form.load.getdoc",
		{"params": {"doctype": "Client", "name": "{client}"}},
	),
	"list view": (
		"POST",
		METHOD + "frappe.desk.reportview.get",
		{"data": {"doctype": "Client", "fields": '["`tabClient`.`last_name`"]', "page_length": 500}},
	),
	"export": (
		"POST",
		METHOD + "frappe.desk.reportview.export_query",
		{
			"data": {
				"doctype": "Client",
				"fields": '["`tabClient`.`last_name`"]',
				"file_format_type": "CSV",
				"title": "x",
			}
		},
	),
	"search": (
		"POST",
		METHOD + "frappe.desk.search.search_link",
		{"json": {"doctype": "Client", "txt": "{client}"}},
	),
	"link title": (
		"GET",
		METHOD + "frappe.desk.search.get_link_title",
		{"params": {"doctype": "Client", "docname": "{client}"}},
	),
	"linked field": (
		"GET",
		METHOD + "frappe.client.get_list",
		{"params": {"doctype": "Client Stay", "fields": '["client.last_name as seen"]', "limit_page_length": 500}},
	),
	"expanded link": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"fields": '["client"]', "expand": '["client"]', "limit": 500}},
	),
	"expanded links of a record": ("GET", "/api/resource/Client Stay/{stay}", {"params": {"expand_links": 1}}),
	"report": (
		"POST",
		METHOD + "frappe.desk.query_report.run",
		{"json": {"report_name": CENSUS, "filters": {}, "ignore_prepared_report": True}},
	),
	"documented report": ("POST", METHOD + "frappe.desk.report.run", {"json": {"report_name": CENSUS}}),
	"versions": (
		"GET",
		"/api/resource/Version",
		{"params": {"fields": '["data"]', "filters": '[["docname","=","{client}"]]'}},
	),
	"comments": (
		"GET",
		"/api/resource/Comment",
		{"params": {"fields": '["content"]', "filters": '[["reference_name","=","{client}"]]'}},
	),
	"files": (
		"GET",
		"/api/resource/File",
		{"params": {"fields": '["file_name"]', "filters": '[["attached_to_name","=","{client}"]]'}},
	),
	"private file": ("GET", "{file_url}", {}),
	"download of a file": (
		"GET",
		METHOD + "frappe.core.doctype.file.file.download_file",
		{"params": {"file_url": "{file_url}"}},
	),
	"print view": ("GET", "/printview", {"params": {"doctype": "Client", "name": "{client}"}}),
	"print": (
		"GET",
		METHOD + "frappe.www.printview.get_html_and_style",
		{"params": {"doc": "Client", "name": "{client}"}},
	),
	"method of a record": ("GET", "/api/resource/Client/{client}", {"params": {"run_method": "get_title"}}),
	"save in Desk": (
		"POST",
		METHOD + "frappe.client.set_value",
		{"json": {"doctype": "Client", "name": "{client}", "fieldname": "status", "value": "Active"}},
	),
}


def send(client: Client, people: Clinic, way: Way) -> requests.Response:
	"""Send one of the requests, filled in."""
	verb, path, options = way

	def fill(value: Any) -> Any:
		if isinstance(value, dict):
			return {key: fill(each) for key, each in value.items()}
		if not isinstance(value, str):
			return value
		for name in ("client", "stay", "file_url"):
			value = value.replace(f"{{{name}}}", getattr(people, name))
		return value

	return client.request(verb, fill(path), **fill(options))


# What gives out no last name to anybody, and is here for the refusal alone
SILENT = {"method of a record", "save in Desk", "search", "link title", "list", "list as a browser"}


@pytest.mark.parametrize("name", WAYS)
def test_a_key_for_one_report_reads_no_client(
	people: Clinic, reporter: Client, api: Api, name: str
) -> None:
	open_reply = send(api(people.user), people, WAYS[name])
	reply = send(reporter, people, WAYS[name])
	assert people.last_name not in reply.text
	assert reply.status_code == 403, reply.text
	if name not in SILENT:
		assert (open_reply.status_code, people.last_name in open_reply.text) == (200, True), open_reply.text


def test_debug(people: Clinic, reporter: Client) -> None:
	reply = reporter.post("frappe.desk.report.run", report_name=REPORT)
	assert reply.status_code == 200, reply.text
