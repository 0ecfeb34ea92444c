"""The documented generic methods, as the API reference sends them, over HTTP."""

import json
import uuid
from collections.abc import Callable

import pytest

import frappe

from tests.support.client import Client, get_error

Api = Callable[[str], Client]


def make_lead(admin: Client, **values: object) -> dict:
	mark = uuid.uuid4().hex[:8]
	body = {"doctype": "Lead", "lead_name": f"Jane {mark}", "email": f"{mark}@example.com", **values}
	reply = admin.post("frappe.client.insert", **body)
	assert reply.status_code == 201, reply.text
	return reply.json()["data"]


def test_insert_takes_the_documented_flat_body(admin: Client) -> None:
	mark = uuid.uuid4().hex[:8]
	reply = admin.post(
		"frappe.client.insert",
		doctype="Lead",
		lead_name="Jane Smith",
		email=f"jane-{mark}@example.com",
		phone="098-765-4321",
		topic="Product Inquiry",
		probability=30,
	)
	assert reply.status_code == 201, reply.text
	body = reply.json()
	assert body["exc"] == ""
	assert body["message"] == body["data"]
	assert body["data"]["email"] == body["data"]["email_id"] == f"jane-{mark}@example.com"
	stored = frappe.db.get_value(
		"Lead", body["data"]["name"], ["email_id", "topic", "probability"], as_dict=True
	)
	assert stored == {"email_id": f"jane-{mark}@example.com", "topic": "Product Inquiry", "probability": 30}


def test_insert_takes_frappes_doc_parameter_as_well(admin: Client) -> None:
	mark = uuid.uuid4().hex[:8]
	doc = {"doctype": "Lead", "lead_name": "Jane", "email_id": f"doc-{mark}@example.com"}
	reply = admin.post("frappe.client.insert", doc=json.dumps(doc))
	assert reply.status_code == 201
	assert reply.json()["message"]["email_id"] == f"doc-{mark}@example.com"


def test_insert_refuses_an_unknown_field_and_writes_nothing(admin: Client) -> None:
	before = frappe.db.count("Lead")
	reply = admin.post("frappe.client.insert", doctype="Lead", lead_name="Jane", emial="x@example.com")
	assert reply.status_code == 400
	assert reply.json()["exc"] == "InvalidRequestError: Lead has no field emial (body). Did you mean email?"
	assert frappe.db.count("Lead") == before


def test_insert_with_a_missing_link_is_422(admin: Client) -> None:
	reply = admin.post("frappe.client.insert", doctype="Lead", lead_name="Jane", source="No Such Source")
	assert reply.status_code == 422
	assert reply.json()["exc_type"] == "LinkValidationError"


def test_insert_of_a_duplicate_is_409(admin: Client) -> None:
	lead = make_lead(admin)
	reply = admin.post("frappe.client.insert", doctype="Lead", lead_name="Other", email=lead["email"])
	assert get_error(reply) == (409, "DuplicateEntryError")
	assert reply.json()["data"] is None


def test_get_list_answers_under_the_names_asked_for(admin: Client) -> None:
	lead = make_lead(admin)
	reply = admin.get(
		"frappe.client.get_list",
		doctype="Lead",
		fields='["name","lead_name","email","status"]',
		filters=json.dumps([["email", "=", lead["email"]]]),
		limit_page_length=20,
	)
	assert reply.status_code == 200, reply.text
	body = reply.json()
	row = {"name": lead["name"], "lead_name": lead["lead_name"], "email": lead["email"], "status": "Lead"}
	assert body == {
		"message": [row],
		"data": [row],
		"keys": ["name", "lead_name", "email", "status"],
		"exc": "",
	}
	assert list(body["data"][0]) == body["keys"]


@pytest.mark.parametrize(
	("parameters", "text"),
	[
		({"fields": '["statsu"]'}, "Lead has no field statsu (fields). Did you mean status?"),
		({"fields": "[1]"}, "fields must be a list of field names."),
		({"fields": "[name"}, "fields is not valid JSON."),
		({"fields": '["(select password from __Auth) as x"]'}, "Lead has no field"),
		({"fields": '["sleep(3)"]'}, "Lead has no field sleep(3) (fields)."),
		({"filters": '[["name","regexp","x"]]'}, "Unknown operator regexp in filters."),
		({"filters": '[["name; drop table x","=","x"]]'}, "Lead has no field"),
		({"filters": '{"statsu": 1}'}, "Lead has no field statsu (filters). Did you mean status?"),
		({"or_filters": "[[]]"}, "A condition in or_filters must be [field, operator, value]."),
		({"order_by": "statsu asc"}, "Lead has no field statsu (order_by). Did you mean status?"),
		({"order_by": "name asc, (select 1)"}, "Lead has no field (select 1) (order_by)."),
		({"order_by": "sleep(2)"}, "Lead has no field sleep(2) (order_by)."),
		({"group_by": "name having 1=1"}, "Lead has no field"),
		({"limit_page_length": "501"}, "limit_page_length must be between 1 and 500."),
		({"limit_page_length": "0"}, "limit_page_length must be between 1 and 500."),
		({"limit_page_length": "abc"}, "limit_page_length must be a whole number."),
		({"limit_start": "-1"}, "limit_start must be 0 or more."),
	],
)
def test_get_list_rejects_invalid_names(admin: Client, parameters: dict, text: str) -> None:
	reply = admin.get("frappe.client.get_list", doctype="Lead", **parameters)
	assert reply.status_code == 400, reply.text
	assert reply.json()["exc"].startswith(f"InvalidRequestError: {text}")


