"""Platform methods that check no permission themselves: every entry of the table, over HTTP."""

import inspect
import re
from dataclasses import dataclass
from typing import Any

import pytest

import frappe

from orchestrator import compat
from orchestrator.access import method_guards
from orchestrator.access.checks import (
	AnyRecordRight,
	DeletedRecordRight,
	EmployeeOrApprover,
	OwnUser,
	RecordRight,
)
from orchestrator.access.dispatchers import DISPATCHERS
from tests.support import clinic, factories, helpdesk, hr_factories
from tests.support.client import Client
from tests.support.platform_names import is_importable

REFUSALS = {(403, "PermissionError"), (404, "DoesNotExistError")}
EXCEPTION_ID = re.compile(r"[0-9a-f]{40,}")
HIDDEN = "a-record-of-nobody"
# In Frappe alone, the role Employee reads every record of these DocTypes, and so may read what is computed from them only
OPEN_TO_EMPLOYEES = {
	"erpnext.projects.doctype.timesheet.timesheet.get_timesheet",
	"erpnext.projects.doctype.timesheet.timesheet.get_timesheet_detail_rate",
	"hrms.hr.doctype.goal.goal.get_children",
}


@dataclass(frozen=True)
class Private:
	"""Records that none of the callers below may read, by DocType."""

	names: dict[str, str]

	def name_of(self, doctype: str) -> str:
		return self.names.get(doctype, HIDDEN)


@pytest.fixture(scope="module")
def private(frappe_site) -> Private:
	frappe.set_user("Administrator")
	records = [
		clinic.make_client(clinic.make_connection()),
		factories.make_employee(ctc=91_827),
		factories.make_issue(),
		factories.make_project(),
		factories.make_lead(),
		helpdesk.make_hd_ticket(),
		factories.make_record("Note", title=factories.make_unique("Note"), public=0),
		factories.make_record(
			"Communication", subject="Private", content="Private", communication_type="Communication"
		),
		factories.make_record(
			"File", file_name=f"{factories.make_unique('secret')}.txt", content="secret", is_private=1
		),
	]
	return Private({record.doctype: record.name for record in records})


@pytest.fixture(scope="module")
def strangers(callers, private) -> dict[str, Client]:
	"""Return a portal user, a desk user without a role, and an employee, none of whom may read any of the
	records.
	"""
	return {
		"portal": callers.api(helpdesk.make_portal_user()),
		"desk": callers.api(factories.make_user("Desk User").name),
		"employee": callers.api(hr_factories.make_person().user),
	}


def build_arguments(name: str, private: Private) -> dict[str, Any]:
	"""Return arguments for a method that name records of others, as its checks read them."""
	arguments: dict[str, Any] = {}
	for check in method_guards.METHODS[name]:
		if isinstance(check, RecordRight):
			set_path(arguments, check.argument, private.name_of(check.doctype))
		elif isinstance(check, AnyRecordRight):
			set_path(arguments, check.doctype_argument, "Client")
			set_path(arguments, check.argument, private.name_of("Client"))
		elif isinstance(check, DeletedRecordRight):
			set_path(arguments, check.argument, private.name_of("Deleted Document"))
		elif isinstance(check, EmployeeOrApprover):
			set_path(arguments, check.argument, private.name_of("Employee"))
		elif isinstance(check, OwnUser):
			set_path(arguments, check.argument, "Administrator")
	return {**arguments, **build_special_arguments(private).get(name, {})}


def set_path(arguments: dict[str, Any], path: str, value: str) -> None:
	"""Set the value at a path as orchestrator.access.arguments reads it."""
	part, _, rest = path.partition(".")
	key = part.removesuffix("[]")
	if rest:
		inner: dict[str, Any] = {}
		set_path(inner, rest, value)
		existing = arguments.get(key)
		merged = {**existing, **inner} if isinstance(existing, dict) else inner
		arguments[key] = [merged] if part.endswith("[]") else merged
	else:
		arguments[key] = [value] if part.endswith("[]") else value


