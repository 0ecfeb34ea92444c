"""The strict parser of ISO 8601 dates and timestamps."""

from datetime import datetime, timedelta, timezone

import pytest

from orchestrator.iso8601 import parse_iso


@pytest.mark.parametrize(
	("text", "moment"),
	[
		("2025-02-19", datetime(2025, 2, 19)),
		("2025-02-19T09:00", datetime(2025, 2, 19, 9)),
		("2025-02-19 09:00:01", datetime(2025, 2, 19, 9, 0, 1)),
		("2025-02-19T09:00:01,5", datetime(2025, 2, 19, 9, 0, 1)),
		("2025-02-19T09:00:01.999999999", datetime(2025, 2, 19, 9, 0, 1)),
		("2025-02-19T09:00:00z", datetime(2025, 2, 19, 9, tzinfo=timezone.utc)),
		("2025-02-19T09:00:00.000Z", datetime(2025, 2, 19, 9, tzinfo=timezone.utc)),
		("2025-02-19T09:00+05:30", datetime(2025, 2, 19, 3, 30, tzinfo=timezone.utc)),
		("2025-02-19T09:00-0500", datetime(2025, 2, 19, 14, tzinfo=timezone.utc)),
		("2025-02-19T09:00+01", datetime(2025, 2, 19, 8, tzinfo=timezone.utc)),
	],
)
def test_dates_and_timestamps_are_parsed(text: str, moment: datetime) -> None:
	parsed = parse_iso(text)
	assert parsed == moment
	assert (parsed.utcoffset() is None) == (moment.tzinfo is None)


def test_offset_is_kept() -> None:
	assert parse_iso("2025-02-19T09:00:00-05:00").utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize(
	"text",
	[
		"", "2025", "2025-02", "20250219", "2025-W08-3", "2025-050", "2025-02-29", "2025-2-19", "+202-01-01",
		"2025-02-19T", "2025-02-19T09", "2025-02-19T0900", "2025-02-19T24:00", "2025-02-19T09:00:+5",
		"2025-02-19T09:60", "2025-02-19T09:00:00+25:00", "2025-02-19T09:00:00Z0", "2025-02-19Z", " 2025-02-19",
		"0000-01-01", "٢٠٢٥-02-19",
	],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
	with pytest.raises(ValueError):
		parse_iso(text)
