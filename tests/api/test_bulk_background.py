"""Bulk calls in the background: queued, executed by a real worker, queried, and ended after the worker is
lost.
"""

from datetime import datetime, timedelta, timezone

import pytest
from rq.job import JobStatus

import frappe
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import create_job_id, get_queue, get_queues

from orchestrator import clock, leases
from orchestrator.api.bulk import jobs
from tests.support import factories
from tests.support.client import get_error

ASSIGN = "frappe.desk.bulk_assignment.set_assignment_for_many"
DELETE = "frappe.desk.delete.delete_many"
STATUS = "orchestrator.api.bulk.get_operation"


def start(client, method, **arguments):
	reply = client.post(method, background=True, **arguments)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def get_state(client, operation):
	reply = client.get(STATUS, operation=operation)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def make_operation(status, minutes_ago, **values):
	operation = factories.make_record(
		"Bulk Operation",
		operation="Delete",
		reference_doctype="Note",
		status=status,
		requested_by="Administrator",
		total=1,
		**values,
	)
	operation.db_set("creation", add_to_date(now_datetime(), minutes=-minutes_ago), commit=True)
	return operation.name


def test_a_call_runs_in_a_worker_as_its_caller(api, worker):
	caller = factories.make_user("Sales User").name
	assignee = factories.make_user("Sales User").name
	names = [factories.make_lead().name for _ in range(2)]
	client = api(caller)

	queued = start(client, ASSIGN, doctype="Lead", name=names, assigned_to=assignee)
	before = get_state(client, queued["operation"])
	worker()
	after = get_state(client, queued["operation"])

	assert queued["status"] == "Queued"
	assert (before["status"], before["total"], before["done"], before["results"]) == ("Queued", 2, 0, None)
	assert after["started_at"] and after["finished_at"]
	assert {key: after[key] for key in after if key not in ("started_at", "finished_at")} == {
		"operation": queued["operation"],
		"type": "Assign",
		"doctype": "Lead",
		"status": "Completed",
		"atomic": True,
		"total": 2,
		"done": 2,
		"failed": 0,
		"results": [{"name": name, "ok": True, "error": None} for name in names],
		"error": None,
	}
	todos = frappe.get_all(
		"ToDo", {"reference_name": ("in", names)}, ["allocated_to", "assigned_by", "owner"]
	)
	assert todos == [{"allocated_to": assignee, "assigned_by": caller, "owner": caller}] * 2


def test_the_queue_holds_the_operations_name_and_no_record(api):
	from rq.job import Job

	from frappe.utils.background_jobs import create_job_id, get_redis_conn

	names = [factories.make_record("Note", title=factories.make_unique("Note")).name]
	queued = start(api(), DELETE, doctype="Note", name=names)

	job = Job.fetch(
		create_job_id(jobs.OPERATIONS.build_job_id(queued["operation"])), connection=get_redis_conn()
	)

	assert job.kwargs["kwargs"] == {"operation": queued["operation"]}
	assert job.origin.endswith(":long")


def test_a_failed_call_changes_nothing_and_says_why(api, worker):
	linked, free = factories.make_opportunity().party_name, factories.make_lead().name
	client = api()

	queued = start(client, DELETE, doctype="Lead", name=[free, linked])
	worker()
	after = get_state(client, queued["operation"])

	assert (after["status"], after["done"], after["failed"], after["results"]) == ("Failed", 0, 2, None)
	assert after["error"]["type"] == "LinkExistsError"
	assert f"1 of 2 records failed, so nothing was changed: {linked}" in after["error"]["text"]
	assert frappe.db.exists("Lead", free)


def test_without_atomic_a_call_completes_with_its_failures(api, worker):
	linked, free = factories.make_opportunity().party_name, factories.make_lead().name
	client = api()

	queued = start(client, DELETE, doctype="Lead", name=[free, linked], atomic=False)
	worker()
	after = get_state(client, queued["operation"])

	assert (after["status"], after["done"], after["failed"]) == ("Completed", 1, 1)
	assert [result["ok"] for result in after["results"]] == [True, False]
	assert not frappe.db.exists("Lead", free)


