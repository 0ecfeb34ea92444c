"""Leave: applications, refusals with remedies, approval, rejection, cancellation, and permissions."""

from threading import Barrier, Thread

import pytest

import frappe

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
	make_weekend_list,
)

APPLY, CANCEL = "orchestrator.hr.apply_leave", "orchestrator.hr.cancel_leave"
APPROVE, REJECT = "orchestrator.hr.approve_leave", "orchestrator.hr.reject_leave"
# Monday to Wednesday after a weekend: 2027-03-05 is a Friday.
FRIDAY, MONDAY, WEDNESDAY = "2027-03-05", "2027-03-08", "2027-03-10"


@pytest.fixture(scope="module")
def leave_type(frappe_site) -> str:
	return make_leave_type()


@pytest.fixture(scope="module")
def approver(frappe_site) -> Person:
	frappe.set_user("Administrator")
	return make_person("Leave Approver")


@pytest.fixture
def person(site, approver, leave_type) -> Person:
	"""Return an employee with twenty days and a leave approver who is not their manager."""
	return make_applicant(leave_type, approver)


def make_applicant(leave_type: str, approver: Person) -> Person:
	person = make_person(leave_approver=approver.user)
	make_allocation(person.employee, leave_type)
	return person


@pytest.fixture
def templates(site):
	"""Create HRMS's mail templates and an outgoing account, and restore the settings afterwards."""
	account = frappe.get_doc(
		{
			"doctype": "Email Account",
			"email_account_name": factories.make_unique("Outgoing"),
			"email_id": factories.make_unique_email("outgoing"),
			"enable_outgoing": 1,
			"default_outgoing": 1,
			"smtp_server": "127.0.0.1",
			"smtp_port": 9,
			"no_smtp_authentication": 1,
		}
	)
	account.flags.ignore_validate = True
	account.insert(ignore_mandatory=True)
	for field in ("leave_approval_notification_template", "leave_status_notification_template"):
		template = factories.make_record(
			"Email Template",
			__newname=factories.make_unique(field),
			subject="Leave {{ name }}",
			response="{{ status }}",
		)
		frappe.db.set_single_value("HR Settings", field, template.name)
	frappe.db.commit()
	yield
	for field in ("leave_approval_notification_template", "leave_status_notification_template"):
		frappe.db.set_single_value("HR Settings", field, None)
	account.delete(force=True)
	# a form that is no longer sent
	frappe.db.delete("Email Queue", {"email_account": account.name})
	frappe.db.commit()


def build_request(leave_type: str, first: str = FRIDAY, last: str = MONDAY, **values: object) -> dict:
	return {"leave_type": leave_type, "from_date": first, "to_date": last, **values}


def count_mails(user: str) -> int:
	return frappe.db.count("Email Queue Recipient", {"recipient": user})


# Applying


def test_an_employee_applies_and_the_weekend_does_not_count(api, person, approver, leave_type):
	reply = api(person.user).post(APPLY, **build_request(leave_type, reason="Family vacation"))
	assert reply.status_code == 201, reply.text
	body = reply.json()
	name = body["data"]["leave_application"]
	assert body == {
		"message": "Leave applied for",
		"data": {
			"leave_application": name,
			"employee": person.employee,
			"employee_name": frappe.db.get_value("Employee", person.employee, "employee_name"),
			"leave_type": leave_type,
			"from_date": FRIDAY,
			"to_date": MONDAY,
			"half_day": False,
			"half_day_date": None,
			"total_leave_days": 2.0,
			"status": "Open",
			"leave_approver": approver.user,
			"reason": "Family vacation",
		},
		"exc": "",
	}
	doc = frappe.get_doc("Leave Application", name)
	assert (doc.docstatus, doc.total_leave_days, doc.description) == (0, 2, "Family vacation")


@pytest.mark.parametrize(
	("values", "days", "half"),
	[
		({"first": MONDAY, "last": MONDAY, "half_day": True}, 0.5, MONDAY),
		({"first": MONDAY, "last": WEDNESDAY, "half_day": True, "half_day_date": WEDNESDAY}, 2.5, WEDNESDAY),
		({"first": FRIDAY, "last": MONDAY, "half_day_date": FRIDAY}, 1.5, FRIDAY),
	],
)
def test_half_days(api, person, leave_type, values, days, half):
	reply = api(person.user).post(APPLY, **build_request(leave_type, **values))
	assert reply.status_code == 201, reply.text
	data = reply.json()["data"]
	assert (data["total_leave_days"], data["half_day"], data["half_day_date"]) == (days, True, half)


