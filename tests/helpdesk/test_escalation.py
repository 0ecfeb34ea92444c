"""The escalation job: assignments and notifications, once per ticket and stage, in a constant number of
statements.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

import frappe
from frappe.utils import add_to_date, now_datetime

from orchestrator.configuration import get_settings
from orchestrator.helpdesk import escalation, overdue
from tests.support import bench, factories, helpdesk

JOB = "orchestrator.helpdesk.escalation.escalate_due_tickets"


@pytest.fixture(autouse=True)
def nothing_else_is_due(site):
	"""Close the tickets of other tests, and start each test as a request starts."""
	clear_request_cache()
	for doctype, date in (("Issue", "sla_resolution_date"), ("HD Ticket", "resolution_date")):
		frappe.db.sql(f"update `tab{doctype}` set {date} = now() where {date} is null")  # noqa: S608
	frappe.db.commit()


@pytest.fixture(scope="module")
def to_chief(frappe_site) -> Iterator[str]:
	"""Yield the user to whom everything is escalated, unless a test says otherwise."""
	frappe.set_user("Administrator")
	chief = factories.make_user("Support Team", "Agent").name
	with helpdesk.override_settings(escalate_to_user=chief, escalate_to_role=None):
		yield chief


def make_issue(response: int | None = None, resolution: int | None = None, **values):
	"""Create an issue with targets due in this number of minutes; the other target is due much later."""
	customer = frappe.db.get_value("Service Level Agreement", helpdesk.get_agreement(), "entity")
	issue = factories.make_issue(customer=customer, priority="High", **values)
	set_due(issue, response_by=response, sla_resolution_by=resolution)
	return issue


def make_ticket(response: int | None = None, resolution: int | None = None, **values):
	ticket = helpdesk.make_hd_ticket(**values)
	set_due(ticket, response_by=response, resolution_by=resolution)
	return ticket


def set_due(doc, **minutes: int | None) -> None:
	far = 100_000
	due = {
		field: add_to_date(now_datetime(), minutes=far if m is None else m) for field, m in minutes.items()
	}
	frappe.db.set_value(doc.doctype, doc.name, due)
	frappe.db.commit()


def list_stages(doc) -> list[str]:
	frappe.db.rollback()
	return frappe.get_all(
		"Ticket Escalation",
		{"reference_doctype": doc.doctype, "reference_name": str(doc.name)},
		pluck="stage",
		order_by="creation, stage",
	)


def list_assignees(doc) -> list[str]:
	return json.loads(frappe.db.get_value(doc.doctype, doc.name, "_assign") or "[]")


def list_notified_users(doc) -> dict[str, list[str]]:
	rows = frappe.get_all(
		"Notification Log",
		{"document_type": doc.doctype, "document_name": str(doc.name), "type": "Alert"},
		["for_user", "subject"],
		order_by="creation, for_user",
	)
	told: dict[str, list[str]] = {}
	for row in rows:
		told.setdefault(row.for_user, []).append(row.subject)
	return told


def list_timeline(doc) -> list[str]:
	return frappe.get_all(
		"Comment",
		{"reference_doctype": doc.doctype, "reference_name": doc.name, "comment_type": "Info"},
		pluck="content",
		order_by="creation",
	)


def run() -> int:
	frappe.db.rollback()
	return escalation.escalate_due_tickets()


def reset_site_state() -> None:
	"""Clear Frappe's cached list of linked DocTypes, from a time when no escalation existed."""
	frappe.db.delete("Ticket Escalation")
	frappe.db.commit()
	frappe.cache.delete_keys("dynamic_link_map::")
	clear_request_cache()
	frappe.delete_doc("Issue", factories.make_issue().name)
	frappe.db.commit()
	clear_request_cache()


def clear_request_cache() -> None:
	"""Clear what this process caches of dynamic links, as a new request starts without it."""
	frappe.local.dynamic_link_map = None
	frappe.local.cache.clear()


