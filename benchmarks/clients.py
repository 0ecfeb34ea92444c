"""The page of a client and its call, compared with the stock list and form of Client.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.clients [clients] [records]

Adds clients (2,000 by default) and a client with records of each kind (30). Measures in turn the requests over HTTP as Desk
sends them, and complete pages in headless Chromium. Prints the medians and the statements of the call, and removes what
it added. Ends with exit code 1 when a target is missed.
"""

import json
import sys

from playwright.sync_api import sync_playwright

import frappe

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.sync import get_client
from tests.conftest import serve, stay_on_this_machine
from tests.support import clinic, factories, helpdesk
from tests.support.client import Client
from tests.support.desk import CHROMIUM, DESKTOP, SWITCHES, sign_in

CLIENTS, RECORDS, ROUNDS, PAGE_ROUNDS = 2_000, 30, 41, 9
MAX_RATIO, MAX_STATEMENTS = 1.5, 12
PREFIX, BATCH = "BENCH-CL-", 1_000
ROLES = ("Clinical Manager", "Support Team", "Projects User", "Sales User")
COLUMNS = ("name", "full_name", "status", "facility", "level_of_care", "admission_date", "modified")


def make_clients(connection: str, facility: str, count: int) -> None:
	"""Insert clients as rows, because saving them would take minutes."""
	stamp = (frappe.utils.now(), frappe.utils.now(), "Administrator", "Administrator")
	for first in range(0, count, BATCH):
		frappe.db.bulk_insert(
			"Client",
			["name", "creation", "modified", "owner", "modified_by", "full_name", "status", "facility", "connection", "person_id"],
			[
				(f"{PREFIX}{n:06}", *stamp, f"Bench {n}", "Active", facility, connection, str(n))
				for n in range(first, min(first + BATCH, count))
			],
		)  # fmt: skip
	frappe.db.commit()


def make_linked_records(client: str, count: int) -> None:
	for _number in range(count):
		factories.make_task(client=client)
		factories.make_issue(client=client)


def measure_requests(desk: Client, name: str) -> None:
	fields = json.dumps([f"`tabClient`.`{column}`" for column in COLUMNS])
	took = measure_in_turn(
		{
			"stock list, rows only": lambda: desk.request(
				"POST",
				"/api/method/frappe.desk.reportview.get",
				data={"doctype": "Client", "fields": fields, "page_length": 20, "with_comment_count": 1},
			).raise_for_status(),
			"stock form, record only": lambda: desk.request(
				"GET", "/api/method/frappe.desk.form.load.getdoc", params={"doctype": "Client", "name": name}
			).raise_for_status(),
			"get_client": lambda: desk.get("orchestrator.sync.get_client", client=name).raise_for_status(),
		},
		ROUNDS,
	)
	report(took)


def measure_pages(server: str, user: str, name: str) -> bool:
	"""Load each page from nothing until its rows, fields or last section are visible."""
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
		with sign_in(browser, server, frappe.local.site, user, factories.PASSWORD, DESKTOP) as desk:
			took = measure_in_turn(
				{
					"stock list, page": lambda: desk.open("/app/client", ".list-row .list-subject"),
					"stock form, page": lambda: desk.open(
						f"/app/client/{name}", "[data-fieldname=full_name]"
					),
					"page of the client": lambda: desk.open(
						f"/app/client-360/{name}", "[data-section=activity]"
					),
				},
				PAGE_ROUNDS,
				2,
			)
		browser.close()
	report(took)
	stock_list, _form, ours = took.values()
	print(f"page of the client: {ours / stock_list:.2f} times the list")
	return ours <= MAX_RATIO * stock_list


def report(took: dict[str, float]) -> None:
	for label, milliseconds in took.items():
		print(f"{label:26} {milliseconds:9.2f} ms")


def count_statements(user: str, name: str) -> int:
	frappe.set_user(user)
	get_client(name)
	with helpdesk.capture_queries() as sent:
		get_client(name)
	frappe.set_user("Administrator")
	print(f"{len(sent)} statements")
	return len(sent)


def remove(connection: str, client: str) -> None:
	frappe.db.rollback()
	for doctype in ("Task", "Issue"):
		frappe.db.delete(doctype, {"client": client})
	frappe.db.delete("Client", {"connection": connection})
	frappe.db.commit()


def main(clients: int = CLIENTS, records: int = RECORDS) -> int:
	stay_on_this_machine()
	sites = connect_site()
	connection = clinic.make_connection()
	client = str(clinic.make_client(connection).name)
	try:
		make_clients(connection.name, connection.default_facility, clients)
		make_linked_records(client, records)
		user = str(factories.make_user(*ROLES).name)
		statements = count_statements(user, client)
		with serve(frappe.local.site, sites, "frappe.app:application_with_statics()") as base:
			headers = {"X-Requested-With": "XMLHttpRequest"}
			measure_requests(
				Client(base, frappe.local.site, headers=headers).login(user, factories.PASSWORD), client
			)
			is_fast = measure_pages(base, user, client)
		return int(not is_fast or statements > MAX_STATEMENTS)
	finally:
		remove(str(connection.name), client)


if __name__ == "__main__":
	sys.exit(main(*map(int, sys.argv[1:])))
