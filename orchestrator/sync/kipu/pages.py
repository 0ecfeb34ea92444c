"""Parse a reply of a list route: a page of records, with a pagination of strings or without one."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.sync.errors import EndlessPaginationError, MalformedPageError
from orchestrator.sync.http.http_session import Reply
from orchestrator.sync.http.redaction import PrivateDict

# Never kept, not even in memory: dropped while the JSON is decoded, at any depth.
DROPPED_FIELDS = frozenset({"ssn", "social_security_number", "subscriber_ssn"})
MAX_PAGES = 50_000
# A read may grow by a quarter while it is read, and by this many pages in any case.
MIN_GROWTH_PAGES = 20
GROWTH_DIVISOR = 4


class RawRecord(PrivateDict):
	"""An object as Kipu sent it, without the social security number. Its repr shows no value."""

	__slots__ = ()


@dataclass(frozen=True, slots=True)
class Page:
	"""One page of a read. `paginated` is False if the reply had no pagination object: then it is the only
	page.
	"""

	number: int
	total_pages: int | None
	total_records: int | None
	records: list[RawRecord] = field(repr=False)
	paginated: bool

	@property
	def is_last(self) -> bool:
		"""True if no further page was announced when this one was sent."""
		return self.total_pages is None or self.number >= self.total_pages


@dataclass(slots=True)
class PageBudget:
	"""The maximum number of pages of one read: those announced at first, and some more, because people are
	admitted meanwhile.
	"""

	route: str
	_last_allowed: int | None = None

	def check(self, page: Page) -> None:
		"""Raise an error if too many pages are announced after `page`.

		Raises:
			EndlessPaginationError: the number grows with each page, or is beyond `MAX_PAGES`.
		"""
		announced = page.total_pages or 0
		if announced > MAX_PAGES:
			raise EndlessPaginationError(self.route, cause="total")
		if self._last_allowed is None:
			self._last_allowed = announced + max(MIN_GROWTH_PAGES, announced // GROWTH_DIVISOR)
		if announced > self._last_allowed:
			raise EndlessPaginationError(self.route, cause="growing")


@dataclass(slots=True)
class ReadCounts:
	"""Count the pages and records of a read, to decide whether it is complete. Feed it every page."""

	records: int = 0
	pages: int = 0
	totals: set[int | None] = field(default_factory=set)
	_seen: set[int] = field(default_factory=set, repr=False)

	def add_page(self, page: Page) -> None:
		"""Count a page."""
		self.pages += 1
		self.records += len(page.records)
		self.totals.add(page.total_records)
		self._seen.update(hash(record.get("casefile_id")) for record in page.records)

	@property
	def distinct(self) -> int:
		"""Number of different casefile ids."""
		return len(self._seen)

	@property
	def is_complete(self) -> bool:
		"""True if the total was the same on every page and exactly as many different records came, each once.

		A record sent twice may replace one that was not sent. A read without pagination has no total and is
		never complete in this sense.
		"""
		return self.totals == {self.records} and self.distinct == self.records


def parse_page(reply: Reply, keys: Collection[str], number: int) -> Page:
	"""Return the requested page, or raise `MalformedPageError`: html, json, shape, pagination (unreadable, or
	another page), empty.
	"""
	payload = decode_reply(reply)
	records = get_records(reply, payload, keys)
	pagination = payload.get("pagination")
	if pagination is None:
		return Page(1, None, None, records, paginated=False)
	current, pages, total = _parse_pagination(reply, pagination)
	page = Page(number, pages, total, records, paginated=True)
	if current != number:
		raise build_malformed_error(reply, "pagination")
	# An empty page within the announced pages was lost on the way. A read may shrink in the meantime;
	# then the totals on this page say so.
	if not records and total > 0 and number <= pages:
		raise build_malformed_error(reply, "empty")
	return page


def decode_reply(reply: Reply) -> RawRecord:
	"""Return the object in the reply.

	The content type is checked first: an HTML page with status 200 is a maintenance page.
	"""
	if "json" not in reply.content_type.lower():
		raise build_malformed_error(reply, "html")
	payload = _parse_json(reply.body)
	if not isinstance(payload, RawRecord):
		raise build_malformed_error(reply, "json" if payload is None else "shape")
	return payload


def get_records(reply: Reply, payload: Mapping[str, Any], keys: Collection[str]) -> list[RawRecord]:
	"""Return the list under the first of `keys` that exists."""
	records = next((payload[key] for key in keys if key in payload), None)
	if not isinstance(records, list) or not all(isinstance(record, RawRecord) for record in records):
		raise build_malformed_error(reply, "shape")
	return records


def build_malformed_error(reply: Reply, cause: str) -> MalformedPageError:
	"""Return the error of a reply, with the facts that may be shown."""
	return MalformedPageError(reply.route, reply.status, len(reply.body), cause)


def _parse_json(body: bytes) -> Any:
	try:
		return json.loads(body, object_pairs_hook=_build_raw_record)
	except (ValueError, RecursionError):
		return None


def _build_raw_record(pairs: list[tuple[str, Any]]) -> RawRecord:
	record = RawRecord(pairs)
	for name in DROPPED_FIELDS & record.keys():
		del record[name]
	return record


def _parse_pagination(reply: Reply, pagination: object) -> tuple[int, int, int]:
	"""Return current_page, total_pages and total_records; each is sent as a string of digits or a number."""
	values = [
		_parse_count(pagination.get(name) if isinstance(pagination, Mapping) else None)
		for name in ("current_page", "total_pages", "total_records")
	]
	current, pages, total = values
	if current is None or pages is None or total is None or (total and not pages):
		raise build_malformed_error(reply, "pagination")
	return current, pages, total


def _parse_count(value: object) -> int | None:
	if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
		return value
	text = value.strip() if isinstance(value, str) else ""
	return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
