"""A soak: mixed requests from several callers to real web workers, whose memory must stay flat.

Reads, conditional reads, lists, inserts, updates, deletions, batches, change feeds, upserts, tickets, documents, search,
webhooks, API keys, sprints, clients, dashboards, reports, files, MCP, refusals and the OpenAPI document, mixed by a fixed
seed. The web server is gunicorn as in production, without `--max-requests`, which would hide a leak by starting workers
anew; a background worker carries out the jobs, which deliver a webhook to a receiver on this machine. The resident memory
of each worker is read at every tenth of the requests; the rate limit is off. Ends with exit code 1 if the second half adds
more than 5 % to a worker's memory, or if a reply had an unexpected status. Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.soak [--requests 100000]
"""

import argparse
import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import psutil

import frappe

from benchmarks.site import connect_site
from benchmarks.soak_callers import Caller, make_callers
from benchmarks.soak_requests import MIX
from tests.conftest import SITE, serve, stay_on_this_machine
from tests.support import upserts
from tests.support.rate_limits import override_rate_limit
from tests.support.webhooks import (
	allow_private_targets,
	delete_reliable_webhooks,
	make_webhook,
	run_receiver,
)

MEASURED_PERCENT = (1, *range(10, 101, 10))
MAX_GROWTH = 1.05
SEED = 20_261
CLIENTS = 8


def main() -> int:
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--requests", type=int, default=100_000)
	parser.add_argument("--workers", type=int, default=2)
	options = parser.parse_args()
	stay_on_this_machine()
	sites = connect_site()
	frappe.flags.mute_emails = True
	with make_records() as webhook, override_rate_limit(rate_limit_enabled=0), run_jobs(sites) as worker:
		callers = make_callers(CLIENTS, webhook)
		with serve_workers(sites, options.workers) as base:
			return run(base, worker, callers, options.requests)


@contextlib.contextmanager
def make_records() -> Iterator[str]:
	"""Make a DocType for upserts, and a webhook on the notes of the batches. Yield the name of the webhook."""
	upserts.make_doctype()
	with allow_private_targets(), run_receiver() as receiver:
		try:
			yield str(
				make_webhook(
					receiver.url, webhook_doctype="Note", webhook_json='{"name": {{ doc.name | json }}}'
				).name
			)
		finally:
			delete_reliable_webhooks()


@contextlib.contextmanager
def run_jobs(sites: Path) -> Iterator[psutil.Process]:
	"""Run a background worker for all queues until the context ends."""
	command = ["nice", sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "worker", "--quiet"]
	process = subprocess.Popen(command, cwd=sites)
	try:
		yield psutil.Process(process.pid)
	finally:
		process.kill()  # a warm shutdown would wait for the job
		process.wait()


def serve_workers(sites: Path, workers: int) -> contextlib.AbstractContextManager[str]:
	"""Serve the site by several worker processes of four threads each."""
	return serve(str(SITE), sites, workers=workers)


def run(base: str, worker: psutil.Process, callers: list[Caller], requests: int) -> int:
	"""Send the requests, print the memory of the workers as they go, and return the exit code."""
	server = find_server(base)
	counts: Counter[str] = Counter()
	memory: dict[int, dict[int, float]] = {}
	done, begun = 0, time.monotonic()
	for percent in MEASURED_PERCENT:
		target = requests * percent // 100
		send_many(base, callers, target - done, percent, counts)
		done = target
		memory[percent] = measure_workers(server)
		print(describe(percent, done, time.monotonic() - begun, memory[percent], worker), flush=True)
	print("\n" + ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())))
	print(f"{sum(caller.deadlocks for caller in callers):,} requests sent again after a deadlock")
	failures = sum(caller.failures for caller in callers)
	print(f"{failures:,} unexpected replies")
	return int(report(memory) > 0 or failures > 0)


def send_many(base: str, callers: list[Caller], count: int, seed: int, counts: Counter[str]) -> None:
	"""Send requests from all callers at the same time, each over one kept connection."""
	share, rest = divmod(count, len(callers))
	lock = threading.Lock()

	def send(number: int) -> None:
		caller = callers[number]
		rng = Random(SEED * seed + number)
		own: Counter[str] = Counter()
		caller.connect(base)
		for _request in range(share + (number < rest)):
			kind = rng.choices(list(MIX), [weight for weight, _call in MIX.values()])[0]
			caller.send(MIX[kind][1], rng)
			own[kind] += 1
		with lock:
			counts.update(own)

	with ThreadPoolExecutor(len(callers)) as pool:
		list(pool.map(send, range(len(callers))))


def find_server(base: str) -> psutil.Process:
	"""Return the web server's first process."""
	port = base.rpartition(":")[2]
	return next(
		child for child in psutil.Process().children() if any(port in word for word in child.cmdline())
	)


def measure_workers(server: psutil.Process) -> dict[int, float]:
	"""Return the resident memory of each worker in MiB, by its process id."""
	return {child.pid: child.memory_info().rss / 2**20 for child in server.children()}


def describe(
	percent: int, done: int, seconds: float, memory: dict[int, float], worker: psutil.Process
) -> str:
	workers = "  ".join(f"{mebibytes:7.1f}" for _pid, mebibytes in sorted(memory.items()))
	jobs = worker.memory_info().rss / 2**20
	return f"{percent:3} %  {done:7,} requests  {done / seconds:5.0f}/s  MiB of each web worker: {workers}  of the background worker: {jobs:.1f}"


def report(memory: dict[int, dict[int, float]]) -> int:
	"""Print the growth from half to the end. Return the exit code."""
	half, end = memory[50], memory[100]
	if set(half) != set(end):
		print("a worker was started anew")
		return 1
	growth = {pid: end[pid] / half[pid] for pid in end}
	print("100 % beside 50 %: " + ", ".join(f"{ratio:.3f}" for ratio in growth.values()))
	print(f"target: at most {MAX_GROWTH}")
	return int(max(growth.values()) > MAX_GROWTH)


if __name__ == "__main__":
	sys.exit(main())
