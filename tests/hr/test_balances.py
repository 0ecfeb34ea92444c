"""Leave balances, of one employee and of many at once, compared with HRMS's own function."""

from datetime import date

import pytest

import frappe
from hrms.hr.doctype.leave_application.leave_application import get_leave_details
from hrms.hr.doctype.leave_ledger_entry.leave_ledger_entry import create_leave_ledger_entry, expire_allocation

from orchestrator.hr.balances import get_balance, get_balances
from tests.support import factories
from tests.support.client import get_error
from tests.support.hr_factories import (
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_person,
	make_weekend_list,
)

ONE, MANY = "orchestrator.hr.get_leave_balance", "orchestrator.hr.get_leave_balances"
DAY = date(2026, 11, 2)


def make_new_employee() -> str:
	return factories.make_employee(holiday_list=make_weekend_list()).name


@pytest.fixture(scope="module")
def leave_type(frappe_site) -> str:
	frappe.set_user("Administrator")
	return make_leave_type(allow_encashment=1, earning_component=None, allow_negative=0)


# Each case has 20 days for 2026 and 2027, unless it says otherwise, and gives (used, balance, pending) on DAY.


def make_unused_balance(employee: str, leave_type: str) -> tuple:
	make_allocation(employee, leave_type)
	return 20.0, 0.0, 20.0, 0.0


def make_past_future_and_pending(employee: str, leave_type: str) -> tuple:
	"""Create two days over a weekend, one in the future, three that are pending, one rejected."""
	make_allocation(employee, leave_type)
	make_leave(employee, leave_type, "2026-03-06", "2026-03-09", "Approved")
	make_leave(employee, leave_type, "2027-03-08", "2027-03-08", "Approved")
	make_leave(employee, leave_type, "2027-04-05", "2027-04-07")
	make_leave(employee, leave_type, "2027-05-03", "2027-05-03", "Rejected")
	return 20.0, 3.0, 17.0, 3.0


def make_half_days(employee: str, leave_type: str) -> tuple:
	"""Create a half day, and a leave of three days, the last of which is half."""
	make_allocation(employee, leave_type)
	make_leave(employee, leave_type, "2026-03-02", "2026-03-02", "Approved", half_day=1)
	make_leave(
		employee, leave_type, "2026-04-06", "2026-04-08", "Approved", half_day=1, half_day_date="2026-04-08"
	)
	return 20.0, 3.0, 17.0, 0.0


def make_holiday_declared_later(employee: str, leave_type: str) -> tuple:
	"""Create a holiday after the leave: HRMS counts leave days with the present holidays."""
	own = factories.make_record(
		"Holiday List",
		holiday_list_name=factories.make_unique("Own"),
		from_date="2026-01-01",
		to_date="2027-12-31",
		holidays=[{"holiday_date": "2026-01-01", "description": "New Year"}],
	)
	frappe.db.set_value("Employee", employee, "holiday_list", own.name)
	frappe.clear_document_cache("Employee", employee)
	factories.assign_holiday_list(employee, own.name)
	make_allocation(employee, leave_type)
	make_leave(employee, leave_type, "2026-06-01", "2026-06-05", "Approved")
	own.append("holidays", {"holiday_date": "2026-06-03", "description": "Founders' Day"})
	own.save()
	return 20.0, 4.0, 16.0, 0.0


def make_two_allocations(employee: str, leave_type: str) -> tuple:
	"""Create two allocations: only the one that contains DAY counts, with its own leave."""
	make_allocation(employee, leave_type, 12, to_date="2026-12-31")
	make_allocation(employee, leave_type, 15, from_date="2027-01-01")
	make_leave(employee, leave_type, "2026-12-28", "2026-12-31", "Approved")
	make_leave(employee, leave_type, "2027-01-04", "2027-01-08", "Approved")
	return 12.0, 4.0, 8.0, 0.0


def make_encashment(employee: str, leave_type: str) -> tuple:
	"""Create the ledger entry of HRMS's encashment of five days."""
	allocation = make_allocation(employee, leave_type)
	post(employee, leave_type, "Leave Encashment", allocation.name, -5, "2026-05-01", "2026-05-01")
	return 20.0, 5.0, 15.0, 0.0


def make_expired_by_hand(employee: str, leave_type: str) -> tuple:
	"""Create four days taken and the rest expired before DAY: nothing is left."""
	allocation = make_allocation(employee, leave_type)
	make_leave(employee, leave_type, "2026-03-02", "2026-03-05", "Approved")
	expire_allocation(allocation.as_dict(), "2026-10-01")
	return None, None, None, None


