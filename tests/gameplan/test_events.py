"""Changes of tasks are recorded when they happen, by every route, and later by the daily job if no hook ran."""

from datetime import datetime, timedelta

import pytest

import frappe
from erpnext.projects.doctype.project.project import set_project_status
from erpnext.projects.doctype.task.task import set_multiple_status, set_tasks_as_overdue
from frappe.desk.doctype.bulk_update.bulk_update import submit_cancel_or_update_docs
from frappe.model.rename_doc import rename_doc

from orchestrator import apps
from orchestrator.exceptions import MissingAppError
from orchestrator.gameplan import events, get_sprint_burndown, start_sprint, task_rows
from tests.support import factories
from tests.support.gameplan import (
	list_events,
	make_gp_project,
	make_gp_task,
	make_sprint,
	make_task,
	patch_now,
	save,
)


@pytest.fixture
def project(site) -> str:
	return factories.make_project().name


@pytest.fixture
def sprint(site, project):
	"""Return a sprint from Monday, 1 February 2027, for a week."""
	return make_sprint(project, start_date="2027-02-01", end_date="2027-02-05")


def test_a_task_made_in_a_sprint_has_joined_it(sprint):
	make_task(sprint, 8, progress=25)
	assert list_events(sprint.name) == [("Joined", 8, 25, 1)]


def test_a_save_that_changes_no_hours_is_no_event(sprint):
	task = make_task(sprint)
	save(task, priority="High", progress_notes="Half way")
	assert len(list_events(sprint.name)) == 1


def test_each_task_change_records_an_event_with_the_new_values(sprint):
	task = make_task(sprint)
	save(task, progress=50)
	save(task, expected_time=10)
	save(task, status="Completed")
	save(task, status="Open", progress=40)
	save(task, status="Cancelled")
	save(task, status="Open")
	assert list_events(sprint.name) == [
		("Joined", 8, 0, 1),
		("Progressed", 8, 50, 1),
		("Estimated", 10, 50, 1),
		("Completed", 10, 100, 1),
		("Reopened", 10, 40, 1),
		("Cancelled", 10, 40, 0),
		("Restored", 10, 40, 1),
	]


def test_a_task_moved_to_another_sprint_leaves_the_one_and_joins_the_other(sprint, project):
	other = make_sprint(project)
	task = make_task(sprint, 8, progress=50)
	save(task, sprint=other.name)
	assert [row[0] for row in list_events(sprint.name)] == ["Joined", "Left"]
	assert list_events(other.name) == [("Joined", 8, 50, 1)]
	save(task, sprint=None)
	assert [row[0] for row in list_events(other.name)] == ["Joined", "Left"]


def test_deleted_task_records_a_deletion_event(sprint):
	task = make_task(sprint)
	frappe.delete_doc("Task", task.name)
	frappe.db.commit()
	assert list_events(sprint.name, "kind", "task", "counts") == [
		("Joined", task.name, 1),
		("Deleted", task.name, 0),
	]


def test_a_deletion_that_is_refused_is_no_event(sprint):
	parent = make_task(sprint, is_group=1)
	make_task(sprint, parent_task=parent.name)
	with pytest.raises(frappe.ValidationError):
		frappe.delete_doc("Task", parent.name)
	frappe.db.rollback()
	# the task below has an estimate of its own, so the group counts for nothing
	assert [row[0] for row in list_events(sprint.name)] == ["Joined", "Estimated", "Joined"]


def test_what_is_rolled_back_never_happened(sprint):
	task = make_task(sprint)
	task.progress = 50
	task.save()
	frappe.db.rollback()
	assert len(list_events(sprint.name)) == 1


def test_db_set_records_an_event(sprint):
	make_task(sprint).db_set("progress", 50, commit=True)
	assert list_events(sprint.name)[-1] == ("Progressed", 8, 50, 1)


def test_bulk_edit_in_desk_records_events(sprint):
	tasks = [make_task(sprint).name for _ in range(2)]
	submit_cancel_or_update_docs("Task", tasks, "update", {"progress": 25})
	assert [row[0] for row in list_events(sprint.name)] == ["Joined", "Joined", "Progressed", "Progressed"]


def test_bulk_status_change_records_events(sprint):
	tasks = [make_task(sprint).name for _ in range(2)]
	set_multiple_status(frappe.as_json(tasks), "Completed")
	frappe.db.commit()
	assert [row[0] for row in list_events(sprint.name)].count("Completed") == 2


def test_a_task_that_becomes_overdue_burns_nothing(sprint):
	task = make_task(sprint, exp_start_date="2020-01-01", exp_end_date="2020-01-02")
	set_tasks_as_overdue()
	frappe.db.commit()
	assert frappe.db.get_value("Task", task.name, "status") == "Overdue"
	assert len(list_events(sprint.name)) == 1


