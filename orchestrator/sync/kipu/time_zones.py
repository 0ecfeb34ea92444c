"""Suggest the time zone of each location, which Kipu does not send, from the dates of its records.

An instance writes a date without a time of day as midnight at the facility, so the zone in which most
admissions and discharges are at midnight is the facility's. Imports nothing of Frappe.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.sync.kipu.values import clean_id, clean_instant

# Kipu's customers are in the United States. The connection's default zone is compared as well.
COMMON_ZONES = (
	"America/New_York",
	"America/Chicago",
	"America/Denver",
	"America/Phoenix",
	"America/Los_Angeles",
	"America/Anchorage",
	"Pacific/Honolulu",
	"America/Puerto_Rico",
)
# Fewer midnights may be chance.
MIN_MIDNIGHTS = 3


def suggest_time_zones(records: Iterable[Mapping[str, Any]], default_zone: tzinfo) -> dict[str, str]:
	"""Return the probable time zone by location ID. Locations with too few dates are left out, and those where
	several zones fit equally well, unless the default is one of them.
	"""
	default = str(default_zone)
	zones = {default: default_zone} | {name: ZoneInfo(name) for name in COMMON_ZONES if name != default}
	midnights: dict[str, Counter[str]] = {}
	for location, moment in _list_moments(_remove_duplicates(records)):
		fitting = (name for name, zone in zones.items() if moment.astimezone(zone).time() == time(0))
		midnights.setdefault(location, Counter()).update(fitting)
	chosen = {location: _choose_zone(counts, default) for location, counts in midnights.items()}
	return {location: zone for location, zone in chosen.items() if zone}


def _remove_duplicates(records: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
	"""Return each casefile once: several lists may have it. Records without one, such as locations, are left out."""
	return {
		casefile: record for record in records if isinstance(casefile := record.get("casefile_id"), str)
	}.values()


def _list_moments(records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, datetime]]:
	"""Yield location ID and instant of each readable admission and discharge."""
	for record in records:
		location = clean_id(record.get("location_id"))
		if not isinstance(location, str):
			continue
		for field in ("admission_date", "discharge_date"):
			moment = clean_instant(record.get(field), timezone.utc)
			if isinstance(moment, datetime) and 1900 < moment.year < 9999:
				yield location, moment


def _choose_zone(midnights: Counter[str], default: str) -> str | None:
	most = max(midnights.values(), default=0)
	best = [name for name, count in midnights.items() if count == most]
	if most < MIN_MIDNIGHTS or (len(best) > 1 and default not in best):
		return None
	return default if default in best else best[0]
