"""After any crash, the next run leaves the same clients as one clean run: nothing twice, nothing lost.

Processes are killed with SIGKILL for real, at points drawn by chance: before some statement to the database or some
request to Kipu.
"""

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from rq.timeouts import JobTimeoutException

import frappe
from frappe.utils import now_datetime

from orchestrator import clock, leases
from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync import jobs
from orchestrator.sync.http.http_session import HttpSession
from orchestrator.sync.runs import context, engine, run_queue, run_records
from orchestrator.sync.runs.run_queue import RunConflictError
from orchestrator.sync.runs.run_records import LeaseLostError, RunRequest
from tests.support.kipu_site import (
	compute_checksums,
	get_counts,
	get_stay,
	list_clients_and_stays,
	make_connection,
	run_sync,
)

KILLS = 50
PAGE_SIZE = 4
# Names derive from the connection's name, so that they differ between two connections.
OF_THE_CONNECTION = ("name", "connection", "client", "facility")


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(12) as running:
		yield running


def run_in_process(work: Callable[[], object]) -> int:
	"""Call a function in a separate process with its own connections. Return its status from waitpid."""
	frappe.db.commit()
	site = frappe.local.site
	child = os.fork()
	if child:
		return os.waitpid(child, 0)[1]
	inherited = (
		frappe.local.db._conn
	)  # mysqlclient would close the parent's connection if this object were collected
	try:
		frappe.init(site=site, sites_path=frappe.local.sites_path, force=True)
		frappe.connect()
		frappe.conf.kipu_allowed_hosts = ["127.0.0.1"]
		work()
	finally:
		assert inherited
		os._exit(0)


class Points:
	"""Counts statements and requests; kills this process before number `fatal`."""

	def __init__(self, fatal: int = 0) -> None:
		self.fatal = fatal
		self.passed = 0
		self._sql, self._send = frappe.db.sql, HttpSession._send_request

	def __enter__(self) -> "Points":
		points = self

		def sql(*args: Any, **kwargs: Any) -> Any:
			points.reach()
			return points._sql(*args, **kwargs)

		def send(session: HttpSession, *args: Any) -> Any:
			points.reach()
			return points._send(session, *args)

		frappe.db.sql, HttpSession._send_request = sql, send
		return self

	def __exit__(self, *_: object) -> None:
		del frappe.db.sql
		HttpSession._send_request = self._send

	def reach(self) -> None:
		self.passed += 1
		if self.passed == self.fatal:
			os.kill(os.getpid(), signal.SIGKILL)


def run_killed_at(connection: str, point: int, sync_type: str = "incremental") -> bool:
	"""Run in a process that is killed at a point. Return False if the run ended before."""

	def work() -> None:
		with Points(point):
			run_sync(connection, sync_type)

	ending = run_in_process(work)
	return os.WIFSIGNALED(ending) and os.WTERMSIG(ending) == signal.SIGKILL


def list_people(connection: str) -> list[dict[str, Any]]:
	"""Return everything known of everybody, comparable between connections."""
	rows = [
		{name: value for name, value in row.items() if name not in OF_THE_CONNECTION}
		for row in list_clients_and_stays(connection)
	]
	return sorted(rows, key=lambda row: (row.get("casefile_id") or "", row.get("person_id") or ""))


def find_differences(connection: str, clean: str) -> list[dict[str, tuple[Any, Any]]]:
	"""Return the differing values of each person, of both connections."""
	rows, others = list_people(connection), list_people(clean)
	assert len(rows) == len(others)
	return [
		{name: (row.get(name), other.get(name)) for name in row | other if row.get(name) != other.get(name)}
		for row, other in zip(rows, others, strict=True)
		if row != other
	]


