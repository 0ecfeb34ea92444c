"""Findings of the connection test, and the judgement of a sample. They contain texts of this module, numbers,
and names of routes, fields and locations; never text of the remote or values of a record.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.sync.errors import AccessDeniedError, RecordNotFoundError, RouteDisabledError, SyncError
from orchestrator.sync.kipu.pages import Page
from orchestrator.sync.kipu.sample import Sample
from orchestrator.sync.kipu.values import Zones

Level = Literal["ok", "warn", "fail"]
Outcome = Page | SyncError

# Without these two, nothing can be imported; without the others, only a part.
REQUIRED_ROUTES = ("patients/census", "patients/latest")


@dataclass(frozen=True, slots=True)
class Finding:
	"""The result of one check.

	`part` is the part of the connection that the finding is about: base_url, network, access_id, secret_key,
	app_id, api_version, clock, permission, route, page_size, dates, locations, fields, records. `code` names
	the case; `route` and `facts` fill its message.
	"""

	part: str
	level: Level
	code: str
	route: str = ""
	facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Examination:
	"""All findings, the locations of the instance (ID, name, enabled), and their probable time zones by ID."""

	findings: list[Finding] = field(default_factory=list)
	locations: list[dict[str, Any]] = field(default_factory=list)
	time_zones: dict[str, str] = field(default_factory=dict)
	requests: int = 0

	@property
	def wrong_parts(self) -> list[str]:
		"""Return the parts that are or may be wrong, each once."""
		return list(dict.fromkeys(finding.part for finding in self.findings if finding.level == "fail"))

	@property
	def ok(self) -> bool:
		"""Return True if a sync can run."""
		return not self.wrong_parts


def judge_route(route: str, outcome: Outcome) -> Finding:
	"""Return the finding about a route, from its first page or its error."""
	if isinstance(outcome, Page):
		return Finding("route", "ok", "answers", route)
	level: Level = "fail" if route in REQUIRED_ROUTES else "warn"
	if isinstance(outcome, AccessDeniedError):
		return Finding("permission", level, "refused", route)
	if isinstance(outcome, RouteDisabledError):
		return Finding("route", level, "disabled", route)
	if isinstance(outcome, RecordNotFoundError):
		# A record may disappear between two requests, but the route has answered.
		return Finding("route", "ok", "answers", route)
	return Finding("route", level, "fails", route, get_error_facts(outcome))


def judge_locations(
	selected: frozenset[str], left_out: frozenset[str], known: list[dict[str, Any]]
) -> Iterator[Finding]:
	"""Yield differences between the connection's locations and the existing ones."""
	ids = {str(location.get("location_id")) for location in known}
	if missing := sorted(selected - ids):
		yield Finding("locations", "fail", "unknown", facts={"locations": missing})
	elif selected and (others := sorted(ids - selected - left_out)):
		yield Finding("locations", "warn", "not_listed", facts={"locations": others})
	else:
		yield Finding("locations", "ok", "known" if selected else "all", facts={"count": len(ids)})


def judge_page(page: Page, per: int) -> Iterator[Finding]:
	"""Yield a finding about the length of pages."""
	if not page.paginated:
		yield Finding("page_size", "warn", "no_pagination")
	elif len(page.records) < per and not page.is_last:
		yield Finding("page_size", "warn", "capped", facts={"per": per, "count": len(page.records)})
	else:
		yield Finding("page_size", "ok", "kept", facts={"per": per, "count": page.total_records})


def judge_sample(sample: Sample, zones: Zones) -> Iterator[Finding]:
	"""Yield findings about dates and fields in the records of a page."""
	counts = {"utc": sample.utc_midnights, "local": sample.local_midnights}
	if sample.are_bare_dates_utc and not zones.utc_midnight_is_date:
		yield Finding("dates", "warn", "utc_midnights", facts=counts)
	elif sample.are_bare_dates_local and zones.utc_midnight_is_date:
		yield Finding("dates", "warn", "local_midnights", facts=counts)
	else:
		yield Finding("dates", "ok", "plausible", facts=counts)
	names = {"unknown": sample.unknown, "vanished": sample.vanished, "retyped": sample.retyped}
	strange = {name: sorted(found) for name, found in names.items() if found}
	if strange:
		yield Finding("fields", "warn", "drift", facts=strange)
	if sample.unreadable:
		yield Finding("records", "warn", "unreadable", facts={"count": sample.unreadable})


def get_error_facts(error: SyncError) -> dict[str, Any]:
	"""Return the facts of an error that may be shown."""
	return {"error": type(error).__name__, "status": error.status, "cause": error.cause}
