"""Self-service limits, also in the generic methods: employees read their own records, managers their
reports', HR all. With and without the user permission that HRMS creates.
"""

import pytest

import frappe

from orchestrator import hooks
from orchestrator.hr import permissions
from orchestrator.hr.balances import get_balance
from tests.support import factories
from tests.support.client import get_error
from tests.support.hr_factories import (
	Person,
	count_records,
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_person,
	make_punch,
)

GET, GET_LIST, INSERT = "frappe.client.get", "frappe.client.get_list", "frappe.client.insert"
SET_VALUE, DELETE = "frappe.client.set_value", "frappe.client.delete"


class Records:
	"""An employee with one record of each kind."""

	def __init__(self, person: Person, leave_type: str, approver: str) -> None:
		self.person, self.leave_type = person, leave_type
		self.names = {
			"Employee": person.employee,
			"Employee Checkin": make_punch(person.employee, "IN", "2026-03-02 09:00:00").name,
			"Leave Allocation": make_allocation(person.employee, leave_type).name,
			"Leave Application": make_leave(
				person.employee, leave_type, "2027-03-08", "2027-03-08", leave_approver=approver
			).name,
			"Attendance": attend(person.employee),
		}
		make_leave(person.employee, leave_type, "2027-03-09", "2027-03-09", "Approved")


READ_BY_SELF_SERVICE = ("Employee", "Employee Checkin", "Leave Application", "Attendance")


def attend(employee: str) -> str:
	doc = frappe.get_doc(
		{
			"doctype": "Attendance",
			"employee": employee,
			"attendance_date": "2026-03-02",
			"status": "Present",
			"company": factories.get_company(),
		}
	).insert()
	doc.submit()
	frappe.db.commit()
	return doc.name


@pytest.fixture(scope="module", params=[1, 0], ids=["user-permission", "no-user-permission"])
def people(request, frappe_site):
	"""Return a manager, an indirect report of theirs, a colleague, and an approver of both. HRMS's own user
	permissions exist in one run; in the other there are none, and HRMS alone would let everyone read
	everyone.
	"""
	frappe.set_user("Administrator")
	leave_type, own = make_leave_type(), {"create_user_permission": request.param}
	approver = make_person("Leave Approver", **own)
	manager = make_person(**own)
	between = make_person(reports_to=manager.employee, **own)
	report = make_person(reports_to=between.employee, leave_approver=approver.user, **own)
	colleague = make_person(leave_approver=approver.user, **own)
	records = {
		"report": Records(report, leave_type, approver.user),
		"colleague": Records(colleague, leave_type, approver.user),
	}
	return {"approver": approver, "manager": manager, "hr": make_hr(), **records}


def test_each_gets_the_records_in_their_reach(api, people):
	report, colleague = people["report"], people["colleague"]
	statuses = {
		(user, whose, doctype): api(login).get(GET, doctype=doctype, name=records.names[doctype]).status_code
		for user, login in (
			("self", report.person.user),
			("manager", people["manager"].user),
			("hr", people["hr"]),
		)
		for whose, records in (("report", report), ("colleague", colleague))
		for doctype in records.names
	}
	for (user, whose, doctype), status in statuses.items():
		if user == "hr":
			expected = 200
		elif doctype == "Leave Allocation":
			expected = 403  # only HR's own
		else:
			expected = 200 if whose == "report" else 404
		assert status == expected, (user, whose, doctype)


@pytest.mark.parametrize("doctype", READ_BY_SELF_SERVICE)
def test_each_lists_the_records_in_their_reach(api, people, doctype):
	report, colleague = people["report"].names[doctype], people["colleague"].names[doctype]

	def found(user):
		reply = api(user).post(
			GET_LIST, doctype=doctype, filters={"name": ["in", [report, colleague]]}, fields=["name"]
		)
		assert reply.status_code == 200, reply.text
		return {row["name"] for row in reply.json()["data"]}

	assert found(people["report"].person.user) == {report}
	assert found(people["colleague"].person.user) == {colleague}
	assert found(people["manager"].user) == {report}
	assert found(people["hr"]) == {report, colleague}


