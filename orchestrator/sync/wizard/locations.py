"""The locations step of the wizard: suggestions of facilities and time zones, and saving what was chosen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import frappe
from frappe import _

from orchestrator.api.parameters import parse_json
from orchestrator.doctypes import FACILITY, KIPU_CONNECTION, KIPU_LOCATION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.sync.connection import InvalidSettingsError
from orchestrator.sync.merge.location_facilities import find_free_title
from orchestrator.sync.runs import run_queue
from orchestrator.sync.shapes import LocationShape
from orchestrator.sync.wizard.shapes import Basis, LocationChoice, LocationSetup

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection
	from orchestrator.orchestrator.doctype.kipu_location.kipu_location import KipuLocation

MAX_LOCATIONS = 500
MAX_TEXT_LENGTH = 140
TEXTS = ("location_id", "location_name", "facility", "time_zone")


def list_locations(doc: "KipuConnection", known: list[LocationShape]) -> list[LocationSetup]:
	"""Return the saved locations and those that Kipu has, with suggestions for the latter."""
	saved = {row.location_id: row for row in doc.locations}
	found = {location["location_id"]: location for location in known if location["location_id"]}
	zones = dict(frappe.get_all(FACILITY, fields=["name", "time_zone"], as_list=True, limit=0))
	elsewhere = _list_facilities_of_others(str(doc.name))
	rows = [_describe_saved(doc, row, zones, found.get(row.location_id)) for row in saved.values()]
	return rows + [
		_suggest(doc, location, zones, elsewhere) for key, location in found.items() if key not in saved
	]


def _list_facilities_of_others(name: str) -> set[str]:
	"""Return the facilities of other connections: a location of the same name there is another facility."""
	filters = {"parenttype": KIPU_CONNECTION, "parent": ("!=", name), "facility": ("is", "set")}
	return set(frappe.get_all(KIPU_LOCATION, filters=filters, pluck="facility", limit=0))


def _describe_saved(
	doc: "KipuConnection",
	row: "KipuLocation",
	zones: Mapping[str, str | None],
	known: LocationShape | None,
) -> LocationSetup:
	name = row.location_name or (known["location_name"] if known else "")
	zone, basis = _choose_zone(doc, row.time_zone, zones.get(row.facility or ""), None)
	return {
		"location_id": row.location_id,
		"location_name": name,
		"enabled": bool(row.enabled),
		"facility": row.facility or None,
		"new_facility": _build_title(doc, row.location_id, name),
		"time_zone": zone,
		"basis": basis,
		"saved": True,
	}


def _suggest(
	doc: "KipuConnection",
	location: LocationShape,
	zones: Mapping[str, str | None],
	elsewhere: set[str],
) -> LocationSetup:
	name = location["location_name"]
	facility = name if name in zones and name not in elsewhere else None
	zone, basis = _choose_zone(doc, None, zones.get(facility or ""), location["time_zone"])
	return {
		"location_id": location["location_id"],
		"location_name": name,
		"enabled": location["enabled"],
		"facility": facility,
		"new_facility": _build_title(doc, location["location_id"], name),
		"time_zone": zone,
		"basis": basis,
		"saved": False,
	}


def _choose_zone(
	doc: "KipuConnection", saved: str | None, of_facility: str | None, of_dates: str | None
) -> tuple[str, Basis]:
	choices: tuple[tuple[str | None, Basis], ...] = (
		(saved, "saved"),
		(of_facility, "facility"),
		(of_dates, "dates"),
	)
	return next(((zone, basis) for zone, basis in choices if zone), (doc.default_time_zone, "default"))


def _build_title(doc: "KipuConnection", location_id: str, name: str) -> str:
	"""Return the name of the facility that is created for a location."""
	return find_free_title(name or f"{doc.name} {location_id}", str(doc.name))


def save_locations(doc: "KipuConnection", choices: list[LocationChoice]) -> None:
	"""Save the locations, with a new facility for each enabled one without a facility. Others of the connection stay.

	Refuse (409) while a run is active, which reads them, and (422) an unknown facility or time zone.
	"""
	if live := run_queue.get_live_run(str(doc.name)):
		refuse(
			_("Run {0} of {1} is still running. Wait until it ends, or cancel it.").format(live, doc.name),
			run_queue.RunConflictError,
		)
	rows = {row.location_id: row for row in doc.locations}
	for choice in choices:
		row = rows.get(choice["location_id"]) or doc.append(
			"locations", {"location_id": choice["location_id"]}
		)
		row.update({**choice, "enabled": int(choice["enabled"]), "facility": _ensure_facility(doc, choice)})
	doc.save()


def _ensure_facility(doc: "KipuConnection", choice: LocationChoice) -> str | None:
	"""Return the location's facility, created if none was chosen for an enabled one."""
	if facility := choice["facility"]:
		if not frappe.db.exists(FACILITY, facility) or not frappe.has_permission(FACILITY, doc=facility):
			refuse(_("There is no facility {0}.").format(facility), InvalidSettingsError)
		return facility
	if not choice["enabled"]:
		return None
	title = _build_title(doc, choice["location_id"], choice["location_name"])
	values = {"doctype": FACILITY, "facility_name": title, "time_zone": choice["time_zone"] or None}
	return str(frappe.get_doc(values).insert().name)


def parse_choices(value: Any) -> list[LocationChoice]:
	"""Return the locations of a request. Refuse (400) what is malformed, too much, or named twice."""
	entries = parse_json("locations", value)
	if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_LOCATIONS:
		refuse(_("locations must be a list of 1 to {0} objects.").format(MAX_LOCATIONS), InvalidRequestError)
	choices = [_parse_choice(entry) for entry in entries]
	ids = [choice["location_id"] for choice in choices]
	if double := next((each for each in ids if ids.count(each) > 1), None):
		refuse(_("locations has {0} twice.").format(double), InvalidRequestError)
	return choices


def _parse_choice(entry: Any) -> LocationChoice:
	names = set(LocationChoice.__annotations__)
	is_valid = (
		isinstance(entry, dict)
		and set(entry) == names
		and isinstance(entry["enabled"], bool)
		and all(_is_text(entry[name], is_optional=name == "facility") for name in TEXTS)
	)
	if not is_valid or not entry["location_id"].strip():
		refuse(
			_(
				"Each of the locations is an object with {0}: enabled is true or false, the others are texts."
			).format(", ".join(LocationChoice.__annotations__)),
			InvalidRequestError,
		)
	texts = {name: (entry[name] or "").strip() for name in TEXTS}
	return cast(LocationChoice, {**texts, "enabled": entry["enabled"], "facility": texts["facility"] or None})


def _is_text(value: Any, *, is_optional: bool) -> bool:
	return (is_optional and value is None) or (isinstance(value, str) and len(value) <= MAX_TEXT_LENGTH)
