"""Reads docs/api-reference.md: its requests, its replies, and how the two are compared.

What a site decides is bound at first sight and must be the same wherever it stands again: names of records
(L001) and ids. "…" as a key or as the last element stands for what the text leaves out.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DOCUMENT = Path(__file__).parent.parent / "docs" / "api-reference.md"
BLOCK = re.compile(r"^```(http|json)(?: (\d{3}))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BOUND = re.compile(r"\b(?:L|O|ISS|TASK|PROJ)\d{3}\b|\bc0f1e2d3a4\b")
REST = "…"


@dataclass(frozen=True)
class Example:
	"""One request, and the reply it is said to get."""

	line: int
	verb: str
	path: str
	query: dict[str, str]
	headers: dict[str, str]
	body: Any
	status: int
	reply: Any


def examples() -> Iterator[Example]:
	"""The examples of the document, in its order."""
	text = DOCUMENT.read_text()
	request: tuple[int, str] | None = None
	for block in BLOCK.finditer(text):
		if block[1] == "http":
			assert request is None, f"the request in line {request[0]} has no reply"  # type: ignore[index]
			request = (text.count("\n", 0, block.start()) + 1, block[3])
		else:
			assert request is not None, f"a reply without a request: {block[0]}"
			yield read_example(*request, int(block[2]), json.loads(block[3]))
			request = None
	assert request is None


def read_example(line: int, text: str, status: int, reply: Any) -> Example:
	head, _, body = text.strip().partition("\n\n")
	first, *rest = head.splitlines()
	verb, target = first.split(" ", 1)
	parts = urlsplit(target)
	headers = {key.strip(): value.strip() for key, value in (row.split(":", 1) for row in rest)}
	query = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
	return Example(line, verb, parts.path, query, headers, json.loads(body) if body else None, status, reply)


def substitute(value: Any, bound: dict[str, str]) -> Any:
	"""`value` with the site's names in place of the document's."""
	if isinstance(value, dict):
		return {key: substitute(item, bound) for key, item in value.items()}
	if isinstance(value, list):
		return [substitute(item, bound) for item in value]
	if isinstance(value, str):
		return BOUND.sub(lambda match: bound.get(match[0], match[0]), value)
	return value


def differences(told: Any, got: Any, bound: dict[str, str], path: str = "") -> Iterator[str]:
	"""Where the reply is not what the document says."""
	if isinstance(told, dict) and isinstance(got, dict):
		yield from differences_of_keys(told, got, bound, path)
	elif isinstance(told, list) and isinstance(got, list):
		shown = told[:-1] if told and told[-1] == REST else told
		if len(got) != len(shown) and shown is told:
			yield f"{path}: {len(got)} elements, not {len(shown)}"
		for index, (one, other) in enumerate(zip(shown, got, strict=False)):
			yield from differences(one, other, bound, f"{path}[{index}]")
	elif isinstance(told, str) and BOUND.fullmatch(told):
		if bound.setdefault(told, got) != got:
			yield f"{path}: {got!r}, not {bound[told]!r}"
	elif told != got or type(told) is not type(got):
		yield f"{path}: {got!r}, not {told!r}"


def differences_of_keys(told: dict, got: dict, bound: dict[str, str], path: str) -> Iterator[str]:
	if REST not in told and set(told) != set(got):
		yield f"{path}: keys {sorted(got)}, not {sorted(told)}"
	for key in told.keys() - {REST}:
		if key not in got:
			yield f"{path}.{key}: missing"
		else:
			yield from differences(told[key], got[key], bound, f"{path}.{key}")
