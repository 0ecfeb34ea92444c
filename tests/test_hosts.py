"""Workers on three hosts share one MariaDB and one Redis. One host is suspended, another is cut off and turned off, in the
middle of their work: the third takes over, nothing is lost, and nothing is done twice.

The hosts are network namespaces (support/hosts.py). Whether a process of another host lives cannot be seen from here nor
from there: they have PID namespaces of their own.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from rq import Worker

import frappe
from frappe.utils.background_jobs import get_queues, get_redis_conn

from orchestrator.api import webhook_jobs
from orchestrator.api.bulk import jobs as bulk_jobs
from orchestrator.insights.reports import report_jobs
from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync import jobs as sync_jobs
from orchestrator.sync.actions import run_requests
from orchestrator.sync.runs.run_records import RunRequest
from tests.conftest import BENCH
from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.hosts import Host, find_obstacle, run_network, wait_until
from tests.support.kipu_site import list_clients_and_stays, make_connection, run_sync
from tests.support.webhooks import (
	ACCEPTED,
	Received,
	Receiver,
	allow_private_targets,
	answer_status,
	delete_reliable_webhooks,
	list_deliveries,
	make_brand,
	make_webhook,
	run_receiver,
)

OBSTACLE = find_obstacle() if BENCH else None
pytestmark = [
	pytest.mark.usefixtures("loopback"),
	pytest.mark.skipif(bool(OBSTACLE), reason=f"no hosts in namespaces: {OBSTACLE}"),
]

LEASE_SECONDS = 40  # RQ sends a heartbeat of a job every 30 seconds
PEOPLE = 24
PAGE_SIZE = 4
LEADS = 12
HELD = 5
NAMES_OF_CONNECTION = ("name", "connection", "client", "facility")
ASSIGN = "frappe.desk.bulk_assignment.set_assignment_for_many"
GENERATE = "orchestrator.insights.generate_report"
WAITING = "select count(*) from information_schema.processlist where db = %s and info like %s and id != connection_id()"


@pytest.fixture
def short_lease(site: str) -> Iterator[None]:
	"""Shorten the lease below the least that the settings allow, so that the test takes a minute."""
	with allow_private_targets():
		_set_lease(LEASE_SECONDS)
		yield
		_set_lease(600)  # the settings are saved again
	delete_reliable_webhooks()


def _set_lease(seconds: int) -> None:
	frappe.db.rollback()
	frappe.db.set_single_value("Orchestrator Settings", "lease_seconds", seconds)
	frappe.db.commit()


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(PEOPLE) as running:
		yield running


@pytest.fixture
def receiver(site: str) -> Iterator[Receiver]:
	with run_receiver() as running:
		yield running


@pytest.fixture
def hosts(short_lease: None, kipu: Simulator, receiver: Receiver) -> Iterator[list[Host]]:
	for queue in get_queues():
		queue.empty()
	for worker in Worker.all(connection=get_redis_conn()):  # of earlier tests, which were killed
		worker.register_death()
	redis = [urlsplit(url).port for url in (frappe.conf.redis_cache, frappe.conf.redis_queue)]
	local = [kipu.port, urlsplit(receiver.url).port]
	with run_network(["host-a", "host-b", "host-c"], [int(frappe.conf.db_port), *redis], local) as running:
		yield running


def start_workers(host: Host, *queues: str) -> None:
	"""Start a worker for each of these queues, as a bench does, and wait until they listen."""
	for queue in queues:
		host.start(
			[
				sys.executable,
				"-m",
				"frappe.utils.bench_helper",
				"frappe",
				"worker",
				"--queue",
				queue,
				"--quiet",
			],
			Path(str(BENCH)) / "sites",
			**build_environment(host),
		)
	wait_until(lambda: count_workers(host) == len(queues), f"workers of {host.name}")


def build_environment(host: Host) -> dict[str, str]:
	"""Return what differs in the environment of a process on a host: all servers are at the router's address."""
	redis = {
		name: urlsplit(url)._replace(netloc=f"{host.address}:{urlsplit(url).port}").geturl()
		for name, url in (
			("FRAPPE_REDIS_CACHE", frappe.conf.redis_cache),
			("FRAPPE_REDIS_QUEUE", frappe.conf.redis_queue),
		)
	}
	database = {"FRAPPE_DB_HOST": host.address, "FRAPPE_DB_PORT": str(frappe.conf.db_port)}
	no_proxy = {"NO_PROXY": f"{os.environ.get('NO_PROXY', '')},{host.address}"}
	return {**redis, **database, **no_proxy}


