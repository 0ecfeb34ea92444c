"""The page My Day in a browser: punching, applying, deciding, the calendar and its subscription."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import frappe
from frappe.utils import getdate

from tests.support import factories
from tests.support.desk import Desk
from tests.support.hr_factories import (
	Person,
	count_records,
	make_allocation,
	make_leave,
	make_leave_type,
	make_person,
)

PAGE = "/app/my-day"
TODAY = '[data-card="today"]'
OpenDesk = Callable[[str], Desk]


@pytest.fixture
def approver(site: str) -> Person:
	return make_person("Leave Approver")


@pytest.fixture
def person(approver: Person) -> Person:
	person = make_person(leave_approver=approver.user)
	make_allocation(person.employee, make_leave_type())
	return person


def find_monday() -> str:
	"""Return a Monday of next month's first half."""
	day = (getdate().replace(day=1) + timedelta(days=38)).replace(day=1)
	return str(day + timedelta(days=-day.weekday() % 7))


def test_employee_checks_in_and_out(open_desk: OpenDesk, person: Person) -> None:
	page = open_desk(person.user).open(PAGE, f"{TODAY} .my-day-punch")
	page.click("text=Check In")
	page.wait_for_selector(f"{TODAY} >> text=Checked in since")
	page.click("text=Check Out")
	page.wait_for_selector(f"{TODAY} >> text=Checked out")
	assert page.locator(f"{TODAY} .my-day-punches li").count() == 2
	frappe.db.rollback()
	assert count_records("Employee Checkin", employee=person.employee) == 2


def test_employee_applies_with_the_balance_in_view(open_desk: OpenDesk, person: Person) -> None:
	monday = find_monday()
	page = open_desk(person.user).open(PAGE, f"{TODAY} .my-day-punch")
	page.evaluate("cur_page.page.my_day.page.btn_primary.click()")
	page.wait_for_selector(".my-day-preview dl")
	page.evaluate(
		"day => Promise.all(['from_date', 'to_date'].map((field) => cur_dialog.set_value(field, day)))",
		monday,
	)
	page.wait_for_selector(".my-day-preview dd >> text=19 days")
	page.click(".modal.show >> text=Apply >> nth=-1")
	page.wait_for_selector('[data-card="requests"] .my-day-list li')
	frappe.db.rollback()
	found = frappe.get_all("Leave Application", {"employee": person.employee}, ["from_date", "status"])
	assert [(str(row.from_date), row.status) for row in found] == [(monday, "Open")]


def test_approver_decides(open_desk: OpenDesk, person: Person, approver: Person) -> None:
	leave_type = frappe.get_value("Leave Allocation", {"employee": person.employee}, "leave_type")
	monday = find_monday()
	name = make_leave(person.employee, leave_type, monday, monday, leave_approver=approver.user).name
	page = open_desk(approver.user).open(PAGE, f'[data-name="{name}"]')
	page.click(f'[data-name="{name}"] >> text=Approve')
	page.click(".modal.show .btn-primary")
	page.wait_for_selector(f'[data-name="{name}"]', state="detached")
	frappe.db.rollback()
	assert frappe.db.get_value("Leave Application", name, ["status", "docstatus"]) == ("Approved", 1)


def test_calendar_and_subscription(open_desk: OpenDesk, person: Person, screen: str) -> None:
	leave_type = frappe.get_value("Leave Allocation", {"employee": person.employee}, "leave_type")
	monday = find_monday()
	make_leave(person.employee, leave_type, monday, monday)
	page = open_desk(person.user).open(PAGE, f"{TODAY} .my-day-punch")
	page.click('[aria-label="Next Month"]')
	shown = ".my-day-mark" if screen == "desktop" else ".my-day-agenda li"
	page.wait_for_selector(f'[data-card="calendar"] {shown}')
	page.click("text=Create Address")
	page.wait_for_selector(".modal.show input[data-fieldname=address]")
	address = page.input_value(".modal.show input[data-fieldname=address]")
	assert "orchestrator.hr.calendar_feed.get_calendar?token=" in address
	frappe.db.rollback()
	assert frappe.db.count("Calendar Feed", {"user": person.user}) == 1
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_user_without_an_employee_record(open_desk: OpenDesk, site: str) -> None:
	page = open_desk(factories.make_user("HR User").name).open(PAGE, f"{TODAY} .my-day-empty")
	assert page.locator(".my-day-punch").count() == 0


@pytest.mark.parametrize("doctype", ["employee-checkin", "leave-application"])
def test_new_records_are_for_the_reader(open_desk: OpenDesk, person: Person, doctype: str) -> None:
	page = open_desk(person.user).open(f"/app/{doctype}/new", ".form-layout")
	page.wait_for_function("name => cur_frm && cur_frm.doc.employee === name", arg=person.employee)
