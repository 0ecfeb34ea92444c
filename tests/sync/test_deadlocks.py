"""A page whose transaction the database aborts to resolve a deadlock is repeated without a trace."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.orchestrator.doctype.client.client import Client
from orchestrator.sync.merge import location_facilities
from orchestrator.sync.merge.three_way import MergeResult, Person
from orchestrator.sync.runs import applier
from orchestrator.sync.storage import save_side_effects
from tests.support import factories
from tests.support.kipu_site import get_counts, list_clients_and_stays, make_connection, run_sync

pytestmark = pytest.mark.usefixtures("loopback")

PAGE_SIZE = 4
OF_THE_CONNECTION = ("name", "connection", "client", "facility")
# Statements before which the deadlock happens, each the first of its kind.
STATEMENTS = (
	"insert into `tabFacility`",
	"insert into `tabKipu Location`",
	"insert into `tabSync Issue`",
	"insert into `tabClient`",
	"insert into `tabClient Stay`",
	"insert into `tabSync State`",
	"select `email`,`enabled` from `tabUser`",  # of a notification, which suppresses errors
	"release savepoint",
	"update `tabSync Run` set `heartbeat_at`",
)


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	"""Yield an instance with a record that raises an issue."""
	with Simulator(10) as running:
		running.world.add_field("shoe_size", "Forty-two")
		running.world.set_field(3, "dob", "long ago")
		yield running


class Deadlock:
	"""Aborts the transaction before the first statement of a kind."""

	def __init__(self, before: str) -> None:
		self.before = before.casefold()
		self.happened = False
		self._sql = frappe.db.sql

	def __enter__(self) -> "Deadlock":
		def sql(query: Any, *args: Any, **kwargs: Any) -> Any:
			if not self.happened and self.before in str(query).casefold():
				self.happened = True
				give_up()
				raise frappe.QueryDeadlockError(1213, "Deadlock found")
			return self._sql(query, *args, **kwargs)

		frappe.db.sql = sql
		return self

	def __exit__(self, *_: object) -> None:
		del frappe.db.sql


def give_up() -> None:
	"""Roll the transaction back as the database does, without Frappe noticing."""
	frappe.db._conn.rollback()


def list_everything(connection: str) -> list[Any]:
	"""Return the result of a run, comparable between connections."""
	rows = list_clients_and_stays(connection)
	assert {row["facility"] for row in rows} <= set(frappe.get_all("Facility", pluck="name"))
	told = [{key: value for key, value in row.items() if key not in OF_THE_CONNECTION} for row in rows]
	of = {"connection": connection}
	issues = frappe.get_all("Sync Issue", of, ["kind", "code", "field", "casefile_id"])
	return [
		sorted(told, key=lambda row: (row.get("casefile_id") or "", row.get("person_id") or "")),
		sorted(map(str, issues)),
		sorted(frappe.get_all("Kipu Location", {"parent": connection}, pluck="location_id")),
		frappe.db.count("Sync State", of),
	]


@pytest.mark.parametrize(
	("statement", "one_by_one"),
	[*((each, False) for each in STATEMENTS), *((each, True) for each in STATEMENTS[3:6])],
)
def test_nothing_is_lost_and_nothing_counted_twice(kipu, monkeypatch, statement, one_by_one):
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: one_by_one)
	clean = make_connection(kipu, page_size=PAGE_SIZE)
	expected = get_counts(run_sync(clean))
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	with Deadlock(statement) as deadlock:
		run = run_sync(connection)
	assert deadlock.happened
	if run["status"] == "Completed":
		assert get_counts(run) == expected
	else:
		stays = frappe.db.count("Client Stay", {"connection": connection})
		assert (run["status"], run["imported"]) == ("Failed", stays)
		assert run_sync(connection)["status"] == "Completed"
	assert list_everything(connection) == list_everything(clean)


def test_a_concurrent_edit_between_reading_and_writing_a_client_is_kept(kipu, monkeypatch):
	"""A client that the run has created, and writes again when a page has another stay."""
	for stay in range(6):
		kipu.world.discharge(stay, kipu.world.get_today() - 3)
		kipu.world.readmit(stay)
	connection = make_connection(kipu, page_size=6)
	decide, edited = applier.merge_records, []

	def meanwhile(person: Person, *args: Any) -> list[MergeResult]:
		if not person.client.new and not edited:
			edited.append(person.client.name)
			with contextlib.closing(frappe.db.create_connection()) as other:
				values = ("Ours", frappe.utils.now(), person.client.name)
				other.cursor().execute(
					"update `tabClient` set preferred_name=%s, modified=%s where name=%s", values
				)
				other.commit()
		return decide(person, *args)

	monkeypatch.setattr(applier, "merge_records", meanwhile)
	assert run_sync(connection)["status"] == "Completed"
	assert [frappe.db.get_value("Client", name, "preferred_name") for name in edited] == ["Ours"]
	clean = make_connection(kipu, page_size=6)
	run_sync(clean)
	assert len(list_clients_and_stays(connection)) == len(list_clients_and_stays(clean))


def test_a_facility_that_another_run_makes_meanwhile_stays_the_others(kipu, monkeypatch):
	for stay in range(len(kipu.world)):
		kipu.world.set_field(stay, "location_id", "77")
		kipu.world.set_field(stay, "location_name", factories.make_unique("House"))
	make, taken = location_facilities._create_facility, []

	def meanwhile(facility: str) -> None:
		if not taken:
			taken.append(facility)
			with contextlib.closing(frappe.db.create_connection()) as other:
				values = (facility, facility)
				other.cursor().execute(
					"insert into `tabFacility` (name, facility_name) values (%s, %s)", values
				)
				other.commit()
		make(facility)

	monkeypatch.setattr(location_facilities, "_create_facility", meanwhile)
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	run = run_sync(connection)
	assert (run["status"], run["imported"]) == ("Completed", len(kipu.world))
	assert taken
	assert taken[0] not in {row["facility"] for row in list_clients_and_stays(connection)}


def test_a_deadlock_suppressed_by_a_hook_loses_no_record(kipu, monkeypatch):
	validate, seen = Client.validate, []

	def hiding(client: Client) -> None:
		validate(client)
		seen.append(client.name)
		if len(seen) == 3:
			give_up()

	monkeypatch.setattr(Client, "validate", hiding)
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: True)
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	assert run_sync(connection)["status"] == "Completed"
	clean = make_connection(kipu, page_size=PAGE_SIZE)
	run_sync(clean)
	assert list_everything(connection) == list_everything(clean)
