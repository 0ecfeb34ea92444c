"""Find out whether a connection works and, if not, which part is wrong, with as few requests as possible.

Kipu refuses a wrong secret, a wrong app ID, a wrong clock and a missing permission all with 403. So a refused
probe is repeated with one part changed: the remote's own time, the other API version, values without
surrounding blanks, a secret and an app ID that are certainly wrong. Causes that cannot be distinguished are
reported as possible.

Imports nothing of Frappe.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import chain

from orchestrator.sync.errors import (
	AccessDeniedError,
	InvalidAccessIdError,
	InvalidConfigurationError,
	MalformedPageError,
	RouteDisabledError,
	SyncError,
	UnsafeUrlError,
)
from orchestrator.sync.http.allowed_hosts import DEFAULT_ALLOWED_HOSTS
from orchestrator.sync.http.http_session import HttpSession, Policy
from orchestrator.sync.kipu.auth import Version
from orchestrator.sync.kipu.client import Credentials, KipuClient, PhiLevel
from orchestrator.sync.kipu.credential_probes import (
	build_known_bad,
	get_parts_by_hint,
	get_parts_by_lengths,
	list_access_id_variants,
	list_variants,
)
from orchestrator.sync.kipu.findings import (
	REQUIRED_ROUTES,
	Examination,
	Finding,
	Level,
	Outcome,
	get_error_facts,
	judge_locations,
	judge_page,
	judge_route,
	judge_sample,
)
from orchestrator.sync.kipu.pages import Page
from orchestrator.sync.kipu.sample import count_sample
from orchestrator.sync.kipu.time_zones import suggest_time_zones
from orchestrator.sync.kipu.values import Zones

# Beyond this, the signature is refused; from a third of it on, a warning is given.
MAX_SKEW_SECONDS = 15 * 60
RETRY_POLICY = Policy(
	connect_timeout=10.0, read_timeout=15.0, max_attempts=2, max_wait=10.0, max_elapsed=10.0
)


@dataclass(frozen=True, slots=True)
class Target:
	"""The connection to examine. `locations`: IDs that it reads, none for all; `left_out`: IDs that it knows
	and skips.
	"""

	credentials: Credentials
	base_url: str = field(repr=False)
	api_version: Version
	zones: Zones
	locations: frozenset[str] = frozenset()
	left_out: frozenset[str] = frozenset()
	allowed_hosts: Collection[str] = DEFAULT_ALLOWED_HOSTS
	phi_level: PhiLevel = "high"
	per: int = 100


def run_examination(
	target: Target,
	session: HttpSession | None = None,
	now: Callable[[], float] = time.time,
	report: Callable[[Finding], None] | None = None,
) -> Examination:
	"""Test a connection with about ten requests. Never raises, whatever the remote does or sends.

	`report` is called with each finding at once.
	"""
	http_session = session or HttpSession(RETRY_POLICY)
	examined = Examination()
	try:
		for finding in _yield_findings(_Examination(target, http_session, now), examined):
			examined.findings.append(finding)
			if report:
				report(finding)
	finally:
		http_session.close()
	examined.requests = http_session.requests_sent
	return examined


def _yield_findings(probes: "_Examination", examined: Examination) -> Iterator[Finding]:
	try:
		yield from probes.run(examined)
	except UnsafeUrlError as error:
		yield Finding("base_url", "fail", f"unsafe_{error.reason}")


class _Examination:
	"""One sequence of probes."""

	def __init__(self, target: Target, session: HttpSession, now: Callable[[], float]) -> None:
		self.target = target
		self.session = session
		self.now = now

	def run(self, examined: Examination) -> Iterator[Finding]:
		first = self.probe("patients/census")
		outcomes = {"patients/census": first}
		if isinstance(first, AccessDeniedError):
			# Another route may be allowed: then the credentials are right.
			outcomes |= {route: self.probe(route) for route in ("locations", "patients/latest")}
		if not any(isinstance(outcome, Page) for outcome in outcomes.values()) and not isinstance(
			first, RouteDisabledError | MalformedPageError
		):
			yield from self.diagnose(outcomes)
			return
		yield from self.check_clock()
		yield Finding("access_id", "ok", "accepted")
		yield from self.probe_routes(outcomes)
		yield from self.check_contents(outcomes, examined)

	def probe(self, route: str, target: Target | None = None, ahead: float = 0.0) -> Outcome:
		"""Return the first page of a route, or the error. `ahead`: seconds to add to this machine's clock."""
		client = self.build_client(target or self.target, ahead)
		try:
			return next(_get_first_page(client, route, self.now() + ahead))
		except SyncError as error:
			return error

	def build_client(self, target: Target, ahead: float = 0.0) -> KipuClient:
		return KipuClient(
			target.credentials,
			target.base_url,
			target.api_version,
			self.session,
			allowed_hosts=target.allowed_hosts,
			phi_level=target.phi_level,
			per=target.per,
			now=lambda: self.now() + ahead,
		)

	# No request is accepted

	def diagnose(self, outcomes: Mapping[str, Outcome]) -> Iterator[Finding]:
		first = outcomes["patients/census"]
		if isinstance(first, InvalidAccessIdError):
			yield from self.diagnose_access_id()
		elif isinstance(first, AccessDeniedError):
			yield from self.diagnose_refusal(first)
		elif isinstance(first, InvalidConfigurationError):
			yield from self.diagnose_rejection(first)
		elif isinstance(first, SyncError):
			yield Finding("network", "fail", "no_answer", facts=get_error_facts(first))

	def diagnose_access_id(self) -> Iterator[Finding]:
		for variant in list_access_id_variants(self.target.credentials):
			if self.is_accepted(replace(self.target, credentials=variant.credentials)):
				yield from (Finding(part, "fail", variant.code) for part in variant.parts)
				return
		yield Finding("access_id", "fail", "unknown")

	def diagnose_refusal(self, refusal: AccessDeniedError) -> Iterator[Finding]:
		ahead = self.measure_skew()
		if ahead:
			yield Finding("clock", "fail", "off", facts={"seconds": round(ahead)})
			by_their_time = self.probe("patients/census", ahead=ahead)
			if not isinstance(by_their_time, AccessDeniedError):
				return
			refusal = by_their_time
		other = replace(self.target, api_version=4 if self.target.api_version == 3 else 3)
		if self.is_accepted(other, ahead):
			yield Finding("api_version", "fail", "other_works", facts={"version": other.api_version})
			return
		for variant in list_variants(self.target.credentials):
			if self.is_accepted(replace(self.target, credentials=variant.credentials), ahead):
				yield from (Finding(part, "fail", variant.code) for part in variant.parts)
				return
		yield from self.diagnose_secret_or_app_id(refusal, ahead)

	def diagnose_secret_or_app_id(self, refusal: AccessDeniedError, ahead: float) -> Iterator[Finding]:
		"""Yield the diagnosis of secret and app ID. Clock and whitespace are ruled out.

		The refusal is compared with those of values that are certainly wrong.
		"""
		lengths = [
			self.measure_refusal(credentials, ahead)
			for credentials in build_known_bad(self.target.credentials)
		]
		parts = get_parts_by_hint(refusal.cause) or get_parts_by_lengths(refusal.length, *lengths)
		code = "refused" if len(parts) == 1 else "one_of_these"
		yield from (Finding(part, "fail", code) for part in parts)

	def diagnose_rejection(self, error: InvalidConfigurationError) -> Iterator[Finding]:
		other = replace(self.target, api_version=4 if self.target.api_version == 3 else 3)
		if self.is_accepted(other):
			yield Finding("api_version", "fail", "other_works", facts={"version": other.api_version})
			return
		part = "base_url" if error.status in (301, 308, 404) else "route"
		yield Finding(part, "fail", "rejected", error.route, get_error_facts(error))

	def is_accepted(self, target: Target, ahead: float = 0.0) -> bool:
		return any(
			isinstance(self.probe(route, target, ahead), Page)
			for route in ("locations", *REQUIRED_ROUTES[:1])
		)

	def measure_refusal(self, credentials: Credentials, ahead: float) -> int | None:
		outcome = self.probe("patients/census", replace(self.target, credentials=credentials), ahead)
		return outcome.length if isinstance(outcome, AccessDeniedError) else None

	def measure_skew(self) -> float:
		"""Return the seconds that Kipu's clock is ahead, if that is enough to be refused; otherwise 0."""
		offset = self.session.clock_offset or 0.0
		return offset if abs(offset) > MAX_SKEW_SECONDS - 60 else 0.0

	# The credentials are right

	def check_clock(self) -> Iterator[Finding]:
		offset = self.session.clock_offset
		if offset is None:
			return
		level: Level = "warn" if abs(offset) > MAX_SKEW_SECONDS / 3 else "ok"
		yield Finding(
			"clock", level, "near" if level == "ok" else "drifting", facts={"seconds": round(offset)}
		)

	def probe_routes(self, outcomes: dict[str, Outcome]) -> Iterator[Finding]:
		"""Yield findings about each route, once; completes `outcomes`."""
		for route in (
			"patients/census",
			"patients/latest",
			"patients/admissions",
			"vaults/patients",
			"locations",
		):
			if route not in outcomes:
				outcomes[route] = self.probe(route)
			yield judge_route(route, outcomes[route])
		page = outcomes["patients/census"]
		casefile = page.records[0].get("casefile_id") if isinstance(page, Page) and page.records else None
		if isinstance(casefile, str):
			yield judge_route("patients/{id}", self.probe_record(casefile))

	def probe_record(self, casefile_id: str) -> Outcome:
		try:
			return next(self.build_client(self.target).get_patient(casefile_id))
		except SyncError as error:
			return error

	def check_contents(self, outcomes: Mapping[str, Outcome], examined: Examination) -> Iterator[Finding]:
		"""Yield findings about this instance from the received pages."""
		known = outcomes["locations"]
		if isinstance(known, Page):
			examined.locations = [dict(location) for location in known.records]
			yield from judge_locations(self.target.locations, self.target.left_out, examined.locations)
		records = chain.from_iterable(page.records for page in outcomes.values() if isinstance(page, Page))
		examined.time_zones = suggest_time_zones(records, self.target.zones.default)
		census = outcomes["patients/census"]
		if isinstance(census, Page):
			yield from judge_page(census, self.target.per)
			yield from judge_sample(
				count_sample(census.records, self.target.zones, self.now()), self.target.zones
			)


def _get_first_page(client: KipuClient, route: str, now: float) -> Iterator[Page]:
	today = datetime.fromtimestamp(now, timezone.utc).date()
	yesterday = today - timedelta(days=1)
	reads: dict[str, Callable[[], Iterator[Page]]] = {
		"patients/census": client.list_census,
		"patients/latest": lambda: client.list_updated(yesterday, today),
		# A year of them: their dates show the time zones of the locations.
		"patients/admissions": lambda: client.list_admissions(today - timedelta(days=365), today),
		"vaults/patients": lambda: client.list_deleted(yesterday, today),
		"locations": client.list_locations,
	}
	return reads[route]()
