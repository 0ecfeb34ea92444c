"""Each page of this app in Chromium beside Desk's own list of the DocType that it is about; and their statements.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.desk_pages
		[--clients 100000] [--documents 50000] [--rounds 7] [client-360 my-day …]

Creates the demo and adds clients with stays, and documents (none by default). The person of the demo who uses a page opens
it and the list in turn, from nothing, with a warm cache. Prints the medians of the first paint and of the complete page:
its last content is visible and the last reply has arrived. Counts the SQL statements of all requests of each page, then
measures searches of clients by name. Ends with exit code 1 when a page takes more than 1.5 times as long as its list.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import frappe
from frappe import recorder

from benchmarks.many_records import add_records
from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.setup.demo.maker import build_email
from tests.conftest import serve, stay_on_this_machine
from tests.support.client import Client
from tests.support.demo_site import create_demo
from tests.support.desk import CHROMIUM, DESKTOP, SWITCHES, Desk, sign_in
from tests.support.desk_pages import PAGES, get_route
from tests.support.factories import PASSWORD

ROUNDS, SEARCH_ROUNDS = 7, 21
MAX_RATIO = 1.5
ROWS = ".frappe-list .list-row, .frappe-list .no-result:not(.hide)"
# Page -> the list of the DocType that it is about
LISTS = {
	"workspace": "client",
	"client-360": "client",
	"metrics": "opportunity",
	"document-browser": "document",
	"sprint-board": "task",
	"sprint-burndown": "task",
	"my-day": "employee-checkin",
	"api": "task",
	"kipu-connection": "kipu-connection",
}
# The times of a page in ms since its request: first paint, now, and the last reply.
READ_TIMES = """() => [
	performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
	performance.now(),
	Math.max(...performance.getEntriesByType("resource")
		.filter((entry) => !entry.name.includes("/socket.io/")).map((entry) => entry.responseEnd)),
]"""


class Opening(NamedTuple):
	"""A page that is opened: its label, the person, the route and the selector of its last content."""

	label: str
	person: str
	route: str
	selector: str


class Times(NamedTuple):
	"""Milliseconds from the request of a page."""

	first_paint: float
	complete: float


Pair = tuple[Opening, Opening]


def list_pairs(only: list[str]) -> list[Pair]:
	"""Return each page with its list."""
	return [
		(
			Opening(page.name, page.person, get_route(page), page.selector),
			Opening(f"list of {LISTS[page.name]}", page.person, f"/app/{LISTS[page.name]}/view/list", ROWS),
		)
		for page in PAGES
		if page.name in (only or LISTS)
	]


def open_once(desk: Desk, opening: Opening) -> Times:
	"""Open a page from nothing; return its times."""
	desk.open(opening.route, opening.selector)
	_paint, visible, _replied = desk.page.evaluate(READ_TIMES)
	desk.page.wait_for_load_state("networkidle")
	paint, _now, replied = desk.page.evaluate(READ_TIMES)
	return Times(paint, max(visible, replied))


def measure_pair(desk: Desk, pair: Pair, rounds: int) -> list[Times]:
	"""Open both pages of a pair in turn; return the medians of each. The first round fills the caches."""
	times: dict[str, list[Times]] = defaultdict(list)
	for number in range(rounds + 1):
		for opening in pair:
			taken = open_once(desk, opening)
			if number:
				times[opening.label].append(taken)
	return [Times(*map(statistics.median, zip(*times[opening.label], strict=True))) for opening in pair]


def count_statements(desk: Desk, pair: Pair) -> list[int]:
	"""Return the number of SQL statements of all requests of each page of a pair, with warm caches."""
	with _record_statements():
		return [_count_statements_of(desk, opening) for opening in pair]


def _count_statements_of(desk: Desk, opening: Opening) -> int:
	recorder.delete()
	open_once(desk, opening)
	return sum(request["queries"] for request in recorder.get())


@contextmanager
def _record_statements() -> Iterator[None]:
	"""Let Frappe's recorder count the statements of the web server's requests."""
	recorder.start(record_jobs=False, capture_stack=False, explain=False)
	try:
		yield
	finally:
		recorder.stop()
		recorder.delete()


def measure_pages(base: str, pairs: list[Pair], rounds: int) -> bool:
	"""Measure all pages, print a line for each, and return True if none takes too long."""
	from playwright.sync_api import sync_playwright

	with sync_playwright() as playwright, ExitStack() as stack:
		browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
		desks = {
			person: stack.enter_context(
				sign_in(browser, base, frappe.local.site, build_email(person), PASSWORD, DESKTOP)
			)
			for person in {opening.person for pair in pairs for opening in pair}
		}
		within = [_measure_and_print(desks[pair[0].person], pair, rounds) for pair in pairs]
	return all(within)


def _measure_and_print(desk: Desk, pair: Pair, rounds: int) -> bool:
	page, stock = measure_pair(desk, pair, rounds)
	asked = count_statements(desk, pair)
	ratio = page.complete / stock.complete
	print(
		f"{pair[0].label:17} {page.first_paint:6.0f} {page.complete:6.0f} ms {asked[0]:4} statements"
		f"   {pair[1].label:24} {stock.first_paint:6.0f} {stock.complete:6.0f} ms {asked[1]:4}"
		f"   {page.first_paint / stock.first_paint:5.2f} {ratio:5.2f}",
		flush=True,
	)
	return ratio <= MAX_RATIO


def measure_searches(base: str) -> None:
	"""Print the times of searches of clients by a part of the name, beside the rows of Desk's list."""
	desk = Client(base, frappe.local.site, headers={"X-Requested-With": "XMLHttpRequest"})
	desk.login(build_email("wren"), PASSWORD)

	def get_rows(**values: str) -> None:
		data = {
			"doctype": "Client",
			"fields": '["name", "full_name", "status", "facility"]',
			"page_length": 20,
		}
		method = "/api/method/frappe.desk.reportview.get"
		desk.request("POST", method, data=data | values).raise_for_status()

	def search(text: str) -> None:
		values = {"doctype": "Client", "txt": text}
		desk.get("frappe.desk.search.search_link", **values).raise_for_status()

	def find(text: str) -> None:
		desk.post("orchestrator.api.search.find_records", query=text).raise_for_status()

	calls = {
		"rows of the list": get_rows,
		"rows of the list, by name": lambda: get_rows(filters='[["Client", "full_name", "like", "%barlow 0%"]]'),
		"link field, text in many names": lambda: search("barlow"),
		"link field, text in no name": lambda: search("xyzzy"),
		"search bar, text in many names": lambda: find("barlow"),
		"search bar, text in no name": lambda: find("xyzzy"),
	}  # fmt: skip
	for label, milliseconds in measure_in_turn(calls, SEARCH_ROUNDS).items():
		print(f"{label:32} {milliseconds:7.1f} ms")


def measure_site(sites: Path, options: argparse.Namespace) -> bool:
	print(
		f"{options.clients} clients and {options.documents} documents beside the demo's, {options.rounds} rounds"
	)
	print("first paint, complete page, statements; the same of the list; ratios of both times")
	with serve(frappe.local.site, sites, "frappe.app:application_with_statics()") as base:
		within = measure_pages(base, list_pairs(options.pages), options.rounds)
		measure_searches(base)
	return within


def parse_options() -> argparse.Namespace:
	parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
	parser.add_argument("--clients", type=int, default=0)
	parser.add_argument("--documents", type=int, default=0)
	parser.add_argument("--rounds", type=int, default=ROUNDS)
	parser.add_argument("pages", nargs="*", metavar="page")
	return parser.parse_args()


def main() -> int:
	options = parse_options()
	if not CHROMIUM:
		print("No Chromium is installed: the pages are not measured")
		return 0
	stay_on_this_machine()
	sites = connect_site()
	frappe.set_user("Administrator")
	with create_demo(), add_records(options.clients, options.documents):
		return 0 if measure_site(sites, options) else 1


if __name__ == "__main__":
	sys.exit(main())
