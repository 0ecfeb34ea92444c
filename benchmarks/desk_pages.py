"""The app's pages in Desk beside the stock lists of their DocTypes: first paint, complete page, and statements of the
pages' calls; and the search for a client.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.desk_pages [clients] [documents]

Creates the demo and adds clients and documents as rows (100,000 and 50,000 by default). Opens each page and its list in turn
in headless Chromium, prints the medians, and removes what it added. Ends with exit code 1 when a page takes more than
1.5 times as long as its list.
"""

import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import sync_playwright

import frappe

from benchmarks.clients import make_clients
from benchmarks.my_day import count_statements
from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator import docs, gameplan, insights, sync
from orchestrator.hr.my_day import get_my_day
from orchestrator.rows import insert_rows
from orchestrator.sync.client_search import find_clients
from tests.conftest import serve, stay_on_this_machine
from tests.support import demo_site, desk_pages
from tests.support.desk import CHROMIUM, DESKTOP, SWITCHES, sign_in
from tests.support.desk_pages import LIST, DeskPage
from tests.support.factories import PASSWORD

if TYPE_CHECKING:
	from playwright.sync_api import Browser

CLIENTS, DOCUMENTS, ROUNDS, SEARCH_ROUNDS = 100_000, 50_000, 5, 11
MAX_RATIO = 1.5
PREFIX, BATCH = "BENCH-", 1_000
RARE, COMMON = "4711", "bench"
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


class Measured(NamedTuple):
	"""A page with the stock list of its DocType, and the page's calls."""

	page: str
	list_route: str
	calls: tuple[Callable[[], Any], ...]


def list_pages() -> list[Measured]:
	client, sprint = desk_pages.find_client(), desk_pages.find_sprint()
	return [
		Measured("client-360", "/app/client", (lambda: sync.get_client(client),)),
		Measured("metrics", "/app/opportunity", (lambda: insights.get_dashboard("sales_dashboard"),)),
		Measured("document-browser", "/app/document", (docs.get_folder, docs.get_subfolders)),
		Measured("sprint-board", "/app/task", (lambda: gameplan.get_sprint_board(sprint),)),
		Measured("my-day", "/app/leave-application", (get_my_day,)),
	]


def make_documents(folder: str, count: int) -> None:
	"""Insert documents as rows into a folder, each with its version."""
	for first in range(0, count, BATCH):
		numbers = range(first, min(first + BATCH, count))
		rows = [
			{"name": f"{PREFIX}{n:06}", "title": f"Bench {n}", "title_key": f"bench {n}", "document_folder": folder,
				"status": "Draft", "current_version": 1, "file_name": f"bench-{n}.txt", "file_size": 1024, "mime_type": "text/plain"}
			for n in numbers
		]  # fmt: skip
		insert_rows("Document", rows)
	frappe.db.commit()


def delete_rows(doctype: str) -> None:
	"""Delete the added rows in parts, so that no transaction grows large."""
	names = iter(frappe.get_all(doctype, {"name": ("like", f"{PREFIX}%")}, pluck="name", limit=0))
	while part := list(islice(names, BATCH)):
		frappe.db.delete(doctype, {"name": ("in", part)})
		frappe.db.commit()


@contextmanager
def create_records(clients: int, documents: int) -> Iterator[None]:
	with demo_site.create_demo():
		connection = frappe.get_doc("Kipu Connection", demo_site.CONNECTION)
		folder = frappe.get_all("Document", pluck="document_folder", order_by="creation", limit=1)[0]
		try:
			make_clients(connection.name, connection.default_facility, clients)
			make_documents(folder, documents)
			yield
		finally:
			for doctype in ("Client", "Document"):
				delete_rows(doctype)


def measure_search() -> None:
	"""Print the medians of searches for a client, as a clinician."""
	frappe.set_user(desk_pages.get_person(get_page("client-360")))
	searches = {word: lambda word=word: find_clients(word, 5) for word in (RARE, COMMON)}
	for word, took in measure_in_turn(searches, SEARCH_ROUNDS).items():
		print(f"search for a client, {word:20} {took:7.1f} ms, {count_statements(searches[word])} statements")
	frappe.set_user("Administrator")


def get_page(name: str) -> DeskPage:
	return next(page for page in desk_pages.PAGES if page.name == name)


def measure_page(browser: "Browser", base: str, measured: Measured) -> bool:
	"""Measure a page and its list in turn, each in a new tab with a warm cache."""
	page = get_page(measured.page)
	person = desk_pages.get_person(page)
	site = frappe.local.site
	routes = {
		page.name: (desk_pages.get_route(page), page.selector),
		measured.list_route: (measured.list_route, LIST),
	}
	paints: dict[str, list[float]] = {name: [] for name in routes}
	with sign_in(browser, base, site, person, PASSWORD, DESKTOP) as desk:

		def open_route(name: str) -> None:
			desk.open(*routes[name])
			paints[name].append(desk.page.evaluate(FIRST_PAINT))

		took = measure_in_turn({name: lambda name=name: open_route(name) for name in routes}, ROUNDS)
	for name, milliseconds in took.items():
		print(
			f"{name:24} complete {milliseconds:6.0f} ms, first paint {statistics.median(paints[name]):6.0f} ms"
		)
	ratio = took[page.name] / took[measured.list_route]
	print(f"{'':24} {ratio:.2f} times the list; {count_all(person, measured)} statements")
	return ratio <= MAX_RATIO


def count_all(person: str, measured: Measured) -> int:
	"""Return the number of statements of a page's calls, as its reader."""
	frappe.set_user(person)
	found = sum(count_statements(call) for call in measured.calls)
	frappe.set_user("Administrator")
	return found


def main() -> int:
	stay_on_this_machine()
	sites = connect_site()
	frappe.set_user("Administrator")
	clients, documents = (
		int(value) for value in (*sys.argv[1:], *map(str, (CLIENTS, DOCUMENTS)[len(sys.argv) - 1 :]))
	)
	with (
		create_records(clients, documents),
		serve(frappe.local.site, sites, "frappe.app:application_with_statics()") as base,
		sync_playwright() as playwright,
	):
		measure_search()
		browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
		results = [measure_page(browser, base, measured) for measured in list_pages()]
		return 0 if all(results) else 1


if __name__ == "__main__":
	sys.exit(main())
