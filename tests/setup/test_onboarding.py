"""Onboarding of a new site: each persona sees the steps of their work, and each step leads to a page that they may open."""

import pytest

import frappe

from tests.setup.test_workspaces import open_workspaces
from tests.support import factories

PERSONAS = {
	"administrator": (("System Manager",), ["Connect Kipu", "Plan a Sprint", "Set Up Orchestrator"]),
	"integration engineer": (("Kipu Sync Manager",), ["Connect Kipu"]),
	"scrum master": (("Projects User", "Projects Manager"), ["Plan a Sprint"]),
	"clinician": (("Clinical User",), []),
	"employee": ((), []),
}


@pytest.mark.parametrize("persona", PERSONAS, ids=str)
def test_a_persona_sees_the_onboarding_of_their_work(site, browser, persona):
	roles, expected = PERSONAS[persona]
	frappe.db.set_single_value("System Settings", "enable_onboarding", 1)
	frappe.db.commit()
	desk = browser(factories.make_user("Desk User", *roles).name, factories.PASSWORD)
	pages = open_workspaces(desk)
	shown = [item["label"] for page in pages.values() for item in page["onboardings"]["items"]]
	assert sorted(shown) == expected


@pytest.mark.parametrize("name", ["Connect Kipu", "Set Up Orchestrator", "Plan a Sprint"])
def test_the_steps_lead_to_pages_that_exist(site, name):
	onboarding = frappe.get_doc("Module Onboarding", name)
	paths = [step.path for step in onboarding.get_steps() if step.action == "Go to Page"]
	doctypes = [step.reference_document for step in onboarding.get_steps() if step.reference_document]
	pages = {frappe.scrub(doctype).replace("_", "-") for doctype in frappe.get_all("DocType", pluck="name")}
	assert [path for path in paths if not frappe.db.exists("Page", path) and path not in pages] == []
	assert [doctype for doctype in doctypes if not frappe.db.exists("DocType", doctype)] == []


def test_the_tour_names_fields_of_the_form(site):
	tour = frappe.get_doc("Form Tour", "Kipu Connection")
	meta = frappe.get_meta(tour.reference_doctype)
	assert [step.fieldname for step in tour.steps if not meta.has_field(step.fieldname)] == []
	assert [step.label for step in tour.steps] == [meta.get_label(step.fieldname) for step in tour.steps]
