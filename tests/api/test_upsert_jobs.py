"""Jobs of upserts: killed, resumed, taken over, given up, and side by side with others of the same keys."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import frappe
from frappe.utils import now_datetime
from frappe.utils.background_jobs import get_queues

from orchestrator import clock
from orchestrator.api.bulk.jobs import delete_old_operations
from orchestrator.api.upserts import jobs, results, upsert_many
from orchestrator.api.upserts.save_effects import can_write_many
from tests.conftest import BENCH
from tests.support import factories, upserts
from tests.support.client import Client, get_data
from tests.support.upserts import DOCTYPE, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]
WORKER = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "worker", "--burst", "--quiet"]
LISTENED = "Upsert Listened"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	upserts.make_doctype()
	# Its records are saved one by one, because a list of them is searched globally.
	fields = [upserts.build_field("external_id", unique=1), upserts.build_field("title", in_global_search=1)]
	upserts.make_doctype(LISTENED, fields, autoname="UPL-.#####")
	assert can_write_many(frappe.get_meta(DOCTYPE))
	assert not can_write_many(frappe.get_meta(LISTENED))
	for queue in get_queues():
		queue.empty()
	yield
	upserts.delete_doctypes(DOCTYPE, LISTENED)


@pytest.fixture
def clerk(api: Api) -> Client:
	return api(str(factories.make_user(ROLE).name))


def start_worker() -> subprocess.Popen[bytes]:
	"""Start a worker in a process group of its own, which ends when there is no job left."""
	return subprocess.Popen(WORKER, cwd=Path(BENCH or "") / "sites", start_new_session=True)


def wait_for_progress(operation: str, least: int) -> int:
	for _ in range(600):
		frappe.db.rollback()
		if (done := frappe.db.get_value("Bulk Operation", operation, "done")) >= least:
			return int(done)
		time.sleep(0.1)
	raise AssertionError("no progress")


def resume(operation: str) -> None:
	frappe.db.set_value("Bulk Operation", operation, "last_activity_at", "2020-01-01")
	frappe.db.commit()
	jobs.resume_dead_operations()


def build_records(mark: str, count: int) -> list[dict[str, Any]]:
	return [{"external_id": f"{mark}-{number}", "title": f"Title {number}"} for number in range(count)]


@pytest.mark.parametrize("doctype", [DOCTYPE, LISTENED])
def test_killed_worker_is_resumed_without_doubles(
	clerk: Client, worker: Worker, mark: str, doctype: str
) -> None:
	count = 20_000 if doctype == DOCTYPE else 700
	body = upserts.to_ndjson(build_records(mark, count))
	operation = get_data(upserts.send_body(clerk, body, doctype=doctype))["operation"]
	process = start_worker()
	try:
		done = wait_for_progress(operation, 1)
	finally:
		os.killpg(process.pid, signal.SIGKILL)
		process.wait()
	frappe.db.rollback()
	assert frappe.db.get_value("Bulk Operation", operation, "status") == "Running"
	assert len(upserts.list_rows(doctype, "name", external_id=("like", f"{mark}-%"))) >= done
	resume(operation)
	worker()
	state = upserts.get_state(clerk, operation)
	found = upserts.get_results(clerk, state)
	assert (state["status"], state["done"], state["created"]) == ("Completed", count, count)
	assert [result["line"] for result in found] == list(range(1, count + 1))
	rows = upserts.list_rows(doctype, "external_id", "name", external_id=("like", f"{mark}-%"))
	assert len(rows) == len({row["external_id"] for row in rows}) == count
	assert {row["name"] for row in rows} == {result["name"] for result in found}
	assert frappe.db.count("Bulk Operation Chunk", {"operation": operation}) == 0


def test_parallel_uploads_of_the_same_keys(clerk: Client, worker: Worker, mark: str) -> None:
	"""Four upserts of the same 1,000 keys, in different orders, in four workers."""
	records = build_records(mark, 1000)
	operations = []
	for number in range(4):
		moved = records[number * 250 :] + records[: number * 250]
		sent = [{**record, "title": f"{record['title']} by {number}"} for record in reversed(moved)]
		operations.append(get_data(upserts.send_body(clerk, upserts.to_ndjson(sent)))["operation"])
	processes = [start_worker() for _ in operations]
	assert [process.wait(timeout=120) for process in processes] == [0] * 4
	states = [upserts.get_state(clerk, operation) for operation in operations]
	assert [(state["status"], state["failed"], state["done"]) for state in states] == [
		("Completed", 0, 1000)
	] * 4
	assert sum(state["created"] for state in states) == 1000
	assert sum(state["updated"] for state in states) == 3000
	rows = upserts.list_rows(DOCTYPE, "external_id", external_id=("like", f"{mark}-%"))
	assert Counter(row["external_id"] for row in rows) == Counter(record["external_id"] for record in records)


def queue_upsert(mark: str, count: int, doctype: str = DOCTYPE) -> str:
	records = upserts.to_ndjson(build_records(mark, count)).decode()
	operation = upsert_many(doctype, "external_id", records)["operation"]
	frappe.db.commit()
	for queue in get_queues():
		queue.empty()
	return operation


def test_job_whose_time_is_up_hands_over(site: str, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(jobs, "MAX_JOB_SECONDS", -1)
	operation = queue_upsert(mark, 1200)
	seen = []
	for attempt in range(1, 6):
		jobs.run_upsert_job(operation, attempt)
		seen.append(frappe.db.get_value("Bulk Operation", operation, ["status", "job_number", "done"]))
	assert seen == [
		("Running", 2, 500),
		("Running", 3, 1000),
		("Running", 4, 1200),
		("Completed", 4, 1200),
		("Completed", 4, 1200),
	]


def test_job_that_was_given_up_writes_nothing(site: str, mark: str) -> None:
	operation = queue_upsert(mark, 3)
	resume(operation)
	jobs.run_upsert_job(operation, 1)
	assert upserts.list_rows(DOCTYPE, external_id=("like", f"{mark}-%")) == []
	jobs.run_upsert_job(operation, 2)
	assert len(upserts.list_rows(DOCTYPE, external_id=("like", f"{mark}-%"))) == 3


def test_queued_job_is_not_resumed(site: str, mark: str) -> None:
	operation = upsert_many(DOCTYPE, "external_id", upserts.to_ndjson(build_records(mark, 1)).decode())[
		"operation"
	]
	frappe.db.commit()
	resume(operation)
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "job_number"]) == ("Queued", 1)


def test_the_clock_of_the_host_that_looks_does_not_matter(
	site: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	operation = queue_upsert(mark, 1)
	monkeypatch.setattr(clock, "get_now", lambda: now_datetime() + timedelta(days=1))
	jobs.resume_dead_operations()
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "job_number"]) == ("Queued", 1)


def test_operation_is_given_up_after_four_lost_jobs(clerk: Client, site: str, mark: str) -> None:
	operation = get_data(upserts.send_body(clerk, upserts.to_ndjson(build_records(mark, 2))))["operation"]
	for _ in range(4):
		for queue in get_queues():
			queue.empty()
		resume(operation)
	state = upserts.get_state(clerk, operation)
	assert (state["status"], state["error"]["type"], state["result_file"]) == ("Failed", "WorkerLost", None)
	assert frappe.session.user == "Administrator"
	assert frappe.db.count("Bulk Operation Chunk", {"operation": operation}) == 0


def test_result_files_are_deleted_with_old_operations(site: str, mark: str) -> None:
	operation = queue_upsert(mark, 1)
	jobs.run_upsert_job(operation, 1)
	file = frappe.get_doc("File", frappe.db.get_value("Bulk Operation", operation, "result_file"))
	assert Path(file.get_full_path()).exists()
	frappe.db.set_value("Bulk Operation", operation, "creation", "2020-01-01")
	delete_old_operations()
	frappe.db.commit()
	assert not frappe.db.exists("Bulk Operation", operation)
	assert not frappe.db.exists("File", file.name)
	assert not Path(file.get_full_path()).exists()


def test_unexpected_error_is_logged_without_records_and_the_operation_resumed(
	site: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	def fail(*_arguments: object) -> str:
		raise RuntimeError(mark)

	operation = queue_upsert(mark, 2)
	with monkeypatch.context() as patches:
		patches.setattr(results, "create_result_file", fail)
		jobs.run_upsert_job(operation, 1)
	logs = frappe.get_all("Error Log", {"method": ("like", f"{operation}%")}, ["error"])
	assert [("RuntimeError in upsert" in log.error, mark in log.error) for log in logs] == [(True, False)]
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "done"]) == ("Running", 2)
	resume(operation)
	jobs.run_upsert_job(operation, 2)
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "created"]) == ("Completed", 2)
