"""Parse docs/api-reference.md: its requests, its replies, and the comparison of both.

An example is a request in an `http` block and its reply: an `http` block with status and headers, a `json` block
with the body, or both. Without the first, the status is 200. In a reply

- names of records (L001) and `<what stands in angle brackets>` are the site's own: bound at first sight, the same
  wherever they stand again, and put into later requests;
- "<a number>" stands for any number, which is not bound;
- "…" as a key or as the last element stands for what the text leaves out.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DOCUMENT = Path(__file__).parents[2] / "docs" / "api-reference.md"
BLOCK = re.compile(r"^```(http|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Phrases that servers still use for statuses that Python 3.13 has renamed
OLDER_PHRASES = {413: "Request Entity Too Large", 422: "Unprocessable Entity"}
STATUS_LINE = re.compile(r"HTTP/1\.1 (\d{3}) (.+)")
BOUND = re.compile(r"\b(?:L|O|EMP|ISS|TASK|PROJ|SPRINT|DOC)\d{3}\b|<[a-z][a-z ]*>")
REST = "…"
ANY_NUMBER = "<a number>"

Bindings = dict[str, str]


@dataclass
class Example:
	"""A request and its documented reply."""

	line: int
	verb: str
	path: str
	query: dict[str, str]
	headers: dict[str, str]
	body: str
	status: int = 200
	reply_headers: dict[str, str] = field(default_factory=dict)
	reply: Any = None
	answered: bool = False


def parse_examples(text: str | None = None) -> Iterator[Example]:
	"""Yield the examples of the document, in its order."""
	text = DOCUMENT.read_text() if text is None else text
	example: Example | None = None
	for block in BLOCK.finditer(text):
		line = text.count("\n", 0, block.start()) + 1
		if block[1] == "http" and not STATUS_LINE.match(block[2]):
			if example:
				yield require_reply(example)
			example = parse_request(line, block[2])
		else:
			assert example and example.reply is None, f"line {line}: a reply without a request"
			parse_reply(example, block[1], block[2])
	if example:
		yield require_reply(example)


def require_reply(example: Example) -> Example:
	assert example.answered, f"line {example.line}: a request without a reply"
	return example


def parse_request(line: int, text: str) -> Example:
	head, _, body = text.strip().partition("\n\n")
	first, *rest = head.splitlines()
	verb, target = first.split(" ", 1)
	parts = urlsplit(target)
	query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
	return Example(line, verb, parts.path, query, parse_headers(rest), body)


def parse_reply(example: Example, kind: str, text: str) -> None:
	"""Add a reply's block to its example."""
	example.answered = True
	if kind == "json":
		example.reply = json.loads(text)
		return
	first, *rest = text.strip().splitlines()
	status = STATUS_LINE.fullmatch(first)
	assert status, first
	example.status = int(status[1])
	assert status[2] in (HTTPStatus(example.status).phrase, OLDER_PHRASES.get(example.status)), first
	example.reply_headers = parse_headers(rest)


def parse_headers(lines: list[str]) -> dict[str, str]:
	return {key.strip(): value.strip() for key, value in (line.split(":", 1) for line in lines)}


def substitute(text: str, bound: Bindings) -> str:
	"""Return `text` with the site's values in place of the document's."""
	return BOUND.sub(lambda match: bound.get(match[0], match[0]), text)


def substitute_all(values: dict[str, str], bound: Bindings) -> dict[str, str]:
	return {key: substitute(value, bound) for key, value in values.items()}


def find_differences(told: Any, got: Any, bound: Bindings, path: str = "") -> Iterator[str]:
	"""Yield the differences between the reply and the document."""
	if isinstance(told, dict) and isinstance(got, dict):
		yield from find_key_differences(told, got, bound, path)
	elif isinstance(told, list) and isinstance(got, list):
		yield from find_element_differences(told, got, bound, path)
	elif told == ANY_NUMBER and isinstance(got, int | float) and not isinstance(got, bool):
		return
	elif isinstance(told, str) and isinstance(got, str):
		if not bind_value(told, got, bound):
			yield f"{path}: {got!r}, not {substitute(told, bound)!r}"
	elif told != got or type(told) is not type(got):
		yield f"{path}: {got!r}, not {told!r}"


def find_key_differences(told: dict, got: dict, bound: Bindings, path: str) -> Iterator[str]:
	if REST not in told and set(told) != set(got):
		yield f"{path}: keys {sorted(got)}, not {sorted(told)}"
	for key in [key for key in told if key != REST]:
		if key not in got:
			yield f"{path}.{key}: missing"
		else:
			yield from find_differences(told[key], got[key], bound, f"{path}.{key}")


def find_element_differences(told: list, got: list, bound: Bindings, path: str) -> Iterator[str]:
	open_ended = bool(told) and told[-1] == REST
	shown = told[:-1] if open_ended else told
	if len(got) < len(shown) or (len(got) > len(shown) and not open_ended):
		yield f"{path}: {len(got)} elements, not {len(shown)}"
	for index, (one, other) in enumerate(zip(shown, got, strict=False)):
		yield from find_differences(one, other, bound, f"{path}[{index}]")


def bind_value(told: str, got: str, bound: Bindings) -> bool:
	"""Return True if `got` is the documented value, with the values bound so far; bind new ones."""
	unbound: list[str] = []
	pattern, position = "", 0
	for match in BOUND.finditer(told):
		pattern += re.escape(told[position : match.start()])
		position = match.end()
		if match[0] in bound:
			pattern += re.escape(bound[match[0]])
		elif match[0] in unbound:
			pattern += f"(?P=g{unbound.index(match[0])})"
		else:
			pattern += f"(?P<g{len(unbound)}>.+?)"
			unbound.append(match[0])
	found = re.fullmatch(pattern + re.escape(told[position:]), got, re.DOTALL)
	if found:
		bound.update({name: found[f"g{index}"] for index, name in enumerate(unbound)})
	return found is not None
