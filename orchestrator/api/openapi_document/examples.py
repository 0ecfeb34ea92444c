"""Examples of requests and replies, from the API reference.

The reference is not part of the installed package, so its examples are kept in examples.json, which
`python -m tests.support.openapi_examples` writes and a test compares with the reference.
"""

import functools
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")

Examples = dict[str, Any]


def find_query_example(name: str, verb: str) -> Examples:
	"""Return an example of the parameters in the query."""
	return _find_examples(name, verb).get("query", {})


def find_body_examples(name: str, verb: str) -> Examples:
	"""Return examples of the body, by their names."""
	return _find_examples(name, verb).get("bodies", {})


def find_reply_examples(name: str, verb: str) -> dict[str, Examples]:
	"""Return examples of replies, by status and then by their names."""
	return _find_examples(name, verb).get("replies", {})


def _find_examples(name: str, verb: str) -> Examples:
	return _read_examples().get(f"{verb} {name}", {})


@functools.cache
def _read_examples() -> dict[str, Examples]:
	return json.loads(FILE.read_text())
