"""The replies of an endpoint: its result, and every error that its docstring or the contract names."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from werkzeug.wrappers import Response

from orchestrator.api.call import OWN_PREFIX
from orchestrator.api.endpoint import (
	CREATE,
	CREATED_STATUS,
	READ,
	Listing,
	UnchangedRecord,
	get_documented_types,
	get_effect,
)
from orchestrator.api.openapi_document.docstrings import DocumentedError, get_documentation
from orchestrator.api.openapi_document.endpoints import Method
from orchestrator.api.openapi_document.examples import find_reply_examples
from orchestrator.api.preconditions import RECORD_PARAMETERS

Schema = dict[str, Any]

# The generic media type is for tools that do not support wildcards.
DOWNLOAD_MEDIA_TYPES = ("application/octet-stream", "*/*")
# An extension of OpenAPI: the classes of the errors of a response, each with its reason.
ERROR_TYPES_KEY = "x-error-types"
BYTES_SCHEMA: Schema = {"type": "string", "format": "binary"}
RATE_LIMIT_HEADERS = {
	"X-RateLimit-Limit": "Requests per minute by which the allowance refills.",
	"X-RateLimit-Remaining": "Requests left.",
	"X-RateLimit-Reset": "Epoch second at which the allowance is full.",
}
# Of lists, where the request asks for them.
PAGE_PROPERTIES: Schema = {
	"next_cursor": {
		"type": ["string", "null"],
		"description": "With cursor: the cursor of the next page, null on the last.",
	},
	"has_more": {"type": "boolean", "description": "With cursor: whether there is a next page."},
	"total": {"type": "integer", "description": "With with_total: the number of records on all pages."},
}
DOWNLOAD_HEADERS = {
	"Content-Disposition": "The name of the file.",
	"Content-Type": "The media type of the file.",
}
ERROR_SCHEMA: Schema = {
	"type": "object",
	"description": "A refusal. Nothing was changed.",
	"required": ["message", "data", "exc", "exc_type", "_server_messages"],
	"properties": {
		"message": {"type": "null"},
		"data": {
			"type": ["object", "null"],
			"description": "null, but for an atomic batch: the results of its steps.",
		},
		"exc": {"type": "string", "description": "<Type>: <what happened and what to do>"},
		"exc_type": {"type": "string", "description": "The class of the error."},
		"_server_messages": {"type": "array", "items": {"type": "string"}},
		"request_id": {"type": "string", "description": "With status 500: finds the Error Log."},
	},
}
# Statuses that every call may return.
COMMON_ERRORS = (
	DocumentedError("InvalidRequestError", "400", "A parameter is missing, unknown or of the wrong type."),
	DocumentedError(
		"AuthenticationError", "401", "The caller is not signed in, or the credentials are wrong."
	),
	DocumentedError("PermissionError", "403", "The caller may not do this."),
	DocumentedError(
		"TooManyRequestsError", "429", "Too many requests. Retry-After gives the seconds to wait."
	),
)
WRITE_ERRORS = (
	DocumentedError("ConflictError", "409", "The Idempotency-Key was used for another request."),
	DocumentedError(
		"RequestRunningConflictError",
		"409",
		"The first request with the Idempotency-Key still runs. Retry it.",
	),
)
PRECONDITION_ERRORS = (
	DocumentedError("PreconditionFailedError", "412", "The record has another ETag than If-Match."),
)


def build_responses(name: str, verb: str, function: Method, data: Schema) -> Schema:
	"""Return the responses of one method under one verb.

	Args:
		name: The method as a client calls it.
		verb: The HTTP method.
		function: The endpoint.
		data: The schema of what it returns.
	"""
	examples = find_reply_examples(name, verb)
	success = _build_success(name, function, data)
	responses = dict.fromkeys(_list_success_statuses(function), success)
	responses |= _build_error_responses(function)
	for status, values in examples.items():
		if status in responses and "content" in responses[status]:
			responses[status] = _with_examples(responses[status], values)
	return {**responses, "default": {"$ref": "#/components/responses/Error"}}


def build_error_components() -> dict[str, Schema]:
	"""Return the responses that all endpoints have in common."""
	return {"Error": _build_error("Any other refusal, with what happened and what to do.")}


def takes_if_match(function: Method) -> bool:
	"""Return True for an endpoint that changes one record, whose ETag it compares."""
	return f"{function.__module__}.{function.__qualname__}" in RECORD_PARAMETERS


def build_header_components() -> dict[str, Schema]:
	"""Return the headers of the rate limit."""
	return {
		name: {"description": description, "schema": {"type": "integer"}}
		for name, description in RATE_LIMIT_HEADERS.items()
	}


def build_json_content(schema: Schema) -> Schema:
	"""Return the content of a JSON body."""
	return {"application/json": {"schema": schema}}


def _list_success_statuses(function: Method) -> Sequence[str]:
	"""Return 200, or 201 if a record is created, or both if it may exist already."""
	if get_effect(function) != CREATE:
		return ["200"]
	may_exist = UnchangedRecord in get_args(get_documented_types(function)["return"])
	return [str(CREATED_STATUS), "200"] if may_exist else [str(CREATED_STATUS)]


def _build_success(name: str, function: Method, data: Schema) -> Schema:
	"""Return the response of a call that succeeds."""
	result = get_documented_types(function)["return"]
	description = get_documentation(function).returns
	if result is Response:
		headers = _refer_to_headers() | {
			header: {"description": text, "schema": {"type": "string"}}
			for header, text in DOWNLOAD_HEADERS.items()
		}
		content = {media_type: {"schema": BYTES_SCHEMA} for media_type in DOWNLOAD_MEDIA_TYPES}
		return {"description": description, "headers": headers, "content": content}
	properties: Schema = {
		"message": {"type": "string", "description": "What was done."} if name.startswith(OWN_PREFIX) else {},
		"data": data,
		"exc": {"const": ""},
	}
	if result is Listing:
		properties["keys"] = {"type": "array", "items": {"type": "string"}}
	schema = {"type": "object", "properties": properties, "required": list(properties)}
	if result is Listing:
		schema["properties"] = properties | PAGE_PROPERTIES
	return {"description": description, "headers": _refer_to_headers(), "content": build_json_content(schema)}


def _build_error_responses(function: Method) -> dict[str, Schema]:
	"""Return the errors by status, in the order of the statuses."""
	documented = get_documentation(function).errors
	statuses = {error.status for error in documented}
	common = [*COMMON_ERRORS, *(WRITE_ERRORS if get_effect(function) != READ else ())]
	common += PRECONDITION_ERRORS if takes_if_match(function) else ()
	# A permission error in the docstring is more precise than the common sentence.
	errors = [e for e in common if e.status not in statuses or e.status in ("400", "409")] + [*documented]
	by_status: dict[str, list[DocumentedError]] = {}
	for error in errors:
		by_status.setdefault(error.status, []).append(error)
	return {status: _build_refusal(by_status[status]) for status in sorted(by_status)}


def _build_refusal(errors: Sequence[DocumentedError]) -> Schema:
	"""Return the response of one status, with its error classes for people and for generators of clients."""
	response = _build_error("\n".join(f"- {error.type}: {error.reason}" for error in errors))
	return {**response, ERROR_TYPES_KEY: {error.type: error.reason for error in errors}}


def _build_error(description: str) -> Schema:
	content = build_json_content({"$ref": "#/components/schemas/Error"})
	return {"description": description, "headers": _refer_to_headers(), "content": content}


def _refer_to_headers() -> Schema:
	return {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_LIMIT_HEADERS}


def _with_examples(response: Schema, values: Mapping[str, Any]) -> Schema:
	"""Return the response with examples of its JSON body."""
	content = {
		media_type: {**body, "examples": dict(values)} for media_type, body in response["content"].items()
	}
	return {**response, "content": content}
