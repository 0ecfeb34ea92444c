"""Render a stay of the world as a Kipu record, each time it is requested."""

from datetime import date, datetime, timezone
from typing import Any

from orchestrator.kipu_simulator import people, places
from orchestrator.kipu_simulator.world import CHART_BASE, NEVER, World

# Fields of a census only on request by the parameter.
DETAILS = {
	"demographics_detail": (
		"gender_identity", "pronouns", "race", "ethnicity", "preferred_language", "maiden_name", "patient_contacts",
	),
	"insurance_detail": ("insurances",),
	"patient_status_detail": ("patient_tags", "diagnosis_codes", "pre_admission_status"),
}  # fmt: skip
# Fields that a lower PHI level leaves out.
LOW = (
	"middle_name", "maiden_name", "preferred_name", "dob", "email", "phone", "alternate_phone", "address_street",
	"address_street2", "address_city", "address_zip", "patient_contacts", "insurances", "first_contact_name",
)  # fmt: skip
HIDDEN = {"high": ("ssn",), "medium": ("ssn", "address_street", "address_street2"), "low": ("ssn", *LOW)}


def render_full_record(world: World, stay: int, turn: int = 0) -> dict[str, Any]:
	"""Return all fields. `turn` reverses the lists, because Kipu promises no order."""
	record = {
		"casefile_id": build_casefile_id(world, stay),
		**people.build_person_fields(world.settings.seed, world.person[stay]),
		**_render_stay_fields(world, stay),
		**world.settings.added_fields,
		**world.edits.get(stay, {}),
	}
	for name in ("insurances", "patient_contacts", "patient_tags", "diagnosis_codes"):
		record[name] = _rotate_lists(record[name], turn)
	for name in world.settings.dropped_fields:
		record.pop(name, None)
	return record


def render_census_record(
	world: World, stay: int, parameters: dict[str, str], turn: int = 0
) -> dict[str, Any]:
	"""Return the part of a record that the PHI level and the requested details allow."""
	record = render_full_record(world, stay, turn)
	left_out = list(HIDDEN[parameters["phi_level"]])
	for parameter, names in DETAILS.items():
		if parameters.get(parameter) != "v121":
			left_out += names
	for name in left_out:
		record.pop(name, None)
	if parameters.get("insurance_detail") != "v121":
		record["insurance_company"] = _get_insurer(world, stay)
	return record


def build_casefile_id(world: World, stay: int) -> str:
	"""Return `{chart}:{patient master uuid}`."""
	return f"{stay + CHART_BASE}:{people.compute_person_id(world.settings.seed, world.person[stay])}"


def _render_stay_fields(world: World, stay: int) -> dict[str, Any]:
	dice = people.Dice(world.settings.seed * 7_368_787 + stay)
	place = places.PLACES[world.location[stay]]
	admitted, discharged = world.admitted[stay], world.discharged[stay]
	# Every value is drawn even if it is not shown, so that a discharge does not change unrelated values.
	kind, code = dice.choice(places.DISCHARGE_TYPES)
	level, next_level = dice.choice(places.LEVELS), dice.choice(places.LEVELS)
	method, category = dice.choice(places.PAYMENTS)
	bed = dice.randint(1, 40)
	return {
		"mr_number": f"{datetime.fromordinal(admitted).year}-{stay + 1}" if admitted else None,
		"admission_date": _render_moment(world, stay, admitted),
		"discharge_date": _render_moment(world, stay, discharged),
		"anticipated_discharge_date": _render_day(admitted + 30) if admitted else "",
		"discharge_type": kind if discharged else "",
		"discharge_type_code": code if discharged else "",
		"discharge_or_transition_name": "Home" if discharged else None,
		"level_of_care": level if admitted else None,
		"next_level_of_care": next_level if discharged else None,
		"next_level_of_care_date": _render_day(discharged + 1) if discharged else None,
		"program": dice.choice(places.PROGRAMS),
		"location_id": place.location_id,
		"location_name": place.name,
		"building_name": "Main House" if bed < 20 else "Annex",
		"room_name": str(bed // 2),
		"bed_name": "AB"[bed % 2],
		"pre_admission_status": None if admitted else "Scheduled",
		"first_contact_name": f"{dice.choice(people.FIRST)} {people.draw_surname(dice)}",
		"referrer_name": dice.choice(places.REFERRERS),
		"payment_method": method,
		"payment_method_category": category,
		"patient_tags": dice.sample(places.TAGS, dice.randint(0, 2)),
		"diagnosis_codes": dice.sample(places.DIAGNOSES, dice.randint(1, 3)),
		"created_at": _render_stamp(world.created[stay]),
		"last_updated_at": _render_stamp(world.updated[stay]),
	}


def _render_moment(world: World, stay: int, day: int) -> str | None:
	"""Return a time of the stay in UTC; an empty one alternately as null or as ''."""
	if day == NEVER:
		return None if stay % 3 else ""
	if world.settings.bare_dates == "utc" and not world.get_minute(stay):
		return _render_day(day) + "T00:00:00Z"
	return f"{world.compute_instant(stay, day).replace(tzinfo=None).isoformat()}Z"


def _render_day(day: int) -> str:
	return date.fromordinal(day).isoformat()


def _render_stamp(seconds: float) -> str:
	moment = datetime.fromtimestamp(seconds, timezone.utc)
	return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _rotate_lists(items: Any, turn: int) -> Any:
	if not isinstance(items, list) or not items:
		return items
	turn %= len(items)
	return items[turn:] + items[:turn]


def _get_insurer(world: World, stay: int) -> str | None:
	insurances = people.build_person_fields(world.settings.seed, world.person[stay])["insurances"]
	return insurances[0]["insurance_company"] if insurances else None
