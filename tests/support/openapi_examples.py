"""Extract the examples of the OpenAPI document from docs/api-reference.md.

`python -m tests.support.openapi_examples` writes orchestrator/api/openapi_document/examples.json, which a test compares
with the reference. Of each method under each verb it has the first successful query, and the bodies and replies by the
line of the heading above them. Replies with a part left out are no examples of the whole.
"""

import json
import re
from typing import Any

from tests.support import reference, source
from tests.support.source import APP, ROOT

FILE = ROOT / APP / "api" / "openapi_document" / "examples.json"
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH_PREFIX = "/api/method/"
JSON = "application/json"
MAX_EXAMPLES = 3
FIRST_ERROR = 400

Examples = dict[str, Any]


def build_examples(text: str | None = None) -> dict[str, Examples]:
	"""Return the examples of the reference by verb and method."""
	text = reference.DOCUMENT.read_text() if text is None else text
	found: dict[str, Examples] = {}
	methods = _list_methods()
	for example in reference.parse_examples(text):
		method = example.path.removeprefix(PATH_PREFIX)
		is_json = example.headers.get("Content-Type", JSON) == JSON
		if method in methods and is_json:
			_add(found.setdefault(f"{example.verb} {method}", {}), example, _find_heading(text, example.line))
	return {key: examples for key, examples in sorted(found.items()) if examples}


def read_examples() -> dict[str, Examples]:
	"""Return the examples that the app ships."""
	return json.loads(FILE.read_text())


def write_examples() -> None:
	FILE.write_text(json.dumps(build_examples(), indent="\t", ensure_ascii=False) + "\n")


def _list_methods() -> set[str]:
	"""Return the names of the methods that the document may describe."""
	own = {f"{module}.{function.name}" for module, function in source.list_endpoints()}
	return own | source.get_constant(f"{APP}.hooks", "override_whitelisted_methods").keys()


def _find_heading(text: str, line: int) -> str:
	"""Return the heading above a line."""
	above = "\n".join(text.split("\n")[:line])
	return HEADING.findall(above)[-1].replace("`", "")


def _add(examples: Examples, example: reference.Example, heading: str) -> None:
	succeeds = example.status < FIRST_ERROR
	if succeeds and example.query:
		examples.setdefault("query", example.query)
	if succeeds and example.body:
		_add_named(examples.setdefault("bodies", {}), heading, json.loads(example.body))
	if isinstance(example.reply, dict) and _is_whole(example.reply):
		_add_named(
			examples.setdefault("replies", {}).setdefault(str(example.status), {}), heading, example.reply
		)


def _add_named(examples: Examples, heading: str, value: Any) -> None:
	"""Add an example under its own name: a few, each once."""
	name = re.sub(r"\W+", "_", heading.lower()).strip("_")
	number = sum(key == name or key.startswith(f"{name}_") for key in examples) + 1
	known = [entry["value"] for entry in examples.values()]
	if len(examples) < MAX_EXAMPLES and value not in known:
		examples[name if number == 1 else f"{name}_{number}"] = {"summary": heading, "value": value}


def _is_whole(value: Any) -> bool:
	"""Return True for a reply without a part that is omitted or stands for any number."""
	return not re.search(f"{reference.REST}|{reference.ANY_NUMBER}", json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
	write_examples()