def change_world(kipu: Simulator, dice: random.Random) -> None:
	"""Admit, discharge, readmit, move or renumber people at random."""
	world = kipu.world
	stay = dice.randrange(len(world))
	action = dice.choice(("admit", "discharge", "readmit", "undo", "edit"))
	if action == "admit":
		world.admit_new(location=dice.randrange(4))
	elif action == "discharge" and world.is_in_care(stay):
		world.discharge(stay, world.get_today(stay) - 1)
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
		if run_killed_at(connection, dice.randint(1, longest)):
			killed += 1
			longest = min(longest + 20, 500)
		else:
			longest = max(40, longest // 2)  # over before: the next runs are shorter
			change_world(kipu, dice)
	assert run_sync(connection)["status"] == "Completed"
	resumed = frappe.db.count("Sync Run", {"connection": connection, "resumed_from": ("is", "set")})
	assert resumed > 5
	clean = make_connection(kipu, page_size=PAGE_SIZE)
	run_sync(clean)
	assert find_differences(connection, clean) == []
	before = compute_checksums()
	assert get_counts(run_sync(connection, "full")) == (0, 0, len(kipu.world), 0)
	assert compute_checksums() == before


def test_resumed_run_continues_at_its_checkpoint(kipu):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	kipu.faults.add(Fault("status", route="patients/latest", page=2, times=3, status=503))
	assert run_sync(connection)["status"] == "Failed"
	failed = frappe.get_last_doc("Sync Run", {"connection": connection})
	assert (failed.error_class, failed.imported) == ("RetriesExhaustedError", PAGE_SIZE)
	run = run_sync(connection)
	assert (run["status"], run["resumed_from"]) == ("Completed", failed.name)
	assert run["imported"] == len(kipu.world) - PAGE_SIZE


FAULTS = (
	"reset", "truncated", "truncated_json", "html", "missing_key", "garbage_pagination", "wrong_page", "lost_page",
	"missing_record", "repeated_record", "shifting",
)  # fmt: skip


def test_the_next_run_recovers_from_any_network_fault(kipu):
	dice = random.Random(7)
	connection = make_connection(kipu, page_size=PAGE_SIZE, mass_change_minimum=1000)
	for kind in FAULTS:
		for _ in range(3):
			change_world(kipu, dice)
		kipu.faults.add(Fault(kind, route="patients/latest", page=2, times=None))
		kipu.faults.add(Fault(kind, route="patients/census", page=1, times=2))
		cursor = frappe.db.get_value("Kipu Connection", connection, "cursor")
		run = run_sync(connection, "full")
		assert kipu.faults.played.get(kind), kind
		assert run["cursor_after"] in (None, str(cursor)), kind
		kipu.faults.clear()
	assert run_sync(connection)["status"] == "Completed"
	clean = make_connection(kipu)
	run_sync(clean)
	assert find_differences(connection, clean) == []


def test_a_database_that_drops_the_connection_fails_the_run_and_the_next_goes_on(kipu, monkeypatch):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	monkeypatch.setattr(context, "PROGRESS_INTERVAL_SECONDS", 0.0)
	dropped: list[int] = []

	def drop(run: run_records.Run) -> None:
		if run.tally.imported and not dropped:
			dropped.append(frappe.db.sql("select connection_id()")[0][0])
			with open_second_connection() as other:
				other.cursor().execute(f"kill connection {dropped[0]}")

	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	assert engine.execute(run, drop) == "Failed"
	assert frappe.db.get_value("Sync Run", run.name, ["status", "imported"]) == ("Failed", PAGE_SIZE)
	again = run_sync(connection)
	assert (again["resumed_from"], again["imported"]) == (run.name, len(kipu.world) - PAGE_SIZE)


def open_second_connection() -> Any:
	"""Return another connection to the site's database."""
	return contextlib.closing(frappe.db.create_connection())


def test_a_redis_that_forgets_everything_or_is_gone_does_no_harm(kipu, monkeypatch):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	monkeypatch.setattr(context, "PROGRESS_INTERVAL_SECONDS", 0.0)
	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	assert engine.execute(run, lambda _run: frappe.cache().flushdb()) == "Completed"
	stay = kipu.world.admit_new()

	def without_redis() -> None:
		frappe.cache().connection_pool.connection_kwargs["port"] = 9
		frappe.cache().connection_pool.disconnect()
		run_sync(connection)

	run_in_process(without_redis)
	assert run_sync(connection)["status"] == "Completed"
	assert get_stay(connection, stay + 1000).status == "Active"


def test_who_is_interrupted_at_the_terminal_leaves_a_run_that_says_so(kipu, monkeypatch):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	monkeypatch.setattr(context, "PROGRESS_INTERVAL_SECONDS", 0.0)

	def interrupt(run: run_records.Run) -> None:
		if run.tally.imported:
			raise KeyboardInterrupt

	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	with pytest.raises(KeyboardInterrupt):
		engine.execute(run, interrupt)
	assert frappe.db.get_value("Sync Run", run.name, "status") == "Interrupted"
	again = run_sync(connection)
	assert (again["resumed_from"], again["imported"]) == (run.name, len(kipu.world) - PAGE_SIZE)


def test_job_timeout_during_progress_update_fails_the_run(kipu, monkeypatch):
	connection = make_connection(kipu, page_size=PAGE_SIZE)

	def late(event: str, *_args: object, **_values: object) -> None:
		if event == context.PROGRESS_EVENT:
			raise JobTimeoutException

	monkeypatch.setattr(frappe, "publish_realtime", late)
	assert run_sync(connection)["error"]["class"] == "JobTimeoutException"


# One at a time


def test_second_run_is_rejected_with_the_holder_of_the_lease(kipu):
	connection = make_connection(kipu)
	first = run_queue.begin_run(RunRequest(connection, "incremental"))
	with pytest.raises(RunConflictError, match=first.name):
		run_queue.begin_run(RunRequest(connection, "full"))
	with pytest.raises(RunConflictError, match=first.name):
		run_queue.queue_run(RunRequest(connection, "census"))
	other = run_queue.begin_run(RunRequest(make_connection(kipu), "incremental"))
	assert first.request.connection != other.request.connection


def test_expired_lease_is_reclaimed_and_its_former_holder_writes_nothing(kipu):
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	old = run_queue.begin_run(RunRequest(connection, "incremental"))
	elsewhere = {
		"host": "another-machine",
		"heartbeat_at": frappe.utils.add_to_date(None, seconds=-leases.get_lease_seconds() - 1),
	}
	frappe.db.set_value("Sync Run", old.name, elsewhere)
	frappe.db.commit()
	assert run_sync(connection)["status"] == "Completed"
	before = list_clients_and_stays(connection)
	frappe.db.set_value("Client Stay", {"connection": connection}, "room_name", "never")
	with pytest.raises(LeaseLostError):
		old.commit({"phase": "latest"})
	assert list_clients_and_stays(connection) == before
	assert engine.execute(old) == "Interrupted"
	assert frappe.db.get_value("Sync Run", old.name, "status") == "Interrupted"
	assert list_clients_and_stays(connection) == before


def test_a_run_on_another_machine_that_is_alive_is_left_alone(kipu):
	connection = make_connection(kipu)
	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	frappe.db.set_value("Sync Run", run.name, {"host": "another-machine", "process_id": "1:1:another-boot/1"})
	frappe.db.commit()
	with pytest.raises(RunConflictError):
		run_queue.begin_run(RunRequest(connection, "incremental"))


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1)], ids=str)
def test_the_clocks_of_hosts_decide_nothing(kipu, monkeypatch, ahead):
	"""A host whose clock is wrong neither takes a run over nor loses its own."""
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	elsewhere = {"host": "another-machine", "process_id": "1:1:another-boot/1"}
	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	frappe.db.set_value("Sync Run", run.name, elsewhere)
	frappe.db.commit()
	with monkeypatch.context() as patches:
		patches.setattr(clock, "get_now", lambda: now_datetime() + ahead)
		jobs.give_up_dead_runs()
		assert frappe.db.get_value("Sync Run", run.name, "status") == "Running"
		run.send_heartbeat()
	jobs.give_up_dead_runs()
	status, heartbeat = frappe.db.get_value("Sync Run", run.name, ["status", "heartbeat_at"])
	assert status == "Running"
	assert abs((leases.get_now() - heartbeat).total_seconds()) < leases.get_lease_seconds() / 2


def test_queued_run_with_lost_job_is_interrupted(kipu):
	connection = make_connection(kipu)
	name = run_queue.queue_run(RunRequest(connection, "incremental"))
	jobs.give_up_dead_runs()
	assert frappe.db.get_value("Sync Run", name, "status") == "Queued"
	long_ago = frappe.utils.add_to_date(None, minutes=-3)
	frappe.db.set_value("Sync Run", name, "heartbeat_at", long_ago)
	jobs.give_up_dead_runs()
	assert frappe.db.get_value("Sync Run", name, "status") == "Interrupted"