def test_approver_is_notified_once(api, leave_type, templates):
	approver = make_person("Leave Approver")
	person = make_applicant(leave_type, approver)
	key = {"Idempotency-Key": frappe.generate_hash()}
	replies = [api(person.user).post(APPLY, headers=key, **build_request(leave_type)) for _ in range(2)]
	assert {reply.status_code for reply in replies} == {201}
	name = replies[0].json()["data"]["leave_application"]
	assert count_mails(approver.user) == 1
	assert count_records("PWA Notification", reference_document_name=name, to_user=approver.user) == 1
	approved = api(approver.user).post(APPROVE, leave_application=name)
	assert approved.status_code == 200, approved.text
	assert count_mails(approver.user) == 1
	assert count_records("PWA Notification", reference_document_name=name, to_user=approver.user) == 1
	assert count_mails(person.user) == 1
	assert count_records("PWA Notification", reference_document_name=name, to_user=person.user) == 1


def test_hr_applies_for_anyone_and_a_manager_for_a_report(api, leave_type, approver, site):
	manager = make_person()
	report = make_person(reports_to=manager.employee, leave_approver=approver.user)
	make_allocation(report.employee, leave_type)
	for user, day in ((make_hr(), FRIDAY), (manager.user, MONDAY)):
		reply = api(user).post(APPLY, employee=report.employee, **build_request(leave_type, day, day))
		assert reply.status_code == 201, reply.text
	assert count_records("Leave Application", employee=report.employee, status="Open") == 2


def test_overlapping_leave_is_409(api, person, leave_type):
	client = api(person.user)
	first = client.post(APPLY, **build_request(leave_type)).json()["data"]["leave_application"]
	reply = client.post(APPLY, **build_request(leave_type, MONDAY, WEDNESDAY))
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "OverlapError")
	assert first in reply.json()["exc"]
	assert reply.json()["exc"].endswith("Choose other days, or cancel that application first.")
	assert count_records("Leave Application", employee=person.employee) == 1


def test_two_halves_of_a_day_are_no_overlap_and_a_third_is(api, person, leave_type):
	client = api(person.user)
	half = build_request(leave_type, MONDAY, MONDAY, half_day=True)
	assert [client.post(APPLY, **half).status_code for _ in range(3)] == [201, 201, 409]
	balance = client.get("orchestrator.hr.get_leave_balance", leave_type=leave_type).json()["data"]
	assert (balance["balance"], balance["pending"]) == (20.0, 1.0)


def test_a_refused_application_tells_nobody(api, leave_type, templates):
	approver = make_person("Leave Approver")
	person = make_applicant(leave_type, approver)
	client = api(person.user)
	refusals = (
		build_request(leave_type, "2027-03-01", "2027-03-31"),  # more than is left
		build_request(make_leave_type()),  # no allocation
		build_request(leave_type, MONDAY, FRIDAY),  # ends before it begins
		build_request(leave_type, "2027-03-06", "2027-03-07"),  # holidays
	)
	assert {client.post(APPLY, **refusal).status_code for refusal in refusals} == {422}
	assert client.post(APPLY, **build_request(leave_type)).status_code == 201
	assert get_error(client.post(APPLY, **build_request(leave_type, MONDAY, WEDNESDAY))) == (
		409,
		"OverlapError",
	)
	assert count_mails(approver.user) == 1
	assert count_records("PWA Notification", to_user=approver.user) == 1


def test_of_two_applications_at_once_one_is_made(api, person, leave_type):
	clients, barrier, statuses = [api(person.user) for _ in range(2)], Barrier(2), []

	def apply(client):
		barrier.wait()
		statuses.append(client.post(APPLY, **build_request(leave_type)).status_code)

	threads = [Thread(target=apply, args=(client,)) for client in clients]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert sorted(statuses) == [201, 409]
	assert count_records("Leave Application", employee=person.employee) == 1


def assert_refused(reply, employee: str, status: int, text: str) -> None:
	assert (reply.status_code, reply.json()["exc"]) == (status, text)
	assert count_records("Leave Application", employee=employee) == 0


