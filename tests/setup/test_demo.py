"""The demo: created by the command, complete and consistent, and removed without a trace, whatever users
changed.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

import frappe

from orchestrator import clock, compat
from orchestrator.gameplan import get_sprint_burndown, history
from orchestrator.gameplan.task_rows import list_sprint_rows
from orchestrator.insights import refresh_metrics
from tests.support import bench, factories, snapshot
from tests.support.docs_factories import list_keys_on_disk
from tests.support.kipu_site import set_loopback_allowed
from tests.support.snapshot import Snapshot

DOMAIN = "%@harborwellness.example"
FIGURES = {
	"sales_dashboard": ("open_pipeline_value", "opportunities_in_pipeline", "qualified_leads"),
	"hr_dashboard": ("headcount", "leave_to_decide"),
	"helpdesk_dashboard": ("open_tickets",),
	"projects_dashboard": ("open_projects", "open_tasks", "remaining_hours"),
}
# Counters of names continue, as do their sequences. Change feeds, which tests of the API leave, note each deletion.
COUNTERS = {"tabSeries", "tabChange Feed Event"}


@dataclass
class Demo:
	"""Observations of one demo, from before its creation until after its removal."""

	before: Snapshot
	bytes_before: set[str] = field(default_factory=set)
	bytes_after: set[str] = field(default_factory=set)
	after: Snapshot | None = None
	second_run: str = ""
	removal: str = ""
	second_removal: str = ""
	first_removal_code: int = 0
	seen: dict[str, Any] = field(default_factory=dict)
	kept: dict[str, bool] = field(default_factory=dict)


@pytest.fixture(scope="module")
def demo(frappe_site: str) -> Demo:
	frappe.set_user("Administrator")
	told = Demo(before=snapshot.capture_site(), bytes_before=list_keys_on_disk())
	mails_before = frappe.db.count("Email Queue")
	figures_before = list_figures()
	with set_loopback_allowed():
		bench.run_command("orchestrator", "demo")
		frappe.db.rollback()
		bring_a_client()
	told.seen = look()
	told.seen["mails"] -= mails_before
	told.seen["figures"] = {name: value - figures_before[name] for name, value in list_figures().items()}
	told.seen["new assignees"] = list_assignees_of_new_issues()
	told.seen["kipu"] = look_at_kipu()
	told.second_run = bench.run_command("orchestrator", "demo").stdout

	edit_a_demo_lead()
	mine = make_reference_to_demo()
	first = bench.run_command("orchestrator", "demo", "--remove", check=False)
	told.removal, told.first_removal_code = first.stdout, first.returncode
	frappe.db.rollback()
	told.kept = {
		"mine": bool(frappe.db.exists("Task", mine)),
		"its project": bool(frappe.db.exists("Project", {"project_name": "Telehealth Rooms"})),
	}
	frappe.db.delete("Task", {"name": mine})
	frappe.db.commit()
	told.second_removal = bench.run_command("orchestrator", "demo", "--remove").stdout
	told.after, told.bytes_after = snapshot.capture_site(), list_keys_on_disk()
	return told


def look() -> dict[str, Any]:
	"""Return the demo's records on the site."""
	return {
		"lead statuses": list_statuses("Lead", {"email_id": ("like", DOMAIN)}),
		"stages": group_by_title("pipeline_stage"),
		"opportunity statuses": group_by_title("status"),
		"currencies": set(frappe.get_all("Opportunity", {"owner": "Administrator"}, pluck="currency")),
		"issue statuses": list_statuses("Issue", {"raised_by": ("like", DOMAIN)}),
		"agreements": set(
			frappe.get_all("Issue", {"raised_by": ("like", DOMAIN)}, pluck="service_level_agreement")
		),
		"task statuses": list_statuses("Task", {"project": ("in", list_projects())}),
		"sprints": {
			title: get_figures_of_sprint(title)
			for title in frappe.get_all("Sprint", {"project": ("in", list_projects())}, pluck="title")
		},
		"leave": sorted(frappe.get_all("Leave Application", {"leave_type": "Annual Leave"}, pluck="status")),
		"punches": frappe.db.count("Employee Checkin", {"device_id": "office"}),
		"assignments": find_assignment_mismatches(),
		"mails": frappe.db.count("Email Queue"),
		"sources": set(
			frappe.get_all(
				compat.get_lead_source_doctype(), {"name": ("in", ("Website", "Referral"))}, pluck="name"
			)
		),
		"tickets": frappe.db.count("HD Ticket", {"raised_by": ("like", DOMAIN)}),
		"documents": dict(
			frappe.get_all(
				"Document",
				{"document_folder": ("in", ("Staff Handbook", "Partner Contracts"))},
				["title", "current_version"],
				as_list=True,
			)
		),
		"searched": frappe.db.count("Document Text", {"content": ("like", "%clinician on duty%")}),
		"tracked": frappe.db.get_single_value("Support Settings", "track_service_level_agreement"),
	}


