"""The fields, options and indexes that the app adds to other apps' DocTypes, and the platform's handling of
them.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import frappe
from erpnext.crm.doctype.lead.lead import make_opportunity
from erpnext.projects.doctype.task.task import set_tasks_as_overdue
from frappe.desk.notifications import get_notification_config
from frappe.utils import add_days, today

from orchestrator.setup import custom_fields, declarations, install
from tests.support import factories


def test_all_declarations_exist(site):
	assert declarations.list_all_missing() == []
	assert frappe.db.exists("Role", "Orchestrator Manager")


def test_declarations_are_synced_in_order_and_deleted_backwards(monkeypatch):
	done = []

	def declare(name, **options):
		return declarations.Declaration(
			name, lambda: done.append(f"+{name}"), lambda: done.append(f"-{name}"), **options
		)

	found = declarations.Declaration("found", list_missing=lambda: ["a field"])
	ours = (declare("roles", is_deleted_last=True), declare("fields"), found, declare("indexes"))
	monkeypatch.setattr(declarations, "DECLARATIONS", ours)
	declarations.sync_all()
	declarations.delete_all(last=False)
	declarations.delete_all(last=True)
	assert done == ["+roles", "+fields", "+indexes", "-indexes", "-fields", "-roles"]
	assert declarations.list_all_missing() == ["a field"]


def test_declaring_again_changes_nothing(site):
	tables = ("Custom Field", "Property Setter", "Role", "DefaultValue", "HD Ticket Status")
	before = [frappe.db.sql(f"checksum table `tab{table}`") for table in tables]
	install.sync_declarations()
	assert [frappe.db.sql(f"checksum table `tab{table}`") for table in tables] == before


def test_every_custom_field_belongs_to_the_app(site):
	for doctype, field in custom_fields.list_declared_fields():
		stored = frappe.get_doc("Custom Field", f"{doctype}-{field['fieldname']}")
		assert (stored.module, stored.is_system_generated, stored.translatable) == ("Orchestrator", 1, 0)


@pytest.mark.parametrize("doctype", ["Lead", "Opportunity", "Issue", "HD Ticket", "Task"])
def test_a_user_permission_on_users_does_not_hide_records_by_their_assignee(site, doctype):
	assert frappe.get_meta(doctype).get_field("assigned_to").ignore_user_permissions == 1


@pytest.mark.parametrize(
	("doctype", "column"),
	[
		("Opportunity", "pipeline_stage"),
		("Lead", "assigned_to"),
		("Opportunity", "assigned_to"),
		("Issue", "assigned_to"),
		("HD Ticket", "assigned_to"),
		("Task", "assigned_to"),
	],
)
def test_what_lists_and_the_pipeline_filter_by_has_an_index(site, doctype, column):
	assert frappe.db.sql(f"show index from `tab{doctype}` where column_name=%s", column)


def test_an_opportunity_made_from_a_lead_takes_neither_its_probability_nor_its_assignee(site):
	user = factories.make_user("Sales User").name
	lead = factories.make_lead(status="Qualified", probability=75, topic="Campus clinic", assigned_to=user)
	opportunity = make_opportunity(lead.name)
	assert opportunity.probability != 75
	assert not opportunity.assigned_to


def test_a_field_of_the_sites_own_that_holds_something_else_stops_the_install(site, monkeypatch):
	monkeypatch.setattr(
		custom_fields, "CUSTOM_FIELDS", {"Lead": [{"fieldname": "industry", "fieldtype": "Int"}]}
	)
	with pytest.raises(frappe.ValidationError, match=r"already exist.*Lead.industry \(Link\)"):
		install.before_install()


def test_a_field_of_the_sites_own_that_holds_the_same_is_used_as_it_is(site, monkeypatch):
	same = {"fieldname": "industry", "fieldtype": "Link", "options": "Industry Type"}
	with monkeypatch.context() as patched:
		# Other declarations are hidden: `remove` would drop their columns, which later tests need.
		patched.setattr(custom_fields, "list_declared_fields", lambda: [("Lead", same)])
		install.before_install()
		custom_fields.sync_custom_fields()
		custom_fields.delete_custom_fields()
	assert not frappe.db.exists("Custom Field", "Lead-industry")
	assert frappe.get_meta("Lead").has_field("industry")
	assert custom_fields.list_missing_fields() == []


def test_an_app_that_comes_later_gets_the_fields_of_its_doctypes(site, monkeypatch):
	synced = []
	fields = declarations.Declaration("custom fields", lambda: synced.append("fields"))
	monkeypatch.setattr(declarations, "DECLARATIONS", (fields,))
	install.after_app_install("an app of somebody's")
	assert synced == []
	install.after_app_install("gameplan")
	assert synced == ["fields"]


def test_without_an_app_nothing_is_declared_for_its_doctypes(site, monkeypatch):
	with_apps = {f"{doctype}.{field['fieldname']}" for doctype, field in custom_fields.list_declared_fields()}
	monkeypatch.setattr(custom_fields, "is_installed", lambda app: False)
	without = {f"{doctype}.{field['fieldname']}" for doctype, field in custom_fields.list_declared_fields()}
	assert with_apps - without == {
		"HD Ticket.assigned_to",
		"HD Ticket.client",
		"GP Task.sprint",
		"GP Task.expected_time",
		"GP Task.progress",
	}


# In Progress counts as open


def test_desk_counts_in_progress_as_open(site):
	conditions = get_notification_config().for_doctype
	assert conditions["Issue"] == {"status": ("in", ("Open", "In Progress"))}
	assert conditions["Task"] == {"status": ("in", ("Open", "In Progress", "Overdue"))}


def test_a_task_in_progress_becomes_overdue_like_any_other(site):
	task = factories.make_task(
		status="In Progress", exp_start_date=add_days(today(), -3), exp_end_date=add_days(today(), -1)
	)
	set_tasks_as_overdue()
	assert frappe.db.get_value("Task", task.name, "status") == "Overdue"


def test_a_project_counts_a_task_in_progress_as_unfinished(site):
	project = factories.make_project(percent_complete_method="Task Completion")
	factories.make_task(project=project.name, status="Completed")
	factories.make_task(project=project.name, status="In Progress")
	project.reload()
	assert (project.percent_complete, project.status) == (50, "Open")


def test_the_email_digest_counts_and_lists_issues_in_progress(site):
	digest = frappe.new_doc("Email Digest")
	before = digest.get_issue_count()
	issue = factories.make_issue(status="In Progress")
	frappe.db.set_value("Issue", issue.name, "modified", "2000-01-01", update_modified=False)
	assert digest.get_issue_count() == before + 1
	assert digest.get_issue_list()[0].name == issue.name


@pytest.mark.parametrize(
	("doctype", "app_path", "ours"),
	[
		("Issue", "support/doctype/issue/issue_list.js", "issue_list.js"),
		("Task", "projects/doctype/task/task_list.js", "task_list.js"),
	],
)
def test_lists_colour_in_progress_and_leave_the_other_statuses_to_erpnext(site, doctype, app_path, ours):
	sources = [
		Path(frappe.get_app_path("erpnext", app_path)).read_text(),
		Path(frappe.get_app_path("orchestrator", "public", "js", ours)).read_text(),
	]
	indicators = f"""
		globalThis.frappe = {{ listview_settings: {{}} }};
		globalThis.__ = (text) => text;
		for (const source of {json.dumps(sources)}) eval(source);
		const {"{ get_indicator }"} = frappe.listview_settings["{doctype}"];
		console.log(JSON.stringify(["In Progress", "Open"].map((status) => get_indicator({"{ status }"}))));
	"""
	node = shutil.which("node")
	assert node, "Frappe needs Node, so a bench has it"
	output = subprocess.run([node, "-e", indicators], capture_output=True, text=True, check=True).stdout
	in_progress, opened = json.loads(output)
	assert in_progress == ["In Progress", "orange", "status,=,In Progress"]
	assert opened[0] == "Open" and opened[2] == "status,=,Open"
