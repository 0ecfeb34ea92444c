"""Tasks as the reference sends them, and the corrections to ERPNext: notes, completion dates, project
percentages, dependencies, and the rules for a task's sprint.
"""

from itertools import pairwise

import pytest

import frappe
from frappe.utils import getdate

from orchestrator.gameplan.dependencies import find_cycle
from tests.support import factories
from tests.support.client import get_data, get_error
from tests.support.gameplan import list_events, make_sprint, make_task, save

INSERT, SET = "frappe.client.insert", "frappe.client.set_value"


@pytest.fixture(scope="module")
def user(frappe_site) -> str:
	frappe.set_user("Administrator")
	return factories.make_user("Projects User").name


@pytest.fixture
def client(api, user):
	return api(user)


@pytest.fixture
def sprint(site):
	return make_sprint()


def assert_refused(reply, status: int, kind: str) -> str:
	assert (reply.status_code, reply.json()["exc_type"]) == (status, kind), reply.text
	return reply.json()["exc"]


# Requests of the reference


def test_a_task_is_made_in_a_sprint_found_by_it_changed_and_deleted(client, sprint, user):
	task = get_data(
		client.post(
			INSERT,
			doctype="Task",
			task_name="Implement authentication",
			project=sprint.project,
			sprint=sprint.name,
			status="Open",
			priority="High",
			assigned_to=user,
			due_date="2027-03-15",
			estimated_effort_hours=8,
		),
		201,
	)
	assert (task["sprint"], task["estimated_effort_hours"], task["assigned_to"]) == (sprint.name, 8, user)
	listed = client.get(
		"frappe.client.get_list",
		doctype="Task",
		filters=frappe.as_json([["sprint", "=", sprint.name]]),
		order_by="start_date",
		fields='["name", "due_date"]',
	)
	assert get_data(listed) == [{"name": task["name"], "due_date": "2027-03-15"}]
	changed = client.post(
		SET, doctype="Task", name=task["name"], progress_percentage=50, progress_notes="Half"
	)
	assert get_data(changed)["progress"] == 50
	get_data(client.post("frappe.client.delete", doctype="Task", name=task["name"]))
	assert [row[0] for row in list_events(sprint.name)] == ["Joined", "Progressed", "Deleted"]


def list_notes(task: str) -> list[str]:
	# The name may have been that of a deleted task, whose comments Frappe deletes in a job.
	since = frappe.db.get_value("Task", task, "creation")
	return frappe.get_all(
		"Comment",
		{
			"reference_doctype": "Task",
			"reference_name": task,
			"comment_type": "Comment",
			"creation": (">=", since),
		},
		pluck="content",
		order_by="creation",
	)


def test_every_note_on_progress_stays_in_the_timeline(client, site):
	task = factories.make_task().name
	for progress, note in (
		(25, "Unit tests\nbegun"),
		(50, "<b>Unit tests</b> done"),
		(60, "<b>Unit tests</b> done"),
	):
		get_data(
			client.post(SET, doctype="Task", name=task, progress_percentage=progress, progress_notes=note)
		)
	told = get_data(client.get("frappe.client.get", doctype="Task", name=task))
	assert told["progress_notes"] == "<b>Unit tests</b> done"
	assert list_notes(task) == [
		"<p>Progress 25 %</p><p>Unit tests<br>begun</p>",
		"<p>Progress 50 %</p><p>&lt;b&gt;Unit tests&lt;/b&gt; done</p>",
	]


def test_note_of_inserted_task_is_recorded_and_cleared_note_is_not(site):
	task = factories.make_task(progress_notes="First look")
	save(task, progress_notes="")
	assert list_notes(task.name) == ["<p>Progress 0 %</p><p>First look</p>"]


def test_completion_sets_user_and_date_and_reopening_clears_them(client, user, site):
	task = factories.make_task().name
	get_data(client.post(SET, doctype="Task", name=task, status="Completed"))
	stamped = frappe.db.get_value("Task", task, ["completed_by", "completed_on", "progress"])
	assert stamped == (user, getdate(), 100)
	get_data(client.post(SET, doctype="Task", name=task, status="Open"))
	frappe.db.rollback()
	assert frappe.db.get_value("Task", task, ["completed_by", "completed_on"]) == (None, None)