def test_an_unknown_leave_type_is_422_naming_the_known(api, person):
	reply = api(person.user).post(APPLY, **build_request("Moon Leave"))
	known = ", ".join(frappe.get_all("Leave Type", order_by="name", pluck="name"))
	assert_refused(
		reply,
		person.employee,
		422,
		f"InvalidLeaveTypeError: There is no leave type Moon Leave. Choose one of: {known}.",
	)


def test_leave_that_ends_before_it_begins_is_422(api, person, leave_type):
	reply = api(person.user).post(APPLY, **build_request(leave_type, MONDAY, FRIDAY))
	assert_refused(
		reply,
		person.employee,
		422,
		f"InvalidLeaveDatesError: to_date {FRIDAY} is before from_date {MONDAY}. Swap them.",
	)


def test_leave_without_an_allocation_is_422(api, person):
	other = make_leave_type()
	reply = api(person.user).post(APPLY, **build_request(other))
	assert_refused(
		reply,
		person.employee,
		422,
		f"MissingLeaveAllocationError: {person.employee} has no allocation of {other} from {FRIDAY} to {MONDAY}. "
		"Choose days within an allocation, or ask HR to allocate leave.",
	)


def test_more_leave_than_is_left_is_422(api, person, leave_type):
	reply = api(person.user).post(APPLY, **build_request(leave_type, "2027-03-01", "2027-03-31"))
	assert_refused(
		reply,
		person.employee,
		422,
		f"InsufficientLeaveBalanceError: Insufficient leave balance for Leave Type {leave_type}. Choose fewer days or "
		"another leave type, or ask HR to allocate more. get_leave_balance shows what is left.",
	)


def test_leave_over_the_end_of_an_allocation_is_422(api, person):
	other = make_leave_type()
	make_allocation(person.employee, other, from_date="2027-01-01", to_date=FRIDAY)
	make_allocation(person.employee, other, from_date="2027-03-06", to_date="2027-12-31")
	assert_refused(
		api(person.user).post(APPLY, **build_request(other)),
		person.employee,
		422,
		"LeaveAcrossAllocationsError: Application period cannot be across two allocation records. Apply once for the days of each.",
	)


def test_leave_on_holidays_alone_is_422(api, person, leave_type):
	reply = api(person.user).post(APPLY, **build_request(leave_type, "2027-03-06", "2027-03-07"))
	assert_refused(
		reply,
		person.employee,
		422,
		"ValidationError: The day(s) on which you are applying for leave are holidays. You need not apply for leave.",
	)


def test_leave_without_an_approver_is_422_unless_hr_settings_let_it(api, leave_type, site):
	person = make_person()
	make_allocation(person.employee, leave_type)
	reply = api(person.user).post(APPLY, **build_request(leave_type))
	assert_refused(
		reply,
		person.employee,
		422,
		f"MissingLeaveApproverError: Nobody can approve leave for {person.employee}. Ask HR to enter an active leave approver in "
		"the employee record or the department.",
	)
	set_mandatory_approver(0)
	try:
		assert api(person.user).post(APPLY, **build_request(leave_type)).status_code == 201
	finally:
		set_mandatory_approver(1)


def set_mandatory_approver(value: int) -> None:
	frappe.db.set_single_value("HR Settings", "leave_approver_mandatory_in_leave_application", value)
	frappe.db.commit()


def test_a_disabled_approver_does_not_count(api, leave_type, site):
	approver = make_person("Leave Approver")
	person = make_applicant(leave_type, approver)
	frappe.db.set_value("User", approver.user, "enabled", 0)
	frappe.db.commit()
	assert (
		api(person.user).post(APPLY, **build_request(leave_type)).json()["exc_type"]
		== "MissingLeaveApproverError"
	)


def test_an_inactive_employee_is_422(api, approver, leave_type, site):
	employee = factories.make_employee(leave_approver=approver.user, holiday_list=make_weekend_list()).name
	make_allocation(employee, leave_type)
	frappe.db.set_value("Employee", employee, "status", "Inactive")
	frappe.db.commit()
	reply = api(make_hr()).post(APPLY, employee=employee, **build_request(leave_type))
	assert_refused(
		reply,
		employee,
		422,
		f"InactiveEmployeeStatusError: Transactions cannot be created for an Inactive Employee {employee}. "
		"Ask HR to set the employee active first.",
	)


