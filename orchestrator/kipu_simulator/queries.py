"""The replies of each route: check parameters, select stays, and render a page of them as records."""

import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from orchestrator.kipu_simulator.places import PLACES, Place
from orchestrator.kipu_simulator.render import HIDDEN, render_census_record, render_full_record
from orchestrator.kipu_simulator.world import CHART_BASE, NEVER, World

DEFAULT_PER = 25
KEPT_CHOICES = 8
ROUTES = {
	re.compile(r"/api/(?:patients|episodes)/census"): "patients/census",
	re.compile(r"/api/(?:patients|episodes)/latest"): "patients/latest",
	re.compile(r"/api/(?:patients|episodes)/admissions"): "patients/admissions",
	re.compile(r"/api/(?:patients|episodes)/(?P<chart>\d+)"): "patients/{id}",
	re.compile(r"/api/vaults/patients"): "vaults/patients",
	re.compile(r"/api/locations"): "locations",
}
REQUIRED = {
	"patients/census": ("phi_level",),
	"patients/latest": ("start_date", "end_date"),
	"patients/admissions": ("phi_level", "start_date", "end_date"),
	"patients/{id}": ("patient_master_id", "phi_level"),
}
DAY = re.compile(r"\d{4}-\d\d-\d\d")
EPOCH = date(1970, 1, 1).toordinal()


class RejectedRequestError(Exception):
	"""A request that is answered with a status and a text instead of records."""

	def __init__(self, status: int, text: str) -> None:
		super().__init__(status, text)
		self.status = status
		self.text = text


@dataclass(frozen=True, slots=True)
class Call:
	"""A parsed request: route, chart of `patients/{id}`, parameters."""

	route: str
	chart: int
	parameters: Mapping[str, str]

	@property
	def page(self) -> int:
		"""The requested page; an invalid one is the first."""
		text = self.parameters.get("page", "1")
		return max(1, int(text)) if text.isdigit() else 1


def parse_call(path: str, version: str, parameters: Mapping[str, str]) -> Call:
	"""Return the parsed call of a path.

	Version 3 knows patients only, version 4 both names. Raises `RejectedRequestError` (404).
	"""
	for pattern, route in ROUTES.items():
		match = pattern.fullmatch(path)
		if match and not (version == "3" and "/episodes/" in path):
			return Call(route, int(match.groupdict().get("chart") or 0), parameters)
	raise RejectedRequestError(404, "Not Found")


