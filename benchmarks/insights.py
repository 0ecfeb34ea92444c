"""get_dashboard of twelve cached metrics compared with a stock call, and an uncached sales_dashboard with its
plain SQL.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.insights [opportunities]

The first over HTTP, to one server, in turn; the second in one process over opportunities (100,000) that are inserted in
bulk and removed again. Ends with exit code 1 when a target is missed.
"""

import http.client
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import frappe
from frappe.utils import add_days, add_months, get_first_day, getdate

from benchmarks import pipeline_summary
from benchmarks.timing import measure_in_turn
from orchestrator.insights import get_dashboard
from tests import conftest
from tests.support import factories, helpdesk, insights

ROUNDS, WARM_UP = 400, 40
RUNS = 15
METRICS = (
	"open_pipeline_value", "opportunities_in_pipeline", "win_rate", "qualified_leads", "new_leads", "new_opportunities",
	"pipeline_by_stage", "leads_by_status", "opportunities_by_month", "next_closings", "open_tasks", "tasks_by_status",
)  # fmt: skip
ROLES = ("Sales Manager", "Sales User", "Projects User")
STOCK = "/api/method/frappe.auth.get_logged_user"
ALLOWED_QUERIES, ALLOWED_RATIO = 3, 2.0
ALLOWED_SQL_RATIO, ALLOWED_MS = 1.5, 30
# Plain SQL for the figures of sales_dashboard, in its order.
BARE = (
	"""SELECT pipeline_stage, company, currency, COUNT(*), SUM(opportunity_amount * conversion_rate) FROM tabOpportunity
		GROUP BY pipeline_stage, company, currency""",
	"SELECT COUNT(*) FROM tabOpportunity WHERE pipeline_stage IN ('Open', 'Qualified', 'In Progress')",
	"""SELECT SUM(transaction_date >= %(year)s AND pipeline_stage = 'Closed Won'), SUM(transaction_date >= %(year)s),
		SUM(transaction_date < %(year)s AND pipeline_stage = 'Closed Won'), SUM(transaction_date < %(year)s)
		FROM tabOpportunity WHERE pipeline_stage IN ('Closed Won', 'Closed Lost') AND transaction_date >= %(years)s""",
	"SELECT COUNT(*) FROM tabLead WHERE status = 'Qualified'",
	"SELECT SUM(creation >= %(month)s), SUM(creation < %(month)s) FROM tabLead WHERE creation >= %(months)s",
	"SELECT SUM(creation >= %(month)s), SUM(creation < %(month)s) FROM tabOpportunity WHERE creation >= %(months)s",
	"""SELECT pipeline_stage, company, currency, COUNT(*), SUM(opportunity_amount * conversion_rate) FROM tabOpportunity
		GROUP BY pipeline_stage, company, currency""",
	"SELECT status, COUNT(*) FROM tabLead GROUP BY status",
	"""SELECT DATE_FORMAT(transaction_date, '%%Y-%%m'), COUNT(*) FROM tabOpportunity
		WHERE transaction_date >= %(first)s GROUP BY 1""",
	"""SELECT name, title, pipeline_stage, opportunity_amount, currency, expected_closing FROM tabOpportunity
		WHERE pipeline_stage IN ('Open', 'Qualified', 'In Progress') AND expected_closing IS NOT NULL
		ORDER BY expected_closing, name LIMIT 10""",
	"""SELECT COUNT(*) FROM tabOpportunity WHERE pipeline_stage IN ('Open', 'Qualified', 'In Progress')
		AND expected_closing IS NOT NULL""",
)  # fmt: skip


