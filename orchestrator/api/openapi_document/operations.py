"""The operations of the document: each method under each verb that it answers."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from orchestrator.api.endpoint import READ, get_effect
from orchestrator.api.openapi_document import endpoints
from orchestrator.api.openapi_document.conditions import add_conditions
from orchestrator.api.openapi_document.docstrings import get_documentation
from orchestrator.api.openapi_document.endpoints import Method, Parameter
from orchestrator.api.openapi_document.examples import find_body_examples, find_query_example
from orchestrator.api.openapi_document.responses import BYTES_SCHEMA, build_json_content, build_responses
from orchestrator.api.openapi_document.schemas import build_query_schema
from orchestrator.api.openapi_document.tags import get_tag

Schema = dict[str, Any]
Schemas = Mapping[str, Schema]

# Verbs with parameters in the query; other verbs have them in the body.
QUERY_VERBS = frozenset({"GET", "DELETE"})
JSON_SCALARS = ("boolean", "integer", "number")
# The path of a method is its name; operation IDs leave out the app, with which every name begins.
LEFT_OUT_PREFIXES = ("orchestrator.api.", "orchestrator.", "frappe.")
UPLOAD_METHOD = "upload_file"
RESULT_KEY = "return"
FLAG_SCHEMA: Schema = {"type": "integer", "enum": [0, 1]}
# Form fields of an upload that are not text.
UPLOAD_SCHEMAS: Schemas = {
	"file": BYTES_SCHEMA,
	"is_private": FLAG_SCHEMA,
	"optimize": FLAG_SCHEMA,
	"max_width": {"type": "integer", "minimum": 1},
	"max_height": {"type": "integer", "minimum": 1},
}
IDEMPOTENCY_KEY: Schema = {
	"name": "Idempotency-Key",
	"in": "header",
	"description": "The same key, user and request within a day replays the first reply.",
	"schema": {"type": "string", "maxLength": 255},
}


def list_types(name: str, function: Method) -> dict[str, Any]:
	"""Return the types of parameters and result of an endpoint, under the keys that `build_path` looks for."""
	types = {_get_key(name, p.name): p.type for p in endpoints.list_parameters(function)}
	return {**types, _get_key(name, RESULT_KEY): endpoints.get_result_type(function)}


def build_path(name: str, function: Method, schemas: Schemas) -> Schema:
	"""Return the path item of one method, with an operation for each of its verbs."""
	return {
		verb.lower(): _build_operation(name, verb, function, schemas)
		for verb in endpoints.list_verbs(function)
	}


def build_operation_id(name: str, verb: str, usual_verb: str) -> str:
	"""Return the name of the operation in generated clients, such as crm_get_leads.

	It is the ID of the usual verb; under another verb, the verb is appended.
	"""
	prefix = next((prefix for prefix in LEFT_OUT_PREFIXES if name.startswith(prefix)), "")
	identifier = name.removeprefix(prefix).replace(".", "_")
	return identifier if verb == usual_verb else f"{identifier}_by_{verb.lower()}"


def _get_key(name: str, part: str) -> str:
	return f"{name}:{part}"


def _build_operation(name: str, verb: str, function: Method, schemas: Schemas) -> Schema:
	"""Return the operation of one method under one verb."""
	text = get_documentation(function)
	paragraphs = [text.description, f"**Permissions:** {text.permissions}"]
	operation: Schema = {
		"operationId": build_operation_id(name, verb, endpoints.list_verbs(function)[0]),
		"tags": [get_tag(function).name],
		"summary": text.summary.rstrip("."),
		"description": "\n\n".join(filter(None, paragraphs)),
		"parameters": _build_query_parameters(name, verb, function, schemas) if verb in QUERY_VERBS else [],
		"responses": build_responses(name, verb, function, schemas[_get_key(name, RESULT_KEY)]),
	}
	if verb not in QUERY_VERBS and (content := _build_body_content(name, verb, function, schemas)):
		operation["requestBody"] = {"content": content, "required": True}
	if get_effect(function) != READ:
		operation["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
	add_conditions(operation, verb, function)
	return operation


def _build_query_parameters(name: str, verb: str, function: Method, schemas: Schemas) -> list[Schema]:
	"""Return the parameters in the query, each with its description."""
	texts = get_documentation(function).parameters
	example = find_query_example(name, verb)
	return [
		{
			"name": parameter.name,
			"in": "query",
			"required": parameter.is_required,
			"description": texts.get(parameter.name, ""),
			"schema": schema,
			**_build_example(schema, example.get(parameter.name)),
		}
		for parameter in endpoints.list_parameters(function)
		for schema in [build_query_schema(_build_parameter_schema(name, parameter, schemas))]
	]


def _build_parameter_schema(name: str, parameter: Parameter, schemas: Schemas) -> Schema:
	"""Return the schema of a parameter, with its default."""
	schema = schemas[_get_key(name, parameter.name)]
	has_default = parameter.default not in (None, inspect.Parameter.empty)
	return {**schema, "default": parameter.default} if has_default else schema


def _build_example(schema: Schema, text: str | None) -> Schema:
	"""Return the example of a parameter, parsed from text, under its key."""
	if text is None:
		return {}
	kind = schema.get("type")
	value = json.loads(text) if kind in JSON_SCALARS else text
	return {"example": bool(value) if kind == "boolean" else value}


def _build_body_content(name: str, verb: str, function: Method, schemas: Schemas) -> Schema | None:
	"""Return the content of the body; None for a method without parameters."""
	if name == UPLOAD_METHOD:
		return _build_upload_content(get_documentation(function).parameters)
	if not endpoints.list_parameters(function):
		return None
	content = build_json_content(build_body_schema(name, function, schemas))
	if examples := find_body_examples(name, verb):
		content["application/json"]["examples"] = examples
	return content


def build_body_schema(name: str, function: Method, schemas: Schemas) -> Schema:
	"""Return the schema of a method's parameters as one object."""
	texts = get_documentation(function).parameters
	parameters = endpoints.list_parameters(function)
	return {
		"type": "object",
		"properties": {
			p.name: {**_build_parameter_schema(name, p, schemas), "description": texts.get(p.name, "")}
			for p in parameters
		},
		"required": [parameter.name for parameter in parameters if parameter.is_required],
		"additionalProperties": endpoints.accepts_any_field(function),
	}


def _build_upload_content(texts: Mapping[str, str]) -> Schema:
	"""Return the form of an upload, whose fields are only in the docstring."""
	properties = {
		name: {**UPLOAD_SCHEMAS.get(name, {"type": "string"}), "description": text}
		for name, text in texts.items()
	}
	return {"multipart/form-data": {"schema": {"type": "object", "properties": properties}}}
