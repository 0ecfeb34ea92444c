"""Sprints without estimates, tasks that are reopened, and groups whose tasks are in the same sprint."""

import pytest

import frappe
from frappe.utils import add_days, getdate, now_datetime

from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.gameplan import list_events, make_gp_task, make_sprint, make_task, save

BURNDOWN = "orchestrator.gameplan.get_sprint_burndown"
BURNUP = "orchestrator.gameplan.get_sprint_burnup"
BOARD = "orchestrator.gameplan.get_sprint_board"
CAPACITY = "orchestrator.gameplan.get_sprint_capacity"
START = "orchestrator.gameplan.start_sprint"
CLOSE = "orchestrator.gameplan.close_sprint"
SET = "frappe.client.set_value"


@pytest.fixture
def client(api, site) -> Client:
	return api(factories.make_user("Projects Manager", "Projects User").name)


@pytest.fixture
def sprint(site):
	return make_sprint()


def get_burndown(client: Client, sprint) -> dict:
	return get_data(client.get(BURNDOWN, sprint=sprint.name))


def start_sprint_yesterday(sprint) -> None:
	"""Start the sprint as of yesterday."""
	values = {"start_date": add_days(getdate(), -1), "state": "Active", "started_at": now_datetime()}
	frappe.db.set_value("Sprint", sprint.name, values)
	frappe.db.commit()


# Without estimates


@pytest.mark.parametrize(
	("hours", "status", "unestimated"),
	[
		([], "Open", 0),
		([0], "Open", 1),
		([0, 0, 0], "Open", 3),
		([0, 0], "Completed", 2),
		([0, 0], "Cancelled", 0),
		([8], "Cancelled", 0),
	],
)
def test_where_nothing_is_estimated_nothing_is_forecast(client, sprint, hours, status, unestimated):
	for each in hours:
		make_task(sprint, each, status=status)
	start_sprint_yesterday(sprint)
	told = get_burndown(client, sprint)
	assert (told["forecast"], told["unestimated_tasks"]) == (None, unestimated)
	assert (told["committed_hours"], told["remaining_hours"]) == (0, 0)


def test_a_sprint_of_which_some_is_estimated_has_a_forecast_and_tells_the_rest(client, sprint):
	make_task(sprint, 8)
	make_task(sprint, 0)
	start_sprint_yesterday(sprint)
	told = get_burndown(client, sprint)
	assert (told["forecast"]["on_track"], told["unestimated_tasks"]) == (False, 1)


def test_sprint_with_all_estimated_tasks_done_is_finished(client, sprint):
	make_task(sprint, 8, status="Completed")
	start_sprint_yesterday(sprint)
	assert get_burndown(client, sprint)["forecast"]["on_track"] is True


def test_sprint_without_remaining_estimates_has_no_forecast(client, sprint):
	task = make_task(sprint, 8)
	make_task(sprint, 0)
	start_sprint_yesterday(sprint)
	save(task, sprint=None)
	told = get_burndown(client, sprint)
	assert (told["forecast"], told["unestimated_tasks"]) == (None, 1)


def test_gameplans_tasks_without_an_estimate_are_counted_as_well(client, site):
	sprint = make_sprint()
	make_gp_task(sprint, 0)
	make_gp_task(sprint, 0, is_completed=1)
	start_sprint_yesterday(sprint)
	told = get_burndown(client, sprint)
	assert (told["forecast"], told["unestimated_tasks"]) == (None, 2)


# Reopened


@pytest.mark.parametrize("progress", [0, 25, 62.5, 99])
@pytest.mark.parametrize("reopened", ["Open", "Working", "In Progress", "Pending Review"])
def test_what_was_left_before_comes_back(client, sprint, progress, reopened):
	task = make_task(sprint, 8, progress=progress)
	get_data(client.post(START, sprint=sprint.name))
	left = get_burndown(client, sprint)["remaining_hours"]
	get_data(client.post(SET, doctype="Task", name=task.name, status="Completed"))
	assert get_burndown(client, sprint)["remaining_hours"] == 0
	get_data(client.post(SET, doctype="Task", name=task.name, status=reopened))
	told = get_burndown(client, sprint)
	assert (told["remaining_hours"], told["burned_hours"]) == (left, 0)
	frappe.db.rollback()
	assert frappe.db.get_value("Task", task.name, "progress") == progress


