"""The burndown series of sprints, computed by hand. No site needed.

All sprints run from Monday, 1 February 2027, for a week, unless a story says otherwise, and were started on that Monday
at 09:00. Hours are those that remained as each day ended.
"""

from datetime import date, datetime

import pytest

from orchestrator.gameplan.forecast import Forecast, compute_forecast
from orchestrator.gameplan.series import compute_ideal_line, compute_series, split_change
from orchestrator.gameplan.task_state import OUT, Event, TaskChange, TaskState, get_event_kind, list_steps
from orchestrator.gameplan.workdays import WorkCalendar, build_calendar, list_days

MONDAY = date(2027, 2, 1)
WEEK = list_days(MONDAY, date(2027, 2, 5))
STARTED = datetime(2027, 2, 1, 9)
OVER = datetime(2027, 2, 7, 12)
DEFAULT_CALENDAR = WorkCalendar()


def make_moment(day: int, hour: int = 12, minute: int = 0) -> datetime:
	"""Return a time in February 2027; day 0 is the Sunday before."""
	return datetime(2027, 1, 31, hour, minute) if day == 0 else datetime(2027, 2, day, hour, minute)


def make_event(moment, task, estimate, progress=0.0, counts=True, kind="Joined", doctype="Task") -> Event:
	return Event(moment, doctype, task, kind, estimate, progress, counts)


def make_departure(moment, task, kind="Left") -> Event:
	return Event(moment, "Task", task, kind, *OUT)


def make_plan(*tasks: tuple[str, float]) -> list[Event]:
	"""Return events of tasks that joined on the Sunday before."""
	return [make_event(make_moment(0), name, estimate) for name, estimate in tasks]


def compute_course(events, now=OVER, days=WEEK, baseline=STARTED):
	return compute_series(events, days, baseline, now)


def get_remaining(series) -> list[float]:
	return [round(point.remaining, 6) for point in series.points]


def get_totals(series) -> tuple[float, float, float, float, float]:
	"""Return committed, added, removed, burned, remaining."""
	now = series.now
	values = (series.committed, now.added, now.removed, now.burned, now.remaining)
	return tuple(round(value, 6) for value in values)


# Histories


def test_nothing_happens_and_the_line_is_flat():
	series = compute_course(make_plan(("A", 8), ("B", 12)))
	assert get_remaining(series) == [20, 20, 20, 20, 20]
	assert get_totals(series) == (20, 0, 0, 0, 20)


def test_progress_burns_hours_on_the_day_it_is_made():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 12)),
			make_event(make_moment(2), "A", 8, 50),
			make_event(make_moment(4), "B", 12, 25),
		]
	)
	# Tuesday: 8 x 50 % = 4 done; Thursday: 12 x 25 % = 3 done
	assert get_remaining(series) == [20, 16, 16, 13, 13]
	assert get_totals(series) == (20, 0, 0, 7, 13)


def test_a_completed_task_has_no_remaining_hours():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 25),
			make_event(make_moment(3), "A", 8, 100, kind="Completed"),
		]
	)
	assert get_remaining(series) == [8, 6, 0, 0, 0]
	assert get_totals(series) == (8, 0, 0, 8, 0)


def test_a_task_added_on_the_way_is_scope_and_no_setback():
	series = compute_course(
		[*make_plan(("A", 8)), make_event(make_moment(3), "B", 5), make_event(make_moment(4), "A", 8, 100)]
	)
	assert get_remaining(series) == [8, 8, 13, 5, 5]
	assert get_totals(series) == (8, 5, 0, 8, 5)


def test_added_task_adds_its_remaining_hours():
	series = compute_course([*make_plan(("A", 8)), make_event(make_moment(3), "B", 10, 50)])
	assert get_remaining(series) == [8, 8, 13, 13, 13]
	assert get_totals(series) == (8, 5, 0, 0, 13)


def test_a_higher_estimate_is_scope_added_as_far_as_the_task_is_not_done():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 50),
			make_event(make_moment(3), "A", 12, 50, kind="Estimated"),
		]
	)
	# 8 h half done leave 4; 12 h half done leave 6: two hours more, of the four that the estimate grew by
	assert get_remaining(series) == [8, 4, 6, 6, 6]
	assert get_totals(series) == (8, 2, 0, 4, 6)


def test_a_lower_estimate_is_scope_removed():
	series = compute_course([*make_plan(("A", 10)), make_event(make_moment(2), "A", 6, kind="Estimated")])
	assert get_remaining(series) == [10, 6, 6, 6, 6]
	assert get_totals(series) == (10, 0, 4, 0, 6)


