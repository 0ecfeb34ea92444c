"""The rows a run writes many at once: whatever people are called comes back as it was."""

from datetime import date, datetime

import pytest

import frappe

from orchestrator.sync import states

TEXTS = (
	"O'Brien",
	'"quoted"',
	"back\\slash",
	"ends in one\\",
	"'; -- ",
	"IFNULL(a, b) and ifnull(",
	"100 % %s %(name)s",
	"two\nlines\tand a tab",
	"Zoë 李 😀",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_written_as_it_is(site: str, text: str) -> None:
	row = ("ROWS-1", text, None, datetime(2026, 1, 2, 3, 4, 5))
	try:
		states.insert(states.DOCTYPE, ("name", "synced", "hashes", "written_at"), [row], {})
		found = frappe.db.get_value(states.DOCTYPE, "ROWS-1", ["name", "synced", "hashes", "written_at"])
		assert tuple(found) == row
	finally:
		frappe.db.rollback()


def test_a_day_is_written_as_a_day(site: str) -> None:
	try:
		states.insert("Client", ("name", "date_of_birth"), [("ROWS-1", date(1980, 2, 29))], {})
		assert frappe.db.get_value("Client", "ROWS-1", "date_of_birth") == date(1980, 2, 29)
	finally:
		frappe.db.rollback()


def test_rows_and_literals_show_nothing_of_what_they_hold(site: str) -> None:
	literals = states._Literals()
	assert literals["Amara"] == "'Amara'"
	assert "Amara" not in repr(literals) + repr(states._Rows("('Amara')"))