def test_a_renamed_task_takes_its_history_along(sprint):
	task = make_task(sprint)
	new = rename_doc("Task", task.name, f"renamed-{frappe.generate_hash(length=6)}", force=True)
	save(frappe.get_doc("Task", new), progress=50)
	assert list_events(sprint.name, "kind", "task") == [("Joined", new), ("Progressed", new)]


def test_of_two_merged_tasks_each_keeps_its_own_past(sprint):
	kept, gone = make_task(sprint, 8), make_task(sprint, 5)
	rename_doc("Task", gone.name, kept.name, merge=True, force=True)
	frappe.db.commit()
	assert list_events(sprint.name, "kind", "task") == [
		("Joined", kept.name),
		("Joined", gone.name),
		("Deleted", gone.name),
	]
	assert get_sprint_burndown(sprint.name)["remaining_hours"] == 8


def test_a_renamed_sprint_keeps_its_tasks_and_its_history(sprint):
	make_task(sprint)
	new = rename_doc("Sprint", sprint.name, f"renamed-{frappe.generate_hash(length=6)}")
	frappe.db.commit()
	assert list_events(new) == [("Joined", 8, 0, 1)]
	assert get_sprint_burndown(new)["remaining_hours"] == 8


def test_a_copy_of_a_task_is_in_no_sprint(sprint):
	frappe.copy_doc(make_task(sprint), ignore_no_copy=False).insert()  # as Desk's Duplicate does
	frappe.db.commit()
	assert len(list_events(sprint.name)) == 1


def test_gameplan_task_records_the_same_events_as_erpnext_task(sprint):
	task = make_gp_task(sprint, 6)
	save(task, progress=50)
	save(task, status="Done")
	save(task, status="Canceled")
	frappe.delete_doc("GP Task", task.name)
	frappe.db.commit()
	assert list_events(sprint.name, "task_doctype", "task", "kind", "estimate", "progress", "counts") == [
		("GP Task", str(task.name), "Joined", 6, 0, 1),
		("GP Task", str(task.name), "Progressed", 6, 50, 1),
		("GP Task", str(task.name), "Completed", 6, 100, 1),
		("GP Task", str(task.name), "Cancelled", 6, 50, 0),
		("GP Task", str(task.name), "Deleted", 0, 0, 0),
	]


def test_a_task_of_gameplan_that_is_ticked_off_is_done(sprint):
	save(make_gp_task(sprint, 6), is_completed=1)
	assert list_events(sprint.name)[-1] == ("Completed", 6, 100, 1)


# Changes without hooks


def change_past_hooks(task, day: str, **values) -> None:
	"""Change a value without hooks, as ERPNext does in places: `frappe.db.set_value`, with `modified` at that
	day.
	"""
	frappe.db.set_value(task.doctype, task.name, values, modified=f"{day} 12:00:00")
	frappe.db.commit()


@pytest.fixture
def week(sprint):
	"""Return two tasks of 8 and 4 hours, planned and started on Monday at 09:00."""
	with patch_now("2027-02-01 08:00:00"):
		tasks = [make_task(sprint, 8), make_task(sprint, 4)]
	with patch_now("2027-02-01 09:00:00"):
		start_sprint(sprint.name)
		frappe.db.commit()
	return sprint, *tasks


def get_line(sprint, now: str = "2027-02-05 18:00:00") -> list[float]:
	with patch_now(now):
		return get_sprint_burndown(sprint.name)["actual_hours"]


def test_a_change_past_the_hooks_is_in_the_line_before_any_job_has_run(week):
	sprint, first, _second = week
	change_past_hooks(first, "2027-02-03", progress=50)
	assert get_line(sprint) == [12, 12, 8, 8, 8]
	assert len(list_events(sprint.name)) == 2


def test_the_daily_job_writes_such_a_change_down_for_the_day_on_which_it_was_made(week):
	sprint, first, _second = week
	change_past_hooks(first, "2027-02-03", progress=50)
	with patch_now("2027-02-05 00:05:00"):
		assert events.reconcile_sprint(sprint.name) == 1
		assert events.reconcile_sprint(sprint.name) == 0
		frappe.db.commit()
	change_past_hooks(first, "2027-02-05", priority="High")
	assert get_line(sprint) == [12, 12, 8, 8, 8]
	assert list_events(sprint.name, "kind", "found_later")[-1] == ("Progressed", 1)


def test_change_without_timestamp_is_recorded_on_the_day_of_detection(week):
	sprint, first, _second = week
	with patch_now("2027-02-02 10:00:00"):
		save(first, progress=25)
	frappe.db.set_value("Task", first.name, "modified", "2027-02-02 10:00:00", update_modified=False)
	frappe.db.set_value("Task", first.name, "progress", 50, update_modified=False)
	frappe.db.commit()
	with patch_now("2027-02-04 00:05:00"):
		assert events.reconcile_sprint(sprint.name) == 1
		frappe.db.commit()
	assert get_line(sprint) == [12, 10, 10, 8, 8]


