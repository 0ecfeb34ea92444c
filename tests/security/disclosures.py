"""The access log and the record of disclosures in a sweep.

Whoever got a value of a client or a stay has exactly one entry for that record. What a recipient outside the organisation
got has a disclosure as well, by the consent that covers it, committed together with the entry.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from orchestrator.access.outside_recipients import NOTICE_HEADER
from tests.security.caller import Caller
from tests.security.canaries import Canary
from tests.security.dispatch import Reply
from tests.security.isolation import COMMIT, ROLLBACK
from tests.security.planting import World
from tests.security.recipients import NAME

LOGGED = ("Client", "Client Stay")
FIRST_ERROR = 400
BATCH = re.compile(r"insert into `tabAccess Log Batch`")
DISCLOSURE = re.compile(r"insert into `tabDisclosure`")
RECORDS = re.compile(r"\{(?:\"[^\"]+\":\[[^\]]*\],?)+\}")
Record = tuple[str, str]


def count_logged(reply: Reply) -> int:
	"""Return how many batches a call has written."""
	return sum(bool(BATCH.match(statement)) for statement in reply.effects.statements)


def find_unlogged(world: World, caller: Caller, reply: Reply) -> list[str]:
	"""Return what is wrong with the entries for a reply."""
	if reply.status >= FIRST_ERROR or not reply.status:
		return []
	got, logged = _find_records(world, caller, reply), _count_entries(caller, reply)
	return [
		*(
			_describe(caller, reply, f"no entry for {record}")
			for record in sorted(got)
			if not _is_in(logged, record)
		),
		*(
			_describe(caller, reply, f"{count} entries for {record}")
			for record, count in logged.items()
			if count > 1
		),
	]


def find_undisclosed(world: World, caller: Caller, reply: Reply) -> list[str]:
	"""Return what is wrong with the disclosures to a recipient outside: none, too many, or not those of its consents."""
	if not caller.api_key or not reply.status:
		return []
	got = _find_records(world, caller, reply)
	if reply.status >= FIRST_ERROR:
		return [_describe(caller, reply, f"{record} in an error") for record in sorted(got)]
	rows = Counter((row["reference_doctype"], row["reference_name"]) for row in reply.disclosures)
	logged = {record for record in _count_entries(caller, reply) if record in caller.records}
	named = {row["client"] for row in reply.disclosures}
	problems = [
		*(f"no disclosure of a record of {client}" for client in sorted(_find_clients(world, reply) - named)),
		*(f"no disclosure of {record}" for record in sorted(got) if not _is_in(rows, record)),
		*(f"{count} disclosures of {record}" for record, count in rows.items() if count > 1),
		*(f"an entry and no disclosure of {record}" for record in sorted(logged - set(rows))),
		*(f"a disclosure and no entry of {record}" for record in sorted(set(rows) - logged)),
		*(f"a wrong disclosure: {row}" for row in reply.disclosures if not _is_right(caller, row)),
	]
	if not _are_committed_together(reply.effects.statements):
		problems.append("a disclosure that is not committed with its entry")
	if bool(rows) != (NOTICE_HEADER in reply.headers):
		problems.append("the notice is missing, or goes with no record")
	return [_describe(caller, reply, problem) for problem in problems]


def _describe(caller: Caller, reply: Reply, problem: str) -> str:
	request = reply.request
	return f"{caller.key}: {request.verb} {request.method} about {request.about} ({reply.status}): {problem}"


def _find_records(world: World, caller: Caller, reply: Reply) -> set[Record]:
	"""Return the records of which the reply has a planted value that the caller did not send."""
	found = set()
	for canary in _find_received(world, reply):
		if canary.fieldname == NAME:
			continue
		if canary.record and (caller.api_key or canary.doctype in LOGGED):
			found.add((canary.record.doctype, canary.record.name))
		elif canary.doctype in LOGGED:
			found.add((canary.doctype, str(world.name(canary.doctype))))
	return found


def _is_in(counted: Counter[Record], record: Record) -> bool:
	"""Return True for a record that is counted. The versions of a document repeat its title."""
	doctype, name = record
	return bool(counted[record] or (doctype == "Document" and counted["Document Version", f"{name}-v1"]))


def _find_clients(world: World, reply: Reply) -> set[str]:
	"""Return the clients whose names, which each of their records has, are in the reply."""
	return {canary.value for canary in _find_received(world, reply) if canary.fieldname == NAME}


def _find_received(world: World, reply: Reply) -> list[Canary]:
	"""Return the planted values in the reply that the caller did not send."""
	sent = {canary.value for canary in world.canaries.find(reply.sent)}
	content = world.canaries.find(reply.body + reply.headers.encode())
	return [canary for canary in content if canary.value not in sent]


def _is_right(caller: Caller, row: dict[str, Any]) -> bool:
	"""Return True for the disclosure of a record whose client consents to this recipient."""
	record = caller.records.get((row["reference_doctype"], row["reference_name"]))
	return bool(record and record.consent) and (row["client"], row["consent"], row["recipient"]) == (
		record.client if record else "",
		record.consent if record else "",
		caller.recipient,
	)


def _count_entries(caller: Caller, reply: Reply) -> Counter[Record]:
	committed = [statement for part in _list_transactions(reply.effects.statements) for statement in part]
	return Counter(_list_logged(committed, caller.user))


def _are_committed_together(statements: list[str]) -> bool:
	"""Return True if no disclosure is left uncommitted, and each transaction with disclosures has entries as well."""
	parts = _list_transactions(statements)
	ends = [number for number, statement in enumerate(statements) if statement in (COMMIT, ROLLBACK)]
	rest = statements[ends[-1] + 1 :] if ends else statements
	return not _has(DISCLOSURE, rest) and all(_has(BATCH, part) for part in parts if _has(DISCLOSURE, part))


def _has(pattern: re.Pattern[str], statements: list[str]) -> bool:
	return any(pattern.match(statement) for statement in statements)


def _list_transactions(statements: list[str]) -> list[list[str]]:
	"""Return the statements of each transaction that was committed."""
	committed: list[list[str]] = []
	current: list[str] = []
	for statement in statements:
		if statement in (COMMIT, ROLLBACK):
			if statement == COMMIT:
				committed.append(current)
			current = []
		else:
			current.append(statement)
	return committed


def _list_logged(statements: list[str], user: str) -> Iterator[Record]:
	"""Yield the records that the statements of a call log for a user."""
	for statement in statements:
		if BATCH.match(statement) and user in statement:
			for records in RECORDS.findall(statement):
				for doctype, names in json.loads(records).items():
					yield from ((doctype, name) for name in names)
