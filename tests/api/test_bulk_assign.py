"""set_assignment_for_many over HTTP: permissions, atomic and single results, and the records of an
assignment.
"""

import json

import pytest

import frappe

from tests.support import factories
from tests.support.client import get_error

ASSIGN = "frappe.desk.bulk_assignment.set_assignment_for_many"


def make_sales_user():
	return factories.make_user("Sales User").name


def make_leads(count):
	return [factories.make_lead().name for _ in range(count)]


def list_timeline(lead):
	"""Return all stored values of the comments on a lead, except their names and times."""
	comments = frappe.get_all("Comment", {"reference_name": lead, "comment_type": "Assigned"}, ["*"])
	own = {"name", "creation", "modified", "reference_name"}
	assert len(comments) == 1
	return [{key: comment[key] for key in comment if key not in own} for comment in comments]


def restrict(user, lead):
	"""Let `user` see only this one of all leads."""
	factories.make_record("User Permission", user=user, allow="Lead", for_value=lead, apply_to_all_doctypes=1)


def open_todos(names):
	return frappe.get_all(
		"ToDo",
		filters={"reference_type": "Lead", "reference_name": ("in", names), "status": "Open"},
		fields=["reference_name", "allocated_to", "assigned_by", "description", "priority"],
		order_by="reference_name, creation",
	)


def test_every_record_gets_the_assignment_that_frappe_would_make(api):
	caller, assignee, names = make_sales_user(), make_sales_user(), make_leads(3)

	reply = api(caller).post(ASSIGN, doctype="Lead", name=names, assigned_to=assignee)

	assert reply.status_code == 200, reply.text
	assert reply.json() == {
		"message": "Assignment carried out",
		"exc": "",
		"data": {
			"doctype": "Lead",
			"total": 3,
			"succeeded": 3,
			"failed": 0,
			"results": [{"name": name, "ok": True, "error": None} for name in names],
		},
	}
	assert open_todos(names) == [
		{
			"reference_name": name,
			"allocated_to": assignee,
			"assigned_by": caller,
			"description": f"Assignment for Lead {name}",
			"priority": "Medium",
		}
		for name in sorted(names)
	]
	for name in names:
		assert json.loads(frappe.db.get_value("Lead", name, "_assign")) == [assignee]
		assert frappe.db.count("Comment", {"reference_name": name, "comment_type": "Assigned"}) == 1


def test_the_timeline_equals_that_of_an_assignment_in_desk(api):
	caller, assignee, (ours, desks) = make_sales_user(), make_sales_user(), make_leads(2)

	api(caller).post(ASSIGN, doctype="Lead", name=[ours], assigned_to=assignee)
	api(caller).post("frappe.desk.form.assign_to.add", doctype="Lead", name=desks, assign_to=[assignee])

	assert list_timeline(ours) == [
		{**comment, "content": comment["content"].replace(desks, ours)} for comment in list_timeline(desks)
	]


def test_the_field_assigned_to_follows_and_other_assignees_stay(api):
	first, second, names = make_sales_user(), make_sales_user(), make_leads(2)
	factories.assign(frappe.get_doc("Lead", names[0]), first)

	api().post(ASSIGN, doctype="Lead", name=names, assigned_to=second)

	assert [todo.allocated_to for todo in open_todos(names[:1])] == [first, second]
	assert frappe.db.get_value("Lead", names[0], "assigned_to") == first
	assert frappe.db.get_value("Lead", names[1], "assigned_to") == second


def test_who_is_assigned_already_is_not_assigned_twice(api):
	assignee, names = make_sales_user(), make_leads(2)
	factories.assign(frappe.get_doc("Lead", names[0]), assignee)

	reply = api().post(ASSIGN, doctype="Lead", name=[names[0], names[1], names[1]], assigned_to=assignee)

	assert reply.json()["data"]["succeeded"] == 2
	assert [todo.reference_name for todo in open_todos(names)] == sorted(names)


