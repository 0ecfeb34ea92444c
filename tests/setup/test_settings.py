"""Orchestrator Settings: validation, permissions, and the optional names of the API reference."""

import pytest

import frappe

from orchestrator.api import naming_rules
from orchestrator.apps import is_installed, require_app
from orchestrator.configuration import get_settings
from orchestrator.exceptions import MissingAppError
from orchestrator.setup import settings_defaults
from tests.support import factories

DOCTYPE = "Orchestrator Settings"


def save_settings(**values: object) -> None:
	settings = frappe.get_doc(DOCTYPE)
	settings.update(values)
	settings.save()


@pytest.fixture
def documented_names(site):
	"""Switch on the naming rules, in a transaction that ends with the test; reset Frappe's cache of them too."""
	save_settings(use_documented_names=1)
	yield
	frappe.db.rollback()
	for rule in naming_rules.NAMING_RULES:
		frappe.cache_manager.clear_doctype_map("Document Naming Rule", rule.doctype)
		frappe.clear_document_cache("Document Naming Rule", rule.name)
	frappe.clear_document_cache(DOCTYPE, DOCTYPE)


def insert(doctype: str, **values: object):
	return frappe.get_doc({"doctype": doctype, **values}).insert()


def make_lead(**values: object):
	return insert("Lead", lead_name=factories.make_unique("Lead"), **values)


def test_a_new_site_has_the_numbers_of_the_reference(site):
	settings = get_settings()
	assert (settings.rate_limit_per_minute, settings.rate_limit_guest_capacity) == (100, 100)
	assert (settings.rate_limit_user_capacity, settings.max_page_length) == (1000, 500)
	assert (settings.idempotency_hours, settings.bulk_limit) == (24, 500)
	assert (settings.allow_private_webhook_targets, settings.use_documented_names) == (0, 0)
	assert (settings.punch_tolerance_minutes, settings.employees_reach_own_records_only) == (5, 1)


def test_a_site_that_saved_its_settings_before_gets_the_defaults_of_new_ones(site):
	save_settings(bulk_limit=7, punch_tolerance_minutes=0)
	frappe.db.delete("Singles", {"doctype": DOCTYPE, "field": "employees_reach_own_records_only"})
	settings_defaults.sync_defaults()
	settings = frappe.get_doc(DOCTYPE)
	assert (settings.employees_reach_own_records_only, settings.punch_tolerance_minutes) == (1, 0)
	assert settings.bulk_limit == 7
	frappe.db.rollback()
	frappe.clear_document_cache(DOCTYPE, DOCTYPE)


@pytest.mark.parametrize(
	("fieldname", "value", "complaint"),
	[
		("max_page_length", 0, "must be 1 or more"),
		("max_page_length", 501, "cannot be more than 500"),
		("idempotency_hours", 0, "must be 1 or more"),
		("bulk_limit", 0, "must be 1 or more"),
		("rate_limit_per_minute", 0, "must be 1 or more"),
		("rate_limit_user_capacity", -5, "must be 1 or more"),
		("lease_seconds", 179, "must be 180 or more"),
		("lease_seconds", 0, "must be 180 or more"),
	],
)
def test_a_number_that_would_break_the_api_is_refused(site, fieldname, value, complaint):
	with pytest.raises(frappe.ValidationError, match=complaint):
		save_settings(**{fieldname: value})


def test_the_limits_numbers_do_not_matter_while_it_is_off(site):
	save_settings(rate_limit_enabled=0, rate_limit_per_minute=0)
	assert frappe.db.get_single_value(DOCTYPE, "rate_limit_per_minute") == 0
	frappe.db.rollback()
	frappe.clear_document_cache(DOCTYPE, DOCTYPE)


def test_an_orchestrator_manager_may_change_the_settings_and_the_names(documented_names):
	frappe.set_user(factories.make_user("Orchestrator Manager").name)
	save_settings(use_documented_names=0)
	frappe.set_user("Administrator")
	assert frappe.db.get_value("Document Naming Rule", "orchestrator-lead", "disabled") == 1
	save_settings(use_documented_names=0, bulk_limit=500)
	naming_rules.delete_rules()
	frappe.db.commit()


