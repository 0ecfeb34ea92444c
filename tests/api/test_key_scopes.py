"""Scopes of API keys: what a key does not name it cannot do, by any route."""

import json
from collections.abc import Callable, Iterator

import pytest

import frappe

from orchestrator import compat
from tests.conftest import Callers
from tests.support import factories, insights
from tests.support.client import Client, get_data, get_error
from tests.support.key_scopes import CENSUS, METHOD, REPORT, SILENT, WAYS, Clinic, make_clinic, send
from tests.support.keys import KeyMaker, get_missing_scope


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	return make_clinic()


@pytest.fixture(scope="module")
def owner(people: Clinic, callers: Callers) -> Client:
	"""The user by Frappe's own key, to which no scope applies."""
	return callers.api(people.user)


@pytest.fixture(scope="module")
def maker(owner: Client) -> KeyMaker:
	return KeyMaker(owner)


@pytest.fixture(scope="module")
def reporter(maker: KeyMaker) -> Client:
	"""A key that may run one report, which has nothing to do with clients."""
	return maker.client(reports=[REPORT])


@pytest.mark.parametrize("name", WAYS)
def test_a_key_for_one_report_reads_no_client(
	site: str, people: Clinic, owner: Client, reporter: Client, name: str
) -> None:
	open_reply = send(owner, people, WAYS[name])
	reply = send(reporter, people, WAYS[name])
	assert people.last_name not in reply.text
	assert reply.status_code == 403, reply.text
	if name not in SILENT:
		assert (open_reply.status_code, people.last_name in open_reply.text) == (200, True), open_reply.text


def test_the_key_runs_its_report_and_gets_its_file(site: str, reporter: Client, people: Clinic) -> None:
	assert get_data(reporter.post("frappe.desk.report.run", report_name=REPORT))["report_name"] == REPORT
	made = get_data(reporter.post("orchestrator.insights.generate_report", report_name=REPORT, format="csv"))
	assert made["status"] == "Completed"
	assert get_data(reporter.get("orchestrator.insights.get_report_status", run=made["run"])) == made
	assert reporter.request("GET", made["file_url"]).status_code == 200


def test_the_key_gets_no_result_of_another_report(site: str, owner: Client, reporter: Client) -> None:
	made = get_data(owner.post("orchestrator.insights.generate_report", report_name=CENSUS, format="csv"))
	assert owner.request("GET", made["file_url"]).status_code == 200
	assert reporter.request("GET", made["file_url"]).status_code == 403
	status = reporter.get("orchestrator.insights.get_report_status", run=made["run"])
	assert get_error(status) == (404, "DoesNotExistError")
	refused = reporter.post("orchestrator.insights.generate_report", report_name=CENSUS, format="csv")
	assert get_error(refused) == (403, "PermissionError")
	assert get_missing_scope(refused) == f"report {CENSUS}"
	assert "report Client Census" in refused.json()["exc"]


# A key with everything that tells of clients, but not with clients
NEARLY_ALL = {
	"doctypes": {
		doctype: ["read", "export", "report", "print", "write", "create"]
		for doctype in ("Client Stay", "Comment", "Version", "File", "Deleted Document", "Lead", "Tag Link")
	},
	"methods": [
		"frappe.desk.form.load.getdoc",
		"frappe.desk.form.load.get_docinfo",
		"frappe.utils.global_search.search",
		"frappe.desk.reportview.get",
		"frappe.desk.reportview.export_query",
		"frappe.desk.search.search_link",
		"frappe.desk.search.get_link_title",
		"frappe.desk.query_report.run",
		"frappe.core.doctype.file.file.download_file",
		"frappe.model.mapper.make_mapped_doc",
		"frappe.client.validate_link",
	],
}


@pytest.fixture(scope="module")
def generous(maker: KeyMaker) -> Client:
	return maker.client(**NEARLY_ALL)


@pytest.mark.parametrize("name", WAYS)
def test_a_key_without_clients_reads_none_through_other_records(
	site: str, people: Clinic, generous: Client, name: str
) -> None:
	assert people.last_name not in send(generous, people, WAYS[name]).text


