"""The rows a run writes many at once: whatever people are called comes back as it was."""

from datetime import date, datetime

import pytest

import frappe

from orchestrator.doctypes import SYNC_STATE
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.storage import sync_state
from tests.support.kipu_site import get_stay, make_connection, run_sync

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
		sync_state.insert_rows(SYNC_STATE, ("name", "synced", "hashes", "written_at"), [row], {})
		found = frappe.db.get_value(SYNC_STATE, "ROWS-1", ["name", "synced", "hashes", "written_at"])
		assert tuple(found) == row
	finally:
		frappe.db.rollback()


def test_more_than_the_database_takes_in_one_statement_is_written_in_several(site: str) -> None:
	rows = [(f"ROWS-{number}", "😀" * 400_000) for number in range(12)]
	try:
		sync_state.insert_rows(SYNC_STATE, ("name", "synced"), rows, {"connection": "ROWS"})
		found = "select count(*), min(length(synced)) from `tabSync State` where connection='ROWS'"
		assert frappe.db.sql(found) == ((12, 1_600_000),)
	finally:
		frappe.db.rollback()


def test_a_day_is_written_as_a_day(site: str) -> None:
	try:
		sync_state.insert_rows("Client", ("name", "date_of_birth"), [("ROWS-1", date(1980, 2, 29))], {})
		assert frappe.db.get_value("Client", "ROWS-1", "date_of_birth") == date(1980, 2, 29)
	finally:
		frappe.db.rollback()


@pytest.mark.parametrize(
	("zone", "said", "day", "status"),
	[
		("America/Los_Angeles", "9999-12-31T23:59:59", date(9999, 12, 31), "Active"),
		("Asia/Kolkata", "0001-01-01", date(1, 1, 1), "Discharged"),
	],
)
@pytest.mark.usefixtures("loopback")
def test_the_last_and_the_first_day_there_are_come_through(
	site: str, zone: str, said: str, day: date, status: str
) -> None:
	"""Both have no counterpart in the site's own zone."""
	with Simulator(0) as kipu:
		stay = kipu.world.admit_new()
		kipu.world.set_field(stay, "discharge_date", said)
		connection = make_connection(kipu, default_time_zone=zone)
		run = run_sync(connection)
		assert (run["status"], run["failed"]) == ("Completed", 0)
		found = get_stay(connection, 1000)
		assert (found.discharge_date, found.status) == (day, status)


def test_rows_and_literals_show_nothing_of_what_they_hold(site: str) -> None:
	literals = sync_state._Literals()
	assert literals["Amara"] == "'Amara'"
	assert "Amara" not in repr(literals) + repr(sync_state._Rows("('Amara')"))
