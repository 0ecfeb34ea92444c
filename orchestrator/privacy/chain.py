"""The chain of hashes over the entries of the access log: no Frappe.

Each entry's hash is the SHA-256 of the hash before it and of the entry, so that no entry can be changed, removed or put
in between without changing every hash behind it.
"""

import hashlib
import json
from datetime import date, datetime
from typing import Any, Final, NamedTuple

GENESIS_HASH: Final = "0" * 64


class Entry(NamedTuple):
	"""An entry of the access log. The names are those of its columns."""

	name: int
	batch: int
	position: int
	day: date
	accessed_at: datetime
	user: str
	recipient: str
	reference_doctype: str
	reference_name: str
	route: str
	api_key: str
	purpose: str

	def to_canonical(self) -> str:
		"""Return the text that is hashed."""
		values = [value.isoformat() if isinstance(value, date) else value for value in self]
		return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def compute_hash(previous_hash: str, canonical: str) -> str:
	"""Return the hash of an entry behind another one."""
	return hashlib.sha256(f"{previous_hash}\n{canonical}".encode()).hexdigest()


def parse_canonical(text: str) -> list[Any]:
	"""Return the values of an entry from its canonical text. The first one is its number."""
	values = json.loads(text)
	return values if isinstance(values, list) else []