def test_the_key_reads_what_it_names(site: str, people: Clinic, generous: Client) -> None:
	assert (
		get_data(generous.get("frappe.client.get", doctype="Lead", name=people.lead))["name"] == people.lead
	)
	stay = generous.request("GET", f"/api/resource/Client Stay/{people.stay}").json()["data"]
	assert (stay["name"], stay["client"]) == (people.stay, people.client)
	title = generous.get("frappe.desk.search.get_link_title", doctype="Client", docname=people.client)
	assert title.json()["message"] == people.client


WRITES = [
	("POST", "/api/resource/Lead", {"json": {"lead_name": "x"}}, "Lead: create"),
	("PUT", "/api/resource/Lead/{lead}", {"json": {"lead_name": "x"}}, "Lead: write"),
	("DELETE", "/api/resource/Lead/{lead}", {}, "Lead: delete"),
	("PUT", "/api/v2/document/Lead/{lead}", {"json": {"lead_name": "x"}}, "Lead: write"),
	("DELETE", "/api/v2/document/Lead/{lead}", {}, "Lead: delete"),
	(
		"POST",
		METHOD + "frappe.client.set_value",
		{"json": {"doctype": "Lead", "name": "{lead}", "fieldname": "lead_name", "value": "x"}},
		"Lead: write",
	),
	(
		"POST",
		METHOD + "frappe.client.delete",
		{"json": {"doctype": "Lead", "name": "{lead}"}},
		"Lead: delete",
	),
	(
		"POST",
		METHOD + "frappe.desk.delete.delete_many",
		{"json": {"doctype": "Lead", "name": ["{lead}"]}},
		"Lead: delete",
	),
	(
		"POST",
		METHOD + "frappe.client.insert",
		{"json": {"doctype": "Lead", "lead_name": "x"}},
		"Lead: create",
	),
	(
		"POST",
		METHOD + "frappe.client.save",
		{"json": {"doc": {"doctype": "Lead", "name": "{lead}", "lead_name": "x"}}},
		None,
	),
	("POST", METHOD + "orchestrator.crm.get_leads", {"json": {}}, "method orchestrator.crm.get_leads"),
]


@pytest.mark.parametrize(("verb", "path", "options", "missing"), WRITES)
def test_a_key_that_reads_leads_changes_none(
	site: str, people: Clinic, maker: KeyMaker, verb: str, path: str, options: dict, missing: str | None
) -> None:
	lead = factories.make_lead(lead_name="Before")
	before = (frappe.db.count("Lead"), frappe.db.get_value("Lead", lead.name, "modified"))
	reader = maker.client(doctypes={"Lead": ["read"]})
	options = json.loads(json.dumps(options).replace("{lead}", lead.name))
	reply = reader.request(verb, path.replace("{lead}", lead.name), **options)
	assert reply.status_code == 403, reply.text
	assert missing is None or get_missing_scope(reply) == missing
	frappe.db.rollback()
	assert (frappe.db.count("Lead"), frappe.db.get_value("Lead", lead.name, "modified")) == before


def test_a_key_may_do_what_its_scope_names(site: str, maker: KeyMaker) -> None:
	writer = maker.client(
		doctypes={"Lead": ["read", "create", "write", "delete"], "Contact": ["delete"]},
		methods=["orchestrator.crm.*"],
	)
	lead = get_data(
		writer.post(
			"frappe.client.insert", doctype="Lead", lead_name="A", email=factories.make_unique_email()
		),
		201,
	)
	changed = writer.request("PUT", f"/api/resource/Lead/{lead['name']}", json={"first_name": "B"})
	assert changed.json()["data"]["first_name"] == "B"
	assert get_data(writer.get("orchestrator.crm.get_leads", limit_page_length=1))["total"] > 0
	deleted = writer.request("DELETE", f"/api/v2/document/Lead/{lead['name']}")
	assert deleted.status_code == 202, get_missing_scope(deleted)
	assert not frappe.db.exists("Lead", lead["name"])


def test_a_scope_gives_nothing_that_the_user_lacks(site: str, callers: Callers, people: Clinic) -> None:
	user = factories.make_user("Sales User").name
	key = KeyMaker(callers.api(user)).client(
		doctypes={"Client": ["read", "write"], "Lead": ["read"]}, reports=[CENSUS]
	)
	assert key.request("GET", f"/api/resource/Client/{people.client}").status_code == 403
	assert key.post("frappe.desk.report.run", report_name=CENSUS).status_code == 403
	assert get_data(key.get("frappe.client.get_list", doctype="Lead", limit_page_length=1))