def test_other_roles_neither_read_nor_change_them(site):
	frappe.set_user(factories.make_user("Sales Manager", "HR Manager").name)
	assert not frappe.has_permission(DOCTYPE, "read")
	with pytest.raises(frappe.PermissionError):
		save_settings(bulk_limit=10)


@pytest.mark.parametrize(
	("prefix", "make"),
	[
		("L", make_lead),
		(
			"O",
			lambda: insert(
				"Opportunity",
				opportunity_from="Lead",
				party_name=make_lead().name,
				company=factories.get_company(),
				currency="USD",
			),
		),
		("ISS", lambda: insert("Issue", subject=factories.make_unique("Issue"))),
		("TASK", lambda: insert("Task", subject=factories.make_unique("Task"))),
		(
			"PROJ",
			lambda: insert(
				"Project", project_name=factories.make_unique("Project"), company=factories.get_company()
			),
		),
		(
			"SPRINT",
			lambda: insert(
				"Sprint",
				title=factories.make_unique("Sprint"),
				project=insert(
					"Project", project_name=factories.make_unique("Project"), company=factories.get_company()
				).name,
				start_date="2027-02-01",
				end_date="2027-02-05",
			),
		),
		(
			"EMP",
			lambda: insert(
				"Employee",
				first_name=factories.make_unique("Employee"),
				gender="Other",
				date_of_birth="1990-01-01",
				date_of_joining="2020-01-01",
				company=factories.get_company(),
			),
		),
	],
)
def test_documented_names_are_counted_up_from_001(documented_names, prefix, make):
	assert make().name == f"{prefix}001"
	assert make().name == f"{prefix}002"


def test_switched_off_and_on_the_counter_goes_on(documented_names):
	assert make_lead().name == "L001"
	save_settings(use_documented_names=0)
	assert make_lead().name.startswith("CRM-LEAD-")
	save_settings(use_documented_names=1)
	assert make_lead().name == "L002"


def test_a_name_that_exists_is_not_met_again(site):
	lead = frappe.get_doc({"doctype": "Lead", "lead_name": factories.make_unique("Lead")})
	lead.insert(set_name="L041")
	save_settings(use_documented_names=1)
	assert frappe.db.get_value("Document Naming Rule", "orchestrator-lead", "counter") == 41


def test_the_name_of_a_deleted_document_is_not_given_again_as_its_audit_trail_stays(documented_names):
	def make_document() -> str:
		return insert("Document", title=factories.make_unique("Document"), document_folder="Documents").name

	first = make_document()
	frappe.delete_doc("Document", first)
	naming_rules.delete_rules()
	save_settings(use_documented_names=0)
	save_settings(use_documented_names=1)
	assert make_document() == f"DOC{int(first.removeprefix('DOC')) + 1:03}"


def test_a_rule_of_the_sites_own_goes_first(documented_names):
	own = insert("Document Naming Rule", document_type="Lead", prefix="OWN-", prefix_digits=4)
	assert make_lead().name == "OWN-0001"
	save_settings(use_documented_names=0)
	assert frappe.db.get_value("Document Naming Rule", own.name, "disabled") == 0


@pytest.mark.parametrize(
	("names", "number"),
	[([], 0), (["L007", "L012", "L2"], 12), (["LEAD-900", "XL050"], 0), (["L1000"], 1000)],
)
def test_the_highest_number_is_read_from_names_of_our_form_only(names, number):
	assert naming_rules.find_highest_number(names, "L") == number


def test_a_missing_app_is_named(site):
	assert is_installed("erpnext")
	require_app("erpnext")
	with pytest.raises(MissingAppError, match="needs the app lending"):
		require_app("lending")


def test_a_setting_that_is_new_to_the_site_gets_its_default(site):
	frappe.db.delete("Singles", {"doctype": DOCTYPE, "field": "sla_at_risk_minutes"})
	frappe.db.set_single_value(DOCTYPE, "escalation_enabled", 0)
	settings_defaults.sync_defaults()
	stored = frappe.db.get_singles_dict(DOCTYPE, cast=True)
	assert (stored.sla_at_risk_minutes, stored.escalation_enabled) == (60, 0)
	frappe.db.rollback()
	frappe.clear_document_cache(DOCTYPE, DOCTYPE)
