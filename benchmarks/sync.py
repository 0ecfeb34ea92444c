"""The sync compared with simple alternatives: importing with `insert()`, a run without changes with plain
reading, memory of many clients with that of few, and the cost of an incremental run beyond its pages.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.sync [--people 10000] [--many 100000]

Starts the Kipu simulator in a process of its own on this machine, measures both sides in one run, removes what it made.
Ends with exit code 1 when a target is missed.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import requests

import frappe

from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.sync import connection as connections
from orchestrator.sync.actions import run_requests
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.pages import Page
from orchestrator.sync.kipu.records import parse_record
from orchestrator.sync.merge import fingerprints, three_way
from orchestrator.sync.runs import engine, run_queue, run_records
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.storage import store
from tests.conftest import stay_on_this_machine
from tests.support import factories
from tests.support.kipu_site import set_loopback_allowed

START, END = date(2020, 1, 1), date(2100, 1, 1)
CHANGES = 50
WANTED_SPEEDUP, ALLOWED_RATIO, ALLOWED_QUERIES, ALLOWED_MEMORY, ALLOWED_SECONDS = 10.0, 2.0, 5, 1.2, 3.0
TOKEN = "benchmark"
DOCTYPES = ("Client", "Client Stay", "Sync State", "Sync Run", "Sync Issue")


@contextmanager
def simulator(people: int) -> Iterator[str]:
	"""Run a Kipu instance in a separate process. Yields its URL."""
	command = [
		sys.executable,
		"-m",
		"orchestrator.kipu_simulator",
		"--port",
		"0",
		"--people",
		str(people),
	]
	process = subprocess.Popen([*command, "--control-token", TOKEN], stdout=subprocess.PIPE, text=True)
	assert process.stdout
	line = process.stdout.readline()
	try:
		yield line.split(" on ")[1].split(": ")[0]
	finally:
		process.terminate()
		process.wait()


def connect(base_url: str) -> str:
	keys = Keys()
	doc = factories.make_record(
		"Kipu Connection",
		connection_name=factories.make_unique("Benchmark"),
		base_url=base_url,
		access_id=keys.access_id,
		secret_key=keys.secret_key,
		app_id=keys.app_id,
		requests_per_second=1_000_000,
		history_start=START,
	)
	return str(doc.name)


def remove(connection: str) -> None:
	"""Delete everything of a connection."""
	frappe.db.rollback()
	names = frappe.get_all("Sync Run", filters={"connection": connection}, pluck="name")
	frappe.db.delete("Sync Change", {"sync_run": ("in", names)})
	facilities = frappe.get_all("Kipu Location", filters={"parent": connection}, pluck="facility")
	facilities.append(frappe.db.get_value("Kipu Connection", connection, "default_facility"))
	for doctype in DOCTYPES:
		frappe.db.delete(doctype, {"connection": connection})
	for doctype in ("Notification Log", "Version"):
		frappe.db.delete(
			doctype, {"document_name" if doctype == "Notification Log" else "docname": connection}
		)
	frappe.delete_doc("Kipu Connection", connection, force=True, delete_permanently=True)
	for facility in filter(None, facilities):
		frappe.delete_doc("Facility", facility, force=True, delete_permanently=True)
	frappe.db.commit()


def list_pages(read: Callable[[KipuClient], Iterator[Page]], connection: str) -> list[Page]:
	client, session = connections.open_client(connection)
	try:
		return list(read(client))
	finally:
		session.close()


@dataclass(frozen=True)
class Cost:
	"""Seconds of wall-clock time, and of this process's CPU time."""

	clock: float
	processor: float

	def per_document(self, count: int) -> "Cost":
		return Cost(self.clock / count, self.processor / count)

	def __sub__(self, other: "Cost") -> "Cost":
		return Cost(self.clock - other.clock, self.processor - other.processor)

	def __add__(self, other: "Cost") -> "Cost":
		return Cost(self.clock + other.clock, self.processor + other.processor)


def measured(work: Callable[[], Any]) -> tuple[Cost, Any]:
	frappe.db.commit()
	clock, processor = time.perf_counter(), time.process_time()
	result = work()
	return Cost(time.perf_counter() - clock, time.process_time() - processor), result


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
	cost, result = measured(work)
	return cost.clock, result


def run(connection: str, sync_type: str = "full") -> dict[str, Any]:
	result = run_requests.run_in_process(RunRequest(connection, sync_type))
	assert result["status"] == "Completed", (result["error"], result["held_reason"])
	return dict(result)


