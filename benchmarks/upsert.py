"""Records written by an upsert, beside insert() of each, where nothing listens to the DocType.

- create: N new records; beside them insert() of each and one commit at the end, without HTTP and without a job
- update: N records of which a field changes; beside them save() of each
- unchanged: the same N records sent again

The upsert is measured with everything: the call that takes the file, its chunks, the job's work, the result file. Both
sides run in one process and take turns in rounds. Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.upsert [--records 100000]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import frappe

from benchmarks.site import connect_site
from orchestrator.api.upserts import jobs, upsert_many
from tests.support import upserts

Record = dict[str, Any]


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--records", type=int, default=100_000)
	parser.add_argument("--rounds", type=int, default=3)
	options = parser.parse_args()
	connect_site()
	upserts.make_doctype()
	try:
		play(20, 0)
		report(options.records, [play(options.records, turn) for turn in range(options.rounds)])
	finally:
		upserts.delete_doctypes(upserts.DOCTYPE)


def play(count: int, turn: int) -> dict[str, float]:
	"""One round; returns the seconds of each side."""
	names = {"create": frappe.generate_hash(length=6), "insert()": frappe.generate_hash(length=6)}
	files = {side: build_records(name, count) for side, name in names.items()}
	sides: list[tuple[str, Callable[[], None]]] = [
		("create", lambda: upsert(files["create"], "created")),
		("insert()", lambda: insert_each(files["insert()"])),
	]
	seconds = {side: measure(work) for side, work in (sides if turn % 2 else reversed(sides))}
	seconds["unchanged"] = measure(lambda: upsert(files["create"], "unchanged"))
	for records in files.values():
		for record in records:
			record["title"] += " again"
	seconds["update"] = measure(lambda: upsert(files["create"], "updated"))
	seconds["save()"] = measure(lambda: save_each(files["insert()"]))
	return seconds


def build_records(prefix: str, count: int) -> list[Record]:
	return [
		{
			"external_id": f"{prefix}-{number}",
			"title": f"Record {number}",
			"amount": number * 1.25,
			"units": number % 50,
			"size": "Large" if number % 2 else "Small",
			"due_on": f"2027-03-{number % 28 + 1:02}",
			"notes": f"Some words on the record with the number {number}",
		}
		for number in range(count)
	]


def measure(work: Callable[[], None]) -> float:
	begin = time.perf_counter()
	work()
	return time.perf_counter() - begin


def upsert(records: list[Record], expected: str) -> None:
	"""Send the records as text, and carry the job out here."""
	text = "\n".join(map(json.dumps, records))
	queued = upsert_many(upserts.DOCTYPE, "external_id", text)
	frappe.db.after_commit.reset()  # no worker gets the job
	frappe.db.commit()
	jobs.run_upsert_job(queued["operation"], 1)
	counted = frappe.db.get_value("Bulk Operation", queued["operation"], ["status", expected])
	assert counted == ("Completed", len(records)), counted


def insert_each(records: list[Record]) -> None:
	for record in records:
		frappe.get_doc({"doctype": upserts.DOCTYPE, **record}).insert()
	frappe.db.commit()


def save_each(records: list[Record]) -> None:
	for record in records:
		doc = frappe.get_doc(upserts.DOCTYPE, {"external_id": record["external_id"]})
		doc.title = record["title"]
		doc.save()
	frappe.db.commit()


def report(count: int, times: list[dict[str, float]]) -> None:
	middle = {side: statistics.median(row[side] for row in times) for side in times[0]}
	for side, seconds in middle.items():
		print(f"{side:9} {count} records: {seconds:8.2f} s, {seconds * 1000 / count:.3f} ms each")
	for ours, stock in (("create", "insert()"), ("update", "save()")):
		ratios = [row[stock] / row[ours] for row in times]
		print(
			f"{ours} is {statistics.median(ratios):.1f} times as fast as {stock}"
			f" (rounds: {', '.join(f'{ratio:.1f}' for ratio in ratios)})"
		)


if __name__ == "__main__":
	main()