def test_what_forbids_the_whole_call_is_said_at_once(api):
	reply = api(factories.make_user("Sales User").name).post(
		DELETE, doctype="Lead", name=["L001"], background=True
	)

	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_the_job_checks_permissions_again(api, worker):
	caller = factories.make_user("Sales Manager").name
	client, lead = api(caller), factories.make_lead().name

	queued = start(client, DELETE, doctype="Lead", name=[lead])
	user = frappe.get_doc("User", caller)
	user.set("roles", [])
	user.save()
	frappe.db.commit()
	worker()

	assert get_state(client, queued["operation"])["error"]["type"] == "PermissionError"
	assert frappe.db.exists("Lead", lead)


def test_only_the_caller_and_system_managers_see_an_operation(api):
	caller = factories.make_user("Sales User").name
	queued = start(api(caller), ASSIGN, doctype="Lead", name=factories.make_lead().name, assigned_to=caller)

	stranger = api(factories.make_user("Sales Manager").name).get(STATUS, operation=queued["operation"])
	missing = api(caller).get(STATUS, operation="nothing")
	manager = api(factories.make_user("System Manager").name).get(STATUS, operation=queued["operation"])

	assert (stranger.status_code, stranger.json()["exc_type"]) == (404, "DoesNotExistError")
	assert get_error(missing) == (404, "DoesNotExistError")
	assert manager.status_code == 200


def test_a_guest_is_refused(guest):
	assert get_error(guest.get(STATUS, operation="x")) == (401, "AuthenticationError")


def test_operations_that_have_lost_two_workers_fail(site):
	killed = make_operation("Running", 30, started_at=add_to_date(now_datetime(), minutes=-29), attempts=2)
	fresh = make_operation("Queued", 1)
	done = make_operation("Completed", 30)

	jobs.recover_lost_operations()

	states = {name: frappe.db.get_value("Bulk Operation", name, "status") for name in (killed, fresh, done)}
	assert states == {killed: "Failed", fresh: "Queued", done: "Completed"}
	assert jobs.serialize_operation(killed)["error"] == {
		"type": "WorkerLost",
		"text": "The background job stopped before it finished. Nothing was changed; send the request again.",
	}


def test_a_job_that_is_still_in_the_queue_is_left_alone(api):
	queued = start(
		api(),
		DELETE,
		doctype="Note",
		name=factories.make_record("Note", title=factories.make_unique("Note")).name,
	)
	old = add_to_date(now_datetime(), minutes=-30)
	frappe.db.set_value("Bulk Operation", queued["operation"], "creation", old)
	frappe.db.commit()

	jobs.recover_lost_operations()

	assert frappe.db.get_value("Bulk Operation", queued["operation"], "status") == "Queued"


@pytest.mark.parametrize(
	("status", "attempts"), [("Queued", 0), ("Running", 1)], ids=["never started", "lost while running"]
)
def test_an_operation_with_a_lost_worker_runs_again(status, attempts, api, worker):
	note = factories.make_record("Note", title=factories.make_unique("Note")).name
	queued = start(api(), DELETE, doctype="Note", name=note)["operation"]
	for queue in get_queues():
		queue.empty()
	long_ago = add_to_date(now_datetime(), minutes=-30)
	values = {"creation": long_ago, "status": status, "attempts": attempts}
	frappe.db.set_value("Bulk Operation", queued, {**values, "started_at": long_ago if attempts else None})
	frappe.db.commit()

	jobs.recover_lost_operations()
	again = get_state(api(), queued)
	jobs.recover_lost_operations()
	worker()

	assert (again["status"], again["started_at"]) == ("Queued", None)
	assert get_state(api(), queued)["status"] == "Completed"
	assert frappe.db.get_value("Bulk Operation", queued, "attempts") == attempts + 1
	assert not frappe.db.exists("Note", note)


