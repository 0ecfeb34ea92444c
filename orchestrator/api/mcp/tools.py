"""The tools that a caller may use: documented endpoints that the scope of the caller's key includes."""

from dataclasses import dataclass
from typing import Any

from orchestrator.access import key_methods
from orchestrator.access.key_scope import KeyScope
from orchestrator.api.batches.steps import can_be_step
from orchestrator.api.endpoint import READ, get_effect
from orchestrator.api.openapi_document import endpoints
from orchestrator.api.openapi_document.docstrings import get_documentation
from orchestrator.api.openapi_document.endpoints import Method
from orchestrator.api.openapi_document.operations import (
	build_body_schema,
	build_operation_id,
	list_types,
)
from orchestrator.api.openapi_document.schemas import REFERENCE_TEMPLATE, build_schemas
from orchestrator.configuration import get_settings

Schema = dict[str, Any]

LOCAL_TEMPLATE = "#/$defs/{model}"


@dataclass(frozen=True)
class Tool:
	"""An endpoint as a tool."""

	name: str
	method: str
	verb: str
	function: Method

	@property
	def is_read_only(self) -> bool:
		"""Return True for a tool that changes nothing."""
		return get_effect(self.function) == READ


def list_tools(scope: KeyScope) -> dict[str, Tool]:
	"""Return the tools of a key by name, in the order of their methods."""
	tools = [_build_tool(method, function) for method, function in endpoints.list_methods().items()]
	return {tool.name: tool for tool in tools if _is_allowed(tool, scope)}


def describe_tools(tools: dict[str, Tool]) -> list[dict[str, Any]]:
	"""Return the tools as the protocol has them."""
	types = {
		key: kind for tool in tools.values() for key, kind in list_types(tool.method, tool.function).items()
	}
	schemas, definitions = build_schemas(types)
	return [_describe_tool(tool, schemas, definitions) for tool in tools.values()]


def _build_tool(method: str, function: Method) -> Tool:
	verb = endpoints.list_verbs(function)[0]
	return Tool(build_operation_id(method, verb, verb), method, verb, function)


def _is_allowed(tool: Tool, scope: KeyScope) -> bool:
	"""Return True if the site and the key let an assistant use the tool."""
	if not can_be_step(tool.function) or key_methods.find_missing_method(scope, tool.method, {}):
		return False
	return tool.is_read_only or bool(get_settings().mcp_allow_writes)


def _describe_tool(tool: Tool, schemas: dict[str, Schema], definitions: dict[str, Schema]) -> dict[str, Any]:
	text = get_documentation(tool.function)
	return {
		"name": tool.name,
		"title": text.summary.rstrip("."),
		"description": "\n\n".join(
			filter(None, [text.summary, text.description, f"Permissions: {text.permissions}"])
		),
		"inputSchema": _build_input_schema(tool, schemas, definitions),
		"annotations": {"readOnlyHint": tool.is_read_only, "openWorldHint": False},
	}


def _build_input_schema(tool: Tool, schemas: dict[str, Schema], definitions: dict[str, Schema]) -> Schema:
	"""Return the schema of the arguments, which brings along the components that it refers to."""
	schema = build_body_schema(tool.method, tool.function, schemas)
	used = _find_definitions(schema, definitions)
	return _localize({**schema, "$defs": used} if used else schema)


def _find_definitions(value: Any, definitions: dict[str, Schema]) -> dict[str, Schema]:
	"""Return the components that a schema refers to, and those that they refer to in turn."""
	found: dict[str, Schema] = {}
	pending = [value]
	while pending:
		part = pending.pop()
		if isinstance(part, list):
			pending.extend(part)
		elif isinstance(part, dict):
			pending.extend(part.values())
			name = str(part.get("$ref", "")).rpartition("/")[2]
			if name in definitions and name not in found:
				found[name] = definitions[name]
				pending.append(definitions[name])
	return found


def _localize(value: Any) -> Any:
	"""Return a schema whose references lead to its own definitions."""
	if isinstance(value, list):
		return [_localize(item) for item in value]
	if not isinstance(value, dict):
		return value
	prefix = REFERENCE_TEMPLATE.format(model="")
	return {
		key: LOCAL_TEMPLATE.format(model=item.removeprefix(prefix))
		if key == "$ref" and isinstance(item, str)
		else _localize(item)
		for key, item in value.items()
	}