def test_estimate_and_progress_changed_together_are_distinguished():
	series = compute_course([*make_plan(("A", 10)), make_event(make_moment(2), "A", 20, 50)])
	# the estimate grew by 10 while nothing was done; then half of 20 was done
	assert get_remaining(series) == [10, 10, 10, 10, 10]
	assert get_totals(series) == (10, 10, 0, 10, 10)


def test_removed_task_subtracts_its_remaining_hours():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 10)),
			make_event(make_moment(2), "B", 10, 40),
			make_departure(make_moment(3), "B"),
		]
	)
	assert get_remaining(series) == [18, 14, 8, 8, 8]
	assert get_totals(series) == (18, 0, 6, 4, 8)


def test_a_task_moved_out_and_in_again_is_removed_and_added():
	series = compute_course(
		[*make_plan(("A", 8)), make_departure(make_moment(2), "A"), make_event(make_moment(4), "A", 8)]
	)
	assert get_remaining(series) == [8, 0, 0, 8, 8]
	assert get_totals(series) == (8, 8, 8, 0, 8)


def test_a_deleted_task_leaves_the_past_as_it_was():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 10)),
			make_event(make_moment(2), "B", 10, 50),
			make_departure(make_moment(4), "B", kind="Deleted"),
		]
	)
	assert get_remaining(series) == [18, 13, 13, 8, 8]
	assert get_totals(series) == (18, 0, 5, 5, 8)


def test_a_deleted_task_that_was_done_stays_burned():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 100),
			make_departure(make_moment(3), "A", kind="Deleted"),
		]
	)
	assert get_remaining(series) == [8, 0, 0, 0, 0]
	assert get_totals(series) == (8, 0, 0, 8, 0)


def test_a_reopened_task_brings_its_hours_back_as_work_undone():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 100),
			make_event(make_moment(4), "A", 8, 75, kind="Reopened"),
		]
	)
	assert get_remaining(series) == [8, 0, 0, 2, 2]
	assert get_totals(series) == (8, 0, 0, 6, 2)


def test_a_cancelled_task_is_scope_removed_and_no_work_done():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 4)),
			make_event(make_moment(3), "B", 4, 25, counts=False, kind="Cancelled"),
		]
	)
	assert get_remaining(series) == [12, 12, 8, 8, 8]
	assert get_totals(series) == (12, 0, 4, 0, 8)


def test_a_restored_task_is_scope_added():
	cancelled = make_event(make_moment(2), "A", 8, 25, counts=False, kind="Cancelled")
	series = compute_course(
		[*make_plan(("A", 8)), cancelled, make_event(make_moment(3), "A", 8, 25, kind="Restored")]
	)
	assert get_remaining(series) == [8, 0, 6, 6, 6]
	assert get_totals(series) == (8, 6, 8, 0, 6)


def test_an_estimate_that_comes_later_is_scope_added():
	series = compute_course([*make_plan(("A", 0)), make_event(make_moment(2), "A", 8, kind="Estimated")])
	assert get_remaining(series) == [0, 8, 8, 8, 8]
	assert get_totals(series) == (0, 8, 0, 0, 8)


def test_work_on_a_weekend_shows_on_the_weekend():
	days = list_days(date(2027, 2, 5), date(2027, 2, 9))
	series = compute_course(
		[*make_plan(("A", 8)), make_event(make_moment(6), "A", 8, 50)], days=days, now=make_moment(9, 18)
	)
	assert get_remaining(series) == [8, 4, 4, 4, 4]


def test_several_events_of_a_day_show_as_the_day_ended():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2, 9), "A", 8, 25),
			make_event(make_moment(2, 11), "A", 8, 75),
			make_event(make_moment(2, 17), "A", 8, 50),
		]
	)
	assert get_remaining(series) == [8, 4, 4, 4, 4]
	assert get_totals(series) == (8, 0, 0, 4, 4)


def test_the_last_moment_of_a_day_belongs_to_it_and_the_first_to_the_next():
	events = [*make_plan(("A", 8), ("B", 4))]
	events += [make_event(datetime(2027, 2, 2, 23, 59, 59, 999999), "A", 8, 100)]
	events += [make_event(datetime(2027, 2, 3), "B", 4, 100)]
	assert get_remaining(compute_course(events)) == [12, 4, 0, 0, 0]


def test_what_happens_before_the_start_is_planning():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 4)),
			make_event(make_moment(1, 8), "C", 6),
			make_departure(make_moment(1, 8, 30), "B"),
		]
	)
	assert get_remaining(series) == [14, 14, 14, 14, 14]
	assert get_totals(series) == (14, 0, 0, 0, 14)


def test_the_moment_of_the_start_is_the_last_of_the_planning():
	series = compute_course([make_event(STARTED, "A", 8), make_event(make_moment(1, 9, 1), "B", 4)])
	assert get_totals(series) == (8, 4, 0, 0, 12)


