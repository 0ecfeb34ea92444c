"""The contract as an OpenAPI 3.1 document, read off the endpoints themselves: signatures, docstrings, shapes."""

import datetime
import importlib
import inspect
import pkgutil
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from werkzeug.wrappers import Response

import frappe
from frappe import _lt
from frappe.utils import get_url

from orchestrator import __version__, compat
from orchestrator.api import overrides, parameter_texts
from orchestrator.api.call import OWN_PREFIX
from orchestrator.api.endpoint import (
	CREATE,
	CREATED_STATUS,
	READ,
	Listing,
	UnchangedRecord,
	endpoint,
	get_effect,
)

Method = Callable[..., Any]
Schema = dict[str, Any]

VERSION = "3.1.0"
APP = "orchestrator"
# A domain's endpoints are in its package, the contract's own in modules beside this one.
PACKAGES_WITH_ENDPOINTS = (APP, f"{APP}.api")
PATH_PREFIX = "/api/method/"
OVERRIDES_PREFIX = f"{overrides.__name__}."
# Verbs whose parameters stand in the query; those of the others are the body.
QUERY_VERBS = frozenset({"GET", "DELETE"})
# A row of a list: an object, or an array of its values with as_dict=false.
ROW_SCHEMA: Schema = {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}]}
SCHEMA_OF_TYPE: dict[Any, Schema] = {
	str: {"type": "string"},
	int: {"type": "integer"},
	float: {"type": "number"},
	bool: {"type": "boolean"},
	dict: {"type": "object"},
	list: {"type": "array", "items": {}},
	type(None): {"type": "null"},
	datetime.date: {"type": "string", "format": "date"},
	datetime.datetime: {"type": "string"},
	Listing: {"type": "array", "items": ROW_SCHEMA},
	UnchangedRecord: {"type": "object"},
}
BYTES_SCHEMA: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
UPLOAD_METHOD = "upload_file"
# A download has the media type of its file.
ANY_MEDIA_TYPE = "*/*"
DOWNLOAD_HEADERS = {
	name: {"description": description, "schema": {"type": "string"}}
	for name, description in (
		("Content-Disposition", "The name of the file."),
		("Content-Type", "The media type of the file."),
	)
}
JSON_TEXT: Schema = {"type": "string", "contentMediaType": "application/json"}
UPLOAD_DESCRIPTIONS = [
	"file_url",
	"folder",
	"doctype",
	"docname",
	"fieldname",
	"title",
	"version_notes",
	"tags",
]
UPLOAD_BODY = {
	"multipart/form-data": {
		"schema": {
			"type": "object",
			"properties": {
				"file": BYTES_SCHEMA,
				"is_private": {"enum": [0, 1]},
				**{name: {"type": "string"} for name in UPLOAD_DESCRIPTIONS},
			},
		}
	}
}
RATE_LIMIT_HEADERS = {
	name: {"description": description, "schema": {"type": "integer"}}
	for name, description in (
		("X-RateLimit-Limit", "Requests per minute that the allowance refills by."),
		("X-RateLimit-Remaining", "Requests left."),
		("X-RateLimit-Reset", "Epoch second at which the allowance is full."),
	)
}
ERROR_SCHEMA: Schema = {
	"type": "object",
	"required": ["message", "data", "exc", "exc_type", "_server_messages"],
	"properties": {
		"message": {"type": "null"},
		"data": {"type": "null"},
		"exc": {"type": "string", "description": "<Type>: <what happened and what to do>"},
		"exc_type": {"type": "string"},
		"_server_messages": {"type": "array", "items": {"type": "string"}},
		"request_id": {"type": "string", "description": "With status 500: what finds the Error Log."},
	},
}
IDEMPOTENCY_KEY = {
	"name": "Idempotency-Key",
	"in": "header",
	"description": "The same key, user and request within a day replays the first reply.",
	"schema": {"type": "string", "maxLength": 255},
}


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("API described"), effect=READ)
def get_spec() -> dict[str, Any]:
	"""The OpenAPI document of this site's API, for whoever is signed in.

	It lists every `orchestrator.*` method and the documented methods of Frappe, as API clients get them."""
	return _build_document(_list_methods(), get_url())


