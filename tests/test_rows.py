"""orchestrator/rows.py: values are read back as they were written."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

import frappe

from orchestrator.rows import insert_rows, upsert_rows

STATE = "Sync State"


@pytest.fixture(autouse=True)
def rolled_back(site: str) -> Iterator[None]:
	yield
	frappe.db.rollback()


def get_state(*fields: str, name: str = "ROWS-1") -> tuple[Any, ...]:
	return tuple(frappe.db.get_value(STATE, name, list(fields), as_dict=True).values())


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


@pytest.mark.parametrize("write", [insert_rows, upsert_rows])
@pytest.mark.parametrize("text", TEXTS)
def test_text_round_trips(text: str, write: Any) -> None:
	row = {"name": "ROWS-1", "synced": text, "hashes": None, "written_at": datetime(2026, 1, 2, 3, 4, 5, 678)}
	write(STATE, [row])
	assert get_state(*row) == tuple(row.values())


def test_date_round_trips() -> None:
	insert_rows("Client", [{"name": "ROWS-1", "date_of_birth": date(1980, 2, 29)}])
	assert frappe.db.get_value("Client", "ROWS-1", "date_of_birth") == date(1980, 2, 29)


def test_rows_larger_than_a_packet_are_split_into_statements() -> None:
	insert_rows(
		STATE,
		[{"name": f"ROWS-{n}", "synced": "😀" * 400_000, "connection": "ROWS"} for n in range(12)],
	)
	found = "select count(*), min(length(synced)) from `tabSync State` where connection='ROWS'"
	assert frappe.db.sql(found) == ((12, 1_600_000),)


def test_no_rows_run_no_statement() -> None:
	before = frappe.db.count(STATE)
	insert_rows(STATE, [])
	upsert_rows(STATE, iter(()))
	assert frappe.db.count(STATE) == before


def test_insert_adds_standard_columns_and_a_name() -> None:
	insert_rows(STATE, [{"hashes": "ROWS"}, {"hashes": "ROWS"}], user="Guest")
	rows = frappe.get_all(STATE, {"hashes": "ROWS"}, ["name", "owner", "modified_by", "creation", "modified"])
	assert len({row.name for row in rows}) == 2
	assert {(row.owner, row.modified_by) for row in rows} == {("Guest", "Guest")}
	assert all(row.creation == row.modified and row.creation for row in rows)


def test_insert_of_an_existing_name_fails_and_changes_nothing() -> None:
	insert_rows(STATE, [{"name": "ROWS-1", "hashes": "first"}])
	with pytest.raises(Exception, match="Duplicate entry") as caught:
		insert_rows(STATE, [{"name": "ROWS-1", "hashes": "second"}])
	assert frappe.db.is_duplicate_entry(caught.value)
	assert get_state("hashes") == ("first",)


def test_insert_leaves_out_duplicates_where_asked_to() -> None:
	insert_rows(STATE, [{"name": "ROWS-1", "hashes": "first"}])
	rows = [{"name": "ROWS-1", "hashes": "second"}, {"name": "ROWS-2", "hashes": "second"}]
	insert_rows(STATE, rows, ignore_duplicates=True)
	assert get_state("hashes") + get_state("hashes", name="ROWS-2") == ("first", "second")


def test_upsert_updates_all_but_identity_columns() -> None:
	row = {"name": "ROWS-1", "creation": "2020-01-01 00:00:00", "hashes": "first", "synced": "first"}
	insert_rows(STATE, [row], user="Guest")
	upsert_rows(STATE, [{"name": "ROWS-1", "hashes": "second", "synced": None}], user="Administrator")
	assert get_state("owner", "modified_by", "creation", "hashes", "synced") == (
		"Guest",
		"Administrator",
		datetime(2020, 1, 1),
		"second",
		None,
	)


def test_upsert_preserves_the_named_columns() -> None:
	at = datetime(2026, 1, 2)
	insert_rows(STATE, [{"name": "ROWS-1", "hashes": "first", "connection": "first", "written_at": at}])
	row = {"name": "ROWS-1", "hashes": "second", "connection": "second", "written_at": None}
	upsert_rows(STATE, [row], preserved={"name", "connection"}, preserved_if_null={"written_at"})
	assert get_state("hashes", "connection", "written_at") == ("second", "first", at)
	upsert_rows(STATE, [{**row, "written_at": datetime(2027, 1, 1)}], preserved_if_null={"written_at"})
	assert get_state("written_at") == (datetime(2027, 1, 1),)
