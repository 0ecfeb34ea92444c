"""Build the OpenAPI document."""

from typing import Any

from orchestrator import __version__
from orchestrator.api.openapi_document.conditions import CONDITION_PARAMETERS, ETAG_HEADER
from orchestrator.api.openapi_document.endpoints import list_methods
from orchestrator.api.openapi_document.operations import IDEMPOTENCY_KEY, build_path, list_types
from orchestrator.api.openapi_document.responses import (
	ERROR_SCHEMA,
	build_error_components,
	build_header_components,
)
from orchestrator.api.openapi_document.schemas import build_schemas
from orchestrator.api.openapi_document.tags import build_tags

Schema = dict[str, Any]

VERSION = "3.1.0"
PATH_PREFIX = "/api/method/"
DESCRIPTION = (
	"One REST API over the Frappe suite. Every reply has `message`, `data` and `exc`; a refusal has the status,"
	" the class and the text of its error, and changed nothing."
)


def build_document(url: str) -> Schema:
	"""Return the document of this site's API.

	Args:
		url: The site's address, without a slash at the end.
	"""
	methods = list_methods()
	types = {
		key: kind for name, function in methods.items() for key, kind in list_types(name, function).items()
	}
	schemas, components = build_schemas(types)
	return {
		"openapi": VERSION,
		"info": _build_info(),
		"servers": [{"url": url}],
		"security": [{"token": []}, {"bearer": []}, {"session": []}],
		"tags": build_tags(),
		"paths": {
			PATH_PREFIX + name: build_path(name, function, schemas) for name, function in methods.items()
		},
		"components": {
			"securitySchemes": _build_security_schemes(url),
			"schemas": {"Error": ERROR_SCHEMA, **components},
			"parameters": {"IdempotencyKey": IDEMPOTENCY_KEY, **CONDITION_PARAMETERS},
			"headers": {**build_header_components(), "ETag": ETAG_HEADER},
			"responses": build_error_components(),
		},
	}


def _build_info() -> Schema:
	return {
		"title": "Frappe Orchestrator",
		"version": __version__,
		"description": DESCRIPTION,
		"license": {"name": "MIT", "identifier": "MIT"},
	}


def _build_security_schemes(url: str) -> Schema:
	"""Return the three ways to authenticate."""
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