class TestStages:
	@pytest.mark.parametrize(
		("response", "resolution", "expected"),
		[
			(None, None, []),
			(None, 90, []),
			(None, 30, ["Resolution At Risk"]),
			(None, -1, ["Resolution Breached"]),
			(30, None, ["Response At Risk"]),
			(-1, 30, ["Resolution At Risk", "Response Breached"]),
			(-5, -1, ["Resolution Breached", "Response Breached"]),
		],
	)
	@pytest.mark.parametrize("make", [make_issue, make_ticket])
	def test_a_ticket_is_escalated_at_the_stage_it_is_in(
		self, to_chief, make, response, resolution, expected
	):
		doc = make(response, resolution)
		assert run() == len(expected)
		assert sorted(list_stages(doc)) == expected

	def test_the_threshold_is_that_of_get_sla_status(self, to_chief):
		issue = make_issue(resolution=90)
		with helpdesk.override_settings(sla_at_risk_minutes=120):
			run()
		assert list_stages(issue) == ["Resolution At Risk"]

	@pytest.mark.parametrize("make", [make_issue, make_ticket])
	def test_once_per_stage_however_often_it_runs(self, to_chief, make):
		doc = make(resolution=30)
		assert [run(), run()] == [1, 0]
		set_due(doc, **{overdue.find_column(doc.doctype, overdue.RESOLUTION_BY): -1})
		assert [run(), run()] == [1, 0]
		assert list_stages(doc) == ["Resolution At Risk", "Resolution Breached"]

	def test_after_a_day_without_the_job_only_the_breach_is_notified(self, to_chief):
		issue = make_issue(resolution=-24 * 60)
		assert [run(), run()] == [1, 0]
		assert list_stages(issue) == ["Resolution Breached"]

	def test_old_history_is_left_alone(self, to_chief):
		issue = make_issue(resolution=-8 * 24 * 60, response=-8 * 24 * 60)
		assert run() == 0
		assert list_stages(issue) == []

	@pytest.mark.parametrize(
		"values",
		[
			{"status": "Resolved"},
			{"status": "Closed"},
			{"sla_resolution_date": "2027-01-01 00:00:00"},
			{"on_hold_since": "2027-01-01 00:00:00"},
			{"service_level_agreement": None},
		],
	)
	def test_what_is_done_on_hold_or_without_agreement_is_not(self, to_chief, values):
		issue = make_issue(resolution=-1)
		frappe.db.set_value("Issue", issue.name, values)
		frappe.db.commit()
		assert run() == 0

	def test_an_answered_ticket_is_not_escalated_for_its_first_response(self, to_chief):
		issue = make_issue(response=-1)
		frappe.db.set_value("Issue", issue.name, "first_responded_on", now_datetime())
		frappe.db.commit()
		assert run() == 0

	def test_an_hd_agreement_on_the_first_response_alone(self, to_chief):
		ticket = make_ticket(resolution=-1)
		sla = frappe.db.get_value("HD Ticket", ticket.name, "sla")
		frappe.db.set_value("HD Service Level Agreement", sla, "apply_sla_for_resolution", 0)
		frappe.db.commit()
		try:
			assert run() == 0
		finally:
			frappe.db.set_value("HD Service Level Agreement", sla, "apply_sla_for_resolution", 1)
			frappe.db.commit()

	def test_in_progress_is_open(self, to_chief):
		issue = make_issue(resolution=-1)
		frappe.db.set_value("Issue", issue.name, "status", "In Progress")
		frappe.db.commit()
		assert run() == 1

	def test_switched_off_it_does_nothing(self, to_chief):
		make_issue(resolution=-1)
		with helpdesk.override_settings(escalation_enabled=0):
			assert run() == 0
		assert run() == 1


