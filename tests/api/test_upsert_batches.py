"""Records that are written at once are the same as if each had been saved by itself, and where something listens, each is."""

import json
from collections.abc import Callable, Iterator

import pytest

import frappe

from orchestrator.api.upserts import batched_save
from orchestrator.api.upserts.record_save import find_names, save_record
from orchestrator.api.upserts.record_values import UpsertTarget, parse_record
from orchestrator.api.upserts.save_effects import can_write_many
from tests.support import factories, upserts
from tests.support.client import Client
from tests.support.upserts import DOCTYPE, LINKED

Api = Callable[[str], Client]
Worker = Callable[[], None]
# What differs between two records that are otherwise the same
OWN_COLUMNS = {"name", "external_id", "creation", "modified"}


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	upserts.make_doctype(track_changes=1)
	factories.make_record(LINKED, name="Blue")
	yield
	upserts.delete_doctypes(DOCTYPE)


RECORDS = [
	{"title": "plain"},
	{
		"title": "all",
		"amount": "1,250.5",
		"units": 3,
		"size": "Large",
		"is_active": False,
		"due_on": "2027-02-28",
	},
	{"title": " blanks ", "notes": "two\nlines", "seen_at": "2027-02-28T09:00:00", "category": "Blue"},
	{"title": "<b>mark-up</b>", "notes": "<script>alert(1)</script>1 < 2", "badge": "7"},
	{"title": "empty", "amount": None, "due_on": "", "size": "", "category": None, "badge": None},
	{"title": "text of digits", "badge": 12, "units": "4", "is_active": "0", "amount": 0.1234567891},
]


def build_target() -> UpsertTarget:
	return UpsertTarget(frappe.get_meta(DOCTYPE), "external_id")


def save_both_ways(values: dict, key: str) -> list[str]:
	"""Save the values at once, and by themselves. Return the statuses."""
	target = build_target()
	statuses = []
	for side in ("batch", "single"):
		record = parse_record(target, 1, {**values, "external_id": f"{key}-{side}"})
		names = find_names(target, [record.key])
		if side == "batch":
			outcomes = batched_save.save_batch(target, [record], names, all_or_none=False)
			assert len(outcomes) == 1, "refused"
			statuses.append(outcomes[0].status)
		else:
			statuses.append(save_record(target, record, names.get(str(record.key))).status)
	return statuses


def get_columns(key: str) -> dict:
	row = frappe.db.get_value(DOCTYPE, {"external_id": key}, "*", as_dict=True)
	return {column: value for column, value in row.items() if column not in OWN_COLUMNS}


def get_versions(key: str) -> list[dict]:
	name = frappe.db.get_value(DOCTYPE, {"external_id": key})
	rows = frappe.get_all("Version", {"docname": name}, ["data", "owner", "ref_doctype", "docstatus"])
	return [{**row, "data": json.loads(row.data)} for row in rows]


@pytest.mark.parametrize("values", RECORDS, ids=[record["title"].strip() for record in RECORDS])
def test_a_batch_writes_the_rows_of_single_saves(site: str, mark: str, values: dict) -> None:
	assert can_write_many(frappe.get_meta(DOCTYPE))
	assert save_both_ways(values, mark) == ["created", "created"]
	assert get_columns(f"{mark}-batch") == get_columns(f"{mark}-single")
	assert get_versions(f"{mark}-batch") == []

	change = {"title": "changed", "amount": 7, "size": "Large", "due_on": "2028-02-29", "notes": None}
	assert save_both_ways(change, mark) == ["updated", "updated"]
	assert get_columns(f"{mark}-batch") == get_columns(f"{mark}-single")
	assert get_versions(f"{mark}-batch") == get_versions(f"{mark}-single") != []
	assert save_both_ways(change, mark) == ["unchanged", "unchanged"]
	assert save_both_ways({"title": "changed"}, mark) == ["unchanged", "unchanged"]
