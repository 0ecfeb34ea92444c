"""Leaks: values that a call returned or stored although its caller may not see them."""

import re
from dataclasses import dataclass, field

from tests.security.caller import Caller
from tests.security.dispatch import Reply
from tests.security.exceptions import PERMITTED
from tests.security.planting import World

TABLE = re.compile(
	r"(?:insert\s+(?:ignore\s+)?into|update|replace\s+into|delete\s+from)\s+`tab([^`]+)`", re.IGNORECASE
)


@dataclass(frozen=True)
class Leak:
	"""A planted value in the wrong place."""

	caller: str
	method: str
	verb: str
	about: str
	places: tuple[str, ...]
	where: str
	values: str = field(compare=False, default="")

	def __str__(self) -> str:
		return f"{self.caller}: {self.verb} {self.method} about {self.about}: {', '.join(self.places)} in {self.where} ({self.values[:200]})"


def find_leaks(world: World, caller: Caller, reply: Reply) -> list[Leak]:
	"""Return the planted values in a reply, and in what the call wrote, queued, published and logged."""
	request, method = reply.request, reply.request.method
	sent = {canary.value for canary in world.canaries.find(reply.sent)}

	def places(content: bytes | str) -> tuple[str, ...]:
		found = world.canaries.find(content)
		hidden = {c.place for c in found if c.value not in sent and not caller.may_see(c)}
		return tuple(sorted(place for place in hidden if not is_permitted(caller.key, method, place)))

	found = [("the reply", places(reply.body + reply.headers.encode()))]
	effects = reply.effects
	found += [
		(f"a row of {table}", places(text)) for table, text in _rows_of_others(world, effects.statements)
	]
	for where, texts in (("a job", effects.jobs), ("a message", effects.messages), ("a log", effects.logs)):
		found += [(where, places(text)) for text in texts]
	leaks = [
		Leak(caller.key, method, request.verb, request.about, hidden, where, reply.sent)
		for where, hidden in found
		if hidden
	]
	if reply.forbidden and not is_permitted(caller.key, method, reply.forbidden):
		leaks.append(
			Leak(
				caller.key,
				method,
				request.verb,
				request.about,
				(reply.forbidden,),
				"what was done",
				reply.sent,
			)
		)
	return list(dict.fromkeys(leaks))


def _rows_of_others(world: World, statements: list[str]) -> list[tuple[str, str]]:
	"""Return the rows written into tables that hold none of the planted records."""
	rows: list[tuple[str, str]] = []
	if not statements:
		return rows
	own = {*world.records, *world.children, "Version"}
	for statement in statements:
		match = TABLE.search(statement[:200])
		if match and match[1] not in own:
			rows.append((match[1], statement))
	return rows


def is_permitted(caller: str, method: str, place: str) -> bool:
	"""Return True if exceptions.PERMITTED allows this caller to see the value."""
	return any(
		re.fullmatch(callers, caller) and re.search(methods, method) and re.fullmatch(places, place)
		for callers, methods, places, _reason in PERMITTED
	)
