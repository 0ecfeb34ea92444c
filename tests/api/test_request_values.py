"""Invalid parameters, values and texts are refused by name, and nothing is written."""

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error

Api = Callable[[str], Client]
INSERT, SET_VALUE, LIST = "frappe.client.insert", "frappe.client.set_value", "frappe.client.get_list"


@pytest.mark.parametrize(
	("method", "body", "unknown", "meant"),
	[
		(LIST, {"doctype": "Lead", "filter": [["name", "=", "x"]]}, "filter", "filters"),
		(LIST, {"doctype": "Lead", "limit": 5}, "limit", None),
		("orchestrator.hr.apply_leave", {
			"employee": "E", "leave_type": "L", "from_date": "2027-01-04", "to_date": "2027-01-04", "halfday": 1,
		}, "halfday", "half_day"),
		("orchestrator.helpdesk.add_issue_comment", {
			"issue": "I", "message": "m", "internal": True,
		}, "internal", "is_internal"),
		("frappe.desk.doctype.webhook.create", {
			"doctype": "Lead", "webhook_name": "w", "events": ["after_insert"], "request_url": "https://example.com",
			"webhook_secret": "s",
		}, "webhook_secret", None),
		("orchestrator.insights.generate_report", {
			"report_name": "Lead Analysis", "format": "csv", "filter": {},
		}, "filter", "filters"),
		("frappe.desk.delete.delete_many", {"doctype": "Lead", "name": ["x"], "atomc": False}, "atomc", "atomic"),
		("frappe.client.delete", {"doctype": "Lead", "name": "x", "force": 1}, "force", None),
		("orchestrator.sync.sync_kipu_clients", {"sync_type": "full", "dryrun": True}, "dryrun", "dry_run"),
		("orchestrator.crm.get_leads", {"order": "name"}, "order", "order_by"),
	],
)  # fmt: skip
def test_unknown_parameter_is_refused_by_name(
	admin: Client, method: str, body: dict, unknown: str, meant: str | None
) -> None:
	reply = admin.post(method, **body)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	text = reply.json()["exc"]
	assert f"There is no parameter {unknown}." in text
	assert meant is None or f"Did you mean {meant}?" in text


