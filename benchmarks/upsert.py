"""Records written by an upsert, beside insert() of each, where nothing listens to the DocType.

- create: N new records; beside them insert() of each and one commit at the end, without HTTP and without a job
- update: N records of which a field changes; beside them save() of each
- unchanged: the same N records sent again

The upsert is measured with everything: the call that takes the file, its chunks, the job's work, the result file. Both
sides run in one process and take turns in rounds; insert() and save() get a sample of the records, and ratios are those
of the time of one record. Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.upsert
		[--records 100000] [--sample 5000] [--rounds 3]
"""

import argparse
import json
import resource
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
	parser.add_argument("--sample", type=int, default=5_000, help="records of insert() and save()")
	parser.add_argument("--rounds", type=int, default=3)
	options = parser.parse_args()
	connect_site()
	upserts.make_doctype()
	try:
		play(20, 20, 0)
		sample = min(options.sample, options.records)
		report([play(options.records, sample, turn) for turn in range(options.rounds)])
	finally:
		upserts.delete_doctypes(upserts.DOCTYPE)


def play(count: int, sample: int, turn: int) -> dict[str, float]:
	"""One round; returns the milliseconds of each side for one record."""
	ours = build_records(frappe.generate_hash(length=6), count)
	stock = build_records(frappe.generate_hash(length=6), sample)
	sides: list[tuple[str, list[Record], Callable[[], None]]] = [
		("create", ours, lambda: upsert(ours, "created")),
		("insert()", stock, lambda: insert_each(stock)),
	]
	times = {side: measure(work, records) for side, records, work in (sides if turn % 2 else reversed(sides))}
	times["unchanged"] = measure(lambda: upsert(ours, "unchanged"), ours)
	for record in (*ours, *stock):
		record["title"] += " again"
	times["update"] = measure(lambda: upsert(ours, "updated"), ours)
	times["save()"] = measure(lambda: save_each(stock), stock)
	return times


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


def measure(work: Callable[[], None], records: list[Record]) -> float:
	"""Return the milliseconds of the work for each of the records."""
	begin = time.perf_counter()
	work()
	return (time.perf_counter() - begin) * 1000 / len(records)


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


def report(times: list[dict[str, float]]) -> None:
	memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
	for side in times[0]:
		print(f"{side:9} {statistics.median(row[side] for row in times):.3f} ms each")
	for ours, stock in (("create", "insert()"), ("update", "save()")):
		ratios = [row[stock] / row[ours] for row in times]
		print(
			f"{ours} is {statistics.median(ratios):.1f} times as fast as {stock}"
			f" (rounds: {', '.join(f'{ratio:.1f}' for ratio in ratios)})"
		)
	print(f"peak memory of the process: {memory:.0f} MiB")


if __name__ == "__main__":
	main()
