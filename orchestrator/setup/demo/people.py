"""The demo's employees, their leave and their punches."""

from datetime import date, datetime, time

import frappe
from frappe.model.document import Document
from frappe.utils import add_days

from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import MONDAY_TO_FRIDAY, DemoMaker, get_or_create, insert_record, list_days


def create_people(maker: DemoMaker) -> None:
	_create_employees(maker)
	_create_leave(maker)
	_create_checkins(maker)


def _create_employees(maker: DemoMaker) -> None:
	maker.names["Holiday List", "all"] = _create_holiday_list(maker)
	for number, person in enumerate(data.PEOPLE):
		if not person.department:
			continue
		employee = insert_record(
			"Employee",
			first_name=person.first_name,
			last_name=person.last_name,
			gender=person.gender,
			date_of_birth=date(1980 + number, 1 + number, 10 + number),
			date_of_joining=date(maker.today.year - 3, 1 + number, 1),
			company=maker.company,
			department=_get_department(maker, person.department),
			designation=person.designation,
			holiday_list=maker.names["Holiday List", "all"],
			reports_to=maker.names.get(("Employee", data.MANAGERS.get(person.key, ""))),
			leave_approver=maker.names["User", data.APPROVER],
			user_id=maker.names["User", person.key],
			# A user permission would hide all colleagues from managers and HR.
			create_user_permission=0 if "HR User" in person.roles else 1,
			status="Active",
		)
		maker.names["Employee", person.key] = employee.name
		_assign_holiday_list(employee)


def _assign_holiday_list(employee: Document) -> None:
	"""Assign the holiday list: HRMS 16 needs a record of its own instead of the employee's field."""
	if frappe.db.exists("DocType", "Holiday List Assignment"):
		insert_record(
			"Holiday List Assignment",
			applicable_for="Employee",
			assigned_to=employee.name,
			holiday_list=employee.holiday_list,
			from_date=frappe.db.get_value("Holiday List", employee.holiday_list, "from_date"),
		).submit()


def _create_holiday_list(maker: DemoMaker) -> str:
	first, last = add_days(maker.today, -366), add_days(maker.today, 365)
	weekends = [day for day in list_days(first, last) if day.weekday() >= len(MONDAY_TO_FRIDAY)]
	return insert_record(
		"Holiday List",
		holiday_list_name=f"{data.HOLIDAY_LIST} {maker.today.year}",
		from_date=first,
		to_date=last,
		holidays=[
			{"holiday_date": day, "description": day.strftime("%A"), "weekly_off": 1} for day in weekends
		],
	).name


def _get_department(maker: DemoMaker, department: str) -> str:
	values = {"department_name": department, "company": maker.company}
	return frappe.db.get_value("Department", values) or insert_record("Department", **values).name


def _create_leave(maker: DemoMaker) -> None:
	get_or_create("Leave Type", data.LEAVE_TYPE, leave_type_name=data.LEAVE_TYPE)
	for person in data.PEOPLE:
		if ("Employee", person.key) in maker.names:
			_allocate_leave(maker, person.key)
	for row in data.LEAVES:
		_apply_for_leave(maker, row)
	_choose_leave_templates(maker)


def _choose_leave_templates(maker: DemoMaker) -> None:
	"""Choose HRMS's own templates for its messages about leave, without which it shows a warning at each save."""
	for fieldname, template in data.LEAVE_TEMPLATES.items():
		is_chosen = frappe.db.get_single_value("HR Settings", fieldname)
		if not is_chosen and frappe.db.exists("Email Template", template):
			maker.set_single_value("HR Settings", fieldname, template)


def _allocate_leave(maker: DemoMaker, key: str) -> None:
	insert_record(
		"Leave Allocation",
		employee=maker.names["Employee", key],
		leave_type=data.LEAVE_TYPE,
		from_date=add_days(maker.today, -180),
		to_date=add_days(maker.today, 180),
		new_leaves_allocated=data.LEAVE_DAYS,
	).submit()


def _apply_for_leave(maker: DemoMaker, row: data.Leave) -> None:
	monday = add_days(maker.today, -maker.today.weekday() + 7 * row.weeks)
	application = insert_record(
		"Leave Application",
		employee=maker.names["Employee", row.employee],
		leave_type=data.LEAVE_TYPE,
		from_date=monday,
		to_date=add_days(monday, row.days - 1),
		description=row.reason,
		leave_approver=maker.names["User", data.APPROVER],
		status=row.status,
	)
	if row.status != "Open":
		application.submit()


def _create_checkins(maker: DemoMaker) -> None:
	workdays = [
		day
		for day in list_days(add_days(maker.today, -14), add_days(maker.today, -1))
		if day.weekday() < len(MONDAY_TO_FRIDAY)
	]
	for day in workdays[-data.CHECKIN_DAYS :]:
		for number, key in enumerate(data.CHECKIN_EMPLOYEES):
			for log_type, hour, minute in data.CHECKIN_TIMES:
				insert_record(
					"Employee Checkin",
					employee=maker.names["Employee", key],
					time=datetime.combine(day, time(hour, minute + number)),
					log_type=log_type,
					device_id=data.LOCATION,
				)
