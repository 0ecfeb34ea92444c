"""A clinic with a client, and the many ways in which a caller may try to read that client."""

from dataclasses import dataclass
from typing import Any

import requests

import frappe

from tests.support import clinic, factories
from tests.support.client import Client

REPORT = "Lead Analysis"
CENSUS = "Client Census"
ROLES = ("Clinical Manager", "Sales User", "Sales Manager", "System Manager", "Report Manager")
METHOD = "/api/method/"


@dataclass(frozen=True)
class Clinic:
	"""A user who may read clients, one of those, and what tells of it. Each holds the client's last name."""

	user: str
	client: str
	last_name: str
	stay: str
	file_url: str
	lead: str


def make_clinic() -> Clinic:
	"""A client with a stay, a comment, a version and a private file."""
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


Way = tuple[str, str, dict[str, Any]]
WAYS: dict[str, Way] = {
	"resource": ("GET", "/api/resource/Client/{client}", {}),
	"resource list": (
		"GET",
		"/api/resource/Client",
		{"params": {"fields": '["*"]', "filters": '[["name","=","{client}"]]'}},
	),
	"resource by PUT": ("PUT", "/api/resource/Client/{client}", {"json": {"status": "Active"}}),
	"v1": ("GET", "/api/v1/resource/Client/{client}", {}),
	"v2": ("GET", "/api/v2/document/Client/{client}", {}),
	"v2 list": (
		"GET",
		"/api/v2/document/Client",
		{"params": {"fields": '["*"]', "filters": '[["name","=","{client}"]]'}},
	),
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
	"form of a stay": (
		"GET",
		METHOD + "frappe.desk.form.load.getdoc",
		{"params": {"doctype": "Client Stay", "name": "{stay}"}},
	),
	"print preview of a stay": (
		"GET",
		METHOD + "frappe.utils.print_format.download_pdf",
		{"params": {"doctype": "Client Stay", "name": "{stay}", "no_letterhead": 1}},
	),
	"global search": (
		"GET",
		METHOD + "frappe.utils.global_search.search",
		{"params": {"text": "Zimmerstein", "doctype": "Client"}},
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
		{
			"params": {
				"doctype": "Client Stay",
				"fields": '["client.last_name as seen"]',
				"limit_page_length": 500,
			}
		},
	),
	"expanded link": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"fields": '["client"]', "expand": '["client"]', "filters": '[["name","=","{stay}"]]'}},
	),
	"expanded links of a record": (
		"GET",
		"/api/resource/Client Stay/{stay}",
		{"params": {"expand_links": 1}},
	),
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
		for name in ("user", "client", "stay", "file_url", "lead"):
			value = value.replace(f"{{{name}}}", getattr(people, name))
		return value

	return client.request(verb, fill(path), **fill(options))


# What gives out no last name to anybody, and is here for the refusal alone
SILENT = {
	"form of a stay",
	"print preview of a stay",
	"global search",
	"method of a record",
	"report",
	"documented report",
	"save in Desk",
	"search",
	"link title",
	"list",
	"list as a browser",
}