def make_blocked(approver: Person, *allowed: str) -> Person:
	"""Create an employee of a department that allows no leave on a Monday."""
	blocks = factories.make_record(
		"Leave Block List",
		leave_block_list_name=factories.make_unique("Blocked"),
		company=factories.get_company(),
		leave_block_list_dates=[{"block_date": MONDAY, "reason": "Inventory"}],
		leave_block_list_allowed=[{"allow_user": user} for user in allowed],
	)
	department = factories.make_record(
		"Department",
		department_name=factories.make_unique("Stock"),
		company=factories.get_company(),
		leave_block_list=blocks.name,
	)
	return make_person(leave_approver=approver.user, department=department.name)


def test_leave_on_a_blocked_day_is_422(api, approver, leave_type, site):
	person = make_blocked(approver)
	make_allocation(person.employee, leave_type)
	reply = api(person.user).post(APPLY, **build_request(leave_type))
	assert_refused(
		reply,
		person.employee,
		422,
		f"LeaveDayBlockedError: No leave is given on {MONDAY} (Inventory). "
		"Choose other days, or ask HR who may approve leave on them.",
	)


def test_leave_on_blocked_day_is_accepted_if_approver_is_allowed(api, approver, leave_type, site):
	person = make_blocked(approver, approver.user)
	make_allocation(person.employee, leave_type)
	reply = api(person.user).post(APPLY, **build_request(leave_type))
	assert reply.status_code == 201, reply.text
	name = reply.json()["data"]["leave_application"]
	by_hr = api(make_hr()).post(APPROVE, leave_application=name)
	assert (by_hr.status_code, by_hr.json()["exc_type"]) == (422, "LeaveDayBlockedError")
	assert frappe.db.get_value("Leave Application", name, ["status", "docstatus"]) == ("Open", 0)
	assert api(approver.user).post(APPROVE, leave_application=name).status_code == 200


@pytest.mark.parametrize(
	"values",
	[
		{"first": "5.3.2027"},
		{"last": "2027-02-30"},
		{"half_day": True},
		{"half_day_date": "Monday"},
		{"half_day": "perhaps"},
		{"first": None},
	],
)
def test_a_malformed_application_is_400(api, person, leave_type, values):
	reply = api(person.user).post(APPLY, **build_request(leave_type, **values))
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert count_records("Leave Application", employee=person.employee) == 0


def test_a_half_day_outside_the_leave_is_422(api, person, leave_type):
	reply = api(person.user).post(APPLY, **build_request(leave_type, half_day=True, half_day_date=WEDNESDAY))
	assert_refused(
		reply,
		person.employee,
		422,
		"ValidationError: Half Day Date should be between From Date and To Date",
	)


def test_nobody_applies_for_a_colleague(api, guest, person, leave_type):
	body = {"employee": person.employee, **build_request(leave_type)}
	assert get_error(guest.post(APPLY, **body)) == (401, "AuthenticationError")
	assert get_error(api(factories.make_user("Sales User").name).post(APPLY, **body)) == (
		403,
		"PermissionError",
	)
	colleague = make_person()
	assert get_error(api(colleague.user).post(APPLY, **body)) == (404, "DoesNotExistError")
	assert count_records("Leave Application", employee=person.employee) == 0


# Deciding


@pytest.fixture
def pending(person, approver, leave_type) -> str:
	"""Return a pending application of two days."""
	return make_leave(person.employee, leave_type, FRIDAY, MONDAY, leave_approver=approver.user).name


def get_used(person: Person, leave_type: str) -> float:
	return -sum(
		frappe.get_all(
			"Leave Ledger Entry",
			{"employee": person.employee, "leave_type": leave_type, "leaves": ("<", 0), "docstatus": 1},
			pluck="leaves",
		)
	)


def test_the_approver_approves(api, person, approver, pending, leave_type):
	reply = api(approver.user).post(APPROVE, leave_application=pending, note="Enjoy <b>it</b>")
	assert reply.status_code == 200, reply.text
	assert reply.json()["message"] == "Leave approved"
	assert (reply.json()["data"]["status"], reply.json()["data"]["total_leave_days"]) == ("Approved", 2.0)
	assert frappe.db.get_value("Leave Application", pending, ["status", "docstatus"]) == ("Approved", 1)
	assert get_used(person, leave_type) == 2
	notes = frappe.get_all(
		"Comment", {"reference_name": pending, "comment_type": "Comment"}, ["content", "owner"]
	)
	assert [(note.content, note.owner) for note in notes] == [("Enjoy &lt;b&gt;it&lt;/b&gt;", approver.user)]


