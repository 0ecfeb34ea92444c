"""Connection wizard and health: their calls, and the complete pages in Chromium beside the stock list of Kipu Connection.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.connections [rounds]

Makes a connection with twenty runs of a simulator, measures the pages and the list in turn, prints the medians and the
numbers of statements. Ends with exit code 1 when a page takes more than 1.5 times as long as the list.
"""

import sys
from typing import TYPE_CHECKING

import frappe

from benchmarks.desk import open_desk
from benchmarks.my_day import count_statements
from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync import get_connection_health, list_connections
from orchestrator.sync.connection_wizard import get_setup
from tests.conftest import stay_on_this_machine
from tests.support import factories
from tests.support.desk import CHROMIUM
from tests.support.kipu_site import allow_loopback, make_connection, run_sync, set_loopback_allowed

if TYPE_CHECKING:
	from tests.support.desk import Desk

PEOPLE, RUNS, CALL_ROUNDS, PAGE_ROUNDS = 100, 20, 21, 5
MAX_RATIO = 1.5
WIZARD, HEALTH, LIST = "Connection Wizard", "Connection Health", "list of Kipu Connection"


def make_measured_connection() -> str:
	allow_loopback()
	with Simulator(PEOPLE) as kipu, set_loopback_allowed():
		name = make_connection(kipu)
		for _number in range(RUNS):
			run_sync(name)
	return name


def measure_calls(name: str, user: str) -> None:
	"""Print the medians and statements of the calls of the pages."""
	frappe.set_user(user)
	calls = {
		"list_connections": lambda: list_connections(),
		"get_connection_health": lambda: get_connection_health(name),
		"get_setup": lambda: get_setup(name),
	}
	took = measure_in_turn(calls, CALL_ROUNDS)
	for call_name, call in calls.items():
		print(f"{call_name:28} {took[call_name]:7.1f} ms, {count_statements(call)} statements")
	frappe.set_user("Administrator")


def measure_pages(desk: "Desk", name: str, rounds: int) -> bool:
	"""Measure the pages and the list, from the navigation to their last content."""
	pages = {
		WIZARD: lambda: desk.open(f"/app/connection-wizard/{name}", ".connection-footer button"),
		HEALTH: lambda: desk.open(f"/app/connection-health/{name}", '[data-part="duration"] svg'),
		LIST: lambda: desk.open("/app/kipu-connection/view/list", ".list-row-container"),
	}
	took = measure_in_turn(pages, rounds)
	for page, milliseconds in took.items():
		print(f"{page:28} {milliseconds:7.0f} ms, {milliseconds / took[LIST]:.2f} times the list")
	return max(took[WIZARD], took[HEALTH]) <= MAX_RATIO * took[LIST]


def main(rounds: int) -> int:
	stay_on_this_machine()
	sites = connect_site()
	frappe.set_user("Administrator")
	name = make_measured_connection()
	user = str(factories.make_user("Kipu Sync Manager").name)
	measure_calls(name, user)
	if not CHROMIUM:
		print("No Chromium is installed: the pages are not measured")
		return 0
	with open_desk(sites, user) as desk:
		return 0 if measure_pages(desk, name, rounds) else 1


if __name__ == "__main__":
	sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PAGE_ROUNDS))
