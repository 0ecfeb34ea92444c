"""Cumulative flow and cycle times: over HTTP as worked out by hand, and over random histories by brute force."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frappe

from orchestrator.gameplan import events, get_sprint_board, get_sprint_flow
from orchestrator.gameplan.flow_series import compute_cycle_times, compute_percentile, count_daily_phases
from orchestrator.gameplan.phases import CANCELLED, DONE, IN_PROGRESS, IN_REVIEW, TO_DO
from orchestrator.gameplan.task_state import DELETED, JOINED, LEFT, MOVED, OUT, Event
from orchestrator.gameplan.workdays import list_days
from orchestrator.patches import fill_phases_of_sprint_events
from tests.support import factories, helpdesk
from tests.support.client import get_data
from tests.support.gameplan import list_events, make_gp_task, make_sprint, make_task, patch_now, save

FLOW = "orchestrator.gameplan.get_sprint_flow"
CLOSE = "orchestrator.gameplan.close_sprint"
START = "orchestrator.gameplan.start_sprint"
FIRST, LAST = date(2027, 2, 1), date(2027, 2, 7)
DAYS = list_days(FIRST, LAST)
BEGINNING = datetime(2027, 1, 31)
MINUTES = 9 * 24 * 60
reproducible = settings(derandomize=True, deadline=None, max_examples=400)


@pytest.fixture
def member(site) -> str:
	return factories.make_user("Projects User", "Gameplan Member").name


@pytest.fixture
def client(api, member):
	return api(member)


def set_past(sprint, **values) -> None:
	frappe.db.set_value("Sprint", sprint.name, values)
	frappe.db.commit()


def test_flow_of_a_finished_week_is_as_worked_out_by_hand(client):
	sprint = make_sprint(start_date="2027-02-01", end_date="2027-02-04")
	with patch_now("2027-01-29 10:00:00"):
		first, second, third, fourth = (make_task(sprint, 8) for _ in range(4))
		ours = make_gp_task(sprint, 2, status="Todo")
	set_past(sprint, state="Active", started_at="2027-02-01 09:00:00", committed_hours=34)
	with patch_now("2027-02-01 12:00:00"):
		save(first, status="In Progress")
		save(second, status="Working")
		save(ours, status="In Progress")
	with patch_now("2027-02-02 12:00:00"):
		save(first, status="Pending Review")
		save(second, status="Completed")  # after 1 day
		save(third, status="Completed")  # never seen in progress
		save(fourth, status="Cancelled")
	with patch_now("2027-02-03 18:00:00"):
		save(first, status="Completed")  # after 2.25 days
		save(second, status="Open")  # reopened
	with patch_now("2027-02-04 12:00:00"):
		save(second, status="Completed")  # after 3 days from its first start
		save(ours, is_completed=1)  # 3 days
	set_past(sprint, state="Closed", closed_at="2027-02-04 17:00:00")
	told = get_data(client.get(FLOW, sprint=sprint.name))
	assert told["dates"] == ["2027-02-01", "2027-02-02", "2027-02-03", "2027-02-04"]
	assert told["tasks_by_phase"] == {
		"to_do": [2, 0, 1, 0],
		"in_progress": [3, 1, 1, 0],
		"in_review": [0, 1, 0, 0],
		"done": [0, 2, 2, 4],
		"cancelled": [0, 1, 1, 1],
	}
	assert told["cycle_times"] == {
		"tasks": 3,
		"p50_days": 3,
		"p85_days": 3,
		"p95_days": 3,
		"tasks_without_start": 1,
	}
	cycle = told["completed"][1]
	assert cycle == {
		"doctype": "Task",
		"name": first.name,
		"title": first.subject,
		"started_at": "2027-02-01T12:00:00",
		"completed_at": "2027-02-03T18:00:00",
		"cycle_days": 2.25,
	}
	assert [(row["name"], row["cycle_days"]) for row in told["completed"]] == [
		(third.name, None),
		(first.name, 2.25),
		(str(ours.name), 3),
		(second.name, 3),
	]


def test_flow_of_an_active_sprint_is_null_for_future_days(client, site):
	sprint = make_sprint()
	make_task(sprint)
	get_data(client.post(START, sprint=sprint.name))
	told = get_data(client.get(FLOW, sprint=sprint.name))
	assert told["tasks_by_phase"]["to_do"] == [1, *[None] * 13]
	assert told["cycle_times"] == {
		"tasks": 0,
		"p50_days": None,
		"p85_days": None,
		"p95_days": None,
		"tasks_without_start": 0,
	}


def test_work_on_a_carried_over_task_began_in_its_earlier_sprint(client, site):
	sprint = make_sprint(start_date="2027-02-01", end_date="2027-02-05")
	following = make_sprint(sprint.project, start_date="2027-02-08", end_date="2027-02-12")
	with patch_now("2027-02-02 09:00:00"):
		task = make_task(sprint, 8, status="In Progress")
	with patch_now("2027-02-05 17:00:00"):
		save(task, sprint=following.name)
	with patch_now("2027-02-09 09:00:00"):
		save(task, status="Completed")
	set_past(following, state="Closed", closed_at="2027-02-12 17:00:00")
	told = get_data(client.get(FLOW, sprint=following.name))
	assert [row["cycle_days"] for row in told["completed"]] == [7]
	assert told["tasks_by_phase"]["in_progress"] == [1, 0, 0, 0, 0]


def test_flow_names_only_tasks_that_the_caller_may_read(api, site):
	sprint = make_sprint()
	task = make_gp_task(sprint, 2, status="In Progress")
	save(task, is_completed=1)
	told = get_data(api(factories.make_user("Projects User").name).get(FLOW, sprint=sprint.name))
	assert told["completed"] == []
	assert told["cycle_times"]["tasks"] == 1


def test_a_change_of_phase_alone_is_an_event(site):
	sprint = make_sprint()
	task = make_task(sprint)
	save(task, status="Working")
	save(task, status="In Progress")  # the same phase
	save(task, status="Pending Review")
	assert list_events(sprint.name, "kind", "phase", "progress") == [
		("Joined", "to_do", 0),
		("Moved", "in_progress", 0),
		("Moved", "in_review", 0),
	]


def test_a_change_of_phase_without_hooks_is_found(site, member):
	sprint = make_sprint()
	task = make_task(sprint)
	frappe.db.set_value("Task", task.name, "status", "Working")
	frappe.db.commit()
	frappe.set_user(member)
	assert get_sprint_flow(sprint.name)["tasks_by_phase"]["in_progress"][0] == 1


@pytest.mark.parametrize(
	("status", "progress", "phase"),
	[
		("Open", 0, "to_do"),
		("Overdue", 0, "to_do"),
		("Overdue", 10, "in_progress"),
		("Working", 0, "in_progress"),
		("Pending Review", 50, "in_review"),
		("Completed", 100, "done"),
		("Cancelled", 0, "cancelled"),
	],
)
def test_migration_fills_phases_of_earlier_events(site, status, progress, phase):
	sprint = make_sprint()
	task = make_task(sprint)
	values = {"phase": None, "status": status, "progress": progress, "counts": int(status != "Cancelled")}
	frappe.db.set_value("Sprint Event", {"task": task.name}, values)
	fill_phases_of_sprint_events.execute()
	assert frappe.db.get_value("Sprint Event", {"task": task.name}, "phase") == phase
	frappe.db.rollback()


def test_tasks_are_saved_by_patches_before_the_column_exists(site, monkeypatch):
	sprint = make_sprint()
	task = make_task(sprint)
	monkeypatch.setattr(events, "LATEST_COLUMN", "column_of_a_later_version")
	frappe.flags.in_migrate = True
	try:
		save(task, status="Working")
	finally:
		frappe.flags.in_migrate = False
	assert len(list_events(sprint.name)) == 1
	assert events.reconcile_sprint(sprint.name) == 1
	assert list_events(sprint.name, "kind", "phase", "found_later")[1] == ("Moved", "in_progress", 1)


def test_an_earlier_event_without_a_phase_is_not_a_change(site):
	sprint = make_sprint()
	task = make_task(sprint, 8, status="Working")
	frappe.db.set_value("Sprint Event", {"task": task.name}, "phase", None)
	save(task, priority="High")
	assert len(list_events(sprint.name)) == 1


@pytest.mark.parametrize("tasks", [1, 12])
@pytest.mark.parametrize("function", [get_sprint_flow, get_sprint_board])
def test_flow_and_board_take_five_statements_at_most(member, site, function, tasks):
	sprint = make_sprint()
	for _ in range(tasks):
		make_task(sprint, assigned_to=member)
	make_gp_task(sprint)
	frappe.set_user(member)
	function(sprint.name)  # Frappe's own caches are filled from here on
	with helpdesk.capture_queries() as asked:
		function(sprint.name)
	assert len(asked) <= 5, asked


# By brute force


@st.composite
def draw_history(draw) -> list[tuple[str, Event]]:
	"""Return events of a few tasks in two sprints, none at the same moment."""
	minutes = draw(st.lists(st.integers(0, MINUTES), max_size=30, unique=True))
	entries = []
	for minute in minutes:
		task, at = draw(st.sampled_from("ABCDE")), BEGINNING + timedelta(minutes=minute)
		sprint = draw(st.sampled_from(["S1", "S1", "S1", "S2"]))
		if draw(st.integers(0, 5)) == 0:
			kind = draw(st.sampled_from([LEFT, DELETED]))
			entries.append((sprint, Event(at, "Task", task, kind, *OUT)))
			continue
		phase = draw(st.sampled_from([TO_DO, IN_PROGRESS, IN_REVIEW, DONE, DONE, CANCELLED]))
		progress = {DONE: 100.0, TO_DO: draw(st.sampled_from([0.0, 25.0]))}.get(phase, 50.0)
		kind = draw(st.sampled_from([JOINED, MOVED, MOVED]))
		entries.append((sprint, Event(at, "Task", task, kind, 8.0, progress, phase != CANCELLED, phase)))
	return entries


def find_cycles(entries: list[tuple[str, Event]], sprint: str, now: datetime) -> dict[str, timedelta | None]:
	"""Return the cycle time of each task completed in the sprint, by looking at all of its events at once."""
	cycles = {}
	for task in {event.task for _name, event in entries}:
		own = sorted(
			((name, event) for name, event in entries if event.task == task and event.at <= now),
			key=lambda entry: entry[1].at,
		)
		known = [entry for entry in own if entry[1].is_in]
		if not known or known[-1][1].phase != DONE:
			continue
		open_positions = [number for number, entry in enumerate(known) if entry[1].phase != DONE]
		name, completion = known[open_positions[-1] + 1 if open_positions else 0]
		left_later = any(
			other == name and not event.is_in and event.at > completion.at for other, event in own
		)
		if name != sprint or completion.kind == JOINED or left_later:
			continue
		starts = [
			event.at
			for _name, event in known
			if event.phase in (IN_PROGRESS, IN_REVIEW) or (event.phase == TO_DO and event.progress)
		]
		cycles[task] = completion.at - min(starts) if starts else None
	return cycles


def find_percentile(values: list[timedelta], percent: int) -> timedelta | None:
	"""Return the smallest value such that at least `percent` of the values are not larger, by counting."""
	for value in sorted(values):
		if 100 * sum(other <= value for other in values) >= percent * len(values):
			return value
	return None


def find_all(find: Callable[[list[timedelta], int], timedelta | None], values: list[timedelta]) -> list:
	"""Return the percentiles of the values that a function finds."""
	return [find(values, percent) for percent in (1, 50, 85, 95, 100)]


@reproducible
@given(draw_history(), st.integers(0, MINUTES))
def test_cycle_times_and_percentiles_equal_a_count_by_brute_force(entries, asked):
	now = BEGINNING + timedelta(minutes=asked)
	cycles = compute_cycle_times(entries, "S1", now)
	expected = find_cycles(entries, "S1", now)
	assert {cycle.task: cycle.duration for cycle in cycles} == expected
	durations = [cycle.duration for cycle in cycles if cycle.duration is not None]
	counted = [duration for duration in expected.values() if duration is not None]
	assert find_all(compute_percentile, durations) == find_all(find_percentile, counted)


@reproducible
@given(st.lists(st.integers(0, 50), max_size=40))
def test_percentiles_of_any_values_equal_a_count_by_brute_force(numbers):
	values = [timedelta(hours=number) for number in numbers]
	assert find_all(compute_percentile, values) == find_all(find_percentile, values)


@reproducible
@given(draw_history(), st.integers(0, MINUTES))
def test_flow_equals_a_count_by_brute_force(entries, asked):
	now = BEGINNING + timedelta(minutes=asked)
	own = [event for sprint, event in entries if sprint == "S1"]
	counts = count_daily_phases(own, DAYS, now)
	begun = [day for day in DAYS if day <= now.date()]
	ends = [min(datetime.combine(day, time.max), now) for day in begun]
	assert [dict(+counted) for counted in counts] == [count_phases(own, end) for end in ends]


def count_phases(own: list[Event], moment: datetime) -> dict[str, int]:
	"""Return the number of tasks in each phase at a time, from the last known event of each task."""
	found: Counter[str] = Counter()
	for task in "ABCDE":
		known = [event for event in own if event.task == task and event.at <= moment]
		last = max(known, key=lambda event: event.at, default=None)
		if last and last.is_in:
			found[str(last.phase)] += 1
	return dict(found)
