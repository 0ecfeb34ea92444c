"""Attacks that single calls with plain arguments do not cover: guessing filters, own records that point at
others', schedules, follows, invented charts. Each is a function that sends its requests and returns the
replies to search.
"""

import json
from typing import Any

import frappe

from tests.security.attack import M, Send, attack, name_in
from tests.security.dispatch import Reply
from tests.security.planting import World


@attack
def link_title_by_filter(send: Send, world: World) -> list[Reply]:
	"""Try door 1: a filter in place of a name."""
	replies = []
	for doctype in (
		"Client",
		"Sprint",
		"Orchestrator Dashboard",
		"Project",
		"Employee",
		"Document",
		"HD Ticket",
		"Issue",
	):
		by_filter = {
			"name": ["like", f"{world.name(doctype)}%"]
		}  # of others, the first may hold nothing to find
		replies.append(
			send(
				"POST",
				M + "frappe.desk.search.get_link_title",
				{"doctype": doctype, "docname": by_filter},
				as_json=True,
			)
		)
		replies.append(
			send(
				"POST",
				M + "frappe.desk.search.get_link_title",
				{"doctype": doctype, "docname": json.dumps(by_filter)},
			)
		)
	return replies


@attack
def link_titles_of_own_record(send: Send, world: World) -> list[Reply]:
	"""Try door 2: an own ToDo that refers to the record."""
	replies = []
	for doctype in ("Client", "Sprint", "Orchestrator Dashboard", "Employee", "Project", "HD Ticket"):
		todo = {"description": "mine", "reference_type": doctype, "reference_name": str(world.name(doctype))}
		made = send("POST", "/api/resource/ToDo", {"data": json.dumps(todo)})
		name = name_in(made, "data")
		replies += [made, send("GET", M + "frappe.desk.form.load.getdoc", {"doctype": "ToDo", "name": name})]
		replies.append(send("GET", "/api/resource/ToDo", {"fields": '["*"]', "expand": '["reference_name"]'}))
		replies.append(send("GET", f"/api/resource/ToDo/{name}", {"expand_links": "True"}))
	return replies


@attack
def rows_of_others_parents(send: Send, world: World) -> list[Reply]:
	"""Try doors 3 and 4: a single row of a child table, saved and read."""
	replies = []
	rows = (
		(
			"Document Folder Access",
			"Document Folder",
			"access",
			{"grantee_type": "User", "grantee": "Administrator", "level": "Manage"},
		),
		("Sprint Member", "Sprint", "members", {"user": "Administrator"}),
		("Salary Detail", "Salary Slip", "earnings", {"salary_component": "Basic", "amount": 1}),
		("Employee Education", "Employee", "education", {"school_univ": "x"}),
		("Has Role", "Orchestrator Dashboard", "roles", {"role": "Desk User"}),
		(
			"Orchestrator Dashboard Item",
			"Orchestrator Dashboard",
			"items",
			{"metric": world.name("Orchestrator Metric")},
		),
	)
	for doctype, parent, parentfield, values in rows:
		row = {**values, "parent": world.name(parent), "parenttype": parent, "parentfield": parentfield}
		for path, form in (
			(f"/api/resource/{doctype}", {"data": json.dumps(row)}),
			(f"/api/v2/document/{doctype}", row),
			(M + "frappe.client.insert", {"doc": json.dumps({"doctype": doctype, **row})}),
			(M + "frappe.client.save", {"doc": json.dumps({"doctype": doctype, **row, "__islocal": 1})}),
			(M + "frappe.client.insert_many", {"docs": json.dumps([{"doctype": doctype, **row}])}),
			(
				M + "frappe.desk.form.save.savedocs",
				{
					"doc": json.dumps({"doctype": doctype, **row, **_as_new_in_desk(doctype)}),
					"action": "Save",
				},
			),
		):
			reply = send("POST", path, form)
			reply.forbidden = f"a {doctype} of another's {parent} was saved" if _saved(reply) else ""
			replies.append(reply)
	return replies


def _as_new_in_desk(doctype: str) -> dict[str, Any]:
	"""Return what Desk sends along with a record that is not saved yet."""
	return {"name": f"new-{doctype.lower().replace(' ', '-')}-1", "__islocal": 1}


def _saved(reply: Reply) -> bool:
	return reply.status in (200, 201, 202) and any(
		s.lower().startswith("insert into `tab") for s in reply.effects.statements
	)


