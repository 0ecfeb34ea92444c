"""The life of the app on a site: migrated, uninstalled, installed on a site with data, uninstalled again, and
the whole database compared. One sequence on the test site itself, whose database is restored afterwards.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter

from tests.support import bench, factories, helpdesk, snapshot
from tests.support.docs_factories import make_document, make_folder
from tests.support.snapshot import Snapshot
from tests.support.source import ROOT

MIGRATED = (
	"tabCustom Field",
	"tabProperty Setter",
	"tabRole",
	"tabDocument Naming Rule",
	"tabPatch Log",
	"tabLead",
	"tabOpportunity",
	"tabIssue",
	"tabHD Ticket",
	"tabHD Ticket Status",
	"tabTask",
	"tabToDo",
)
OUR_FIELDS = {
	("tabLead", "topic"),
	("tabLead", "probability"),
	("tabLead", "assigned_to"),
	("tabOpportunity", "pipeline_stage"),
	("tabOpportunity", "assigned_to"),
	("tabIssue", "assigned_to"),
	("tabHD Ticket", "assigned_to"),
	("tabTask", "assigned_to"),
	("tabTask", "progress_notes"),
	("tabTask", "sprint"),
	("tabGP Task", "sprint"),
	("tabGP Task", "expected_time"),
	("tabGP Task", "progress"),
}
OUR_ROLES = ("Orchestrator Manager", "Clinical User", "Clinical Manager", "Kipu Sync Manager")
STOCK_LEAD_STATUSES = (
	"Lead\nOpen\nReplied\nOpportunity\nQuotation\nLost Quotation\nInterested\nConverted\nDo Not Contact"
)
STOCK_TASK_STATUSES = "Open\nWorking\nPending Review\nOverdue\nTemplate\nCompleted\nCancelled"


@dataclass
class Journey:
	"""Observations on the way."""

	names: dict[str, str] = field(default_factory=dict)
	before_migrate: dict[str, Any] = field(default_factory=dict)
	after_migrate: dict[str, Any] = field(default_factory=dict)
	demo_is_gone: bool = False
	without: Snapshot | None = None
	installed: Snapshot | None = None
	after_dry_run: Snapshot | None = None
	without_again: Snapshot | None = None
	values_without: dict[str, Any] = field(default_factory=dict)
	values_installed: dict[str, Any] = field(default_factory=dict)
	values_without_again: dict[str, Any] = field(default_factory=dict)
	leftovers: dict[str, list] = field(default_factory=dict)


@pytest.fixture(scope="module")
def journey(frappe_site: str) -> Iterator[Journey]:
	frappe.set_user("Administrator")
	frappe.db.rollback()
	with bench.restore_database_after():
		yield travel()


def travel() -> Journey:
	seen = Journey(names=make_records())
	demo_lead = make_a_demo_of_one_lead()
	seen.before_migrate = capture_declarations_and_records()
	bench.run_command("migrate", "--skip-search-index")
	seen.after_migrate = capture_declarations_and_records()

	bench.run_command("uninstall-app", "orchestrator", "--yes", "--no-backup")
	make_own_options()
	seen.values_without, seen.leftovers = list_values(seen.names), find_leftovers()
	seen.demo_is_gone = not frappe.db.exists("Lead", demo_lead)
	seen.without = snapshot.capture_site()

	bench.run_command("install-app", "orchestrator")
	seen.values_installed = list_values(seen.names)
	seen.installed = snapshot.capture_site()
	bench.run_command("uninstall-app", "orchestrator", "--yes", "--no-backup", "--dry-run")
	seen.after_dry_run = snapshot.capture_site()
	hold_our_statuses(seen.names)

	bench.run_command("uninstall-app", "orchestrator", "--yes", "--no-backup")
	seen.values_without_again = list_values(seen.names)
	seen.without_again = snapshot.capture_site()
	return seen


def make_records() -> dict[str, str]:
	"""Create data on the site: records with stock statuses and this app's, assignments, naming rules of both
	kinds.
	"""
	made = {
		"lead": factories.make_lead(status="Qualified"),
		"issue": factories.make_issue(status="In Progress"),
		"task": factories.make_task(status="In Progress"),
		"assigned lead": factories.make_lead(),
		"ticket": helpdesk.make_hd_ticket(status="In Progress"),
		"document file": frappe.get_doc(
			"File", {"attached_to_name": make_document(make_folder(legal_hold=1))}
		),
	}
	for status in ("Open", "Replied", "Quotation", "Converted", "Lost", "Closed"):
		made[status] = factories.make_opportunity(status=status)
	first, second = factories.make_user("Sales User"), factories.make_user("Sales User")
	factories.assign(made["assigned lead"], first.name)
	factories.assign(made["assigned lead"], second.name)
	# A rule of the site; its condition excludes tasks of other tests.
	rule = factories.make_record(
		"Document Naming Rule",
		document_type="Task",
		prefix="OWN-",
		prefix_digits=4,
		conditions=[{"field": "subject", "condition": "=", "value": "named by the site"}],
	)
	settings = frappe.get_doc("Orchestrator Settings")
	settings.update({"use_documented_names": 1})
	settings.save()
	frappe.db.commit()
	return {key: doc.name for key, doc in made.items()} | {"user": first.name, "rule": rule.name}


def make_a_demo_of_one_lead() -> str:
	from orchestrator.setup.demo import ledger

	lead = factories.make_lead().name
	ledger.store_demo([ledger.CreatedRecord("Lead", lead)], [])
	frappe.db.commit()
	return lead


def make_own_options() -> None:
	"""Add options while the app is not installed: an unknown one, and one that the app would add."""
	make_property_setter(
		"Lead", "status", "options", f"{STOCK_LEAD_STATUSES}\nNurturing", "Text", is_system_generated=False
	)
	make_property_setter(
		"Task", "status", "options", f"{STOCK_TASK_STATUSES}\nIn Progress", "Text", is_system_generated=False
	)
	frappe.db.commit()


def hold_our_statuses(names: dict[str, str]) -> None:
	for doctype, key, status in (
		("Lead", "lead", "Qualified"),
		("Issue", "issue", "In Progress"),
		("HD Ticket", "ticket", "In Progress"),
	):
		frappe.db.set_value(doctype, names[key], "status", status, update_modified=False)
	frappe.db.commit()


def list_values(names: dict[str, str]) -> dict[str, Any]:
	"""Return the visible values of the records."""
	frappe.db.rollback()
	seen: dict[str, Any] = {
		"document file": dict(
			zip(
				("url", "private", "owner", "attached to"),
				frappe.db.sql(
					"select file_url, is_private, owner, attached_to_name from tabFile where name=%s",
					names["document file"],
				)[0],
				strict=True,
			)
		),
		"statuses": {
			key: get_sql_value("status", doctype, names[key])
			for key, doctype in (
				("lead", "Lead"),
				("issue", "Issue"),
				("task", "Task"),
				("ticket", "HD Ticket"),
			)
		},
		"options": dict(
			frappe.db.sql(
				"select doc_type, value from `tabProperty Setter` where field_name='status' and property='options'"
			)
		),
		"naming rules": frappe.db.sql_list("select name from `tabDocument Naming Rule`"),
	}
	if frappe.db.sql("show columns from `tabOpportunity` like 'pipeline_stage'"):
		seen["stages"] = {
			status: get_sql_value("pipeline_stage", "Opportunity", names[status])
			for status in ("Open", "Replied", "Quotation", "Converted", "Lost", "Closed")
		}
		seen["assigned_to"] = get_sql_value("assigned_to", "Lead", names["assigned lead"])
	return seen


def get_sql_value(column: str, doctype: str, name: str) -> Any:
	"""Return a value by plain SQL: the metadata cached in this process are outdated."""
	return frappe.db.sql(f"select `{column}` from `tab{doctype}` where name=%s", name)[0][0]  # noqa: S608


def list_own_doctypes() -> list[str]:
	"""Return the DocTypes of this app, by their files."""
	files = (ROOT / "orchestrator" / "orchestrator" / "doctype").glob("*/*.json")
	return sorted(json.loads(file.read_text())["name"] for file in files)


def find_leftovers() -> dict[str, list]:
	"""Return every trace of the app, by where it was found."""
	queries = {
		"columns": "select table_name, column_name from information_schema.columns where table_schema=database()",
		"modules": "select name from `tabModule Def` where app_name='orchestrator'",
		"doctypes": "select name from tabDocType where module='Orchestrator'",
		"custom fields": "select name from `tabCustom Field` where module='Orchestrator'",
		"roles": f"select name from tabRole where name in {OUR_ROLES}",  # noqa: S608
		"granted roles": f"select name from `tabHas Role` where role in {OUR_ROLES}",  # noqa: S608
		"permissions": f"select name from tabDocPerm where role in {OUR_ROLES}",  # noqa: S608
		"jobs": "select name from `tabScheduled Job Type` where method like 'orchestrator.%'",
		"patches": "select name from `tabPatch Log` where patch like 'orchestrator.%'",
		"defaults": "select defkey from tabDefaultValue where parent like '%orchestrator%' or defvalue like '%orchestrator%'",
		"singles": "select field from tabSingles where doctype like 'Orchestrator%'",
		"naming rules": "select name from `tabDocument Naming Rule` where name like 'orchestrator-%'",
		"our clients' changes": "select name from tabVersion where ref_doctype in ('Client', 'Client Stay')",
		"facilities' readers": "select name from `tabUser Permission` where allow='Facility'",
		"workspaces": "select name from tabWorkspace where module='Orchestrator'",
		"reports": "select name from tabReport where module='Orchestrator'",
		"notifications": "select name from tabNotification where module='Orchestrator'",
		"cards": "select name from `tabNumber Card` where module='Orchestrator'",
		"pages": "select name from tabPage where module='Orchestrator'",
		"tables": "select table_name from information_schema.tables where table_schema=database() and"  # noqa: S608
		f" table_name in ({', '.join(repr(f'tab{doctype}') for doctype in list_own_doctypes())})",
	}
	found = {where: list(frappe.db.sql(query)) for where, query in queries.items()}
	found["columns"] = [column for column in found["columns"] if column in OUR_FIELDS]
	return found


def capture_declarations_and_records() -> dict[str, Any]:
	"""Return everything of this app that migrate could change: the schema, the declarations, the records."""
	frappe.db.rollback()
	return {name: snapshot.list_rows(name) for name in MIGRATED} | {"columns": snapshot.list_columns()}


def test_uninstall_removes_every_record_of_the_app(journey):
	assert {where: found for where, found in journey.leftovers.items() if found} == {}


def test_uninstall_takes_the_demo_along(journey):
	assert journey.demo_is_gone


def test_install_and_uninstall_leave_the_site_as_it_was(journey):
	before, after = journey.without, journey.without_again
	assert after.columns == before.columns
	assert after.indexes == before.indexes
	assert after.tables.keys() == before.tables.keys()
	assert snapshot.find_changed_tables(before, after) == []
	assert after.bookkeeping == before.bookkeeping


def test_a_dry_run_of_uninstall_changes_nothing(journey):
	assert journey.after_dry_run == journey.installed


def test_migrate_changes_nothing_on_a_site_that_is_up_to_date(journey):
	assert journey.after_migrate == journey.before_migrate


def test_install_gives_the_opportunities_there_the_stage_of_their_status(journey):
	assert journey.values_installed["stages"] == {
		"Open": "Open",
		"Replied": "In Progress",
		"Quotation": "In Progress",
		"Converted": "Closed Won",
		"Lost": "Closed Lost",
		"Closed": "Closed Lost",
	}


def test_install_names_the_first_open_assignee(journey):
	assert journey.values_installed["assigned_to"] == journey.names["user"]


def test_uninstall_moves_records_in_our_statuses_to_the_nearest_stock_value(journey):
	assert journey.values_without["statuses"] == {
		"lead": "Interested",
		"issue": "Open",
		"task": "Working",
		"ticket": "Open",
	}
	assert journey.values_without_again["statuses"] == journey.values_without["statuses"]


def test_options_of_the_sites_own_survive(journey):
	assert journey.values_installed["options"] == {
		"Lead": f"{STOCK_LEAD_STATUSES}\nNurturing\nQualified",
		"Issue": "Open\nReplied\nOn Hold\nResolved\nClosed\nIn Progress",
		"Task": f"{STOCK_TASK_STATUSES}\nIn Progress",
	}
	assert journey.values_without_again["options"] == {
		"Lead": f"{STOCK_LEAD_STATUSES}\nNurturing",
		"Task": f"{STOCK_TASK_STATUSES}\nIn Progress",
	}


def test_uninstall_removes_our_naming_rules_and_not_the_sites(journey):
	assert journey.values_without["naming rules"] == [journey.names["rule"]]


def test_uninstall_leaves_the_files_of_documents_as_private_files_of_administrator(journey):
	file = journey.values_without["document file"]
	assert (file["private"], file["owner"], file["attached to"]) == (1, "Administrator", None)
	path = Path(frappe.get_site_path(file["url"].lstrip("/")))
	assert path.read_bytes() == b"first"
