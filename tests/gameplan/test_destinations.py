"""Destinations of unfinished tasks when a sprint is closed, task by task."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe
from frappe.utils import add_days, getdate

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.gameplan import list_events, make_gp_task, make_sprint, make_task

START = "orchestrator.gameplan.start_sprint"
CLOSE = "orchestrator.gameplan.close_sprint"
MOVE = "orchestrator.gameplan.move_task"
FLOW = "orchestrator.gameplan.get_sprint_flow"


@pytest.fixture
def client(api, site) -> Client:
	return api(factories.make_user("Projects User", "Gameplan Member").name)


@pytest.fixture
def sprint(site, client):
	sprint = make_sprint()
	get_data(client.post(START, sprint=sprint.name))
	return sprint


@pytest.fixture
def following(sprint):
	return make_sprint(sprint.project, start_date=add_days(getdate(), 14), end_date=add_days(getdate(), 27))


def build_destination(task, moved_to: str) -> dict:
	return {"doctype": task.doctype, "task": str(task.name), "moved_to": moved_to}


def get_sprints(*tasks) -> list:
	frappe.db.rollback()
	return [frappe.db.get_value(task.doctype, task.name, "sprint") for task in tasks]


def get_state(sprint) -> str:
	frappe.db.rollback()
	return frappe.db.get_value("Sprint", sprint.name, "state")


def test_each_task_goes_where_its_destination_says(client, sprint, following):
	other = make_sprint(sprint.project, start_date=add_days(getdate(), 28), end_date=add_days(getdate(), 30))
	tasks = next_, backlog, stays, elsewhere = [make_task(sprint, hours) for hours in (1, 2, 3, 4)]
	ours = make_gp_task(sprint, 5)
	told = get_data(
		client.post(
			CLOSE,
			sprint=sprint.name,
			next_sprint=following.name,
			destinations=[
				build_destination(backlog, "backlog"),
				build_destination(stays, "stays"),
				build_destination(elsewhere, other.name),
				build_destination(ours, "backlog"),
			],
		)
	)
	assert {row["task"]: row["moved_to"] for row in told["unfinished"]} == {
		next_.name: following.name,
		backlog.name: "backlog",
		stays.name: "stays",
		elsewhere.name: other.name,
		str(ours.name): "backlog",
	}
	assert get_sprints(*tasks, ours) == [following.name, None, sprint.name, other.name, None]
	kinds = [(task, kind) for task, kind in list_events(sprint.name, "task", "kind") if kind == "Left"]
	assert sorted(task for task, _kind in kinds) == sorted(
		[next_.name, backlog.name, elsewhere.name, str(ours.name)]
	)
	assert [row[0] for row in list_events(other.name, "task")] == [elsewhere.name]
	assert get_data(client.get(FLOW, sprint=sprint.name))["tasks_by_phase"]["to_do"][0] == 5


def test_all_unfinished_tasks_can_stay(client, sprint):
	task = make_task(sprint)
	told = get_data(client.post(CLOSE, sprint=sprint.name, next_sprint="stays"))
	assert [row["moved_to"] for row in told["unfinished"]] == ["stays"]
	assert (get_sprints(task), get_state(sprint)) == ([sprint.name], "Closed")


def test_name_of_a_sprint_in_lower_case_is_stored_as_it_is(client, sprint, following):
	first, second = make_task(sprint), make_task(sprint)
	name = following.name.lower()
	body = {"next_sprint": name, "destinations": [build_destination(second, name)]}
	told = get_data(client.post(CLOSE, sprint=sprint.name, **body))
	assert {row["moved_to"] for row in told["unfinished"]} == {following.name}
	assert get_sprints(first, second) == [following.name, following.name]
	assert len(list_events(following.name)) == 2


def test_destinations_as_json_text(client, sprint):
	task = make_task(sprint)
	get_data(
		client.post(
			CLOSE, sprint=sprint.name, destinations=frappe.as_json([build_destination(task, "stays")])
		)
	)
	assert get_sprints(task) == [sprint.name]


@pytest.mark.parametrize(
	"destinations",
	[
		"{",
		"stays",
		{"task": "stays"},
		["stays"],
		[{"doctype": "Task", "task": "x"}],
		[{"doctype": "Task", "task": 1, "moved_to": "stays"}],
		[{"doctype": "Task", "task": "x", "moved_to": None}],
		[{"doctype": "Task", "task": "x", "moved_to": "stays", "note": "y"}],
		[{"doctype": "Task", "task": "x", "moved_to": "stays"}] * 2,
		[{"doctype": "Task", "task": "x", "moved_to": ["stays"]}],
	],
)
def test_malformed_destinations_are_400_and_change_nothing(client, sprint, destinations):
	task = make_task(sprint)
	reply = client.post(CLOSE, sprint=sprint.name, destinations=destinations)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert (get_sprints(task), get_state(sprint)) == ([sprint.name], "Active")


@pytest.mark.parametrize("which", ["done", "elsewhere", "missing", "doctype"])
def test_destination_of_another_task_is_422_and_changes_nothing(client, sprint, which):
	task = make_task(sprint)
	other = {
		"done": lambda: build_destination(make_task(sprint, status="Completed"), "stays"),
		"elsewhere": lambda: build_destination(make_task(make_sprint()), "stays"),
		"missing": lambda: {"doctype": "Task", "task": "TASK-none", "moved_to": "backlog"},
		"doctype": lambda: {"doctype": "Issue", "task": task.name, "moved_to": "backlog"},
	}[which]()
	reply = client.post(CLOSE, sprint=sprint.name, destinations=[other])
	assert get_error(reply) == (422, "InvalidDestinationError")
	assert (get_sprints(task), get_state(sprint)) == ([sprint.name], "Active")


@pytest.mark.parametrize(
	("which", "status", "error"),
	[
		("itself", 422, "InvalidNextSprintError"),
		("another project's", 422, "InvalidNextSprintError"),
		("missing", 404, "DoesNotExistError"),
	],
)
def test_destination_in_an_invalid_sprint_is_refused(client, sprint, which, status, error):
	task = make_task(sprint)
	target = {"itself": sprint.name, "another project's": make_sprint().name, "missing": "SPRINT-none"}[which]
	reply = client.post(CLOSE, sprint=sprint.name, destinations=[build_destination(task, target)])
	assert get_error(reply) == (status, error)
	assert (get_sprints(task), get_state(sprint)) == ([sprint.name], "Active")


def test_hidden_tasks_are_counted_and_move_by_default(api, client, sprint, following):
	hidden, task = make_gp_task(sprint, 2), make_task(sprint)
	user = api(factories.make_user("Projects User").name)
	reply = user.post(CLOSE, sprint=sprint.name, destinations=[build_destination(hidden, "stays")])
	assert get_error(reply) == (422, "InvalidDestinationError")
	assert hidden.title not in reply.text
	told = get_data(user.post(CLOSE, sprint=sprint.name, next_sprint=following.name))
	assert ([row["task"] for row in told["unfinished"]], told["hidden_tasks"]) == ([task.name], 1)
	assert get_sprints(hidden, task) == [following.name, following.name]


def test_parallel_closings_with_different_destinations_happen_once(client, sprint, following):
	task = make_task(sprint)
	bodies = [{"next_sprint": following.name}, {"next_sprint": "stays"}, {}]
	with ThreadPoolExecutor(3) as pool:
		replies = list(pool.map(lambda body: client.post(CLOSE, sprint=sprint.name, **body), bodies))
	assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
	moved_to = next(get_data(reply) for reply in replies if reply.ok)["unfinished"][0]["moved_to"]
	expected = {"stays": sprint.name, "backlog": None}.get(moved_to, moved_to)
	assert get_sprints(task) == [expected]


def test_moves_while_the_sprint_is_closed_are_not_lost_in_it(client, sprint):
	tasks = [factories.make_task(project=sprint.project) for _ in range(4)]

	def join(task):
		return client.post(MOVE, task=task.name, sprint=sprint.name, column="in_progress")

	with ThreadPoolExecutor(4) as pool:
		joining = [pool.submit(join, task) for task in tasks[:2]]
		closing = pool.submit(lambda: client.post(CLOSE, sprint=sprint.name))
		joining += [pool.submit(join, task) for task in tasks[2:]]
	get_data(closing.result())
	assert {reply.result().status_code for reply in joining} <= {200, 409}
	assert get_sprints(*tasks) == [None] * 4