def list_figures() -> dict[str, float]:
	"""Return the current values of the dashboards."""
	return {
		name: item["value"]
		for dashboard, names in FIGURES.items()
		for item in refresh_metrics(dashboard=dashboard, items=list(names))["items"]
		if (name := item["name"]) in names
	}


def look_at_kipu() -> dict[str, Any]:
	"""Return the demo's connection to the simulator."""
	connection = frappe.get_doc("Kipu Connection", "Kipu Simulator")
	return {
		"address": connection.base_url,
		"secret": connection.get_password("secret_key"),
		"scheduled": connection.schedule_enabled,
		"zones": {row.facility: row.time_zone for row in connection.locations},
	}


def bring_a_client() -> None:
	"""Create records as a run of the sync does: a client with a stay, the run, the sync states."""
	connection = frappe.get_doc("Kipu Connection", "Kipu Simulator")
	facility = connection.default_facility
	run = factories.make_record(
		"Sync Run", connection=connection.name, sync_type="full", status="Completed"
	).name
	connection.db_set("last_run", run)
	client = factories.make_record(
		"Client", connection=connection.name, facility=facility, person_id=str(uuid4()), first_name="Ada"
	)
	client.add_comment("Comment", "Met today")
	stay = factories.make_record(
		"Client Stay", connection=connection.name, facility=facility, client=client.name, casefile_id="9:x"
	)
	factories.make_record(
		"Sync Change", sync_run=run, reference_doctype="Client Stay", reference_name=stay.name
	)
	factories.make_record(
		"Sync Issue", connection=connection.name, sync_run=run, kind="Record", status="Open"
	)
	frappe.get_doc(doctype="Sync State", name=client.name, connection=connection.name).insert(
		set_name=client.name
	)
	frappe.db.commit()


def list_assignees_of_new_issues() -> list[str]:
	"""Return the assignees of three new issues that arrive while the demo exists."""
	issues = [
		frappe.get_doc(
			doctype="Issue",
			subject=factories.make_unique("New"),
			raised_by=f"new.caller.{number}@harborwellness.example",
		).insert()
		for number in range(3)
	]
	frappe.db.rollback()
	return [issue.assigned_to for issue in issues]


def get_figures_of_sprint(title: str) -> tuple[float, ...]:
	"""Return the burndown of a sprint of the demo, and the number of its events that are not stored."""
	sprint = frappe.db.get_value("Sprint", {"title": title})
	told = get_sprint_burndown(sprint)
	now = clock.get_now()
	unwritten = history.find_unwritten_events(
		history.get_stored_events(sprint, now), list_sprint_rows(sprint), now
	)
	figures = (
		"committed_hours",
		"scope_added_hours",
		"scope_removed_hours",
		"burned_hours",
		"remaining_hours",
	)
	return (*(told[name] for name in figures), len(unwritten))


def list_statuses(doctype: str, filters: dict) -> set[str]:
	return set(frappe.get_all(doctype, filters, pluck="status"))


def group_by_title(fieldname: str) -> dict[str, set[str]]:
	rows = frappe.get_all(
		"Opportunity", {"opportunity_owner": ("like", DOMAIN)}, ["pipeline_stage", f"{fieldname} as value"]
	)
	grouped: dict[str, set[str]] = {}
	for row in rows:
		grouped.setdefault(row.pipeline_stage, set()).add(row.value)
	return grouped


def list_projects() -> list[str]:
	titles = ("Digital Intake Rollout", "Telehealth Rooms")
	return frappe.get_all("Project", {"project_name": ("in", titles)}, pluck="name")


def find_assignment_mismatches() -> list[str]:
	"""Return demo records whose field differs from their first open assignment."""
	apart = []
	for doctype in ("Lead", "Opportunity", "Issue", "Task"):
		for row in frappe.get_all(doctype, {"assigned_to": ("like", DOMAIN)}, ["name", "assigned_to"]):
			assigned = frappe.get_all(
				"ToDo",
				{"reference_type": doctype, "reference_name": row.name, "status": "Open"},
				pluck="allocated_to",
				order_by="creation asc",
			)
			if assigned and assigned[0] != row.assigned_to:
				apart.append(row.name)
	return apart


def edit_a_demo_lead() -> None:
	"""Edit a demo lead as a user does: change, rename, comment, assign."""
	lead = frappe.get_doc("Lead", {"lead_name": "Greta Lowell"})
	lead.update({"topic": "Edited", "status": "Replied"})
	lead.save()
	lead.add_comment("Comment", "Called back")
	factories.assign(lead, "Administrator")
	# A request starts without this map; here it is as old as the test run, without records of the demo.
	frappe.local.dynamic_link_map = None
	frappe.rename_doc("Lead", lead.name, "RENAMED-LEAD")
	frappe.db.commit()


def make_reference_to_demo() -> str:
	"""Create a task of the site's own in a demo project."""
	project = frappe.db.get_value("Project", {"project_name": "Telehealth Rooms"})
	return factories.make_task(project=project).name


def test_the_demos_sprints_have_a_past(demo):
	# committed, added, removed, burned, remaining; the last is what the history lacks
	assert demo.seen["sprints"] == {
		"Forms and wording": (19, 1, 0, 20, 0, 0),
		"Rooms ready": (42, 12, 5.4, 16.5, 32.1, 0),
	}


