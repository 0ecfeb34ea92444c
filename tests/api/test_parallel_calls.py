"""Twenty calls at the same moment, each served by its own thread and database connection.

What may be done twenty times is done twenty times, without a conflict; if only one call can succeed, the
others get the reason. See docs/decisions/0042.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import frappe

from orchestrator import isolation
from orchestrator.kipu_simulator.server import Simulator
from tests.conftest import BENCH, Callers, serve
from tests.support import docs_factories, factories, kipu_site
from tests.support.client import Client, get_data, get_error
from tests.support.gameplan import make_sprint
from tests.support.hr_factories import make_allocation, make_leave_type, make_person
from tests.support.parallel import send_at_once

CALLERS = 20
START = "orchestrator.gameplan.start_sprint"
INSERT, SET = "frappe.client.insert", "frappe.client.set_value"
SYNC = "orchestrator.sync.sync_kipu_clients"
ONE_WINS = {200: 1, 409: CALLERS - 1}

Api = Callable[[str], Client]


@pytest.fixture(scope="module")
def api(frappe_site: str) -> Iterator[Api]:
	"""Yield clients of a server that works on twenty requests at once."""
	with serve(frappe_site, Path(str(BENCH)) / "sites", threads=CALLERS) as base:
		yield Callers(base, frappe_site).api


@pytest.fixture(scope="module")
def people(frappe_site: str) -> list[str]:
	"""Return as many users as there are calls."""
	frappe.set_user("Administrator")
	return [docs_factories.make_person("Sales User") for _ in range(CALLERS)]


@pytest.fixture
def document(site: str, people: list[str]) -> str:
	return docs_factories.make_document(
		docs_factories.make_folder(*(("User", person, "Write") for person in people))
	)


def make_clients(api: Api, user: str) -> list[Client]:
	return [api(user) for _ in range(CALLERS)]


def count_statuses(replies: list[requests.Response]) -> dict[int, int]:
	statuses = [reply.status_code for reply in replies]
	return {status: statuses.count(status) for status in sorted(statuses)}


def assert_all(status: int, replies: list[requests.Response]) -> None:
	assert [(r.status_code, "" if r.ok else r.text[:300]) for r in replies] == [(status, "")] * CALLERS


# The server's setting and this app's connections


def test_requests_read_committed_rows_under_lock_with_any_server_setting(site: str) -> None:
	frappe.db.sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	isolation.read_committed_rows_under_lock()
	frappe.db.rollback()
	name = factories.make_lead().name
	frappe.db.commit()
	frappe.db.get_value("Lead", name, "lead_name")
	other = frappe.db.create_connection()
	other.cursor().execute("UPDATE tabLead SET lead_name = 'Of another' WHERE name = %s", (name,))
	other.commit()
	other.close()
	assert frappe.db.get_value("Lead", name, "lead_name", for_update=True) == "Of another"


def test_server_without_snapshot_isolation_is_asked_once(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
	statements: list[str] = []
	native = frappe.db.sql
	answers = iter([(), (("innodb_snapshot_isolation", "OFF"),)])

	def sql(query: Any, *args: Any, **kwargs: Any) -> Any:
		if "innodb_snapshot_isolation" not in str(query):
			return native(query, *args, **kwargs)
		statements.append(str(query))
		return next(answers)

	monkeypatch.setattr(frappe.db, "sql", sql)
	for _answer in range(2):  # a server that does not know the variable, then one with the variable off
		isolation.has_snapshot_isolation.clear_cache()
		for _request in range(3):
			isolation.read_committed_rows_under_lock()
	isolation.has_snapshot_isolation.clear_cache()
	assert len(statements) == 2
	assert all(statement.startswith("SHOW") for statement in statements)


# Documents


def test_twenty_versions_get_twenty_numbers(api: Api, document: str, people: list[str]) -> None:
	replies = send_at_once(
		[api(person) for person in people],
		lambda client, n: client.post(
			f"{docs_factories.METHOD}create_version", document=document, file=f"content {n}"
		),
	)
	assert_all(201, replies)
	assert sorted(reply.json()["data"]["number"] for reply in replies) == list(range(2, CALLERS + 2))
	assert [row.number for row in docs_factories.list_version_rows(document)] == list(range(1, CALLERS + 2))
	assert frappe.db.get_value("Document", document, "current_version") == CALLERS + 1


def test_parallel_uploads_with_one_title_become_versions(api: Api, site: str) -> None:
	folder = factories.make_unique("Folder")
	replies = send_at_once(
		make_clients(api, "Administrator"),
		lambda client, n: docs_factories.upload(client, f"/Documents/{folder}", "plan.txt", b"%d" % n),
	)
	assert_all(201, replies)
	assert frappe.db.count("Document Folder", {"title": folder}) == 1
	[document] = frappe.get_all("Document", {"document_folder": folder}, ["name", "current_version"])
	assert document.current_version == CALLERS
	rows = docs_factories.list_version_rows(document.name)
	assert [row.number for row in rows] == list(range(1, CALLERS + 1))
	contents = {docs_factories.get_stored_path(document.name, n).read_bytes() for n in range(1, CALLERS + 1)}
	assert contents == {b"%d" % n for n in range(CALLERS)}


@pytest.mark.parametrize("with_key", [False, True])
def test_twenty_uploads_into_a_new_path_create_each_folder_once(api: Api, site: str, with_key: bool) -> None:
	outer, inner = factories.make_unique("Outer"), factories.make_unique("Inner")

	def upload(client: Client, n: int) -> requests.Response:
		if with_key:
			client.headers = {**client.headers, "Idempotency-Key": frappe.generate_hash()}
		return docs_factories.upload(client, f"/Documents/{outer}/{inner}", f"{n}.txt", b"%d" % n)

	replies = send_at_once(make_clients(api, "Administrator"), upload)
	assert_all(201, replies)
	assert [frappe.db.count("Document Folder", {"title": title}) for title in (outer, inner)] == [1, 1]
	assert frappe.db.count("Document", {"document_folder": inner}) == CALLERS


def test_twenty_plain_uploads_into_a_new_path_create_each_folder_once(api: Api, site: str) -> None:
	outer = factories.make_unique("Outer")
	replies = send_at_once(
		make_clients(api, "Administrator"),
		lambda client, n: docs_factories.upload(client, f"/{outer}/Inner", f"{n}.txt", b"%d" % n),
	)
	assert_all(201, replies)
	assert frappe.db.count("File", {"name": ("like", f"Home/{outer}%"), "is_folder": 1}) == 2
	assert frappe.db.count("File", {"folder": f"Home/{outer}/Inner", "is_folder": 0}) == CALLERS


def test_parallel_check_out_succeeds_once_and_conflicts_name_the_holder(
	api: Api, document: str, people: list[str]
) -> None:
	replies = send_at_once(
		[api(person) for person in people],
		lambda client, _n: client.post(f"{docs_factories.METHOD}check_out", document=document),
	)
	assert count_statuses(replies) == ONE_WINS
	holder = frappe.db.get_value("Document", document, "checked_out_by")
	winner = next(n for n, reply in enumerate(replies) if reply.ok)
	assert (people[winner], replies[winner].json()["data"]["checked_out_by"]) == (holder, holder)
	refused = [reply for reply in replies if not reply.ok]
	assert {get_error(reply) for reply in refused} == {(409, "CheckoutConflictError")}
	assert all(f"has been checked out by {holder} since" in reply.json()["exc"] for reply in refused)
	assert docs_factories.list_audit_actions(document).count("Checked Out") == 1


def test_parallel_versions_for_one_base_create_one(api: Api, document: str, people: list[str]) -> None:
	replies = send_at_once(
		[api(person) for person in people],
		lambda client, n: client.post(
			f"{docs_factories.METHOD}create_version", document=document, file=f"content {n}", base_version=1
		),
	)
	assert count_statuses(replies) == {201: 1, 409: CALLERS - 1}
	assert {reply.json()["exc_type"] for reply in replies if not reply.ok} == {"ConflictError"}
	assert all("is now at version 2" in reply.json()["exc"] for reply in replies if not reply.ok)
	assert [row.number for row in docs_factories.list_version_rows(document)] == [1, 2]


# Number series, keys, writes of one record


@pytest.mark.parametrize("doctype", ["Lead", "Issue"])
def test_twenty_records_get_twenty_numbers_of_their_series(api: Api, site: str, doctype: str) -> None:
	mark = factories.make_unique("Numbered")
	title = {"Lead": "lead_name", "Issue": "subject"}[doctype]
	# In Frappe, two concurrent first records of a series cause a deadlock.
	factories.make_record(doctype, **{title: "The first of its series"})
	replies = send_at_once(
		make_clients(api, "Administrator"),
		lambda client, n: client.post(INSERT, doc={"doctype": doctype, title: f"{mark} {n}"}),
	)
	assert_all(201, replies)
	names = frappe.get_all(doctype, {title: ("like", f"{mark}%")}, pluck="name", order_by="name")
	numbers = sorted(int(name.split("-")[-1]) for name in names)
	assert numbers == list(range(numbers[0], numbers[0] + CALLERS))


def test_twenty_calls_with_one_key_create_once(api: Api, site: str) -> None:
	headers, mark = {"Idempotency-Key": frappe.generate_hash()}, factories.make_unique("Once")
	user = factories.make_user("Sales User").name
	replies = send_at_once(
		make_clients(api, user),
		lambda client, _n: client.post(INSERT, headers=headers, doc={"doctype": "Lead", "lead_name": mark}),
	)
	assert_all(201, replies)
	assert frappe.db.count("Lead", {"lead_name": mark}) == 1
	replayed = [reply.headers.get("Idempotency-Replayed") for reply in replies]
	assert replayed.count("true") == CALLERS - 1


def test_record_that_changed_since_it_was_read_is_a_conflict(api: Api, site: str) -> None:
	lead = factories.make_lead()
	replies = send_at_once(
		make_clients(api, "Administrator"),
		lambda client, n: client.post(
			SET, doctype="Lead", name=lead.name, city=f"City {n}", modified=str(lead.modified)
		),
	)
	assert count_statuses(replies) == ONE_WINS
	assert {reply.json()["exc_type"] for reply in replies if not reply.ok} == {"TimestampMismatchError"}
	winner = next(n for n, reply in enumerate(replies) if reply.ok)
	assert frappe.db.get_value("Lead", lead.name, "city") == f"City {winner}"


# HR, sprints


def test_of_twenty_punches_one_is_recorded(api: Api, site: str) -> None:
	person = make_person()
	replies = send_at_once(
		make_clients(api, person.user), lambda client, _n: client.post("orchestrator.hr.check_in")
	)
	assert count_statuses(replies) == {201: 1, 409: CALLERS - 1}
	assert frappe.db.count("Employee Checkin", {"employee": person.employee}) == 1


def test_of_twenty_applications_for_the_same_days_one_is_created(api: Api, site: str) -> None:
	leave_type = make_leave_type()
	person = make_person(leave_approver=make_person("Leave Approver").user)
	make_allocation(person.employee, leave_type)
	days = {"leave_type": leave_type, "from_date": "2027-03-01", "to_date": "2027-03-03"}
	replies = send_at_once(
		make_clients(api, person.user),
		lambda client, _n: client.post("orchestrator.hr.apply_leave", **days),
	)
	assert count_statuses(replies) == {201: 1, 409: CALLERS - 1}
	assert frappe.db.count("Leave Application", {"employee": person.employee}) == 1


def test_of_twenty_starts_of_sprints_of_one_project_one_succeeds(api: Api, site: str) -> None:
	first = make_sprint()
	sprints = [first.name, *(make_sprint(first.project).name for _ in range(CALLERS - 1))]
	replies = send_at_once(
		make_clients(api, "Administrator"), lambda client, n: client.post(START, sprint=sprints[n])
	)
	assert count_statuses(replies) == ONE_WINS
	assert {reply.json()["exc_type"] for reply in replies if not reply.ok} == {"SprintOverlapConflictError"}
	assert frappe.db.count("Sprint", {"name": ("in", sprints), "state": "Active"}) == 1


def test_twenty_tasks_join_an_active_sprint(api: Api, site: str) -> None:
	sprint = make_sprint()
	get_data(api("Administrator").post(START, sprint=sprint.name))
	tasks = [factories.make_task(project=sprint.project).name for _ in range(CALLERS)]
	replies = send_at_once(
		make_clients(api, "Administrator"),
		lambda client, n: client.post(SET, doctype="Task", name=tasks[n], sprint=sprint.name),
	)
	assert_all(200, replies)
	assert frappe.db.count("Task", {"sprint": sprint.name}) == CALLERS
	events = {"sprint": sprint.name, "kind": "Joined"}
	assert frappe.db.count("Sprint Event", events) == CALLERS


# Kipu


@pytest.fixture
def kipu(loopback: None, site: str) -> Iterator[Simulator]:
	with Simulator(12) as running:
		yield running


def test_twenty_connections_synced_at_once_get_each_record_once(api: Api, kipu: Simulator) -> None:
	names = [kipu_site.make_connection(kipu, page_size=3) for _ in range(CALLERS)]
	manager = kipu_site.get_user_with("Kipu Sync Manager")
	replies = send_at_once(
		make_clients(api, manager),
		lambda client, n: client.post(SYNC, connection=names[n], background=False),
	)
	assert_all(200, replies)
	results = [reply.json()["data"] for reply in replies]
	expected = ("Completed", 12, 0, [])
	assert [(r["status"], r["imported"], r["updated"], r["errors"]) for r in results] == [expected] * CALLERS
	for name in names:
		stays = frappe.get_all("Client Stay", {"connection": name}, pluck="casefile_id")
		assert (len(stays), len(set(stays))) == (12, 12)
		assert frappe.db.count("Sync State", {"connection": name}) == 24  # clients and stays


def test_twenty_syncs_of_one_connection_import_each_record_once(api: Api, kipu: Simulator) -> None:
	name = kipu_site.make_connection(kipu, page_size=3)
	manager = kipu_site.get_user_with("Kipu Sync Manager")
	replies = send_at_once(
		make_clients(api, manager), lambda client, _n: client.post(SYNC, connection=name, background=False)
	)
	done = [reply.json()["data"] for reply in replies if reply.ok]
	refused = [reply for reply in replies if not reply.ok]
	assert sum(result["imported"] for result in done) == 12
	assert {(result["status"], result["updated"]) for result in done} == {("Completed", 0)}
	assert {get_error(reply) for reply in refused} <= {(409, "RunConflictError")}
	assert all("is still running. Wait until it ends" in reply.json()["exc"] for reply in refused)
	stays = frappe.get_all("Client Stay", {"connection": name}, pluck="casefile_id")
	assert (len(stays), len(set(stays))) == (12, 12)
	assert frappe.db.count("Sync Run", {"connection": name}) == len(done)


def test_twenty_queued_runs_are_worked_on_by_two_workers_at_once(
	api: Api, kipu: Simulator, worker: Any
) -> None:
	names = [kipu_site.make_connection(kipu, page_size=3) for _ in range(CALLERS)]
	manager = kipu_site.get_user_with("Kipu Sync Manager")
	replies = send_at_once(
		make_clients(api, manager),
		lambda client, n: client.post(SYNC, connection=names[n], background=True),
	)
	assert_all(200, replies)
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "worker", "--burst", "--quiet"]
	workers = [subprocess.Popen(command, cwd=Path(str(BENCH)) / "sites") for _ in range(2)]
	assert [process.wait(timeout=240) for process in workers] == [0, 0]
	frappe.db.rollback()
	runs = frappe.get_all(
		"Sync Run", {"connection": ("in", names)}, ["status", "imported", "updated", "failed"], as_list=True
	)
	assert list(runs) == [("Completed", 12, 0, 0)] * CALLERS
	assert frappe.db.count("Client Stay", {"connection": ("in", names)}) == 12 * CALLERS
