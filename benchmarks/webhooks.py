"""Webhooks with reliable delivery beside Frappe's own, side by side on one site.

- a save and its commit: the delivery is stored, where Frappe puts the document into Redis
- deliveries to a receiver on this machine that takes some time to answer: the work of the jobs, without a queue

Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.webhooks [--records 100]
"""

import argparse
import time
from http.server import BaseHTTPRequestHandler

import frappe
from frappe.integrations.doctype.webhook.webhook import enqueue_webhook
from frappe.model.document import Document

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.api import webhook_jobs
from orchestrator.configuration import get_settings
from tests.conftest import stay_on_this_machine
from tests.support import factories
from tests.support.webhooks import Received, answer_status, list_deliveries, make_webhook, run_receiver

ANSWER_SECONDS = 0.02
DOCTYPE = "Gender"  # a small one, so that the rest of a save weighs little


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--records", type=int, default=100)
	parser.add_argument("--rounds", type=int, default=30)
	options = parser.parse_args()
	stay_on_this_machine()
	connect_site()
	get_settings().allow_private_webhook_targets = 1  # of this process alone
	records = {name: make_record(name) for name in ("without", "stock", "ours")}
	with run_receiver(answer_slowly) as receiver:
		webhooks = {
			name: make_webhook(
				receiver.url,
				webhook_doctype=DOCTYPE,
				condition=f"{name!r} in (doc.name or '')",
				reliable_delivery=int(name == "ours"),
				webhook_json="{{ doc | json }}",
			)
			for name in ("stock", "ours")
		}
		try:
			report_saves(records, options.rounds)
			report_deliveries(webhooks["ours"], webhooks["stock"], options.records)
		finally:
			for webhook in webhooks.values():
				webhook.delete()
			frappe.db.commit()


def make_record(prefix: str) -> Document:
	return factories.make_record(DOCTYPE, gender=factories.make_unique(prefix))


def answer_slowly(handler: BaseHTTPRequestHandler, request: Received) -> None:
	time.sleep(ANSWER_SECONDS)
	answer_status(204)(handler, request)


def report_saves(records: dict[str, Document], rounds: int) -> None:
	"""Compare a save of a record that has a webhook of either kind, and of one that has none."""
	calls = {name: lambda doc=doc: save(doc) for name, doc in records.items()}
	times = measure_in_turn(calls, rounds, warm_up_rounds=3)
	print("  ".join(f"save, {name} {taken:.2f} ms" for name, taken in times.items()))
	print(f"ours beside stock: {times['ours'] / times['stock']:.2f}x")


def save(doc: Document) -> None:
	frappe.get_doc(doc.doctype, doc.name).save()
	frappe.db.commit()


def report_deliveries(ours: Document, stock: Document, records: int) -> None:
	"""Compare the time that deliveries take, one record each."""
	webhook_jobs.deliver_webhook(ours.name)
	made = [make_record("ours") for _ in range(records)]
	start = time.perf_counter()
	webhook_jobs.deliver_webhook(ours.name)
	mine = time.perf_counter() - start
	assert set(list_deliveries(ours, "status")) == {"Delivered"}
	start = time.perf_counter()
	for record in made:
		enqueue_webhook(record, stock)
		frappe.db.commit()
	theirs = time.perf_counter() - start
	print(
		f"{records} deliveries: ours {mine:.2f} s, stock in one worker {theirs:.2f} s: {theirs / mine:.2f} times as fast"
	)


if __name__ == "__main__":
	main()