def test_a_sprint_started_late_has_no_change_of_scope_before():
	series = compute_course(
		[*make_plan(("A", 8)), make_event(make_moment(2), "B", 4)], baseline=make_moment(3, 9)
	)
	assert get_remaining(series) == [8, 12, 12, 12, 12]
	assert get_totals(series) == (12, 0, 0, 0, 12)


def test_future_days_have_no_hours():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 50),
			make_event(make_moment(4), "A", 8, 100),
		],
		now=make_moment(3, 15),
	)
	assert get_remaining(series) == [8, 4, 4]
	assert get_totals(series) == (8, 0, 0, 4, 4)


def test_burndown_does_not_depend_on_event_order():
	events = [
		*make_plan(("A", 8)),
		make_event(make_moment(2), "A", 8, 50),
		make_event(make_moment(3), "A", 8, 75),
		make_departure(make_moment(4), "A"),
	]
	assert (
		get_remaining(compute_course(events[::-1]))
		== get_remaining(compute_course(events))
		== [8, 4, 2, 0, 0]
	)


def test_a_task_of_each_kind_may_have_the_same_name():
	series = compute_course(
		[make_event(make_moment(0), "7", 8), make_event(make_moment(0), "7", 3, doctype="GP Task")]
	)
	assert get_remaining(series)[-1] == 11


def test_a_name_given_again_after_a_deletion_is_another_task():
	events = [
		*make_plan(("A", 8)),
		make_departure(make_moment(2), "A", kind="Deleted"),
		make_event(make_moment(3), "A", 5),
	]
	series = compute_course(events)
	assert get_remaining(series) == [8, 0, 5, 5, 5]
	assert get_totals(series) == (8, 5, 8, 0, 5)


def test_an_empty_sprint_has_a_line_of_nothing():
	series = compute_course([])
	assert get_remaining(series) == [0, 0, 0, 0, 0]
	assert get_totals(series) == (0, 0, 0, 0, 0)


def test_a_sprint_that_has_not_begun_has_no_line_yet():
	series = compute_course(make_plan(("A", 8)), now=make_moment(0, 13))
	assert get_remaining(series) == []
	assert get_totals(series) == (8, 0, 0, 0, 8)


def test_burn_up_has_estimates_and_work_done():
	series = compute_course(
		[
			*make_plan(("A", 8), ("B", 4)),
			make_event(make_moment(2), "A", 8, 50),
			make_event(make_moment(3), "C", 6),
			make_departure(make_moment(4), "A"),
		]
	)
	assert [point.scope for point in series.points] == [12, 12, 18, 10, 10]
	assert [point.done for point in series.points] == [0, 4, 4, 0, 0]


@pytest.mark.parametrize(
	("before", "after", "scope", "burn"),
	[
		(OUT, TaskState(8, 25), 6, 0),
		(TaskState(8, 25), OUT, -6, 0),
		(TaskState(8, 25), TaskState(8, 75), 0, 4),
		(TaskState(8, 75), TaskState(8, 25), 0, -4),
		(TaskState(8, 25), TaskState(12, 25), 3, 0),
		(TaskState(8, 100), TaskState(12, 100), 0, 0),
		(TaskState(10, 50), TaskState(4, 100), -3, 2),
	],
)
def test_scope_minus_work_equals_added_remaining_hours(before, after, scope, burn):
	assert split_change(before, after) == (scope, burn)
	assert after.remaining - before.remaining == scope - burn


# The ideal line


def test_the_ideal_line_leads_from_the_commitment_to_nothing_and_is_flat_at_the_weekend():
	# Thursday to Wednesday: four days burn after the first, ten hours each
	working = [True, True, False, False, True, True, True]
	assert compute_ideal_line(40, working) == [40, 30, 30, 30, 20, 10, 0]


def test_the_ideal_line_of_eleven_days_is_the_references():
	assert compute_ideal_line(40, [True] * 11)[:3] == [40, 36, 32]


def test_a_sprint_that_begins_at_the_weekend_burns_from_monday_on():
	assert compute_ideal_line(40, [False, False, True, True, True, True, True]) == [40, 40, 32, 24, 16, 8, 0]


@pytest.mark.parametrize("working", [[True], [False, False], [True, False]])
def test_without_a_day_to_burn_on_the_ideal_line_stays_where_it_is(working):
	assert compute_ideal_line(40, working) == [40] * len(working)


# Working days


def build_holidays(*days: tuple[str, int]) -> WorkCalendar:
	bounds = date(2027, 1, 1), date(2027, 12, 31)
	return build_calendar((date.fromisoformat(day), weekly, *bounds) for day, weekly in days)