def build_special_arguments(private: Private) -> dict[str, dict[str, Any]]:
	"""Return arguments of the methods whose checks are separate functions."""
	employee = private.name_of("Employee")
	heatmap = {
		"chart_type": "Sum",
		"type": "Heatmap",
		"document_type": "Employee",
		"based_on": "date_of_joining",
		"value_based_on": "ctc",
		"filters_json": "[]",
	}
	table = {"data_source": "Site DB", "table_name": "tabClient"}
	return {
		"frappe.client.get_password": {
			"doctype": "Client",
			"name": private.name_of("Client"),
			"fieldname": "race",
		},
		"insights.api.data_sources.fetch_column_values": {**table, "table": "tabClient", "column": "race"},
		"insights.api.data_sources.get_data_source_table": table,
		"insights.api.data_sources.get_data_source_table_row_count": table,
		"insights.api.run_doc_method": {
			"docs": {"doctype": "Salary Component", "name": "Basic"},
			"method": "update_salary_structures",
		},
		"frappe.client.validate_link_and_fetch": {"doctype": "Client", "docname": private.name_of("Client")},
		"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": {"chart": heatmap, "no_cache": 1},
		"frappe.handler.run_doc_method": {
			"dt": "Salary Component",
			"dn": "Basic",
			"method": "update_salary_structures",
		},
		"erpnext.templates.pages.projects.get_task_html": {"project": private.name_of("Project")},
		"erpnext.templates.pages.projects.get_timesheet_html": {"project": private.name_of("Project")},
		"gameplan.extends.client.get_list": {"doctype": "Employee", "fields": ["name", "ctc"]},
		"gameplan.api.invite_by_email": {"emails": "me@example.com", "role": "Gameplan Admin"},
		"hrms.hr.utils.get_employee_field_property": {"employee": employee, "fieldname": "ctc"},
		"hrms.hr.doctype.employee_checkin.employee_checkin.add_log_based_on_employee_field": {
			"employee_field_value": employee,
			"employee_fieldname": "name",
			"timestamp": "2026-11-02 08:00:00",
		},
	}


# names in the tables that exist in this Frappe and these apps
ABSENT = compat.NAMES_OF_THE_OTHER_LINE | compat.NAMES_OF_SOME_VERSIONS
CALLS = [
	(name, caller)
	for name in sorted(method_guards.METHODS)
	for caller in ("portal", "desk", "employee")
	if not (caller == "employee" and name in OPEN_TO_EMPLOYEES)
]


@pytest.mark.parametrize(("name", "caller"), CALLS)
def test_guarded_method_refuses_records_of_others(name, caller, strangers, private):
	arguments = build_arguments(name, private)
	reply = strangers[caller].request("POST", f"/api/method/{name}", json=arguments)
	assert (reply.status_code, reply.json().get("exc_type")) in REFUSALS, reply.text[:400]


@pytest.mark.parametrize("name", sorted([*method_guards.METHODS, *DISPATCHERS]))
def test_table_names_methods_that_exist(name, site):
	if not is_importable(name) or frappe.get_attr(name) not in frappe.whitelisted:
		assert name in {*ABSENT, "frappe.handler.run_doc_method"}
		return
	function = frappe.get_attr(name)
	assert method_guards.get_function_name(function) == name


def list_paths(check: Any) -> list[str]:
	"""Return the arguments that a check reads, as orchestrator.access.arguments names them."""
	found = [getattr(check, part, None) for part in ("argument", "doctype_argument")]
	return [*filter(None, found), *getattr(check, "equal", {}).values()]


@pytest.mark.parametrize("name", sorted(method_guards.METHODS))
def test_checks_read_arguments_that_the_method_has(name, site):
	"""An argument that the platform has renamed would silently not be guarded any more."""
	paths = [path for check in method_guards.METHODS[name] for path in list_paths(check)]
	if not paths or not is_importable(name):
		return
	parameters = inspect.signature(inspect.unwrap(frappe.get_attr(name))).parameters.values()
	named = {parameter.name for parameter in parameters}
	takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
	assert takes_all or any(path.split(".")[0].removesuffix("[]") in named for path in paths)