CHARTS = (
	("Client Stay", "diagnosis_codes"),
	("Client", "last_name"),
	("Employee", "bank_ac_no"),
	("Salary Slip", "bank_account_no"),
	("Issue", "subject"),
	("HD Ticket", "subject"),
	("Document", "title"),
)


@attack
def invented_charts(send: Send, world: World) -> list[Reply]:
	"""Try door 5: charts and cards that nobody saved."""
	replies = []
	for doctype, column in CHARTS:
		chart = {"doctype": "Dashboard Chart", "chart_name": "x", "document_type": doctype, "chart_type": "Group By",
			"group_by_type": "Count", "group_by_based_on": column, "based_on": "creation", "filters_json": "[]",
			"timespan": "Last Year", "time_interval": "Monthly", "type": "Bar", "number_of_groups": 0}  # fmt: skip
		get = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"
		replies.append(send("POST", M + get, {"chart": json.dumps(chart), "no_cache": 1}))
		replies.append(
			send("POST", M + get, {"chart": json.dumps({**chart, "type": "Heatmap"}), "no_cache": 1})
		)
		number = "ctc" if doctype == "Employee" else "net_pay"
		if doctype in ("Employee", "Salary Slip"):
			summed = {**chart, "chart_type": "Sum", "value_based_on": number, "type": "Heatmap"}
			replies.append(send("POST", M + get, {"chart": json.dumps(summed), "no_cache": 1}))
			card = {
				"doctype": "Number Card",
				"name": "x",
				"document_type": doctype,
				"function": "Sum",
				"aggregate_function_based_on": number,
			}
			replies.append(
				send(
					"POST",
					M + "frappe.desk.doctype.number_card.number_card.get_result",
					{"doc": json.dumps(card), "filters": "[]"},
				)
			)
		counts = {"doctype": doctype, "current_filters": "[]", "field": column}
		replies.append(send("POST", M + "frappe.desk.listview.get_group_by_count", counts))
	return replies


@attack
def employee_fields(send: Send, world: World) -> list[Reply]:
	"""Try door 6: fields of employees."""
	employee = world.name("Employee")
	replies = []
	for column in ("ctc", "bank_ac_no", "date_of_birth", "health_details", "employee_name"):
		replies.append(
			send(
				"GET",
				M + "hrms.hr.utils.get_employee_field_property",
				{"employee": employee, "fieldname": column},
			)
		)
	return replies


@attack
def written_back(send: Send, world: World) -> list[Reply]:
	"""Try door 10: the reply to a write."""
	replies = []
	for doctype in ("Client", "Client Stay"):
		name = world.name(doctype)
		column = "preferred_name" if doctype == "Client" else "program"
		form = {"doctype": doctype, "name": name, "fieldname": column, "value": "x"}
		replies.append(send("POST", M + "frappe.client.set_value", form))
		replies.append(send("PUT", f"/api/resource/{doctype}/{name}", {"data": "{}"}))
		replies.append(send("PUT", f"/api/v2/document/{doctype}/{name}", {}))
		replies.append(
			send(
				"POST",
				M + "frappe.email.inbox.set_value",
				{"doctype": doctype, "name": name, "fieldname": column, "value": "y"},
			)
		)
		doc = frappe.get_doc(doctype, name).as_dict(no_nulls=True)
		public = {df.fieldname for df in frappe.get_meta(doctype).fields if not df.permlevel} | {
			"doctype",
			"name",
			"modified",
		}
		sent = frappe.as_json({key: value for key, value in doc.items() if key in public})
		replies.append(send("POST", M + "frappe.client.save", {"doc": sent}))
		replies.append(send("POST", M + "frappe.desk.form.save.savedocs", {"doc": sent, "action": "Save"}))
		replies.append(
			send(
				"POST",
				M + "frappe.client.bulk_update",
				{"docs": json.dumps([{"doctype": doctype, "docname": name, column: "z"}])},
			)
		)
	return replies


@attack
def versions(send: Send, world: World) -> list[Reply]:
	"""Try door 12: versions."""
	form = {"doctype": "Client", "name": world.name("Client")}
	paths = ("frappe.desk.form.load.getdoc", "frappe.desk.form.load.get_docinfo")
	return [send("GET", M + path, form) for path in paths] + [
		send("GET", "/api/resource/Version", {"fields": '["*"]', "limit_page_length": 500})
	]