FORBIDDEN = [
	("orchestrator.api.keys.create_key", {"title": "More", "full_access": True}),
	("orchestrator.api.keys.list_keys", {}),
	("orchestrator.api.keys.rotate_key", {"key": "{key}"}),
	("orchestrator.api.keys.revoke_key", {"key": "{key}"}),
	("frappe.core.doctype.user.user.generate_keys", {"user": "{user}"}),
	("frappe.core.doctype.user.user.update_password", {"new_password": "Harbor-Light-9999-x"}),
	("frappe.core.doctype.user.user.reset_password", {"user": "{user}"}),
	(
		"frappe.client.insert",
		{"doc": {"doctype": "API Key", "title": "x", "user": "{user}", "full_access": 1}},
	),
	(
		"frappe.client.set_value",
		{"doctype": "API Key", "name": "{key}", "fieldname": "full_access", "value": 1},
	),
	(
		"frappe.client.set_value",
		{"doctype": "User", "name": "{user}", "fieldname": "new_password", "value": "x"},
	),
	("frappe.client.set_value", {"doctype": "User", "name": "{user}", "fieldname": "api_key", "value": "x"}),
	("frappe.client.insert", {"doc": {"doctype": "User Permission", "user": "{user}"}}),
	("frappe.client.insert", {"doc": {"doctype": "DocShare", "user": "{user}"}}),
	("frappe.integrations.oauth2.approve", {}),
	("login", {"usr": "{user}", "pwd": factories.PASSWORD}),
	("run_doc_method", {"dt": "User", "dn": "{user}", "method": "send_welcome_mail_to_user"}),
	("runserverobj", {"dt": "User", "dn": "{user}", "method": "send_welcome_mail_to_user"}),
]


@pytest.mark.parametrize(("method", "body"), FORBIDDEN)
def test_a_key_with_a_scope_makes_no_keys_and_changes_no_user(
	site: str, people: Clinic, maker: KeyMaker, method: str, body: dict
) -> None:
	key = maker.create(doctypes={"User": ["read"], "API Key": ["read"], "Lead": ["read", "write", "create"]})
	frappe.db.rollback()
	before = (frappe.db.count("API Key"), frappe.db.get_value("User", people.user, "modified"))
	text = json.dumps(body).replace("{key}", key["key"]).replace("{user}", people.user)
	reply = maker.sign_in(key).request("POST", f"{METHOD}{method}", json=json.loads(text))
	assert reply.status_code in (401, 403), reply.text
	frappe.db.rollback()
	assert (frappe.db.count("API Key"), frappe.db.get_value("User", people.user, "modified")) == before
	assert frappe.db.get_value("API Key", key["key"], "full_access") == 0


