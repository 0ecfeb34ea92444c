"""Consistency of `assigned_to` and Frappe's assignments, in both directions."""

import json
import time

import pytest

import frappe
from frappe.desk.form import assign_to

from orchestrator.assignment import Assignees, compute_assignee, list_pending
from tests.support import factories, helpdesk
from tests.support.client import get_error

MAKERS = {
	"Lead": factories.make_lead,
	"Opportunity": factories.make_opportunity,
	"Issue": factories.make_issue,
	"HD Ticket": helpdesk.make_hd_ticket,
	"Task": factories.make_task,
}
ROLES = ("Sales User", "Support Team", "Agent", "Projects User")


def get_stored(doc) -> str | None:
	"""Return the committed value of the field."""
	frappe.db.rollback()
	return frappe.db.get_value(doc.doctype, doc.name, "assigned_to")


def open_assignees(doc) -> list[str]:
	"""Return the assignees that Frappe counts in its own column."""
	frappe.db.rollback()
	return json.loads(frappe.db.get_value(doc.doctype, doc.name, "_assign") or "[]")


def list_todos(doc) -> dict[str, str]:
	"""Return the status of each user's ToDo."""
	frappe.db.rollback()
	filters = {"reference_type": doc.doctype, "reference_name": doc.name}
	return dict(
		frappe.get_all("ToDo", filters, ["allocated_to", "status"], as_list=True, order_by="creation")
	)


def list_shares(doc) -> int:
	frappe.db.rollback()
	return frappe.db.count("DocShare", {"share_doctype": doc.doctype, "share_name": doc.name})


def get_stored_modified(doc) -> str:
	frappe.db.rollback()
	return str(frappe.db.get_value(doc.doctype, doc.name, "modified"))


@pytest.fixture(scope="module")
def ann(frappe_site) -> str:
	return factories.make_user(*ROLES).name


@pytest.fixture(scope="module")
def bob(frappe_site) -> str:
	return factories.make_user(*ROLES).name


@pytest.fixture(scope="module")
def assigner(frappe_site) -> str:
	return factories.make_user(*ROLES).name


@pytest.fixture
def caller(assigner, api):
	return api(assigner)


@pytest.fixture(params=MAKERS)
def doc(request, site):
	"""Return a record of each of the DocTypes."""
	return MAKERS[request.param]()


def set_value(client, doc, **values):
	return client.post("frappe.client.set_value", doctype=doc.doctype, name=doc.name, **values)


@pytest.mark.parametrize(
	("current", "assignees", "finished", "expected"),
	[
		(None, Assignees(), False, None),
		(None, Assignees(open=["a", "b"]), False, "a"),
		("b", Assignees(open=["a", "b"]), False, "b"),
		("c", Assignees(open=["a", "b"]), False, "a"),
		("a", Assignees(), False, None),
		("a", Assignees(done=["a"]), False, None),
		("a", Assignees(done=["a"]), True, "a"),
		("a", Assignees(done=["b"]), True, None),
		("a", Assignees(open=["b"], done=["a"]), True, "b"),
		(None, Assignees(done=["a"]), True, None),
	],
)
def test_effective(current, assignees, finished, expected):
	assert compute_assignee(current, assignees, finished) == expected