def count_workers(host: Host) -> int:
	return [worker.hostname for worker in Worker.all(connection=get_redis_conn())].count(host.name)


def get_values(doctype: str, name: str, *fields: str) -> Any:
	frappe.db.rollback()
	return frappe.db.get_value(doctype, name, fields if len(fields) > 1 else fields[0])


@contextlib.contextmanager
def lock_rows(*rows: tuple[str, str]) -> Iterator[None]:
	"""Lock rows on a connection of our own, so that whoever needs them waits."""
	connection = frappe.db.create_connection()
	try:
		with connection.cursor() as cursor:
			for doctype, name in rows:
				query = f"select name from `tab{doctype}` where name = %s for update"  # noqa: S608
				cursor.execute(query, (name,))
		yield
	finally:
		connection.close()


def is_someone_waiting(statement: str) -> bool:
	frappe.db.rollback()
	return bool(frappe.db.sql(WAITING, (frappe.conf.db_name, f"%{statement}%"))[0][0])


@dataclass
class Gate:
	"""An answer of the receiver that lets requests wait until it is opened."""

	opened: threading.Event
	is_closed: bool = False

	def answer(self, handler: Any, received: Received) -> None:
		if self.is_closed:
			self.opened.wait(60)
		answer_status(ACCEPTED)(handler, received)


def make_blocked_report(note: str) -> str:
	"""A query report that reads the locked row of a note."""
	return factories.make_record(
		"Report",
		report_name=factories.make_unique("Locked"),
		ref_doctype="Note",
		report_type="Query Report",
		is_standard="No",
		query=f"select title as `Title` from tabNote where name = '{note}' lock in share mode",  # noqa: S608
	).name


def recover() -> None:
	"""Run what the scheduler runs every five minutes."""
	frappe.db.rollback()
	sync_jobs.give_up_dead_runs()
	bulk_jobs.recover_lost_operations()
	report_jobs.recover_lost_runs()
	webhook_jobs.enqueue_due_deliveries()
	frappe.db.commit()