def test_the_job_looks_at_every_open_sprint(week):
	sprint, first, _second = week
	change_past_hooks(first, "2027-02-03", progress=50)
	with patch_now("2027-02-05 00:05:00"):
		assert events.reconcile_events() >= 1
	assert list_events(sprint.name)[-1][0] == "Progressed"


def test_task_moved_by_sql_records_scope_events(week, project):
	sprint, first, _second = week
	late = factories.make_task(project=project, expected_time=3)
	change_past_hooks(late, "2027-02-02", sprint=sprint.name)
	change_past_hooks(first, "2027-02-04", sprint=None)
	assert get_line(sprint) == [12, 15, 15, 7, 7]


def test_task_deleted_by_sql_records_an_event_on_detection(week):
	sprint, _first, second = week
	frappe.db.delete("Task", {"name": second.name})
	frappe.db.commit()
	assert get_line(sprint, "2027-02-03 10:00:00") == [12, 12, 8, None, None]
	with patch_now("2027-02-03 10:00:00"):
		events.reconcile_sprint(sprint.name)
		frappe.db.commit()
	assert get_line(sprint) == [12, 12, 8, 8, 8]


def test_next_save_records_changes_made_by_sql(week):
	sprint, first, _second = week
	change_past_hooks(first, "2027-02-02", expected_time=10)
	with patch_now("2027-02-02 15:00:00"):
		save(first, progress=50)
	assert list_events(sprint.name)[-1] == ("Estimated", 10, 50, 1)
	assert get_line(sprint) == [12, 9, 9, 9, 9]


def test_a_project_completed_in_erpnext_completes_the_line(site):
	"""It writes the status of every task with frappe.db.set_value."""
	sprint = make_sprint()
	make_task(sprint)
	start_sprint(sprint.name)
	set_project_status(sprint.project, "Completed")
	frappe.db.commit()
	assert get_sprint_burndown(sprint.name)["remaining_hours"] == 0


def test_two_changes_at_one_moment_keep_their_order(week):
	sprint, first, _second = week
	with patch_now("2027-02-02 10:00:00"):
		save(first, progress=25)
		save(first, progress=75)
	moments = [row[0] for row in list_events(sprint.name, "at", "progress")[-2:]]
	assert moments[1] - moments[0] == timedelta(microseconds=1)
	assert moments[0] == datetime(2027, 2, 2, 10)
	assert get_line(sprint) == [12, 6, 6, 6, 6]


# Append-only


def test_nobody_changes_the_history(sprint):
	make_task(sprint)
	event = frappe.get_last_doc("Sprint Event", {"sprint": sprint.name})
	for change in (event.save, event.delete, frappe.copy_doc(event).insert):
		with pytest.raises(frappe.PermissionError, match="recorded automatically"):
			change()
	frappe.db.rollback()
	assert len(list_events(sprint.name)) == 1


def test_history_is_deleted_with_its_sprint(sprint):
	task = make_task(sprint)
	with pytest.raises(frappe.LinkExistsError):
		frappe.delete_doc("Sprint", sprint.name)
	frappe.db.rollback()
	save(task, sprint=None)
	frappe.delete_doc("Sprint", sprint.name)
	frappe.db.commit()
	assert list_events(sprint.name) == []


def test_tasks_of_both_kinds_share_one_line(sprint):
	team_project = make_gp_project()
	with patch_now("2027-02-01 08:00:00"):
		make_task(sprint, 8)
		task = make_gp_task(sprint, 6, project=team_project.name)
	with patch_now("2027-02-02 08:00:00"):
		save(task, status="Done")
	assert get_line(sprint) == [14, 8, 8, 8, 8]
	assert sorted(list_events(sprint.name, "task_doctype")) == [("GP Task",), ("GP Task",), ("Task",)]


# Without Gameplan


@pytest.fixture
def without_gameplan(monkeypatch):
	monkeypatch.setattr(apps, "is_installed", lambda app: app != "gameplan")
	monkeypatch.setattr(task_rows, "is_installed", lambda app: app != "gameplan")


def test_without_gameplan_a_sprint_holds_tasks_of_erpnext(sprint, without_gameplan):
	with patch_now("2027-02-01 08:00:00"):
		make_task(sprint, 8)
	assert get_line(sprint) == [8, 8, 8, 8, 8]


def test_a_sprint_of_a_gameplan_team_needs_gameplan(site, without_gameplan):
	with pytest.raises(MissingAppError, match="gameplan"):
		make_sprint(team_type="GP Team", team="any")


def test_when_gameplan_is_gone_its_tasks_are_too(sprint, request):
	with patch_now("2027-02-01 08:00:00"):
		make_task(sprint, 8)
		make_gp_task(sprint, 6)
	request.getfixturevalue("without_gameplan")
	assert get_line(sprint, "2027-02-03 10:00:00") == [14, 14, 8, None, None]
