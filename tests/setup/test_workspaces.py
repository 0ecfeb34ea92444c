"""The workspaces of each persona: what they show can be opened by that persona."""

import json

import pytest

import frappe
from frappe.permissions import reset_perms

from orchestrator.setup import added_permissions
from tests.support import factories

PAGE = "frappe.desk.desktop.get_desktop_page"
SIDEBAR = "frappe.desk.desktop.get_workspace_sidebar_items"
RESULT = "frappe.desk.doctype.number_card.number_card.get_result"
VALUE = "frappe.client.get_value"
# persona -> roles, number cards that they see
PERSONAS = {
	"clinician": (("Clinical User",), {"Clients in Care", "Clients Expected"}),
	"integration engineer": (("Kipu Sync Manager",), {"Open Sync Issues", "Sync Runs to Look At"}),
	"privacy officer": (("Privacy Officer",), {"Emergency Access to Review"}),
	"agent": (("Support Team",), {"Issues in Progress"}),
	"scrum master": (("Projects User", "Projects Manager"), {"Overdue Tasks"}),
	"seller": (("Sales User",), {"Opportunities in Pipeline", "Qualified Leads"}),
	"administrator without projects": (
		("System Manager",),
		{"Open Sync Issues", "Sync Runs to Look At", "Qualified Leads"},
	),
	"employee": ((), set()),
}


@pytest.fixture(params=PERSONAS, ids=str)
def persona(request, site, browser):
	"""Return the browser of a persona, and the cards that they see."""
	roles, cards = PERSONAS[request.param]
	return browser(factories.make_user("Desk User", *roles).name, factories.PASSWORD), cards


def open_workspaces(desk):
	"""Return what the workspaces of this app show to a user who may open them, by name."""
	pages = desk.get(SIDEBAR).json()["message"]["pages"]
	ours = [page for page in pages if page["module"] == "Orchestrator"]
	return {page["name"]: desk.get(PAGE, page=json.dumps(page)).json()["message"] for page in ours}


def list_cards(pages):
	return [
		frappe.get_doc("Number Card", item["number_card_name"])
		for page in pages.values()
		for item in page["number_cards"]["items"]
	]


def list_linked_doctypes(pages):
	return {
		link["link_to"]
		for page in pages.values()
		for card in page["cards"]["items"]
		for link in card["links"]
		if link["link_type"] == "DocType" and link["link_to"] != "Orchestrator Settings"
	}


def test_number_cards_are_those_that_the_persona_may_compute(persona):
	desk, expected = persona
	cards = list_cards(open_workspaces(desk))
	statuses = {
		card.name: desk.post(RESULT, doc=card.as_json(), filters=card.filters_json).status_code
		for card in cards
	}
	assert statuses == dict.fromkeys(expected, 200)


def test_links_lead_to_what_the_persona_may_open(persona):
	desk, _cards = persona
	doctypes = list_linked_doctypes(open_workspaces(desk))
	statuses = {
		doctype: desk.get("frappe.client.get_count", doctype=doctype).status_code for doctype in doctypes
	}
	assert statuses == dict.fromkeys(doctypes, 200)


def test_a_user_without_a_clinical_role_has_no_workspace_of_clients(site, browser):
	pages = open_workspaces(browser(factories.make_user("Sales User").name, factories.PASSWORD))
	assert set(pages) == {"Orchestrator"}


def test_support_staff_may_read_what_the_form_of_an_issue_asks_for(site, browser):
	desk = browser(factories.make_user("Support Team").name, factories.PASSWORD)
	reply = desk.get(
		VALUE,
		doctype="Support Settings",
		filters=json.dumps({"name": "Support Settings"}),
		fieldname=json.dumps(["track_service_level_agreement"]),
	)
	assert reply.status_code == 200, reply.text
	refused = browser(factories.make_user("Sales User").name, factories.PASSWORD).get(
		VALUE,
		doctype="Support Settings",
		filters=json.dumps({"name": "Support Settings"}),
		fieldname=json.dumps(["track_service_level_agreement"]),
	)
	assert refused.status_code == 403


def list_rules():
	return frappe.get_all("Custom DocPerm", {"parent": "Support Settings"}, ["role", "read", "write"])


def test_an_added_permission_is_granted_once_and_removed_by_uninstall(site):
	added_permissions.delete_permissions()
	assert list_rules() == []
	added_permissions.sync_permissions()
	added_permissions.sync_permissions()
	assert {(rule.role, rule.read, rule.write) for rule in list_rules()} == {
		("System Manager", 1, 1),
		("Support Team", 1, 0),
	}
	frappe.db.delete("Custom DocPerm", {"parent": "Support Settings", "role": "Support Team"})
	added_permissions.sync_permissions()
	assert [rule.role for rule in list_rules()] == ["System Manager"]
	frappe.db.rollback()
	frappe.clear_cache(doctype="Support Settings")


def test_a_sites_own_rules_stay_when_an_added_permission_is_removed(site):
	reset_perms("Support Settings")
	frappe.permissions.add_permission("Support Settings", "Projects Manager")
	added_permissions.delete_permissions()
	assert {rule.role for rule in list_rules()} == {"System Manager", "Projects Manager"}
	frappe.db.rollback()
	frappe.clear_cache(doctype="Support Settings")
