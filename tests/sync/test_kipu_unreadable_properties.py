"""A Kipu record with unreadable fields is imported with the right status and all its other fields."""

from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.sync.kipu.fields import FIELDS
from orchestrator.sync.kipu.mapping import build_mapping, map_record
from orchestrator.sync.kipu.records import ESSENTIAL_FIELDS, RecordError, Stay, parse_record
from orchestrator.sync.kipu.values import Zones
from tests.support.kipu_wire import PERSON_ID

ZONES = Zones(ZoneInfo("America/New_York"), {"3": ZoneInfo("America/Phoenix")})
AT = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc)
MAPPING = build_mapping()
GOOD = {
	"text": "Ada",
	"code": "Residential",
	"id": "17",
	"day": "1980-03-05",
	"moment": "2026-03-01T05:00:00Z",
	"stamp": "2026-03-02T10:00:00Z",
	"words": ["VIP"],
	"contacts": [{"full_name": "Bea"}],
	"insurances": [{"insurance_company": "Larkspur"}],
}
DAYS = st.none() | st.dates(date(2026, 3, 1), date(2026, 3, 20)).map(str)
ANY_JSON = st.recursive(
	st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
	lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
	max_leaves=5,
)
reproducible = settings(derandomize=True, deadline=None, max_examples=400)


def build_record(**changes: object) -> dict[str, object]:
	"""Return a record with every known field."""
	fields = {name: GOOD[kind] for name, kind in FIELDS.items()}
	return {**fields, "casefile_id": f"12:{PERSON_ID}", "location_id": "3", **changes}


def map_fields(raw: dict[str, object]) -> tuple[Stay, dict[str, object], set[str]]:
	"""Return the stay, its values in target fields, and the names of the unreadable fields."""
	stay = parse_record(raw, ZONES, AT)
	result = map_record(stay, MAPPING)
	return stay, {**result.client, **result.stay}, {error.field for error in result.unreadable}


@reproducible
@given(
	name=st.sampled_from(sorted(FIELDS.keys() - ESSENTIAL_FIELDS)),
	value=ANY_JSON,
	admission=DAYS,
	discharge=DAYS,
)
def test_an_unreadable_field_does_not_affect_status_and_other_fields(name, value, admission, discharge):
	days = {"admission_date": admission, "discharge_date": discharge}
	right, values, _unreadable = map_fields(build_record(**days))
	stay, arrived, unreadable = map_fields(build_record(**days, **{name: value}))
	targets = {rule.target for rule in MAPPING.rules if rule.source in (name, "insurance_company")}
	assert unreadable <= {name}
	if name != "location_id":  # otherwise the day begins at another time
		assert (stay.status, stay.admitted_at, stay.discharged_at) == (
			right.status,
			right.admitted_at,
			right.discharged_at,
		)
		assert {key: arrived[key] for key in values.keys() - targets} == {
			key: values[key] for key in values.keys() - targets
		}
	if unreadable:
		assert not targets & arrived.keys() or name == "insurance_company"


@reproducible
@given(broken=st.sets(st.sampled_from(sorted(FIELDS.keys() - ESSENTIAL_FIELDS)), min_size=2))
def test_however_many_fields_cannot_be_read_each_is_named_and_the_status_is_right(broken):
	raw = build_record(admission_date="2026-03-01", discharge_date="2026-03-09")
	stay, arrived, unreadable = map_fields({**raw, **{name: {"unheard": ["of"]} for name in broken}})
	assert unreadable == broken
	assert stay.status == "Discharged"
	assert {rule.target for rule in MAPPING.rules if rule.source not in broken} <= arrived.keys()


@reproducible
@given(name=st.sampled_from(sorted(ESSENTIAL_FIELDS)), value=ANY_JSON)
def test_a_status_is_never_guessed(name, value):
	raw = {**build_record(admission_date="2026-03-01", discharge_date=None), name: value}
	try:
		stay = parse_record(raw, ZONES, AT)
	except RecordError as error:
		assert (error.casefile_id, error.field) == (f"12:{PERSON_ID}", name)
	else:
		# Only visibly blank values and dates are read.
		assert value is None or isinstance(value, str)
		assert stay.fields[name] is None or str(stay.fields[name].year) in str(value)
