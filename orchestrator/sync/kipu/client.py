"""Kipu's routes as iterators of pages. Facts: docs/sync.md. The client requests, signs and parses; it does
not interpret records.
"""

import email.utils
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Literal
from urllib.parse import quote, urlencode

from orchestrator.sync.errors import InvalidConfigurationError, RecordNotFoundError
from orchestrator.sync.http.allowed_hosts import DEFAULT_ALLOWED_HOSTS, validate_base_url
from orchestrator.sync.http.http_session import HttpSession, Reply, Request
from orchestrator.sync.kipu.auth import Version, sign
from orchestrator.sync.kipu.pages import (
	Page,
	PageBudget,
	RawRecord,
	build_malformed_error,
	decode_reply,
	get_records,
	parse_page,
)

PhiLevel = Literal["high", "medium", "low"]

# The route's name in errors and logs, and its path by API version.
PATHS: Mapping[str, Mapping[int, str]] = {
	"patients/census": {3: "/api/patients/census", 4: "/api/episodes/census"},
	"patients/latest": {3: "/api/patients/latest", 4: "/api/episodes/latest"},
	"patients/admissions": {3: "/api/patients/admissions", 4: "/api/episodes/admissions"},
	"patients/{id}": {3: "/api/patients/{}", 4: "/api/episodes/{}"},
	"vaults/patients": {3: "/api/vaults/patients", 4: "/api/vaults/patients"},
	"locations": {3: "/api/locations", 4: "/api/locations"},
}
LIST_KEYS = ("patients", "episodes")
RECORD_KEYS = ("patient", "episode")
DETAILS = {"demographics_detail": "v121", "insurance_detail": "v121", "patient_status_detail": "v121"}


@dataclass(frozen=True, slots=True)
class Credentials:
	"""The three values Kipu issues together for one instance. Not shown by repr."""

	access_id: str = field(repr=False)
	secret_key: str = field(repr=False)
	app_id: str = field(repr=False)