def _list_methods() -> dict[str, Method]:
	"""The functions under the contract, by the name that a client calls."""
	named = {function: name for name, function in _list_documented()}
	return dict(
		sorted((named.get(function, _get_own_name(function)), function) for function in _list_endpoints())
	)


def _list_documented() -> Iterator[tuple[str, Method]]:
	"""Frappe's method names under the contract, with the function behind each. Of synonyms the documented
	one, which stands first in hooks.py, comes last."""
	targets = frappe.get_hooks("override_whitelisted_methods", app_name=APP)
	for name, paths in reversed(targets.items()):
		if name in compat.NAMES_OF_THE_OTHER_LINE:
			continue
		path = paths[-1]
		if path.startswith(OVERRIDES_PREFIX):
			path = overrides.METHODS[path.removeprefix(OVERRIDES_PREFIX)][1]
		yield name, frappe.get_attr(path)


def _list_endpoints() -> list[Method]:
	"""Every whitelisted function of this app that answers under the contract. They register when imported."""
	for package in map(importlib.import_module, PACKAGES_WITH_ENDPOINTS):
		for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
			importlib.import_module(module.name)
	return [
		function
		for function in frappe.whitelisted
		if function.__module__.startswith(OWN_PREFIX) and get_effect(function)
	]


def _get_own_name(function: Method) -> str:
	return f"{function.__module__}.{function.__name__}"


def _build_document(named: dict[str, Method], url: str) -> Schema:
	"""The whole document."""
	return {
		"openapi": VERSION,
		"info": {"title": "Frappe Orchestrator", "version": __version__},
		"servers": [{"url": url}],
		"security": [{"token": []}, {"bearer": []}, {"session": []}],
		"paths": {PATH_PREFIX + name: _build_path(name, function) for name, function in named.items()},
		"components": {
			"securitySchemes": _build_security_schemes(url),
			"schemas": {"Error": ERROR_SCHEMA},
			"responses": {
				"Error": {
					"description": "Refused, with what happened and what to do.",
					"headers": RATE_LIMIT_HEADERS,
					"content": _build_json_content({"$ref": "#/components/schemas/Error"}),
				}
			},
		},
	}


def _build_security_schemes(url: str) -> Schema:
	"""The three ways to say who one is."""
	oauth = f"{url}{PATH_PREFIX}frappe.integrations.oauth2."
	flow = {
		"authorizationUrl": f"{oauth}authorize",
		"tokenUrl": f"{oauth}get_token",
		"scopes": {"all": "All."},
	}
	return {
		"token": {
			"type": "apiKey",
			"in": "header",
			"name": "Authorization",
			"description": "token <api key>:<api secret>",
		},
		"bearer": {"type": "oauth2", "flows": {"authorizationCode": flow}},
		"session": {"type": "apiKey", "in": "cookie", "name": "sid"},
	}


def _build_path(name: str, function: Method) -> Schema:
	"""One method, by the verbs that it answers."""
	verbs = frappe.allowed_http_methods_for_whitelisted_func[function]
	return {verb.lower(): _build_operation(name, verb, function) for verb in verbs}


def _build_operation(name: str, verb: str, function: Method) -> Schema:
	"""One method under one verb."""
	summary, _blank, description = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
	operation: Schema = {
		"operationId": f"{verb.lower()}:{name}",
		"tags": [name.rpartition(".")[0] or name],
		"summary": " ".join(summary.split()),
		"description": description,
		"parameters": _build_query_parameters(function) if verb in QUERY_VERBS else [],
		"responses": _build_responses(name, function),
	}
	if verb not in QUERY_VERBS and (content := _build_body_content(name, function)):
		operation["requestBody"] = {"content": content}
	if verb == "POST" and get_effect(function) != READ:
		operation["parameters"].append(IDEMPOTENCY_KEY)
	return operation


def _build_query_parameters(function: Method) -> list[Schema]:
	"""The parameters in the query, each with its description."""
	texts = parameter_texts.get_descriptions(function)
	return [
		{
			"name": name,
			"in": "query",
			"required": required,
			"description": texts.get(name, ""),
			"schema": build_query_schema(hint),
		}
		for name, hint, required in _list_parameters(function)
	]