def test_rejected_leave_does_not_reduce_the_balance(api, person, approver, pending, leave_type):
	reply = api(approver.user).post(REJECT, leave_application=pending)
	assert reply.status_code == 200, reply.text
	assert frappe.db.get_value("Leave Application", pending, ["status", "docstatus"]) == ("Rejected", 1)
	assert get_used(person, leave_type) == 0


def test_hr_decides_as_well(api, pending):
	assert api(make_hr()).post(APPROVE, leave_application=pending).status_code == 200


@pytest.mark.parametrize("method", [APPROVE, REJECT])
def test_decided_leave_cannot_be_decided_again(api, approver, pending, method):
	client = api(approver.user)
	assert client.post(APPROVE, leave_application=pending).status_code == 200
	reply = client.post(method, leave_application=pending)
	assert (reply.status_code, reply.json()["exc"]) == (
		409,
		f"LeaveStatusConflictError: {pending} is already Approved. Apply again, or ask HR.",
	)
	assert frappe.db.get_value("Leave Application", pending, "status") == "Approved"


def test_of_two_decisions_at_once_one_holds(api, person, approver, pending, leave_type):
	clients, barrier, statuses = [api(user) for user in (approver.user, make_hr())], Barrier(2), []

	def approve(client):
		barrier.wait()
		statuses.append(client.post(APPROVE, leave_application=pending).status_code)

	threads = [Thread(target=approve, args=(client,)) for client in clients]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert sorted(statuses) == [200, 409]
	assert get_used(person, leave_type) == 2
	assert count_records("PWA Notification", reference_document_name=pending, to_user=person.user) == 1


def test_two_leaves_approved_at_once_never_overdraw(api, person, approver, leave_type):
	"""Each takes eleven of twenty days: the second approval fails, whichever it is."""
	names = [
		make_leave(person.employee, leave_type, first, last, leave_approver=approver.user).name
		for first, last in (("2027-03-01", "2027-03-15"), ("2027-04-01", "2027-04-15"))
	]
	barrier, statuses = Barrier(2), []

	def approve(client, name):
		barrier.wait()
		statuses.append(client.post(APPROVE, leave_application=name).status_code)

	threads = [Thread(target=approve, args=(api(approver.user), name)) for name in names]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert min(statuses) == 200 and max(statuses) in (409, 422)
	assert get_used(person, leave_type) == 11


def test_approving_more_than_is_left_is_422_and_nothing_is_written(api, person, approver, leave_type):
	"""Two applications of 11 days each are asked for, and 20 are allocated."""
	names = [
		make_leave(person.employee, leave_type, first, last, leave_approver=approver.user).name
		for first, last in (("2027-03-01", "2027-03-15"), ("2027-04-01", "2027-04-15"))
	]
	client = api(approver.user)
	assert client.post(APPROVE, leave_application=names[0]).status_code == 200
	reply = client.post(APPROVE, leave_application=names[1])
	assert (reply.status_code, reply.json()["exc_type"]) == (422, "InsufficientLeaveBalanceError")
	assert frappe.db.get_value("Leave Application", names[1], ["status", "docstatus"]) == ("Open", 0)
	assert get_used(person, leave_type) == 11


@pytest.mark.parametrize("method", [APPROVE, REJECT])
def test_deciding_leave_requires_the_approver_or_hr(api, guest, person, pending, site, method):
	manager = make_person("Leave Approver")
	frappe.get_doc("Employee", person.employee).update({"reports_to": manager.employee}).save()
	frappe.db.commit()
	assert get_error(guest.post(method, leave_application=pending)) == (401, "AuthenticationError")
	# the employee, and a manager who may read it but is not its approver
	for user in (person.user, manager.user):
		reply = api(user).post(method, leave_application=pending)
		assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
		assert "or HR may approve" in reply.json()["exc"]
	# an approver of other employees
	assert get_error(api(make_person("Leave Approver").user).post(method, leave_application=pending)) == (
		404,
		"DoesNotExistError",
	)
	assert get_error(api(make_hr()).post(method, leave_application="HR-LAP-NONE")) == (
		404,
		"DoesNotExistError",
	)
	assert frappe.db.get_value("Leave Application", pending, ["status", "docstatus"]) == ("Open", 0)


