"""The cost of the contract: the same calls with the app and without it, in turn, on the same site and data.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.contract

Two web servers run over one database: one as the bench is, one from a `sites` folder whose apps.txt lacks this
app and whose cache is another Redis database, which is what the site would be without us. One client, one
connection to each, requests in turn, medians over all rounds. Ends with exit code 1 when a target is missed.
"""

import contextlib
import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlsplit

import frappe

from tests.support.stock_bench import make_stock_sites

REPOSITORY = Path(__file__).resolve().parent.parent
BENCH = Path(os.environ["ORCHESTRATOR_BENCH"])
SITE = os.environ["ORCHESTRATOR_SITE"]
APP = "orchestrator"
LEADS = 200
ROUNDS = 400
WARM_UP = 40
MAX_LIST_RATIO = 1.12
MAX_PING_OVERHEAD_MS = 2.0
MAX_CHARGE_MS = 1.0

STOCK_LIST = '["name","lead_name","email_id","status"]'
CONTRACT_LIST = '["name","lead_name","email","status"]'
LIST_PATH = "/api/method/frappe.client.get_list?doctype=Lead&limit_page_length=20&order_by=name%20asc&fields="
RESOURCE_PATH = "/api/resource/Lead?limit_page_length=20&order_by=name%20asc&fields="
PING_MODULE = f"{APP}.benchmark"


@dataclass
class Subject:
	"""One call to measure: `path` sent over a connection that stays open."""

	label: str
	base: str
	path: str
	token: str
	milliseconds: list[float] = field(default_factory=list)

	def __post_init__(self) -> None:
		self.connection = http.client.HTTPConnection(urlsplit(self.base).netloc)
		self.headers = {"Host": SITE, "Authorization": f"token {self.token}", "Accept": "application/json"}

	def send(self) -> dict[str, Any]:
		started = time.perf_counter()
		self.connection.request("GET", self.path, headers=self.headers)
		reply = self.connection.getresponse()
		body = reply.read()
		self.milliseconds.append((time.perf_counter() - started) * 1000)
		assert reply.status == 200, body
		return json.loads(body)

	@property
	def median(self) -> float:
		return statistics.median(self.milliseconds)


def main() -> int:
	os.chdir(BENCH / "sites")
	frappe.init(site=SITE, sites_path=str(BENCH / "sites"))
	frappe.connect()
	with (
		create_caller() as token,
		make_stock_sites(BENCH) as stock,
		serve(BENCH / "sites") as ours,
		serve(stock, FRAPPE_REDIS_CACHE="") as theirs,
	):
		lists = measure(
			Subject("get_list of 20 leads, stock", theirs, LIST_PATH + quote(STOCK_LIST), token),
			Subject("get_list of 20 leads, contract", ours, LIST_PATH + quote(CONTRACT_LIST), token),
			same=lambda stock, contract: (
				[row["name"] for row in stock["message"]] == [row["name"] for row in contract["data"]]
			),
		)
		pings = measure(
			Subject("ping, stock", theirs, "/api/method/frappe.ping", token),
			Subject("ping, contract", ours, f"/api/method/{PING_MODULE}.ping", token),
			same=lambda stock, contract: stock["message"] == contract["data"],
		)
		outside = measure(
			Subject("ping, stock", theirs, "/api/method/frappe.ping", token),
			Subject("ping, app installed", ours, "/api/method/frappe.ping", token),
			same=lambda stock, ours: stock == ours,
		)
		resources = measure(
			Subject("/api/resource, stock", theirs, RESOURCE_PATH + quote(STOCK_LIST), token),
			Subject("/api/resource, charged", ours, RESOURCE_PATH + quote(STOCK_LIST), token),
			same=lambda stock, ours: stock == ours,
		)
	return report(lists, pings, outside, resources)


def measure(stock: Subject, contract: Subject, same: Callable[[dict, dict], bool]) -> tuple[Subject, Subject]:
	"""Send both calls in turn, each first in every other round, so that other load on the machine affects
	both.
	"""
	frappe.cache().delete_keys("orchestrator:bucket")  # one caller sends more than the limit allows
	for _round in range(WARM_UP):
		expected, answered = stock.send(), contract.send()
		assert same(expected, answered), f"{expected} is not {answered}"
	for subject in (stock, contract):
		subject.milliseconds.clear()
	for number in range(ROUNDS):
		for subject in (stock, contract) if number % 2 else (contract, stock):
			subject.send()
	return stock, contract


def report(*pairs: tuple[Subject, Subject]) -> int:
	"""Print the figures. Return the exit code."""
	print(f"medians of {ROUNDS} requests each, in turn\n")
	for pair in pairs:
		for subject in pair:
			print(f"{subject.label:<34}{subject.median:8.2f} ms")
		stock, contract = pair
		print(f"{'ratio':<34}{contract.median / stock.median:8.3f}")
		print(f"{'difference':<34}{contract.median - stock.median:8.2f} ms\n")
	(stock_list, contract_list), (stock_ping, contract_ping), _outside, resources = pairs
	list_ratio = contract_list.median / stock_list.median
	ping_overhead = contract_ping.median - stock_ping.median
	charge = resources[1].median - resources[0].median
	print(f"target: get_list at most {MAX_LIST_RATIO}x: {list_ratio:.3f}")
	print(f"target: overhead at most {MAX_PING_OVERHEAD_MS} ms: {ping_overhead:.2f} ms")
	print(f"target: a charged /api/resource call at most {MAX_CHARGE_MS} ms over stock: {charge:.2f} ms")
	return int(list_ratio > MAX_LIST_RATIO or ping_overhead > MAX_PING_OVERHEAD_MS or charge > MAX_CHARGE_MS)


@contextlib.contextmanager
def create_caller() -> Iterator[str]:
	"""Yield the token of a new sales user with an unused rate limit, on a site with enough leads."""
	from tests.support.factories import get_token, make_lead, make_user

	for _missing in range(LEADS - frappe.db.count("Lead")):
		make_lead()
	user = make_user("Sales User")
	try:
		yield ":".join(get_token(user.name))
	finally:
		frappe.delete_doc("User", user.name, force=True)
		frappe.db.commit()


def serve(sites: Path, **environment: str) -> contextlib.AbstractContextManager[str]:
	"""Run a web server over a `sites` folder, with the method that `load_application` adds."""
	from tests import conftest

	application = "benchmarks.contract:load_application()"
	return conftest.serve(SITE, sites, application, PYTHONPATH=str(REPOSITORY), **environment)


def load_application() -> Callable[..., Any]:
	"""Return the WSGI application: Frappe, with a method under the contract that does as little as
	frappe.ping.
	"""
	from orchestrator.api.endpoint import READ, endpoint

	@frappe.whitelist(methods=["GET"])
	@endpoint("Pong", effect=READ)
	def ping() -> str:
		return "pong"

	module = ModuleType(PING_MODULE)
	module.ping = ping  # type: ignore[attr-defined]
	sys.modules[PING_MODULE] = module

	from frappe.app import application

	return application


if __name__ == "__main__":
	sys.exit(main())
