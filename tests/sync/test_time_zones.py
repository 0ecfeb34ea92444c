"""Time zones suggested by the dates of Kipu's records. No site needed."""

from zoneinfo import ZoneInfo

import pytest

from orchestrator.sync.kipu.time_zones import suggest_time_zones

NEW_YORK = ZoneInfo("America/New_York")
WINTER = ("2025-01-05T05:00:00Z", "2025-01-09T05:00:00Z", "2025-02-03T05:00:00Z")


def build_records(dates, location="1", first=0):
	return [
		{"casefile_id": f"{first + number}:x", "location_id": location, "admission_date": moment}
		for number, moment in enumerate(dates)
	]


@pytest.mark.parametrize(
	("dates", "zone"),
	[
		(WINTER, "America/New_York"),
		(["2025-01-05T06:00:00Z", "2025-01-06T06:00:00Z", "2025-07-06T05:00:00Z"], "America/Chicago"),
		(["2025-01-05T07:00:00Z", "2025-07-06T07:00:00Z", "2025-07-08T07:00:00Z"], "America/Phoenix"),
		(["2025-01-05T02:00:00-05:00", "2025-07-06T07:00:00Z", "2025-07-08T07:00:00Z"], "America/Phoenix"),
		(["2025-01-05T07:00:00Z", "2025-01-06T07:00:00Z", "2025-01-07T07:00:00Z"], None),  # Denver or Phoenix
		(WINTER[:2], None),
		([*WINTER[:2], WINTER[0][:10], "2025-01-05T00:00:00"], None),  # without a zone, they say nothing
		(["2025-01-05T00:00:00Z"] * 9, None),
		([None, "", "x", 5, {}, "9999-12-31T05:00:00Z", "0001-01-01T05:00:00Z"], None),
	],
)
def test_zone_of_the_midnights(dates, zone):
	assert suggest_time_zones(build_records(dates), NEW_YORK) == ({"1": zone} if zone else {})


def test_the_default_decides_between_zones_that_fit_equally():
	dates = ["2025-01-05T07:00:00Z", "2025-01-06T07:00:00Z", "2025-01-07T07:00:00Z"]
	assert suggest_time_zones(build_records(dates), ZoneInfo("America/Denver")) == {"1": "America/Denver"}


def test_a_casefile_counts_once_however_many_lists_have_it():
	assert suggest_time_zones(build_records(WINTER[:1]) * 5, NEW_YORK) == {}


def test_locations_are_told_apart_and_may_come_as_numbers():
	chicago = [moment.replace("T05", "T06") for moment in WINTER]
	records = [*build_records(WINTER, 1), *build_records(chicago, "2", 10), *build_records(WINTER, None, 20)]
	assert suggest_time_zones(records, NEW_YORK) == {"1": "America/New_York", "2": "America/Chicago"}