def make_carried_forward(employee: str, leave_type: str) -> tuple:
	"""Create eight days carried forward, of which five were taken in time and three have expired."""
	carrying = frappe.db.get_value("Leave Type", leave_type, "is_carry_forward")
	frappe.db.set_value("Leave Type", leave_type, "is_carry_forward", 1)
	allocation = make_allocation(employee, leave_type)
	post(
		employee,
		leave_type,
		"Leave Allocation",
		allocation.name,
		8,
		"2026-01-01",
		"2026-06-30",
		is_carry_forward=1,
	)
	frappe.db.set_value("Leave Type", leave_type, "is_carry_forward", carrying)
	make_leave(employee, leave_type, "2026-03-02", "2026-03-06", "Approved")
	return None, None, None, None


def make_no_allocation(_employee: str, _leave_type: str) -> tuple:
	return 0.0, 0.0, 0.0, 0.0


def make_past_allocation(employee: str, leave_type: str) -> tuple:
	"""Create an allocation of another year, which does not count on DAY."""
	make_allocation(employee, leave_type, from_date="2025-01-01", to_date="2025-12-31")
	return 0.0, 0.0, 0.0, 0.0


def post(employee, leave_type, transaction_type, name, leaves, first, last, **values) -> None:
	"""Insert an entry in the ledger, as HRMS's documents write it."""
	reference = frappe._dict(
		doctype=transaction_type, name=name, employee=employee, employee_name=employee, leave_type=leave_type
	)
	if (
		transaction_type == "Leave Encashment"
	):  # the document needs a salary structure; the ledger only names it
		entry = frappe.get_doc(
			{
				"doctype": "Leave Ledger Entry",
				"employee": employee,
				"leave_type": leave_type,
				"transaction_type": transaction_type,
				"transaction_name": name,
				"leaves": leaves,
				"from_date": first,
				"to_date": last,
				**values,
			}
		)
		entry.flags.update(ignore_permissions=True, ignore_links=True)
		entry.submit()
	else:
		create_leave_ledger_entry(
			reference, {"leaves": leaves, "from_date": first, "to_date": last, **values}
		)
	frappe.db.commit()


CASES = (
	make_unused_balance,
	make_past_future_and_pending,
	make_half_days,
	make_holiday_declared_later,
	make_two_allocations,
	make_encashment,
	make_expired_by_hand,
	make_carried_forward,
	make_no_allocation,
	make_past_allocation,
)


def get_hrms_balance(employee: str, leave_type: str, day: date) -> tuple:
	details = get_leave_details(employee, day)["leave_allocation"].get(leave_type)
	if details is None:
		return 0.0, 0.0, 0.0, 0.0
	return (
		details["total_leaves"],
		details["leaves_taken"],
		details["remaining_leaves"],
		details["leaves_pending_approval"],
	)


