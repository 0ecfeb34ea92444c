"""Strict parsing of timestamps and dates."""

from datetime import date, datetime, timezone

import pytest

from orchestrator import period
from orchestrator.exceptions import InvalidRequestError


@pytest.fixture
def new_york(monkeypatch, site):
	monkeypatch.setattr(period, "get_time_zone", lambda: "America/New_York")


@pytest.mark.parametrize(
	("text", "moment"),
	[
		("2025-02-19T09:00:00", datetime(2025, 2, 19, 9)),
		(" 2025-02-19 09:00 ", datetime(2025, 2, 19, 9)),
		("2025-02-19T09:00:59.999999", datetime(2025, 2, 19, 9, 0, 59)),
		("2025-02-19T14:00:00Z", datetime(2025, 2, 19, 9)),
		# summer time: four hours behind UTC, not five
		("2025-07-19T14:00:00z", datetime(2025, 7, 19, 10)),
		("2025-02-19T09:00:00+05:30", datetime(2025, 2, 18, 22, 30)),
		("2025-02-19T09:00-0500", datetime(2025, 2, 19, 9)),
		("2025-02-19T09:00:00+01", datetime(2025, 2, 19, 3)),
	],
)
def test_a_timestamp_is_a_moment_of_the_site(new_york, text, moment):
	assert period.parse_timestamp("timestamp", text) == moment


@pytest.mark.parametrize(
	"text",
	["", "now", "2025-02-19", "2025-2-19T09:00", "2025-02-19T24:00", "2025-W08-3T09:00", "2025-02-19T09:00+25:00"],
)  # fmt: skip
def test_what_is_no_timestamp_is_refused(new_york, text):
	with pytest.raises(InvalidRequestError, match="timestamp must be an ISO 8601 timestamp"):
		period.parse_timestamp("timestamp", text)


@pytest.mark.parametrize(
	("value", "timespec", "text"),
	[
		(datetime(2027, 2, 1, 9, 0, 0, 123456), "seconds", "2027-02-01T09:00:00"),
		(datetime(2027, 2, 1, 9, 0, 0, 123456), "auto", "2027-02-01T09:00:00.123456"),
		(datetime(2027, 2, 1), "auto", "2027-02-01T00:00:00"),
		(date(2027, 2, 1), "seconds", "2027-02-01"),
		(None, "seconds", None),
	],
)
def test_to_iso_writes_dates_and_timestamps(value, timespec, text):
	assert period.to_iso(value, timespec) == text


def test_to_site_time_converts_to_the_zone_of_the_site(new_york):
	assert period.to_site_time(datetime(2025, 7, 19, 14, tzinfo=timezone.utc)) == datetime(2025, 7, 19, 10)


def test_a_date_is_a_date(site):
	assert period.parse_date("from_date", "2024-02-29") == date(2024, 2, 29)
	assert period.parse_date("from_date", "1000-01-01") == date(1000, 1, 1)
	assert period.parse_date("from_date", "9998-12-31") == date(9998, 12, 31)


@pytest.mark.parametrize(
	"text",
	[
		"",
		"2025-02-29",
		"29.02.2024",
		"20240229",
		"2024-02-29T00:00",
		"0001-01-01",
		"0999-12-31",
		"9999-12-31",
	],
)
def test_what_is_no_date_is_refused(site, text):
	with pytest.raises(InvalidRequestError, match="from_date must be a date, such as"):
		period.parse_date("from_date", text)