def test_get_list_accepts_the_arguments_of_frappe(admin: Client) -> None:
	lead = make_lead(admin)
	reply = admin.get(
		"frappe.client.get_list",
		doctype="Lead",
		fields='["count(name) as leads", "`tabLead`.`status`"]',
		filters=json.dumps({"email": ["in", [lead["email"]]]}),
		group_by="status",
		order_by="`tabLead`.`status` desc",
	)
	assert reply.status_code == 200, reply.text
	assert reply.json()["data"] == [{"leads": 1, "status": "Lead"}]


def test_get_list_pages(admin: Client) -> None:
	leads = sorted(make_lead(admin, topic="paging")["name"] for _ in range(3))
	page = {"doctype": "Lead", "filters": json.dumps([["name", "in", leads]]), "order_by": "name asc"}
	first = admin.get("frappe.client.get_list", limit_page_length=2, **page).json()["data"]
	rest = admin.get("frappe.client.get_list", limit_page_length=2, limit_start=2, **page).json()["data"]
	assert [row["name"] for row in first + rest] == leads


def test_get_answers_with_the_documented_names(admin: Client) -> None:
	lead = make_lead(admin, probability=50)
	reply = admin.get("frappe.client.get", doctype="Lead", name=lead["name"])
	assert reply.status_code == 200
	data = reply.json()["data"]
	assert data["email"] == lead["email"]
	assert data["probability"] == 50
	assert "assigned_to" in data


def test_a_missing_record_is_404(admin: Client) -> None:
	reply = admin.get("frappe.client.get", doctype="Lead", name="L-none")
	assert reply.status_code == 404
	assert reply.json()["exc"] == "DoesNotExistError: Lead L-none not found."


def test_a_missing_doctype_is_404(admin: Client) -> None:
	reply = admin.get("frappe.client.get_list", doctype="No Such Thing")
	assert reply.status_code == 404
	assert reply.json()["exc"] == "DoesNotExistError: There is no DocType No Such Thing."


def test_set_value_takes_the_query_and_the_flat_body(admin: Client) -> None:
	lead = make_lead(admin)
	target = {"doctype": "Lead", "name": lead["name"]}
	params = {**target, "fieldname": "status", "value": "Replied"}
	reply = admin.request("PUT", "/api/method/frappe.client.set_value", params=params)
	assert reply.status_code == 200, reply.text
	assert reply.json()["data"]["status"] == "Replied"
	reply = admin.post("frappe.client.set_value", **target, status="Qualified", probability=75)
	assert reply.status_code == 200, reply.text
	assert frappe.db.get_value("Lead", lead["name"], ["status", "probability"]) == ("Qualified", 75)


def test_set_value_keeps_a_zero(admin: Client) -> None:
	lead = make_lead(admin, probability=40)
	reply = admin.post(
		"frappe.client.set_value", doctype="Lead", name=lead["name"], fieldname="probability", value=0
	)
	assert reply.json()["data"]["probability"] == 0


def test_set_value_refuses_a_stale_modified(admin: Client) -> None:
	lead = make_lead(admin)
	target = {"doctype": "Lead", "name": lead["name"]}
	assert admin.post("frappe.client.set_value", **target, topic="first").status_code == 200
	reply = admin.post("frappe.client.set_value", **target, topic="second", modified=lead["modified"])
	assert reply.status_code == 409
	assert reply.json()["exc_type"] == "TimestampMismatchError"
	assert frappe.db.get_value("Lead", lead["name"], "topic") == "first"


@pytest.mark.parametrize("field", ["owner", "creation", "name_of_nothing", "parent"])
def test_set_value_refuses_protected_and_unknown_fields(admin: Client, field: str) -> None:
	lead = make_lead(admin)
	before = frappe.get_doc("Lead", lead["name"]).as_dict()
	reply = admin.post(
		"frappe.client.set_value", doctype="Lead", name=lead["name"], fieldname=field, value="x"
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	frappe.db.rollback()
	assert frappe.get_doc("Lead", lead["name"]).as_dict() == before


def test_delete_removes_the_record(admin: Client) -> None:
	lead = make_lead(admin)
	path = f"/api/method/frappe.client.delete?doctype=Lead&name={lead['name']}"
	reply = admin.request("DELETE", path)
	assert reply.status_code == 200, reply.text
	assert reply.json()["data"] == {"doctype": "Lead", "name": lead["name"]}
	assert get_error(admin.request("DELETE", path)) == (404, "DoesNotExistError")


def test_upload_file_makes_the_folders_of_the_path(admin: Client) -> None:
	mark = uuid.uuid4().hex[:8]
	reply = admin.request(
		"POST",
		"/api/method/upload_file",
		files={"file": (f"{mark}.txt", mark.encode())},
		data={"folder": f"/Documents/Contracts {mark}", "is_private": "1"},
	)
	assert reply.status_code == 201, reply.text
	data = reply.json()["data"]
	assert data["folder"] == f"Home/Documents/Contracts {mark}"
	assert admin.request("GET", data["file_url"]).text == mark


@pytest.mark.parametrize("folder", ["/a/../b", "/a/\u202eb", "/" + "x" * 141])
def test_upload_file_refuses_a_folder_that_is_no_name(admin: Client, folder: str) -> None:
	files = frappe.db.count("File")
	reply = admin.request(
		"POST", "/api/method/upload_file", files={"file": ("a.txt", b"a")}, data={"folder": folder}
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	frappe.db.rollback()
	assert frappe.db.count("File") == files


def test_upload_file_without_a_file_is_400(admin: Client) -> None:
	reply = admin.request("POST", "/api/method/upload_file", data={"folder": "Home"})
	assert reply.status_code == 400
	assert reply.json()["exc"].startswith("InvalidRequestError: Send the file")
