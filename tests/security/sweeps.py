"""One sweep as a test sees it: run for some users, summarized, and compared with the requirements."""

import json
from pathlib import Path
from typing import Any

from tests.security.processes import run_module

# Minimum share of calls that were not stopped by a wrong argument
LEAST_SHARE = 0.90
SHOWN = 20


def sweep(users: str, folder: Path) -> dict[str, Any]:
	"""Sweep as these users, separated by commas, and return the report."""
	path = folder / "report.json"
	run_module("sweep", users, str(path))
	report: dict[str, Any] = json.loads(path.read_text())
	return report


def describe(report: dict[str, Any]) -> str:
	"""Return the figures of a sweep in one line."""
	return (
		f"users: {', '.join(report['users'])}; methods: {report['methods']}, {len(report['unreached'])} of them not reached; "
		f"calls: {report['calls']}; reached the work: {share(report):.1%}; leaks: {len(report['leaks'])}; "
		f"seconds: {report['seconds']}"
	)


def share(report: dict[str, Any]) -> float:
	"""Return the share of calls that reached the work."""
	return float(report["reached"] / report["calls"])


def assert_is_tight(report: dict[str, Any]) -> None:
	"""Assert that nothing leaked, nothing was changed, and enough was tried."""
	leaks = [
		f"{leak['caller']}: {leak['verb']} {leak['method']}: {leak['places']} in {leak['where']}: {leak['values'][:200]}"
		for leak in report["leaks"]
	]
	assert not leaks, "\n".join(leaks[:SHOWN])
	assert not report["unlogged"], "\n".join(report["unlogged"][:SHOWN])
	assert not report["undisclosed"], "\n".join(report["undisclosed"][:SHOWN])
	assert report["answers"], "the site does not answer any more, so later calls tested nothing"
	assert report["unchanged"], "a planted record was changed"
	assert share(report) >= LEAST_SHARE, sorted(report["stopped"].items(), key=lambda item: -item[1])[:SHOWN]