def test_the_assignee_is_notified_of_each_record_once_the_call_is_committed(api, worker):
	caller, assignee, names = make_sales_user(), make_sales_user(), make_leads(2)

	api(caller).post(ASSIGN, doctype="Lead", name=names, assigned_to=assignee)
	worker()

	logs = frappe.get_all(
		"Notification Log",
		filters={"for_user": assignee, "type": "Assignment"},
		fields=["document_name", "from_user", "email_content"],
		order_by="document_name",
	)
	assert logs == [
		{
			"document_name": name,
			"from_user": caller,
			"email_content": f"<div>Assignment for Lead {name}</div>",
		}
		for name in sorted(names)
	]


def test_one_missing_record_undoes_all_and_is_named(api):
	assignee, names = make_sales_user(), make_leads(2)

	reply = api().post(ASSIGN, doctype="Lead", name=[*names, "LEAD-NOWHERE"], assigned_to=assignee)

	assert get_error(reply) == (404, "DoesNotExistError")
	assert reply.json()["exc"] == (
		"DoesNotExistError: 1 of 3 records failed, so nothing was changed: LEAD-NOWHERE (Lead LEAD-NOWHERE not found.)."
		" Leave them out or send atomic: false."
	)
	assert open_todos(names) == []


def test_with_atomic_false_the_others_are_assigned(api):
	assignee, names = make_sales_user(), make_leads(2)
	asked = [names[0], "LEAD-NOWHERE", names[1]]

	reply = api().post(ASSIGN, doctype="Lead", name=asked, assigned_to=assignee, atomic=False)

	assert reply.status_code == 200
	assert reply.json()["data"] == {
		"doctype": "Lead",
		"total": 3,
		"succeeded": 2,
		"failed": 1,
		"results": [
			{"name": names[0], "ok": True, "error": None},
			{
				"name": "LEAD-NOWHERE",
				"ok": False,
				"error": {"type": "DoesNotExistError", "text": "Lead LEAD-NOWHERE not found."},
			},
			{"name": names[1], "ok": True, "error": None},
		],
	}
	assert len(open_todos(names)) == 2


def test_a_hidden_record_looks_like_a_missing_one(api):
	caller, assignee = make_sales_user(), make_sales_user()
	mine, hidden = make_leads(2)
	restrict(caller, mine)

	reply = api(caller).post(ASSIGN, doctype="Lead", name=[mine, hidden], assigned_to=assignee, atomic=False)

	assert reply.json()["data"]["results"] == [
		{"name": mine, "ok": True, "error": None},
		{
			"name": hidden,
			"ok": False,
			"error": {"type": "DoesNotExistError", "text": f"Lead {hidden} not found."},
		},
	]
	assert open_todos([hidden]) == []


def test_an_assignee_without_permission_is_not_assigned(api):
	"""Frappe would share it with them without the caller's knowledge."""
	assignee = make_sales_user()
	seen, hidden = make_leads(2)
	restrict(assignee, seen)

	reply = api().post(ASSIGN, doctype="Lead", name=[seen, hidden], assigned_to=assignee)

	assert get_error(reply) == (422, "InvalidAssigneeError")
	assert (
		f"1 of 2 records failed, so nothing was changed: {hidden} ({assignee} cannot be assigned because they may not read this record"
		in reply.json()["exc"]
	)
	assert open_todos([seen, hidden]) == []
	assert frappe.db.count("DocShare", {"user": assignee, "share_doctype": "Lead"}) == 0


def test_a_failed_assignment_leaves_the_assignees_field_and_comments_alone(api):
	assignee = make_sales_user()
	seen, hidden = make_leads(2)
	restrict(assignee, seen)

	reply = api().post(ASSIGN, doctype="Lead", name=[hidden, seen], assigned_to=assignee, atomic=False)

	assert [result["ok"] for result in reply.json()["data"]["results"]] == [False, True]
	assert frappe.db.get_value("Lead", hidden, ["assigned_to", "_assign"]) == (None, None)
	assert frappe.db.count("Comment", {"reference_name": hidden, "comment_type": "Assigned"}) == 0
	assert frappe.db.get_value("Lead", seen, "assigned_to") == assignee


