"""Parse records that are sent as NDJSON or CSV, line by line. Nothing here reads the database."""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, NoReturn

from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

Format = Literal["csv", "ndjson"]
FORMATS: Final = ("ndjson", "csv")
# A cell that clears the field. An empty one leaves it as it is.
CSV_NULL: Final = "#N/A"
UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLANKS: Final = " \t\r"


class SourceRecord(NamedTuple):
	"""A record as it was sent: the line on which it begins, and its values or why they cannot be parsed."""

	line: int
	values: dict[str, Any]
	problem: str | None = None


def decode_content(content: bytes) -> str:
	"""Return the text of the content, without a byte order mark.

	Raises:
		InvalidRequestError: 400. The content is not UTF-8.
	"""
	if content.startswith(UTF16_MARKS) or b"\0" in content:
		refuse(_("The records are not text in UTF-8. Save the file as UTF-8."), InvalidRequestError)
	try:
		return content.removeprefix(codecs.BOM_UTF8).decode()
	except UnicodeDecodeError as error:
		line = content.count(b"\n", 0, error.start) + 1
		refuse(_("Line {0} is not valid UTF-8. Save the file as UTF-8.").format(line), InvalidRequestError)


def parse_records(text: str, source_format: Format) -> Iterator[SourceRecord]:
	"""Yield the records of a text.

	Raises:
		InvalidRequestError: 400. The text is no CSV.
	"""
	parse: Callable[[str], Iterator[SourceRecord]] = _parse_csv if source_format == "csv" else _parse_ndjson
	return parse(text)


def parse_header(text: str) -> list[str]:
	"""Return the columns of a CSV text.

	Raises:
		InvalidRequestError: 400. The text is no CSV, or a column has no name or the name of another one.
	"""
	try:
		header: list[str] = next(_build_csv_reader(text), [])
	except csv.Error as error:
		_refuse_csv(1, error)
	names = [name.strip() for name in header]
	if not all(names):
		refuse(
			_("The first line must name a field for each column, separated by commas."), InvalidRequestError
		)
	if repeated := sorted({name for name in names if names.count(name) > 1}):
		refuse(_("The first line names {0} more than once.").format(", ".join(repeated)), InvalidRequestError)
	return names


def _parse_ndjson(text: str) -> Iterator[SourceRecord]:
	decoder = json.JSONDecoder(object_pairs_hook=_build_object, parse_constant=_refuse_constant)
	# Not str.splitlines: a JSON text may contain U+2028 and its like.
	for number, line in enumerate(text.split("\n"), 1):
		if stripped := line.strip(BLANKS):
			yield _parse_json_line(decoder, number, stripped)


def _parse_json_line(decoder: json.JSONDecoder, number: int, text: str) -> SourceRecord:
	try:
		values = decoder.decode(text)
		if "\\ud" in text or "\\uD" in text:
			json.dumps(values, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored
	except RepeatedNameError as error:
		return SourceRecord(number, {}, _("The line has {0} more than once.").format(error.args[0]))
	except UnicodeEncodeError:
		return SourceRecord(number, {}, _("The line has text that is not valid Unicode."))
	except (ValueError, RecursionError):
		return SourceRecord(number, {}, _("The line is not valid JSON."))
	if not isinstance(values, dict):
		return SourceRecord(number, {}, _("The line is not a JSON object."))
	return SourceRecord(number, values)


class RepeatedNameError(Exception):
	"""A JSON object has two values of the same name."""


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
	values = dict(pairs)
	if len(values) != len(pairs):
		names = [name for name, _value in pairs]
		raise RepeatedNameError(next(name for name in names if names.count(name) > 1))
	return values


def _refuse_constant(name: str) -> NoReturn:
	raise ValueError(name)  # NaN and Infinity are no JSON


def _parse_csv(text: str) -> Iterator[SourceRecord]:
	names = parse_header(text)
	reader = _build_csv_reader(text)
	line = 1
	try:
		next(reader, None)
		line = reader.line_num + 1
		for cells in reader:
			if any(cells):
				yield _build_csv_record(line, names, cells)
			line = reader.line_num + 1
	except csv.Error as error:
		_refuse_csv(line, error)


def _build_csv_reader(text: str) -> Any:
	return csv.reader(io.StringIO(text, newline=""), strict=True)


def _build_csv_record(line: int, names: list[str], cells: list[str]) -> SourceRecord:
	if len(cells) != len(names):
		problem = _("The line has {0} cells and the first line has {1}.").format(len(cells), len(names))
		return SourceRecord(line, {}, problem)
	values: Mapping[str, str] = dict(zip(names, cells, strict=True))
	parsed = {name: None if cell == CSV_NULL else cell for name, cell in values.items() if cell != ""}
	return SourceRecord(line, parsed)


def _refuse_csv(line: int, error: csv.Error) -> NoReturn:
	"""400. The messages of the parser do not quote the text."""
	refuse(_("The record on line {0} is not valid CSV: {1}.").format(line, str(error)), InvalidRequestError)