class TestFieldToAssignment:
	def test_setting_it_assigns(self, caller, doc, ann):
		reply = set_value(caller, doc, assigned_to=ann)
		assert reply.status_code == 200, reply.text
		data = reply.json()["data"]
		assert data["assigned_to"] == get_stored(doc) == ann
		assert str(frappe.utils.get_datetime(data["modified"])) == get_stored_modified(doc)
		assert list_todos(doc) == {ann: "Open"}
		assert open_assignees(doc) == [ann]
		assert list_shares(doc) == 0

	def test_changing_it_moves_the_assignment(self, caller, doc, ann, bob):
		set_value(caller, doc, assigned_to=ann)
		data = set_value(caller, doc, assigned_to=bob).json()["data"]
		assert data["assigned_to"] == get_stored(doc) == bob
		assert str(frappe.utils.get_datetime(data["modified"])) == get_stored_modified(doc)
		assert list_todos(doc) == {ann: "Cancelled", bob: "Open"}
		assert open_assignees(doc) == [bob]

	@pytest.mark.parametrize("empty", [None, ""])
	def test_clearing_it_takes_the_assignment_back(self, caller, doc, ann, empty):
		set_value(caller, doc, assigned_to=ann)
		reply = set_value(caller, doc, fieldname="assigned_to", value=empty)
		assert reply.status_code == 200
		assert reply.json()["data"]["assigned_to"] is None
		assert get_stored(doc) is None
		assert list_todos(doc) == {ann: "Cancelled"}

	def test_clearing_it_leaves_the_other_assignee(self, caller, doc, ann, bob):
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		data = set_value(caller, doc, fieldname="assigned_to", value=None).json()["data"]
		assert data["assigned_to"] == get_stored(doc) == bob
		assert open_assignees(doc) == [bob]

	def test_changing_the_field_to_another_assignee_keeps_their_assignment(self, caller, doc, ann, bob):
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assert set_value(caller, doc, assigned_to=bob).json()["data"]["assigned_to"] == bob
		assert get_stored(doc) == bob
		assert list_todos(doc) == {ann: "Cancelled", bob: "Open"}

	def test_another_change_leaves_assignment_and_field(self, caller, doc, ann):
		set_value(caller, doc, assigned_to=ann)
		field = "city" if doc.doctype in ("Lead", "Opportunity") else "subject"
		data = set_value(caller, doc, **{field: "Salem"}).json()["data"]
		assert data["assigned_to"] == get_stored(doc) == ann
		assert list_todos(doc) == {ann: "Open"}

	def test_inserting_with_it_assigns(self, caller, ann):
		reply = caller.post(
			"frappe.client.insert", doctype="Task", task_name=factories.make_unique("Task"), assigned_to=ann
		)
		assert reply.status_code == 201, reply.text
		data = reply.json()["data"]
		task = frappe._dict(doctype="Task", name=data["name"])
		assert data["assigned_to"] == get_stored(task) == ann
		assert str(frappe.utils.get_datetime(data["modified"])) == get_stored_modified(task)
		assert list_todos(task) == {ann: "Open"}

	def test_saving_in_desk_assigns(self, browser, doc, ann):
		user = factories.make_user(*ROLES).name
		form = doc.reload().as_dict() | {"assigned_to": ann}
		reply = browser(user, factories.PASSWORD).request(
			"POST",
			"/api/method/frappe.desk.form.save.savedocs",
			data={"doc": frappe.as_json(form), "action": "Save"},
		)
		assert reply.status_code == 200, reply.text
		(saved,) = [each for each in reply.json()["docs"] if each["doctype"] == doc.doctype]
		assert (saved["assigned_to"], saved["modified"]) == (ann, get_stored_modified(doc))
		assert list_todos(doc) == {ann: "Open"}

	def test_an_opportunity_takes_its_leads_assignment_over_as_erpnext_moves_it(self, api, ann):
		lead = factories.make_lead(assigned_to=ann)
		reply = api(ann).post(
			"frappe.client.insert",
			doctype="Opportunity",
			opportunity_from="Lead",
			party_name=lead.name,
			company=factories.get_company(),
		)
		assert reply.status_code == 201, reply.text
		data = reply.json()["data"]
		opportunity = frappe._dict(doctype="Opportunity", name=data["name"])
		assert data["assigned_to"] == get_stored(opportunity) == ann
		assert get_stored(lead) is None

	def test_an_opportunity_can_be_cleared_while_its_lead_is_assigned(self, caller, ann):
		lead = factories.make_lead()
		opportunity = factories.make_opportunity(party_name=lead.name, assigned_to=ann)
		factories.assign(lead, ann)
		data = set_value(caller, opportunity, fieldname="assigned_to", value=None).json()["data"]
		assert data["assigned_to"] is None
		assert (get_stored(opportunity), list_todos(opportunity)) == (None, {ann: "Cancelled"})
		assert get_stored(lead) == ann


