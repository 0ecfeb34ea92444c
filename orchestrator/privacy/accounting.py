"""The accounting of disclosures of a client (45 CFR 164.528): to whom, when, what and what for."""

from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import frappe
from frappe import _

from orchestrator.api.cursors import FIRST_PAGE, encrypt_cursor, parse_cursor
from orchestrator.doctypes import DISCLOSURE
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.privacy.history import format_utc
from orchestrator.privacy.sealing import get_today
from orchestrator.privacy.shapes import ClientDisclosure, DisclosurePage

MAX_DAYS: Final = 3 * 366
COLUMNS: Final = (
	"disclosed_at, recipient, purpose, basis, consent, kinds, reference_doctype, reference_name, route"
)


class Range(NamedTuple):
	"""A range of days in UTC."""

	first: date
	last: date


def check_permission() -> None:
	"""Refuse whoever may not read disclosures.

	Raises:
		PermissionError: 403.
	"""
	frappe.has_permission(DISCLOSURE, "read", throw=True)


def parse_range(from_date: date | None, to_date: date | None) -> Range:
	"""Return a range of days, by default the three years until today.

	Raises:
		InvalidRequestError: 400. The range is empty or longer than three years.
	"""
	last = to_date or get_today()
	first = from_date or last - timedelta(days=MAX_DAYS - 1)
	if not first <= last < first + timedelta(days=MAX_DAYS):
		refuse(_("Send from_date and to_date of a range of up to three years."), InvalidRequestError)
	return Range(first, last)


def list_disclosures(
	client: str, days: Range, before: tuple[str, str] | None = None, limit: int | None = None
) -> list[frappe._dict]:
	"""Return the disclosures of a client, the latest first.

	Args:
		client: The name of the client, who may be deleted.
		days: The days in UTC.
		before: Time and name of the disclosure behind which to begin. Default: the latest one.
		limit: How many. Default: all of them.
	"""
	values: dict[str, Any] = {"client": client, "first": days.first, "end": days.last + timedelta(days=1)}
	condition = ""
	if before:
		values |= {"moment": before[0], "name": before[1]}
		condition = "and (disclosed_at < %(moment)s or (disclosed_at = %(moment)s and `name` < %(name)s))"
	return list(
		frappe.db.sql(
			f"""select `name`, {COLUMNS} from `tab{DISCLOSURE}`
			where client = %(client)s and disclosed_at >= %(first)s and disclosed_at < %(end)s {condition}
			order by disclosed_at desc, `name` desc {f"limit {int(limit)}" if limit else ""}""",  # noqa: S608  # names of ours
			values,
			as_dict=True,
		)
	)


def build_page(client: str, days: Range, limit: int, cursor: str | None) -> DisclosurePage:
	"""Return a page of the disclosures of a client."""
	scope = ["disclosures", client, str(days.first), str(days.last)]
	place = parse_cursor(cursor or FIRST_PAGE, scope)
	before = (str(place[0]), str(place[1])) if place else None
	rows = list_disclosures(client, days, before, limit + 1)
	page = rows[:limit]
	last = [str(page[-1].disclosed_at), page[-1].name] if len(rows) > limit else None
	return {
		"disclosures": [_build_disclosure(row) for row in page],
		"next_cursor": encrypt_cursor(last, scope) if last else None,
	}


def _build_disclosure(row: frappe._dict) -> ClientDisclosure:
	return {
		"disclosed_at": format_utc(row.disclosed_at),
		"recipient": row.recipient,
		"purpose": row.purpose,
		"allowed_by": row.basis,
		"consent": row.consent or None,
		"information": row.kinds,
		"doctype": row.reference_doctype,
		"name": row.reference_name,
		"route": row.route or "",
	}
