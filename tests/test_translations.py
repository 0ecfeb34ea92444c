"""Translations into German, Spanish and French: complete, with the placeholders of the text.

A failure lists the texts that are missing. Add a line for each to the file of the language in orchestrator/translations:
the English text, the translation, and the context if the text has one. The order of lines is that of the texts.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import frappe
from frappe.translate import (
	get_messages_for_app,
	get_translation_dict_from_file,
	get_translations_from_apps,
)

from orchestrator.setup import shipped_dashboards
from tests.support.source import ROOT

FOLDER = ROOT / "orchestrator" / "translations"
LANGUAGES = ("de", "es", "fr")
RECORDS = ROOT / "orchestrator" / "orchestrator"
TEXT_FIELDS = {
	"Module Onboarding": ("name", "title", "subtitle", "success_message"),
	"Onboarding Step": ("title", "description", "action_label", "callback_title", "callback_message"),
	"Form Tour": ("title",),
	"Number Card": ("label",),
	"Workspace": ("title",),
}
TEXT_ROWS = {
	"Form Tour": (("steps", "title"), ("steps", "description")),
	"Workspace": (("links", "label"), ("number_cards", "label")),
}
PLACEHOLDER = re.compile(r"\{[a-z0-9_]*\}|%\([a-z_]+\)s|%s")
TAG = re.compile(r"</?[a-z][^>]*>")
NAME = re.compile(r"https?://[\w./-]*\w|\b(?:orchestrator|frappe)(?:\.\w+)+")
WORD = re.compile(r"(?<!\w)[A-Za-z]{3,}(?!\w)")
MAX_SHARED_WORDS = 3
# Code of others in our public folder, whose texts are not shown, and Frappe's own menu
FOREIGN = ("/swagger-ui/", "/pdfjs/", "Navbar:")


Text = tuple[str, str]  # with its context, usually none


def list_texts() -> Iterator[Text]:
	"""Yield the texts of this app, as Frappe finds them in its code and DocTypes, and those of the records it ships."""
	yield from ((text, "") for text in list_record_texts())
	custom_reports = frappe.get_all("Report", {"is_standard": "No"}, pluck="name")
	for source, text, *rest in get_messages_for_app("orchestrator"):
		if text not in custom_reports and not any(part in str(source or "") for part in FOREIGN):
			yield text, (rest[0] if rest else None) or ""


def list_record_texts() -> Iterator[str]:
	"""Yield the texts of shipped records that are translated when they are shown, and of the tables of dashboards."""
	for record in map(read_json, RECORDS.glob("*/*/*.json")):
		yield from (record[field] for field in TEXT_FIELDS.get(record["doctype"], ()) if record.get(field))
		for rows, field in TEXT_ROWS.get(record["doctype"], ()):
			yield from (row[field] for row in record[rows])
	yield from (metric.label for metric in shipped_dashboards.METRICS)
	yield from (dashboard.title for dashboard in shipped_dashboards.DASHBOARDS)


def read_json(path: Path) -> dict[str, Any]:
	content: dict[str, Any] = json.loads(path.read_text())
	return content


@pytest.fixture(scope="module")
def texts(frappe_site: str) -> set[Text]:
	return set(list_texts())


def get_keys(text: str, context: str) -> set[str]:
	"""Return the keys by which Frappe looks a text up: with its context, otherwise without."""
	return {text, f"{text}:{context}"}


def read(language: str) -> dict[str, str]:
	return get_translation_dict_from_file(
		str(FOLDER / f"{language}.csv"), language, "orchestrator", throw=True
	)


def list_known(language: str) -> set[str]:
	"""Return the texts that Frappe and the apps below this one translate already, and ours."""
	return set(get_translations_from_apps(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_texts_are_translated(texts: set[Text], language: str) -> None:
	known = list_known(language)
	missing = sorted(text for text, context in texts if not get_keys(text, context) & known)
	assert missing == [], "\n".join(["Missing:", *missing])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_of_a_text_that_is_gone(texts: set[Text], language: str) -> None:
	keys = set().union(*(get_keys(text, context) for text, context in texts))
	assert sorted(set(read(language)) - keys) == []


@pytest.mark.parametrize("pattern", [PLACEHOLDER, TAG, NAME], ids=["placeholders", "tags", "names"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_placeholders_of_the_text(language: str, pattern: re.Pattern[str]) -> None:
	pairs = [(row[0], row[1]) for row in read_rows(language)]
	assert [pair for pair in pairs if len({tuple(sorted(pattern.findall(text))) for text in pair}) > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_are_sorted_and_have_a_text_a_translation_and_a_context(language: str) -> None:
	rows = read_rows(language)
	assert [row for row in rows if len(row) != 3 or not row[1].strip()] == []
	assert [(row[0], row[2]) for row in rows] == sorted({(row[0], row[2]) for row in rows})


def read_rows(language: str) -> list[list[str]]:
	with (FOLDER / f"{language}.csv").open(encoding="utf-8", newline="") as file:
		return list(csv.reader(file))


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_not_left_in_english(language: str) -> None:
	same = [text for text, translation in read(language).items() if text == translation]
	assert [text for text in same if len(WORD.findall(PLACEHOLDER.sub("", text))) > MAX_SHARED_WORDS] == []