def test_self_approval_is_refused_where_hr_settings_say_so(api, leave_type, site):
	boss = make_person("Leave Approver")
	frappe.get_doc("Employee", boss.employee).update({"leave_approver": boss.user}).save()
	make_allocation(boss.employee, leave_type)
	name = make_leave(boss.employee, leave_type, FRIDAY, FRIDAY, leave_approver=boss.user).name
	frappe.db.set_single_value("HR Settings", "prevent_self_leave_approval", 1)
	frappe.db.commit()
	try:
		reply = api(boss.user).post(APPROVE, leave_application=name)
		assert (reply.status_code, reply.json()["exc"]) == (
			422,
			"ValidationError: Self-approval for leaves is not allowed",
		)
	finally:
		frappe.db.set_single_value("HR Settings", "prevent_self_leave_approval", 0)
		frappe.db.commit()


# Cancelling


def test_an_employee_withdraws_an_open_application_and_applies_again(api, person, pending, leave_type):
	client = api(person.user)
	reply = client.post(CANCEL, leave_application=pending, reason="Changed my mind")
	assert reply.status_code == 200, reply.text
	assert reply.json()["data"]["status"] == "Cancelled"
	assert frappe.db.get_value("Leave Application", pending, ["status", "docstatus"]) == ("Cancelled", 0)
	balance = client.get("orchestrator.hr.get_leave_balance", leave_type=leave_type).json()["data"]
	assert (balance["balance"], balance["pending"]) == (20.0, 0.0)
	again = client.post(CANCEL, leave_application=pending)
	assert (again.status_code, again.json()["exc_type"]) == (409, "LeaveStatusConflictError")
	assert client.post(APPLY, **build_request(leave_type)).status_code == 201


def test_hr_cancels_an_approved_leave_and_the_days_are_returned(api, person, approver, pending, leave_type):
	"""The approver has it by a share only, which gives no permission to cancel."""
	assert api(approver.user).post(APPROVE, leave_application=pending).status_code == 200
	for user in (person.user, approver.user):
		reply = api(user).post(CANCEL, leave_application=pending)
		assert (reply.status_code, reply.json()["exc"]) == (
			403,
			f"PermissionError: {pending} is approved. Ask HR to cancel it.",
		)
	assert get_used(person, leave_type) == 2
	reply = api(make_hr()).post(CANCEL, leave_application=pending)
	assert reply.status_code == 200, reply.text
	assert frappe.db.get_value("Leave Application", pending, ["status", "docstatus"]) == ("Cancelled", 2)
	assert get_used(person, leave_type) == 0
	assert get_error(api(make_hr()).post(CANCEL, leave_application=pending)) == (
		409,
		"LeaveStatusConflictError",
	)


def test_a_manager_and_approver_may_cancel(api, leave_type, site):
	manager = make_person("Leave Approver")
	report = make_person(reports_to=manager.employee, leave_approver=manager.user)
	make_allocation(report.employee, leave_type)
	name = make_leave(
		report.employee, leave_type, FRIDAY, MONDAY, "Approved", leave_approver=manager.user
	).name
	assert api(manager.user).post(CANCEL, leave_application=name).status_code == 200
	assert frappe.db.get_value("Leave Application", name, ["status", "docstatus"]) == ("Cancelled", 2)


def test_nobody_cancels_a_colleagues_leave(api, guest, person, pending):
	manager = make_person()
	frappe.get_doc("Employee", person.employee).update({"reports_to": manager.employee}).save()
	frappe.db.commit()
	assert get_error(guest.post(CANCEL, leave_application=pending)) == (401, "AuthenticationError")
	assert get_error(api(make_person().user).post(CANCEL, leave_application=pending)) == (
		404,
		"DoesNotExistError",
	)
	assert get_error(api(manager.user).post(CANCEL, leave_application=pending)) == (403, "PermissionError")
	assert get_error(api(factories.make_user("Sales User").name).post(CANCEL, leave_application=pending)) == (
		403,
		"PermissionError",
	)
	assert frappe.db.get_value("Leave Application", pending, "status") == "Open"


# Lists