class TestWhatItLeaves:
	def test_the_assignment_is_one_that_frappe_knows(self, to_chief):
		issue = make_issue(resolution=-1)
		run()
		assert list_stages(issue) == ["Resolution Breached"]
		assert list_assignees(issue) == [to_chief]
		assert frappe.db.get_value("Issue", issue.name, "assigned_to") == to_chief
		todo = frappe.get_doc("ToDo", {"reference_name": issue.name, "allocated_to": to_chief})
		assert (todo.status, todo.reference_type, todo.assigned_by) == ("Open", "Issue", "Administrator")
		# from here on, Frappe's and this app's hooks treat it as any other assignment
		from frappe.desk.form import assign_to

		assign_to.remove("Issue", issue.name, to_chief)
		frappe.db.commit()
		assert (list_assignees(issue), frappe.db.get_value("Issue", issue.name, "assigned_to")) == ([], None)

	def test_current_assignee_stays_assigned_and_is_notified(self, to_chief):
		worker = factories.make_user("Support Team").name
		issue = make_issue(resolution=-1)
		factories.assign(issue, worker)
		run()
		assert list_assignees(issue) == [worker, to_chief]
		assert frappe.db.get_value("Issue", issue.name, "assigned_to") == worker
		assert set(list_notified_users(issue)) == {worker, to_chief}

	def test_the_timeline_says_so_once(self, to_chief):
		issue = make_issue(resolution=-1)
		run(), run()
		due = frappe.utils.format_datetime(
			frappe.db.get_value("Issue", issue.name, "sla_resolution_by"), "yyyy-MM-dd HH:mm"
		)
		told = f"The resolution was due at {due} and is overdue. Escalated to {to_chief}."
		assert list_timeline(issue) == [told]
		assert list_notified_users(issue) == {to_chief: [f"Issue {issue.name}: {told}"]}

	def test_a_second_stage_does_not_assign_again(self, to_chief):
		issue = make_issue(response=-1, resolution=-1)
		run()
		assert list_assignees(issue) == [to_chief]
		assert frappe.db.count("ToDo", {"reference_name": issue.name, "status": "Open"}) == 1
		assert len(list_timeline(issue)) == 2

	def test_a_form_opened_before_does_not_overwrite_it(self, to_chief):
		issue = make_issue(resolution=-1).reload()
		run()
		issue.subject = "Changed"
		with pytest.raises(frappe.TimestampMismatchError):
			issue.save()

	def test_helpdesk_notification_is_created(self, to_chief):
		ticket = make_ticket(resolution=-1)
		run()
		assert list_stages(ticket) == ["Resolution Breached"]
		assert list_assignees(ticket) == [to_chief]
		(action,) = frappe.get_all("HD Ticket Activity", {"ticket": ticket.name}, pluck="action")
		assert action.endswith(f"and is overdue. Escalated to {to_chief}.")
		bell = frappe.get_all(
			"HD Notification", {"reference_ticket": ticket.name}, ["user_to", "notification_type"]
		)
		assert [(row.user_to, row.notification_type) for row in bell] == [(to_chief, "Assignment")]
		assert list(list_notified_users(ticket)) == [to_chief]

	def test_without_escalation_target_the_assignee_is_notified(self, site):
		worker = factories.make_user("Support Team").name
		issue = make_issue(resolution=-1)
		factories.assign(issue, worker)
		with helpdesk.override_settings(escalate_to_user=None, escalate_to_role=None):
			assert run() == 1
		assert (list_assignees(issue), list(list_notified_users(issue))) == ([worker], [worker])
		assert len(list_timeline(issue)) == 1

	def test_who_wants_no_notifications_gets_none(self, site):
		quiet = factories.make_user("Support Team").name
		frappe.get_doc("Notification Settings", quiet).update({"enabled": 0}).save()
		frappe.db.commit()
		issue = make_issue(resolution=-1)
		with helpdesk.override_settings(escalate_to_user=quiet, escalate_to_role=None):
			run()
		assert (list_assignees(issue), list_notified_users(issue)) == ([quiet], {})

	def test_no_customer_sees_it(self, api, to_chief):
		customer = helpdesk.make_portal_user()
		issue = make_issue(resolution=-1, raised_by=customer)
		run()
		page = api(customer).request("GET", f"/issues/{issue.name}")
		assert page.status_code == 200
		assert "is overdue" not in page.text
		assert issue.subject in page.text
		assert list_notified_users(issue).keys() == {to_chief}

	def test_assigned_customer_is_not_notified(self, to_chief):
		customer, issue = helpdesk.make_portal_user(), make_issue(resolution=-1)
		factories.assign(issue, customer)
		run()
		assert list_assignees(issue) == [customer, to_chief]
		assert list_notified_users(issue).keys() == {to_chief}


class TestWhoGetsIt:
	@pytest.fixture
	def team(self, site):
		"""Yield a role with two members, the second of whom has an assignment already."""
		role = factories.make_record(
			"Role", role_name=factories.make_unique("Escalation"), desk_access=1
		).name
		users = [factories.make_user("Support Team", role).name for _ in range(2)]
		factories.assign(factories.make_issue(), users[1])
		with helpdesk.override_settings(escalate_to_user=None, escalate_to_role=role):
			yield users

	def test_of_a_role_the_least_busy_in_turn(self, team):
		issues = [make_issue(resolution=-minutes) for minutes in (30, 20, 10)]
		run()
		first, second = team
		# loads 0 and 1: after one ticket both have one; ties are ordered by name
		expected = [first, min(first, second), max(first, second)]
		assert [list_assignees(issue) for issue in issues] == [[user] for user in expected]

	def test_an_assigned_team_member_keeps_the_ticket(self, team):
		issue = make_issue(resolution=-1)
		factories.assign(issue, team[1])
		run()
		assert list_assignees(issue) == [team[1]]
		assert list(list_notified_users(issue)) == [team[1]]

	def test_who_may_not_read_the_ticket_does_not_get_it(self, team):
		factories.make_record(
			"User Permission", user=team[0], allow="Company", for_value=helpdesk.get_other_company()
		)
		issue = make_issue(resolution=-1, company=factories.get_company())
		run()
		assert list_assignees(issue) == [team[1]]
		assert not frappe.db.exists("DocShare", {"share_name": issue.name})

	def test_a_disabled_user_does_not_get_it(self, team):
		frappe.db.set_value("User", team[0], "enabled", 0)
		frappe.db.commit()
		issue = make_issue(resolution=-1)
		run()
		assert list_assignees(issue) == [team[1]]

	def test_a_ticket_that_no_member_may_read_keeps_its_assignees(self, site):
		outsider = factories.make_user("Accounts User").name
		issue = make_issue(resolution=-1)
		with helpdesk.override_settings(escalate_to_user=outsider):
			assert run() == 1
		assert (list_assignees(issue), list_notified_users(issue)) == ([], {})

	def test_settings_refuse_a_disabled_user(self, site):
		gone = factories.make_user(enabled=0).name
		settings = frappe.get_doc("Orchestrator Settings")
		settings.escalate_to_user = gone
		with pytest.raises(frappe.ValidationError, match="is disabled, so tickets cannot be escalated"):
			settings.save()


