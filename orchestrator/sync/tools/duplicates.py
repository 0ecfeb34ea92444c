"""Clients who may be the same person: listed for review, never merged automatically.

Clients are likely duplicates if they share the date of birth and also the name, the mail address or the phone
number, also across connections: two instances of Kipu do not know of each other. Case and accents are
ignored.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import frappe
from frappe import _lt
from frappe.query_builder.functions import Count

from orchestrator.doctypes import CLIENT

# Criteria that must agree beside the date of birth, with their names.
MATCH_CRITERIA = {
	("last_name", "first_name"): _lt("Name and date of birth"),
	("email",): _lt("Email and date of birth"),
	("phone",): _lt("Phone and date of birth"),
}
DISPLAY_FIELDS = (
	"name",
	"full_name",
	"first_name",
	"last_name",
	"date_of_birth",
	"email",
	"phone",
	"facility",
	"status",
	"connection",
)
BATCH_SIZE = 500


class DuplicateGroup(NamedTuple):
	"""Clients that agree in a criterion. `sign` is its description."""

	sign: str
	clients: list[frappe._dict]


def find_duplicate_groups(facility: str | None = None) -> Iterator[DuplicateGroup]:
	"""Yield groups of two or more clients that the caller may read, each client with the fields
	`DISPLAY_FIELDS`.

	With `facility`, only groups with a client of that facility. A group is listed under its first criterion
	only.
	"""
	seen: set[frozenset[str]] = set()
	for sign, words in MATCH_CRITERIA.items():
		for clients in _group_clients(_filter_readable(_find_candidates(sign)), sign):
			names = frozenset(client.name for client in clients)
			if any(names <= earlier for earlier in seen):
				continue
			if facility and all(client.facility != facility for client in clients):
				continue
			seen.add(names)
			yield DuplicateGroup(str(words), clients)


def _find_candidates(sign: tuple[str, ...]) -> list[str]:
	"""Return the names of all clients that agree with another in the criterion, regardless of permissions:
	they are read as the caller next.
	"""
	client = frappe.qb.DocType(CLIENT)
	keys = [client.date_of_birth, *(client[field] for field in sign)]
	shared = frappe.qb.from_(client).select(*keys).groupby(*keys).having(Count(client.name) > 1)
	for key in keys:
		shared = shared.where(key.isnotnull())
	for field in sign:
		shared = shared.where(client[field] != "")
	shared = shared.where(client.status != "Deleted").as_("shared")
	same = client.date_of_birth == shared.date_of_birth
	for field in sign:
		same &= client[field] == shared[field]
	names = (
		frappe.qb.from_(client).join(shared).on(same).select(client.name).where(client.status != "Deleted")
	)
	return names.run(pluck=True)


def _filter_readable(names: list[str]) -> Iterator[frappe._dict]:
	for start in range(0, len(names), BATCH_SIZE):
		chunk = names[start : start + BATCH_SIZE]
		yield from frappe.get_list(
			CLIENT,
			filters={"name": ("in", chunk)},
			fields=list(DISPLAY_FIELDS),
			order_by="creation asc",
			limit_page_length=0,
		)


def _group_clients(clients: Iterable[frappe._dict], sign: tuple[str, ...]) -> Iterator[list[frappe._dict]]:
	"""Yield the clients grouped by what they share. A client without a readable counterpart is left out."""
	by_key: dict[tuple[object, ...], list[frappe._dict]] = defaultdict(list)
	for client in clients:
		by_key[(client.date_of_birth, *(_fold_text(client[field]) for field in sign))].append(client)
	yield from (alike for alike in by_key.values() if len(alike) > 1)


def _fold_text(text: str) -> str:
	"""Return a text as the database compares it: without case and accents."""
	plain = unicodedata.normalize("NFKD", text.strip()).casefold()
	return "".join(letter for letter in plain if not unicodedata.combining(letter))