def test_the_list_has_own_applications_and_those_of_reports(api, guest, leave_type, site):
	approver, manager = make_person("Leave Approver"), make_person()
	report, colleague = (
		make_person(reports_to=manager.employee, leave_approver=approver.user),
		make_person(leave_approver=approver.user),
	)
	for person in (report, colleague):
		make_allocation(person.employee, leave_type)
	first = make_leave(report.employee, leave_type, FRIDAY, MONDAY, leave_approver=approver.user).name
	second = make_leave(report.employee, leave_type, "2027-05-03", "2027-05-03", "Approved").name
	theirs = make_leave(colleague.employee, leave_type, MONDAY, MONDAY, leave_approver=approver.user).name

	def names(user, **params):
		reply = api(user).get("orchestrator.hr.get_leaves", **params)
		assert reply.status_code == 200, reply.text
		data = reply.json()["data"]
		assert data["total"] >= len(data["leaves"])
		return [row["leave_application"] for row in data["leaves"]]

	assert names(report.user) == names(manager.user) == [second, first]
	assert names(colleague.user) == [theirs]
	assert names(approver.user, to_approve=1) == [theirs, first]
	assert names(approver.user, employee=report.employee) == [first]
	assert names(manager.user, employee=report.employee, status="Approved") == [second]
	assert names(make_hr(), employee=report.employee, from_date=MONDAY, to_date=WEDNESDAY) == [first]
	assert names(report.user, limit_page_length=1, limit_start=1) == [first]
	client = api(colleague.user)
	assert get_error(client.get("orchestrator.hr.get_leaves", employee=report.employee)) == (
		404,
		"DoesNotExistError",
	)
	assert get_error(client.get("orchestrator.hr.get_leaves", status="Maybe")) == (400, "InvalidRequestError")
	assert get_error(client.get("orchestrator.hr.get_leaves", limit_page_length=501)) == (
		400,
		"InvalidRequestError",
	)
	assert get_error(api(factories.make_user("Sales User").name).get("orchestrator.hr.get_leaves")) == (
		403,
		"PermissionError",
	)
	assert get_error(guest.get("orchestrator.hr.get_leaves")) == (401, "AuthenticationError")


def test_a_row_of_the_list_equals_the_application(api, person, approver, pending, leave_type):
	data = api(person.user).get("orchestrator.hr.get_leaves").json()["data"]
	assert data == {
		"leaves": [
			{
				"leave_application": pending,
				"employee": person.employee,
				"employee_name": frappe.db.get_value("Employee", person.employee, "employee_name"),
				"leave_type": leave_type,
				"from_date": FRIDAY,
				"to_date": MONDAY,
				"half_day": False,
				"half_day_date": None,
				"total_leave_days": 2.0,
				"status": "Open",
				"leave_approver": approver.user,
				"reason": None,
			}
		],
		"total": 1,
	}


def test_a_manager_gets_the_absences_of_the_team(api, guest, leave_type, site):
	"""A report of a report counts; an open application, one that left and a colleague do not."""
	manager = make_person()
	lead = make_person(reports_to=manager.employee)
	below, waiting = make_person(reports_to=lead.employee), make_person(reports_to=lead.employee)
	colleague = make_person()
	for person in (lead, below, waiting, colleague):
		make_allocation(person.employee, leave_type)
	leave = make_leave(
		below.employee, leave_type, FRIDAY, MONDAY, "Approved", half_day=1, half_day_date=MONDAY
	)
	make_leave(waiting.employee, leave_type, MONDAY, MONDAY)
	make_leave(colleague.employee, leave_type, MONDAY, MONDAY, "Approved")
	method = "orchestrator.hr.get_team_on_leave"
	expected = {
		"manager": manager.employee,
		"date": MONDAY,
		"team": 3,
		"on_leave": [
			{
				"employee": below.employee,
				"employee_name": frappe.db.get_value("Employee", below.employee, "employee_name"),
				"leave_application": leave.name,
				"leave_type": leave_type,
				"from_date": FRIDAY,
				"to_date": MONDAY,
				"half_day": True,
			}
		],
	}
	reply = api(manager.user).get(method, date=MONDAY)
	assert (reply.status_code, reply.json()["data"]) == (200, expected)
	assert api(make_hr()).get(method, manager=manager.employee, date=MONDAY).json()["data"] == expected
	assert api(manager.user).get(method, date=WEDNESDAY).json()["data"]["on_leave"] == []
	assert api(below.user).get(method, date=MONDAY).json()["data"]["team"] == 0
	assert get_error(api(below.user).get(method, manager=manager.employee)) == (404, "DoesNotExistError")
	assert get_error(api(manager.user).get(method, date="soon")) == (400, "InvalidRequestError")
	assert get_error(api(make_hr()).get(method)) == (422, "MissingEmployeeError")
	assert get_error(api(factories.make_user("Sales User").name).get(method)) == (403, "PermissionError")
	assert get_error(guest.get(method)) == (401, "AuthenticationError")
