"""Errors and their replies to API clients."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_error

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"


@pytest.fixture
def seller(api: Api) -> Client:
	return api(factories.make_user("Sales User").name)


@pytest.fixture
def nobody(api: Api) -> Client:
	return api(factories.make_user().name)


def assert_error(reply: object, status: int, exc_type: str) -> dict:
	"""Assert that the reply is exactly the error body of the reference."""
	assert reply.status_code == status, reply.text
	assert reply.headers["Content-Type"].startswith("application/json")
	body = reply.json()
	kind, text = body["exc"].split(": ", 1)
	assert kind == body["exc_type"] == exc_type
	assert text
	assert body["message"] is None
	assert body["data"] is None
	assert body["_server_messages"] == [json.dumps([exc_type, text])]
	assert "Traceback" not in reply.text
	return body


def test_no_credentials_is_401(guest: Client) -> None:
	for method in (LIST, "orchestrator.api.no_such_method", "frappe.client.insert"):
		assert_error(guest.post(method, doctype="Lead"), 401, "AuthenticationError")


@pytest.mark.parametrize("header", ["token wrong:wrong", "token nosecret", "Bearer wrong", "Basic !!!"])
def test_wrong_credentials_are_401(guest: Client, header: str) -> None:
	reply = guest.get(LIST, headers={"Authorization": header}, doctype="Lead")
	assert get_error(reply) == (401, "AuthenticationError"), (header, reply.text)
	assert reply.json()["data"] is None


def test_a_doctype_without_permission_is_403(nobody: Client) -> None:
	assert_error(nobody.get(LIST, doctype="Lead"), 403, "PermissionError")
	assert_error(nobody.get("frappe.client.get", doctype="Lead", name="L001"), 403, "PermissionError")
	assert_error(nobody.post("frappe.client.insert", doctype="Lead", lead_name="x"), 403, "PermissionError")


def test_a_record_without_permission_looks_missing(api: Api, site: str) -> None:
	user = factories.make_user("Sales User").name
	lead = factories.make_lead()
	frappe.get_doc(
		{
			"doctype": "User Permission", "user": user, "allow": "Lead",
			"for_value": factories.make_lead().name, "apply_to_all_doctypes": 1,
		}
	).insert()  # fmt: skip
	frappe.db.commit()
	seller = api(user)
	target = {"doctype": "Lead", "name": lead.name}
	hidden = assert_error(seller.get("frappe.client.get", **target), 404, "DoesNotExistError")
	assert hidden["exc"] == f"DoesNotExistError: Lead {lead.name} not found."
	assert_error(seller.post("frappe.client.set_value", **target, topic="x"), 404, "DoesNotExistError")
	assert frappe.db.get_value("Lead", lead.name, "topic") is None


def test_readable_but_not_deletable_is_403(seller: Client, site: str) -> None:
	lead = factories.make_lead()
	assert_error(seller.post("frappe.client.delete", doctype="Lead", name=lead.name), 403, "PermissionError")
	assert frappe.db.exists("Lead", lead.name)


def test_an_unknown_method_is_404(seller: Client) -> None:
	for method in ("orchestrator.crm.no_such", "orchestrator.no.such", "orchestrator.hooks.app_name"):
		assert_error(seller.get(method), 404, "DoesNotExistError")


def test_a_wrong_verb_is_405_with_allow(seller: Client) -> None:
	reply = seller.get("frappe.client.insert", doctype="Lead")
	assert_error(reply, 405, "MethodNotAllowedError")
	assert reply.headers["Allow"] == "POST, PUT"


def test_a_missing_parameter_is_400_and_named(seller: Client) -> None:
	body = assert_error(seller.get(LIST), 400, "InvalidRequestError")
	assert body["exc"] == "InvalidRequestError: Missing parameter: doctype."


def test_a_wrongly_typed_parameter_is_400_and_named(seller: Client) -> None:
	body = assert_error(seller.post(LIST, doctype=["Lead"]), 400, "InvalidRequestError")
	assert "'doctype'" in body["exc"]


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("name", [True, False])
def test_true_is_not_the_name_of_the_first_record(seller: Client, name: bool, method: str) -> None:
	body = assert_error(
		seller.post(f"frappe.client.{method}", doctype="Lead", name=name), 400, "InvalidRequestError"
	)
	assert body["exc"] == "InvalidRequestError: name must not be true or false."


@pytest.mark.parametrize("value", [2, -1, 0.5, "NaN", "2"])
def test_yes_and_no_are_no_other_numbers(seller: Client, value: Any) -> None:
	reply = seller.post("frappe.desk.delete.delete_many", doctype="Lead", name=["L-NONE"], atomic=value)
	assert (
		assert_error(reply, 400, "InvalidRequestError")["exc"]
		== "InvalidRequestError: atomic must be true or false."
	)


@pytest.mark.parametrize("value", [1, 0, "1", "0", "true", "false", "yes", "no", True, False])
def test_yes_and_no_may_be_said_in_the_usual_ways(seller: Client, value: Any) -> None:
	reply = seller.post("frappe.desk.delete.delete_many", doctype="Lead", name=["L-NONE"], atomic=value)
	# parsed, and then refused
	assert_error(reply, 403, "PermissionError")


@pytest.mark.parametrize("path", ["/api/method/frappe.client.insert", "/api/v2/method/frappe.client.insert"])
@pytest.mark.parametrize("body", ["{not json", '{"doctype": "Lead", "email": "canary@example.com"'])
def test_malformed_json_is_400_without_an_echo(seller: Client, body: str, path: str) -> None:
	reply = seller.request("POST", path, data=body, headers={"Content-Type": "application/json"})
	assert_error(reply, 400, "JSONDecodeError")
	assert "canary" not in reply.text


def test_a_json_list_is_400(seller: Client) -> None:
	reply = seller.request("POST", f"/api/method/{LIST}", json=["Lead"])
	body = assert_error(reply, 400, "InvalidRequestError")
	assert body["exc"] == "InvalidRequestError: The body must be a JSON object, not a list."


def test_validation_is_422_and_writes_nothing(seller: Client, site: str) -> None:
	before = frappe.db.count("Lead")
	body = assert_error(
		seller.post("frappe.client.insert", doctype="Lead", lead_name=""), 422, "ValidationError"
	)
	assert "Lead" in body["exc"] or "name" in body["exc"]
	assert frappe.db.count("Lead") == before


@pytest.mark.parametrize(
	"path",
	[
		"/api/method/frappe.client.get_list?",
		"/api/v1/method/frappe.client.get_list?",
		"/api/v2/method/frappe.client.get_list?",
		"/?cmd=frappe.client.get_list&",
		"/api/method/ping?cmd=frappe.client.get_list&",
	],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_every_path_gives_the_same_contract(seller: Client, path: str, accept: str) -> None:
	headers = {"Accept": accept}
	good = seller.request("GET", f"{path}doctype=Lead&limit_page_length=1", headers=headers)
	assert good.status_code == 200
	assert good.json()["keys"] == ["name"]
	assert good.json()["exc"] == ""
	assert good.json()["data"] == good.json()["message"]
	bad = seller.request("GET", f"{path}doctype=Lead&limit_page_length=501", headers=headers)
	assert_error(bad, 400, "InvalidRequestError")
	missing = seller.request("GET", path, headers=headers)
	assert_error(missing, 400, "InvalidRequestError")
	for reply in (good, bad, missing):
		assert reply.headers["X-RateLimit-Limit"] == "100"


def test_an_unforeseen_error_is_500_with_an_id_that_finds_the_log(api: Api, broken_doctype: str) -> None:
	admin = api("Administrator")
	reply = admin.post("frappe.client.insert", doctype=broken_doctype, secret_note="canary-7141")
	body = assert_error(reply, 500, "InternalServerError")
	assert re.fullmatch(r"[0-9a-f]{16}", body["request_id"])
	assert body["request_id"] in body["exc"]
	logs = frappe.get_all(
		"Error Log", filters={"error": ["like", f"%{body['request_id']}%"]}, fields=["error", "method"]
	)
	assert len(logs) == 1
	assert "frappe.client.insert" in logs[0].method
	assert "orchestrator/api/generic.py" in logs[0].error
	assert "canary" not in logs[0].error
	assert "canary" not in reply.text


def test_a_browser_keeps_frappes_own_error(browser: Callable[[str, str], Client], site: str) -> None:
	desk = browser(factories.make_user("Sales User").name, factories.PASSWORD)
	reply = desk.get("frappe.client.get", doctype="Lead", name="L-none")
	assert get_error(reply) == (404, "DoesNotExistError")
	assert "data" not in reply.json()
	reply = desk.get("frappe.client.get_list", doctype="Lead", fields='["nome"]')
	assert get_error(reply) == (417, "DataError")
	assert json.loads(reply.json()["_server_messages"])


def test_body_of_undocumented_methods_is_unchanged(seller: Client) -> None:
	reply = seller.get("ping")
	assert reply.json() == {"message": "pong"}
	reply = seller.get("frappe.client.get_count", doctype="Lead")
	assert list(reply.json()) == ["message"]
