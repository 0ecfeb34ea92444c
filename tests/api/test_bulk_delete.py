"""delete_many over HTTP: permissions, atomic and single results, files on disk, links."""

import json
from pathlib import Path

import pytest

import frappe

from tests.support import factories
from tests.support.client import get_error

DELETE = "frappe.desk.delete.delete_many"


def make_notes(count):
	return [factories.make_record("Note", title=factories.make_unique("Note")).name for _ in range(count)]


def make_linked_lead():
	"""Create a lead that an opportunity refers to."""
	return factories.make_opportunity().party_name


def list_existing(doctype, names):
	return sorted(frappe.get_all(doctype, filters={"name": ("in", names)}, pluck="name"))


def attach(doctype, name):
	"""Attach a private file to the record; return its path on disk."""
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"{frappe.generate_hash()}.txt",
			"attached_to_doctype": doctype,
			"attached_to_name": name,
			"is_private": 1,
			"content": frappe.generate_hash(),
		}
	).insert()
	frappe.db.commit()
	return Path(file.get_full_path())


def list_saved_links():
	return list(Path(frappe.get_site_path("private")).glob(".bulk-*"))


def test_records_are_deleted_as_frappe_deletes_them(api):
	names = make_notes(3)

	reply = api().post(DELETE, doctype="Note", name=names)

	assert reply.status_code == 200, reply.text
	assert reply.json() == {
		"message": "Deletion carried out",
		"exc": "",
		"data": {
			"doctype": "Note",
			"total": 3,
			"succeeded": 3,
			"failed": 0,
			"results": [{"name": name, "ok": True, "error": None} for name in names],
		},
	}
	assert list_existing("Note", names) == []
	assert (
		frappe.db.count("Deleted Document", {"deleted_doctype": "Note", "deleted_name": ("in", names)}) == 3
	)


def test_the_verb_delete_with_names_in_the_query_does_the_same(api):
	names = make_notes(2)

	reply = api().request(
		"DELETE", f"/api/method/{DELETE}", params={"doctype": "Note", "name": json.dumps(names)}
	)

	assert (reply.status_code, reply.json()["data"]["succeeded"]) == (200, 2)
	assert list_existing("Note", names) == []


def test_a_record_in_use_keeps_all_and_is_named(api):
	free, linked = factories.make_lead().name, make_linked_lead()

	reply = api().post(DELETE, doctype="Lead", name=[free, linked])

	assert get_error(reply) == (409, "LinkExistsError")
	assert (
		f"1 of 2 records failed, so nothing was changed: {linked} (You can disable this Lead"
		in reply.json()["exc"]
	)
	assert list_existing("Lead", [free, linked]) == sorted([free, linked])


def test_with_atomic_false_only_the_record_in_use_stays(api):
	free, linked = factories.make_lead().name, make_linked_lead()

	reply = api().post(DELETE, doctype="Lead", name=[linked, free], atomic=False)

	data = reply.json()["data"]
	assert (reply.status_code, data["succeeded"], data["failed"]) == (200, 1, 1)
	assert [result["ok"] for result in data["results"]] == [False, True]
	assert data["results"][0]["error"]["type"] == "LinkExistsError"
	assert list_existing("Lead", [free, linked]) == [linked]


@pytest.mark.parametrize("group_first", [True, False])
def test_records_that_only_refer_to_each_other_go_together(api, group_first):
	"""Whichever comes first: a group goes once its members are gone."""
	name = factories.make_unique("Territory")
	group, member = (f"{name} A", f"{name} B") if group_first else (f"{name} B", f"{name} A")
	factories.make_record("Territory", territory_name=group, is_group=1)
	factories.make_record("Territory", territory_name=member, parent_territory=group)

	reply = api().post(DELETE, doctype="Territory", name=[group, member])

	assert reply.status_code == 200, reply.text
	assert list_existing("Territory", [group, member]) == []


def test_failures_of_different_kinds_are_reported_together(api):
	"""A lead that an opportunity refers to, and a group of which a member stays."""
	caller = factories.make_user("Sales Manager", "Sales Master Manager").name
	group = factories.make_record("Territory", territory_name=factories.make_unique("Group"), is_group=1).name
	factories.make_record("Territory", territory_name=factories.make_unique("Member"), parent_territory=group)
	used = factories.make_record("Territory", territory_name=factories.make_unique("Used")).name
	factories.make_lead(territory=used)

	reply = api(caller).post(DELETE, doctype="Territory", name=[group, used])

	assert get_error(reply) == (422, "BulkOperationError")
	assert "2 of 2 records failed, so nothing was changed" in reply.json()["exc"]
	assert list_existing("Territory", [group, used]) == sorted([group, used])