class TestRuns:
	def test_frappe_schedules_it_every_five_minutes(self, site):
		job = frappe.get_doc("Scheduled Job Type", {"method": JOB})
		assert (job.frequency, job.cron_format, job.stopped) == ("Cron", "*/5 * * * *", 0)

	def test_it_runs_as_a_job(self, to_chief):
		issue = make_issue(resolution=-1)
		bench.run_command("execute", JOB)
		assert list_stages(issue) == ["Resolution Breached"]

	def test_two_runs_at_once_escalate_once(self, site, to_chief):
		issues = [make_issue(resolution=-1) for _ in range(5)]
		command = [
			sys.executable,
			"-m",
			"frappe.utils.bench_helper",
			"frappe",
			"--site",
			site,
			"execute",
			JOB,
		]
		runs = [subprocess.Popen(command, cwd=frappe.local.sites_path) for _ in range(2)]
		assert [process.wait(timeout=120) for process in runs] == [0, 0]
		for issue in issues:
			assert list_stages(issue) == ["Resolution Breached"]
			assert len(list_timeline(issue)) == 1
			assert frappe.db.count("ToDo", {"reference_name": issue.name}) == 1

	def test_the_key_is_unique_in_the_database(self, site):
		values = {
			"reference_doctype": "Issue",
			"reference_name": factories.make_issue().name,
			"stage": "Response Breached",
		}
		factories.make_record("Ticket Escalation", **values)
		with pytest.raises(frappe.UniqueValidationError):
			factories.make_record("Ticket Escalation", **values)

	def test_a_batch_takes_a_constant_number_of_statements(self, to_chief):
		make_issue(resolution=-1)
		run()  # Frappe's caches are filled now
		counts = []
		for size in (1, 12):
			for _ in range(size):
				make_issue(resolution=-1)
			frappe.db.rollback()
			with helpdesk.capture_queries() as asked:
				assert escalation.escalate_due_tickets() == size
			counts.append(len(asked))
		assert counts[0] == counts[1]

	def test_more_than_a_batch_goes_on_to_the_next(self, to_chief, monkeypatch):
		monkeypatch.setattr(overdue, "BATCH_SIZE", 2)
		issues = [make_issue(resolution=-1) for _ in range(5)]
		assert run() == 5
		assert [list_stages(issue) for issue in issues] == [["Resolution Breached"]] * 5

	def test_a_new_ticket_with_a_deleted_tickets_name_is_escalated(self, to_chief):
		issue = make_issue(resolution=-1)
		run()
		frappe.delete_doc("Issue", issue.name)
		frappe.db.commit()
		assert list_stages(issue) == []

	def test_tickets_that_were_escalated_alike_can_be_merged(self, to_chief):
		kept, merged = make_issue(resolution=-1), make_issue(resolution=-1)
		run()
		frappe.rename_doc("Issue", merged.name, kept.name, merge=True)
		frappe.db.commit()
		assert list_stages(kept) == ["Resolution Breached"]
		assert list_timeline(merged) == []

	def test_renamed_ticket_preserves_its_escalation_records(self, to_chief):
		reset_site_state()
		issue = make_issue(resolution=-1)
		run()
		clear_request_cache()
		issue.name = frappe.rename_doc("Issue", issue.name, factories.make_unique("Renamed"))
		frappe.db.commit()
		assert list_stages(issue) == ["Resolution Breached"]
		assert len(list_timeline(issue)) == 1
		assert frappe.get_all("ToDo", {"reference_name": issue.name}, pluck="allocated_to") == [to_chief]
		assert run() == 0

	def test_a_new_site_escalates_an_hour_before(self, site):
		settings = get_settings()
		assert (settings.escalation_enabled, settings.sla_at_risk_minutes) == (1, 60)