def test_explicit_completion_date_is_preserved(client, site):
	task = factories.make_task().name
	get_data(client.post(SET, doctype="Task", name=task, status="Completed", completed_on="2025-03-01"))
	assert str(frappe.db.get_value("Task", task, "completed_on")) == "2025-03-01"


# The sprint of a task


def test_a_task_is_in_one_sprint_at_most(client, sprint):
	"""It has one field for it: the second sprint takes it from the first."""
	other, task = make_sprint(sprint.project), make_task(sprint)
	get_data(client.post(SET, doctype="Task", name=task.name, sprint=other.name))
	assert list_events(sprint.name)[-1][0] == "Left"
	assert list_events(other.name) == [("Joined", 8, 0, 1)]


def test_a_closed_sprint_takes_no_task(client, sprint):
	task = factories.make_task(project=sprint.project)
	frappe.db.set_value("Sprint", sprint.name, "state", "Closed")
	frappe.db.commit()
	reply = client.post(SET, doctype="Task", name=task.name, sprint=sprint.name)
	assert sprint.name in assert_refused(reply, 409, "ClosedSprintConflictError")


def test_a_task_of_a_closed_sprint_can_still_be_changed_and_leave_it(client, sprint):
	task, following = make_task(sprint), make_sprint(sprint.project)
	frappe.db.set_value("Sprint", sprint.name, "state", "Closed")
	frappe.db.commit()
	get_data(client.post(SET, doctype="Task", name=task.name, priority="High"))
	get_data(client.post(SET, doctype="Task", name=task.name, sprint=following.name))
	frappe.db.rollback()
	assert frappe.db.get_value("Task", task.name, ["priority", "sprint"]) == ("High", following.name)


def test_a_sprint_of_a_project_takes_its_tasks_alone(client, sprint):
	foreign = factories.make_task(project=factories.make_project().name)
	reply = client.post(SET, doctype="Task", name=foreign.name, sprint=sprint.name)
	assert sprint.project in assert_refused(reply, 422, "InvalidTaskProjectError")
	own = make_task(sprint)
	reply = client.post(SET, doctype="Task", name=own.name, project=foreign.project)
	assert_refused(reply, 422, "InvalidTaskProjectError")
	get_data(client.post(SET, doctype="Task", name=own.name, project=foreign.project, sprint=None))


def test_a_sprint_of_a_team_takes_tasks_of_any_project(client, site):
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Crew"), company=factories.get_company()
	)
	sprint = make_sprint(team_type="Department", team=department.name)
	for _ in range(2):
		task = factories.make_task(project=factories.make_project().name)
		get_data(client.post(SET, doctype="Task", name=task.name, sprint=sprint.name))
	assert len(list_events(sprint.name)) == 2


def test_a_template_is_no_task_of_a_sprint(client, sprint):
	reply = client.post(
		INSERT, doctype="Task", subject="T", is_template=1, sprint=sprint.name, project=sprint.project
	)
	assert_refused(reply, 422, "InvalidTaskProjectError")


@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_missing_and_a_hidden_sprint_get_the_same_refusal(api, sprint, is_hidden):
	project = factories.make_project().name
	user = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=user, allow="Project", for_value=project)
	task = factories.make_task(project=project)
	name = sprint.name if is_hidden else "SPRINT-none"
	text = assert_refused(
		api(user).post(SET, doctype="Task", name=task.name, sprint=name), 422, "LinkValidationError"
	)
	assert text.split(": ", 1)[1] == f"Could not find Sprint: {name}"
	frappe.db.rollback()
	assert not frappe.db.get_value("Task", task.name, "sprint")


def test_tasks_require_a_role_in_projects(api, guest, sprint):
	task = make_task(sprint)
	stranger = api(factories.make_user("Sales User").name)
	change = {"doctype": "Task", "name": task.name, "progress_percentage": 50}
	assert get_error(stranger.post(SET, **change)) == (403, "PermissionError")
	assert get_error(guest.post(SET, **change)) == (401, "AuthenticationError")
	assert len(list_events(sprint.name)) == 1


# Corrections to ERPNext


def get_percent(project: str) -> float:
	frappe.db.rollback()
	return frappe.db.get_value("Project", project, "percent_complete")


