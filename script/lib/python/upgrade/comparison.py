"""Compare the content of a site before and after an upgrade."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benches import Bench, Row

Table = dict[str, Row]
# DocTypes of the platform whose records this app writes or depends on, beside its own.
TOUCHED = (
	"Address", "Assignment Rule", "Attendance", "Comment", "Communication", "Company", "Contact", "Customer",
	"Department", "Employee", "Employee Checkin", "File", "GP Project", "GP Task", "HD Ticket", "HD Ticket Comment",
	"Holiday List", "Holiday", "Insights Dashboard v3", "Insights Query v3", "Issue", "Lead", "Leave Allocation",
	"Leave Application", "Leave Ledger Entry", "Leave Type", "Notification Log", "Opportunity", "Project", "Quotation",
	"Service Level Agreement", "Shift Assignment", "Shift Type", "Tag", "Tag Link", "Task", "ToDo", "User", "Version",
	"Webhook",
)  # fmt: skip
PERMISSIONS = (
	"Custom DocPerm",
	"Has Role",
	"User Permission",
	"DocShare",
	"Role",
	"Role Profile",
	"Document Follow",
)
DASHBOARDS = ("Dashboard", "Dashboard Chart", "Dashboard Chart Link", "Number Card", "Number Card Link")
SCHEDULES = ("Auto Email Report",)
# Columns that a migration or the sign-in of the upgrade itself writes
VOLATILE = frozenset({"modified", "modified_by", "_seen", "last_active", "last_login", "last_ip"})
# Roles that ERPNext 16 removes, with their users
REMOVED_ROLES = frozenset({"Agriculture Manager", "Agriculture User"})
# DocTypes whose roles are data; those of pages and reports come with the apps.
ROLE_HOLDERS = frozenset({"Custom Role", "Dashboard Chart", "Orchestrator Dashboard", "Role Profile", "User"})
# Fields of ERPNext 15 -> their names in ERPNext 16
RENAMED = {
	(doctype, old): new
	for doctype in ("Lead", "Opportunity", "Quotation")
	for old, new in (
		("source", "utm_source"),
		("campaign", "utm_campaign"),
		("campaign_name", "utm_campaign"),
	)
}


def read_tables(bench: Bench, site: str) -> dict[str, Table]:
	"""Return the rows of this app's DocTypes and of those it changes, by name."""
	own = bench.query(site, "select name from tabDocType where module = 'Orchestrator' and issingle = 0")
	wanted = {str(row["name"]) for row in own} | {*TOUCHED, *PERMISSIONS, *DASHBOARDS, *SCHEDULES}
	there = {str(next(iter(row.values()))) for row in bench.query(site, "show tables")}
	return {
		doctype: {
			_identify(doctype, row): row
			for row in bench.query(site, f"select * from `tab{doctype}`")  # noqa: S608
			if _is_data(doctype, row)
		}
		for doctype in sorted(wanted)
		if f"tab{doctype}" in there
	}


def _identify(doctype: str, row: Row) -> str:
	"""Return the identity of a row. A record that is saved again may give its roles other names."""
	return (
		" ".join(str(row[key]) for key in ("parenttype", "parent", "role"))
		if doctype == "Has Role"
		else str(row["name"])
	)


def _is_data(doctype: str, row: Row) -> bool:
	"""Return False for records that come with the apps, and for those that the new platform removes itself."""
	if doctype == "Has Role":
		return row["parenttype"] in ROLE_HOLDERS and row["role"] not in REMOVED_ROLES
	return not row.get("is_standard") and not (doctype == "Role" and row["name"] in REMOVED_ROLES)


def read_singles(bench: Bench, site: str) -> Table:
	"""Return the values of this app's single DocTypes."""
	rows = bench.query(
		site,
		"select doctype, field, value from tabSingles where doctype in"
		" (select name from tabDocType where module = 'Orchestrator' and issingle = 1)",
	)
	return {f"{row['doctype']}.{row['field']}": row for row in rows}


def read_files(bench: Bench, site: str) -> dict[str, str]:
	"""Return the digest of every file of the site, by its path, without backups."""
	folder = bench.sites / site
	return {
		str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
		for part in ("public/files", "private/files")
		for path in sorted(Path(folder / part).rglob("*"))
		if path.is_file()
	}


def find_lost(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Row:
	"""Return the names of missing records, by DocType."""
	lost = {doctype: sorted(rows.keys() - after.get(doctype, {}).keys()) for doctype, rows in before.items()}
	return {doctype: names for doctype, names in lost.items() if names}


def find_changed(before: Mapping[str, Table], after: Mapping[str, Table]) -> Row:
	"""Return changed values by DocType and column: an example with its name, and their number."""
	changed: Row = {}
	for doctype, rows in before.items():
		for name, row in rows.items():
			for column, value in row.items():
				now = after.get(doctype, {}).get(name)
				if now is None or column in VOLATILE or _is_written_anew(doctype, column):
					continue
				found = now.get(column, "(no such column)")
				renamed = now.get(RENAMED.get((doctype, column), ""))
				if not _is_same(value, found) and not (renamed and _is_same(value, renamed)):
					entry = changed.setdefault(f"{doctype}.{column}", {"count": 0})
					entry["count"] += 1
					entry.setdefault("example", [name, str(value)[:80], str(found)[:80]])
	return changed


def _is_written_anew(doctype: str, column: str) -> bool:
	"""Return True for the rows' own names and dates, if a migration saves a record that an app brings."""
	return (doctype == "Role" and column == "creation") or (
		doctype == "Has Role" and column in ("name", "creation", "idx", "owner")
	)


def _is_same(value: Any, found: Any) -> bool:
	"""Return True also if only the column's type differs: a number stored as text, a date as its first
	moment.
	"""
	if value in (None, "") or found in (None, ""):
		return (value or None) == (found or None) or (not value and found == 0) or value in (None, "")
	return value == found or str(value) == str(found) or f"{value} 00:00:00" == str(found)
