"""What a 304 takes beside the 200 that it saves: a sales order of ten lines, and a page of twenty leads.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.conditional [rounds]

One web server, one client with one connection, requests in turn: without a condition, and with the ETag of the last
reply as If-None-Match. Medians over all rounds. Ends with exit code 1 when the target is missed.
"""

import http.client
import os
import statistics
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import frappe

from benchmarks.contract import LIST_PATH, STOCK_LIST, create_caller

BENCH = Path(os.environ["ORCHESTRATOR_BENCH"])
SITE = os.environ["ORCHESTRATOR_SITE"]
ROUNDS = 200
WARM_UP = 20
ROUNDS_OF_A_BUCKET = 100
LINES = 10
MAX_RECORD_RATIO = 0.5
Reply = tuple[int, str, float]


def main() -> int:
	from tests.conftest import serve

	os.chdir(BENCH / "sites")
	frappe.init(site=SITE, sites_path=str(BENCH / "sites"))
	frappe.connect()
	rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
	order = make_order()
	paths = {
		"frappe.client.get": f"/api/method/frappe.client.get?doctype=Sales%20Order&name={order}",
		"/api/resource/Sales Order": f"/api/resource/Sales%20Order/{order}",
		"frappe.client.get_list": LIST_PATH + quote(STOCK_LIST),
	}
	with create_caller() as token, serve(SITE, BENCH / "sites") as base:
		ratios = [measure(label, Caller(base, token), path, rounds) for label, path in paths.items()]
	print(f"\ntarget: a record's 304 at most {MAX_RECORD_RATIO} of its 200: {ratios[0]:.2f}, {ratios[1]:.2f}")
	return int(max(ratios[:2]) > MAX_RECORD_RATIO)


def make_order() -> str:
	"""Return the name of a sales order with ten lines."""
	from tests.support import factories

	item = factories.make_record(
		"Item",
		item_code=factories.make_unique("Bed"),
		item_group="All Item Groups",
		stock_uom="Nos",
		is_stock_item=0,
	)
	line = {"item_code": item.name, "rate": 10, "delivery_date": "2027-01-31"}
	return str(
		factories.make_record(
			"Sales Order",
			customer=factories.make_customer().name,
			company=factories.get_company(),
			transaction_date="2027-01-01",
			delivery_date="2027-01-31",
			items=[{**line, "qty": number + 1} for number in range(LINES)],
		).name
	)


class Caller:
	"""A client with a connection that stays open."""

	def __init__(self, base: str, token: str) -> None:
		self.connection = http.client.HTTPConnection(urlsplit(base).netloc)
		self.headers = {"Host": SITE, "Authorization": f"token {token}", "Accept": "application/json"}

	def send(self, path: str, **headers: str) -> Reply:
		"""Return status, ETag and milliseconds of a request."""
		started = time.perf_counter()
		self.connection.request("GET", path, headers={**self.headers, **headers})
		reply = self.connection.getresponse()
		reply.read()
		taken = (time.perf_counter() - started) * 1000
		return reply.status, reply.headers["ETag"], taken


def measure(label: str, caller: Caller, path: str, rounds: int) -> float:
	"""Print what both requests take. Return the ratio."""
	full, unchanged = [], []
	for number in range(WARM_UP + rounds):
		if number % ROUNDS_OF_A_BUCKET == 0:
			frappe.cache().delete_keys("orchestrator:bucket")  # one caller sends more than the limit allows
		status, etag, taken = caller.send(path)
		conditional_status, _etag, saved = caller.send(path, **{"If-None-Match": etag})
		assert (status, conditional_status) == (200, 304)
		if number >= WARM_UP:
			full.append(taken)
			unchanged.append(saved)
	medians = statistics.median(full), statistics.median(unchanged)
	ratio = medians[1] / medians[0]
	print(f"{label:<28}200: {medians[0]:8.2f} ms   304: {medians[1]:8.2f} ms   ratio {ratio:.2f}")
	return ratio


if __name__ == "__main__":
	sys.exit(main())