def test_missing_records_are_reported_before_any_deletion(api):
	linked = make_linked_lead()

	reply = api().post(DELETE, doctype="Lead", name=[linked, factories.make_lead().name, "LEAD-NOWHERE"])

	assert get_error(reply) == (404, "DoesNotExistError")
	assert "1 of 3 records failed, so nothing was changed: LEAD-NOWHERE" in reply.json()["exc"]


def test_a_file_removed_before_a_later_record_failed_is_back_on_disk(api):
	free, linked = sorted([factories.make_lead().name, make_linked_lead()])
	linked, free = (
		(linked, free) if frappe.db.exists("Opportunity", {"party_name": linked}) else (free, linked)
	)
	path = attach("Lead", free)
	content = path.read_text()

	reply = api().post(DELETE, doctype="Lead", name=[free, linked])

	assert get_error(reply) == (409, "LinkExistsError")
	assert path.read_text() == content
	assert list_saved_links() == []


def test_the_file_of_a_deleted_record_is_gone_for_good(api):
	names = make_notes(2)
	path = attach("Note", names[0])

	api().post(DELETE, doctype="Note", name=names)

	assert not path.exists()
	assert list_saved_links() == []


def test_a_record_that_stays_keeps_its_jobs_to_itself(api, worker):
	"""The assignments of a lead that could not be deleted survive, although others of the call were deleted."""
	free, linked = factories.make_lead(), make_linked_lead()
	factories.assign(frappe.get_doc("Lead", linked), "Administrator")

	api().post(DELETE, doctype="Lead", name=[free.name, linked], atomic=False)
	worker()

	assert frappe.db.count("ToDo", {"reference_name": linked, "status": "Open"}) == 1


def test_a_guest_is_refused(guest):
	assert get_error(guest.post(DELETE, doctype="Note", name=["x"])) == (401, "AuthenticationError")


def test_a_role_that_may_read_but_not_delete_is_refused(api):
	lead = factories.make_lead().name

	reply = api(factories.make_user("Sales User").name).post(DELETE, doctype="Lead", name=[lead])

	assert get_error(reply) == (403, "PermissionError")
	assert list_existing("Lead", [lead]) == [lead]


def test_a_record_that_the_caller_may_read_but_not_delete_is_403_and_keeps_all(api):
	"""Notes: their owner may delete them, everybody may read public ones."""
	other = factories.make_record("Note", title=factories.make_unique("Public"), public=1).name
	caller = factories.make_user("Sales User").name
	frappe.set_user(caller)
	mine = factories.make_record("Note", title=factories.make_unique("Mine")).name
	frappe.set_user("Administrator")

	reply = api(caller).post(DELETE, doctype="Note", name=[mine, other])

	assert get_error(reply) == (403, "PermissionError")
	assert (
		f"1 of 2 records failed, so nothing was changed: {other} ({factories.DELETE_REFUSAL}"
		in reply.json()["exc"]
	)
	assert list_existing("Note", [mine, other]) == sorted([mine, other])


def test_another_users_private_record_looks_missing(api):
	hidden = factories.make_record("Note", title=factories.make_unique("Private"), public=0).name

	reply = api(factories.make_user("Sales User").name).post(DELETE, doctype="Note", name=[hidden])

	assert get_error(reply) == (404, "DoesNotExistError")
	assert list_existing("Note", [hidden]) == [hidden]


def test_a_name_in_other_letters_is_another_name(api):
	name = factories.make_lead().name

	reply = api().post(DELETE, doctype="Lead", name=[name.lower()])

	assert get_error(reply) == (404, "DoesNotExistError")
	assert list_existing("Lead", [name]) == [name]


def test_more_records_than_the_site_allows_are_refused(api):
	reply = api().post(DELETE, doctype="Note", name=[str(n) for n in range(501)])

	assert get_error(reply) == (400, "InvalidRequestError")


def test_files_whose_deletion_is_rolled_back_keep_their_content(admin, mark):
	"""Frappe deletes the content of a file from the disk before it finds that the next one may not be deleted."""
	file = factories.make_record("File", file_name=f"{mark}.txt", content=mark, is_private=1)
	path = Path(file.get_full_path())
	reply = admin.post(DELETE, doctype="File", name=[file.name, "Home"])
	assert get_error(reply) == (422, "ValidationError")
	assert path.read_text() == mark
	assert admin.request("GET", file.file_url).text == mark
	reply = admin.post(DELETE, doctype="File", name=[file.name, "Home"], atomic=False)
	assert reply.json()["data"]["succeeded"] == 1
	assert not path.exists()