def measure_cached(site: str, user: str) -> bool:
	"""Print the cost of twelve cached metrics. Return True if it is within the bounds."""
	dashboard = insights.make_dashboard(*(frappe.get_doc("Orchestrator Metric", name) for name in METRICS))
	frappe.set_user(user)
	get_dashboard(dashboard=dashboard)
	with helpdesk.capture_queries() as asked:
		get_dashboard(dashboard=dashboard)
	frappe.set_user("Administrator")
	with conftest.serve(site, Path.cwd()) as base:
		filtered = f"{build_path(dashboard)}&from_date={add_days(getdate(), -29)}"
		paths = {"stock": STOCK, "ours": build_path(dashboard), "filtered": filtered}
		calls = {name: build_sender(base, site, user, path) for name, path in paths.items()}
		took = measure_in_turn(calls, ROUNDS, WARM_UP)
	stock_ms, ours_ms, filtered_ms = took.values()
	frappe.delete_doc("Orchestrator Dashboard", dashboard)
	frappe.db.commit()
	print("| twelve cached metrics | queries | stock call (ms) | get_dashboard (ms) | ratio |")
	print("|-----------------------|--------:|----------------:|-------------------:|------:|")
	print(f"| | {len(asked)} | {stock_ms:.2f} | {ours_ms:.2f} | {ours_ms / stock_ms:.2f} |\n")
	print(f"The same, limited to dates: {filtered_ms:.2f} ms, {filtered_ms / ours_ms:.2f} of it.\n")
	return len(asked) <= ALLOWED_QUERIES and ours_ms <= ALLOWED_RATIO * stock_ms


def build_path(dashboard: str) -> str:
	return f"/api/method/{insights.GET}?dashboard={dashboard}"


def build_sender(base: str, site: str, user: str, path: str) -> Callable[[], None]:
	"""Return a function that sends one request over a persistent connection."""
	connection = http.client.HTTPConnection(urlsplit(base).netloc)
	headers = {"Host": site, "Authorization": "token {}:{}".format(*factories.get_token(user))}

	def send() -> None:
		connection.request("GET", path, headers=headers)
		reply = connection.getresponse()
		body = reply.read()
		assert reply.status == 200, body

	return send


def measure_uncached(count: int) -> bool:
	"""Print the cost of sales_dashboard without a cache. Return True if it is within the bound."""
	today = getdate()
	values = {
		"month": add_days(today, -29), "months": add_days(today, -59), "year": add_days(today, -364),
		"years": add_days(today, -729), "first": get_first_day(add_months(today, -11)),
	}  # fmt: skip

	def bare() -> None:
		for sql in BARE:
			frappe.db.sql(sql, values)

	def ours() -> None:
		shown = get_dashboard(dashboard="sales_dashboard")
		assert not any(item["error"] for item in shown["items"]), shown

	def forget() -> None:
		frappe.cache().delete_keys("orchestrator:metric:")

	took = measure_in_turn({"bare": bare, "ours": ours}, RUNS, prepare=forget)
	bare_ms, ours_ms = took.values()
	print("| uncached sales_dashboard over | bare SQL (ms) | get_dashboard (ms) | ratio |")
	print("|------------------------------:|--------------:|-------------------:|------:|")
	print(f"| {count:,} opportunities | {bare_ms:.1f} | {ours_ms:.1f} | {ours_ms / bare_ms:.2f} |")
	return ours_ms <= ALLOWED_SQL_RATIO * bare_ms + ALLOWED_MS


def main() -> int:
	count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
	sites, site = Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites", os.environ["ORCHESTRATOR_SITE"]
	os.chdir(sites)
	frappe.init(site=site, sites_path=str(sites))
	frappe.connect()
	# neither the time budget of a request nor the caller's rate limit is measured
	frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 0)
	frappe.db.commit()
	pipeline_summary.clear()
	user = factories.make_user(*ROLES).name
	try:
		within = [measure_cached(site, user)]
		pipeline_summary.fill(0, count, user)
		frappe.db.sql(
			"""UPDATE tabOpportunity SET transaction_date = CURDATE() - INTERVAL CAST(RIGHT(name, 3) AS INT) DAY,
				expected_closing = CURDATE() + INTERVAL CAST(RIGHT(name, 3) AS INT) DAY WHERE name LIKE %s""",
			f"{pipeline_summary.PREFIX}%",
		)
		frappe.db.commit()
		frappe.set_user(user)
		within.append(measure_uncached(count))
	finally:
		frappe.set_user("Administrator")
		pipeline_summary.clear()
		frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 1)
		frappe.db.commit()
	return 0 if all(within) else 1


if __name__ == "__main__":
	sys.exit(main())
