"""Lists and forms of the DocTypes of this app: each list has columns, filters and a title, and each form says what its
records are for. No site needed.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.source import ROOT

DOCTYPES = ROOT / "orchestrator" / "orchestrator" / "doctype"
MIN_COLUMNS = 3
MAX_SENTENCE = 160  # characters: more does not fit above a form on a laptop
VALUE_FIELDS = {
	"Small Text",
	"Data",
	"Link",
	"Dynamic Link",
	"Select",
	"Check",
	"Int",
	"Float",
	"Percent",
	"Date",
	"Datetime",
}
FILES = sorted(DOCTYPES.glob("*/*.json"))


def read(path: Path) -> dict[str, Any]:
	doctype: dict[str, Any] = json.loads(path.read_text())
	return doctype


def is_listed(doctype: dict[str, Any]) -> bool:
	"""Return whether there is a list in Desk: records that only the app itself reads have none."""
	return bool(doctype["permissions"]) and not doctype.get("istable") and not doctype.get("issingle")


def has_form(doctype: dict[str, Any]) -> bool:
	return bool(doctype["permissions"]) and not doctype.get("istable")


LISTED = [path for path in FILES if is_listed(read(path))]
WITH_FORM = [path for path in FILES if has_form(read(path))]


def get_stem(path: Path) -> str:
	return path.stem


@pytest.mark.parametrize("path", LISTED, ids=get_stem)
def test_a_list_opens_for_those_who_may_read_it(path: Path) -> None:
	"""Desk refuses the list of a DocType that is marked as read-only, and workspaces leave out links to it."""
	assert not read(path).get("read_only")


def list_visible_values(doctype: dict[str, Any]) -> set[str]:
	return {
		field["fieldname"]
		for field in doctype["fields"]
		if field["fieldtype"] in VALUE_FIELDS and not field.get("hidden")
	}


def list_columns(doctype: dict[str, Any]) -> set[str]:
	"""Return the columns of a list: the title, the indicator, and the fields chosen for it."""
	chosen = {field["fieldname"] for field in doctype["fields"] if field.get("in_list_view")}
	indicators = {"status", "state"} & list_visible_values(doctype)
	return chosen | indicators | {doctype.get("title_field") or "name"}


@pytest.mark.parametrize("path", LISTED, ids=get_stem)
def test_a_list_has_columns_that_can_be_read(path: Path) -> None:
	doctype = read(path)
	columns = list_columns(doctype)
	assert len(columns) >= min(MIN_COLUMNS, len(list_visible_values(doctype))), columns
	assert columns - {"name"} <= list_visible_values(doctype)


@pytest.mark.parametrize("path", LISTED, ids=get_stem)
def test_a_list_has_a_filter(path: Path) -> None:
	assert [field["fieldname"] for field in read(path)["fields"] if field.get("in_standard_filter")] != []


@pytest.mark.parametrize("path", LISTED, ids=get_stem)
def test_a_list_shows_no_random_name(path: Path) -> None:
	"""Names that nobody can read are hidden, and the title stands for the record."""
	doctype = read(path)
	if doctype.get("autoname") != "hash":
		pytest.skip("Its names can be read")
	script = path.with_name(f"{path.stem}_list.js")
	assert doctype.get("title_field")
	assert "hide_name_column: true" in script.read_text()


@pytest.mark.parametrize("path", LISTED, ids=get_stem)
def test_a_status_has_a_colour(path: Path) -> None:
	"""Colours come from the states of the DocType or the script of its list; Frappe guesses others from the word."""
	doctype = read(path)
	chosen = (field for field in doctype["fields"] if field["fieldname"] in ("status", "state"))
	field = next((field for field in chosen if field["fieldtype"] == "Select"), None)
	if not field:
		pytest.skip("It has no status")
	options = {option for option in field["options"].split("\n") if option}
	script = path.with_name(f"{path.stem}_list.js")
	text = script.read_text() if script.exists() else ""
	assert {state["title"] for state in doctype["states"]} == options or "get_indicator" in text


@pytest.mark.parametrize("path", WITH_FORM, ids=get_stem)
def test_a_form_says_first_what_its_records_are_for(path: Path) -> None:
	"""The same sentences are in an empty list, so they say how the first record comes to be."""
	doctype = read(path)
	fields = [field for field in doctype["fields"] if field["fieldtype"] != "Tab Break"]
	assert fields[0]["fieldtype"] == "Section Break"
	assert fields[0]["description"] == doctype["description"]
	assert doctype["description"].endswith(".")
	assert len(doctype["description"]) <= MAX_SENTENCE


@pytest.mark.parametrize("path", FILES, ids=get_stem)
def test_fields_have_labels_in_the_case_of_titles(path: Path) -> None:
	labels = {
		field["fieldname"]: field.get("label", "")
		for field in read(path)["fields"]
		if field["fieldtype"] not in ("Section Break", "Column Break", "HTML", "Tab Break")
	}
	assert {name: label for name, label in labels.items() if not label or not label[0].isupper()} == {}


STYLESHEETS = sorted(
	[
		*(ROOT / "orchestrator" / "public" / "css").glob("*.css"),
		*ROOT.glob("orchestrator/orchestrator/page/*/*.css"),
	]
)
PHYSICAL = re.compile(
	r"(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right|float):|text-align: (?:left|right)|(?:top|bottom)-(?:left|right)-radius",
	re.M,
)


@pytest.mark.parametrize("path", STYLESHEETS, ids=get_stem)
def test_styles_follow_the_direction_of_the_language(path: Path) -> None:
	"""Frappe mirrors its own bundles only. Logical properties such as margin-inline-start work in both directions."""
	assert PHYSICAL.findall(path.read_text()) == []