class KipuClient:
	"""Reads one Kipu instance.

	Every list method returns an iterator of `Page`, with one request per page, in the order sent, each page
	only on demand. `first_page` resumes an interrupted read. A read whose pages never end raises
	`EndlessPaginationError`. All raise the errors of `orchestrator.sync.errors`; a 404 of a list route is
	`InvalidConfigurationError`, since the URL or the version is wrong then. Dates are whole calendar days,
	both ends included.
	"""

	def __init__(
		self,
		credentials: Credentials,
		base_url: str,
		api_version: Version,
		http: HttpSession,
		*,
		allowed_hosts: Collection[str] = DEFAULT_ALLOWED_HOSTS,
		phi_level: PhiLevel = "high",
		per: int = 100,
		now: Callable[[], float] = time.time,
	) -> None:
		"""Create a client.

		Raises:
			UnsafeUrlError: The base URL may not be called.
			ValueError: The API version is neither 3 nor 4.
		"""
		if api_version not in (3, 4):
			raise ValueError("api_version must be 3 or 4")
		self._credentials = credentials
		self._base_url = validate_base_url(base_url, allowed_hosts)
		self._version: Version = api_version
		self._http = http
		self._phi_level = phi_level
		self._per = per
		self._now = now

	def __repr__(self) -> str:
		return f"KipuClient(version={self._version})"

	def list_census(
		self,
		start: date | None = None,
		end: date | None = None,
		*,
		location_id: str | None = None,
		exclude_preadmission: bool = False,
		first_page: int = 1,
	) -> Iterator[Page]:
		"""Yield records in care: now (and pre-admissions) without dates, at any time of the window with both."""
		parameters = {
			"phi_level": self._phi_level,
			**_build_window(start, end),
			"location_id": location_id,
			"exclude_preadmission": "true" if exclude_preadmission else None,
			**DETAILS,
		}
		return self._iterate_pages("patients/census", parameters, first_page)

	def list_updated(
		self, start: date, end: date, *, location_id: str | None = None, first_page: int = 1
	) -> Iterator[Page]:
		"""Yield records updated on the days of the window, as full records."""
		return self._iterate_pages(
			"patients/latest", {**_build_window(start, end), "location_id": location_id}, first_page
		)

	def list_admissions(
		self, start: date, end: date, *, location_id: str | None = None, first_page: int = 1
	) -> Iterator[Page]:
		"""Yield records admitted on the days of the window."""
		parameters = {
			"phi_level": self._phi_level,
			**_build_window(start, end),
			"location_id": location_id,
			**DETAILS,
		}
		return self._iterate_pages("patients/admissions", parameters, first_page)

	def list_deleted(
		self, start: date | None = None, end: date | None = None, *, first_page: int = 1
	) -> Iterator[Page]:
		"""Yield records of the vault: soft-deleted ones.

		The meaning of its dates is not known; without them it contains all deleted records.
		"""
		return self._iterate_pages("vaults/patients", _build_window(start, end), first_page)

	def get_patient(self, casefile_id: str) -> Iterator[Page]:
		"""Yield one page with the record of `{chart}:{uuid}`.

		Raises `RecordNotFoundError` if Kipu does not have it any more.
		"""
		chart, _, person = casefile_id.partition(":")
		parameters = {"patient_master_id": person, "phi_level": self._phi_level, **DETAILS}
		path = PATHS["patients/{id}"][self._version].format(quote(chart, safe=""))
		yield self._get("patients/{id}", path, parameters, _parse_single)

	def list_locations(self) -> Iterator[Page]:
		"""Yield one page of `{location_id, location_name, enabled}`."""
		yield self._list("locations", {}, partial(parse_page, keys=("locations",), number=1))

	def _iterate_pages(
		self, route: str, parameters: Mapping[str, str | None], first_page: int
	) -> Iterator[Page]:
		number, budget = first_page, PageBudget(route)
		while True:
			page_parameters = {**parameters, "page": str(number), "per": str(self._per)}
			page = self._list(route, page_parameters, partial(parse_page, keys=LIST_KEYS, number=number))
			budget.check(page)
			yield page
			if page.is_last:
				return
			number += 1

	def _list(self, route: str, parameters: Mapping[str, str | None], read: Callable[[Reply], Page]) -> Page:
		try:
			return self._get(route, PATHS[route][self._version], parameters, read)
		except RecordNotFoundError as error:
			wrong_route = InvalidConfigurationError(route, error.status, error.length)
		raise wrong_route

	def _get(
		self, route: str, path: str, parameters: Mapping[str, str | None], read: Callable[[Reply], Page]
	) -> Page:
		return self._http.get(route, lambda: self._build_request(path, parameters), read)

	def _build_uri(self, path: str, parameters: Mapping[str, str | None]) -> str:
		"""Return path and query, built once, so that the signed string is the one sent."""
		sent = {name: value for name, value in parameters.items() if value is not None}
		return f"{path}?{urlencode({**sent, 'app_id': self._credentials.app_id}, quote_via=quote, safe='')}"

	def _build_request(self, path: str, parameters: Mapping[str, str | None]) -> Request:
		"""Build the request.

		Called from below `_get`, so that no frame above it holds the text with the app ID.
		"""
		uri = self._build_uri(path, parameters)
		date_now = email.utils.formatdate(self._now(), usegmt=True)
		keys = self._credentials
		headers = sign(self._version, keys.access_id, keys.secret_key, "GET", uri, date_now)
		headers |= {
			"Accept-Encoding": "gzip",
			"Connection": "keep-alive",
			"User-Agent": "frappe-orchestrator",
		}
		return Request(self._base_url + uri, headers)


def _build_window(start: date | None, end: date | None) -> dict[str, str | None]:
	return {
		"start_date": start.isoformat() if start else None,
		"end_date": end.isoformat() if end else None,
	}


def _parse_single(reply: Reply) -> Page:
	"""Return the single record, wrapped as `get_patient`, in a list of one, or bare."""
	payload = decode_reply(reply)
	for key in RECORD_KEYS:
		if isinstance(payload.get(key), RawRecord):
			return Page(1, None, None, [payload[key]], paginated=False)
	if "casefile_id" in payload:
		return Page(1, None, None, [payload], paginated=False)
	records = get_records(reply, payload, LIST_KEYS)
	if len(records) != 1:
		raise build_malformed_error(reply, "shape")
	return Page(1, None, None, records, paginated=False)
