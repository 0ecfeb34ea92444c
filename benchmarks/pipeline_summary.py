"""get_pipeline_summary over 100,000 opportunities compared with the plain SQL aggregate, and its memory.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.pipeline_summary

Makes the opportunities in the site by bulk insert, runs the endpoint's function and the SQL in turn, prints the
medians, and removes the opportunities again. Ends with exit code 1 when the target is missed.
"""

import random
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import frappe
from frappe.utils import now

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn, measure_peak_kb
from orchestrator.crm import get_pipeline_summary, stages
from tests.support import factories

COUNTS = (10_000, 100_000)
RUNS = 21
SECONDS_TO_SETTLE = 20  # for transactions of other sites that began before the table was filled
PREFIX = "BENCH-PIPELINE-"
ALLOWED_RATIO, ALLOWED_MS = 1.5, 10
BARE = """
	SELECT pipeline_stage, COUNT(*), SUM(opportunity_amount * conversion_rate)
	FROM `tabOpportunity` {restriction} GROUP BY pipeline_stage
"""
# With the endpoint's hint for MariaDB: without it, the query takes several times as long.
OF_USER = """
	USE INDEX FOR GROUP BY ()
	WHERE opportunity_owner = %(user)s OR owner = %(user)s OR INSTR(_assign, %(user)s) > 0
"""


def rows(first: int, last: int, user: str) -> Iterator[tuple[Any, ...]]:
	"""Yield opportunities as wide as real ones. Every hundredth is the user's own."""
	choose, moment = random.Random(first), now()
	company = frappe.db.get_single_value("Global Defaults", "default_company")
	for number in range(first, last):
		stage = choose.choice(stages.STAGES)
		currency, rate = choose.choice((("USD", 1.0), ("EUR", 1.1), ("GBP", 1.25)))
		yield (
			f"{PREFIX}{number:07}", moment, moment, "Administrator", "Administrator", stage,
			stages.STATUSES[stage][0], stages.USUAL_PROBABILITY[stage], company, currency, rate,
			choose.randrange(100, 100_000), user if number % 100 == 0 else "Administrator", "Lead",
			f"LEAD-{number}", f"Customer number {number}", f"An opportunity about {number} things",
			f"customer-{number}@harbor.example", "Salem", "United States", "All Territories", "Prospecting",
		)  # fmt: skip


FIELDS = [
	"name", "creation", "modified", "modified_by", "owner", "pipeline_stage", "status", "probability",
	"company", "currency", "conversion_rate", "opportunity_amount", "opportunity_owner", "opportunity_from",
	"party_name", "customer_name", "title", "contact_email", "city", "country", "territory", "sales_stage",
]  # fmt: skip


def fill(first: int, last: int, user: str) -> None:
	frappe.db.bulk_insert("Opportunity", FIELDS, rows(first, last, user))
	frappe.db.commit()
	# rebuilt, so that neither rows deleted earlier nor a half-merged index are measured
	frappe.db.sql_ddl("OPTIMIZE TABLE `tabOpportunity`")
	time.sleep(SECONDS_TO_SETTLE)


def clear() -> None:
	frappe.db.delete("Opportunity", {"name": ("like", f"{PREFIX}%")})
	frappe.db.commit()


def measure(count: int, owner: str) -> bool:
	"""Print the table's lines for this number of opportunities. Return True if they are within the bounds."""
	within = True
	for user in (None, owner):
		bare_sql = BARE.format(restriction=OF_USER if user else "")

		def bare(sql: str = bare_sql, user: str | None = user) -> Any:
			return frappe.db.sql(sql, {"user": user})

		def summary(user: str | None = user) -> Any:
			return get_pipeline_summary(user=user)

		bare_ms, summary_ms = measure_in_turn({"bare": bare, "summary": summary}, RUNS).values()
		whose = "one user's" if user else "all"
		print(
			f"| {count:>7,} | {whose:<10} | {bare_ms:8.1f} | {summary_ms:9.1f} | {summary_ms / bare_ms:5.2f}"
			f" | {measure_peak_kb(summary):7.0f} |"
		)
		within = within and summary_ms <= ALLOWED_RATIO * bare_ms + ALLOWED_MS
	return within


def main() -> int:
	connect_site()
	clear()
	owner = factories.make_user("Sales Manager").name
	frappe.set_user(owner)
	print("|   count | whose      | SQL (ms) | ours (ms) | ratio | peak KB |")
	print("|--------:|------------|---------:|----------:|------:|--------:|")
	try:
		results = [add_and_measure(first, last, owner) for first, last in pairwise((0, *COUNTS))]
	finally:
		clear()
		frappe.set_user("Administrator")
		frappe.delete_doc("User", owner)
		frappe.db.commit()
	return 0 if all(results) else 1


def add_and_measure(first: int, last: int, owner: str) -> bool:
	"""Add opportunities to the site, from number `first` to `last`, and measure."""
	fill(first, last, owner)
	return measure(last, owner)


if __name__ == "__main__":
	sys.exit(main())
