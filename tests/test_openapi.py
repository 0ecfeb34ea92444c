"""The OpenAPI document: valid, complete, and true to the endpoints it is read from."""

import datetime
from collections.abc import Callable
from typing import Any, Literal, TypedDict

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from orchestrator.api import openapi
from tests import factories, source
from tests.client import Client

GET_SPEC = "orchestrator.api.openapi.get_spec"
Api = Callable[[str], Client]


class Shape(TypedDict, total=False):
	"""Of what an endpoint
	returns."""

	name: str


@pytest.fixture
def spec(api: Api) -> dict[str, Any]:
	reply = api("Administrator").get(GET_SPEC)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def test_the_document_is_valid_openapi(spec: dict[str, Any]) -> None:
	assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []


def test_every_endpoint_is_in_it(spec: dict[str, Any]) -> None:
	hooks = source.constant("orchestrator.hooks", "override_whitelisted_methods")
	contract = {
		path: source.getattr_targets(path.rpartition(".")[0]).get(path, path) for path in hooks.values()
	}
	behind_frappes_names = set(contract.values())
	own = {
		f"{module}.{function.name}"
		for module, function in source.endpoints()
		if f"{module}.{function.name}" not in behind_frappes_names
		and ".doctype." not in module
		and ".access." not in module
	}
	synonyms = {
		"frappe.handler.upload_file",
		"frappe.api.v2.upload_file",
		"helpdesk.extends.data_import.upload_file",
		"frappe.email.inbox.set_value",
	}
	# not under the contract: only kept from who may not have what they give
	guarded = {path for path, ours in hooks.items() if ".colleagues_only." in ours or ".access." in ours}
	assert {path.removeprefix("/api/method/") for path in spec["paths"]} == own | (
		set(hooks) - synonyms - guarded
	)


def test_an_operation_tells_verb_parameters_status_and_errors(spec: dict[str, Any]) -> None:
	operation = spec["paths"]["/api/method/orchestrator.crm.advance_opportunity"]
	assert list(operation) == ["post"]
	body = operation["post"]["requestBody"]["content"]["application/json"]["schema"]
	assert body["required"] == ["opportunity", "new_status"]
	assert body["additionalProperties"] is False
	assert body["properties"]["notes"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
	assert [parameter["name"] for parameter in operation["post"]["parameters"]] == ["Idempotency-Key"]
	data = operation["post"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"][
		"data"
	]
	assert data["title"] == "OpportunityStanding"
	assert operation["post"]["responses"]["default"] == {"$ref": "#/components/responses/Error"}


def test_frappes_methods_are_told_as_api_clients_get_them(spec: dict[str, Any]) -> None:
	listing = spec["paths"]["/api/method/frappe.client.get_list"]["get"]
	parameters = {parameter["name"]: parameter for parameter in listing["parameters"]}
	assert parameters["doctype"] == {
		"name": "doctype", "in": "query", "required": True, "schema": {"type": "string"},
	}  # fmt: skip
	assert parameters["fields"]["schema"] == {"type": "string", "contentMediaType": "application/json"}
	reply = listing["responses"]["200"]["content"]["application/json"]["schema"]
	assert reply["required"] == ["message", "data", "exc", "keys"]
	assert list(spec["paths"]["/api/method/frappe.client.insert"]["post"]["responses"]) == ["201", "default"]
	upload = spec["paths"]["/api/method/upload_file"]["post"]["requestBody"]["content"]
	assert list(upload) == ["multipart/form-data"]


def test_whoever_is_signed_in_gets_it_and_a_guest_does_not(api: Api, guest: Client) -> None:
	assert api(factories.make_user().name).get(GET_SPEC).status_code == 200
	assert guest.get(GET_SPEC).status_code == 401
	assert api("Administrator").post(GET_SPEC).status_code == 405


@pytest.mark.parametrize(
	("hint", "schema"),
	[
		(int, {"type": "integer"}),
		(Any, {}),
		(list[str], {"type": "array", "items": {"type": "string"}}),
		(dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
		(Literal["IN", "OUT"], {"enum": ["IN", "OUT"]}),
		(datetime.date, {"type": "string", "format": "date"}),
		(str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
		(
			Shape,
			{
				"type": "object",
				"title": "Shape",
				"description": "Of what an endpoint returns.",
				"properties": {"name": {"type": "string"}},
				"required": [],
			},
		),
	],
)
def test_a_type_becomes_its_schema(hint: Any, schema: dict[str, Any]) -> None:
	assert openapi.schema_of(hint) == schema


@pytest.mark.parametrize(
	("hint", "schema"),
	[
		(str | list | None, {"type": "string", "contentMediaType": "application/json"}),
		(str | None, {"type": "string"}),
		(bool, {"type": "boolean"}),
	],
)
def test_a_list_in_a_query_is_json_text(hint: Any, schema: dict[str, Any]) -> None:
	assert openapi.query_schema(hint) == schema