class Queries:
	"""Answers calls from a world."""

	def __init__(self, world: World) -> None:
		self.world = world
		self._choices: OrderedDict[tuple[Any, ...], array[int]] = OrderedDict()
		self._turn = 0

	def build_answer(self, call: Call, version: str, shift: int = 0, per_cap: int = 0) -> dict[str, Any]:
		"""Return the JSON object of a reply.

		`shift`: the number of records by which the list has moved; `per_cap`: maximum page size.
		"""
		_require(call)
		if call.route == "locations":
			return {"locations": [_render_location(place) for place in PLACES]}
		self._turn += 1
		if call.route == "patients/{id}":
			return {("episode" if version == "4" else "patient"): self._build_single(call)}
		return self._build_page(call, version, shift, per_cap)

	def _build_page(self, call: Call, version: str, shift: int, per_cap: int) -> dict[str, Any]:
		per = min(_parse_number(call, "per", DEFAULT_PER), per_cap or self.world.settings.per_cap)
		page = _parse_number(call, "page", 1)
		with self.world.lock:
			chosen = self._get_stays(call)
			first = (page - 1) * per
			size = len(chosen[first : first + per])
			shifted = chosen[max(0, first - shift) : max(0, first - shift) + size]
			records = [self._render_record(call, stay) for stay in shifted]
		key = "episodes" if version == "4" and call.route != "vaults/patients" else "patients"
		pagination = {
			"current_page": page,
			"total_pages": -(-len(chosen) // per),
			"records_per_page": per,
			"total_records": len(chosen),
		}
		return {key: records, "pagination": {name: str(value) for name, value in pagination.items()}}

	def _render_record(self, call: Call, stay: int) -> dict[str, Any]:
		if call.route in ("patients/census", "patients/admissions"):
			return render_census_record(self.world, stay, dict(call.parameters), self._turn)
		record = render_full_record(self.world, stay, self._turn)
		if call.route == "vaults/patients":
			deleted = datetime.fromtimestamp(self.world.deleted[stay], timezone.utc)
			record = {**record, "deleted_at": deleted.strftime("%Y-%m-%dT%H:%M:%SZ")}
		return record

	def _build_single(self, call: Call) -> dict[str, Any]:
		stay = call.chart - CHART_BASE
		if not 0 <= stay < len(self.world) or self.world.deleted[stay] or self.world.hidden[stay]:
			raise RejectedRequestError(404, "Record not found")
		record = render_census_record(self.world, stay, dict(call.parameters), self._turn)
		if record["casefile_id"].partition(":")[2] != call.parameters["patient_master_id"].lower():
			raise RejectedRequestError(404, "Record not found")
		return record

	def _get_stays(self, call: Call) -> "array[int]":
		"""Return the stays of a call, cached for its next pages until something changes; those in care, for a
		minute.
		"""
		parameters = {name: value for name, value in call.parameters.items() if name not in ("page", "per")}
		minute = int(self.world.get_now() // 60) if call.route == "patients/census" else 0
		key = (call.route, tuple(sorted(parameters.items())), self.world.version, minute)
		if key not in self._choices:
			self._choices[key] = array("L", self._select_stays(call))
			while len(self._choices) > KEPT_CHOICES:
				self._choices.popitem(last=False)
		return self._choices[key]

	def _select_stays(self, call: Call) -> Iterable[int]:
		world = self.world
		matches = self._build_condition(call)
		in_vault = call.route == "vaults/patients"
		location_id = call.parameters.get("location_id")
		for stay in range(len(world)):
			if world.hidden[stay] or bool(world.deleted[stay]) != in_vault:
				continue
			if location_id and PLACES[world.location[stay]].location_id != location_id:
				continue
			if matches(stay):
				yield stay

	def _build_condition(self, call: Call) -> Callable[[int], bool]:
		world = self.world
		start, end = _parse_window(call)
		if call.route == "patients/latest":
			return lambda stay: start <= _compute_utc_day(world.updated[stay]) <= end
		if call.route == "patients/admissions":
			return lambda stay: start <= world.admitted[stay] <= end
		if call.route == "vaults/patients":
			return lambda stay: start <= _compute_utc_day(world.deleted[stay]) <= end
		if "start_date" in call.parameters or "end_date" in call.parameters:
			return lambda stay: _is_overlapping(world.admitted[stay], world.discharged[stay], start, end)
		if call.parameters.get("exclude_preadmission") == "true":
			return world.is_in_care
		return lambda stay: not world.admitted[stay] or world.is_in_care(stay)


def _require(call: Call) -> None:
	for name in REQUIRED.get(call.route, ()):
		if not call.parameters.get(name):
			raise RejectedRequestError(400, f"{name} is missing")
	if "phi_level" in call.parameters and call.parameters["phi_level"] not in HIDDEN:
		raise RejectedRequestError(422, "phi_level is not valid")


def _parse_number(call: Call, name: str, default: int) -> int:
	text = call.parameters.get(name, str(default))
	if not text.isdigit() or int(text) < 1:
		raise RejectedRequestError(422, f"{name} is not valid")
	return int(text)


def _parse_window(call: Call) -> tuple[int, int]:
	start = _parse_day(call, "start_date", date.min)
	end = _parse_day(call, "end_date", date.max)
	if start > end:
		raise RejectedRequestError(422, "start_date is after end_date")
	return start, end


def _parse_day(call: Call, name: str, default: date) -> int:
	text = call.parameters.get(name)
	if text is None:
		return default.toordinal()
	try:
		if not DAY.fullmatch(text):
			raise ValueError
		return date.fromisoformat(text).toordinal()
	except ValueError:
		raise RejectedRequestError(422, f"{name} is not valid") from None


def _is_overlapping(admitted: int, discharged: int, start: int, end: int) -> bool:
	return admitted != NEVER and admitted <= end and (discharged == NEVER or discharged >= start)


def _compute_utc_day(seconds: float) -> int:
	return EPOCH + int(seconds // 86400)


def _render_location(place: Place) -> dict[str, Any]:
	return {"location_id": place.location_id, "location_name": place.name, "enabled": place.enabled}
