"""Sprints over HTTP: the documented burndown, start and close, permissions, and refusals."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe
from frappe.utils import add_days, getdate, now_datetime

from orchestrator.gameplan import get_sprint_burndown
from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error
from tests.support.gameplan import (
	list_events,
	make_gp_project,
	make_gp_task,
	make_sprint,
	make_task,
	patch_now,
	save,
)

BURNDOWN = "orchestrator.gameplan.get_sprint_burndown"
BURNUP = "orchestrator.gameplan.get_sprint_burnup"
BOARD = "orchestrator.gameplan.get_sprint_board"
CAPACITY = "orchestrator.gameplan.get_sprint_capacity"
VELOCITY = "orchestrator.gameplan.get_velocity"
START = "orchestrator.gameplan.start_sprint"
CLOSE = "orchestrator.gameplan.close_sprint"
READS = (BURNDOWN, BURNUP, BOARD, CAPACITY)


@pytest.fixture(scope="module")
def people(frappe_site) -> dict[str, str]:
	"""Return a user of projects, a colleague, and someone who has nothing to do with projects."""
	frappe.set_user("Administrator")
	return {
		"user": factories.make_user("Projects User").name,
		"colleague": factories.make_user("Projects User").name,
		"stranger": factories.make_user("Sales User").name,
	}


@pytest.fixture
def client(api, people):
	return api(people["user"])


@pytest.fixture
def sprint(site):
	return make_sprint()


def get_day(number: int) -> str:
	"""Return a day from today."""
	return str(add_days(getdate(), number))


# The burndown


def test_the_burndown_of_a_finished_week_is_as_worked_out_by_hand(client):
	"""Thursday, 4 February to Wednesday, 10 February 2027, with Monday the 8th off: three days burn after the first."""
	holidays = factories.make_record(
		"Holiday List",
		holiday_list_name=factories.make_unique("Holidays"),
		from_date="2027-01-01",
		to_date="2027-12-31",
		holidays=[
			{"holiday_date": day, "description": "Off", "weekly_off": weekly}
			for day, weekly in (("2027-02-06", 1), ("2027-02-07", 1), ("2027-02-08", 0))
		],
	)
	project = factories.make_project(holiday_list=holidays.name)
	sprint = make_sprint(project.name, start_date="2027-02-04", end_date="2027-02-10", title="Harbour week")
	with patch_now("2027-02-03 10:00:00"):
		first, second, third = (make_task(sprint, hours) for hours in (16, 8, 6))
	set_past(sprint, state="Active", started_at="2027-02-04 09:00:00", committed_hours=30)
	with patch_now("2027-02-05 16:00:00"):
		save(first, progress=50)  # 8 burned
	with patch_now("2027-02-06 11:00:00"):
		save(second, expected_time=12)  # 4 added
	with patch_now("2027-02-09 09:30:00"):
		save(third, sprint=None)  # 6 removed
		save(second, status="Completed")  # 12 burned
	set_past(sprint, state="Closed", closed_at="2027-02-10 17:00:00")
	assert get_data(client.get(BURNDOWN, sprint=sprint.name)) == {
		"sprint": sprint.name,
		"title": "Harbour week",
		"state": "Closed",
		"days": ["Day 1", "Day 2", "Day 3", "Day 4", "Day 5", "Day 6", "Day 7"],
		"dates": [f"2027-02-{day:02}" for day in range(4, 11)],
		"working_days": [True, True, False, False, False, True, True],
		"ideal_hours": [30, 20, 20, 20, 20, 10, 0],
		"actual_hours": [30, 22, 26, 26, 26, 8, 8],
		"scope_added_by_day": [0, 0, 4, 0, 0, 0, 0],
		"scope_removed_by_day": [0, 0, 0, 0, 0, 6, 0],
		"committed_hours": 30,
		"remaining_hours": 8,
		"burned_hours": 20,
		"scope_added_hours": 4,
		"scope_removed_hours": 6,
		"unestimated_tasks": 0,
		"forecast": None,
	}
	assert get_data(client.get(BURNUP, sprint=sprint.name)) == {
		"sprint": sprint.name,
		"title": "Harbour week",
		"state": "Closed",
		"days": [f"Day {number}" for number in range(1, 8)],
		"dates": [f"2027-02-{day:02}" for day in range(4, 11)],
		"scope_hours": [30, 30, 34, 34, 34, 28, 28],
		"done_hours": [0, 8, 8, 8, 8, 20, 20],
		"total_scope_hours": 28,
		"total_done_hours": 20,
	}


def set_past(sprint, **values) -> None:
	"""Write the values of starting and closing the sprint on earlier days."""
	frappe.db.set_value("Sprint", sprint.name, values)
	frappe.db.commit()


def test_today_has_the_remaining_hours_and_future_days_are_null(client, sprint):
	task = make_task(sprint, 8)
	make_task(sprint, 4)
	get_data(client.post(START, sprint=sprint.name))
	get_data(client.post("frappe.client.set_value", doctype="Task", name=task.name, progress_percentage=50))
	told = get_data(client.get(BURNDOWN, sprint=sprint.name))
	assert told["actual_hours"] == [8, *[None] * 13]
	assert told["ideal_hours"][0] == told["committed_hours"] == 12
	assert (told["remaining_hours"], told["burned_hours"]) == (8, 4)
	assert (told["scope_added_hours"], told["scope_removed_hours"]) == (0, 0)


def test_a_task_that_joins_after_the_start_is_scope_added(client, sprint):
	make_task(sprint, 8)
	get_data(client.post(START, sprint=sprint.name))
	late = make_task(sprint, 5)
	gone = make_task(sprint, 2)
	save(gone, sprint=None)
	told = get_data(client.get(BURNDOWN, sprint=sprint.name))
	assert (told["committed_hours"], told["scope_added_hours"], told["scope_removed_hours"]) == (8, 7, 2)
	assert told["scope_added_by_day"] == [7, *[None] * 13]
	assert told["remaining_hours"] == 13
	assert late.sprint == sprint.name


def test_a_planned_sprint_is_still_being_planned(client, sprint):
	make_task(sprint, 8, progress=25)
	told = get_data(client.get(BURNDOWN, sprint=sprint.name))
	assert (told["state"], told["committed_hours"], told["scope_added_hours"]) == ("Planned", 6, 0)
	assert told["ideal_hours"][0] == 6
	assert told["forecast"] is None


def test_the_forecast_of_an_active_sprint_goes_on_at_its_pace(client, sprint):
	make_task(sprint, 8)
	save_today = make_task(sprint, 8)
	yesterday = get_day(-1)
	set_past(sprint, start_date=yesterday, state="Active", started_at=now_datetime(), committed_hours=16)
	save(save_today, status="Completed")
	told = get_data(client.get(BURNDOWN, sprint=sprint.name))["forecast"]
	# started today: 8 h burned on one day, 8 remain. On a weekend no day was worked, so there is no pace.
	works = getdate().weekday() < 5
	assert told["hours_per_day"] == (8 if works else 0)
	assert told["on_track"] is works
	assert (told["finish_date"] is not None) is works


def test_holiday_list_of_company_is_the_default(site):
	from orchestrator.gameplan.workdays import get_calendar

	company = factories.get_company()
	holidays = factories.make_record(
		"Holiday List",
		holiday_list_name=factories.make_unique("Holidays"),
		from_date="2027-01-01",
		to_date="2027-12-31",
		holidays=[{"holiday_date": "2027-02-03", "description": "Harbor day"}],
	)
	project = factories.make_project()
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Crew"), company=company
	).name
	frappe.db.set_value("Company", company, "default_holiday_list", holidays.name)
	harbor_day = getdate("2027-02-03")
	assert not get_calendar(project.name, None).is_workday(harbor_day)
	assert not get_calendar(None, department).is_workday(harbor_day)
	assert not get_calendar(None, None).is_workday(harbor_day)
	frappe.db.rollback()
	assert get_calendar(project.name, None).is_workday(harbor_day)


@pytest.mark.parametrize("tasks", [1, 12])
def test_a_burndown_takes_five_statements_at_most_however_many_tasks_there_are(people, sprint, tasks):
	for _ in range(tasks):
		make_task(sprint)
	make_gp_task(sprint)
	frappe.set_user(people["user"])
	get_sprint_burndown(sprint.name)  # Frappe's own caches are filled from here on
	with helpdesk.capture_queries() as asked:
		get_sprint_burndown(sprint.name)
	assert len(asked) <= 5


# Start and close


def test_start_commits_to_the_remaining_hours(client, sprint):
	make_task(sprint, 8, progress=25)
	make_task(sprint, 4, status="Completed")
	told = get_data(client.post(START, sprint=sprint.name))
	assert (told["state"], told["committed_hours"], told["tasks"]) == ("Active", 6, 2)
	assert get_error(client.post(START, sprint=sprint.name)) == (409, "SprintStateConflictError")


def test_closing_tells_of_each_unfinished_task_where_it_went(api, site, sprint):
	client = api(factories.make_user("Projects User", "Gameplan Member").name)
	following = make_sprint(sprint.project, start_date=get_day(14), end_date=get_day(27))
	done, half, open_ = make_task(sprint, 8), make_task(sprint, 4, progress=50), make_task(sprint, 2)
	ours = make_gp_task(sprint, 3)
	dropped = make_task(sprint, 5, status="Cancelled")
	get_data(client.post(START, sprint=sprint.name))
	save(done, status="Completed")
	told = get_data(client.post(CLOSE, sprint=sprint.name, next_sprint=following.name))
	assert told["unfinished"] == [
		build_unfinished("GP Task", ours.name, ours.title, "Backlog", 3, following.name),
		build_unfinished("Task", half.name, half.subject, "Open", 2, following.name),
		build_unfinished("Task", open_.name, open_.subject, "Open", 2, following.name),
	]
	assert (told["state"], told["completed_tasks"], told["hidden_tasks"]) == ("Closed", 1, 0)
	assert (told["committed_hours"], told["completed_hours"], told["unfinished_hours"]) == (15, 8, 7)
	assert list_sprints("Task", done, dropped) == [sprint.name, sprint.name]
	assert list_sprints("Task", half, open_) == [following.name, following.name]
	assert list_sprints("GP Task", ours) == [following.name]


def build_unfinished(doctype, name, title, status, hours, moved_to) -> dict:
	return {
		"doctype": doctype,
		"task": str(name),
		"title": title,
		"status": status,
		"remaining_hours": hours,
		"moved_to": moved_to,
	}


def list_sprints(doctype, *tasks) -> list:
	return [frappe.db.get_value(doctype, task.name, "sprint") for task in tasks]


def test_what_moves_on_at_the_end_leaves_the_closed_sprints_line_alone(client, sprint):
	following = make_sprint(sprint.project, start_date=get_day(14), end_date=get_day(27))
	task = make_task(sprint, 8)
	get_data(client.post(START, sprint=sprint.name))
	get_data(client.post(CLOSE, sprint=sprint.name, next_sprint=following.name))
	save(task, progress=50)
	old, new = (get_data(client.get(BURNDOWN, sprint=name)) for name in (sprint.name, following.name))
	assert (old["actual_hours"][0], old["remaining_hours"], old["scope_removed_hours"]) == (8, 8, 0)
	assert new["committed_hours"] == 4
	assert [row[0] for row in list_events(sprint.name)] == ["Joined", "Left"]
	assert [row[0] for row in list_events(following.name)] == ["Joined", "Progressed"]


def test_unfinished_tasks_cannot_move_to_a_hidden_sprint(confined):
	client, project = confined
	sprint, hidden = make_sprint(project), make_sprint()
	get_data(client.post(START, sprint=sprint.name))
	reply = client.post(CLOSE, sprint=sprint.name, next_sprint=hidden.name)
	assert get_error(reply) == (404, "DoesNotExistError")
	assert frappe.db.get_value("Sprint", sprint.name, "state") == "Active"


def test_unfinished_tasks_move_to_the_backlog_by_default(client, sprint):
	task = make_task(sprint, 8)
	get_data(client.post(START, sprint=sprint.name))
	told = get_data(client.post(CLOSE, sprint=sprint.name))
	assert [row["moved_to"] for row in told["unfinished"]] == ["backlog"]
	assert list_sprints("Task", task) == [None]


def test_only_an_active_sprint_can_be_closed(client, sprint):
	assert get_error(client.post(CLOSE, sprint=sprint.name)) == (409, "SprintStateConflictError")
	get_data(client.post(START, sprint=sprint.name))
	get_data(client.post(CLOSE, sprint=sprint.name))
	assert get_error(client.post(CLOSE, sprint=sprint.name)) == (409, "SprintStateConflictError")


@pytest.mark.parametrize("which", ["itself", "closed", "another project's"])
def test_unfinished_tasks_cannot_move_to_an_invalid_sprint(client, sprint, which):
	task = make_task(sprint, 8)
	get_data(client.post(START, sprint=sprint.name))
	other = {"itself": sprint, "another project's": make_sprint(), "closed": make_sprint(sprint.project)}[
		which
	]
	if which == "closed":
		set_past(other, state="Closed", closed_at=now_datetime())
	reply = client.post(CLOSE, sprint=sprint.name, next_sprint=other.name)
	assert get_error(reply) == (422, "InvalidNextSprintError")
	assert frappe.db.get_value("Sprint", sprint.name, "state") == "Active"
	assert list_sprints("Task", task) == [sprint.name]


# One active sprint at a time


def test_overlapping_active_sprints_of_one_project_are_a_conflict(client, sprint):
	make_task(sprint)
	get_data(client.post(START, sprint=sprint.name))
	other = make_sprint(sprint.project, start_date=get_day(13), end_date=get_day(20))
	reply = client.post(START, sprint=other.name)
	assert get_error(reply) == (409, "SprintOverlapConflictError")
	assert sprint.name in reply.json()["exc"]
	later = make_sprint(sprint.project, start_date=get_day(14), end_date=get_day(20))
	get_data(client.post(START, sprint=later.name))
	reply = client.post("frappe.client.set_value", doctype="Sprint", name=later.name, start_date=get_day(0))
	assert get_error(reply) == (409, "SprintOverlapConflictError")


def test_overlapping_active_sprints_of_one_team_are_a_conflict(client):
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Crew"), company=factories.get_company()
	)
	team = {"team_type": "Department", "team": department.name}
	first, second = make_sprint(**team), make_sprint(factories.make_project().name, **team)
	get_data(client.post(START, sprint=first.name))
	assert get_error(client.post(START, sprint=second.name)) == (409, "SprintOverlapConflictError")


def test_of_two_starts_at_once_one_is_a_conflict(client, sprint):
	other = make_sprint(sprint.project)
	with ThreadPoolExecutor(2) as pool:
		replies = list(pool.map(lambda name: client.post(START, sprint=name), (sprint.name, other.name)))
	assert sorted(reply.status_code for reply in replies) == [200, 409]
	frappe.db.rollback()
	states = [frappe.db.get_value("Sprint", name, "state") for name in (sprint.name, other.name)]
	assert sorted(states) == ["Active", "Planned"]


def test_a_task_that_joins_while_the_sprint_is_closed_is_not_lost_in_it(client, sprint):
	make_task(sprint)
	get_data(client.post(START, sprint=sprint.name))
	tasks = [factories.make_task(project=sprint.project).name for _ in range(6)]

	def join(name: str):
		return client.post("frappe.client.set_value", doctype="Task", name=name, sprint=sprint.name)

	with ThreadPoolExecutor(4) as pool:
		joining = [pool.submit(join, name) for name in tasks[:3]]
		closing = pool.submit(lambda: client.post(CLOSE, sprint=sprint.name))
		joining += [pool.submit(join, name) for name in tasks[3:]]
	get_data(closing.result())
	assert {reply.result().status_code for reply in joining} <= {200, 409}
	frappe.db.rollback()
	assert frappe.get_all("Task", {"sprint": sprint.name}) == []


# Validation of sprints


@pytest.mark.parametrize(
	("values", "status"),
	[
		({"project": None}, 422),
		({"end_date": -1}, 422),
		({"end_date": 366}, 422),
		({"state": "Active"}, 409),
		({"state": "Sleeping"}, 409),
		({"committed_hours": 40}, 409),
		({"members": [{"user": "Administrator"}, {"user": "Administrator"}]}, 422),
		({"members": [{"user": "Administrator", "capacity_hours": -1}]}, 422),
		({"team_type": "GP Team", "team": "nowhere"}, 422),
		({"velocity": 3}, 400),
	],
)
def test_a_sprint_that_cannot_be_is_refused(client, site, values, status):
	project = factories.make_project().name
	if "end_date" in values:
		values = {"end_date": get_day(values["end_date"])}
	body = {"title": "A", "project": project, "start_date": get_day(0), "end_date": get_day(0), **values}
	assert client.post("frappe.client.insert", doctype="Sprint", **body).status_code == status
	assert not frappe.db.count("Sprint", {"project": project})


def test_a_new_sprint_can_be_saved_again(site):
	sprint = frappe.get_doc(
		doctype="Sprint",
		title="A",
		project=factories.make_project().name,
		start_date=get_day(0),
		end_date=get_day(1),
	).insert()
	sprint.append("members", {"user": "Administrator", "capacity_hours": 8})
	assert sprint.save().members[0].capacity_hours == 8


@pytest.mark.parametrize("state", ["Planned", "Active", "Closed"])
def test_desk_saves_a_sprint_in_any_state(browser, client, sprint, state):
	if state != "Planned":
		get_data(client.post(START, sprint=sprint.name))
	if state == "Closed":
		get_data(client.post(CLOSE, sprint=sprint.name))
	desk = browser(factories.make_user("Projects User").name, factories.PASSWORD)
	doc = desk.get("frappe.client.get", doctype="Sprint", name=sprint.name).json()["message"]
	doc["goal"] = "A goal"
	reply = desk.post("frappe.desk.form.save.savedocs", doc=frappe.as_json(doc), action="Save")
	assert reply.status_code == 200, reply.text
	frappe.db.rollback()
	assert frappe.db.get_value("Sprint", sprint.name, ["goal", "state"]) == ("A goal", state)


def test_a_sprints_state_is_reached_and_not_set(client, sprint):
	reply = client.post("frappe.client.set_value", doctype="Sprint", name=sprint.name, state="Closed")
	assert get_error(reply) == (409, "SprintStateConflictError")
	assert "use Start Sprint and Close Sprint" in reply.json()["exc"]


def test_a_closed_sprints_days_stay_as_they_were(client, sprint):
	get_data(client.post(START, sprint=sprint.name))
	get_data(client.post(CLOSE, sprint=sprint.name))
	change = {"doctype": "Sprint", "name": sprint.name}
	assert get_error(client.post("frappe.client.set_value", end_date=get_day(0), **change)) == (
		409,
		"SprintStateConflictError",
	)
	assert get_data(client.post("frappe.client.set_value", goal="Met.", **change))["goal"] == "Met."


def test_a_sprint_that_holds_tasks_keeps_its_project(client, sprint):
	make_task(sprint)
	other = factories.make_project().name
	reply = client.post("frappe.client.set_value", doctype="Sprint", name=sprint.name, project=other)
	assert get_error(reply) == (409, "SprintStateConflictError")


def test_a_sprint_that_holds_tasks_is_not_deleted(client, sprint):
	make_task(sprint)
	reply = client.post("frappe.client.delete", doctype="Sprint", name=sprint.name)
	assert get_error(reply) == (409, "LinkExistsError")
	assert len(list_events(sprint.name)) == 1


def test_sprints_are_not_merged(site, sprint):
	with pytest.raises(frappe.ValidationError, match="cannot be merged"):
		frappe.rename_doc("Sprint", sprint.name, make_sprint(sprint.project).name, merge=True)


# Capacity, board, velocity


def test_each_member_has_capacity_and_load(client, people):
	sprint = make_sprint(
		members=[
			{"user": people["user"], "capacity_hours": 10},
			{"user": people["colleague"], "capacity_hours": 20},
		]
	)
	make_task(sprint, 8, progress=25, assigned_to=people["user"])
	make_task(sprint, 6, assigned_to=people["user"])
	make_task(sprint, 4, status="Completed", assigned_to=people["colleague"])
	make_gp_task(sprint, 3, assigned_to=people["stranger"])
	make_task(sprint, 2)
	told = get_data(client.get(CAPACITY, sprint=sprint.name))
	assert told["members"] == [
		load(people["user"], 10, 14, 12, -2, 2, True),
		load(people["colleague"], 20, 4, 0, 20, 0, False),
		load(people["stranger"], 0, 3, 3, -3, 1, True),
		load(None, 0, 2, 2, -2, 1, False),
	]
	assert (told["capacity_hours"], told["remaining_hours"], told["free_hours"]) == (30, 17, 13)


def load(user, capacity, estimated, remaining, free, tasks, overloaded) -> dict:
	return {
		"user": user,
		"user_name": user and frappe.db.get_value("User", user, "full_name"),
		"capacity_hours": capacity,
		"estimated_hours": estimated,
		"remaining_hours": remaining,
		"free_hours": free,
		"open_tasks": tasks,
		"is_overloaded": overloaded,
	}


def test_the_board_has_both_kinds_of_tasks_by_phase(api, people, site):
	member = factories.make_user("Projects User", "Gameplan Member").name
	sprint = make_sprint()
	names = {
		status: make_task(sprint, 8, status=status, **values).name
		for status, values in (
			("Open", {"priority": "Low"}),
			("In Progress", {"progress": 50}),
			("Working", {}),
			("Pending Review", {}),
			("Completed", {}),
			("Cancelled", {}),
		)
	}
	urgent = make_task(sprint, 1, priority="Urgent").name
	late = make_task(sprint, 8, progress=10)
	late.db_set("status", "Overdue", commit=True)
	ours = str(make_gp_task(sprint, 2, status="Todo").name)
	board = get_data(api(member).get(BOARD, sprint=sprint.name))
	assert {column["column"]: [task["name"] for task in column["tasks"]] for column in board["columns"]} == {
		"to_do": [urgent, names["Open"], ours],
		"in_progress": sorted([names["In Progress"], names["Working"], late.name]),
		"in_review": [names["Pending Review"]],
		"done": [names["Completed"]],
		"cancelled": [names["Cancelled"]],
	}
	assert [column["remaining_hours"] for column in board["columns"]] == [11, 19.2, 8, 0, 0]
	assert board["hidden_tasks"] == 0


def test_board_counts_hidden_tasks(client, sprint):
	make_gp_task(sprint, 2)
	make_task(sprint)
	board = get_data(client.get(BOARD, sprint=sprint.name))
	assert board["hidden_tasks"] == 1
	assert [len(column["tasks"]) for column in board["columns"]] == [1, 0, 0, 0, 0]


def test_velocity_is_completed_hours_of_closed_sprints(client, site):
	project = factories.make_project().name
	for number, hours in enumerate((10, 20, 33)):
		first = get_day(-60 + 14 * number)
		done = make_sprint(project, start_date=first, end_date=add_days(first, 13), title=f"No. {number}")
		set_past(
			done,
			state="Closed", started_at=first, closed_at=add_days(first, 13),
			committed_hours=30, completed_hours=hours, completed_tasks=number + 1, unfinished_tasks=1,
		)  # fmt: skip
	make_sprint(project)
	told = get_data(client.get(VELOCITY, project=project))
	assert [row["title"] for row in told["sprints"]] == ["No. 0", "No. 1", "No. 2"]
	assert (told["average_completed_hours"], told["average_completed_tasks"]) == (21, 2)
	last = get_data(client.get(VELOCITY, project=project, sprints=2))
	assert last["average_completed_hours"] == 26.5
	nothing = get_data(client.get(VELOCITY, project=factories.make_project().name))
	assert nothing == {"sprints": [], "average_completed_hours": None, "average_completed_tasks": None}


@pytest.mark.parametrize(
	"params",
	[
		{},
		{"project": "x", "sprints": 0},
		{"project": "x", "sprints": 51},
		{"project": "x", "sprints": "many"},
	],
)
def test_a_velocity_of_nobody_or_of_no_number_of_sprints_is_a_bad_request(client, params):
	assert get_error(client.get(VELOCITY, **params)) == (400, "InvalidRequestError")


# Permissions


# Every call about one sprint: how it is sent, and its method.
CALLS = [*(("get", method) for method in READS), ("post", START), ("post", CLOSE)]


@pytest.mark.parametrize(("verb", "method"), CALLS)
def test_guests_call_nothing_of_a_sprint(guest, sprint, verb, method):
	assert get_error(getattr(guest, verb)(method, sprint=sprint.name)) == (401, "AuthenticationError")
	assert frappe.db.get_value("Sprint", sprint.name, "state") == "Planned"


@pytest.mark.parametrize(("verb", "method"), CALLS)
def test_users_without_a_projects_role_call_nothing_of_a_sprint(api, people, sprint, verb, method):
	reply = getattr(api(people["stranger"]), verb)(method, sprint=sprint.name)
	assert get_error(reply) == (403, "PermissionError")
	assert frappe.db.get_value("Sprint", sprint.name, "state") == "Planned"


@pytest.mark.parametrize(("verb", "method"), CALLS)
def test_missing_sprint_is_404(client, verb, method):
	assert get_error(getattr(client, verb)(method, sprint="SPRINT-none")) == (404, "DoesNotExistError")


def test_velocity_requires_a_projects_role_and_an_existing_project(api, guest, people, client, sprint):
	assert get_error(guest.get(VELOCITY, project=sprint.project)) == (401, "AuthenticationError")
	stranger = api(people["stranger"])
	assert get_error(stranger.get(VELOCITY, project=sprint.project)) == (403, "PermissionError")
	assert get_error(client.get(VELOCITY, project="PROJ-none")) == (404, "DoesNotExistError")


def test_users_without_a_projects_role_neither_insert_nor_delete_a_sprint(api, people, sprint):
	stranger = api(people["stranger"])
	body = {"title": "A", "project": sprint.project, "start_date": get_day(0), "end_date": get_day(1)}
	reply = stranger.post("frappe.client.insert", doctype="Sprint", **body)
	assert get_error(reply) == (403, "PermissionError")
	reply = stranger.post("frappe.client.delete", doctype="Sprint", name=sprint.name)
	assert get_error(reply) == (403, "PermissionError")
	assert frappe.get_all("Sprint", {"project": sprint.project}, pluck="name") == [sprint.name]


def test_burndown_without_a_sprint_is_400(client):
	assert get_error(client.get(BURNDOWN)) == (400, "InvalidRequestError")


@pytest.fixture
def confined(api, site):
	"""Return a user of projects who may see only one project, and that project."""
	project = factories.make_project().name
	user = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=user, allow="Project", for_value=project)
	return api(user), project


@pytest.mark.parametrize(("verb", "method"), CALLS)
def test_sprint_of_a_project_without_read_access_is_404(confined, sprint, verb, method):
	client, _project = confined
	assert get_error(getattr(client, verb)(method, sprint=sprint.name)) == (404, "DoesNotExistError")
	assert frappe.db.get_value("Sprint", sprint.name, "state") == "Planned"


def test_users_of_one_project_read_and_list_its_sprints_alone(confined, sprint):
	client, project = confined
	reply = client.get("frappe.client.get", doctype="Sprint", name=sprint.name)
	assert get_error(reply) == (404, "DoesNotExistError")
	assert get_error(client.get(VELOCITY, project=sprint.project)) == (404, "DoesNotExistError")
	own = make_sprint(project)
	assert get_data(client.get(BURNDOWN, sprint=own.name))["sprint"] == own.name
	assert list_names(client) == [own.name]


def list_names(client) -> list[str]:
	"""Return the sprints of projects that the caller may list."""
	rows = client.get("frappe.client.get_list", doctype="Sprint", filters='[["project", "is", "set"]]')
	return [row["name"] for row in get_data(rows)]


def test_a_user_permission_on_customers_hides_the_sprints_of_the_others_projects(api, site):
	"""A sprint has no customer: its project has."""
	theirs, others = factories.make_customer().name, factories.make_customer().name
	sprint = make_sprint(factories.make_project(customer=others).name)
	user = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=user, allow="Customer", for_value=theirs)
	assert get_error(api(user).get(BURNDOWN, sprint=sprint.name)) == (404, "DoesNotExistError")
	assert get_error(api(user).get("frappe.client.get", doctype="Sprint", name=sprint.name)) == (
		404,
		"DoesNotExistError",
	)
	assert sprint.name not in list_names(api(user))


def test_the_events_are_for_managers(api, people, sprint):
	make_task(sprint)
	reply = api(people["user"]).get("frappe.client.get_list", doctype="Sprint Event")
	assert get_error(reply) == (403, "PermissionError")
	manager = factories.make_user("Projects Manager").name
	rows = get_data(
		api(manager).get(
			"frappe.client.get_list",
			doctype="Sprint Event",
			filters=frappe.as_json({"sprint": sprint.name}),
			fields='["kind"]',
		)
	)
	assert rows == [{"kind": "Joined"}]


def test_a_sprint_of_a_gameplan_team_takes_its_tasks_and_no_others(site):
	project = make_gp_project()
	sprint = make_sprint(team_type="GP Team", team=project.team)
	make_gp_task(sprint, 3, project=project.name)
	with pytest.raises(frappe.ValidationError, match="is a sprint of the team"):
		make_gp_task(sprint, 3, project=make_gp_project().name)