class TestAssignmentToField:
	def test_assigning_in_desk_sets_it(self, browser, doc, ann):
		user = factories.make_user(*ROLES).name
		reply = browser(user, factories.PASSWORD).request(
			"POST",
			"/api/method/frappe.desk.form.assign_to.add",
			data={"doctype": doc.doctype, "name": doc.name, "assign_to": json.dumps([ann])},
		)
		assert reply.status_code == 200, reply.text
		assert get_stored(doc) == ann

	def test_of_several_assignees_it_keeps_the_first(self, doc, ann, bob):
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assert get_stored(doc) == ann
		assert sorted(open_assignees(doc)) == sorted([ann, bob])

	def test_several_assigned_at_once_give_the_first(self, doc, ann, bob):
		assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [ann, bob]})
		frappe.db.commit()
		assert get_stored(doc) == ann

	def test_removing_the_second_leaves_the_first(self, doc, ann, bob):
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assign_to.remove(doc.doctype, doc.name, bob)
		frappe.db.commit()
		assert get_stored(doc) == ann

	def test_removing_the_first_leaves_the_second(self, doc, ann, bob):
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assign_to.remove(doc.doctype, doc.name, ann)
		frappe.db.commit()
		assert get_stored(doc) == bob

	def test_removing_the_only_one_empties_it(self, doc, ann):
		factories.assign(doc, ann)
		assign_to.remove(doc.doctype, doc.name, ann)
		frappe.db.commit()
		assert get_stored(doc) is None

	def test_closing_an_assignment_of_open_work_removes_the_assignee(self, doc, ann):
		factories.assign(doc, ann)
		frappe.set_user(ann)
		assign_to.close(doc.doctype, doc.name, ann)
		frappe.db.commit()
		assert get_stored(doc) is None

	def test_deleting_the_todo_empties_it(self, doc, ann):
		factories.assign(doc, ann)
		name = frappe.db.get_value("ToDo", {"reference_name": doc.name, "allocated_to": ann})
		frappe.delete_doc("ToDo", name)
		frappe.db.commit()
		assert get_stored(doc) is None

	def test_giving_the_todo_to_another_moves_it(self, doc, ann, bob):
		factories.assign(doc, ann)
		todo = frappe.get_doc("ToDo", {"reference_name": doc.name, "allocated_to": ann})
		todo.update({"allocated_to": bob}).save()
		frappe.db.commit()
		assert get_stored(doc) == bob

	def test_an_assignment_rolled_back_leaves_no_trace(self, doc, ann, bob):
		assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [ann]})
		frappe.db.rollback()
		factories.assign(doc, bob)
		assert get_stored(doc) == bob
		assert list_todos(doc) == {bob: "Open"}

	def test_a_commit_that_fails_on_anothers_account_leaves_no_trace(self, doc, ann, bob):
		def fail() -> None:
			raise RuntimeError("not this time")

		frappe.db.before_commit.add(fail)  # before this app's, which Frappe then drops
		assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [bob]})
		with pytest.raises(RuntimeError, match="not this time"):
			frappe.db.commit()
		frappe.db.rollback()
		assert list_pending() == {}
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assert get_stored(doc) == ann

	def test_reconnecting_discards_pending_assignments(self, doc, ann, bob):
		assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [bob]})
		frappe.db.close()
		frappe.connect()
		assert list_pending() == {}
		factories.assign(doc, ann)
		factories.assign(doc, bob)
		assert get_stored(doc) == ann

	def insert_until_assigned(self, caller, subject):
		"""Insert issues until a rule has assigned one: on Frappe 16, the server's process hears of a new rule a moment
		later.
		"""
		for _attempt in range(20):
			data = caller.post("frappe.client.insert", doctype="Issue", issue_title=subject).json()["data"]
			if data["assigned_to"]:
				break
			time.sleep(0.25)
		return data

	def test_an_assignment_rule_shows_in_the_reply(self, caller, ann):
		days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
		subject = factories.make_unique("Ruled")
		rule = factories.make_record(
			"Assignment Rule",
			__newname=factories.make_unique("Rule"),
			document_type="Issue",
			assign_condition=f'subject == "{subject}"',
			rule="Round Robin",
			users=[{"user": ann}],
			assignment_days=[{"day": day} for day in days],
			description="Assigned by rule",
		)
		try:
			data = self.insert_until_assigned(caller, subject)
		finally:
			frappe.delete_doc("Assignment Rule", rule.name)
			frappe.db.commit()
		issue = frappe._dict(doctype="Issue", name=data["name"])
		assert data["assigned_to"] == get_stored(issue) == ann
		assert str(frappe.utils.get_datetime(data["modified"])) == get_stored_modified(issue)

	def test_merging_records_takes_over_the_assignment(self, site, ann):
		kept, merged = factories.make_lead(), factories.make_lead(assigned_to=ann)
		frappe.rename_doc("Lead", merged.name, kept.name, merge=True)
		frappe.db.commit()
		assert get_stored(kept) == ann