def test_approver_can_access_only_records_to_approve(api, people):
	client = api(people["approver"].user)
	for records in (people["report"], people["colleague"]):
		names = records.names
		assert (
			client.get(GET, doctype="Leave Application", name=names["Leave Application"]).status_code == 200
		)
		for doctype in ("Employee", "Employee Checkin", "Attendance"):
			assert get_error(client.get(GET, doctype=doctype, name=names[doctype])) == (
				404,
				"DoesNotExistError",
			)


def test_a_colleagues_records_cannot_be_made_changed_or_deleted(api, people):
	names, victim = people["colleague"].names, people["colleague"].person.employee
	leave_type = people["colleague"].leave_type
	for user in (people["report"].person.user, people["manager"].user):
		client = api(user)
		made = [
			client.post(INSERT, doctype="Employee Checkin", employee=victim, log_type="OUT"),
			client.post(
				INSERT,
				doctype="Leave Application",
				employee=victim,
				leave_type=leave_type,
				from_date="2027-05-03",
				to_date="2027-05-03",
			),
		]
		assert [reply.status_code for reply in made] == [403, 403]
		for doctype, field in (("Employee Checkin", "device_id"), ("Leave Application", "description")):
			change = {"fieldname": field, "value": "changed"}
			assert get_error(client.post(SET_VALUE, doctype=doctype, name=names[doctype], **change)) == (
				404,
				"DoesNotExistError",
			)
		deletion = client.post(DELETE, doctype="Employee Checkin", name=names["Employee Checkin"])
		assert get_error(deletion) == (404, "DoesNotExistError")
		# employees may not write their own record either
		own = client.post(SET_VALUE, doctype="Employee", name=victim, fieldname="status", value="Left")
		assert get_error(own) == (404, "DoesNotExistError")
	assert count_records("Employee Checkin", employee=victim) == 1
	assert frappe.db.get_value("Employee Checkin", names["Employee Checkin"], "device_id") is None


@pytest.mark.parametrize(
	"change", [{"status": "Approved"}, {"fieldname": "status", "value": "Approved"}, {"docstatus": 1}]
)
def test_nobody_approves_their_own_leave_or_dates_back_a_punch_by_a_generic_call(api, people, change):
	"""Frappe would ignore the field and answer 200."""
	records = people["report"]
	client, employee = api(records.person.user), records.person.employee
	leave = {"doctype": "Leave Application", "name": records.names["Leave Application"]}
	reply = client.post(SET_VALUE, **leave, **change)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
	assert frappe.db.get_value(*leave.values(), ["status", "docstatus"]) == ("Open", 0)
	applied = {"leave_type": records.leave_type, "from_date": "2027-06-07", "to_date": "2027-06-07"}
	reply = client.post(INSERT, doctype="Leave Application", employee=employee, status="Approved", **applied)
	assert (reply.status_code, reply.json()["exc"]) == (
		403,
		"PermissionError: You may not set status of Leave Application. Leave it out, or ask someone who has permission.",
	)
	before = count_records("Employee Checkin", employee=employee)
	punch = {"doctype": "Employee Checkin", "employee": employee, "log_type": "OUT"}
	reply = client.post(INSERT, **punch, time="2026-03-02 17:00:00")
	assert (reply.status_code, reply.json()["exc"]) == (
		403,
		"PermissionError: You may not set time of Employee Checkin. Leave it out, or ask someone who has permission.",
	)
	assert count_records("Employee Checkin", employee=employee) == before
	assert count_records("Leave Application", employee=employee) == 2


