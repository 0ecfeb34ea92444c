"""Remove fixes one by one, and check that the sweep finds the leak: `python -m tests.security.doors
report.json`.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import frappe

from orchestrator.access import consent_conditions
from orchestrator.compat import FRAPPE_MAJOR
from tests.security.caller import Caller
from tests.security.recipients import RECIPIENT
from tests.security.sweep import Report, Sweep, open_sweep

METHODS = "orchestrator.access.method_guards.METHODS"


@dataclass(frozen=True)
class Door:
	"""A fix, and the part of the sweep that must find the leak without it."""

	name: str
	caller: str
	part: str
	only: str
	# Replacements: a function, or the name of one
	without: tuple[tuple[str, Any], ...] = ()
	# Platform methods whose line is removed from the table
	unguarded: tuple[str, ...] = ()


def nothing(*_args: Any, **_options: Any) -> None:
	"""Do nothing, in place of a check."""


def everything(*_args: Any, **_options: Any) -> bool:
	"""Return True, in place of a permission."""
	return True


def only_documents(*_args: Any, **_options: Any) -> tuple[str, ...]:
	"""Return one kind of information, in place of the kinds in a record."""
	return ("documents",)


def build_query_without_state(native: Any, *args: Any) -> str:
	"""Return the query of consents that includes revoked ones."""
	query: str = native(*args)
	return query.replace("consent.`docstatus` = 1", "consent.`docstatus` in (1, 2)")


def everywhere(*_args: Any, **_options: Any) -> str:
	"""Return no condition, in place of a condition of lists."""
	return ""


DOORS = (
	Door(
		"link titles by a filter", "desk", "attacks", "^link_title_by_filter$",
		(
			("orchestrator.access.link_titles.get_link_title", "frappe.desk.search.get_link_title"),
			("orchestrator.access.plain_names.check_request", nothing),
		),
	),
	Door(
		"child rows by themselves", "desk", "attacks", "^rows_of_others_parents$",
		(("orchestrator.access.child_rows.has_row_permission", everything),),
	),
	Door(
		"fields of an employee", "portal", "attacks", "^employee_fields$",
		unguarded=("hrms.hr.utils.get_employee_field_property",),
	),
	Door(
		"filters on a permission level", "clinical", "guesses", "^/api/resource/Client$",
		(("orchestrator.access.query_checks.check_query", nothing),),
	),
	Door(
		"lists of files", "employee", "attacks", "^file_lists$",
		(("orchestrator.docs.access.build_file_conditions", everywhere),),
		("frappe.core.api.file.get_attached_images", "hrms.api.get_attachments"),
	),
	Door(
		"a private file's URL in an own File", "portal", "attacks", "^files_by_url$",
		(
			("orchestrator.access.file_paths.check_url", nothing),
			("orchestrator.access.private_files.check_request", nothing),
		),
	),
	Door(
		"activities about a client", "portal", "functions", r"^erpnext\.crm\.utils\.get_open_activities$",
		unguarded=("erpnext.crm.utils.get_open_activities",),
	),
	Door(
		"levels in what a write replies", "clinical", "attacks", "^written_back$",
		(("orchestrator.access.replies.after_request", nothing),),
	),
	Door(
		"entries in the access log", "clinical", "functions", r"^frappe\.client\.get$",
		(("orchestrator.privacy.batches._insert_rows", nothing),),
	),
	Door(
		"consents", RECIPIENT, "functions", r"^frappe\.client\.get$",
		(
			("orchestrator.access.consent_conditions.build_coverage", everywhere),
			("orchestrator.access.consent_conditions._is_client_covered", everything),
			("orchestrator.privacy.ledger.write_disclosures", nothing),
		),
	),
	Door(
		"kinds of information", RECIPIENT, "routes", "^/api/resource/Client Stay$",
		(("orchestrator.access.consent_conditions._list_kinds", only_documents),),
	),
	Door(
		"revocations", RECIPIENT, "routes", "^/api/resource/Client$",
		(("orchestrator.access.consent_conditions._build_consent_query", partial(build_query_without_state, consent_conditions._build_consent_query)),),
	),
	Door(
		"disclosures", RECIPIENT, "routes", "^/api/resource/Issue$",
		(("orchestrator.privacy.ledger.write_disclosures", nothing),),
	),
	Door(
		"entries for disclosures", RECIPIENT, "routes", "^/api/resource/Document$",
		(("orchestrator.privacy.batches._insert_rows", nothing),),
	),
)  # fmt: skip

# On Frappe 16, HRMS and the query builder refuse these themselves: nothing leaks without this app's fix.
CLOSED_BY_FRAPPE_16 = frozenset({"fields of an employee", "filters on a permission level"})
if FRAPPE_MAJOR >= 16:
	DOORS = tuple(door for door in DOORS if door.name not in CLOSED_BY_FRAPPE_16)


@contextmanager
def opened(door: Door) -> Iterator[None]:
	"""Take the fix out of this process."""
	table = frappe.get_attr(METHODS)
	missing = [method for method in door.unguarded if method not in table]
	if missing:
		raise LookupError(f"not in the table of guarded methods: {missing}")
	kept = {method: checks for method, checks in table.items() if method not in door.unguarded}
	with ExitStack() as stack:
		stack.enter_context(patch(METHODS, kept))
		for target, replacement in door.without:
			chosen = frappe.get_attr(replacement) if isinstance(replacement, str) else replacement
			stack.enter_context(patch(target, chosen))
		yield


def try_door(sweep: Sweep, callers: dict[str, Caller], door: Door) -> dict[str, list[str]]:
	"""Return what the sweep finds with the fix in place, and without it."""

	def look() -> list[str]:
		sweep.report = Report()
		sweep.run(callers[door.caller], (door.part,), door.only)
		if not sweep.report.calls:
			raise LookupError(f"no call for {door.name}")
		report = sweep.report
		return sorted({*map(str, report.leaks), *report.unlogged, *report.undisclosed})

	closed = look()
	with opened(door):
		return {"closed": closed, "open": look()}


def main() -> None:
	"""Try each door, and write what was found."""
	keys = sorted({door.caller for door in DOORS})
	bench, site = Path(os.environ["ORCHESTRATOR_BENCH"]), os.environ["ORCHESTRATOR_SITE"]
	sweep, callers = open_sweep(bench, site, keys)
	by_key = dict(zip(keys, callers, strict=True))
	found = {door.name: try_door(sweep, by_key, door) for door in DOORS}
	Path(sys.argv[1]).write_text(json.dumps(found, indent="\t"))


if __name__ == "__main__":
	main()