def read_and_parse(connection: str) -> int:
	"""Read and parse what a full run reads, and nothing else."""
	source = connections.get_source(connection)
	at = datetime.now(timezone.utc)
	client, session = connections.open_client(connection)
	count = 0
	try:
		for read in (client.list_updated(START, END), client.list_census(), client.list_deleted()):
			for page in read:
				for raw in page.records:
					parse_record(raw, source.zones, at)
				count += len(page.records)
	finally:
		session.close()
	return count


def build_documents(connection: str, limit: int) -> list[list[dict[str, Any]]]:
	"""Return the documents of this number of records as the run would write them, page by page, each once."""
	source = connections.get_source(connection)
	at = datetime.now(timezone.utc)
	pages: list[list[dict[str, Any]]] = []
	met: set[str] = set()
	count = 0
	client, session = connections.open_client(connection)
	try:
		for page in client.list_updated(START, END):
			records = [
				fingerprints.parse_fingerprinted(fingerprints.fingerprint_record(raw, source), source, at)
				for raw in page.records
			]
			persons = store.get_persons(source, sorted({each.client_name for each in records if each}))
			for each in filter(None, records):
				three_way.merge_records(persons[each.client_name], [each], source)
			new = [each for person in persons.values() for each in person.records if each.name not in met]
			met.update(each.name for each in new)
			pages.append([{"doctype": each.doctype, **each.row} for each in new])
			count += len(records)
			if count >= limit:
				break
	finally:
		session.close()
	return pages


def insert_one_by_one(pages: list[list[dict[str, Any]]]) -> None:
	"""Save each document by insert(), with a commit for each page."""
	for page in pages:
		for each in page:
			frappe.get_doc(each).insert()
		frappe.db.commit()


def first_import(people: int, inserted: int) -> bool:
	"""Measure an import between two halves of the insertions. Both commit page by page.

	The target is taken of the whole import, reading the pages from the remote included, though insert() gets its
	documents ready made. Saving alone is the import without reading and parsing the same pages, the best of three.
	"""
	with simulator(people) as base_url:
		plain, connection = connect(base_url), connect(base_url)
		try:
			prepare(plain)
			pages = build_documents(plain, inserted)
			half = len(pages) // 2
			before, _none = measured(lambda: insert_one_by_one(pages[:half]))
			ours, result = measured(lambda: run(connection))
			after, _none = measured(lambda: insert_one_by_one(pages[half:]))
			count = frappe.db.count("Client", {"connection": connection}) + result["imported"]
			documents = sum(map(len, pages))
			good, reading = unchanged(connection)
			plainly = (before + after).per_document(documents)
			print(f"first import of {people} clients ({count} documents; insert() of {documents} of them):")
			tell("the whole import beside insert() alone", plainly, ours.per_document(count))
			tell(
				"with reading and parsing on both sides",
				plainly + reading.per_document(count),
				ours.per_document(count),
			)
			tell("saving alone, reading and parsing left out", plainly, (ours - reading).per_document(count))
			return good and plainly.clock / ours.per_document(count).clock >= WANTED_SPEEDUP
		finally:
			remove(plain)
			remove(connection)


def tell(what: str, plainly: Cost, ours: Cost) -> None:
	clock, processor = plainly.clock / ours.clock, plainly.processor / ours.processor
	print(
		f"  {what}: {plainly.clock * 1000:.2f} ms a document, ours {ours.clock * 1000:.3f} ms: {clock:.1f}x "
		f"(processor time {plainly.processor * 1000:.2f} and {ours.processor * 1000:.3f} ms: {processor:.1f}x)"
	)


def prepare(connection: str) -> None:
	"""Create the facilities, which the documents link to."""
	from orchestrator.sync.merge import location_facilities

	source = connections.get_source(connection)
	records = list_pages(lambda client: client.list_locations(), connection)[0].records
	location_facilities.ensure_facilities(records, source, lambda: None, dry_run=False)
	frappe.db.commit()


def unchanged(connection: str) -> tuple[bool, Cost]:
	"""Measure a run that finds no changes compared with reading and parsing, in turn; the best of three each.
	Return whether it is within the bound, and the cost of reading.
	"""
	reading, running = [], []
	for _ in range(3):
		reading.append(measured(lambda: read_and_parse(connection))[0])
		running.append(timed(lambda: run(connection))[0])
	queries, pages = count_queries(connection)
	best = min(reading, key=lambda each: each.clock)
	ratio = min(running) / best.clock
	print(
		f"again, unchanged: {min(running):.2f} s beside {best.clock:.2f} s of reading and parsing: {ratio:.2f}x "
		f"(target {ALLOWED_RATIO}x); {queries / pages:.2f} queries a page (target {ALLOWED_QUERIES})"
	)
	return ratio <= ALLOWED_RATIO and queries / pages <= ALLOWED_QUERIES, best