def test_what_may_not_be_set_may_be_sent_as_it_is(api, people):
	records = people["report"]
	client = api(records.person.user)
	leave = {"doctype": "Leave Application", "name": records.names["Leave Application"]}
	reply = client.post(SET_VALUE, **leave, status="Open", description="To the sea")
	assert (reply.status_code, reply.json()["data"]["description"]) == (200, "To the sea")
	reply = api(people["hr"]).post(
		INSERT,
		doctype="Employee Checkin",
		employee=records.person.employee,
		log_type="OUT",
		time="2026-03-02 17:00:00",
	)
	assert (reply.status_code, reply.json()["data"]["time"]) == (201, "2026-03-02 17:00:00")


@pytest.mark.parametrize("docstatus", [0, 1])
def test_nobody_grants_themselves_leave_through_the_ledger(api, people, docstatus):
	"""HRMS lets everyone write their own ledger entries."""
	person, leave_type = people["report"].person, people["report"].leave_type
	entry = {
		"doctype": "Leave Ledger Entry",
		"employee": person.employee,
		"leave_type": leave_type,
		"transaction_type": "Leave Allocation",
		"transaction_name": people["report"].names["Leave Allocation"],
		"leaves": 50,
		"from_date": "2026-01-01",
		"to_date": "2027-12-31",
		"docstatus": docstatus,
	}
	assert get_error(api(person.user).post(INSERT, **entry)) == (403, "PermissionError")
	entries = api(person.user).post(GET_LIST, doctype="Leave Ledger Entry").json()["data"]
	assert entries == []
	allocated = (
		api(person.user).get("orchestrator.hr.get_leave_balance", leave_type=leave_type).json()["data"]
	)
	assert allocated["allocated"] == 20.0


def test_the_balance_is_for_oneself_ones_manager_ones_approver_and_hr(api, guest, people):
	report = people["report"]
	method = "orchestrator.hr.get_leave_balance"
	params = {"employee": report.person.employee, "leave_type": report.leave_type}
	# 20 allocated, one day approved, one waiting
	expected = {
		"leave_type": report.leave_type,
		"allocated": 20.0,
		"used": 1.0,
		"balance": 19.0,
		"pending": 1.0,
	}
	for user in (report.person.user, people["manager"].user, people["approver"].user, people["hr"]):
		reply = api(user).get(method, **params)
		assert (reply.status_code, reply.json()["data"]) == (200, expected)
	assert get_error(api(people["colleague"].person.user).get(method, **params)) == (404, "DoesNotExistError")
	assert get_error(api(factories.make_user("Sales User").name).get(method, **params)) == (
		403,
		"PermissionError",
	)
	assert get_error(guest.get(method, **params)) == (401, "AuthenticationError")


def test_several_balances_require_permission_on_all_employees(api, guest, people):
	report, colleague = (people[key].person.employee for key in ("report", "colleague"))
	method, leave_type = "orchestrator.hr.get_leave_balances", people["report"].leave_type
	both = {"leave_type": leave_type, "employees": [report, colleague]}
	reply = api(people["hr"]).post(method, **both)
	assert [row["employee"] for row in reply.json()["data"]["balances"]] == [report, colleague]
	refused = api(people["manager"].user).post(method, **both)
	assert (refused.status_code, refused.json()["exc"]) == (
		404,
		f"DoesNotExistError: Employee {colleague} not found.",
	)
	reached = api(people["manager"].user).get(method, leave_type=leave_type).json()["data"]["balances"]
	assert len(reached) == 3 and report in {row["employee"] for row in reached}
	assert get_error(api(factories.make_user("Sales User").name).post(method, **both)) == (
		403,
		"PermissionError",
	)
	assert get_error(guest.post(method, **both)) == (401, "AuthenticationError")


def test_the_setting_gives_hrms_its_own_ways_back(api, site):
	"""Without a user permission, the role Employee reads everyone in stock HRMS."""
	person, colleague = make_person(create_user_permission=0), make_person()

	def status():
		return api(person.user).get(GET, doctype="Employee", name=colleague.employee).status_code

	assert status() == 404
	switch(0)
	try:
		assert status() == 200
	finally:
		switch(1)


