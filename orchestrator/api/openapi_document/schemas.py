"""JSON Schemas of Python types, built by pydantic. TypedDicts become components, each under its own name."""

from collections.abc import Mapping
from typing import Any, Union, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.wrappers import Response

from orchestrator.api.endpoint import Listing, UnchangedRecord

Schema = dict[str, Any]

REFERENCE_TEMPLATE = "#/components/schemas/{model}"
NULL: Schema = {"type": "null"}
JSON_TEXT: Schema = {"type": "string", "contentMediaType": "application/json"}
# A row of a list: an object, or an array of its values with as_dict=false.
ROW_SCHEMA: Schema = {
	"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "array", "items": {}}]
}
# Types that are not data. The body of a download is described by its media type.
SCHEMA_OF_OWN_TYPE: dict[Any, Schema] = {Listing: {"type": "array", "items": ROW_SCHEMA}, Response: {}}


class _SchemaGenerator(GenerateJsonSchema):
	"""Pydantic's schemas without titles that repeat a field's name, and with times as Frappe writes them."""

	def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's signature
		return False

	def datetime_schema(self, schema: Any) -> Schema:  # noqa: ARG002  # pydantic's signature
		return {
			"type": "string"
		}  # date and time are separated by a blank, so this is not JSON Schema's date-time


def build_schemas(types: Mapping[str, Any]) -> tuple[dict[str, Schema], dict[str, Schema]]:
	"""Return the schema of each type under its key, and the components that the schemas refer to."""
	known = {key: SCHEMA_OF_OWN_TYPE[kind] for key, kind in types.items() if kind in SCHEMA_OF_OWN_TYPE}
	adapters = [
		(key, "serialization", TypeAdapter(_without_marker(kind)))
		for key, kind in types.items()
		if key not in known
	]
	schemas, definitions = TypeAdapter.json_schemas(
		adapters,  # type: ignore[arg-type]  # keys of any hashable type
		ref_template=REFERENCE_TEMPLATE,
		schema_generator=_SchemaGenerator,
	)
	return {**known, **{str(key): schema for (key, _mode), schema in schemas.items()}}, definitions.get(
		"$defs", {}
	)


def build_query_schema(schema: Schema) -> Schema:
	"""Return the schema of a query parameter: lists and objects as JSON text, never null."""
	options = [option for option in schema.get("anyOf", [schema]) if option != NULL]
	if any(option.get("type") in ("array", "object") for option in options):
		return JSON_TEXT
	return options[0] if len(options) == 1 else {"anyOf": options}


def _without_marker(kind: Any) -> Any:
	"""Return the type without UnchangedRecord, which only decides on the status."""
	members = [member for member in get_args(kind) if member is not UnchangedRecord]
	return Union[tuple(members)] if UnchangedRecord in get_args(kind) else kind  # noqa: UP007  # a variable