def test_another_host_takes_over_the_work_of_lost_ones(
	hosts: list[Host], kipu: Simulator, receiver: Receiver, admin: Client
) -> None:
	suspended, survivor, lost = hosts
	connection = make_connection(kipu, page_size=PAGE_SIZE)
	webhook = make_webhook(receiver.url)
	gate = Gate(threading.Event())
	receiver.answer = gate.answer

	# The host that will be suspended reads from Kipu, and waits for a webhook's receiver.
	start_workers(suspended, "long", "default")
	before = make_brand()
	wait_until(lambda: list_deliveries(webhook, "status") == ["Delivered"], "the first delivery")
	kipu.faults.add(Fault("slow", times=None, value=1.0))
	run = run_requests.enqueue_request(RunRequest(connection, "full"))["run"]
	gate.is_closed = True
	for _number in range(HELD):
		make_brand()
	wait_until(lambda: len(receiver.received) == 1 + HELD, "requests in flight")
	wait_until(lambda: get_values("Sync Run", run, "pages") >= 2, "pages of the run")
	suspended.freeze()
	assert get_values("Sync Run", run, "status", "host") == ("Running", "host-a")

	# The host that will be cut off assigns leads and generates a report. Both wait for a row.
	start_workers(lost, "long", "long")
	leads = [factories.make_lead().name for _number in range(LEADS)]
	assignee = factories.make_user("Sales User").name
	note = factories.make_record("Note", title=factories.make_unique("Note"))
	report = make_blocked_report(note.name)
	with lock_rows(("Lead", leads[-1]), ("Note", note.name)):
		operation = get_data(
			admin.post(ASSIGN, doctype="Lead", name=leads, assigned_to=assignee, background=True)
		)["operation"]
		file = get_data(admin.post(GENERATE, report_name=report, format="csv", background=True))["run"]
		wait_until(
			lambda: is_someone_waiting("tabLead") and is_someone_waiting("from tabNote"), "rows in use"
		)
		lost.cut()
		lost.kill()
	states = [
		get_values(doctype, name, "status")
		for doctype, name in (("Bulk Operation", operation), ("Generated Report", file))
	]
	assert states == ["Running", "Running"]
	assert frappe.db.count("ToDo", {"allocated_to": assignee}) == 0

	# The third host takes over, once the leases have ended.
	gate.is_closed = False
	kipu.faults.clear()
	after = make_brand()
	start_workers(survivor, "long", "default")

	def is_done() -> bool:
		recover()
		return (
			get_values("Sync Run", run, "status") == "Interrupted"
			and get_values("Bulk Operation", operation, "status") == "Completed"
			and get_values("Generated Report", file, "status") == "Completed"
			and set(list_deliveries(webhook, "status")) == {"Delivered"}
		)

	wait_until(is_done, "the survivor")
	again = run_requests.enqueue_request(RunRequest(connection, "full"))["run"]
	wait_until(lambda: get_values("Sync Run", again, "status") == "Completed", "the next run")
	assert get_values("Sync Run", again, "host", "resumed_from") == ("host-b", run)
	done = collect_state(connection, assignee, file, webhook)

	# The suspended host comes back in the middle of its work, and finds that it has lost it.
	gate.opened.set()
	suspended.thaw()
	wait_until(lambda: suspended.count_busy() == 0, "the suspended host")
	assert collect_state(connection, assignee, file, webhook) == done

	assert count_assignments(leads, assignee) == [1] * LEADS
	assert get_values("Generated Report", file, "row_count", "attempts") == (1, 2)
	check_deliveries(webhook, receiver, once=[before.name, after.name])
	clean = make_connection(kipu, page_size=PAGE_SIZE)
	assert run_sync(clean, "full")["status"] == "Completed"
	assert list_records(connection) == list_records(clean)


def collect_state(connection: str, assignee: str, file: str, webhook: Any) -> dict[str, Any]:
	"""Return what the work has left, to compare it later."""
	frappe.db.rollback()
	return {
		"clients": list_clients_and_stays(connection),
		"runs": frappe.get_all(
			"Sync Run", {"connection": connection}, ["name", "status", "host", "pages"], order_by="name"
		),
		"assignments": sorted(frappe.get_all("ToDo", {"allocated_to": assignee}, pluck="name")),
		"report": get_values("Generated Report", file, "file", "status", "finished_at"),
		"deliveries": list_deliveries(webhook, "message_id", "status", "attempts"),
	}


def count_assignments(leads: list[str], assignee: str) -> list[int]:
	return [frappe.db.count("ToDo", {"reference_name": lead, "allocated_to": assignee}) for lead in leads]


def check_deliveries(webhook: Any, receiver: Receiver, once: list[str]) -> None:
	"""Each event has reached the receiver. Those in flight when their host was suspended have the same id both times."""
	rows = list_deliveries(webhook, "message_id", "reference_name")
	counts = {name: receiver.ids.count(message_id) for message_id, name in rows}
	assert set(receiver.ids) == {message_id for message_id, _name in rows}
	assert [counts[name] for name in once] == [1] * len(once)
	assert [count for name, count in counts.items() if name not in once] == [2] * HELD


def list_records(connection: str) -> list[list[tuple[str, Any]]]:
	"""Return clients and stays without names that derive from the connection's."""
	rows = list_clients_and_stays(connection)
	return sorted(
		(
			sorted((key, str(value)) for key, value in row.items() if key not in NAMES_OF_CONNECTION)
			for row in rows
		),
	)