def test_the_leads_stand_in_every_status(demo):
	options = frappe.get_meta("Lead").get_field("status").options.split("\n")
	assert demo.seen["lead statuses"] == set(options)


def test_the_opportunities_stand_in_every_stage_with_its_status(demo):
	assert demo.seen["opportunity statuses"] == {
		"Open": {"Open"},
		"Qualified": {"Open"},
		"In Progress": {"Open"},
		"Closed Won": {"Converted"},
		"Closed Lost": {"Lost"},
	}


def test_the_opportunities_are_in_several_currencies(demo):
	assert {"USD", "EUR", "GBP"} <= demo.seen["currencies"]


def test_the_issues_stand_in_every_status_under_a_service_level(demo):
	options = frappe.get_meta("Issue").get_field("status").options.split("\n")
	assert demo.seen["issue statuses"] == set(options)
	assert demo.seen["agreements"] == {"SLA-Issue-Premium Support"}
	assert demo.seen["tracked"] == 1


def test_the_tasks_stand_in_every_status_but_template(demo):
	options = frappe.get_meta("Task").get_field("status").options.split("\n")
	assert demo.seen["task statuses"] == set(options) - {"Template"}


def test_there_are_leave_punches_sources_and_tickets(demo):
	assert demo.seen["leave"] == ["Approved", "Approved", "Approved", "Open", "Open", "Rejected"]
	assert demo.seen["punches"] == 40
	assert demo.seen["sources"] == {"Website", "Referral"}
	assert demo.seen["tickets"] == 3


def test_the_field_assigned_to_agrees_with_the_assignments(demo):
	assert demo.seen["assignments"] == []


def test_the_dashboards_tell_the_demos_figures(demo):
	assert demo.seen["figures"] == pytest.approx(
		{
			"open_pipeline_value": 18_000 + 9_500 + 42_000 + 15_000 * 1.09 + 12_500 + 64_000,
			"opportunities_in_pipeline": 6,
			"qualified_leads": 2,
			"headcount": 8,
			"leave_to_decide": 2,
			"open_tickets": 5 + 3,
			"open_projects": 2,
			"open_tasks": 7,
			"remaining_hours": 40 * 0.5 + 16 + 10 * 0.1 + 6 * 0.6 + 30 * 0.65 + 12 * 0.75 + 24,
		}
	)


def test_new_issues_go_to_the_supporters_in_turn(demo):
	first, second, third = demo.seen["new assignees"]
	assert {first, second} == {
		"sam.whitlow@harborwellness.example",
		"priya.dale@harborwellness.example",
	}
	assert third == first


def test_there_is_a_connection_to_the_simulator_that_reads_nothing_on_its_own(demo):
	assert demo.seen["kipu"] == {
		"address": "http://127.0.0.1:8790",
		"secret": "simulator-secret-key",
		"scheduled": 0,
		"zones": {
			"Harbor Point Recovery": "America/New_York",
			"Cedar Hollow House": "America/Chicago",
			"Mesa Lantern Center": "America/Phoenix",
			"Port Sable Lodge": "America/Los_Angeles",
		},
	}


@pytest.mark.parametrize(("hosts", "may"), [(["127.0.0.1"], True), ([], False)])
def test_a_site_that_may_not_call_its_own_machine_gets_no_connection(site, monkeypatch, hosts, may):
	from orchestrator.setup.demo import clinic

	monkeypatch.setitem(frappe.local.conf, "kipu_allowed_hosts", hosts)
	assert clinic.is_allowed_address(clinic.BASE_URL) is may


def test_no_mail_is_queued(demo):
	assert demo.seen["mails"] == 0


def test_a_second_run_makes_nothing(demo):
	assert demo.second_run.startswith("The demo already exists.")


def test_demo_removal_preserves_user_records_and_lists_references(demo):
	assert demo.kept == {"mine": True, "its project": True}
	assert demo.first_removal_code == 1
	assert "were kept because" in demo.removal
	assert "Project PROJ-" in demo.removal


def test_the_next_removal_takes_the_rest(demo):
	assert "demo records were removed." in demo.second_removal
	assert "were kept because" not in demo.second_removal


def test_nothing_of_the_demo_is_left_and_nothing_else_is_gone(demo):
	differing = {
		name for name in snapshot.find_changed_tables(demo.before, demo.after) if not name.endswith("_id_seq")
	}
	assert differing <= COUNTERS
	assert snapshot.list_changed_bookkeeping(demo.before, demo.after) == []
	assert demo.after.columns == demo.before.columns


def test_there_are_documents_with_versions_and_their_text_is_searched(demo):
	assert demo.seen["documents"] == {
		"Paid time off.txt": 2,
		"Crisis line procedure.txt": 1,
		"Tele-counselling agreement.txt": 2,
		"Resident wellbeing terms.txt": 1,
	}
	assert demo.seen["searched"] == 1
	assert demo.bytes_after == demo.bytes_before
