"""What the access log costs a request, and how long its pages take at ten million entries.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.access_log [entries]

Requests run in this process through Frappe's whole application, with the log on and off in turn; medians. Clients, report
and the table of entries are made for the run and deleted at its end. Ends with exit code 1 when a target is missed.
"""

import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from unittest import mock

from werkzeug.test import Client

import frappe
import frappe.app

from benchmarks.site import connect_site
from orchestrator.privacy import history, recording
from orchestrator.rows import insert_rows

ROUNDS = {"get": 60, "list of 500": 30, "report of 10,000": 10}
MAX_RATIO = 1.15
MAX_PAGE_MS = 200
CLIENTS = 10_000
ENTRIES = 10_000_000
STEP = 200_000
USERS, RECORDS, BATCH = 200, 20_011, 20
REPORT = "Access Log Benchmark"
TABLE = "Access Log Benchmark"
FIELDS = [
	"name",
	"full_name",
	"status",
	"facility",
	"level_of_care",
	"admission_date",
	"date_of_birth",
	"phone",
]


def main() -> int:
	entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
	sites = connect_site()
	frappe.app._sites_path = str(sites)
	with create_clients() as names, create_report(), create_token() as token:
		worst = max(measure_requests(names, token))
	with create_entries(entries):
		slowest = max(measure_pages())
	print(f"targets: at most {MAX_RATIO}x: {worst:.2f}x; pages within {MAX_PAGE_MS} ms: {slowest:.1f} ms")
	return int(worst > MAX_RATIO or slowest > MAX_PAGE_MS)


@contextlib.contextmanager
def create_clients() -> Iterator[list[str]]:
	names = [f"CL-BENCH-{number:05}" for number in range(CLIENTS)]
	delete = "delete from `tabClient` where name like 'CL-BENCH-%'"
	frappe.db.sql(delete)
	insert_rows(
		"Client",
		(
			{
				"name": name, "person_id": name, "full_name": f"Ada {name}", "first_name": "Ada", "last_name": name,
				"status": "Active", "level_of_care": "Residential", "admission_date": "2026-01-05",
				"date_of_birth": "1990-05-04", "phone": "555-0100",
			}
			for name in names
		),
	)  # fmt: skip
	frappe.db.commit()
	try:
		yield names
	finally:
		frappe.db.sql(delete)
		frappe.db.commit()


@contextlib.contextmanager
def create_report() -> Iterator[None]:
	frappe.delete_doc("Report", REPORT, ignore_missing=True)
	query = """select name as "Client:Link/Client:150", full_name as "Name:Data:200", status as "Status:Data:100",
		admission_date as "Admitted:Date:100" from tabClient where name like 'CL-BENCH-%%'"""
	values = {
		"report_name": REPORT,
		"ref_doctype": "Client",
		"report_type": "Query Report",
		"is_standard": "No",
	}
	frappe.get_doc({"doctype": "Report", **values, "query": query}).insert()
	frappe.db.commit()
	try:
		yield
	finally:
		frappe.delete_doc("Report", REPORT)
		frappe.db.commit()


@contextlib.contextmanager
def create_token() -> Iterator[str]:
	frappe.local.conf.throttle_user_limit = 100_000
	email = f"benchmark-{frappe.generate_hash(length=8)}@harbor.example"
	user = frappe.get_doc(
		{
			"doctype": "User", "email": email, "first_name": "Benchmark", "send_welcome_email": 0,
			"roles": [{"role": "Clinical Manager"}], "api_key": frappe.generate_hash(length=15),
			"api_secret": (secret := frappe.generate_hash(length=15)),
		}
	).insert()  # fmt: skip
	frappe.db.commit()
	yield f"token {user.api_key}:{secret}"
	frappe.db.delete("Access Log Batch", {"user": email})  # not sealed: the benchmark ran no scheduler
	user.db_set("enabled", 0, commit=True)