ATTACKS = {
	"filter by another DocType": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"filters": '[["Client","last_name","like","Z%"]]'}},
	),
	"order by a linked field": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"fields": '["name", "client.last_name as seen"]', "order_by": "seen"}},
	),
	"filter by another DocType that is joined": (
		"GET",
		"/api/resource/Client Stay",
		{
			"params": {
				"fields": '["name", "client.last_name as seen"]',
				"filters": '[["Client","last_name","like","Z%"]]',
			}
		},
	),
	"alternative filter by another DocType": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"or_filters": '[["Client","last_name","like","Z%"]]'}},
	),
	"group by a linked field": (
		"GET",
		"/api/resource/Client Stay",
		{"params": {"fields": '["client.last_name as seen"]', "group_by": "seen"}},
	),
	"role by itself": (
		"POST",
		"/api/resource/Has Role",
		{"json": {"parenttype": "User", "parent": "{user}", "parentfield": "roles", "role": "Blogger"}},
	),
	"schedule of a report": (
		"POST",
		"/api/resource/Auto Email Report",
		{"json": {"report": CENSUS, "user": "{user}", "email_to": "{user}", "format": "CSV"}},
	),
	"copy of a report": (
		"POST",
		"/api/resource/Report",
		{"json": {"report_name": "x", "ref_doctype": "Client"}},
	),
	"follower of a client": (
		"POST",
		"/api/resource/Document Follow",
		{"json": {"ref_doctype": "Client", "ref_docname": "{client}", "user": "{user}"}},
	),
	"comment on a client": (
		"POST",
		"/api/resource/Comment",
		{"json": {"reference_doctype": "Client", "reference_name": "{client}", "content": "x"}},
	),
	"upload to a client": (
		"POST",
		METHOD + "upload_file",
		{"data": {"doctype": "Client", "docname": "{client}"}, "files": {"file": ("a.txt", b"a")}},
	),
	"upload that runs a method": (
		"POST",
		METHOD + "upload_file",
		{"data": {"method": "frappe.auth.get_logged_user"}, "files": {"file": ("a.txt", b"a")}},
	),
	"upload that runs a method, as a browser": (
		"POST",
		METHOD + "upload_file",
		{
			"data": {"method": "frappe.auth.get_logged_user"},
			"files": {"file": ("a.txt", b"a")},
			"headers": {"X-Requested-With": "XMLHttpRequest"},
		},
	),
	"search that runs a method": (
		"POST",
		METHOD + "frappe.desk.search.search_link",
		{"json": {"doctype": "Lead", "txt": "", "query": "erpnext.controllers.queries.employee_query"}},
	),
	"mapper": (
		"POST",
		METHOD + "frappe.model.mapper.make_mapped_doc",
		{"json": {"method": "erpnext.crm.doctype.lead.lead.make_customer", "source_name": "{lead}"}},
	),
	"socket": ("GET", METHOD + "frappe.realtime.get_user_info", {}),
	"unknown method": ("GET", METHOD + "no.such.method", {}),
	"unknown DocType": ("GET", "/api/resource/No Such DocType", {}),
	"metadata": ("GET", "/api/v2/doctype/Client/meta", {}),
	"count": ("GET", "/api/v2/doctype/Client/count", {}),
	"count by a method": ("GET", METHOD + "frappe.client.get_count", {"params": {"doctype": "Client"}}),
	"method of a DocType": ("GET", "/api/v2/method/Client/get_title", {}),
	"document in memory": (
		"POST",
		"/api/v2/method/run_doc_method",
		{"json": {"document": {"doctype": "Client", "name": "{client}"}, "method": "get_title"}},
	),
}
# Frappe 15 has no such filters and orders
if compat.QUERY_BUILDER_CHECKS_PERMISSIONS:
	ATTACKS |= {
		"filter by a linked field": (
			"GET",
			"/api/resource/Client Stay",
			{"params": {"filters": '{"client.last_name": ["like", "Z%"]}'}},
		),
		"order by another DocType": (
			"GET",
			"/api/resource/Client Stay",
			{"params": {"order_by": "`tabClient`.`last_name` asc"}},
		),
	}


@pytest.mark.parametrize("name", ATTACKS)
def test_further_ways_round_the_scope_are_403_and_leave_nothing(
	site: str, people: Clinic, generous: Client, name: str
) -> None:
	tables = ("Has Role", "Auto Email Report", "Report", "Document Follow", "Comment", "File")
	frappe.db.rollback()
	before = [frappe.db.count(table) for table in tables]
	reply = send(generous, people, ATTACKS[name])
	assert reply.status_code == 403, reply.text
	frappe.db.rollback()
	assert [frappe.db.count(table) for table in tables] == before


def test_the_source_of_credentials_cannot_be_chosen(site: str, maker: KeyMaker) -> None:
	key = maker.create(doctypes={"Lead": ["read"]})
	client = maker.sign_in(key)
	client.headers["Frappe-Authorization-Source"] = "API Key"
	assert client.get("frappe.client.get_list", doctype="Opportunity").status_code == 403
	client.headers["Authorization"] = f"token {key['key']}:x"
	assert client.get("frappe.client.get_list", doctype="Lead").status_code in (401, 500)


@pytest.mark.parametrize("path", ["/app", "/", "/me", "/api/method/frappe.sessions.get", "/backups/x.sql.gz"])
def test_pages_are_not_for_a_key_with_a_scope(site: str, generous: Client, path: str) -> None:
	assert generous.request("GET", path).status_code == 403


def test_ping_and_the_state_of_the_key_are_free(site: str, reporter: Client) -> None:
	assert reporter.get("ping").json() == {"message": "pong"}
	state = get_data(reporter.get("orchestrator.api.keys.get_current_key"))
	assert (state["reports"], state["doctypes"], state["status"]) == ([REPORT], {}, "Active")
	assert not {"secret", "secret_hash"} & state.keys()


