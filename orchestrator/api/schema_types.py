"""Types for the OpenAPI document with closed sets, bounds, formats and elements.

They are used in `Annotated`, for parameters and results of endpoints. They validate nothing: the code that
reads a request checks it, and refuses it with its own message.

	new_status: Annotated[str, OneOf(*STAGES)]
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import TypeAdapter

from orchestrator.configuration import get_settings

Schema = dict[str, Any]

MAX_START: Final = 2**31 - 1


class SchemaNote:
	"""Metadata of an annotated type. Pydantic asks it for the JSON Schema."""

	def build_schema(self) -> Schema:
		"""Return the schema of a value that is not null."""
		raise NotImplementedError

	def __get_pydantic_json_schema__(self, core_schema: Any, handler: Callable[[Any], Schema]) -> Schema:
		"""Return the schema, which permits null if the type does."""
		options = handler(core_schema).get("anyOf", [])
		described = self.build_schema()
		return {"anyOf": [described, {"type": "null"}]} if {"type": "null"} in options else described


@dataclass(frozen=True, init=False)
class OneOf(SchemaNote):
	"""A string of a closed set."""

	values: tuple[str, ...]

	def __init__(self, *values: str) -> None:
		object.__setattr__(self, "values", values)

	def build_schema(self) -> Schema:
		return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True)
class Bounded(SchemaNote):
	"""A number from `minimum` to `maximum`. A bound that is a site setting is given as a function."""

	minimum: float
	maximum: float | Callable[[], int] | None = None
	kind: str = "integer"

	def build_schema(self) -> Schema:
		schema: Schema = {"type": self.kind, "minimum": self.minimum}
		if self.maximum is not None:
			schema["maximum"] = self.maximum() if callable(self.maximum) else self.maximum
		return schema


@dataclass(frozen=True)
class Formatted(SchemaNote):
	"""A string in one of JSON Schema's formats."""

	format: str

	def build_schema(self) -> Schema:
		return {"type": "string", "format": self.format}


@dataclass(frozen=True)
class ListOf(SchemaNote):
	"""A list of strings, also where it is accepted as JSON text, as in a query."""

	minimum: int = 0
	maximum: int | Callable[[], int] | None = None

	def build_schema(self) -> Schema:
		schema: Schema = {"type": "array", "items": {"type": "string"}}
		if self.minimum:
			schema["minItems"] = self.minimum
		if self.maximum is not None:
			schema["maxItems"] = self.maximum() if callable(self.maximum) else self.maximum
		return schema


@dataclass(frozen=True)
class ListOfObjects(SchemaNote):
	"""A list of objects of one shape, a TypedDict."""

	shape: Any
	minimum: int
	maximum: int

	def build_schema(self) -> Schema:
		items = TypeAdapter(self.shape).json_schema()
		return {"type": "array", "items": items, "minItems": self.minimum, "maxItems": self.maximum}


def get_max_page_length() -> int:
	"""Return the page cap of this site."""
	return get_settings().max_page_length


RowOffset = Annotated[str | int | None, Bounded(0, MAX_START)]
PageLength = Annotated[str | int | None, Bounded(1, get_max_page_length)]
Day = Annotated[str, Formatted("date")]
OptionalDay = Annotated[str | None, Formatted("date")]
Names = Annotated[str | list | None, ListOf()]