def test_twice_by_mistake_is_no_harm(client, sprint):
	task = make_task(sprint, 10, progress=40)
	for _ in range(2):
		get_data(client.post(SET, doctype="Task", name=task.name, status="Completed"))
		get_data(client.post(SET, doctype="Task", name=task.name, status="Open"))
	assert get_burndown(client, sprint)["remaining_hours"] == 6


def test_reopening_restores_progress_set_together_with_the_completion(client, sprint):
	task = make_task(sprint, 10, progress=40)
	get_data(client.post(SET, doctype="Task", name=task.name, status="Completed", progress_percentage=100))
	get_data(client.post(SET, doctype="Task", name=task.name, status="Open"))
	assert get_burndown(client, sprint)["remaining_hours"] == 6


def test_the_progress_that_the_reopening_sets_counts(client, sprint):
	task = make_task(sprint, 10, progress=40)
	get_data(client.post(SET, doctype="Task", name=task.name, status="Completed"))
	get_data(client.post(SET, doctype="Task", name=task.name, status="Open", progress_percentage=70))
	assert get_burndown(client, sprint)["remaining_hours"] == 3


def test_a_completed_task_that_is_cancelled_and_then_reopened(client, sprint):
	task = make_task(sprint, 10, progress=40)
	for status in ("Completed", "Cancelled", "Open"):
		get_data(client.post(SET, doctype="Task", name=task.name, status=status))
	assert get_burndown(client, sprint)["remaining_hours"] == 6


def test_a_task_made_as_completed_and_reopened(client, sprint):
	task = make_task(sprint, 10, status="Completed")
	get_data(client.post(SET, doctype="Task", name=task.name, status="Open"))
	assert get_burndown(client, sprint)["remaining_hours"] == 10


def test_a_task_that_its_project_completed_keeps_its_progress(client, sprint):
	"""ERPNext sets the status without any hook, and does not set the progress."""
	task = make_task(sprint, 10, progress=40)
	frappe.db.set_value("Task", task.name, "status", "Completed")
	frappe.db.commit()
	assert get_burndown(client, sprint)["remaining_hours"] == 0
	get_data(client.post(SET, doctype="Task", name=task.name, status="Open"))
	assert get_burndown(client, sprint)["remaining_hours"] == 6


def test_a_task_that_was_worked_on_again_is_completed_and_reopened_with_the_later_progress(client, sprint):
	task = make_task(sprint, 10, progress=40)
	for values in (
		{"status": "Completed"},
		{"status": "Working"},
		{"progress_percentage": 80},
		{"status": "Completed"},
		{"status": "Open"},
	):
		get_data(client.post(SET, doctype="Task", name=task.name, **values))
	assert get_burndown(client, sprint)["remaining_hours"] == 2


def test_an_upgrade_learns_the_progress_before_from_the_history(site, sprint):
	from orchestrator.patches import fill_progress_before_completion

	known, unknown = make_task(sprint, 10, progress=40), factories.make_task()
	for task in (known, unknown):
		save(task, status="Completed")
		frappe.db.set_value("Task", task.name, "progress_before_completion", 0)
	frappe.db.commit()
	fill_progress_before_completion.execute()
	frappe.db.commit()
	assert [
		frappe.db.get_value("Task", task.name, "progress_before_completion") for task in (known, unknown)
	] == [40, 100]


# Groups


def make_task_family(sprint, group_hours: float, *hours: float):
	"""Create a group task and its tasks, all in the sprint."""
	group = make_task(sprint, group_hours, is_group=1)
	return group, [make_task(sprint, each, parent_task=group.name) for each in hours]


@pytest.mark.parametrize(
	("group_hours", "hours", "total"),
	[
		(10, [4, 6], 10),
		(10, [4], 4),
		(10, [], 10),
		(10, [0, 0], 10),
		(0, [4, 6], 10),
		(3, [4, 0], 4),
	],
)
def test_a_group_and_those_below_it_count_once(client, sprint, group_hours, hours, total):
	make_task_family(sprint, group_hours, *hours)
	started = get_data(client.post(START, sprint=sprint.name))
	told = get_burndown(client, sprint)
	assert started["committed_hours"] == told["committed_hours"] == told["remaining_hours"] == total
	assert (told["scope_added_hours"], told["scope_removed_hours"]) == (0, 0)
	assert get_data(client.get(BURNUP, sprint=sprint.name))["total_scope_hours"] == total
	assert get_data(client.get(CAPACITY, sprint=sprint.name))["remaining_hours"] == total
	columns = get_data(client.get(BOARD, sprint=sprint.name))["columns"]
	assert sum(column["estimate_hours"] for column in columns) == total


