"""Find arguments with which a function runs its own code: call it as Administrator, read the error, and try
again.

`tune_all` rewrites method_arguments.json. To be run within a sweep (sweep.py) when the platform's functions change.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.security.argument_names import DAY, TABLE
from tests.security.arguments import Arguments, Filling, by_pattern
from tests.security.callers import create_callers
from tests.security.dispatch import Dispatcher, Reply, Request
from tests.security.planting import World
from tests.security.registry import Method
from tests.security.report import is_reached

MAX_CALLS = 40
RECORD = {"doctype": "$doctype", "name": "$name"}
SHAPES: tuple[Any, ...] = ({}, [], [{}], RECORD, [RECORD], ["$name"], "$name", 1, "1", DAY, "10:00:00")


class Tuner:
	"""Finds arguments for one function after the other."""

	def __init__(self, dispatcher: Dispatcher, world: World, arguments: Arguments) -> None:
		self.dispatcher, self.arguments = dispatcher, arguments
		(self.caller,) = create_callers(world, ["administrator"])

	def tune(self, method: Method) -> tuple[bool, dict[str, Any], str]:
		"""Return whether the function's own code ran, the arguments that differ from the plain ones, and the
		last error.
		"""
		subject = self.arguments.main_subject(method)
		plain = self.arguments.plain(method, subject)
		queue: list[dict[str, Any]] = [{}]
		tried: set[str] = set()
		errors: set[str] = set()
		last = ""
		while queue and len(tried) < MAX_CALLS:
			changes = queue.pop(0)
			key = json.dumps(changes, sort_keys=True, default=str)
			if key in tried:
				continue
			tried.add(key)
			values = {**plain, **changes}
			reply = self._send(method, Filling(subject.doctype, self.arguments.resolve(values, subject)))
			if is_reached(reply):
				return True, changes, ""
			error = " ".join(reply.error)
			last = last or error
			if (signature := re.sub(r"[0-9a-f]{8,}|\d+", "", error)) in errors:
				continue
			errors.add(signature)
			queue[:0] = [{**changes, **repair} for repair in self._repairs(reply, values, method)]
		return False, {}, last

	def _send(self, method: Method, filling: Filling) -> Reply:
		verb = "POST" if "POST" in method.verbs else method.verbs[0]
		return self.dispatcher.send(
			self.caller,
			Request(method.path, filling.about, verb, f"/api/method/{method.path}", filling.as_form()),
		)

	def _repairs(self, reply: Reply, values: dict[str, Any], method: Method) -> Iterator[dict[str, Any]]:
		_kind, text = reply.error
		if match := re.search(r"Argument '(\w+)' should be of type '(.*?)' but", text):
			yield from ({match[1]: shape} for shape in _of_type(match[2]))
		elif missing := re.search(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)", text):
			yield {name: self._value(name, method) for name in re.findall(r"'(\w+)'", missing[1])}
		elif missing := re.search(r"Missing parameter: (\w+)", text):
			yield {missing[1]: self._value(missing[1], method)}
		elif unexpected := re.search(r"unexpected keyword argument '(\w+)'", text):
			yield {unexpected[1]: None}
		elif lacking := re.search(r"KeyError: '?(\w+)'?|AttributeError: (\w+)$", text):
			yield from self._with_key(lacking[1] or lacking[2], values, method)
		elif column := re.search(r"Unknown column '(?:\w+\.)?`?(\w+)", text):
			yield {"filters": {}}
			yield {"fields": ["name"], "order_by": "name"}
			yield from ({name: "name"} for name, value in values.items() if value == column[1])
		elif gone := re.search(
			r"(?:DoesNotExistError: |Could not find (?:Row #\d+: )?[\w ]*: |^ ?)([A-Z][\w ]+) (\S+) not found",
			text,
		):
			record = self.arguments.named.get(gone[1].lower().replace(" ", "_"))
			yield from ({name: record} for name, value in values.items() if value == gone[2] and record)
		yield from self._other_shapes(values)

	def _with_key(self, key: str, values: dict[str, Any], method: Method) -> Iterator[dict[str, Any]]:
		value = self._value(key, method)
		for name, before in values.items():
			if isinstance(before, dict):
				yield {name: {**before, key: value}}
			elif isinstance(before, list):
				yield {name: [{**(before[0] if before and isinstance(before[0], dict) else {}), key: value}]}
		yield {key: value}
		for name in values:
			yield {name: {key: value}}

	def _other_shapes(self, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
		for name, value in values.items():
			if value in ("text", "", "{}", 1) or isinstance(value, dict | list):
				yield from ({name: shape} for shape in SHAPES if shape != value)

	def _value(self, name: str, method: Method) -> Any:
		subject = self.arguments.main_subject(method)
		known, value = self.arguments.by_name(name, method, subject)
		return value if known and value is not None else by_pattern(name)


def _of_type(annotation: str) -> Iterator[Any]:
	for word, shapes in (
		("list", ([], ["$name"])),
		("dict", ({}, RECORD)),
		("int", (1,)),
		("str", ("text",)),
		("bool", (0,)),
		("float", (1,)),
	):
		if word in annotation:
			yield from shapes


def tune_all(
	dispatcher: Dispatcher, world: World, arguments: Arguments, methods: list[Method]
) -> dict[str, str]:
	"""Write the table, and return the last error of each function whose own code did not run."""
	arguments.table = {}
	tuner, table, failed = Tuner(dispatcher, world, arguments), {}, {}
	for method in methods:
		if method.doctype:
			continue
		done, changes, error = tuner.tune(method)
		if changes:
			table[method.path] = changes
		if not done:
			failed[method.path] = error
	TABLE.write_text(json.dumps(table, indent="\t", sort_keys=True) + "\n")
	return failed
