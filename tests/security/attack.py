"""The common parts of attacks: their registration, and the names of records that they create."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from tests.security.dispatch import Reply
from tests.security.planting import World


class Send(Protocol):
	"""Sends a request as `user`."""

	user: str

	def __call__(self, verb: str, path: str, values: dict[str, Any], as_json: bool = False) -> Reply: ...


ATTACKS: dict[str, Callable[[Send, World], list[Reply]]] = {}
M = "/api/method/"


def attack(function: Callable[[Send, World], list[Reply]]) -> Callable[[Send, World], list[Reply]]:
	"""Register an attack."""
	ATTACKS[function.__name__] = function
	return function


def name_in(reply: Reply, *keys: str) -> str:
	"""Return the name of the record in a reply, "missing" where there is none."""
	try:
		body = json.loads(reply.body)
		for key in keys:
			if isinstance(body.get(key), dict):
				return str(body[key].get("name"))
	except ValueError:
		pass
	return "missing"