def count_queries(connection: str) -> tuple[int, int]:
	"""Return the statements of a run, commits included, and its pages, without the fixed cost of a run."""
	counted = [0]
	original = frappe.db.sql

	def sql(*args: Any, **kwargs: Any) -> Any:
		counted[0] += 1
		return original(*args, **kwargs)

	frappe.db.sql = sql
	try:
		started = run_queue.begin_run(RunRequest(connection, "full"))
		first = [0]

		def watch(_run: run_records.Run) -> None:
			first[0] = first[0] or counted[0]

		engine.execute(started, watch)
	finally:
		del frappe.db.sql
	pages = int(frappe.db.get_value("Sync Run", started.name, "pages"))
	return counted[0] - first[0], pages


def measure_peak(site: str, connection: str) -> dict[str, Any]:
	"""Measure a full run in a separate process: its peak memory in MB, and its output."""
	code = f"from benchmarks.sync import in_child; in_child({site!r}, {connection!r})"
	done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
	return dict(json.loads(done.stdout.splitlines()[-1]))


def in_child(site: str, connection: str) -> None:
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	with patience():
		result = run(connection)
	peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
	print(
		json.dumps({"peak": peak, "imported": result["imported"], "seconds": result["sync_duration_seconds"]})
	)


@contextmanager
def patience() -> Iterator[None]:
	frappe.conf.kipu_allowed_hosts = ["127.0.0.1"]
	yield


def memory_and_incremental(people: int, many: int) -> bool:
	peaks: dict[int, float] = {}
	good = True
	for size in (people, many):
		with simulator(size) as base_url:
			connection = connect(base_url)
			try:
				first, again = (
					measure_peak(frappe.local.site, connection),
					measure_peak(frappe.local.site, connection),
				)
				peaks[size] = max(first["peak"], again["peak"])
				print(
					f"full run of {size} clients: peak {first['peak']:.0f} MB importing ({first['seconds']:.0f} s), "
					f"{again['peak']:.0f} MB again ({again['seconds']:.0f} s)"
				)
				if size == many:
					good = incremental(base_url, connection)
			finally:
				remove(connection)
	ratio = peaks[many] / peaks[people]
	print(f"  peak memory {ratio:.2f}x (target {ALLOWED_MEMORY}x)")
	return good and ratio <= ALLOWED_MEMORY


def incremental(base_url: str, connection: str) -> bool:
	"""Measure an incremental run with fifty changes compared with reading its pages."""
	run(connection, "incremental")
	for number in range(CHANGES):
		action = {
			"action": "set_field",
			"stay": number * 7,
			"name": "phone",
			"value": f"212-555-{number:04d}",
		}
		reply = requests.post(
			f"{base_url}/_control/actions", json=action, headers={"X-Control-Token": TOKEN}, timeout=10
		)
		reply.raise_for_status()
	source = connections.get_source(connection)
	start = source.cursor

	def read(client: KipuClient) -> Iterator[Page]:
		assert start
		yield from client.list_updated(start.replace(day=1), END)
		yield from client.list_census()
		yield from client.list_deleted(start, END)

	ours, result = timed(lambda: run(connection, "incremental"))
	reading, pages = timed(lambda: list_pages(read, connection))
	beyond = ours - reading
	print(
		f"incremental with {result['updated']} changes: {ours:.2f} s, reading its {len(pages)} pages {reading:.2f} s: "
		f"{beyond:.2f} s beyond (target {ALLOWED_SECONDS:.0f} s)"
	)
	return beyond <= ALLOWED_SECONDS and result["updated"] == CHANGES


def main() -> int:
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--people", type=int, default=10_000)
	parser.add_argument("--many", type=int, default=100_000)
	parser.add_argument(
		"--inserted", type=int, default=1000, help="records saved with insert() for comparison"
	)
	given = parser.parse_args()
	sites = Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites"
	os.chdir(sites)
	stay_on_this_machine()
	frappe.init(site=os.environ["ORCHESTRATOR_SITE"], sites_path=str(sites))
	frappe.connect()
	with set_loopback_allowed():
		good = [first_import(given.people, given.inserted)]
		if given.many:
			good.append(memory_and_incremental(given.people, given.many))
	frappe.destroy()
	return 0 if all(good) else 1


if __name__ == "__main__":
	sys.exit(main())