def test_without_a_holiday_list_saturday_and_sunday_are_off():
	assert [DEFAULT_CALENDAR.is_workday(day) for day in list_days(date(2027, 2, 5), date(2027, 2, 8))] == [
		True, False, False, True,
	]  # fmt: skip
	assert build_calendar([]) == DEFAULT_CALENDAR


def test_a_list_without_weekends_adds_its_holidays_to_them():
	calendar = build_holidays(("2027-02-03", 0))
	assert [day.day for day in list_days(date(2027, 2, 1), date(2027, 2, 8)) if calendar.is_workday(day)] == [
		1, 2, 4, 5, 8,
	]  # fmt: skip


def test_a_list_with_weekends_of_its_own_decides_alone():
	# Friday is off, Sunday is worked
	calendar = build_holidays(("2027-02-05", 1), ("2027-02-06", 1), ("2027-02-03", 0))
	assert [day.day for day in list_days(date(2027, 2, 1), date(2027, 2, 8)) if calendar.is_workday(day)] == [
		1, 2, 4, 7, 8,
	]  # fmt: skip


def test_beyond_the_lists_last_day_its_weekends_go_on():
	calendar = build_calendar([(date(2027, 1, 1), 1, date(2027, 1, 1), date(2027, 1, 31))])  # a Friday
	assert not calendar.is_workday(date(2027, 2, 5))
	assert calendar.is_workday(date(2027, 2, 6))


# The forecast


def test_the_forecast_goes_on_at_the_pace_so_far_and_skips_the_weekend():
	# 8 h burned Monday to Thursday, 2 a day; 6 remain: Friday 4, Monday 2, Tuesday 0
	told_ = compute_forecast(6, 8, MONDAY, date(2027, 2, 4), date(2027, 2, 5), DEFAULT_CALENDAR)
	assert told_ == Forecast(hours_per_day=2, finish_date=date(2027, 2, 9), remaining_at_end=4)


def test_at_no_pace_there_is_no_end():
	assert compute_forecast(6, 0, MONDAY, date(2027, 2, 2), date(2027, 2, 5), DEFAULT_CALENDAR) == Forecast(
		0, None, 6
	)


def test_at_a_pace_that_takes_longer_than_a_year_there_is_no_end():
	assert compute_forecast(1000, 1, MONDAY, MONDAY, date(2027, 2, 5), DEFAULT_CALENDAR).finish_date is None


def test_what_is_done_is_done_today():
	told_ = compute_forecast(0, 8, MONDAY, date(2027, 2, 2), date(2027, 2, 5), DEFAULT_CALENDAR)
	assert told_ == Forecast(4, date(2027, 2, 2), 0)


def test_the_day_on_which_nothing_remained_any_more_is_known():
	series = compute_course(
		[
			*make_plan(("A", 8)),
			make_event(make_moment(2), "A", 8, 50),
			make_event(make_moment(3), "A", 8, 100),
		]
	)
	assert series.find_finish_day(WEEK) == date(2027, 2, 3)
	assert compute_course(make_plan(("A", 8))).find_finish_day(WEEK) is None


# Events of a task


@pytest.mark.parametrize(
	("before", "after", "kind"),
	[
		(TaskState(8, 0), TaskState(8, 50), "Progressed"),
		(TaskState(8, 50), TaskState(10, 50), "Estimated"),
		(TaskState(8, 50), TaskState(8, 100), "Completed"),
		(TaskState(8, 100), TaskState(8, 60), "Reopened"),
		(TaskState(8, 50), TaskState(8, 50, False), "Cancelled"),
		(TaskState(8, 50, False), TaskState(8, 50), "Restored"),
	],
)
def test_a_change_has_a_name(before, after, kind):
	assert get_event_kind(before, after) == kind


@pytest.mark.parametrize(
	("before", "after", "exists", "expected"),
	[
		(None, None, True, []),
		(None, ("S1", TaskState(8, 0)), True, [TaskChange("S1", "Joined", TaskState(8, 0))]),
		(("S1", TaskState(8, 0)), ("S1", TaskState(8, 0)), True, []),
		(
			("S1", TaskState(8, 0)),
			("S1", TaskState(8, 9)),
			True,
			[TaskChange("S1", "Progressed", TaskState(8, 9))],
		),
		(("S1", TaskState(8, 0)), None, True, [TaskChange("S1", "Left", OUT)]),
		(("S1", TaskState(8, 0)), None, False, [TaskChange("S1", "Deleted", OUT)]),
		(
			("S1", TaskState(8, 0)),
			("S2", TaskState(8, 0)),
			True,
			[TaskChange("S1", "Left", OUT), TaskChange("S2", "Joined", TaskState(8, 0))],
		),
	],
)
def test_a_move_is_two_steps(before, after, exists, expected):
	assert list_steps(before, after, exists) == expected
