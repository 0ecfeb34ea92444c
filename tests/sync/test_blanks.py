"""A run that would empty a field in unusually many records is held: the changes that count for it, and those
that do not.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.actions import run_actions
from orchestrator.sync.storage import save_side_effects
from tests.support.kipu_site import get_client, get_counts, list_clients_and_stays, make_connection, run_sync

pytestmark = pytest.mark.usefixtures("loopback")

PEOPLE, FIRST_PHONE = 14, "212-555-0110"
LIMITS = {"mass_change_minimum": 3, "mass_change_percent": 50}


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	"""Yield an instance in which everybody has a phone number."""
	with Simulator(0) as running:
		for stay in [running.world.admit_new() for _ in range(PEOPLE)]:
			running.world.set_field(stay, "phone", FIRST_PHONE)
		yield running


def set_value(
	kipu: Simulator, value: object, stays: Iterable[int] = range(PEOPLE), field: str = "phone"
) -> None:
	for stay in stays:
		kipu.world.set_field(stay, field, value)


def count_with_phone(connection: str) -> int:
	frappe.db.rollback()
	return frappe.db.count("Client", {"connection": connection, "phone": ("is", "set")})


def run_dry_and_real(connection: str, sync_type: str = "full") -> list[Any]:
	"""Return status, reason and counts of a dry run, then of the real one."""
	both = [run_sync(connection, sync_type, dry_run=dry) for dry in (True, False)]
	return [(run["status"], run["held_reason"], get_counts(run)) for run in both]


@pytest.mark.parametrize(("blanked", "status"), [(7, "Completed"), (8, "Held")])
def test_dry_run_counts_equal_those_of_the_real_run(kipu, blanked, status):
	connection = make_connection(kipu, page_size=4, **LIMITS)
	run_sync(connection)
	set_value(kipu, "", range(blanked))
	# New clients do not change the limit.
	for _ in range(8):
		kipu.world.admit_new()
	dry, real = run_dry_and_real(connection)
	assert dry == real
	assert real[0] == status


def test_an_approved_run_blanks_the_fields_and_a_rollback_brings_them_back(kipu, worker):
	connection = make_connection(kipu, page_size=4, **LIMITS)
	run_sync(connection)
	before = list_clients_and_stays(connection)
	set_value(kipu, None)
	held = run_sync(connection, "full")
	assert (held["status"], count_with_phone(connection) >= PEOPLE // 2) == ("Held", True)
	run_actions.approve_run(held["run"])
	worker()
	frappe.db.rollback()
	assert frappe.db.get_value("Sync Run", held["run"], "status") == "Completed"
	assert count_with_phone(connection) == 0
	run_actions.roll_back_run(held["run"])
	assert count_with_phone(connection) == PEOPLE
	assert list_clients_and_stays(connection) == before


@pytest.mark.parametrize(
	"rule", [{"leave_out": 1}, {"target": "alternate_phone"}], ids=["left out", "elsewhere"]
)
def test_a_changed_mapping_blanks_nothing_where_the_field_was(kipu, rule):
	set_value(kipu, None, field="alternate_phone")
	rules = [{"source": "alternate_phone", "leave_out": 1}]
	connection = make_connection(kipu, page_size=4, field_rules=rules, **LIMITS)
	run_sync(connection)
	doc = frappe.get_doc("Kipu Connection", connection)
	doc.append("field_rules", {"source": "phone", **rule})
	doc.save()
	set_value(kipu, None)
	dry, real = run_dry_and_real(connection)
	assert dry == real
	assert (real[0], count_with_phone(connection)) == ("Completed", PEOPLE)


@pytest.mark.parametrize("policy", ["local", "set-once", "review"])
def test_policies_that_prefer_local_values_blank_nothing(kipu, policy):
	rules = [{"source": "phone", "policy": policy}]
	connection = make_connection(kipu, page_size=4, field_rules=rules, **LIMITS)
	run_sync(connection)
	for stay in range(PEOPLE):
		client = get_client(connection, stay + 1000)
		client.update({"phone": "212-555-0199"})
		client.save()
		frappe.db.commit()
	set_value(kipu, None)
	dry, real = run_dry_and_real(connection)
	assert dry == real
	assert (real[0], count_with_phone(connection)) == ("Completed", PEOPLE)


def test_a_census_with_fewer_fields_blanks_nothing(kipu, monkeypatch):
	connection = make_connection(kipu, page_size=4, **LIMITS)
	run_sync(connection)
	monkeypatch.setattr("orchestrator.sync.kipu.client.DETAILS", {})
	dry, real = run_dry_and_real(connection, "census")
	assert dry == real
	assert (real[0], count_with_phone(connection)) == ("Completed", PEOPLE)


@pytest.mark.parametrize("heard", [False, True])
def test_what_a_run_has_brought_itself_it_may_blank(kipu, monkeypatch, heard):
	"""Charts of one person differ: a first import removes no earlier value."""
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: heard)
	for stay in range(PEOPLE):
		kipu.world.discharge(stay, kipu.world.get_today() - 3)
		kipu.world.set_field(kipu.world.readmit(stay), "phone", "")
	connection = make_connection(kipu, page_size=PEOPLE, **LIMITS)
	dry, real = run_dry_and_real(connection)
	assert dry == real
	assert real[0] == "Completed"
	assert get_counts(run_sync(connection, "full")) == (0, 0, 2 * PEOPLE, 0)
