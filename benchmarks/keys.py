"""What an API key with a scope costs beside Frappe's own key: the same calls of one user by both, in turn.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.keys

Two web servers run the same bench: one meets Frappe's key alone, so that nothing of the scope is installed in it.
Medians over all rounds. Ends with exit code 1 when a target is missed.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import frappe

from benchmarks import contract
from benchmarks.contract import BENCH, SITE, Subject

MAX_OVERHEAD_MS = 0.3
LISTED_DOCTYPES = 20
PATHS = {
	"ping": f"/api/method/{contract.PING_MODULE}.ping",
	"get_list of 20 leads": contract.LIST_PATH + quote(contract.CONTRACT_LIST),
	"/api/resource of 20 leads": contract.RESOURCE_PATH + quote(contract.STOCK_LIST),
}


def main() -> int:
	os.chdir(BENCH / "sites")
	frappe.init(site=SITE, sites_path=str(BENCH / "sites"))
	frappe.connect()
	with (
		contract.create_caller() as token,
		create_key(token) as key,
		contract.serve(BENCH / "sites") as plain,
		contract.serve(BENCH / "sites") as scoped,
	):
		pairs = [
			contract.measure(
				Subject(f"{label}, Frappe's key", plain, path, token),
				Subject(f"{label}, key with a scope", scoped, path, key),
				same=lambda theirs, ours: theirs == ours,
			)
			for label, path in PATHS.items()
		]
	return report(pairs)


@contextlib.contextmanager
def create_key(token: str) -> Iterator[str]:
	"""Yield a key of the caller whose scope names a good deal more than is asked for."""
	user = frappe.db.get_value("User", {"api_key": token.split(":")[0]})
	names = frappe.get_all("DocType", {"istable": 0, "module": "CRM"}, pluck="name", limit=LISTED_DOCTYPES)
	doctypes: list[dict[str, Any]] = [
		{"reference_doctype": name, "read": 1, "write": 1} for name in {"Lead", *names}
	]
	methods = [{"method": f"{contract.PING_MODULE}.ping"}, {"method": "orchestrator.crm.*"}]
	key = frappe.get_doc(
		{"doctype": "API Key", "title": "Benchmark", "user": user, "doctypes": doctypes, "methods": methods}
	).insert()
	frappe.db.commit()
	yield f"{key.name}:{key.flags.secret}"


def report(pairs: list[tuple[Subject, Subject]]) -> int:
	"""Print the figures. Returns the exit code."""
	print(f"medians of {contract.ROUNDS} requests each, in turn\n")
	for pair in pairs:
		for subject in pair:
			print(f"{subject.label:<44}{subject.median:8.2f} ms")
		theirs, ours = pair
		print(f"{'difference':<44}{ours.median - theirs.median:8.2f} ms\n")
	worst = max(ours.median - theirs.median for theirs, ours in pairs)
	print(f"target: at most {MAX_OVERHEAD_MS} ms over Frappe's key: {worst:.2f} ms")
	return int(worst > MAX_OVERHEAD_MS)


if __name__ == "__main__":
	sys.exit(main())
