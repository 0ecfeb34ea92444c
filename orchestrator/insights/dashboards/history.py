"""The history of metrics: one value per day, the last of that day.

Each computed value is noted in Redis, also in a request that only reads and is rolled back. One job at a time
writes the notes to the database (see jobs.py), checks the alerts, and commits both together.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import frappe
from frappe.utils import add_days, add_months

from orchestrator import clock, compat
from orchestrator.access.key_scope import is_active
from orchestrator.doctypes import METRIC_VALUE
from orchestrator.insights.dashboards.scopes import Scope
from orchestrator.insights.metrics.metrics import NUMBER, Metric
from orchestrator.rows import upsert_rows

ACTOR = "Administrator"
NOTES_KEY = "orchestrator:metric-notes"
PENDING_KEY = "orchestrator:metric-notes-being-written"
MAX_POINTS_BYTES = 50_000
RETENTION_DAYS = 730
COMPARISON_DAYS = {"Previous Day": 1, "Previous Week": 7}


class MetricNote(NamedTuple):
	"""A metric's value on a day, in one scope; `value` is set for numbers, `points` (JSON) for other kinds."""

	metric: str
	owner: str
	day: str
	value: float
	points: str | None
	measured_at: str


def add_note(metric: Metric, scope: Scope, kind: str, value: Any, succeeded: bool) -> None:
	"""Remember a computed value until it is written down, unless an API key sees a part of the figure only."""
	is_number = kind == NUMBER
	if is_active() or not succeeded or (is_number and value is None):
		return
	points = None if is_number else frappe.as_json(value, indent=None)
	if points and len(points) > MAX_POINTS_BYTES:
		points = None
	moment = str(clock.get_now())
	noted = MetricNote(metric.key, scope.owner, moment[:10], value if is_number else 0, points, moment)
	cache = frappe.cache()
	cache.execute_command("HSET", cache.make_key(NOTES_KEY), "|".join(noted[:3]), json.dumps(noted))


def claim_notes() -> list[MetricNote]:
	"""Return the notes to write now, in the order of their keys.

	They stay in Redis until `delete_claimed_notes`, so that a failed run loses none.
	"""
	cache = frappe.cache()
	noted, being_written = cache.make_key(NOTES_KEY), cache.make_key(PENDING_KEY)
	if not cache.execute_command("EXISTS", being_written) and cache.execute_command("EXISTS", noted):
		cache.execute_command("RENAME", noted, being_written)
	stored = cache.execute_command("HGETALL", being_written)
	texts = stored.values() if isinstance(stored, dict) else stored[1::2]
	return sorted(MetricNote(*json.loads(text)) for text in texts)


def delete_claimed_notes() -> None:
	"""Delete the claimed notes, after their points are committed."""
	cache = frappe.cache()
	cache.execute_command("DEL", cache.make_key(PENDING_KEY))


def upsert_points(notes: list[MetricNote]) -> None:
	"""Store each note as the point of its day. One that does not fit into the table is skipped, so that it
	does not stop the others.
	"""
	for item in notes:
		try:
			point = {**item._asdict(), "scope": item.owner, "owner": ACTOR}
			upsert_rows(METRIC_VALUE, [point], user=ACTOR)
		except (*compat.DataError, *compat.IntegrityError) as error:
			frappe.log_error(f"History of metric {item.metric}"[:140], f"A value was left out:\n{error}")


def get_latest(metric: str, owner: str) -> float | None:
	"""Return the last stored value."""
	return _get_value_before(metric, owner, None)


def get_previous(metric: Metric, scope: Scope) -> float | None:
	"""Return the value of a day, a week or a month ago: of the last point that is at least as old."""
	back = COMPARISON_DAYS.get(metric.compare_with)
	day = add_days(clock.get_today(), -back) if back else add_months(clock.get_today(), -1)
	return _get_value_before(metric.key, scope.owner, str(day))


def _get_value_before(metric: str, owner: str, day: str | None) -> float | None:
	rows = frappe.db.sql(
		f"""SELECT value FROM `tab{METRIC_VALUE}` WHERE metric = %(metric)s AND scope = %(owner)s
			AND day <= %(day)s ORDER BY day DESC LIMIT 1""",  # noqa: S608
		{"metric": metric, "owner": owner, "day": day or "9999-12-31"},
	)
	return rows[0][0] if rows else None


def list_points(metric: Metric, scope: Scope, days: int) -> Iterator[tuple[str, float | None]]:
	"""Yield day and value of the last `days` days, oldest first."""
	rows = frappe.db.sql(
		f"""SELECT day, value FROM `tab{METRIC_VALUE}` WHERE metric = %(metric)s AND scope = %(owner)s
			AND day > %(since)s ORDER BY day""",  # noqa: S608
		{"metric": metric.key, "owner": scope.owner, "since": add_days(clock.get_today(), -days)},
	)
	return ((str(day), value if metric.kind == NUMBER else None) for day, value in rows)


def list_readers(metrics: list[str], days: int, at_most: int) -> list[str]:
	"""Return the users who recently had a value of their own of one of these metrics, latest first."""
	if not metrics:
		return []
	rows = frappe.db.sql(
		f"""
		SELECT point.scope FROM `tab{METRIC_VALUE}` point JOIN tabUser user ON user.name = point.scope AND user.enabled = 1
		WHERE point.metric IN %(metrics)s AND point.day > %(since)s
		GROUP BY point.scope ORDER BY MAX(point.measured_at) DESC LIMIT %(at_most)s
		""",  # noqa: S608
		{"metrics": metrics, "since": add_days(clock.get_today(), -days), "at_most": at_most},
	)
	return [name for (name,) in rows]


def delete_expired_points() -> None:
	"""Run daily: delete points older than two years."""
	frappe.db.delete(METRIC_VALUE, {"day": ("<", add_days(clock.get_today(), -RETENTION_DAYS))})


def delete_history(metric: str) -> None:
	"""Delete a metric's history with it."""
	frappe.db.delete(METRIC_VALUE, {"metric": metric})
