"""Moves of tasks between columns, sprints and the backlog over HTTP, and the backlog itself."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe

from orchestrator.gameplan import get_sprint_backlog
from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error
from tests.support.gameplan import (
	list_events,
	make_gp_project,
	make_gp_task,
	make_sprint,
	make_task,
	save,
)

MOVE = "orchestrator.gameplan.move_task"
BACKLOG = "orchestrator.gameplan.get_sprint_backlog"
START = "orchestrator.gameplan.start_sprint"
CLOSE = "orchestrator.gameplan.close_sprint"


@pytest.fixture
def member(site) -> str:
	return factories.make_user("Projects User", "Gameplan Member").name


@pytest.fixture
def client(api, member):
	return api(member)


@pytest.fixture
def sprint(site):
	return make_sprint()


def get_values(task, *fields) -> tuple:
	frappe.db.rollback()
	return frappe.db.get_value(task.doctype, task.name, fields)


@pytest.mark.parametrize(
	("column", "status", "progress", "remaining"),
	[
		("in_progress", "In Progress", 25, 6),
		("in_review", "Pending Review", 25, 6),
		("done", "Completed", 100, 0),
		("cancelled", "Cancelled", 25, 0),
	],
)
def test_task_moved_to_a_column_gets_its_status(client, sprint, column, status, progress, remaining):
	task = make_task(sprint, 8, progress=25)
	assert get_data(client.post(MOVE, task=task.name, column=column)) == {
		"doctype": "Task",
		"task": task.name,
		"sprint": sprint.name,
		"column": column,
		"status": status,
		"progress": progress,
		"remaining_hours": remaining,
	}
	assert get_values(task, "status") == status
	back = get_data(client.post(MOVE, task=task.name, column="to_do", from_column=column))
	assert (back["status"], back["progress"], back["remaining_hours"]) == ("Open", 25, 6)


def test_gp_task_is_completed_and_reopened_by_moves(client, member, sprint):
	task = make_gp_task(sprint, 4, status="Todo")
	body = {"task": str(task.name), "doctype": "GP Task"}
	assert get_data(client.post(MOVE, column="done", **body))["remaining_hours"] == 0
	assert get_values(task, "status", "is_completed", "completed_by") == ("Done", 1, member)
	assert get_data(client.post(MOVE, column="in_progress", **body))["remaining_hours"] == 4
	assert get_values(task, "status", "is_completed", "completed_by") == ("In Progress", 0, None)
	assert get_error(client.post(MOVE, column="in_review", **body)) == (422, "InvalidPhaseError")
	assert get_values(task, "status") == "In Progress"


def test_a_move_within_the_column_changes_nothing(client, sprint):
	task = make_task(sprint, status="Working")
	before = get_values(task, "modified", "status")
	told = get_data(client.post(MOVE, task=task.name, column="in_progress", sprint=sprint.name))
	assert told["status"] == "Working"
	assert get_values(task, "modified", "status") == before


def test_task_moves_from_the_backlog_to_a_column_and_back(client, sprint):
	task = factories.make_task(project=sprint.project, expected_time=3)
	told = get_data(
		client.post(MOVE, task=task.name, sprint=sprint.name, column="in_progress", from_sprint="backlog")
	)
	assert (told["sprint"], told["column"]) == (sprint.name, "in_progress")
	assert list_events(sprint.name, "kind", "phase") == [("Joined", "in_progress")]
	told = get_data(client.post(MOVE, task=task.name, sprint="backlog", from_sprint=sprint.name))
	assert (told["sprint"], told["column"]) == (None, "in_progress")
	assert get_values(task, "sprint", "status") == (None, "In Progress")


@pytest.mark.parametrize(
	("body", "status", "error"),
	[
		({}, 400, "InvalidRequestError"),
		({"column": "doing"}, 400, "InvalidRequestError"),
		({"column": "done", "from_column": "nowhere"}, 400, "InvalidRequestError"),
		({"column": "done", "doctype": "Issue"}, 400, "InvalidRequestError"),
		({"column": ["done"]}, 400, "InvalidRequestError"),
		({"column": "done", "priority": "High"}, 400, "InvalidRequestError"),
		({"sprint": "SPRINT-none"}, 404, "DoesNotExistError"),
		({"column": "done", "from_column": "in_review"}, 409, "TaskMovedConflictError"),
		({"column": "done", "from_sprint": "backlog"}, 409, "TaskMovedConflictError"),
	],
)
def test_invalid_move_is_refused_and_changes_nothing(client, sprint, body, status, error):
	task = make_task(sprint)
	before = get_values(task, "status", "sprint", "modified")
	assert get_error(client.post(MOVE, task=task.name, **body)) == (status, error)
	assert get_values(task, "status", "sprint", "modified") == before


@pytest.mark.parametrize("doctype", ["Task", "GP Task"])
@pytest.mark.parametrize("name", ["none", "12abc", "999999999"])
def test_move_of_a_missing_task_is_404(client, doctype, name):
	reply = client.post(MOVE, task=name, doctype=doctype, column="done")
	assert get_error(reply) == (404, "DoesNotExistError")


def test_task_does_not_move_into_a_closed_sprint_or_one_of_another_project(client, sprint):
	task, other = factories.make_task(project=sprint.project), make_sprint()
	reply = client.post(MOVE, task=task.name, sprint=other.name)
	assert get_error(reply) == (422, "InvalidTaskProjectError")
	get_data(client.post(START, sprint=sprint.name))
	get_data(client.post(CLOSE, sprint=sprint.name))
	reply = client.post(MOVE, task=task.name, sprint=sprint.name)
	assert get_error(reply) == (409, "ClosedSprintConflictError")
	assert get_values(task, "sprint") is None


def test_task_with_unfinished_dependencies_is_not_done(client, sprint):
	first = make_task(sprint)
	second = make_task(sprint, depends_on=[{"task": first.name}])
	assert client.post(MOVE, task=second.name, column="done").status_code == 422
	assert get_values(second, "status") == "Open"


def test_moves_without_permission_are_refused(api, guest, sprint):
	task, ours = make_task(sprint), make_gp_task(sprint, status="Todo")
	assert get_error(guest.post(MOVE, task=task.name, column="done")) == (401, "AuthenticationError")
	stranger = api(factories.make_user("Sales User").name)
	assert get_error(stranger.post(MOVE, task=task.name, column="done")) == (403, "PermissionError")
	user = api(factories.make_user("Projects User").name)
	reply = user.post(MOVE, task=str(ours.name), doctype="GP Task", column="done")
	assert get_error(reply) == (403, "PermissionError")
	assert (get_values(task, "status"), get_values(ours, "status")) == ("Open", "Todo")


def test_user_of_one_project_moves_its_tasks_alone(api, sprint):
	project = factories.make_project().name
	user = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=user, allow="Project", for_value=project)
	hidden, own = make_task(sprint), factories.make_task(project=project)
	assert get_error(api(user).post(MOVE, task=hidden.name, column="done")) == (404, "DoesNotExistError")
	reply = api(user).post(MOVE, task=own.name, sprint=sprint.name)
	assert get_error(reply) == (404, "DoesNotExistError")
	assert (get_values(hidden, "status"), get_values(own, "sprint")) == ("Open", None)


def test_of_parallel_moves_from_one_column_one_succeeds(client, sprint):
	task = make_task(sprint)
	columns = ["in_progress", "in_review", "done", "cancelled"]

	def move(column: str):
		return client.post(MOVE, task=task.name, column=column, from_column="to_do")

	with ThreadPoolExecutor(4) as pool:
		replies = list(pool.map(move, columns))
	assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
	moved = next(get_data(reply) for reply in replies if reply.status_code == 200)
	assert get_values(task, "status") == moved["status"]
	assert [row[0] for row in list_events(sprint.name, "phase")] == ["to_do", moved["column"]]


def test_task_moved_into_two_sprints_at_once_is_in_one(client, sprint):
	other = make_sprint(sprint.project)
	task = factories.make_task(project=sprint.project)
	with ThreadPoolExecutor(2) as pool:
		replies = list(
			pool.map(lambda name: client.post(MOVE, task=task.name, sprint=name), (sprint.name, other.name))
		)
	assert {reply.status_code for reply in replies} <= {200, 409}
	where = get_values(task, "sprint")
	kinds = {name: [row[0] for row in list_events(name)] for name in (sprint.name, other.name)}
	assert kinds.pop(where)[-1] == "Joined"
	assert next(iter(kinds.values())) in ([], ["Joined", "Left"])


def test_parallel_moves_of_different_tasks_all_succeed(client, sprint):
	tasks = [make_task(sprint) for _ in range(4)]
	with ThreadPoolExecutor(4) as pool:
		replies = list(pool.map(lambda task: client.post(MOVE, task=task.name, column="in_progress"), tasks))
	assert [reply.status_code for reply in replies] == [200] * 4
	assert {get_values(task, "status") for task in tasks} == {"In Progress"}


def test_if_match_and_idempotency_key_hold_for_moves(client, sprint):
	task = make_task(sprint)
	reply = client.request("GET", f"/api/resource/Task/{task.name}")
	etag = reply.headers["ETag"]
	save(task, priority="High")
	headers = {"If-Match": etag}
	reply = client.post(MOVE, task=task.name, column="done", headers=headers)
	assert get_error(reply) == (412, "PreconditionFailedError")
	assert get_values(task, "status") == "Open"


def test_names_in_lower_case_are_stored_as_they_are(client, sprint):
	task = factories.make_task(project=sprint.project)
	body = {"task": task.name.lower(), "sprint": sprint.name.lower(), "from_sprint": "backlog"}
	told = get_data(client.post(MOVE, **body))
	assert (told["task"], told["sprint"]) == (task.name, sprint.name)
	assert get_values(task, "sprint") == sprint.name


def test_a_template_does_not_move_into_a_sprint(client, sprint):
	template = factories.make_task(is_template=1, status="Template")
	reply = client.post(MOVE, task=template.name, sprint=sprint.name)
	assert get_error(reply) == (422, "InvalidTaskProjectError")
	assert get_values(template, "sprint") is None


def test_moves_are_steps_of_a_batch_that_is_undone_as_a_whole(client, sprint):
	first, second = make_task(sprint), make_task(sprint)
	steps = [
		{"id": "first", "method": MOVE, "params": {"task": first.name, "column": "done"}},
		{
			"id": "second",
			"method": MOVE,
			"params": {"task": second.name, "column": "done", "from_column": "done"},
		},
	]
	reply = client.post("orchestrator.api.batch", steps=steps)
	assert get_error(reply)[0] == 409
	assert (get_values(first, "status"), get_values(second, "status")) == ("Open", "Open")
	assert len(list_events(sprint.name)) == 2


@pytest.fixture
def restricted_sprint_field(site):
	"""Put the field Sprint of Task on a permission level that only managers write."""
	name = frappe.db.get_value("Custom Field", {"dt": "Task", "fieldname": "sprint"})
	frappe.db.set_value("Custom Field", name, "permlevel", 3)
	frappe.db.commit()
	frappe.clear_cache(doctype="Task")
	yield
	frappe.db.set_value("Custom Field", name, "permlevel", 0)
	frappe.db.commit()
	frappe.clear_cache(doctype="Task")


def test_permission_level_of_the_sprint_holds_for_moves(client, sprint, restricted_sprint_field):
	task = factories.make_task(project=sprint.project)
	reply = client.post(MOVE, task=task.name, sprint=sprint.name)
	assert get_error(reply) == (403, "PermissionError")
	assert get_values(task, "sprint") is None


# The backlog


def list_backlog(client, sprint, **params) -> list[str]:
	return [task["name"] for task in get_data(client.get(BACKLOG, sprint=sprint.name, **params))["tasks"]]


def test_backlog_of_a_project_has_its_unfinished_tasks_most_urgent_first(client, sprint):
	project = sprint.project
	low = factories.make_task(project=project, priority="Low")
	later = factories.make_task(project=project, priority="High", exp_end_date="2027-03-02")
	sooner = factories.make_task(project=project, priority="High", exp_end_date="2027-03-01")
	factories.make_task(project=project, status="Completed")
	factories.make_task(project=project, status="Cancelled")
	factories.make_task(project=project, is_template=1, status="Template")
	factories.make_task(project=factories.make_project().name)
	make_task(sprint)
	assert list_backlog(client, sprint) == [sooner.name, later.name, low.name]
	told = get_data(client.get(BACKLOG, sprint=sprint.name, limit=2))
	assert (len(told["tasks"]), told["has_more"]) == (2, True)
	assert get_data(client.get(BACKLOG, sprint=sprint.name, limit=3))["has_more"] is False


@pytest.mark.parametrize(
	("text", "found"), [("100%", True), ("100_", False), ("Budget", True), ("' OR 1=1 --", False)]
)
def test_backlog_finds_text_literally(client, sprint, text, found):
	task = factories.make_task(project=sprint.project, subject="Budget 100% checked")
	assert list_backlog(client, sprint, text=text) == ([task.name] if found else [])


def test_backlog_of_teams(client, site):
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Crew"), company=factories.get_company()
	).name
	task = factories.make_task(department=department)
	assert list_backlog(client, make_sprint(team_type="Department", team=department)) == [task.name]
	project = make_gp_project()
	of_project, of_team = make_gp_task(project=project.name), make_gp_task(team=project.team)
	make_gp_task(project=project.name, status="Done")
	make_gp_task(project=make_gp_project().name)
	sprint = make_sprint(team_type="GP Team", team=project.team)
	assert list_backlog(client, sprint) == [str(of_project.name), str(of_team.name)]


def test_backlog_has_only_readable_tasks(api, site):
	project = make_gp_project()
	make_gp_task(project=project.name)
	sprint = make_sprint(team_type="GP Team", team=project.team)
	assert list_backlog(api(factories.make_user("Projects User").name), sprint) == []


@pytest.mark.parametrize("limit", [0, 201, "many", "1.5"])
def test_backlog_of_an_invalid_number_is_400(client, sprint, limit):
	reply = client.get(BACKLOG, sprint=sprint.name, limit=limit)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("tasks", [1, 12])
def test_backlog_takes_three_statements_at_most(member, sprint, tasks):
	for _ in range(tasks):
		factories.make_task(project=sprint.project, assigned_to=member)
	frappe.set_user(member)
	get_sprint_backlog(sprint.name)
	with helpdesk.capture_queries() as asked:
		get_sprint_backlog(sprint.name)
	assert len(asked) <= 3, asked
