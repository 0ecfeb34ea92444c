"""Normalize single values of a Kipu record. An unreadable value is returned as `InvalidValue`, never raised:
the frames here hold personal data, and Frappe's error log keeps local variables.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from orchestrator.iso8601 import parse_iso
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.fields import CONTACT_KEYS, INSURANCE_KEYS, WORD_KEYS, Kind

RUBY_ZONE = re.compile(r" ?(UTC|Z|[+-]\d\d:?\d\d)$")
PLAIN_PATTERN = str.maketrans(
	{
		"\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"',
		"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
		"\u2026": "...",
	}
)  # fmt: skip
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
UR_PREFIX = re.compile(r"UR\s+LOC\s*:\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InvalidValue:
	"""A value that cannot be read. `code`: bad_type, bad_date."""

	code: str


@dataclass(frozen=True, slots=True)
class Zones:
	"""The time zone of each location, and the default of other locations.

	`utc_midnight_is_date`: a timestamp at exactly 00:00 UTC is a bare date and keeps its day. Otherwise it is
	an instant like any other: in New York, an evening of the day before. Instances differ; the connection
	test counts both.
	"""

	default: tzinfo
	by_location: Mapping[str, tzinfo] | None = None
	utc_midnight_is_date: bool = False

	def get_zone(self, location_id: str | None) -> tzinfo:
		return (self.by_location or {}).get(location_id or "", self.default)


def clean_text(value: object) -> str | InvalidValue | None:
	"""Return one line without invisible characters and doubled spaces; None for a blank."""
	if value is None:
		return None
	if not isinstance(value, str):
		return InvalidValue("bad_type")
	if value.isascii() and value.isprintable():
		if "  " not in value and value[:1] != " " != value[-1:]:
			return value or None  # the most frequent case
	else:
		value = unicodedata.normalize("NFC", value).translate(INVISIBLE)
		value = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in value)
	return " ".join(value.split()) or None


def clean_code(value: object) -> str | InvalidValue | None:
	"""Return a term from a list: plain quotes and dashes, without the prefix of a utilisation review."""
	return _clean_term(value) if isinstance(value, str) else clean_text(value)


@functools.lru_cache(maxsize=1024)  # the same few terms over and over
def _clean_term(value: str) -> str | InvalidValue | None:
	text = clean_text(value)
	if not isinstance(text, str):
		return text
	if not text.isascii():
		text = text.translate(PLAIN_PATTERN)
	return UR_PREFIX.sub("", text, count=1).strip() if UR_PREFIX.match(text) else text


def clean_id(value: object) -> str | InvalidValue | None:
	"""Return a text that may come as a number."""
	return str(value) if type(value) is int else clean_text(value)


def clean_day(value: object) -> date | InvalidValue | None:
	"""Return the calendar date as written; a time of day after it is ignored."""
	parsed = _parse_iso(value)
	return parsed.date() if isinstance(parsed, datetime) else parsed


def clean_instant(
	value: object, zone: tzinfo, utc_midnight_is_date: bool = False
) -> datetime | InvalidValue | None:
	"""Return the aware timestamp.

	A bare date is midnight in `zone`, a time without an offset is a time in `zone`.
	"""
	parsed = _parse_iso(value)
	if not isinstance(parsed, datetime):
		return parsed
	if parsed.tzinfo is None:
		return parsed.replace(tzinfo=zone)
	if utc_midnight_is_date and parsed.utcoffset() == timedelta(0) and parsed.time() == time(0):
		return parsed.replace(tzinfo=zone)
	try:
		return parsed.astimezone(zone)
	except OverflowError:
		return InvalidValue("bad_date")


def _clean_words(value: object) -> tuple[str, ...] | InvalidValue:
	"""Return short texts, sorted, each once.

	Comes as a list, of texts or objects, or as one text with commas.
	"""
	if isinstance(value, str):
		value = re.split(r"[,;\n]", value)
	if value is None:
		return ()
	if not isinstance(value, list):
		return InvalidValue("bad_type")
	words = [clean_code(_get_item_name(item)) for item in value]
	if any(isinstance(word, InvalidValue) for word in words):
		return InvalidValue("bad_type")
	return tuple(sorted({word for word in words if isinstance(word, str)}))


def _clean_rows(value: object, keys: Sequence[str]) -> tuple[PrivateDict, ...] | InvalidValue:
	"""Return objects reduced to `keys`, sorted by content, each once, empty ones left out."""
	if value is None or value == "":
		return ()
	if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
		return InvalidValue("bad_type")
	rows: dict[tuple[tuple[str, str], ...], PrivateDict] = {}
	for item in value:
		row = PrivateDict()
		for key in keys:
			cleaned = clean_id(item.get(key))
			if type(cleaned) is InvalidValue:
				return cleaned
			if cleaned is not None:
				row[key] = cleaned
		rows[tuple(row.items())] = row
	return tuple(rows[content] for content in sorted(rows) if rows[content])


CLEANERS: Mapping[Kind, Callable[[object], Any]] = {
	"text": clean_text,
	"code": clean_code,
	"id": clean_id,
	"day": clean_day,
	"words": _clean_words,
	"contacts": lambda value: _clean_rows(value, CONTACT_KEYS),
	"insurances": lambda value: _clean_rows(value, INSURANCE_KEYS),
}


def _get_item_name(item: object) -> object:
	if isinstance(item, Mapping):
		return next((item[key] for key in WORD_KEYS if key in item), InvalidValue("bad_type"))
	return item


def _parse_iso(value: object) -> datetime | InvalidValue | None:
	"""Return a timestamp in ISO 8601 as Kipu writes it, or as Ruby prints a time. Aware if there is an
	offset.
	"""
	text = clean_text(value)
	if not isinstance(text, str):
		return text
	if text.endswith("UTC") or " " in text[16:]:  # as Ruby prints a time
		text = RUBY_ZONE.sub(lambda match: match[1].replace("UTC", "Z"), text)
	try:
		return parse_iso(text)
	except ValueError:
		return InvalidValue("bad_date")
