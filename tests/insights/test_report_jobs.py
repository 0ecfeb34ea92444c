"""Reports in the background: queued, made by a real worker, queried, and ended after the worker is lost."""

import pytest

import frappe
from frappe.utils import add_to_date, now_datetime

from orchestrator.insights.reports import report_jobs
from tests.support import factories
from tests.support.report_factories import (
	GENERATE,
	STATUS,
	generate_report,
	list_private_files,
	make_query_report,
	parse_csv,
)


def start(client, report, **arguments):
	return generate_report(client, report, "csv", **arguments)


def get_state(client, run):
	return client.get(STATUS, run=run).json()["data"]


def make_sales_user():
	return factories.make_user("Sales User").name


def test_a_report_is_made_by_a_worker_as_its_caller(api, worker):
	seen, hidden = (factories.make_lead().name for _ in range(2))
	caller = make_sales_user()
	factories.make_record(
		"User Permission", user=caller, allow="Lead", for_value=seen, apply_to_all_doctypes=1
	)
	report = make_query_report(
		f"select name as `Lead:Link/Lead:120` from tabLead where name in ('{seen}', '{hidden}') and %(a)s = 1"  # noqa: S608
	)
	client = api(caller)

	queued = start(client, report, background=True, filters={"a": 1})
	kept = frappe.db.get_value("Generated Report", queued["run"], ["status", "request"], as_dict=True)
	worker()
	frappe.db.rollback()
	after = get_state(client, queued["run"])

	assert (queued["status"], queued["progress"], queued["file"], queued["row_count"]) == (
		"Queued",
		0,
		None,
		None,
	)
	assert kept.status == "Queued" and '"a": 1' in kept.request
	assert (after["status"], after["progress"], after["row_count"], after["error"]) == (
		"Completed",
		100,
		1,
		None,
	)
	assert parse_csv(client.request("GET", after["file_url"]).content) == [["Lead"], [seen]]
	assert frappe.db.get_value("Generated Report", queued["run"], "request") is None
	assert frappe.get_all("Notification Log", {"document_name": queued["run"]}, ["for_user", "subject"]) == [
		{"for_user": caller, "subject": f"Your report <strong>{report}</strong> is ready"}
	]


def test_the_queue_holds_the_runs_name_and_no_filter(api):
	from rq.job import Job

	from frappe.utils.background_jobs import create_job_id, get_redis_conn

	queued = start(api(), make_query_report("select %(a)s as `A::80`"), background=True, filters={"a": "Ann"})

	job = Job.fetch(
		create_job_id(report_jobs.RUN_RECORDS.build_job_id(queued["run"])), connection=get_redis_conn()
	)

	assert job.kwargs["kwargs"] == {"run": queued["run"]}
	assert job.origin.endswith(":long")


@pytest.fixture
def carried_out(site):
	"""Call it to do here what a worker does with a run."""

	def carry_out(run):
		report_jobs.run_report_job(run)
		frappe.set_user("Administrator")

	yield carry_out
	frappe.local.lang = "en"


def test_a_run_that_fails_says_why_and_leaves_no_file(api, carried_out):
	broken = make_query_report("select name from `tabNo Such Table`")
	client = api()
	before = list_private_files()

	queued = start(client, broken, background=True)
	carried_out(queued["run"])
	after = get_state(client, queued["run"])

	assert (after["status"], after["file"], after["error"]["type"]) == (
		"Failed",
		None,
		"ReportExecutionError",
	)
	assert "failed (ProgrammingError)" in after["error"]["text"]
	assert list_private_files() == before
	assert frappe.db.get_value("Generated Report", queued["run"], "request") is None


def test_what_forbids_the_whole_call_is_said_at_once(api):
	report = make_query_report("select 7 as `Answer:Int:80`")

	reply = api(factories.make_user("Projects User").name).post(GENERATE, report_name=report, background=True)

	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_prepared_report_is_queued_by_default(api):
	report = make_query_report("select 7 as `Answer:Int:80`", prepared_report=1)

	assert start(api(), report)["status"] == "Queued"
	assert start(api(), report, background=False)["status"] == "Completed"


def test_a_report_that_took_long_is_queued_the_next_time(api):
	report = make_query_report("select 7 as `Answer:Int:80`")
	first = start(api(), report)
	started = frappe.db.get_value("Generated Report", first["run"], "finished_at")
	frappe.db.set_value("Generated Report", first["run"], "started_at", add_to_date(started, seconds=-21))
	frappe.db.commit()

	assert (first["status"], start(api(), report)["status"]) == ("Completed", "Queued")


@pytest.fixture
def make_run(site):
	report = make_query_report("select 7 as `Answer:Int:80`")

	def make(status, minutes_ago, **values):
		run = factories.make_record(
			"Generated Report",
			report=report,
			format="csv",
			status=status,
			requested_by="Administrator",
			**values,
		)
		run.db_set("creation", add_to_date(now_datetime(), minutes=-minutes_ago), commit=True)
		return run.name

	return make


def test_a_run_with_a_lost_worker_runs_again(make_run, worker):
	request = '{"report_name": "%s", "format": "csv", "filters": {}, "recipients": [], "lang": "en"}'
	lost = make_run("Running", 20, started_at=add_to_date(now_datetime(), minutes=-19), attempts=1)
	report = frappe.db.get_value("Generated Report", lost, "report")
	frappe.db.set_value("Generated Report", lost, "request", request % report)
	frappe.db.commit()

	report_jobs.recover_lost_runs()
	report_jobs.recover_lost_runs()
	worker()

	frappe.db.rollback()
	assert report_jobs.serialize_run(lost)["status"] == "Completed"
	assert frappe.db.get_value("Generated Report", lost, ["attempts", "row_count"]) == (2, 1)


def test_run_with_two_lost_workers_fails_and_a_recent_one_does_not(make_run):
	lost = make_run("Running", 20, started_at=add_to_date(now_datetime(), minutes=-19), attempts=2)
	young = make_run("Queued", 1)

	report_jobs.recover_lost_runs()

	frappe.db.rollback()
	told = report_jobs.serialize_run(lost)
	assert (told["status"], told["error"]["type"], told["file"]) == ("Failed", "WorkerLost", None)
	assert frappe.db.get_value("Generated Report", young, "status") == "Queued"


def test_a_run_that_was_given_up_meanwhile_leaves_no_file(make_run, monkeypatch):
	run = make_run(
		"Queued",
		1,
		request='{"report_name": "x", "format": "csv", "filters": {}, "recipients": [], "lang": "en"}',
	)
	monkeypatch.setattr(
		report_jobs.report_runs,
		"generate_file",
		lambda *_args, **_kwargs: report_jobs.mark_dead_run_failed(run) or {"row_count": 1},
	)

	with pytest.raises(frappe.ValidationError):
		report_jobs.run_report_job(run)

	frappe.set_user("Administrator")
	frappe.db.rollback()
	assert report_jobs.serialize_run(run)["error"]["type"] == "WorkerLost"