class TestFinishedWork:
	def test_a_completed_task_keeps_its_assignee(self, caller, ann):
		task = factories.make_task(assigned_to=ann)
		data = set_value(caller, task, status="Completed").json()["data"]
		assert data["assigned_to"] == get_stored(task) == ann
		assert str(frappe.utils.get_datetime(data["modified"])) == get_stored_modified(task)
		assert list_todos(task) == {ann: "Closed"}

	def test_a_reopened_task_is_assigned_to_them_again(self, caller, ann):
		task = factories.make_task(assigned_to=ann)
		set_value(caller, task, status="Completed")
		data = set_value(caller, task, status="Open").json()["data"]
		assert data["assigned_to"] == get_stored(task) == ann
		assert open_assignees(task) == [ann]

	def test_a_completed_task_saved_again_stays_as_it_is(self, caller, ann):
		task = factories.make_task(assigned_to=ann)
		set_value(caller, task, status="Completed")
		set_value(caller, task, subject="Done")
		assert (get_stored(task), list_todos(task)) == (ann, {ann: "Closed"})

	def test_cancelled_task_is_assigned_to_nobody(self, caller, ann):
		task = factories.make_task(assigned_to=ann)
		data = set_value(caller, task, status="Cancelled").json()["data"]
		assert data["assigned_to"] is None
		assert (get_stored(task), list_todos(task)) == (None, {ann: "Cancelled"})


class TestRefusals:
	def test_a_missing_user_is_422_and_named(self, caller, doc):
		reply = set_value(caller, doc, assigned_to="nobody@harbor.example")
		assert reply.status_code == 422
		assert "nobody@harbor.example" in reply.json()["exc"]
		assert (get_stored(doc), list_todos(doc)) == (None, {})

	def test_a_disabled_user_is_422(self, caller, doc):
		gone = factories.make_user(*ROLES, enabled=0).name
		reply = set_value(caller, doc, assigned_to=gone)
		assert (reply.status_code, reply.json()["exc_type"]) == (422, "InvalidAssigneeError")
		assert gone in reply.json()["exc"]
		assert (get_stored(doc), list_todos(doc)) == (None, {})

	def test_a_user_without_access_is_422_and_nothing_is_shared(self, caller, doc):
		stranger = factories.make_user("Accounts User").name
		reply = set_value(caller, doc, assigned_to=stranger)
		assert (reply.status_code, reply.json()["exc_type"]) == (422, "InvalidAssigneeError")
		assert stranger in reply.json()["exc"]
		assert (get_stored(doc), list_todos(doc), list_shares(doc)) == (None, {}, 0)

	def test_an_insert_for_a_user_without_access_leaves_nothing(self, caller):
		stranger, subject = factories.make_user("Accounts User").name, factories.make_unique("Task")
		reply = caller.post("frappe.client.insert", doctype="Task", task_name=subject, assigned_to=stranger)
		assert get_error(reply) == (422, "InvalidAssigneeError")
		frappe.db.rollback()
		assert frappe.db.count("Task", {"subject": subject}) == 0

	def test_a_record_of_a_disabled_assignee_can_be_changed(self, caller, doc):
		ann = factories.make_user(*ROLES).name  # the others' must not be disabled
		set_value(caller, doc, assigned_to=ann)
		frappe.db.set_value("User", ann, "enabled", 0)
		frappe.db.commit()
		field = "city" if doc.doctype in ("Lead", "Opportunity") else "subject"
		assert set_value(caller, doc, **{field: "Salem"}).status_code == 200
		assert get_stored(doc) == ann

	def test_who_may_not_write_the_record_assigns_nobody(self, api, doc, ann):
		reader = factories.make_user().name
		factories.make_record("DocShare", user=reader, share_doctype=doc.doctype, share_name=doc.name, read=1)
		assert get_error(set_value(api(reader), doc, assigned_to=ann)) == (403, "PermissionError")
		assert (get_stored(doc), list_todos(doc)) == (None, {})

	def test_guest_is_401(self, guest, doc, ann):
		assert get_error(set_value(guest, doc, assigned_to=ann)) == (401, "AuthenticationError")
		assert (get_stored(doc), list_todos(doc)) == (None, {})


def test_other_todos_are_none_of_our_business(site, ann):
	todo = factories.make_record("ToDo", description="Call back", allocated_to=ann)
	assert todo.reference_type is None
	assert list_pending() == {}


def test_a_save_without_assignment_costs_no_query(site):
	from orchestrator import assignment as hooks

	lead = factories.make_lead()
	lead.load_doc_before_save()
	asked = []
	sql, frappe.db.sql = frappe.db.sql, lambda *args, **kwargs: asked.append(args)
	try:
		for hook in (hooks.before_validate, hooks.validate, hooks.on_update, hooks.on_change):
			hook(lead)
	finally:
		frappe.db.sql = sql
	assert asked == []