def switch(on: int) -> None:
	frappe.get_doc("Orchestrator Settings").update({"employees_reach_own_records_only": on}).save()
	frappe.db.commit()


def test_a_role_of_the_sites_own_that_reads_a_doctype_reads_all_of_it(api, site):
	role = factories.make_record("Role", role_name=factories.make_unique("Auditor")).name
	frappe.permissions.add_permission("Employee Checkin", role)
	frappe.db.commit()
	person, colleague = make_person(role, create_user_permission=0), make_person()
	punch = make_punch(colleague.employee, "IN", "2026-03-02 09:00:00").name
	client = api(person.user)
	assert client.get(GET, doctype="Employee Checkin", name=punch).status_code == 200
	assert get_error(client.get(GET, doctype="Employee", name=colleague.employee)) == (
		404,
		"DoesNotExistError",
	)
	frappe.permissions.reset_perms("Employee Checkin")
	frappe.db.commit()


def test_a_new_report_is_reached_at_once(api, site):
	manager, person = make_person(), make_person()
	client = api(manager.user)
	assert get_error(client.get(GET, doctype="Employee", name=person.employee)) == (404, "DoesNotExistError")
	frappe.get_doc("Employee", person.employee).update({"reports_to": manager.employee}).save()
	frappe.db.commit()
	assert client.get(GET, doctype="Employee", name=person.employee).status_code == 200
	assert get_balance(person.employee, make_leave_type(), frappe.utils.getdate())["allocated"] == 0


@pytest.mark.parametrize("table", [hooks.permission_query_conditions, hooks.has_permission])
def test_the_hooks_are_those_of_the_table(table):
	narrowed = {doctype for doctype, path in table.items() if str(path).startswith(permissions.__name__)}
	assert narrowed == set(permissions.EMPLOYEE_FIELDS)
	assert set(permissions.APPROVER_FIELDS) | permissions.LEDGERS <= set(permissions.EMPLOYEE_FIELDS)


def test_every_narrowed_doctype_has_the_field_it_is_narrowed_by(site):
	for doctype, fieldname in permissions.EMPLOYEE_FIELDS.items():
		assert fieldname == "name" or frappe.get_meta(doctype).get_field(fieldname).options == "Employee", (
			doctype
		)
	for doctype, fieldname in permissions.APPROVER_FIELDS.items():
		assert frappe.get_meta(doctype).get_field(fieldname).options == "User", doctype


@pytest.mark.parametrize(("roles", "sees_all"), [(("HR Manager",), True), (("HR User",), True), ((), False)])
def test_hr_that_is_an_employee_reads_everyones_advances(api, roles, sees_all):
	"""The DocType itself gives HR no permission: it names only Employee and Expense Approver."""
	other, person = make_person(create_user_permission=0), make_person(*roles, create_user_permission=0)
	names = {whose.employee: make_advance(whose.employee) for whose in (other, person)}
	reply = api(person.user).get(GET_LIST, doctype="Employee Advance", filters=frappe.as_json({"name": ["in", [*names.values()]]}))  # fmt: skip
	found = {row["name"] for row in reply.json()["data"]}
	assert found == (set(names.values()) if sees_all else {names[person.employee]})
	status = api(person.user).get(GET, doctype="Employee Advance", name=names[other.employee]).status_code
	assert status == (200 if sees_all else 404)


def make_advance(employee: str) -> str:
	"""Create an advance without the accounts that HRMS requires on submission."""
	doc = frappe.get_doc(
		{
			"doctype": "Employee Advance",
			"name": factories.make_unique("ADV"),
			"employee": employee,
			"company": factories.get_company(),
			"posting_date": "2026-03-02",
			"purpose": "Travel",
			"advance_amount": 100,
			"currency": "USD",
			"exchange_rate": 1,
		}
	)
	doc.db_insert()
	frappe.db.commit()
	return doc.name
