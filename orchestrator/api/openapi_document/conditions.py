"""Conditional requests in the document: the headers, and the replies to them."""

from typing import Any

from werkzeug.wrappers import Response

from orchestrator.api.endpoint import READ, get_documented_types, get_effect
from orchestrator.api.openapi_document.endpoints import Method
from orchestrator.api.openapi_document.responses import takes_if_match

Schema = dict[str, Any]

READING_VERB = "GET"
ETAGS: Schema = {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$', "maxLength": 4096}
CONDITION_PARAMETERS: dict[str, Schema] = {
	"IfMatch": {
		"name": "If-Match",
		"in": "header",
		"description": "ETags that the record may have, or *. With any other the call is refused with 412.",
		"schema": ETAGS,
	},
	"IfNoneMatch": {
		"name": "If-None-Match",
		"in": "header",
		"description": "ETags of replies that the caller has, or *. With one of them the reply is 304.",
		"schema": ETAGS,
	},
}
ETAG_HEADER: Schema = {
	"description": "The state of the record or of the list, for If-Match and If-None-Match.",
	"schema": {"type": "string"},
}
NOT_MODIFIED: Schema = {
	"description": "The caller has the reply already: If-None-Match has its ETag.",
	"headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
}


def add_conditions(operation: Schema, verb: str, function: Method) -> None:
	"""Add the header that the operation takes to its parameters, and the reply to it."""
	is_download = get_documented_types(function)["return"] is Response
	if get_effect(function) == READ and verb == READING_VERB and not is_download:
		operation["parameters"].append({"$ref": "#/components/parameters/IfNoneMatch"})
		operation["responses"] = {**operation["responses"], "304": NOT_MODIFIED}
	elif takes_if_match(function):
		operation["parameters"].append({"$ref": "#/components/parameters/IfMatch"})
