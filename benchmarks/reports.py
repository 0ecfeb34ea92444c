"""A report of 50,000 rows as a file compared with Frappe's own export, in time and peak memory; and CSV files
of growing size.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.reports

Makes leads in the site by bulk insert, prints the tables, and removes the leads again. Each run is a process of its own, so
that its peak is its own; what the same export of ten rows needs is taken off. Ends with exit code 1 when a target is missed.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import frappe

from tests.support import factories

ROWS = 50_000
CSV_ROWS = (10_000, 50_000, 200_000)
ROUNDS = 3
PREFIX = "BENCH-REPORT-"
ALLOWED_TIME = 1 / 1.5  # of Frappe's
ALLOWED_MEMORY = 0.5
ALLOWED_CSV_MB = 4  # for a CSV of any length
FIELDS = [
	"name", "creation", "modified", "owner", "modified_by", "lead_name", "email_id", "company_name", "status",
	"phone", "city", "probability", "annual_revenue", "topic", "company",
]  # fmt: skip
QUERY = f"""
	select name as `Lead:Link/Lead:140`, lead_name as `Name::160`, email_id as `E-mail::160`,
		company_name as `Organisation::160`, status as `Status::100`, phone as `Phone::100`, city as `City::100`,
		probability as `Probability:Percent:100`, annual_revenue as `Revenue:Currency:120`, creation as `Created:Datetime:160`
	from tabLead where name like '{PREFIX}%%' and %(rows)s > 0 limit %(rows)s
"""
SCRIPT_REPORT = "Lead Details"  # of ERPNext: its rows are all in memory, with any export
DAY, LATER = "2001-01-01", "2001-06-01"


class Cost(NamedTuple):
	"""Time of a run, and its memory above that for ten rows."""

	seconds: float
	peak_mb: float


def rows(count: int) -> Iterator[tuple[Any, ...]]:
	company = factories.get_company()
	for number in range(count):
		moment = f"{DAY if number < ROWS else LATER} 10:00:00"
		yield (
			f"{PREFIX}{number:07}", moment, moment, "Administrator", "Administrator", f"Lead {number}",
			f"lead-{number}@harbor.example", f"Organisation {number % 977}", "Open", f"555-{number:07}",
			f"City {number % 97}", number % 100, number * 1.25, "A topic of some words", company,
		)  # fmt: skip


def build_filters(report: str, count: int) -> dict[str, Any]:
	"""Return filters with which a report has this number of rows; the script report has all or none."""
	if report != SCRIPT_REPORT:
		return {"rows": count}
	day = DAY if count == ROWS else "2000-01-01"
	return {"company": factories.get_company(), "from_date": day, "to_date": day}


def export_by_frappe(report: str, count: int, form: str) -> None:
	"""Run Desk's Export."""
	from frappe.desk import query_report

	frappe.local.form_dict = frappe._dict(
		report_name=report,
		file_format_type={"xlsx": "Excel", "csv": "CSV"}[form],
		filters=json.dumps(build_filters(report, count)),
		visible_idx="[]",
		csv_quoting=2,
	)
	query_report.export_query()


def generate_by_us(report: str, count: int, form: str) -> None:
	"""Call the endpoint, as the request calls it."""
	from orchestrator.insights import generate_report

	data = generate_report(report, form, False, build_filters(report, count), background=False)
	assert data["row_count"] in (count, 0), data


def run_alone(report: str, count: int, _form: str) -> None:
	"""Run the report without any export, which every export needs at least."""
	from frappe.desk import query_report

	query_report.run(report, filters=build_filters(report, count), ignore_prepared_report=True)


WAYS: dict[str, Callable[[str, int, str], None]] = {
	"frappe": export_by_frappe,
	"ours": generate_by_us,
	"alone": run_alone,
}


def connect() -> None:
	site, bench = os.environ["ORCHESTRATOR_SITE"], os.environ["ORCHESTRATOR_BENCH"]
	os.chdir(Path(bench) / "sites")
	frappe.init(site=site, sites_path=".")
	frappe.connect()


