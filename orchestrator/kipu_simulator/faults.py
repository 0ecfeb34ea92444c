"""Faults of replies, switched on by name for a route, a page and a number of times."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

# Effects of the faults, for the command's help.
KINDS = {
	"status": "replies with `status` (400, 401, 403, 404, 410, 422, 500-504, 301, 302 ...) with Kipu's error object",
	"throttle": "429; retry_after=seconds, date or none; value: number of seconds",
	"html": "200 with an HTML maintenance page",
	"html_error": "`status` with an HTML body",
	"truncated": "the connection closes in the middle of the body",
	"truncated_json": "a body of the right length that ends in the middle of the JSON",
	"slow": "the body arrives slowly, within `value` seconds",
	"reset": "the connection is reset before a reply",
	"hang": "no reply for `value` seconds, then a reset",
	"nobody": "200 with a well-formed page without any records",
	"missing_key": "200 with JSON that has no list of records",
	"no_pagination": "no pagination object, and all records at once",
	"garbage_pagination": "an unreadable pagination",
	"wrong_page": "the page after the requested one",
	"lost_page": "a page without records, although the pagination announces some",
	"missing_record": "a page without its last record",
	"repeated_record": "the page's first record again in place of its last",
	"shifting": "records move during the read: every page begins one record early",
	"endless": "always the first page, with one more page announced each time",
	"announced": "`value` pages announced, whatever their real number",
	"per_cap": "at most `value` records per page, whatever is requested",
}


@dataclass(frozen=True, slots=True)
class Fault:
	"""One fault. An empty route is every route, page 0 every page; `times` None lasts until cleared.

	`after`: the number of matching requests that are answered correctly first.
	"""

	kind: str
	route: str = ""
	page: int = 0
	times: int | None = 1
	after: int = 0
	status: int = 503
	retry_after: str = ""
	value: float = 0.0

	def __post_init__(self) -> None:
		if self.kind not in KINDS:
			raise ValueError(f"unknown fault {self.kind!r}; there are {', '.join(KINDS)}")

	def matches(self, route: str, page: int) -> bool:
		"""Return True if the fault applies to a request."""
		return self.route in ("", route) and self.page in (0, page)


class Faults:
	"""The pending faults. Each request consumes at most one."""

	def __init__(self, faults: Iterable[Fault] = ()) -> None:
		self._lock = threading.Lock()
		self._waiting = list(faults)
		self.played: dict[str, int] = {}

	def add(self, fault: Fault) -> None:
		"""Add a fault after the pending ones."""
		with self._lock:
			self._waiting.append(fault)

	def clear(self) -> None:
		"""Clear the faults. The counts stay."""
		with self._lock:
			self._waiting.clear()

	def use_fault(self, route: str, page: int) -> Fault | None:
		"""Return the fault for this request, and count it as used."""
		with self._lock:
			for index, fault in enumerate(self._waiting):
				if not fault.matches(route, page):
					continue
				if fault.after:
					self._waiting[index] = replace(fault, after=fault.after - 1)
					continue
				self._use(index, fault)
				return fault
		return None

	def _use(self, index: int, fault: Fault) -> None:
		self.played[fault.kind] = self.played.get(fault.kind, 0) + 1
		if fault.times is None:
			return
		if fault.times <= 1:
			del self._waiting[index]
		else:
			self._waiting[index] = replace(fault, times=fault.times - 1)


def parse_fault(text: str) -> Fault:
	"""Return a fault from its form on the command line:
	`throttle,route=patients/latest,times=3,retry_after=date,value=2`.

	`times=always` never ends. Raises ValueError with the reason.
	"""
	kind, *pairs = (part.strip() for part in text.split(","))
	values: dict[str, str] = {}
	for pair in pairs:
		name, _, value = pair.partition("=")
		values[name] = value
	return make_fault({"kind": kind, **values})


def make_fault(values: dict[str, object]) -> Fault:
	"""Return a fault from text or JSON. Raises ValueError for an unknown name or an unreadable number."""
	readers = {
		"kind": str,
		"route": str,
		"retry_after": str,
		"page": int,
		"after": int,
		"status": int,
		"value": float,
	}
	known: dict[str, object] = {}
	for name, value in values.items():
		if name == "times":
			known[name] = None if value in (None, "always") else int(str(value))
		elif name in readers:
			known[name] = readers[name](value)
		else:
			raise ValueError(f"unknown setting {name!r} of a fault")
	return Fault(**known)  # type: ignore[arg-type]