def test_groups_within_groups_count_once(client, sprint):
	group = make_task(sprint, 20, is_group=1)
	inner = make_task(sprint, 12, is_group=1, parent_task=group.name)
	make_task(sprint, 5, parent_task=inner.name)
	make_task(sprint, 3, parent_task=group.name)
	assert get_burndown(client, sprint)["remaining_hours"] == 8


def test_those_below_in_another_sprint_do_not_count_here(client, sprint):
	group = make_task(sprint, 10, is_group=1)
	other = make_sprint(sprint.project, start_date=add_days(getdate(), 20), end_date=add_days(getdate(), 30))
	make_task(other, 4, parent_task=group.name)
	assert get_burndown(client, sprint)["remaining_hours"] == 10
	assert get_burndown(client, other)["remaining_hours"] == 4


@pytest.mark.parametrize(
	"change",
	[
		{"sprint": None},
		{"status": "Cancelled"},
		{"expected_time": 0},
		{"parent_task": None},
		"delete",
	],
)
def test_a_group_counts_again_when_nothing_below_it_does(client, sprint, change):
	group, (child,) = make_task_family(sprint, 10, 4)
	get_data(client.post(START, sprint=sprint.name))
	if change == "delete":
		frappe.delete_doc(
			"Task", child.name, force=True
		)  # otherwise ERPNext requires that it leaves its group first
		frappe.db.commit()
	else:
		save(child, **change)
	apart = 4 if change == {"parent_task": None} else 0
	told = get_burndown(client, sprint)
	assert (told["committed_hours"], told["remaining_hours"]) == (4, 10 + apart)
	assert told["remaining_hours"] == (
		told["committed_hours"]
		+ told["scope_added_hours"]
		- told["scope_removed_hours"]
		- told["burned_hours"]
	)
	kinds = [
		row[0]
		for row in frappe.db.sql("select kind from `tabSprint Event` where task=%s order by at", group.name)
	]
	assert kinds[-1] == "Estimated"


def test_the_history_of_a_group_is_written_when_one_joins_below_it(sprint):
	make_task_family(sprint, 10, 4)
	assert [(kind, estimate) for kind, estimate, *_ in list_events(sprint.name)] == [
		("Joined", 10),
		("Estimated", 0),
		("Joined", 4),
	]


def test_a_completed_group_with_tasks_below_it_burns_their_hours_once(client, sprint):
	group, children = make_task_family(sprint, 10, 4, 6)
	get_data(client.post(START, sprint=sprint.name))
	for task in (*children, group):
		save(task, status="Completed")
	told = get_burndown(client, sprint)
	assert (told["burned_hours"], told["remaining_hours"]) == (10, 0)


def test_a_closed_sprint_moves_a_group_that_counts_in_the_next(client, sprint):
	group, (done, _open) = make_task_family(sprint, 10, 4, 0)
	get_data(client.post(START, sprint=sprint.name))
	save(done, status="Completed")
	after = make_sprint(sprint.project, start_date=add_days(getdate(), 20), end_date=add_days(getdate(), 30))
	closed = get_data(client.post(CLOSE, sprint=sprint.name, next_sprint=after.name))
	assert (closed["committed_hours"], closed["completed_hours"], closed["unfinished_hours"]) == (4, 4, 0)
	assert group.name in {task["task"] for task in closed["unfinished"]}
	assert get_burndown(client, after)["remaining_hours"] == 10


def test_tasks_of_a_group_count_once_without_hooks(client, sprint):
	group = make_task(sprint, 10, is_group=1)
	child = factories.make_task(project=sprint.project, parent_task=group.name, expected_time=4)
	frappe.db.set_value("Task", child.name, "sprint", sprint.name)
	frappe.db.commit()
	assert get_burndown(client, sprint)["remaining_hours"] == 4


def test_a_covered_group_is_not_unestimated(client, sprint):
	make_task_family(sprint, 0, 4)
	assert get_burndown(client, sprint)["unestimated_tasks"] == 0
