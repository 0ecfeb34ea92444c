"""The OpenAPI document: valid, complete, and true to the endpoints it is read from."""

import datetime
from collections.abc import Callable
from typing import Any, Literal, TypedDict

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from orchestrator.api import openapi
from tests.support import factories, source
from tests.support.client import Client

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
	hooks = source.get_constant("orchestrator.hooks", "override_whitelisted_methods")
	contract = {
		path: source.list_getattr_targets(path.rpartition(".")[0]).get(path, path) for path in hooks.values()
	}
	behind_frappes_names = set(contract.values())
	own = {
		f"{module}.{function.name}"
		for module, function in source.list_endpoints()
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
	guarded = {
		path for path, ours in hooks.items() if ".customer_restrictions." in ours or ".access." in ours
	}
	assert {path.removeprefix("/api/method/") for path in spec["paths"]} == own | (
		set(hooks) - synonyms - guarded
	)


def test_an_operation_tells_verb_parameters_status_and_errors(spec: dict[str, Any]) -> None:
	operation = spec["paths"]["/api/method/orchestrator.crm.advance_opportunity"]
	assert list(operation) == ["post"]
	body = operation["post"]["requestBody"]["content"]["application/json"]["schema"]
	assert body["required"] == ["opportunity", "new_status"]
	assert body["additionalProperties"] is False
	assert body["properties"]["notes"] == {
		"anyOf": [{"type": "string"}, {"type": "null"}],
		"description": "A remark on the change.",
	}
	assert [parameter["name"] for parameter in operation["post"]["parameters"]] == ["Idempotency-Key"]
	data = operation["post"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"][
		"data"
	]
	assert data["title"] == "OpportunityStanding"
	assert operation["post"]["responses"]["default"] == {"$ref": "#/components/responses/Error"}


def test_document_describes_frappe_methods_as_api_clients_see_them(spec: dict[str, Any]) -> None:
	listing = spec["paths"]["/api/method/frappe.client.get_list"]["get"]
	parameters = {parameter["name"]: parameter for parameter in listing["parameters"]}
	assert parameters["doctype"] == {
		"name": "doctype", "in": "query", "required": True, "schema": {"type": "string"},
		"description": "The DocType of the record or records.",
	}  # fmt: skip
	assert parameters["fields"]["schema"] == {"type": "string", "contentMediaType": "application/json"}
	reply = listing["responses"]["200"]["content"]["application/json"]["schema"]
	assert reply["required"] == ["message", "data", "exc", "keys"]
	statuses = list(spec["paths"]["/api/method/frappe.client.insert"]["post"]["responses"])
	assert statuses == ["201", "400", "401", "403", "429", "default"]
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
	assert openapi.build_schema(hint) == schema


@pytest.mark.parametrize(
	("hint", "schema"),
	[
		(str | list | None, {"type": "string", "contentMediaType": "application/json"}),
		(str | None, {"type": "string"}),
		(bool, {"type": "boolean"}),
	],
)
def test_a_list_in_a_query_is_json_text(hint: Any, schema: dict[str, Any]) -> None:
	assert openapi.build_query_schema(hint) == schema


def count_arrays_without_items(node: Any) -> int:
	"""How many arrays of a document do not say what they hold."""
	if isinstance(node, list):
		return sum(map(count_arrays_without_items, node))
	if not isinstance(node, dict):
		return 0
	return (node.get("type") == "array" and "items" not in node) + sum(
		map(count_arrays_without_items, node.values())
	)


def list_operations(spec: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
	return [
		(f"{verb} {path}", operation)
		for path, verbs in spec["paths"].items()
		for verb, operation in verbs.items()
	]


def test_every_array_says_what_it_holds(spec: dict[str, Any]) -> None:
	assert count_arrays_without_items(spec) == 0


def test_every_parameter_has_a_description(spec: dict[str, Any]) -> None:
	bare = []
	for name, operation in list_operations(spec):
		body = (
			operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
		)
		named = {parameter["name"]: parameter for parameter in operation["parameters"]} | body.get(
			"properties", {}
		)
		bare += [f"{name}: {key}" for key, value in named.items() if not value.get("description")]
	assert bare == []


def test_every_operation_names_its_refusals(spec: dict[str, Any]) -> None:
	for name, operation in list_operations(spec):
		responses = operation["responses"]
		assert {"400", "401", "403", "429"} <= set(responses), name
		refusals = [reply for status, reply in responses.items() if status.startswith("4")]
		assert all(reply["description"] and reply["content"] for reply in refusals), name
	stage = spec["paths"]["/api/method/orchestrator.insights.generate_report"]["post"]["responses"]
	assert (stage["404"]["description"], stage["422"]["description"]) == (
		"DoesNotExistError",
		"InvalidRecipientError, ReportExecutionError",
	)


def test_a_method_without_parameters_takes_no_body(spec: dict[str, Any]) -> None:
	assert "requestBody" not in spec["paths"]["/api/method/orchestrator.hr.get_my_profile"]["post"]
	uploads = [
		name for name, operation in list_operations(spec) if "multipart" in str(operation.get("requestBody"))
	]
	assert uploads == ["post /api/method/upload_file"]


def test_rows_may_be_arrays_and_a_download_has_any_media_type(spec: dict[str, Any]) -> None:
	listing = spec["paths"]["/api/method/frappe.client.get_list"]["get"]["responses"]["200"]["content"]
	row = listing["application/json"]["schema"]["properties"]["data"]["items"]
	assert row == {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}]}
	download = spec["paths"]["/api/method/orchestrator.docs.download"]["get"]["responses"]["200"]
	assert list(download["content"]) == ["*/*"]
	assert {"Content-Disposition", "Content-Type"} <= set(download["headers"])