def get_figures(balance: dict) -> tuple:
	return balance["allocated"], balance["used"], balance["balance"], balance["pending"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_balance_is_hrms_own_and_the_one_worked_out_by_hand(site, leave_type, case):
	employee = make_new_employee()
	expected = case(employee, leave_type)
	of_hrms = get_hrms_balance(employee, leave_type, DAY)
	assert expected[0] is None or of_hrms == expected
	assert get_figures(get_balance(employee, leave_type, DAY)) == of_hrms
	assert [get_figures(row) for row in get_balances([employee], leave_type, DAY)] == [of_hrms]


@pytest.mark.parametrize(
	"day", [date(2026, 1, 1), date(2026, 6, 30), DAY, date(2027, 1, 4), date(2028, 1, 1)]
)
def test_the_balances_of_many_are_those_of_each(site, leave_type, day):
	employees = [make_new_employee() for _ in CASES]
	for employee, case in zip(employees, CASES, strict=True):
		case(employee, leave_type)
	rows = get_balances(employees, leave_type, day)
	assert [row["employee"] for row in rows] == employees
	for row in rows:
		assert get_figures(row) == get_hrms_balance(row["employee"], leave_type, day), row
		assert row.pop("employee") and row == get_balance(employees[rows.index(row)], leave_type, day)


@pytest.mark.parametrize("values", [{"include_holiday": 1}, {"allow_negative": 1}])
def test_the_rules_of_the_leave_type_hold(site, values):
	"""Friday to Monday: four days where holidays count. Overdrawn leave may reach past the allocation."""
	leave_type, employee = make_leave_type(**values), make_new_employee()
	make_allocation(employee, leave_type, 3 if "allow_negative" in values else 20, to_date="2026-12-31")
	make_leave(employee, leave_type, "2026-03-06", "2026-03-09", "Approved")
	if "allow_negative" in values:
		make_leave(employee, leave_type, "2026-12-28", "2027-01-08", "Approved")
	of_hrms = get_hrms_balance(employee, leave_type, DAY)
	# overdrawn: two days, and four of twelve, which are in 2026, of an allocation of three
	assert of_hrms == ((3.0, 6.0, -3.0, 0.0) if "allow_negative" in values else (20.0, 4.0, 16.0, 0.0))
	assert get_figures(get_balance(employee, leave_type, DAY)) == of_hrms
	assert get_figures(get_balances([employee], leave_type, DAY)[0]) == of_hrms


def test_the_number_of_queries_does_not_grow_with_the_employees(site, leave_type):
	few, more = [make_new_employee() for _ in range(2)], [make_new_employee() for _ in range(6)]
	for employee in (*few, *more):
		make_half_days(employee, leave_type)
	assert count_queries(lambda: get_balances(few, leave_type, DAY)) == count_queries(
		lambda: get_balances(few + more, leave_type, DAY)
	)


def count_queries(work) -> int:
	"""Return the number of queries that `work` runs, with a warm cache."""
	work()
	asked = []
	sql = frappe.db.sql
	frappe.db.sql = lambda *args, **kwargs: (asked.append(1), sql(*args, **kwargs))[1]
	try:
		work()
	finally:
		del frappe.db.sql
	return len(asked)


def test_the_reply_is_the_references(api, site, leave_type):
	employee = make_person()
	make_past_future_and_pending(employee.employee, leave_type)
	reply = api(employee.user).get(ONE, employee=employee.employee, leave_type=leave_type)
	assert (reply.status_code, reply.json()) == (
		200,
		{
			"message": "Leave balance fetched",
			"data": {
				"leave_type": leave_type,
				"allocated": 20.0,
				"used": 3.0,
				"balance": 17.0,
				"pending": 3.0,
			},
			"exc": "",
		},
	)
	mine = api(employee.user).get(ONE, leave_type=leave_type, date="2025-01-01").json()["data"]
	assert get_figures(mine) == (0.0, 0.0, 0.0, 0.0)


def test_what_is_no_leave_type_employee_or_date_is_refused(api, site, leave_type):
	client, employee = api(make_hr()), make_new_employee()
	unknown = client.get(ONE, employee=employee, leave_type="Moon Leave")
	assert unknown.status_code == 404
	assert "There is no leave type Moon Leave. Choose one of: " in unknown.json()["exc"]
	assert get_error(client.get(ONE, employee="HR-EMP-NOBODY", leave_type=leave_type)) == (
		404,
		"DoesNotExistError",
	)
	assert get_error(client.get(ONE, employee=employee, leave_type=leave_type, date="today")) == (
		400,
		"InvalidRequestError",
	)
	assert get_error(client.get(ONE, employee=employee)) == (400, "InvalidRequestError")
	assert client.get(ONE, leave_type=leave_type).json()["exc_type"] == "MissingEmployeeError"


@pytest.mark.parametrize(
	"employees",
	['{"a": 1}', "[1]", "[", [""], [f"E{number}" for number in range(501)]],
	ids=["object", "number", "malformed", "empty-name", "too-many"],
)
def test_invalid_list_of_employees_is_400(api, site, leave_type, employees):
	reply = api(make_hr()).post(MANY, employees=employees, leave_type=leave_type)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_several_employees_are_a_list_of_names(api, site, leave_type):
	client = api(make_hr())
	employees = [make_new_employee() for _ in range(2)]
	make_allocation(employees[0], leave_type)
	asked = [employees[1], employees[0], employees[1]]
	reply = client.post(MANY, employees=asked, leave_type=leave_type, date="2026-11-02")
	assert reply.status_code == 200, reply.text
	nothing = {"leave_type": leave_type, "allocated": 0.0, "used": 0.0, "balance": 0.0, "pending": 0.0}
	assert reply.json()["data"] == {
		"leave_type": leave_type,
		"date": "2026-11-02",
		"balances": [
			{"employee": employees[1], **nothing},
			{"employee": employees[0], **nothing, "allocated": 20.0, "balance": 20.0},
		],
	}
	assert get_error(client.post(MANY, employees=["E"], leave_type=leave_type)) == (404, "DoesNotExistError")
	assert client.post(MANY, employees=[], leave_type=leave_type).json()["data"]["balances"] == []
	assert get_error(client.post(MANY, employees=employees, leave_type="Moon Leave")) == (
		404,
		"DoesNotExistError",
	)