def test_a_key_is_not_lent_the_reply_of_its_user(
	site: str, people: Clinic, owner: Client, maker: KeyMaker
) -> None:
	body = {"lead_name": factories.make_unique("Lead")}
	headers = {"Idempotency-Key": frappe.generate_hash(length=20)}
	first = owner.request("POST", "/api/resource/Lead", json=body, headers=headers)
	assert owner.request("POST", "/api/resource/Lead", json=body, headers=headers).text == first.text
	reader, creator = maker.client(reports=[REPORT]), maker.client(doctypes={"Lead": ["read", "create"]})
	assert reader.request("POST", "/api/resource/Lead", json=body, headers=headers).status_code == 403
	second = creator.request("POST", "/api/resource/Lead", json=body, headers=headers)
	again = creator.request("POST", "/api/resource/Lead", json=body, headers=headers)
	names = [reply.json()["data"]["name"] for reply in (first, second, again)]
	assert names[0] != names[1] == names[2]
	assert "Idempotency-Replayed" not in second.headers


def test_a_record_cannot_be_turned_to_what_the_scope_includes(
	site: str, people: Clinic, generous: Client
) -> None:
	comment = frappe.db.get_value("Comment", {"reference_name": people.client, "comment_type": "Comment"})
	body = {"reference_doctype": "Lead", "reference_name": people.lead}
	paths = (f"/api/resource/Comment/{comment}", f"/api/v2/document/Comment/{comment}")
	replies = [generous.request("PUT", path, json=body) for path in paths]
	assert [(reply.status_code, get_missing_scope(reply)) for reply in replies] == [(403, "Client: read")] * 2
	assert people.last_name not in "".join(reply.text for reply in replies)
	frappe.db.rollback()
	assert frappe.db.get_value("Comment", comment, "reference_doctype") == "Client"


def test_a_file_of_a_client_cannot_be_reached_through_another_record(
	site: str, people: Clinic, owner: Client, maker: KeyMaker
) -> None:
	own = get_data(
		owner.request(
			"POST",
			"/api/method/upload_file",
			files={"file": (f"{people.last_name}.txt", b"Diagnosis of " + people.last_name.encode())},
			data={"is_private": 1, "doctype": "Client", "docname": people.client},
		),
		201,
	)
	key = maker.client(doctypes={"Lead": ["read", "write"], "File": ["read", "create", "write"]})
	tries = [
		key.request("PUT", f"/api/resource/Lead/{people.lead}", json={"image": own["file_url"]}),
		key.request(
			"POST",
			"/api/resource/File",
			json={
				"file_url": own["file_url"],
				"is_private": 1,
				"attached_to_doctype": "Lead",
				"attached_to_name": people.lead,
			},
		),
		key.request(
			"PUT",
			f"/api/resource/File/{own['name']}",
			json={"attached_to_doctype": "Lead", "attached_to_name": people.lead},
		),
		key.request("POST", "/api/method/upload_file", data={"file_url": own["file_url"], "is_private": 1}),
	]
	assert [reply.status_code for reply in tries] == [403, 403, 403, 403]
	assert key.request("GET", own["file_url"]).status_code == 403
	assert owner.request("GET", own["file_url"]).status_code == 200


def test_a_shared_client_stays_out_of_the_scope(
	site: str, people: Clinic, owner: Client, reporter: Client, generous: Client
) -> None:
	factories.make_record(
		"DocShare", share_doctype="Client", share_name=people.client, user=people.user, read=1, write=1
	)
	path = f"/api/resource/Client/{people.client}"
	assert [key.request("GET", path).status_code for key in (reporter, generous)] == [403, 403]
	assert people.last_name not in send(generous, people, WAYS["linked field"]).text


def test_rows_of_child_tables_follow_their_record(site: str, people: Clinic, maker: KeyMaker) -> None:
	contact = factories.make_record(
		"Contact", first_name="Row", links=[{"link_doctype": "Lead", "link_name": people.lead}]
	)
	params = {"parent": "Contact", "fields": '["link_name"]', "filters": f'[["parent","=","{contact.name}"]]'}
	readers = [maker.client(doctypes={name: ["read"]}) for name in ("Contact", "Lead")]
	replies = [key.request("GET", "/api/resource/Dynamic Link", params=params) for key in readers]
	assert [reply.status_code for reply in replies] == [200, 403]
	assert replies[0].json()["data"] == [{"link_name": people.lead}]