def _build_body_content(name: str, function: Method) -> Schema | None:
	"""The body; None for a method without parameters."""
	if name == UPLOAD_METHOD:
		return UPLOAD_BODY
	texts = parameter_texts.get_descriptions(function)
	properties = {
		name: {**build_schema(hint), "description": texts.get(name, "")}
		for name, hint, _required in _list_parameters(function)
	}
	if not properties:
		return None
	return _build_json_content(
		{
			"type": "object",
			"properties": properties,
			"required": [name for name, _hint, required in _list_parameters(function) if required],
			"additionalProperties": _accepts_any_field(function),
		}
	)


def _list_parameters(function: Method) -> Iterator[tuple[str, Any, bool]]:
	"""Name, type and whether it must be given, of each named parameter."""
	hints = get_type_hints(inspect.unwrap(function))
	for name, parameter in inspect.signature(function).parameters.items():
		if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
			yield name, hints[name], parameter.default is parameter.empty


def _accepts_any_field(function: Method) -> bool:
	"""True where the body's own fields are the data: `**values`."""
	return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def _build_responses(name: str, function: Method) -> Schema:
	"""The success reply, and the error reply that all have in common."""
	result = get_type_hints(inspect.unwrap(function))["return"]
	data = build_schema(result)
	properties = {
		"message": {"type": "string"} if name.startswith(OWN_PREFIX) else {},
		"data": data,
		"exc": {"const": ""},
	}
	if result is Listing:
		properties["keys"] = {"type": "array", "items": {"type": "string"}}
	reply = _build_json_content({"type": "object", "properties": properties, "required": list(properties)})
	headers = RATE_LIMIT_HEADERS
	if result is Response:
		reply, headers = {ANY_MEDIA_TYPE: {"schema": {}}}, {**RATE_LIMIT_HEADERS, **DOWNLOAD_HEADERS}
	done = {"description": "Done.", "headers": headers, "content": reply}
	is_kept = UnchangedRecord in _list_members(result)
	created = [str(CREATED_STATUS), "200"] if is_kept else [str(CREATED_STATUS)]
	statuses = created if get_effect(function) == CREATE else ["200"]
	return dict.fromkeys(statuses, done) | _build_error_responses(function)


def _build_error_responses(function: Method) -> Schema:
	"""The refusals that every call has, those that its docstring names, and the form that all of them have."""
	reasons = {**parameter_texts.COMMON_ERRORS, **parameter_texts.parse_errors(function)}
	error = {
		"headers": RATE_LIMIT_HEADERS,
		"content": _build_json_content({"$ref": "#/components/schemas/Error"}),
	}
	named = {status: {"description": reason, **error} for status, reason in sorted(reasons.items())}
	return {**named, "default": {"$ref": "#/components/responses/Error"}}


def _build_json_content(schema: Schema) -> Schema:
	return {"application/json": {"schema": schema}}


def build_query_schema(hint: Any) -> Schema:
	"""The schema of a parameter in the query, where lists and objects stand as JSON."""
	options = set(_list_members(hint)) - {type(None)}
	if any((get_origin(option) or option) in (list, dict) for option in options):
		return JSON_TEXT
	return build_schema(Union[tuple(options)]) if options else {}  # noqa: UP007  # its members are a variable


def build_schema(hint: Any) -> Schema:
	"""The JSON Schema of a type; the empty one, which anything fits, for a type not known here."""
	options = _list_members(hint)
	if len(options) > 1:
		return {"anyOf": [build_schema(option) for option in options]}
	origin, arguments = get_origin(hint), get_args(hint)
	if origin is Literal:
		return {"enum": list(arguments)}
	if origin in (list, Sequence):
		return {"type": "array", "items": build_schema(arguments[0])}
	if origin is dict:
		return {"type": "object", "additionalProperties": build_schema(arguments[1])}
	if is_typeddict(hint):
		return _build_shape_schema(hint)
	return SCHEMA_OF_TYPE.get(hint, {})


def _list_members(hint: Any) -> tuple[Any, ...]:
	"""The types that a union is of; any other type by itself."""
	return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _build_shape_schema(shape: Any) -> Schema:
	"""The schema of a TypedDict."""
	return {
		"type": "object",
		"title": shape.__name__,
		"description": " ".join((shape.__doc__ or "").split()),
		"properties": {name: build_schema(hint) for name, hint in get_type_hints(shape).items()},
		"required": sorted(shape.__required_keys__),
	}
