"""Influences that must not change a patient's status: other fields, timestamps, dates of the vault, other
master records.
"""

from collections.abc import Iterator
from typing import Any

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.actions import run_actions
from tests.support.kipu_site import (
	compute_checksums,
	get_client,
	get_counts,
	get_stay,
	make_connection,
	run_sync,
)

pytestmark = pytest.mark.usefixtures("loopback")

UNREADABLE: list[tuple[str, Any]] = [
	("preferred_name", 7),
	("dob", "03/05/1980"),
	("dob", 19800305),
	("email", ["a@example.org", "b@example.org"]),
	("phone", {"number": "212-555-0100"}),
	("first_name", True),
	("last_name", "x" * 141),
	("middle_name", ["契約"]),
	("patient_contacts", "Bea"),
	("patient_contacts", [{"full_name": {"first": "Bea"}}]),
	("diagnosis_codes", [5]),
	("patient_tags", ["契" * 21_846]),
	("insurances", {"insurance_company": "Larkspur"}),
	("location_id", ["1"]),
	("location_id", "9" * 141),
	("room_name", 1.5),
	("date_of_death", "yesterday"),
	("anticipated_discharge_date", "soon"),
	("next_level_of_care_date", 5),
	("created_at", "long ago"),
	("last_updated_at", "just now"),
	("last_updated_at", None),
]
NEEDED = [
	("admission_date", "in spring"),
	("discharge_date", {"day": 1}),
	("discharge_date", "2026-13-01"),
]


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(4) as running:
		yield running


def get_chart(stay: int) -> int:
	return stay + 1000


def open_issues(connection: str) -> list[tuple[str, str]]:
	rows = frappe.get_all(
		"Sync Issue", {"connection": connection, "kind": "Record", "status": "Open"}, ["code", "field"]
	)
	return sorted((row.code, row.field) for row in rows)


# Fields that can't be read


@pytest.mark.parametrize(("field", "value"), UNREADABLE)
def test_a_discharge_is_imported_despite_unreadable_fields(kipu, field, value):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new(location=1, day=kipu.world.get_today() - 9)
	run_sync(connection)
	before, client_before = get_stay(connection, get_chart(stay)), get_client(connection, get_chart(stay))
	kipu.world.set_field(stay, field, value)
	kipu.world.discharge(stay, kipu.world.get_today() - 1)
	run = run_sync(connection, "full")
	after, client = get_stay(connection, get_chart(stay)), get_client(connection, get_chart(stay))
	assert (after.status, client.status) == ("Discharged", "Discharged")
	assert (after.facility, after.admission_date, after.created_at) == (
		before.facility,
		before.admission_date,
		before.created_at,
	)
	assert (client.full_name, client.date_of_birth, client.email, client.phone) == (
		client_before.full_name,
		client_before.date_of_birth,
		client_before.email,
		client_before.phone,
	)
	assert get_counts(run)[:2] == (0, 1)
	expected = [] if value is None else [field]
	assert [error["field"] for error in run["errors"]] == expected
	assert [name for _code, name in open_issues(connection)] == expected
	found = compute_checksums()
	assert get_counts(run_sync(connection, "full"))[:2] == (0, 0)
	assert compute_checksums() == found


@pytest.mark.parametrize(("field", "value"), UNREADABLE)
def test_someone_new_arrives_without_the_field(kipu, field, value):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new(location=1)
	kipu.world.set_field(stay, field, value)
	run = run_sync(connection)
	assert run["imported"] == len(kipu.world)
	assert (get_stay(connection, get_chart(stay)).status, get_client(connection, get_chart(stay)).status) == (
		"Active",
		"Active",
	)
	assert [name for _code, name in open_issues(connection)] == ([] if value is None else [field])


@pytest.mark.parametrize(("field", "value"), NEEDED)
def test_record_with_unknown_status_fails(kipu, field, value):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, field, value)
	assert get_counts(run_sync(connection)) == (len(kipu.world) - 1, 0, 0, 1)
	assert not frappe.db.exists("Client Stay", {"connection": connection, "chart_id": str(get_chart(stay))})


