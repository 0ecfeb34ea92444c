"""The access log in a sweep: whoever got a value of a client or a stay has exactly one entry for that record."""

import json
import re
from collections import Counter
from collections.abc import Iterator

from tests.security.callers import Caller
from tests.security.dispatch import Reply
from tests.security.planting import World

LOGGED = ("Client", "Client Stay")
FIRST_ERROR = 400
BATCH = re.compile(r"insert into `tabAccess Log Batch`")
RECORDS = re.compile(r"\{(?:\"[^\"]+\":\[[^\]]*\],?)+\}")


def count_logged(reply: Reply) -> int:
	"""Return how many batches a call has written."""
	return sum(bool(BATCH.match(statement)) for statement in reply.effects.statements)


def find_unlogged(world: World, caller: Caller, reply: Reply) -> list[str]:
	"""Return what is wrong with the entries for a reply."""
	if reply.status >= FIRST_ERROR or not reply.status:
		return []
	content = world.canaries.find(reply.body + reply.headers.encode())
	sent = {canary.value for canary in world.canaries.find(reply.sent)}
	got = {canary.doctype for canary in content if canary.doctype in LOGGED and canary.value not in sent}
	logged = Counter(_list_logged(reply.effects.statements, caller.user))
	request = f"{caller.key}: {reply.request.verb} {reply.request.method} about {reply.request.about}"
	missing = [doctype for doctype in sorted(got) if not logged[doctype, str(world.name(doctype))]]
	return [
		*(f"{request}: no entry for {doctype}" for doctype in missing),
		*(f"{request}: {count} entries for {record}" for record, count in logged.items() if count > 1),
	]


def _list_logged(statements: list[str], user: str) -> Iterator[tuple[str, str]]:
	"""Yield the records that the statements of a call log for a user."""
	for statement in statements:
		if BATCH.match(statement) and user in statement:
			for records in RECORDS.findall(statement):
				for doctype, names in json.loads(records).items():
					yield from ((doctype, name) for name in names)