def test_a_worker_that_comes_back_does_not_finish_what_another_does(site):
	lost = make_operation("Queued", 30)
	first = jobs.OPERATIONS.start(lost, now_datetime())
	assert jobs.OPERATIONS.requeue(lost) == 1
	assert not jobs.OPERATIONS.is_running(lost, first.attempts)
	second = jobs.OPERATIONS.start(lost, now_datetime())
	assert (first.attempts, second.attempts) == (1, 2)
	assert not jobs.OPERATIONS.is_running(lost, first.attempts)
	assert jobs.OPERATIONS.is_running(lost, second.attempts)
	assert jobs.OPERATIONS.requeue(lost) is None


def make_running(silent_seconds, clock_ahead=timedelta()):
	"""Make an operation that has been running for 20 minutes, on a host whose clock is ahead by so much, and whose last
	heartbeat was so long ago.
	"""
	begun = leases.get_now() - timedelta(minutes=20)
	operation = make_operation("Running", 21, started_at=begun, attempts=1)
	job = get_queue("long").create_job(
		"frappe.ping", job_id=create_job_id(jobs.OPERATIONS.build_job_id(operation)), status=JobStatus.STARTED
	)
	now = datetime.now(timezone.utc).replace(tzinfo=None) + clock_ahead
	job.started_at = now - timedelta(minutes=20)
	job.last_heartbeat = now - timedelta(seconds=silent_seconds)
	job.save()
	return operation, job


@pytest.mark.parametrize(("silent_seconds", "is_lost"), [(30, False), (590, False), (660, True)])
@pytest.mark.parametrize("clock_ahead", [timedelta(), timedelta(hours=1), timedelta(hours=-1)], ids=str)
def test_the_heartbeats_of_its_job_decide_whether_a_worker_lives(silent_seconds, is_lost, clock_ahead, site):
	operation, job = make_running(silent_seconds, clock_ahead)
	assert (operation in jobs.OPERATIONS.list_dead()) == is_lost
	job.delete()


def test_the_clock_of_the_host_that_looks_does_not_matter(site, monkeypatch):
	operation, job = make_running(30)
	monkeypatch.setattr(clock, "get_now", lambda: now_datetime() + timedelta(days=1))
	assert operation not in jobs.OPERATIONS.list_dead()
	job.delete()


def test_two_hosts_that_find_the_same_lost_worker(site, monkeypatch):
	"""The second one leaves alone what the first has recovered and another worker does by now."""
	operation, job = make_running(660)
	monkeypatch.setattr(jobs.BackgroundRecords, "list_dead", lambda *_args, **_kwargs: [operation])
	jobs.recover_lost_operations()
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "attempts"]) == ("Queued", 1)
	jobs.OPERATIONS.start(operation, leases.get_now())
	second = get_queue("long").create_job(
		"frappe.ping",
		job_id=create_job_id(jobs.OPERATIONS.build_job_id(operation, 1)),
		status=JobStatus.STARTED,
	)
	second.started_at = second.last_heartbeat = datetime.now(timezone.utc).replace(tzinfo=None)
	second.save()
	jobs.recover_lost_operations()
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "attempts"]) == ("Running", 2)
	frappe.db.set_value("Bulk Operation", operation, "status", "Failed")
	frappe.db.commit()
	for each in (job, second):
		each.delete()


def test_an_operation_that_was_given_up_is_not_run_later(api, worker):
	note = factories.make_record("Note", title=factories.make_unique("Note")).name
	queued = start(api(), DELETE, doctype="Note", name=note)
	jobs.mark_failed(queued["operation"])

	worker()

	assert frappe.db.exists("Note", note)
	assert frappe.db.get_value("Bulk Operation", queued["operation"], "status") == "Failed"


def test_old_results_are_dropped(site):
	old, recent = make_operation("Completed", 31 * 24 * 60), make_operation("Completed", 60)

	jobs.delete_old_operations()

	assert not frappe.db.exists("Bulk Operation", old)
	assert frappe.db.exists("Bulk Operation", recent)
