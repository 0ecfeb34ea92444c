"""Retention periods and legal holds of folders."""

from datetime import datetime

import pytest

import frappe
from frappe.utils import add_days, now_datetime

from orchestrator.docs.folders import FolderRules
from orchestrator.docs.retention import compute_retention_end, find_loosened_rule
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import METHOD, get_stored_path, make_document, make_folder, make_person

LATER, EARLIER = datetime(2999, 1, 1), datetime(2000, 1, 1)


def test_a_period_counts_from_the_latest_version():
	assert compute_retention_end(datetime(2026, 1, 30, 12), 30) == datetime(2026, 3, 1, 12)


@pytest.mark.parametrize(
	("here", "there", "until", "refused"),
	[
		(FolderRules(0, False), FolderRules(0, False), EARLIER, False),
		(FolderRules(0, True), FolderRules(0, False), EARLIER, True),
		(FolderRules(0, True), FolderRules(0, True), EARLIER, False),
		(FolderRules(30, False), FolderRules(0, False), LATER, True),
		(FolderRules(30, False), FolderRules(0, False), EARLIER, False),
		(FolderRules(30, False), FolderRules(30, False), LATER, False),
		(FolderRules(0, False), FolderRules(30, True), LATER, False),
	],
)
def test_a_move_loosens_neither_hold_nor_period(here, there, until, refused):
	assert (find_loosened_rule(here, there, until) is not None) == refused


def delete(client: Client, document: str):
	return client.post("frappe.client.delete", doctype="Document", name=document)


def test_nothing_under_a_legal_hold_is_deleted_not_even_by_administrator(admin):
	held = make_folder(legal_hold=1)
	below = make_folder(parent_document_folder=held)
	document = make_document(below)
	reply = delete(admin, document)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "RetentionConflictError")
	assert "legal hold" in reply.json()["exc"]
	assert get_stored_path(document).read_bytes() == b"first"
	assert get_error(admin.post("frappe.client.delete", doctype="Document Folder", name=below)) == (
		409,
		"RetentionConflictError",
	)
	bulk = admin.post("frappe.desk.delete.delete_many", doctype="Document", name=[document])
	assert get_error(bulk) == (409, "RetentionConflictError")
	frappe.db.rollback()
	assert frappe.db.exists("Document", document)
	get_data(admin.post("frappe.client.set_value", doctype="Document Folder", name=held, legal_hold=0))
	get_data(delete(admin, document))


def test_a_document_is_deleted_when_its_period_is_over_and_not_before(admin):
	document = make_document(make_folder(retention_days=30))
	reply = delete(admin, document)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "RetentionConflictError")
	frappe.db.set_value("Document Version", f"{document}-v1", "creation", add_days(now_datetime(), -31))
	frappe.db.commit()
	get_data(delete(admin, document))


def test_the_longest_period_along_the_path_holds(admin):
	above = make_folder(retention_days=30)
	document = make_document(make_folder(parent_document_folder=above, retention_days=1))
	frappe.db.set_value("Document Version", f"{document}-v1", "creation", add_days(now_datetime(), -2))
	frappe.db.commit()
	assert get_error(delete(admin, document)) == (409, "RetentionConflictError")
	assert frappe.db.exists("Document", document)


def test_what_is_held_is_not_moved_out_by_any_call(admin):
	held, free = make_folder(legal_hold=1), make_folder()
	inner = make_folder(parent_document_folder=held)
	document = make_document(inner)
	calls = [
		(f"{METHOD}move", {"document": document, "folder": free}),
		("frappe.client.set_value", {"doctype": "Document", "name": document, "document_folder": free}),
		(
			"frappe.client.set_value",
			{"doctype": "Document Folder", "name": inner, "parent_document_folder": free},
		),
	]
	for method, body in calls:
		reply = admin.post(method, **body)
		assert (reply.status_code, reply.json()["exc_type"]) == (409, "RetentionConflictError"), (
			method,
			reply.text,
		)
	get_data(admin.post(f"{METHOD}move", document=document, folder=held))


def test_deleting_takes_manage_access(api):
	writer, manager = make_person("Sales User"), make_person("Sales User")
	document = make_document(make_folder(("User", writer, "Write"), ("User", manager, "Manage")))
	assert get_error(delete(api(writer), document)) == (403, "PermissionError")
	assert frappe.db.exists("Document", document)
	get_data(delete(api(manager), document))


def test_a_document_that_someone_has_checked_out_is_not_deleted(api, admin):
	writer = make_person("Sales User")
	document = make_document(make_folder(("User", writer, "Write")))
	get_data(api(writer).post(f"{METHOD}check_out", document=document))
	assert get_error(delete(admin, document)) == (409, "CheckoutConflictError")
	assert frappe.db.exists("Document", document)


def test_a_folder_that_holds_something_is_not_deleted(admin):
	folder = make_folder()
	make_document(folder, None)
	assert get_error(admin.post("frappe.client.delete", doctype="Document Folder", name=folder)) == (
		409,
		"LinkExistsError",
	)
	assert get_error(admin.post("frappe.client.delete", doctype="Document Folder", name="Documents")) == (
		422,
		"ValidationError",
	)
	assert frappe.db.exists("Document Folder", folder)
	assert frappe.db.exists("Document Folder", "Documents")


def test_a_change_of_hold_is_in_the_trail(admin):
	folder = make_folder()
	get_data(admin.post("frappe.client.set_value", doctype="Document Folder", name=folder, legal_hold=1))
	entries = frappe.get_all(
		"Document Audit Entry", {"document_folder": folder}, ["action", "details"], order_by="creation asc"
	)
	assert [entry.action for entry in entries] == ["Folder Created", "Folder Changed"]
	assert entries[1].details == '{"fields": ["legal_hold"]}'


def test_a_folder_that_moves_takes_the_paths_of_those_in_it_along(admin):
	old, new = make_folder(), make_folder()
	inner = make_folder(parent_document_folder=old, title=factories.make_unique("Inner"))
	leaf = make_folder(parent_document_folder=inner, title=factories.make_unique("Leaf"))
	get_data(
		admin.post(
			"frappe.client.set_value", doctype="Document Folder", name=inner, parent_document_folder=new
		)
	)
	frappe.db.rollback()
	assert frappe.db.get_value("Document Folder", leaf, "path") == f"/Documents/{new}/{inner}/{leaf}"