def test_the_issue_of_a_field_is_resolved_when_the_field_can_be_read_and_by_nothing_else(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "dob", "03/05/1980")
	kipu.world.set_field(stay, "email", ["a@example.org"])
	run_sync(connection)
	assert open_issues(connection) == [("bad_date", "dob"), ("bad_type", "email")]
	kipu.world.set_field(stay, "room_name", "12")
	run_sync(connection)
	run_sync(connection, "census")
	assert open_issues(connection) == [("bad_date", "dob"), ("bad_type", "email")]
	kipu.world.set_field(stay, "dob", "1980-03-05")
	run_sync(connection)
	assert open_issues(connection) == [("bad_type", "email")]
	assert str(get_client(connection, get_chart(stay)).date_of_birth) == "1980-03-05"
	kipu.world.set_field(stay, "email", "a@example.org")
	assert run_actions.retry_issues(connection, None)["failed"] == 0
	assert open_issues(connection) == []
	assert get_client(connection, get_chart(stay)).email == "a@example.org"


def test_earlier_content_is_merged_again_after_an_unreadable_one(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new(day=kipu.world.get_today() - 9)
	run_sync(connection)
	kipu.world.set_field(stay, "dob", "03/05/1980")
	kipu.world.discharge(stay, kipu.world.get_today() - 1)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Discharged"
	del kipu.world.edits[stay]
	kipu.world.undo_discharge(stay)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Active"
	assert open_issues(connection) == []


def test_discarded_field_is_ignored_and_its_record_is_synced(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new(day=kipu.world.get_today() - 9)
	kipu.world.set_field(stay, "dob", "03/05/1980")
	run_sync(connection)
	run_actions.discard_issues(
		frappe.get_all("Sync Issue", {"connection": connection, "kind": "Record"}, pluck="name")
	)
	frappe.db.commit()
	kipu.world.discharge(stay, kipu.world.get_today() - 1)
	assert run_sync(connection)["errors"] == []
	assert get_stay(connection, get_chart(stay)).status == "Discharged"
	assert open_issues(connection) == []


def test_a_dry_run_counts_unreadable_fields_as_the_real_one(kipu):
	connection = make_connection(kipu)
	for field, value in UNREADABLE[:8]:
		kipu.world.set_field(kipu.world.admit_new(), field, value)
	dry = run_sync(connection, "full", dry_run=True)
	real = run_sync(connection, "full")
	assert get_counts(dry) == get_counts(real) == (len(kipu.world), 0, 0, 8)
	assert {error["field"] for error in dry["errors"]} == {error["field"] for error in real["errors"]}


@pytest.mark.parametrize(
	("fieldtype", "options", "good", "bad"),
	[
		("Select", "VIP\nVegan", "VIP", "Unheard of"),
		("Data", "Email", "a@example.org", "a at example"),
		("Date", None, "2026-03-05", "in spring"),
		("Phone", None, "+1-2125550100", "call me"),
	],
)
def test_a_value_that_a_field_of_the_sites_own_refuses_is_left_out(kipu, fieldtype, options, good, bad):
	from frappe.custom.doctype.custom_field.custom_field import create_custom_field

	field = create_custom_field(
		"Client",
		{"fieldname": "own_pronouns", "label": "Own", "fieldtype": fieldtype, "options": options},
	)
	try:
		connection = make_connection(kipu, field_rules=[{"source": "pronouns", "target": "own_pronouns"}])
		for person in range(len(kipu.world)):
			kipu.world.set_field(person, "pronouns", "")
		stay = kipu.world.admit_new(day=kipu.world.get_today() - 9)
		kipu.world.set_field(stay, "pronouns", good)
		run_sync(connection)
		assert str(get_client(connection, get_chart(stay)).own_pronouns) == good
		kipu.world.set_field(stay, "pronouns", bad)
		kipu.world.discharge(stay, kipu.world.get_today() - 1)
		run_sync(connection)
		assert (
			get_stay(connection, get_chart(stay)).status,
			str(get_client(connection, get_chart(stay)).own_pronouns),
		) == ("Discharged", good)
		assert open_issues(connection) == [("invalid_value", "pronouns")]
	finally:
		frappe.delete_doc("Custom Field", field.name)
		frappe.db.sql_ddl("alter table `tabClient` drop column if exists own_pronouns")
		frappe.clear_cache(doctype="Client")


# Stays restored in Kipu


def make_deleted_stay(kipu: Simulator, connection: str, **admission: Any) -> int:
	stay = kipu.world.admit_new(**admission)
	run_sync(connection)
	kipu.world.delete(stay)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Deleted"
	return stay


def restore_silently(kipu: Simulator, stay: int, updated: float) -> None:
	kipu.world.restore(stay)
	kipu.world.updated[stay] = updated


@pytest.mark.parametrize("sync_type", ["incremental", "full", "census"])
@pytest.mark.parametrize("days_ago", [0, 1, 30, 400])
def test_who_is_restored_without_a_newer_stamp_is_back(kipu, sync_type, days_ago):
	connection = make_connection(kipu)
	stay = make_deleted_stay(kipu, connection)
	restore_silently(kipu, stay, kipu.world.get_now() - days_ago * 86_400)
	run = run_sync(connection, sync_type)
	found = get_stay(connection, get_chart(stay))
	assert (found.status, found.deleted_at, get_client(connection, get_chart(stay)).status) == (
		"Active",
		None,
		"Active",
	)
	assert run["updated"] == 1
	run_sync(connection, "full")
	before = compute_checksums()
	run_sync(connection, "full")
	assert compute_checksums() == before


def test_who_is_listed_and_in_the_vault_stays_deleted(kipu, monkeypatch):
	connection = make_connection(kipu)
	stay = make_deleted_stay(kipu, connection)
	monkeypatch.setattr(
		"orchestrator.sync.runs.phases._read_vault",
		_build_vault_with(connection, get_stay(connection, get_chart(stay))),
	)
	kipu.world.restore(stay)
	kipu.world.updated[stay] += 100
	before = compute_checksums()
	for _ in range(2):
		run_sync(connection)
		assert get_stay(connection, get_chart(stay)).status == "Deleted"
	assert compute_checksums() == before


def _build_vault_with(connection: str, stay: Any) -> Any:
	"""Return a vault that contains the stay, although Kipu lists it as well."""
	from orchestrator.sync.kipu.pages import RawRecord
	from orchestrator.sync.runs import deactivation
	from orchestrator.sync.runs.context import RunContext

	def read(work: RunContext, *_: Any) -> None:
		record = RawRecord(casefile_id=stay.casefile_id, deleted_at="2026-01-01T00:00:00Z")
		work.run_in_transaction(lambda: deactivation.mark_deleted(work, [record]), {"phase": "vault"})

	return read


def test_a_restored_stay_that_has_ended_is_discharged(kipu):
	connection = make_connection(kipu)
	stay = make_deleted_stay(kipu, connection, day=kipu.world.get_today() - 9)
	kipu.world.discharge(stay, kipu.world.get_today() - 2)
	restore_silently(kipu, stay, kipu.world.get_now() - 3600)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Discharged"


def test_a_restored_pre_admission_is_expected_again(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.preadmit_new()
	run_sync(connection)
	kipu.world.delete(stay)
	run_sync(connection)
	restore_silently(kipu, stay, kipu.world.get_now() - 3600)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Pre-Admission"


def test_who_is_deleted_and_restored_twice_is_back(kipu):
	connection = make_connection(kipu)
	stay = make_deleted_stay(kipu, connection)
	for _ in range(2):
		restore_silently(kipu, stay, kipu.world.get_now() - 3600)
		run_sync(connection)
		assert get_stay(connection, get_chart(stay)).status == "Active"
		kipu.world.delete(stay)
		run_sync(connection)
		assert get_stay(connection, get_chart(stay)).status == "Deleted"


def test_a_dry_run_counts_restored_stays(kipu):
	connection = make_connection(kipu)
	stay = make_deleted_stay(kipu, connection)
	restore_silently(kipu, stay, kipu.world.get_now() - 3600)
	before = compute_checksums()
	dry = run_sync(connection, dry_run=True)
	assert compute_checksums() == before
	assert get_counts(dry) == get_counts(run_sync(connection))


# Charts that move to another person


def count_in_care(connection: str) -> int:
	frappe.db.rollback()
	return frappe.db.count(
		"Client", {"connection": connection, "status": ("in", ("Active", "Pre-Admission"))}
	)


def list_statuses(connection: str, stay: int) -> list[str]:
	frappe.db.rollback()
	return frappe.get_all(
		"Client Stay",
		{"connection": connection, "chart_id": str(get_chart(stay))},
		pluck="status",
		order_by="creation",
	)


@pytest.mark.parametrize("sync_type", ["incremental", "full", "census"])
@pytest.mark.parametrize("is_discharged", [False, True])
def test_a_chart_merged_into_another_master_record_is_one_stay_of_one_client(kipu, sync_type, is_discharged):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new(day=kipu.world.get_today() - 9)
	if is_discharged:
		kipu.world.discharge(stay, kipu.world.get_today() - 2)
	run_sync(connection)
	old, in_care = get_stay(connection, get_chart(stay)), count_in_care(connection)
	kipu.world.give_chart_away(stay, person=77)
	run_sync(connection, "incremental" if is_discharged else sync_type)
	now = "Discharged" if is_discharged else "Active"
	assert list_statuses(connection, stay) == ["Absent", now]
	assert frappe.db.get_value("Client", old.client, "status") == "Absent"
	assert count_in_care(connection) == in_care
	assert frappe.db.count("Sync Issue", {"connection": connection, "kind": "Identity"}) == 1
	run_sync(connection, "full")
	before = compute_checksums()
	run_sync(connection, "full")
	assert compute_checksums() == before


def test_a_chart_merged_into_an_existing_client_joins_their_stays(kipu):
	connection = make_connection(kipu)
	kept, merged = kipu.world.admit_new(), kipu.world.admit_new()
	run_sync(connection)
	in_care = count_in_care(connection)
	kipu.world.give_chart_away(merged, person=kipu.world.person[kept])
	run_sync(connection)
	client = get_client(connection, get_chart(kept))
	assert set(frappe.get_all("Client Stay", {"client": client.name}, pluck="status")) == {"Active"}
	assert count_in_care(connection) == in_care - 1


def test_a_merge_that_is_undone_gives_the_chart_back(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	in_care = count_in_care(connection)
	kipu.world.give_chart_away(stay, person=77)
	run_sync(connection)
	del kipu.world.edits[stay]
	kipu.world.touch(stay)
	run_sync(connection)
	assert list_statuses(connection, stay) == ["Active", "Absent"]
	assert count_in_care(connection) == in_care


def test_two_patients_with_the_same_chart_are_both_synced(kipu):
	connection = make_connection(kipu)
	one, other = kipu.world.admit_new(), kipu.world.admit_new()
	person = "11111111-2222-4333-8444-555555555555"
	kipu.world.set_field(other, "casefile_id", f"{get_chart(one)}:{person}")
	for _ in range(2):
		run_sync(connection, "full")
		assert list_statuses(connection, one) == ["Active", "Active"]
	assert frappe.db.count("Sync Issue", {"connection": connection, "kind": "Identity"}) == 1


def test_a_merge_of_everybody_is_held(kipu):
	connection = make_connection(kipu, mass_change_minimum=2, mass_change_percent=1)
	stays = [kipu.world.admit_new() for _ in range(4)]
	run_sync(connection)
	for number, stay in enumerate(stays):
		kipu.world.give_chart_away(stay, person=100 + number)
	run = run_sync(connection)
	assert run["status"] == "Held"
	assert {status for stay in stays for status in list_statuses(connection, stay)} == {"Active"}


def test_a_dry_run_counts_a_merge_as_the_real_one(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.give_chart_away(stay, person=77)
	before = compute_checksums()
	dry = run_sync(connection, dry_run=True)
	assert compute_checksums() == before
	real = run_sync(connection)
	assert (get_counts(dry), dry["deactivated"]) == (get_counts(real), real["deactivated"])