def get_peak_mb() -> float:
	"""Return the peak memory of this process. Not ru_maxrss: a child starts with its parent's."""
	status = Path("/proc/self/status").read_text()
	return int(status.split("VmHWM:")[1].split()[0]) / 1024


def run_here(way: str, report: str, count: int, form: str) -> None:
	"""Execute one run in this process: print its cost and clean up."""
	connect()
	WAYS[way](report, 10, form)  # imports and caches are not part of the export
	before = get_peak_mb()
	began = time.perf_counter()
	WAYS[way](report, count, form)
	seconds = time.perf_counter() - began
	peak = get_peak_mb() - before
	frappe.db.rollback()
	print(json.dumps([seconds, peak]))


def cost(way: str, report: str, count: int, form: str = "xlsx") -> Cost:
	"""Return the medians of several runs."""
	runs = []
	for _round in range(ROUNDS):
		command = [sys.executable, "-m", "benchmarks.reports", way, report, str(count), form]
		done = subprocess.run(
			command, check=True, capture_output=True, text=True, cwd=Path(__file__).resolve().parent.parent
		)
		runs.append(json.loads(done.stdout.splitlines()[-1]))
	return Cost(*(statistics.median(column) for column in zip(*runs, strict=True)))


def compare(report: str, kind: str) -> bool:
	"""Print one line of the first table."""
	frappes, ours = cost("frappe", report, ROWS), cost("ours", report, ROWS)
	times = ours.seconds / frappes.seconds
	memory = ours.peak_mb / frappes.peak_mb
	print(
		f"| {kind} | {frappes.seconds:.2f} s | {ours.seconds:.2f} s | {1 / times:.2f} |"
		f" {frappes.peak_mb:.0f} MB | {ours.peak_mb:.0f} MB | {memory:.2f} |"
	)
	return times <= ALLOWED_TIME and memory <= ALLOWED_MEMORY


def main() -> int:
	connect()
	report = factories.make_record(
		"Report",
		report_name=factories.make_unique("Benchmark"),
		ref_doctype="Lead",
		report_type="Query Report",
		is_standard="No",
		query=QUERY,
	).name
	frappe.db.bulk_insert("Lead", FIELDS, rows(max(CSV_ROWS)), chunk_size=5000)
	frappe.db.commit()
	try:
		return tell({"Query Report": report, "Script Report": SCRIPT_REPORT})
	finally:
		frappe.db.delete("Lead", {"name": ("like", f"{PREFIX}%")})
		frappe.delete_doc("Report", report, force=True)
		frappe.db.commit()


def tell(reports: dict[str, str]) -> int:
	"""Print both tables. Return 1 if a target is missed."""
	print(
		f"| {ROWS:,} rows as xlsx | Frappe | Ours | Times as fast | Frappe's peak | Our peak | Ratio |\n|---|---:|---:|---:|---:|---:|---:|"
	)
	kept = [compare(report, kind) for kind, report in reports.items()]
	print(f"\nThe rows of the script report alone: {cost('alone', SCRIPT_REPORT, ROWS).peak_mb:.1f} MB")
	print("\n| Rows as csv | Time | Peak |\n|---:|---:|---:|")
	costs = [(count, cost("ours", reports["Query Report"], count, "csv")) for count in CSV_ROWS]
	for count, (seconds, peak) in costs:
		print(f"| {count:,} | {seconds:.2f} s | {peak:.1f} MB |")
	most = max(peak for _count, (_seconds, peak) in costs)
	print(f"\nAt most {most:.1f} MB more than for ten rows (target: {ALLOWED_CSV_MB} MB)")
	return 0 if kept[0] and most <= ALLOWED_CSV_MB else 1


if __name__ == "__main__":
	if len(sys.argv) > 1:
		run_here(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
	else:
		sys.exit(main())
