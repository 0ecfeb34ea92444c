"""Errors of the generated clients: the class, and what it says."""

import json
from typing import Any

import pytest

import frappe

from tests.clients.conftest import Token
from tests.support import factories
from tests.support.api_clients import Driver, Packages, run_command
from tests.support.gateway import Fault, Gateway

INSERT = "frappe.client.insert"
BASES = ["ApiError", "OrchestratorError"]
ASYNC_PROGRAM = """
import asyncio, sys
from orchestrator_client import Client, RetryPolicy, errors, unwrap
from orchestrator_client.generated.api.records import client_insert
from orchestrator_client.generated.models import ClientInsertBody

async def main(url, key, secret, name):
    client = Client(url, key, secret, retries=RetryPolicy(attempts=3, first_delay=0.01))
    body = ClientInsertBody.from_dict({"doctype": "Lead", "lead_name": name})
    print(unwrap(await client_insert.asyncio(client=client.api, body=body)).data["lead_name"])
    try:
        await client_insert.asyncio(client=client.api, body=ClientInsertBody.from_dict({"doctype": "Led"}))
    except errors.DoesNotExistError as error:
        print(error.status, secret in repr(client.api))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
	("verb", "method", "parameters", "status", "classes"),
	[
		("POST", INSERT, {"doctype": "Lead", "lead_nam": "x"}, 400, ["InvalidRequestError", "BadRequestError"]),
		("POST", INSERT, {"doctype": "User", "email": "x@example.com"}, 403, ["PermissionError", "ForbiddenError"]),
		("GET", "frappe.client.get", {"doctype": "Lead", "name": "none"}, 404, ["DoesNotExistError", "NotFoundError"]),
		("GET", INSERT, {}, 405, ["MethodNotAllowedError"]),
		("POST", INSERT, {"doctype": "Lead", "lead_name": "x", "source": "pigeon"}, 422, ["LinkValidationError", "UnprocessableContentError"]),
		# classes that the document does not name
		("POST", INSERT, {"doctype": "Opportunity"}, 422, ["UnprocessableContentError"]),
	],
)  # fmt: skip
def test_class_of_an_error(
	driver: Driver, gateway: Gateway, site: str, seller: Token,
	verb: str, method: str, parameters: dict[str, Any], status: int, classes: list[str],
) -> None:  # fmt: skip
	error = driver.run("call", seller, verb=verb, method=method, parameters=parameters).error
	body = json.loads(gateway.exchanges[0].reply)
	assert error and error["classes"] == [*classes, *BASES]
	assert (error["status"], error["exc_type"]) == (status, body["exc_type"])
	assert f"{body['exc_type']}: {error['text']}" == body["exc"]
	assert error["idempotency_key"] == gateway.exchanges[0].headers.get("idempotency-key")


def test_wrong_secret_is_unauthorized(driver: Driver, gateway: Gateway, seller: Token, site: str) -> None:
	error = driver.run("records", (seller[0], "wrong"), doctype="Lead", parameters={}, page_length=5).error
	assert error and error["classes"] == ["AuthenticationError", "UnauthorizedError", *BASES]


def test_changed_record_is_a_conflict(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	lead = factories.make_record("Lead", lead_name=mark)
	frappe.db.commit()
	stale = {"name": lead.name, "city": "Bonn", "modified": "2020-01-01 00:00:00.000000"}
	error = driver.run(
		"call", seller, verb="POST", method="frappe.client.set_value",
		parameters={"doctype": "Lead", "name": lead.name, "fieldname": stale},
	).error  # fmt: skip
	assert error and error["classes"] == ["TimestampMismatchError", "ConflictError", *BASES]
	frappe.db.rollback()
	assert frappe.db.get_value("Lead", lead.name, "city") is None


def test_page_of_a_proxy_is_an_error_of_its_status(
	driver: Driver, gateway: Gateway, site: str, seller: Token
) -> None:
	gateway.reset(Fault.BAD_GATEWAY)
	error = driver.run("call", seller, verb="GET", method="orchestrator.crm.get_leads", parameters={}).error
	assert error and error["classes"] == ["ServerError", *BASES]
	assert (error["status"], error["exc_type"], error["text"]) == (502, "", "<html>502 Bad Gateway</html>")


def test_maintenance_for_an_hour_is_not_waited_for(
	driver: Driver, gateway: Gateway, site: str, seller: Token
) -> None:
	gateway.reset(Fault.MAINTENANCE)
	error = driver.run("call", seller, 3, verb="POST", method=INSERT, parameters={"doctype": "Lead"}).error
	assert error and error["classes"] == ["ServiceUnavailableError", "ServerError", *BASES]
	assert (error["status"], len(gateway.exchanges)) == (503, 1)
	assert 3500 < error["retry_after"] <= 3600


def test_unchanged_reply_is_an_error_of_its_own(
	drivers: dict[str, Driver], gateway: Gateway, site: str, seller: Token
) -> None:
	"""A generated Python function gives the reply, or raises where the caller has it already."""
	call = {"verb": "GET", "method": "orchestrator.crm.get_leads", "operation": "crm_get_leads"}
	first = drivers["python"].run("operation", seller, query={}, **call)
	reply_headers = gateway.exchanges[0].reply_headers
	assert reply_headers and first.value["data"]["total"] >= 0
	error = drivers["python"].run(
		"operation", seller, query={"if_none_match": reply_headers["ETag"]}, **call
	).error  # fmt: skip
	assert error and error["classes"] == ["NotModifiedError", *BASES]
	assert [exchange.status for exchange in gateway.exchanges] == [200, 304]


def test_redirect_is_not_followed(driver: Driver, gateway: Gateway, site: str, seller: Token) -> None:
	"""The secret would go to another host."""
	gateway.reset(Fault.MOVED)
	error = driver.run("call", seller, 3, verb="GET", method="ping", parameters={}).error
	assert error and error["classes"] == BASES
	assert (error["status"], len(gateway.exchanges)) == (301, 1)


def test_nobody_listens(driver: Driver, seller: Token, site: str) -> None:
	error = driver.run(
		"call", seller, 2, url="http://127.0.0.1:9", verb="GET", method="ping", parameters={}
	).error
	assert error and error["classes"] == ["ConnectionFailedError", "OrchestratorError"]


def test_async_functions_retry_and_raise(
	packages: Packages, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	"""A client's printed form does not contain the secret."""
	gateway.reset(Fault.REPLY_LOST)
	said = run_command([packages.python, "-c", ASYNC_PROGRAM, gateway.base, *seller, mark])
	assert said.splitlines() == [mark, "404 False"]
	assert [exchange.status for exchange in gateway.exchanges] == [201, 201, 404]
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": mark}) == 1