def test_query_parameter_beside_json_body_is_refused(admin: Client) -> None:
	reply = admin.request(
		"POST", "/api/method/frappe.desk.delete.delete_many?atomic=0", json={"doctype": "Lead", "name": ["x"]}
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert "Send atomic in the JSON body" in reply.json()["exc"]


def test_query_parameters_without_body_are_accepted(admin: Client) -> None:
	reply = admin.request("POST", f"/api/method/{LIST}?doctype=Lead&limit_page_length=1")
	assert reply.status_code == 200, reply.text


def test_unknown_upload_parameter_is_refused(admin: Client) -> None:
	before = frappe.db.count("File")
	reply = admin.request(
		"POST",
		"/api/method/upload_file",
		files={"file": ("a.txt", b"text")},
		data={"private": "1"},
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert "Did you mean is_private?" in reply.json()["exc"]
	assert frappe.db.count("File") == before


@pytest.mark.parametrize(
	("doctype", "field", "value"),
	[
		("Task", "due_date", "31.02.2027"),
		("Task", "due_date", "2027-02-31"),
		("Task", "due_date", 20270228),
		("Task", "due_date", "soon"),
		("Task", "due_date", "0000-00-00"),
		("Task", "due_date", ["2027-01-01"]),
		("Task", "due_date", "10000-01-01"),
		("Task", "task_name", {"a": 1}),
		("Task", "task_name", ["a"]),
		("Task", "task_name", True),
		("Task", "depends_on", "TASK-1"),
		("Task", "depends_on", ["TASK-1"]),
		("Task", "depends_on", {"task": "TASK-1"}),
		("Task", "progress_percentage", "abc"),
		("Task", "progress_percentage", "12abc"),
		("Task", "progress_percentage", "NaN"),
		("Task", "estimated_effort_hours", "1e309"),
		("Task", "estimated_effort_hours", 1e300),
		("Task", "estimated_effort_hours", True),
		("Task", "is_group", "perhaps"),
		("Task", "is_group", 2),
		("Lead", "no_of_employees", ["1-10"]),
		("Lead", "probability", "Infinity"),
	],
)
def test_value_of_wrong_type_is_refused_by_field(admin: Client, doctype: str, field: str, value: Any) -> None:
	before = frappe.db.count(doctype)
	name_field = "task_name" if doctype == "Task" else "lead_name"
	reply = admin.post(INSERT, **{"doctype": doctype, name_field: "Values", field: value})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert reply.json()["exc"].startswith(f"InvalidRequestError: {field} must be ")
	assert frappe.db.count(doctype) == before


@pytest.mark.parametrize("text", ["NaN", "1e309", "-Infinity"])
def test_number_that_is_not_finite_is_refused(admin: Client, text: str) -> None:
	lead = factories.make_lead()
	body = f'{{"doctype": "Lead", "name": "{lead.name}", "probability": {text}}}'
	reply = admin.request(
		"POST", f"/api/method/{SET_VALUE}", data=body, headers={"Content-Type": "application/json"}
	)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	frappe.db.rollback()
	assert frappe.db.get_value("Lead", lead.name, "probability") == lead.probability


def test_unreadable_modified_is_refused(admin: Client) -> None:
	lead = factories.make_lead()
	reply = admin.post(SET_VALUE, doctype="Lead", name=lead.name, topic="x", modified="yesterday-ish")
	assert get_error(reply) == (400, "InvalidRequestError")
	assert reply.json()["exc"].startswith("InvalidRequestError: modified must be ")


def test_number_in_text_field_becomes_its_text(admin: Client) -> None:
	lead = factories.make_lead()
	data = get_data(admin.post(SET_VALUE, doctype="Lead", name=lead.name, topic=42, phone=5550100))
	assert (data["topic"], data["phone"]) == ("42", "5550100")


def test_moment_with_zone_becomes_the_sites_own(admin: Client, site: str) -> None:
	zone = frappe.db.get_single_value("System Settings", "time_zone")
	event = get_data(
		admin.post(
			INSERT, doctype="Event", subject="Zoned", event_type="Private", starts_on="2027-01-04T12:00:00Z"
		),
		201,
	)
	expected = frappe.utils.get_datetime("2027-01-04 12:00:00")
	expected = frappe.utils.convert_utc_to_timezone(expected, zone).replace(tzinfo=None)
	assert frappe.db.get_value("Event", event["name"], "starts_on") == expected


def test_own_name_among_the_values_is_accepted(admin: Client) -> None:
	lead = factories.make_lead()
	reply = admin.post(
		SET_VALUE, doctype="Lead", name=lead.name, fieldname={"name": lead.name, "topic": "Whole record"}
	)
	assert get_data(reply)["topic"] == "Whole record"


@pytest.mark.parametrize("body", ["5", "null", '"x"', "true", "1.5"])
def test_body_that_is_no_object_is_400(admin: Client, body: str) -> None:
	reply = admin.request(
		"POST", f"/api/method/{LIST}", data=body, headers={"Content-Type": "application/json"}
	)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_body_nested_too_deeply_is_400(admin: Client) -> None:
	headers = {"Content-Type": "application/json"}
	depth = 100_000
	reply = admin.request("POST", f"/api/method/{LIST}", data="[" * depth + "]" * depth, headers=headers)
	assert reply.status_code == 400, reply.text
	body = json.dumps({"doctype": "Lead", "filters": "[" * depth + "]" * depth})
	reply = admin.request("POST", f"/api/method/{LIST}", data=body, headers=headers)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	("content_type", "body"),
	[
		("application/json", b'{"doctype": "Lead", "lead_name": "J\xe9r\xf4me"}'),
		("application/json", b'{"doctype": "Lead", "lead_name": "\\ud83d"}'),
		("application/json", b'{"doctype": "Lead", "lead_name": {"\\udc00": 1}}'),
		("application/x-www-form-urlencoded", b"doctype=Lead&lead_name=J%E9r%F4me"),
	],
)
def test_text_that_is_not_utf8_is_refused(admin: Client, content_type: str, body: bytes) -> None:
	before = frappe.db.count("Lead")
	reply = admin.request("POST", f"/api/method/{INSERT}", data=body, headers={"Content-Type": content_type})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert "UTF-8" in reply.json()["exc"]
	assert frappe.db.count("Lead") == before


def test_replacement_character_in_input_is_preserved(admin: Client) -> None:
	body = b"doctype=Lead&lead_name=odd%EF%BF%BD"
	reply = admin.request(
		"POST",
		f"/api/method/{INSERT}",
		data=body,
		headers={"Content-Type": "application/x-www-form-urlencoded"},
	)
	assert get_data(reply, 201)["lead_name"] == "odd\ufffd"


def test_parallel_deletes_of_one_record_find_it_once(admin: Client) -> None:
	lead = factories.make_lead()
	statuses: list[int] = []

	def delete() -> None:
		client = Client(admin.base, admin.host, dict(admin.headers))
		statuses.append(client.post("frappe.client.delete", doctype="Lead", name=lead.name).status_code)

	threads = [threading.Thread(target=delete) for _ in range(10)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert sorted(statuses) == [200] + [404] * 9


def test_connection_lost_within_a_request_is_503_with_an_id(admin: Client, site: str) -> None:
	lead = factories.make_lead()
	frappe.db.sql("select name from tabLead where name = %s for update", lead.name)
	replies = []
	thread = threading.Thread(
		target=lambda: replies.append(
			admin.post(SET_VALUE, doctype="Lead", name=lead.name, topic="never written")
		)
	)
	thread.start()
	_kill_waiting_connection()
	thread.join()
	frappe.db.rollback()
	reply = replies[0]
	assert get_error(reply) == (503, "DatabaseUnavailableError"), reply.text
	assert frappe.db.exists("Error Log", {"method": ["like", f"{reply.json()['request_id']}%"]})
	assert frappe.db.get_value("Lead", lead.name, "topic") is None


def _kill_waiting_connection() -> None:
	"""End the connection of the site's own user that waits for the lock."""
	for _ in range(200):
		waiting = frappe.db.sql(
			"select id from information_schema.processlist"
			" where id != connection_id() and db = database() and command = 'Query'"
			" and (info like 'update %%' or info like '%%for update')"
		)
		if waiting:
			frappe.db.sql(f"kill {int(waiting[0][0])}")
			return
		time.sleep(0.05)
	raise AssertionError("no connection waited for the lock")


def test_child_row_is_deleted_through_its_parent(admin: Client) -> None:
	first, second = factories.make_task(), factories.make_task()
	task = get_data(
		admin.post(
			INSERT,
			doctype="Task",
			task_name=f"Parent {uuid.uuid4().hex[:6]}",
			depends_on=[{"task": first.name}, {"task": second.name}],
		),
		201,
	)
	row = task["depends_on"][0]["name"]
	found = admin.post("frappe.client.get", doctype="Task Depends On", parent="Task", filters={"name": row})
	assert get_data(found)["task"] == first.name
	assert get_data(admin.post("frappe.client.delete", doctype="Task Depends On", name=row))["name"] == row
	rows = frappe.get_all("Task Depends On", {"parent": task["name"]}, pluck="task")
	assert rows == [second.name]
