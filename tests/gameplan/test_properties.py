"""A burndown over random histories equals a brute-force replay of them."""

from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.gameplan.series import compute_series
from orchestrator.gameplan.task_state import DELETED, JOINED, LEFT, OUT, PROGRESSED, Event
from orchestrator.gameplan.workdays import list_days

FIRST, LAST = date(2027, 2, 1), date(2027, 2, 7)
DAYS = list_days(FIRST, LAST)
BEGINNING = datetime(2027, 1, 31)
MINUTES = 9 * 24 * 60
reproducible = settings(derandomize=True, deadline=None, max_examples=400)


@st.composite
def draw_history(draw) -> list[Event]:
	"""Return events of a few tasks, none at the same moment."""
	minutes = draw(st.lists(st.integers(0, MINUTES), max_size=25, unique=True))
	events = []
	for minute in minutes:
		task = draw(st.sampled_from("ABCD"))
		at = BEGINNING + timedelta(minutes=minute)
		if draw(st.integers(0, 4)) == 0:
			events.append(Event(at, "Task", task, draw(st.sampled_from([LEFT, DELETED])), *OUT))
			continue
		estimate = draw(st.sampled_from([0.0, 2.0, 4.5, 8.0, 13.0]))
		progress = draw(st.sampled_from([0.0, 25.0, 50.0, 62.5, 100.0]))
		kind = draw(st.sampled_from([JOINED, PROGRESSED]))
		events.append(Event(at, "Task", task, kind, estimate, progress, draw(st.booleans())))
	return events


def compute_remaining(events: list[Event], moment: datetime) -> float:
	"""Return the hours that remained at a time, from the last known state of each task."""
	total = 0.0
	for task in {event.task for event in events}:
		known = [event for event in events if event.task == task and event.at <= moment]
		last = max(known, key=lambda event: event.at, default=None)
		if last and last.counts:
			total += last.estimate * (100 - last.progress) / 100
	return total


@reproducible
@given(draw_history(), st.integers(0, MINUTES), st.integers(0, MINUTES))
def test_a_burndown_equals_a_replay_by_brute_force(events, started, asked):
	baseline = BEGINNING + timedelta(minutes=min(started, asked))
	now = BEGINNING + timedelta(minutes=max(started, asked))
	series = compute_series(events, DAYS, baseline, now)
	begun = [day for day in DAYS if day <= now.date()]
	ends = [min(datetime.combine(day, time.max), now) for day in begun]
	assert [round(point.remaining, 6) for point in series.points] == [
		round(compute_remaining(events, end), 6) for end in ends
	]
	assert round(series.committed, 6) == round(compute_remaining(events, baseline), 6)
	assert round(series.now.remaining, 6) == round(compute_remaining(events, now), 6)
	balance = series.committed + series.now.added - series.now.removed - series.now.burned
	assert round(balance, 6) == round(series.now.remaining, 6)
	assert round(series.now.scope - series.now.done, 6) == round(series.now.remaining, 6)


@reproducible
@given(draw_history())
def test_the_order_in_which_events_are_stored_makes_no_difference(events):
	now = BEGINNING + timedelta(minutes=MINUTES)
	forward = compute_series(events, DAYS, BEGINNING, now)
	assert compute_series(events[::-1], DAYS, BEGINNING, now).points == forward.points
