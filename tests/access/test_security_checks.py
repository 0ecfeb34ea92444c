"""Checks of the doctor about access."""

import frappe

from orchestrator.access import method_guards
from orchestrator.setup import doctor, security_checks
from tests.support import helpdesk

GAPS = ("guarded methods", "methods that run others", "followers", "mailed reports")


def list_findings():
	return {finding.check: finding for finding in doctor.run_checks()}


def test_doctor_has_a_line_for_each_gap_that_is_closed(site):
	found = list_findings()
	assert {check: found[check].level for check in (*GAPS, "guard")} == dict.fromkeys((*GAPS, "guard"), "ok")
	assert str(len(method_guards.METHODS)) in found["guarded methods"].found


def test_doctor_warns_of_each_gap_where_the_setting_is_off(site):
	with helpdesk.override_settings(guard_platform_methods=0):
		frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")
		found = list_findings()
	assert {check: found[check].level for check in GAPS} == dict.fromkeys(GAPS, "warn")
	assert "Guard Platform Access" in found["followers"].remedy


def test_doctor_names_a_method_that_an_update_took_away(site, monkeypatch):
	name = "hrms.api.a_method_that_was"
	monkeypatch.setattr(method_guards, "METHODS", {**method_guards.METHODS, name: ()})
	finding = security_checks.check_guarded_methods()
	assert (finding.level, finding.found) == ("warn", f"not found: {name}")
