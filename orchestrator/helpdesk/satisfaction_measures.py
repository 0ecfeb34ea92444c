"""Measures about the satisfaction of customers, from the ratings that the reader may read."""

from frappe import _
from frappe.utils import add_days, add_months, get_first_day, get_last_day

from orchestrator import clock, measure_queries
from orchestrator.doctypes import TICKET_RATING
from orchestrator.measure_queries import (
	MONTHS,
	Filter,
	Number,
	Records,
	Series,
	build_series,
	compute_percentage,
)

ANSWERED = "score > 0"
ANSWERED_FILTERS: list[Filter] = [["score", ">", 0]]
AGENT_DAYS = 90


def satisfaction_score() -> Number:
	"""Return the average score of the answers of the last 30 days, and of the 30 days before."""
	number = measure_queries.aggregate_trailing_period(
		TICKET_RATING, "answered_at", what="score", where=ANSWERED, filters=ANSWERED_FILTERS, average=True
	)
	return number._replace(
		value=None if number.value is None else round(number.value, 2),
		previous=None if number.previous is None else round(number.previous, 2),
	)


def satisfaction_response_rate() -> Number:
	"""Return the percentage of the customers asked in the last 30 days who answered; and of the 30 days before."""
	asked = measure_queries.aggregate_trailing_period(TICKET_RATING, "invited_at")
	answered = measure_queries.aggregate_trailing_period(
		TICKET_RATING, "invited_at", where=ANSWERED, filters=ANSWERED_FILTERS
	)
	return Number(
		compute_percentage(answered.value, asked.value),
		compute_percentage(answered.previous, asked.previous),
		records=asked.records,
	)


def satisfaction_by_agent() -> Series:
	"""Return the average score of each agent over the last 90 days, best first."""
	since = add_days(clock.get_today(), 1 - AGENT_DAYS)
	rows = measure_queries.fetch_all(
		f"""
		SELECT rating.agent, COALESCE(user.full_name, rating.agent), AVG(rating.score) AS average
		FROM (SELECT agent, score FROM `tab{TICKET_RATING}`
			WHERE {ANSWERED} AND answered_at >= %(since)s AND {{readable}}) rating
		LEFT JOIN `tabUser` user ON user.name = rating.agent
		GROUP BY rating.agent, 2 ORDER BY average DESC, 2, 1
		""",  # noqa: S608  # constants of this module
		TICKET_RATING,
		since=since,
	)
	points: list[list[Filter]] = [
		[["agent", "=", agent] if agent else ["agent", "is", "not set"]] for agent, _name, _score in rows
	]
	filters: list[Filter] = [*ANSWERED_FILTERS, ["answered_at", ">=", str(since)]]
	series = build_series(
		[(name, round(float(score), 2)) for _agent, name, score in rows], _("Average Score")
	)
	return series._replace(records=(Records(TICKET_RATING, filters, points),))


def satisfaction_by_month() -> Series:
	"""Return the average score of the answers in each of the last twelve months, 0 for a month without any."""
	first = get_first_day(add_months(clock.get_today(), 1 - MONTHS))
	rows = measure_queries.fetch_all(
		f"""
		SELECT DATE_FORMAT(answered_at, '%%Y-%%m'), AVG(score) FROM `tab{TICKET_RATING}`
		WHERE {ANSWERED} AND answered_at >= %(first)s AND {{readable}} GROUP BY 1
		""",  # noqa: S608
		TICKET_RATING,
		first=first,
	)
	scores = {month: round(float(score), 2) for month, score in rows}
	starts = [add_months(first, index) for index in range(MONTHS)]
	points: list[list[Filter]] = [
		[["answered_at", "between", [str(start), str(get_last_day(start))]]] for start in starts
	]
	filters: list[Filter] = [*ANSWERED_FILTERS, ["answered_at", ">=", str(first)]]
	series = build_series(
		[(str(start)[:7], scores.get(str(start)[:7], 0)) for start in starts], _("Average Score")
	)
	return series._replace(records=(Records(TICKET_RATING, filters, points),))
