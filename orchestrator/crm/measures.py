"""Measures about sales: leads and opportunities that the caller may read."""

from frappe import _

from orchestrator import clock
from orchestrator.crm import pipeline
from orchestrator.crm.stages import CLOSED, LOST, STAGES, WON, build_key
from orchestrator.doctypes import LEAD, OPPORTUNITY
from orchestrator.measure_permissions import check_readable
from orchestrator.measure_queries import (
	Column,
	Filter,
	Number,
	Records,
	Series,
	Table,
	aggregate_trailing_period,
	build_series,
	build_table,
	compute_percentage,
	count_by_month,
	count_by_value,
	count_records,
	fetch_all,
	fetch_one,
	get_trailing_days,
	to_number,
)
from orchestrator.period import DateRange

YEAR = 365
CLOSINGS = 10
OPEN_STAGES = tuple(stage for stage in STAGES if stage not in CLOSED)
IS_OPEN: Filter = ["pipeline_stage", "in", list(OPEN_STAGES)]


def open_pipeline_value() -> Number:
	"""Return the total amount of open opportunities, in the currency of the site's default company."""
	check_readable(OPPORTUNITY)
	summary = pipeline.get_summary(None)
	total = sum(summary["value_by_stage"][build_key(stage)] for stage in OPEN_STAGES)
	return Number(to_number(total), unit=summary["currency"], records=(Records(OPPORTUNITY, [IS_OPEN]),))


def pipeline_by_stage() -> Series:
	"""Return the amounts of open opportunities by stage, in the same currency."""
	check_readable(OPPORTUNITY)
	summary = pipeline.get_summary(None)
	values = [(_(stage), summary["value_by_stage"][build_key(stage)]) for stage in OPEN_STAGES]
	points: list[list[Filter]] = [[["pipeline_stage", "=", stage]] for stage in OPEN_STAGES]
	series = build_series(values, _("Value"), summary["currency"])
	return series._replace(records=(Records(OPPORTUNITY, [IS_OPEN], points),))


def win_rate(dates: DateRange | None = None) -> Number:
	"""Return the percentage of won opportunities among those closed in the last year; and in the year before."""
	dates = dates or get_trailing_days(YEAR)
	row = fetch_one(
		"""
		SELECT SUM(is_recent AND is_won), SUM(is_recent), SUM(NOT is_recent AND is_won), SUM(NOT is_recent) FROM (
			SELECT transaction_date >= %(since)s AS is_recent, pipeline_stage = %(won)s AS is_won
			FROM `tabOpportunity` WHERE pipeline_stage IN (%(won)s, %(lost)s)
				AND transaction_date >= %(before)s AND transaction_date < %(end)s AND {readable}
		) closed
		""",
		OPPORTUNITY,
		won=WON,
		lost=LOST,
		since=dates.first,
		before=dates.before.first,
		end=dates.end,
	)
	closed = [
		["pipeline_stage", "in", [WON, LOST]],
		["transaction_date", "between", [str(day) for day in dates]],
	]
	return Number(
		compute_percentage(row[0], row[1]),
		compute_percentage(row[2], row[3]),
		records=(Records(OPPORTUNITY, closed),),
	)


def new_leads(dates: DateRange | None = None) -> Number:
	"""Return the number of leads of the last 30 days, and of the 30 days before."""
	return aggregate_trailing_period(LEAD, "creation", dates=dates)


def new_opportunities(dates: DateRange | None = None) -> Number:
	"""Return the number of opportunities of the last 30 days, and of the 30 days before."""
	return aggregate_trailing_period(OPPORTUNITY, "creation", dates=dates)


def leads_by_status() -> Series:
	return count_by_value(LEAD, "status", _("Leads"))


def opportunities_by_month(dates: DateRange | None = None) -> Series:
	"""Return the number of opportunities of the last twelve months, by the month of their date."""
	return count_by_month(OPPORTUNITY, "transaction_date", _("Opportunities"), dates=dates)


def overdue_closings() -> Number:
	"""Return the number of open opportunities whose expected closing has passed."""
	return count_records(
		OPPORTUNITY,
		"pipeline_stage IN %(stages)s AND expected_closing < %(today)s",
		[IS_OPEN, ["expected_closing", "is", "set"], ["expected_closing", "<", str(clock.get_today())]],
		stages=OPEN_STAGES,
		today=clock.get_today(),
	)


def next_closings() -> Table:
	"""Return the open opportunities that are expected to close first, from today on."""
	rows = fetch_all(
		"""
		SELECT name, title, pipeline_stage, opportunity_amount, currency, expected_closing FROM `tabOpportunity`
		WHERE pipeline_stage IN %(stages)s AND expected_closing >= %(today)s AND {readable}
		ORDER BY expected_closing, name LIMIT %(limit)s
		""",
		OPPORTUNITY,
		stages=OPEN_STAGES,
		today=clock.get_today(),
		limit=CLOSINGS,
	)
	total = count_records(
		OPPORTUNITY,
		"pipeline_stage IN %(stages)s AND expected_closing >= %(today)s",
		[IS_OPEN, ["expected_closing", ">=", str(clock.get_today())]],
		stages=OPEN_STAGES,
		today=clock.get_today(),
	)
	columns = (
		Column("name", _("Opportunity"), "Link", OPPORTUNITY),
		Column("title", _("Title")),
		Column("pipeline_stage", _("Stage")),
		Column("opportunity_amount", _("Amount"), "Currency", "currency"),
		Column("currency", _("Currency"), "Link", "Currency"),
		Column("expected_closing", _("Expected Closing"), "Date"),
	)
	return build_table(columns, rows, int(total.value or 0))._replace(records=total.records)
