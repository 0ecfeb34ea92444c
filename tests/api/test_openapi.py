"""The OpenAPI document: valid, complete, and consistent with the endpoints it is built from."""

import datetime
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from typing_extensions import TypedDict

from orchestrator.api.endpoint import READ, UnchangedRecord, endpoint, get_documented_types
from orchestrator.api.openapi_document.operations import build_operation_id
from orchestrator.api.openapi_document.schemas import build_query_schema, build_schemas
from orchestrator.api.openapi_document.tags import TAG_BY_MODULE
from orchestrator.api.schema_types import Bounded, Formatted, ListOf, OneOf
from tests.support import factories, openapi_examples, reference, source
from tests.support.client import Client, get_error

GET_SPEC = "orchestrator.api.openapi.get_spec"
Api = Callable[[str], Client]


class Shape(TypedDict):
	"""A type that an endpoint returns."""

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
	# not under the contract: only refused to users without permission
	guarded = {
		path for path, ours in hooks.items() if ".customer_restrictions." in ours or ".access." in ours
	}
	other_protocols = {"orchestrator.mcp"}
	assert {path.removeprefix("/api/method/") for path in spec["paths"]} == own | (
		set(hooks) - synonyms - guarded - other_protocols
	)


def test_an_operation_tells_verb_parameters_status_and_errors(spec: dict[str, Any]) -> None:
	operation = spec["paths"]["/api/method/orchestrator.crm.advance_opportunity"]
	assert list(operation) == ["post"]
	body = operation["post"]["requestBody"]["content"]["application/json"]["schema"]
	assert body["required"] == ["opportunity", "new_status"]
	assert body["additionalProperties"] is False
	assert body["properties"]["notes"] == {
		"anyOf": [{"type": "string"}, {"type": "null"}],
		"description": "Remark on the change, for the timeline.",
	}
	assert body["properties"]["new_status"]["enum"] == [
		"Open",
		"Qualified",
		"In Progress",
		"Closed Won",
		"Closed Lost",
	]
	assert operation["post"]["operationId"] == "crm_advance_opportunity"
	assert operation["post"]["parameters"] == [
		{"$ref": "#/components/parameters/IdempotencyKey"},
		{"$ref": "#/components/parameters/IfMatch"},
	]
	assert "412" in operation["post"]["responses"]
	data = operation["post"]["responses"]["200"]["content"]["application/json"]["schema"]["properties"][
		"data"
	]
	assert data == {"$ref": "#/components/schemas/OpportunityStanding"}
	assert operation["post"]["responses"]["default"] == {"$ref": "#/components/responses/Error"}


def test_document_describes_frappe_methods_as_api_clients_see_them(spec: dict[str, Any]) -> None:
	listing = spec["paths"]["/api/method/frappe.client.get_list"]["get"]
	assert listing["parameters"].pop() == {"$ref": "#/components/parameters/IfNoneMatch"}
	assert "content" not in listing["responses"]["304"]
	parameters = {parameter["name"]: parameter for parameter in listing["parameters"]}
	assert parameters["doctype"] == {
		"name": "doctype", "in": "query", "required": True, "schema": {"type": "string"},
		"description": "DocType of the records.", "example": "Lead",
	}  # fmt: skip
	assert parameters["fields"]["schema"] == {"type": "string", "contentMediaType": "application/json"}
	reply = listing["responses"]["200"]["content"]["application/json"]["schema"]
	assert reply["required"] == ["message", "data", "exc", "keys"]
	statuses = list(spec["paths"]["/api/method/frappe.client.insert"]["post"]["responses"])
	assert statuses == ["201", "400", "401", "403", "404", "409", "422", "429", "default"]
	upload = spec["paths"]["/api/method/upload_file"]["post"]["requestBody"]["content"]
	assert list(upload) == ["multipart/form-data"]


def test_signed_in_users_get_the_document_and_guests_do_not(api: Api, guest: Client) -> None:
	assert api(factories.make_user().name).get(GET_SPEC).status_code == 200
	assert get_error(guest.get(GET_SPEC)) == (401, "AuthenticationError")
	assert get_error(api("Administrator").post(GET_SPEC)) == (405, "MethodNotAllowedError")