def test_json_list_and_single_name_are_accepted(api):
	assignee, names = make_sales_user(), make_leads(2)

	as_text = api().post(ASSIGN, doctype="Lead", name=json.dumps(names), assigned_to=assignee)
	single = api().post(ASSIGN, doctype="Lead", name=names[0], assigned_to=assignee)

	assert as_text.json()["data"]["succeeded"] == 2
	assert single.json()["data"]["results"] == [{"name": names[0], "ok": True, "error": None}]


def test_a_retry_with_the_same_key_is_answered_as_before(api):
	assignee, names, headers = make_sales_user(), make_leads(1), {"Idempotency-Key": frappe.generate_hash()}
	client = api()

	first = client.post(ASSIGN, headers=headers, doctype="Lead", name=names, assigned_to=assignee)
	again = client.post(ASSIGN, headers=headers, doctype="Lead", name=names, assigned_to=assignee)

	assert again.json() == first.json()
	assert again.headers["Idempotency-Replayed"] == "true"


def test_desk_gets_the_same_body_with_a_status_it_knows(browser, api):
	caller, names = make_sales_user(), make_leads(1)
	desk = browser(caller, factories.PASSWORD)

	good = desk.post(ASSIGN, doctype="Lead", name=names, assigned_to=caller)
	bad = desk.post(ASSIGN, doctype="Lead", name=names, assigned_to="nobody@harbor.example")

	assert (good.status_code, good.json()["data"]["succeeded"]) == (200, 1)
	assert (bad.status_code, bad.json()["exc_type"], bad.json()["data"]) == (417, "LinkValidationError", None)


def test_a_guest_is_refused(guest):
	reply = guest.post(ASSIGN, doctype="Lead", name=["L001"], assigned_to="Administrator")

	assert get_error(reply) == (401, "AuthenticationError")


def test_a_caller_without_read_permission_is_refused(api):
	reply = api(factories.make_user("Employee").name).post(
		ASSIGN, doctype="Lead", name=make_leads(1), assigned_to="Administrator"
	)

	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize(
	("arguments", "status", "exc_type", "words"),
	[
		({"name": []}, 400, "InvalidRequestError", "name holds 0 records; a bulk call takes 1 to 500"),
		({"name": "[1,"}, 400, "InvalidRequestError", "name is not valid JSON"),
		({"name": [{"name": "L001"}]}, 400, "InvalidNameError", "name must be the name of one record."),
		({"name": [True]}, 400, "InvalidRequestError", "name must be a record's name or a list of names."),
		({"name": {"a": 1}}, 400, "InvalidRequestError", "name"),
		(
			{"name": [f"L{n}" for n in range(501)]},
			400,
			"InvalidRequestError",
			"name holds 501 records; a bulk call takes 1 to 500",
		),
		({"atomic": "perhaps"}, 400, "InvalidRequestError", "atomic"),
		({"assigned_to": ""}, 400, "InvalidRequestError", "Missing parameter: assigned_to."),
		(
			{"assigned_to": "nobody@harbor.example"},
			422,
			"LinkValidationError",
			"User nobody@harbor.example was not found",
		),
		({"assigned_to": "Guest"}, 422, "LinkValidationError", "User Guest was not found"),
		({"doctype": "Leed"}, 404, "DoesNotExistError", "There is no DocType Leed."),
		({"doctype": "CRM Settings"}, 400, "InvalidRequestError", "has no records of its own"),
		({"doctype": "CRM Note"}, 400, "InvalidRequestError", "has no records of its own"),
	],
)
def test_a_bad_argument_is_refused_with_the_reason(api, arguments, status, exc_type, words):
	body = {"doctype": "Lead", "name": ["L001"], "assigned_to": "Administrator", **arguments}

	reply = api().post(ASSIGN, **body)

	assert get_error(reply) == (status, exc_type)
	assert words in reply.json()["exc"]


def test_a_disabled_user_gets_no_assignments(api):
	disabled = factories.make_user("Sales User", enabled=0).name
	names = make_leads(1)

	reply = api().post(ASSIGN, doctype="Lead", name=names, assigned_to=disabled)

	assert get_error(reply) == (422, "InvalidAssigneeError")
	assert open_todos(names) == []


def test_a_get_is_answered_with_the_verb_that_works(api):
	reply = api().get(ASSIGN, doctype="Lead", name="L001", assigned_to="Administrator")

	assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")
