"""Accesses that a privacy officer should look at: own and colleagues' records, many clients in an hour, other facilities.

Each is a reason to ask, not a finding: people with the same name and birthday exist, and so do long lists.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import frappe
from frappe import _

from orchestrator.configuration import get_settings
from orchestrator.doctypes import ACCESS_LOG_ENTRY, CLIENT, EMPLOYEE, FACILITY
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.privacy.history import format_utc
from orchestrator.privacy.shapes import UnusualAccess

DEFAULT_DAYS: Final = 7
MAX_DAYS: Final = 92
OWN_RECORD, COLLEAGUE = "Own Record", "Colleague"
MANY_CLIENTS, OTHER_FACILITY = "Many Clients", "Other Facility"
# Entries of clients by users, in a range of days
SOURCE: Final = f"`tab{ACCESS_LOG_ENTRY}` entry"
IN_RANGE: Final = (
	f"entry.day between %(first)s and %(last)s and entry.reference_doctype = '{CLIENT}' and entry.user != ''"
)
FIGURES: Final = "min(entry.accessed_at) first_at, max(entry.accessed_at) last_at"


def list_unusual_accesses(from_date: date | None, to_date: date | None, today: date) -> list[UnusualAccess]:
	"""Return unusual accesses of a range of days in UTC, by default the last seven, the latest first.

	Raises:
		InvalidRequestError: 400. The range is empty or too long.
	"""
	last = to_date or today
	first = from_date or last - timedelta(days=DEFAULT_DAYS - 1)
	if not first <= last < first + timedelta(days=MAX_DAYS):
		refuse(
			_("Send from_date and to_date of a range of 1 to {0} days.").format(MAX_DAYS), InvalidRequestError
		)
	values = {"first": first, "last": last, "most": get_settings().unusual_clients_per_hour}
	found = [*_find_employees(values), *_find_many(values), *_find_other_facilities(values)]
	return sorted(found, key=lambda access: access["last_at"], reverse=True)


def _find_employees(values: dict[str, Any]) -> Iterator[UnusualAccess]:
	"""Yield accesses of employees to clients who are employees as well: by their email, or by name and birthday."""
	rows = frappe.db.sql(
		f"""select entry.user, client.name client, {FIGURES},
			max(employee.user_id is not null and employee.user_id = entry.user) is_own
		from {SOURCE} join `tab{CLIENT}` client on client.name = entry.reference_name
		join `tab{EMPLOYEE}` employee on
			(ifnull(client.email, '') != ''
				and client.email in (employee.user_id, employee.personal_email, employee.company_email))
			or (client.date_of_birth = employee.date_of_birth and client.first_name = employee.first_name
				and client.last_name = employee.last_name)
		where {IN_RANGE} group by entry.user, client.name""",  # noqa: S608  # names of ours
		values,
		as_dict=True,
	)
	for row in rows:
		yield _build(OWN_RECORD if row.is_own else COLLEAGUE, row, row.client)


def _find_many(values: dict[str, Any]) -> Iterator[UnusualAccess]:
	rows = frappe.db.sql(
		f"""select entry.user, count(distinct entry.reference_name) clients, {FIGURES} from {SOURCE} where {IN_RANGE}
		group by entry.user, date_format(entry.accessed_at, '%%Y-%%m-%%d %%H')
		having clients > %(most)s""",  # noqa: S608  # names of ours
		values,
		as_dict=True,
	)
	for row in rows:
		yield _build(MANY_CLIENTS, row, None, row.clients)


def _find_other_facilities(values: dict[str, Any]) -> Iterator[UnusualAccess]:
	"""Yield accesses of users who are limited to facilities to clients who are in another one by now."""
	rows = frappe.db.sql(
		f"""select entry.user, client.name client, {FIGURES}
		from {SOURCE} join `tab{CLIENT}` client on client.name = entry.reference_name
		where {IN_RANGE} and ifnull(client.facility, '') != ''
			and entry.user in (select user from `tabUser Permission` where allow = '{FACILITY}')
			and not exists (select 1 from `tabUser Permission` permitted where permitted.user = entry.user
				and permitted.allow = '{FACILITY}' and permitted.for_value = client.facility)
		group by entry.user, client.name""",  # noqa: S608  # names of ours
		values,
		as_dict=True,
	)
	for row in rows:
		yield _build(OTHER_FACILITY, row, row.client)


def _build(kind: str, row: Any, client: str | None, clients: int = 1) -> UnusualAccess:
	return {
		"kind": kind,
		"user": row.user,
		"client": client,
		"clients": clients,
		"first_at": format_utc(row.first_at),
		"last_at": format_utc(row.last_at),
	}
