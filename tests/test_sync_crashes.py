"""Whatever stops a run, after the next one the clients are those that one clean run gives: nothing twice, nothing lost.

Processes are killed with SIGKILL for real, at points drawn by chance: before some statement to the database or some
request to Kipu."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.sync.http import HttpSession
from orchestrator.sync.kipu.simulator.faults import Fault
from orchestrator.sync.kipu.simulator.server import Simulator
from tests.kipu_site import (
	checksums,
	clients,
	counts,
	loopback_allowed,
	make_connection,
	sync,
)

KILLS = 50
PAGE_SIZE = 4
# Names follow from the connection's; where two connections are compared, these differ.
OF_THE_CONNECTION = ("name", "connection", "client", "facility")


@pytest.fixture(scope="module", autouse=True)
def _allowed(frappe_site: str) -> Iterator[None]:
	with loopback_allowed():
		yield


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(12) as running:
		yield running


def in_a_process(work: Callable[[], object]) -> int:
	"""Do it in a process of its own, with connections of its own. Returns how it ended, as waitpid has it."""
	frappe.db.commit()
	site = frappe.local.site
	child = os.fork()
	if child:
		return os.waitpid(child, 0)[1]
	try:
		frappe.init(site=site, sites_path=frappe.local.sites_path, force=True)
		frappe.connect()
		frappe.conf.kipu_allowed_hosts = ["127.0.0.1"]
		work()
	finally:
		os._exit(0)


class Points:
	"""Counts statements and requests; kills this process before the one with the number `fatal`."""

	def __init__(self, fatal: int = 0) -> None:
		self.fatal = fatal
		self.passed = 0
		self._sql, self._send = frappe.db.sql, HttpSession._send

	def __enter__(self) -> "Points":
		points = self

		def sql(*args: Any, **kwargs: Any) -> Any:
			points.reach()
			return points._sql(*args, **kwargs)

		def send(session: HttpSession, *args: Any) -> Any:
			points.reach()
			return points._send(session, *args)

		frappe.db.sql, HttpSession._send = sql, send
		return self

	def __exit__(self, *_: object) -> None:
		del frappe.db.sql
		HttpSession._send = self._send

	def reach(self) -> None:
		self.passed += 1
		if self.passed == self.fatal:
			os.kill(os.getpid(), signal.SIGKILL)


def killed_at(connection: str, point: int, sync_type: str = "incremental") -> bool:
	"""Run in a process that is killed at a point. False if the run was over before."""

	def work() -> None:
		with Points(point):
			sync(connection, sync_type)

	ending = in_a_process(work)
	return os.WIFSIGNALED(ending) and os.WTERMSIG(ending) == signal.SIGKILL


def people(connection: str) -> list[dict[str, Any]]:
	"""Everything known of everybody, comparable between connections."""
	rows = [
		{name: value for name, value in row.items() if name not in OF_THE_CONNECTION}
		for row in clients(connection)
	]
	return sorted(rows, key=lambda row: (row.get("casefile_id") or "", row.get("person_id") or ""))


def a_little_happens(kipu: Simulator, dice: random.Random) -> None:
	"""Somebody comes, goes, returns, moves or is called by another number."""
	world = kipu.world
	stay = dice.randrange(len(world))
	action = dice.choice(("admit", "discharge", "readmit", "undo", "edit"))
	if action == "admit":
		world.admit_new(location=dice.randrange(4))
	elif action == "discharge" and world.is_in_care(stay):
		world.discharge(stay, world.today(stay) - 1)
	elif action == "readmit" and not world.is_in_care(stay):
		world.readmit(stay)
	elif action == "undo":
		world.undo_discharge(stay)
	else:
		world.set_field(stay, "room_name", str(dice.randrange(100)))


def test_processes_killed_at_fifty_points_lose_nothing_and_make_nothing_twice(kipu):
	seed = int(os.environ.get("ORCHESTRATOR_KILL_SEED") or random.randrange(10**6))
	print(f"ORCHESTRATOR_KILL_SEED={seed}")  # noqa: T201 - a failure is repeated with it
	dice = random.Random(seed)
	connection = make_connection(kipu, page_size=PAGE_SIZE, mass_change_minimum=1000)
	longest, killed = 500, 0
	while killed < KILLS:
		if killed_at(connection, dice.randint(1, longest)):
			killed += 1
			longest = min(longest + 20, 500)
		else:
			longest = max(40, longest // 2)  # over before: the next runs are shorter
			a_little_happens(kipu, dice)
	assert sync(connection)["status"] == "Completed"
	resumed = frappe.db.count("Sync Run", {"connection": connection, "resumed_from": ("is", "set")})
	assert resumed > 5
	clean = make_connection(kipu, page_size=PAGE_SIZE)
	sync(clean)
	assert people(connection) == people(clean)
	before = checksums()
	assert counts(sync(connection, "full")) == (0, 0, len(kipu.world), 0)
	assert checksums() == before


def test_a_resumed_run_goes_on_from_its_page(kipu):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	kipu.faults.add(Fault("status", route="patients/latest", page=2, times=3, status=503))
	assert sync(connection)["status"] == "Failed"
	failed = frappe.get_last_doc("Sync Run", {"connection": connection})
	assert (failed.error_class, failed.imported) == ("Exhausted", PAGE_SIZE)
	run = sync(connection)
	assert (run["status"], run["resumed_from"]) == ("Completed", failed.name)
	assert run["imported"] == len(kipu.world) - PAGE_SIZE