def test_a_projects_percentage_follows_its_tasks(client, sprint):
	tasks = [make_task(sprint).name for _ in range(4)]
	assert get_percent(sprint.project) == 0
	get_data(client.post(SET, doctype="Task", name=tasks[0], status="Completed"))
	assert get_percent(sprint.project) == 25
	get_data(client.post("frappe.client.delete", doctype="Task", name=tasks[1]))
	assert get_percent(sprint.project) == 33.33
	get_data(client.post(SET, doctype="Task", name=tasks[0], status="Open"))
	assert get_percent(sprint.project) == 0


def test_the_previous_project_of_a_task_is_updated(client, site):
	"""ERPNext itself updates only the new project."""
	one, other = factories.make_project().name, factories.make_project().name
	tasks = [factories.make_task(project=one) for _ in range(2)]
	get_data(client.post(SET, doctype="Task", name=tasks[0].name, status="Completed"))
	assert get_percent(one) == 50
	get_data(client.post(SET, doctype="Task", name=tasks[1].name, project=other))
	assert (get_percent(one), get_percent(other)) == (100, 0)


def test_task_waits_for_its_dependencies(client, sprint):
	first = make_task(sprint)
	second = make_task(sprint, depends_on=[{"task": first.name}])
	reply = client.post(SET, doctype="Task", name=second.name, status="Completed")
	assert get_error(reply) == (422, "ValidationError")
	assert len(list_events(sprint.name)) == 2
	get_data(client.post(SET, doctype="Task", name=first.name, status="Completed"))
	get_data(client.post(SET, doctype="Task", name=second.name, status="Completed"))


# Circular dependencies


def depend(client, task: str, *others: str):
	return client.post(SET, doctype="Task", name=task, depends_on=[{"task": other} for other in others])


def test_a_circle_of_dependencies_is_refused_and_named(client, site):
	first, second, third = (factories.make_task().name for _ in range(3))
	get_data(depend(client, first, second))
	get_data(depend(client, second, third))
	text = assert_refused(depend(client, third, first), 422, "CircularDependencyError")
	assert f"{third} → {first} → {second} → {third}" in text
	assert not frappe.db.exists("Task Depends On", {"parent": third})


def test_a_task_does_not_depend_on_itself(client, site):
	task = factories.make_task().name
	assert f"{task} → {task}" in assert_refused(depend(client, task, task), 422, "CircularDependencyError")


def test_a_circle_of_twenty_tasks_is_found_where_erpnext_looks_no_further_than_fifteen(client, site):
	tasks = [factories.make_task(subject=f"Link {number}").name for number in range(20)]
	for task, following in pairwise(tasks):
		frappe.get_doc(
			{
				"doctype": "Task Depends On", "parent": task, "parenttype": "Task", "parentfield": "depends_on",
				"task": following, "idx": 1, "subject": "Link",
			}
		).db_insert()  # fmt: skip
	frappe.db.commit()
	text = assert_refused(depend(client, tasks[-1], tasks[0]), 422, "CircularDependencyError")
	assert " → ".join([tasks[-1], *tasks]) in text


def test_a_child_does_not_depend_on_its_parent_which_waits_for_it(client, site):
	parent = factories.make_task(is_group=1).name
	reply = client.post(
		INSERT, doctype="Task", subject="Child", parent_task=parent, depends_on=[{"task": parent}]
	)
	assert_refused(reply, 422, "CircularDependencyError")


GRAPH = {"A": ["B", "C"], "B": ["D"], "C": ["D"], "D": ["E"], "E": []}


@pytest.mark.parametrize(
	("task", "wanted", "circle"),
	[
		("A", ["B"], []),
		("E", ["F"], []),
		("E", ["A"], ["E", "A", "B", "D", "E"]),
		("D", ["A"], ["D", "A", "B", "D"]),
		("E", ["E"], ["E", "E"]),
		("X", ["A", "B"], []),
	],
)
def test_the_shortest_circle_is_found_in_a_graph_with_two_ways(task, wanted, circle):
	def edges(tasks):
		return [(of, on) for of in tasks for on in GRAPH.get(of, [])]

	assert find_cycle(task, wanted, edges) == circle