ACTIVITIES = "erpnext.crm.utils.get_open_activities"
OWN_FIELD = "hrms.hr.utils.get_employee_field_property"
PATHS = {
	"plain": ("/api/method/{method}", {}),
	"v1": ("/api/v1/method/{method}", {}),
	"v2": ("/api/v2/method/{method}", {}),
	"trailing part": ("/api/method/{method}/more", {}),
	"cmd": ("/api/method/ping", {"cmd": ACTIVITIES}),
	"cmd on another path": ("/", {"cmd": ACTIVITIES}),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_every_path_to_a_method_is_guarded(path, verb, strangers, private):
	form, extra = PATHS[path]
	values = {"ref_doctype": "Client", "ref_docname": private.name_of("Client"), **extra}
	sent = {"params": values} if verb == "GET" else {"data": values}
	reply = strangers["portal"].request(verb, form.format(method=ACTIVITIES), **sent)
	assert reply.status_code == 403
	assert "open_activities" not in reply.text


def test_filter_in_place_of_a_name_is_refused(strangers, private):
	reply = strangers["employee"].post(ACTIVITIES, ref_doctype="Employee", ref_docname={"ctc": [">", 90_000]})
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidNameError")


def test_hidden_and_missing_records_are_refused_alike(strangers, private):
	hidden = private.name_of("Employee")
	replies = [
		strangers["employee"].post(OWN_FIELD, employee=name, fieldname="ctc")
		for name in (hidden, "HR-EMP-404")
	]
	assert [reply.status_code for reply in replies] == [404, 404]
	texts = {EXCEPTION_ID.sub("", reply.text).replace(hidden, "HR-EMP-404") for reply in replies}
	assert len(texts) == 1


@pytest.mark.parametrize(
	("method", "arguments"),
	[
		("frappe.desk.form.assign_to.follow_document", {"doctype": "Client", "doc_name": "{client}", "user": "me"}),
		(
			"gameplan.extends.client.batch",
			{
				"requests": [
					{"cmd": "ping", "ref_doctype": "Client", "ref_docname": "{client}"},
					{"cmd": ACTIVITIES},
				]
			},
		),
		(
			"frappe.desk.search.search_link",
			{
				"doctype": "User",
				"txt": "",
				"query": "hrms.hr.doctype.department_approver.department_approver.get_approvers",
				"filters": {"employee": "{employee}", "doctype": "Leave Application"},
			},
		),
		(
			"frappe.model.mapper.make_mapped_doc",
			{"method": "erpnext.projects.doctype.task.task.make_timesheet", "source_name": "x"},
		),
		(
			"frappe.model.mapper.map_docs",
			{
				"method": "erpnext.support.doctype.issue.issue.set_status",
				"source_names": '["{issue}"]',
				"target_doc": "Closed",
			},
		),
		(
			"hrms.utils.hierarchy_chart.get_all_nodes",
			{"method": "hrms.hr.page.organizational_chart.organizational_chart.get_children", "company": "{company}"},
		),
		(
			"frappe.desk.treeview.get_all_nodes",
			{
				"doctype": "Employee",
				"label": "x",
				"parent": "",
				"tree_method": "hrms.hr.page.organizational_chart.organizational_chart.get_children",
			},
		),
		(
			"gameplan.extends.client.batch",
			{"requests": [{"cmd": "gameplan.extends.client.batch", "requests": [{"cmd": ACTIVITIES, "ref_doctype": "Client", "ref_docname": "{client}"}]}]},
		),
	],
	ids=["alias", "batch", "search query", "mapper", "mapper of several", "chart of all", "tree", "batch in a batch"],
)  # fmt: skip
@pytest.mark.parametrize("caller", ["portal", "desk", "employee"])
def test_other_names_and_methods_that_call_methods_are_guarded(method, arguments, caller, strangers, private):
	names = {
		"{client}": private.name_of("Client"),
		"{employee}": private.name_of("Employee"),
		"{issue}": private.name_of("Issue"),
		"{company}": factories.get_company(),
	}
	text = frappe.as_json(arguments)
	for mark, name in names.items():
		text = text.replace(mark, name)
	reply = strangers[caller].request("POST", f"/api/method/{method}", json=frappe.parse_json(text))
	assert (reply.status_code, reply.json().get("exc_type")) in REFUSALS, reply.text[:400]
	assert frappe.db.get_value("Issue", private.name_of("Issue"), "status") == "Open"


PERMITTED = [
	(ACTIVITIES, {"ref_doctype": "Client", "ref_docname": "{Client}"}),
	(OWN_FIELD, {"employee": "{Employee}", "fieldname": "ctc"}),
	("hrms.api.get_leave_approval_details", {"employee": "{Employee}"}),
	("hrms.hr.page.organizational_chart.organizational_chart.get_children", {"company": "All Companies"}),
	("helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_contact", {"ticket": "{HD Ticket}"}),
	("helpdesk.helpdesk.doctype.hd_ticket.api.get_recent_similar_tickets", {"ticket": "{HD Ticket}"}),
	("erpnext.templates.pages.projects.get_task_html", {"project": "{Project}"}),
	("frappe.desk.form.document_follow.get_follow_users", {"doctype": "Client", "doc_name": "{Client}"}),
	("frappe.core.doctype.user_permission.user_permission.get_user_permissions", {"user": "Guest"}),
	("erpnext.crm.doctype.lead.lead.get_lead_details", {"lead": "{Lead}"}),
]


@pytest.mark.parametrize(("method", "arguments"), PERMITTED)
def test_permitted_caller_gets_the_reply_of_the_app(method, arguments, api, private):
	values = {key: fill(value, private) for key, value in arguments.items()}
	guarded = api("Administrator").get(method, **values)
	with helpdesk.override_settings(guard_platform_methods=0):
		stock = api("Administrator").get(method, **values)
	assert guarded.status_code == 200
	assert guarded.content == stock.content


def fill(value: str, private: Private) -> str:
	return private.name_of(value[1:-1]) if value.startswith("{") else value


def test_setting_gives_the_behaviour_of_the_apps_back(strangers, private):
	with helpdesk.override_settings(guard_platform_methods=0):
		reply = strangers["portal"].get(
			ACTIVITIES, ref_doctype="Client", ref_docname=private.name_of("Client")
		)
	assert reply.status_code == 200
	activities = reply.json()["message"]
	assert (activities["tasks"], activities["events"]) == ([], [])


def test_own_employee_record_stays_readable(api):
	person = hr_factories.make_person(ctc=4_711)
	reply = api(person.user).get(OWN_FIELD, employee=person.employee, fieldname="ctc")
	assert reply.json()["message"]["value"] == 4_711
	details = api(person.user).get("hrms.api.get_leave_approval_details", employee=person.employee)
	assert details.status_code == 200


def test_approver_of_an_employee_gets_the_fields_of_the_form_without_pay(api):
	approver = hr_factories.make_person("Leave Approver")
	employee = factories.make_employee(leave_approver=approver.user, ctc=4_711).name
	details = api(approver.user).get("hrms.api.get_leave_approval_details", employee=employee)
	assert details.json()["message"]["leave_approver"] == approver.user
	assert api(approver.user).get(OWN_FIELD, employee=employee, fieldname="ctc").status_code == 404


def test_agent_reads_tickets_and_their_customer_does_not(api):
	customer = helpdesk.make_portal_user()
	ticket = helpdesk.make_hd_ticket(raised_by=customer).name
	method = "helpdesk.helpdesk.doctype.hd_ticket.api.get_recent_similar_tickets"
	assert api(helpdesk.make_agent()).get(method, ticket=ticket).status_code == 200
	assert api(customer).get(method, ticket=ticket).status_code == 403


@pytest.mark.parametrize("method", ["get_task_html", "get_timesheet_html"])
def test_user_of_a_project_reads_its_portal_page(method, api):
	user = helpdesk.make_portal_user()
	project = factories.make_project(users=[{"user": user, "welcome_email_sent": 1}]).name
	assert api(user).get(f"erpnext.templates.pages.projects.{method}", project=project).status_code == 200


def test_search_text_of_a_guest_never_reaches_the_database(guest):
	reply = guest.get("helpdesk.templates.components.search.search.search_text", text="x' OR 1=1")
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_like_of_a_hidden_record_changes_nothing(strangers, private):
	client = private.name_of("Client")
	assert strangers["portal"].post("frappe.desk.like.toggle_like", doctype="Client", name=client, add="Yes").status_code == 403  # fmt: skip
	assert frappe.db.get_value("Client", client, "_liked_by") is None


@pytest.mark.parametrize("method", ["run_doc_method", "runserverobj", "frappe.handler.run_doc_method"])
@pytest.mark.parametrize(
	"document", [{"dt": "Report", "dn": "{report}"}, {"docs": {"doctype": "Report", "name": "{report}"}}]
)
def test_document_method_that_writes_needs_the_right_to_write(method, document, api):
	report = frappe.get_all("Report", {"disabled": 0, "is_standard": "Yes"}, pluck="name", limit=1)[0]
	text = frappe.as_json({**document, "method": "toggle_disable", "args": {"disable": 1}})
	reply = api(factories.make_user("Desk User").name).request(
		"POST", f"/api/method/{method}", json=frappe.parse_json(text.replace("{report}", report))
	)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
	assert frappe.db.get_value("Report", report, "disabled") == 0


@pytest.mark.parametrize(
	("path", "body"),
	[
		("/api/method/run_doc_method", {"dt": "HD Ticket", "dn": "{ticket}", "method": "reply_via_agent", "args": {"message": "x"}}),
		("/api/resource/HD Ticket/{ticket}", {"run_method": "reply_via_agent", "message": "x"}),
		("/api/v1/resource/HD Ticket/{ticket}", {"run_method": "assign_agent", "agent": "Administrator"}),
		("/api/v2/document/HD Ticket/{ticket}/method/reply_via_agent", {"message": "x"}),
	],
)  # fmt: skip
def test_customer_does_not_act_as_an_agent_on_their_own_ticket(path, body, api):
	customer = helpdesk.make_portal_user()
	ticket = str(helpdesk.make_hd_ticket(raised_by=customer).name)
	before = frappe.db.count("Communication", {"reference_name": ticket})
	text = frappe.as_json(body).replace("{ticket}", ticket)
	reply = api(customer).request("POST", path.format(ticket=ticket), json=frappe.parse_json(text))
	assert reply.status_code == 403
	assert frappe.db.count("Communication", {"reference_name": ticket}) == before
	assert frappe.db.get_value("HD Ticket", ticket, "_assign") in (None, "[]")
