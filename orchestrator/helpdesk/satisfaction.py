"""Averages of the ratings that customers gave, by agent, team or time, as far as the caller may read them."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, Literal

import frappe
from frappe import _

from orchestrator import clock, measure_queries
from orchestrator.doctypes import TICKET_RATING
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk.ratings import MAX_SCORE, MIN_SCORE
from orchestrator.helpdesk.shapes import Satisfaction, SatisfactionGroup
from orchestrator.period import parse_date, to_iso

GroupBy = Literal["agent", "team", "day", "week", "month"]
# The time of a rating is that of its invitation, so that a period's response rate never exceeds 100 %.
KEYS: dict[GroupBy, str] = {
	"agent": "NULLIF(agent, '')",
	"team": "NULLIF(team, '')",
	"day": "DATE(invited_at)",
	"week": "DATE_SUB(DATE(invited_at), INTERVAL WEEKDAY(invited_at) DAY)",
	"month": "DATE_FORMAT(invited_at, '%%Y-%%m')",
}
DEFAULT_DAYS = 90
MAX_DAYS = 2 * 366
SCORES = range(MIN_SCORE, MAX_SCORE + 1)
Row = tuple[Any, int, int]  # key, score (0: not answered), number


def parse_grouping(text: str | None) -> GroupBy:
	"""Return the grouping, agent by default. 400 for any other."""
	if not text:
		return "agent"
	found = next((known for known in KEYS if known == text), None)
	if found is None:
		refuse(_("group_by must be one of: {0}.").format(", ".join(KEYS)), InvalidRequestError)
	return found


def parse_period(from_date: str | None, to_date: str | None) -> tuple[date, date]:
	"""Return first and last day, the last 90 days by default. 400 for a period that is reversed or too long."""
	last = parse_date("to_date", to_date) if to_date else clock.get_today()
	first = parse_date("from_date", from_date) if from_date else last - timedelta(days=DEFAULT_DAYS - 1)
	if not 0 <= (last - first).days < MAX_DAYS:
		refuse(
			_("from_date must be at most {0} days before to_date, and not after it.").format(MAX_DAYS - 1),
			InvalidRequestError,
		)
	return first, last


def get_satisfaction(group_by: GroupBy, first: date, last: date, doctype: str | None) -> Satisfaction:
	"""Return the ratings of the tickets whose customers were asked in the period, in one query.

	Raises PermissionError (403) if the caller may read no ratings.
	"""
	frappe.has_permission(TICKET_RATING, "read", throw=True)
	rows: list[Row] = [
		(key, int(score), int(number))
		for key, score, number in measure_queries.fetch_all(
			f"""
			SELECT {KEYS[group_by]}, COALESCE(score, 0), COUNT(*) FROM `tab{TICKET_RATING}`
			WHERE invited_at >= %(first)s AND invited_at < %(end)s
				AND (%(ticket_type)s IS NULL OR reference_doctype = %(ticket_type)s) AND {{readable}}
			GROUP BY 1, 2 ORDER BY 1, 2
			""",  # noqa: S608  # expressions of this module
			TICKET_RATING,
			first=first,
			end=last + timedelta(days=1),
			ticket_type=doctype,
		)
	]
	return Satisfaction(
		from_date=to_iso(first),
		to_date=to_iso(last),
		group_by=group_by,
		total=build_group(None, _("Total"), rows),
		groups=_build_groups(group_by, rows),
	)


def _build_groups(group_by: GroupBy, rows: list[Row]) -> list[SatisfactionGroup]:
	by_key: dict[Any, list[Row]] = defaultdict(list)
	for row in rows:
		by_key[row[0]].append(row)
	labels = _get_labels(group_by, [key for key in by_key if key is not None])
	return [
		build_group(
			None if key is None else str(key),
			_("None") if key is None else labels.get(str(key), str(key)),
			members,
		)
		for key, members in by_key.items()
	]


def _get_labels(group_by: GroupBy, keys: list[Any]) -> dict[str, str]:
	"""Return the full names of agents; other groups are labelled by their key."""
	if group_by != "agent" or not keys:
		return {}
	# get_all: names of colleagues on tickets that the caller may read
	rows = frappe.get_all("User", {"name": ("in", keys)}, ["name", "full_name"], limit=0)
	return {row.name: row.full_name or row.name for row in rows}


def build_group(key: str | None, label: str, rows: list[Row]) -> SatisfactionGroup:
	"""Return the figures of a group from its numbers of each score."""
	scores = dict.fromkeys(SCORES, 0)
	invited = 0
	for _key, score, number in rows:
		invited += number
		if score in scores:
			scores[score] += number
	answered = sum(scores.values())
	points = sum(score * number for score, number in scores.items())
	return SatisfactionGroup(
		key=key,
		label=label,
		invited=invited,
		answered=answered,
		average=round(points / answered, 2) if answered else None,
		response_rate=measure_queries.compute_percentage(answered, invited),
		scores={str(score): number for score, number in scores.items()},
	)