@pytest.mark.parametrize(
	("kind", "schema"),
	[
		(int, {"type": "integer"}),
		(Any, {}),
		(list[str], {"type": "array", "items": {"type": "string"}}),
		(dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
		(Literal["IN", "OUT"], {"type": "string", "enum": ["IN", "OUT"]}),
		(datetime.date, {"type": "string", "format": "date"}),
		(datetime.datetime | str, {"type": "string"}),
		(str | None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
		(dict[str, Any] | UnchangedRecord, {"type": "object", "additionalProperties": True}),
		(Annotated[str, OneOf("a", "b")], {"type": "string", "enum": ["a", "b"]}),
		(
			Annotated[str | None, Formatted("date")],
			{"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
		),
		(Annotated[float, Bounded(-90, 90, "number")], {"type": "number", "minimum": -90, "maximum": 90}),
		(Annotated[int, Bounded(1, lambda: 7)], {"type": "integer", "minimum": 1, "maximum": 7}),
		(
			Annotated[list, ListOf(1, 500)],
			{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 500},
		),
	],
)
def test_a_type_has_its_json_schema(kind: Any, schema: dict[str, Any]) -> None:
	assert build_schemas({"key": kind}) == ({"key": schema}, {})


def test_a_typed_dict_is_a_component_of_its_name() -> None:
	schemas, components = build_schemas({"key": list[Shape]})
	assert schemas == {"key": {"type": "array", "items": {"$ref": "#/components/schemas/Shape"}}}
	assert components == {
		"Shape": {
			"type": "object",
			"title": "Shape",
			"description": "A type that an endpoint returns.",
			"properties": {"name": {"type": "string"}},
			"required": ["name"],
		}
	}


@pytest.mark.parametrize(
	("kind", "schema"),
	[
		(str | list | None, {"type": "string", "contentMediaType": "application/json"}),
		(Annotated[str | list | None, ListOf()], {"type": "string", "contentMediaType": "application/json"}),
		(str | None, {"type": "string"}),
		(Annotated[str | int | None, Bounded(0)], {"type": "integer", "minimum": 0}),
		(str | int, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
		(bool, {"type": "boolean"}),
	],
)
def test_a_list_in_a_query_is_json_text(kind: Any, schema: dict[str, Any]) -> None:
	assert build_query_schema(build_schemas({"key": kind})[0]["key"]) == schema


def test_the_signature_keeps_plain_types_for_frappes_validation() -> None:
	@endpoint(effect=READ)
	def list_days(limit: Annotated[int | None, Bounded(1, 7)] = None) -> list[str]:
		return []

	plain = {"limit": int | None, "return": list[str]}
	assert (list_days.__annotations__, inspect.unwrap(list_days).__annotations__) == (plain, plain)
	assert get_documented_types(list_days)["limit"] == Annotated[int | None, Bounded(1, 7)]


def count_arrays_without_items(node: Any) -> int:
	"""Return the number of arrays in a document without a type of their elements."""
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


def test_every_array_has_a_type_of_its_elements(spec: dict[str, Any]) -> None:
	assert count_arrays_without_items(spec) == 0


def list_parameters(operation: dict[str, Any]) -> dict[str, Any]:
	"""Return the parameters of an operation in the query and in the body, by their names."""
	in_query = {one["name"]: one for one in operation["parameters"] if "name" in one}
	bodies = operation.get("requestBody", {}).get("content", {}).values()
	return in_query | {
		name: value for body in bodies for name, value in body["schema"].get("properties", {}).items()
	}


def test_every_parameter_has_a_description(spec: dict[str, Any]) -> None:
	bare = [
		f"{name}: {key}"
		for name, operation in list_operations(spec)
		for key, value in list_parameters(operation).items()
		if not value.get("description")
	]
	assert bare == []


def test_every_operation_names_its_refusals(spec: dict[str, Any]) -> None:
	for name, operation in list_operations(spec):
		responses = operation["responses"]
		assert {"400", "401", "403", "429"} <= set(responses), name
		refusals = [reply for status, reply in responses.items() if status.startswith("4")]
		assert all(reply["description"] and reply["content"] for reply in refusals), name
	report = spec["paths"]["/api/method/orchestrator.insights.generate_report"]["post"]["responses"]
	assert report["404"]["description"] == "- DoesNotExistError: There is no such report."
	assert report["422"]["description"] == (
		"- InvalidRecipientError: A recipient may not run the report.\n"
		"- ReportExecutionError: The report itself failed.\n"
		"- ValidationError: The report refuses its filters."
	)


def test_operation_ids_are_unique_names_for_code(spec: dict[str, Any]) -> None:
	identifiers = Counter(operation["operationId"] for _name, operation in list_operations(spec))
	assert [
		name for name, count in identifiers.items() if count > 1 or not re.fullmatch("[a-z][a-z_]+", name)
	] == []


@pytest.mark.parametrize(
	("method", "verb", "usual_verb", "identifier"),
	[
		("orchestrator.crm.get_leads", "GET", "GET", "crm_get_leads"),
		("orchestrator.crm.get_leads", "POST", "GET", "crm_get_leads_by_post"),
		("orchestrator.api.bulk.get_operation", "GET", "GET", "bulk_get_operation"),
		("frappe.client.insert", "POST", "POST", "client_insert"),
		("upload_file", "POST", "POST", "upload_file"),
	],
)
def test_an_operation_id_is_the_documented_name(
	method: str, verb: str, usual_verb: str, identifier: str
) -> None:
	assert build_operation_id(method, verb, usual_verb) == identifier


def test_titles_of_schemas_are_unique(spec: dict[str, Any]) -> None:
	"""Generators of clients name a class after the title."""
	titles = [schema["title"] for schema in spec["components"]["schemas"].values() if "title" in schema]
	assert sorted(titles) == sorted(set(titles))


def test_every_operation_has_a_described_tag(spec: dict[str, Any]) -> None:
	tags = {tag["name"]: tag["description"] for tag in spec["tags"]}
	assert all(tags.values())
	assert {tag for _name, operation in list_operations(spec) for tag in operation["tags"]} == tags.keys()
	assert tags.keys() == {tag.name for tag in TAG_BY_MODULE.values()}


def test_bounds_of_the_site_are_those_of_its_settings(spec: dict[str, Any]) -> None:
	leads = spec["paths"]["/api/method/orchestrator.crm.get_leads"]["get"]
	assert list_parameters(leads)["limit_page_length"]["schema"] == {
		"type": "integer",
		"minimum": 1,
		"maximum": 500,
	}
	run = spec["components"]["schemas"]["RunStanding"]["properties"]
	assert run["trigger"] == {"type": "string", "enum": ["API", "Desk", "Schedule", "Command"]}


def test_every_status_of_the_reference_is_documented(spec: dict[str, Any]) -> None:
	documented = {name: operation["responses"] for name, operation in list_operations(spec)}
	undocumented = [
		(example.line, example.path, example.status)
		for example in reference.parse_examples()
		for responses in [documented.get(f"{example.verb.lower()} {example.path}")]
		if responses and str(example.status) not in responses
	]
	assert undocumented == []


def test_the_examples_are_those_of_the_reference() -> None:
	"""Otherwise run `python -m tests.support.openapi_examples`."""
	assert openapi_examples.read_examples() == openapi_examples.build_examples()


def list_examples(operation: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
	"""Yield each example of an operation, with its schema."""
	for parameter in operation["parameters"]:
		if "example" in parameter:
			yield parameter["schema"], parameter["example"]
	for part in (operation.get("requestBody", {}), *operation["responses"].values()):
		for content in part.get("content", {}).values():
			for example in content.get("examples", {}).values():
				yield content["schema"], example["value"]


def test_every_example_fits_its_schema(spec: dict[str, Any]) -> None:
	checked = [
		(name, value, [error.message for error in Draft202012Validator(schema).iter_errors(value)])
		for name, operation in list_operations(spec)
		for schema, value in list_examples(operation)
		for schema in [{**schema, "components": spec["components"]}]
	]
	assert len(checked) > 100
	assert [(name, errors) for name, _value, errors in checked if errors] == []


def test_a_method_without_parameters_takes_no_body(spec: dict[str, Any]) -> None:
	assert "requestBody" not in spec["paths"]["/api/method/orchestrator.hr.get_my_profile"]["post"]
	uploads = [
		name for name, operation in list_operations(spec) if "multipart" in str(operation.get("requestBody"))
	]
	assert uploads == ["post /api/method/upload_file"]


def test_rows_may_be_arrays_and_a_download_has_any_media_type(spec: dict[str, Any]) -> None:
	listing = spec["paths"]["/api/method/frappe.client.get_list"]["get"]["responses"]["200"]["content"]
	row = listing["application/json"]["schema"]["properties"]["data"]["items"]
	assert row == {
		"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "array", "items": {}}]
	}
	download = spec["paths"]["/api/method/orchestrator.docs.download"]["get"]["responses"]["200"]
	assert list(download["content"]) == ["application/octet-stream", "*/*"]
	assert {"Content-Disposition", "Content-Type"} <= set(download["headers"])