@attack
def linked_fields(send: Send, world: World) -> list[Reply]:
	"""Try door 14: fields of linked records."""
	replies = []
	asked = (
		("Employee", ["reports_to.ctc", "reports_to.bank_ac_no", "user_id.api_key"]), ("Goal", ["employee.ctc"]), ("ToDo", ["allocated_to.api_key"]),
		("Leave Application", ["employee.ctc"]), ("Task", ["project.project_name"]), ("Sync Issue", ["reference_name.full_name"]),
		("Issue", ["project.project_name"]), ("Document", ["file.file_url"]), ("Sprint", ["project.project_name"]),
	)  # fmt: skip
	for doctype, fields in asked:
		for path in (f"/api/resource/{doctype}", f"/api/v2/document/{doctype}"):
			replies.append(
				send("GET", path, {"fields": json.dumps(["name", *fields]), "limit_page_length": 500})
			)
		replies.append(
			send(
				"GET",
				M + "frappe.client.get_list",
				{"doctype": doctype, "fields": json.dumps(["name", *fields])},
			)
		)
		replies.append(
			send(
				"GET",
				M + "frappe.desk.reportview.get",
				{"doctype": doctype, "fields": json.dumps(["name", *fields])},
			)
		)
	for doctype, expand in (
		("ToDo", ["allocated_to", "reference_name", "owner"]),
		("Employee", ["user_id", "reports_to"]),
	):
		replies.append(
			send("GET", f"/api/resource/{doctype}", {"fields": '["*"]', "expand": json.dumps(expand)})
		)
	return replies


@attack
def follows(send: Send, world: World) -> list[Reply]:
	"""Try door 17: changes are mailed to followers."""
	replies = []
	for doctype in ("Client", "Client Stay", "Employee", "Issue", "HD Ticket"):
		form = {"doctype": doctype, "doc_name": world.name(doctype), "user": send.user}
		reply = send("POST", M + "frappe.desk.form.document_follow.follow_document", form)
		if any("tabDocument Follow" in s for s in reply.effects.statements):
			reply.forbidden = f"follows a {doctype}"
		replies.append(reply)
	return replies


@attack
def schedules(send: Send, world: World) -> list[Reply]:
	"""Try door 18: a scheduled report, as another user, mailed to oneself."""
	report = {"doctype": "Report", "report_name": "Sweep of clients", "ref_doctype": "Client", "report_type": "Report Builder", "is_standard": "No", "module": "Orchestrator",
		"json": json.dumps({"fields": [["full_name", "Client"], ["race", "Client"]]})}  # fmt: skip
	made = send("POST", "/api/resource/Report", {"data": json.dumps(report)})
	schedule = {
		"report": "Sweep of clients",
		"user": "Administrator",
		"email_to": send.user,
		"format": "HTML",
		"frequency": "Daily",
		"enabled": 1,
	}
	planned = send("POST", "/api/resource/Auto Email Report", {"data": json.dumps(schedule)})
	name = name_in(planned, "data")
	replies = [made, planned]
	for method in ("send_now", "download"):
		replies.append(
			send(
				"POST",
				M + f"frappe.email.doctype.auto_email_report.auto_email_report.{method}",
				{"name": name},
			)
		)
	return replies


@attack
def drafts(send: Send, world: World) -> list[Reply]:
	"""Try unsaved records, whose controller methods read the records that they name."""
	replies = []
	for doc in (
		{
			"doctype": "ToDo",
			"name": "x",
			"reference_type": "Client",
			"reference_name": world.name("Client"),
			"owner": send.user,
		},
		{"doctype": "Communication", "reference_doctype": "Issue", "reference_name": world.name("Issue")},
		{"doctype": "Expense Claim", "employee": world.name("Employee")},
		{"doctype": "Leave Application", "employee": world.name("Employee")},
		{
			"doctype": "Salary Slip",
			"employee": world.name("Employee"),
			"start_date": "2026-01-01",
			"end_date": "2026-01-31",
			"posting_date": "2026-01-31",
		},
	):
		full = json.dumps({**doc, **_as_new_in_desk(doc["doctype"])})
		replies.append(send("POST", M + "frappe.www.printview.get_html_and_style", {"doc": full}))
		replies.append(send("POST", M + "frappe.desk.form.save.savedocs", {"doc": full, "action": "Save"}))
		replies.append(send("POST", M + "frappe.client.insert", {"doc": json.dumps(doc)}))
		replies.append(
			send(
				"POST",
				M + "frappe.client.validate_link",
				{"doctype": doc["doctype"], "docname": doc.get("name", "x")},
			)
		)
	link = {
		"doctype": "Employee",
		"docname": world.name("Employee"),
		"fields": json.dumps(["ctc", "bank_ac_no", "employee_name"]),
	}
	replies.append(send("POST", M + "frappe.client.validate_link", link))
	return replies
