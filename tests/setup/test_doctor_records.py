"""The doctor names each record that an earlier version left wrong, and no correct one."""

import pytest

import frappe
from frappe.utils import getdate

from orchestrator.kipu_simulator.server import Simulator
from tests.support import factories
from tests.support.hr_factories import make_allocation, make_leave_type, make_person
from tests.support.kipu_site import get_stay, make_connection, run_sync


@pytest.fixture
def records(site, monkeypatch):
	"""Return the module, set to name all wrong records."""
	from orchestrator.setup import doctor_records

	monkeypatch.setattr(doctor_records, "MAX_NAMED", 100_000)
	return doctor_records


@pytest.mark.usefixtures("loopback")
def test_records_skipped_because_of_one_field_are_listed(records):
	with Simulator(2) as kipu:
		connection = make_connection(kipu)
		stay = kipu.world.admit_new()
		run_sync(connection)
	taken = get_stay(connection, stay + 1000).casefile_id
	issue = {"connection": connection, "status": "Open", "kind": "Record", "code": "bad_date"}
	kept_out, essential = factories.make_unique("1:kept"), factories.make_unique("2:kept")
	for casefile, field in ((kept_out, "dob"), (essential, "admission_date"), (taken, "dob")):
		factories.make_record("Sync Issue", **issue, field=field, casefile_id=casefile)
	finding = records._check_clients_kept_out()
	assert (finding.level, finding.check) == ("warn", "clients kept out")
	assert kept_out in finding.found
	assert essential not in finding.found
	assert taken not in finding.found


@pytest.mark.usefixtures("loopback")
def test_charts_of_two_people_are_named(records):
	with Simulator(2) as kipu:
		connection = make_connection(kipu)
		stay = kipu.world.admit_new()
		run_sync(connection)
		kipu.world.give_chart_away(stay, person=77)
		run_sync(connection)
		chart = str(stay + 1000)
		assert f"{connection} {chart}" not in records._check_charts().found
		frappe.db.set_value(
			"Client Stay",
			{"connection": connection, "chart_id": chart, "status": "Absent"},
			"status",
			"Active",
		)
		assert f"{connection} {chart}" in records._check_charts().found
		frappe.db.rollback()
		assert get_stay(connection, stay + 1000)


def test_days_with_more_than_one_day_of_leave_are_named(records):
	leave_type = make_leave_type(include_holiday=1)
	person = make_person(leave_approver=make_person("Leave Approver").user)
	make_allocation(person.employee, leave_type)

	def apply(**values):
		dates = {"from_date": getdate(), "to_date": getdate(), "leave_type": leave_type}
		doc = frappe.get_doc({"doctype": "Leave Application", "employee": person.employee, **dates, **values})
		return doc.insert().name

	first, second = (apply(half_day=1, half_day_date=getdate()) for _ in range(2))
	frappe.db.commit()
	assert first not in records._check_leave_days().found
	frappe.db.set_value("Leave Application", second, {"half_day": 0, "half_day_date": None})
	frappe.db.commit()
	assert f"{first} and {second}" in records._check_leave_days().found
	frappe.db.set_value("Leave Application", second, "status", "Cancelled")
	frappe.db.commit()
	assert first not in records._check_leave_days().found


def test_leads_with_one_address_are_named(records):
	one, other = sorted(factories.make_lead().name for _ in range(2))
	assert one not in records._check_lead_addresses().found
	frappe.db.set_value("Lead", one, "email_id", frappe.db.get_value("Lead", other, "email_id"))
	frappe.db.commit()
	assert f"{one} and {other}" in records._check_lead_addresses().found


def test_rates_of_another_currency_are_named(records):
	filters = {"from_currency": "JPY", "to_currency": "USD", "date": frappe.utils.nowdate()}
	if not frappe.db.exists("Currency Exchange", filters):
		factories.make_record(
			"Currency Exchange", exchange_rate=0.007, for_buying=1, for_selling=1, **filters
		)
	right = factories.make_opportunity(currency="JPY", conversion_rate=0.008).name
	wrong = factories.make_opportunity(currency="JPY", conversion_rate=1.1).name
	finding = records._check_rates()
	assert wrong in finding.found
	assert right not in finding.found
	doc = frappe.get_doc("Opportunity", wrong)
	doc.conversion_rate = 0
	doc.save()
	frappe.db.commit()
	assert doc.conversion_rate == 0.007
	assert wrong not in records._check_rates().found


def test_what_is_wrong_is_a_warning_with_a_remedy_and_at_most_ten_names(records, monkeypatch):
	monkeypatch.setattr(records, "MAX_NAMED", 10)
	finding = records._build_finding("check", [str(number) for number in range(12)], "wrong", "Do this.")
	assert (finding.level, finding.remedy) == ("warn", "Do this.")
	assert finding.found == "12 wrong: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"
	assert records._build_finding("check", [], "wrong", "Do this.").level == "ok"