def test_a_job_has_the_scope_that_its_key_has_when_it_runs(
	site: str, people: Clinic, maker: KeyMaker, worker: Callable[[], None]
) -> None:
	key = maker.create(doctypes={"Lead": ["read", "delete"], "Contact": ["delete"]})
	client = maker.sign_in(key)
	names = [factories.make_lead().name for _ in range(2)]
	queued = [
		get_data(client.post("frappe.desk.delete.delete_many", doctype="Lead", name=[name], background=True))
		for name in names[:1]
	]
	worker()
	assert not frappe.db.exists("Lead", names[0])
	queued.append(
		get_data(
			client.post("frappe.desk.delete.delete_many", doctype="Lead", name=names[1:], background=True)
		)
	)
	frappe.get_doc("API Key", key["key"]).update(
		{"doctypes": [{"reference_doctype": "Lead", "read": 1}]}
	).save()
	frappe.db.commit()
	worker()
	frappe.db.rollback()
	assert frappe.db.exists("Lead", names[1])
	states = [
		client.get("orchestrator.api.bulk.get_operation", operation=each["operation"]) for each in queued
	]
	assert [get_data(state)["status"] for state in states] == ["Completed", "Failed"]


def test_a_job_of_a_deleted_key_may_do_nothing(
	site: str, people: Clinic, maker: KeyMaker, worker: Callable[[], None]
) -> None:
	key = maker.create(doctypes={"Lead": ["read", "delete"], "Contact": ["delete"]})
	lead = factories.make_lead().name
	get_data(
		maker.sign_in(key).post(
			"frappe.desk.delete.delete_many", doctype="Lead", name=[lead], background=True
		)
	)
	frappe.delete_doc("API Key", key["key"])
	frappe.db.commit()
	worker()
	frappe.db.rollback()
	assert frappe.db.exists("Lead", lead)


def test_values_of_a_dashboard_are_those_of_the_scope(
	site: str, people: Clinic, owner: Client, maker: KeyMaker
) -> None:
	dashboard = insights.make_dashboard(insights.make_metric("Measure", "clients_in_care"))
	rights = {"Orchestrator Dashboard": ["read"], "Orchestrator Metric": ["read"]}
	key = maker.client(doctypes=rights, methods=["orchestrator.insights.*"])
	narrow = get_data(key.post(insights.REFRESH, dashboard=dashboard))["items"][0]
	whole = get_data(owner.post(insights.REFRESH, dashboard=dashboard))["items"][0]
	assert whole["value"] > 0
	assert not narrow["value"]
	assert [
		get_data(client.get(insights.GET, dashboard=dashboard))["items"][0]["value"]
		for client in (key, owner)
	] == [
		narrow["value"],
		whole["value"],
	]


@pytest.fixture(scope="module")
def unguarded(frappe_site: str) -> Iterator[None]:
	"""A site that closes nothing of what Frappe leaves open."""
	set_guard(0)
	yield
	set_guard(1)


def set_guard(value: int) -> None:
	frappe.db.set_single_value("Orchestrator Settings", "guard_platform_methods", value)
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")
	frappe.db.commit()


@pytest.mark.parametrize("name", WAYS)
def test_the_scope_holds_on_a_site_without_guards(
	site: str, people: Clinic, generous: Client, unguarded: None, name: str
) -> None:
	assert people.last_name not in send(generous, people, WAYS[name]).text


def test_a_portal_shows_a_key_no_record_beyond_its_scope(site: str, callers: Callers) -> None:
	user = factories.make_user("Sales User").name
	issue = factories.make_issue(raised_by=user).name
	owner = callers.api(user)
	method = "orchestrator.helpdesk.get_sla_status"
	assert owner.get(method, issue=issue).status_code == 200
	maker = KeyMaker(owner)
	keys = [maker.client(methods=[method]), maker.client(methods=[method], doctypes={"Issue": ["read"]})]
	assert [key.get(method, issue=issue).status_code for key in keys] == [403, 200]