def measure_requests(names: list[str], token: str) -> Iterator[float]:
	"""Yield the ratio of each request with the log on to the same one with it off."""
	filters = json.dumps([["name", "like", "CL-BENCH-%"]])
	listing = {
		"doctype": "Client",
		"fields": json.dumps(FIELDS),
		"filters": filters,
		"limit_page_length": 500,
	}
	requests: dict[str, tuple[str, dict[str, object]]] = {
		"get": ("frappe.client.get", {"doctype": "Client", "name": names[0]}),
		"list of 500": ("frappe.client.get_list", listing),
		"report of 10,000": ("frappe.desk.query_report.run", {"report_name": REPORT}),
	}
	client = Client(frappe.app.application, use_cookies=False)
	headers = {"Host": frappe.local.site, "Authorization": token, "Accept": "application/json"}
	for label, (method, values) in requests.items():

		def send(method: str = method, values: dict[str, object] = values) -> None:
			reply = client.get(f"/api/method/{method}", query_string=values, headers=headers)
			assert reply.status_code == 200, reply.text[:500]

		off, on = measure_off_and_on(send, ROUNDS[label])
		print(f"{label:<20}{off:9.1f} ms off{on:9.1f} ms on{on / off:7.2f}x", flush=True)
		yield on / off
	connect_site()


def measure_off_and_on(send: Callable[[], None], rounds: int) -> tuple[float, float]:
	times: dict[bool, list[float]] = {False: [], True: []}
	for number in range(rounds + 2):
		for is_on in (False, True):
			with mock.patch.object(recording, "is_enabled", lambda is_on=is_on: is_on):
				start = time.perf_counter()
				send()
			if number >= 2:
				times[is_on].append((time.perf_counter() - start) * 1000)
	return statistics.median(times[False]), statistics.median(times[True])


@contextlib.contextmanager
def create_entries(count: int) -> Iterator[None]:
	"""Fill a table like that of the log: entries of lists of twenty, of 200 users and 20,000 clients."""
	frappe.db.sql_ddl(f"drop table if exists `tab{TABLE}`")
	frappe.db.sql_ddl(f"create table `tab{TABLE}` like `tabAccess Log Entry`")
	for start in range(1, count + 1, STEP):
		last = min(start + STEP - 1, count)
		frappe.db.sql(
			f"""insert into `tab{TABLE}` (name, accessed_at, user, recipient, reference_doctype, reference_name, route,
				api_key, purpose, day, batch, position, entry_hash)
			select seq, timestampadd(second, seq * 18, '2021-01-01'),
				concat('user-', mod(seq div {BATCH} * 7919, {USERS}), '@harbor.example'), '', 'Client',
				concat('CL-', lpad(mod(seq * 48271, {RECORDS}), 12, '0')), 'frappe.client.get_list', '', '',
				date(timestampadd(second, seq * 18, '2021-01-01')), seq div {BATCH}, mod(seq, {BATCH}), sha2(seq, 256)
			from seq_{start}_to_{last}"""
		)
		frappe.db.commit()
	try:
		yield
	finally:
		frappe.db.sql_ddl(f"drop table `tab{TABLE}`")


def measure_pages() -> Iterator[float]:
	"""Yield the milliseconds of the first page and of a later one: who got a record, and what a user got."""
	with mock.patch.object(history, "ACCESS_LOG_ENTRY", TABLE):
		record = f"CL-{12345:012}"
		yield from _measure_walk(
			"who got a record", lambda cursor: history.list_record_accesses("Client", record, 50, cursor)
		)
		user = "user-7@harbor.example"
		yield from _measure_walk(
			"what a user got", lambda cursor: history.list_user_accesses(user, 500, cursor)
		)


def _measure_walk(label: str, get_page: Callable[[str | None], history.AccessPage]) -> Iterator[float]:
	times, cursor, number = [], None, 0
	while number == 0 or (cursor and number < 50):
		frappe.db.rollback()
		start = time.perf_counter()
		page = get_page(cursor)
		times.append((time.perf_counter() - start) * 1000)
		assert page["accesses"]
		cursor, number = page["next_cursor"], number + 1
	print(
		f"{label:<20}{times[0]:9.1f} ms first page{statistics.median(times):9.1f} ms median{max(times):9.1f} ms slowest of {number}"
	)
	yield max(times)


if __name__ == "__main__":
	sys.exit(main())
