"""Parse the docstring of an endpoint into its sections."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STATUS_SEPARATOR = ". "


@dataclass(frozen=True)
class DocumentedError:
	"""A line of Raises: the error's class, its status, and when it is raised."""

	type: str
	status: str
	reason: str


@dataclass(frozen=True)
class EndpointDocumentation:
	"""The sections of an endpoint's docstring."""

	summary: str
	description: str
	parameters: Mapping[str, str]
	returns: str
	permissions: str
	errors: Sequence[DocumentedError]


@functools.lru_cache(maxsize=1024)
def parse_docstring(text: str) -> EndpointDocumentation:
	"""Parse a docstring with the sections Args, Returns, Permissions and Raises."""
	# Imported here, because only the document needs it.
	from docstring_parser.google import DEFAULT_SECTIONS, GoogleParser, Section, SectionType

	permissions = Section("Permissions", "permissions", SectionType.SINGULAR)
	parsed = GoogleParser([*DEFAULT_SECTIONS, permissions]).parse(inspect.cleandoc(text))
	return EndpointDocumentation(
		summary=parsed.short_description or "",
		description=parsed.long_description or "",
		parameters={p.arg_name.lstrip("*"): _join_lines(p.description) for p in parsed.params},
		returns=_join_lines(parsed.returns.description if parsed.returns else None),
		permissions=" ".join(
			_join_lines(meta.description) for meta in parsed.meta if meta.args[:1] == ["permissions"]
		),
		errors=[_parse_error(entry.type_name or "", entry.description or "") for entry in parsed.raises],
	)


def get_documentation(function: Callable[..., Any]) -> EndpointDocumentation:
	"""Return the parsed docstring of an endpoint."""
	return parse_docstring(inspect.unwrap(function).__doc__ or "")


def _parse_error(type_name: str, description: str) -> DocumentedError:
	"""Parse a line such as `404. The sprint is missing or hidden`."""
	status, _separator, reason = description.partition(STATUS_SEPARATOR)
	return DocumentedError(type_name, status, _join_lines(reason))


def _join_lines(text: str | None) -> str:
	return " ".join((text or "").split())
