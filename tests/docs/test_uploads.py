"""Uploads into the document library, and the documented reads of its content."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe

from tests.support import factories
from tests.support.client import get_data, get_error
from tests.support.docs_factories import (
	list_audit_actions,
	list_keys_on_disk,
	make_document,
	make_folder,
	make_person,
	upload,
)


def test_an_upload_makes_folders_document_and_version(admin, mark):
	data = get_data(
		upload(admin, f"/Documents/Deals {mark}/Signed", "deal.txt", b"We agree.", is_private="0"), 201
	)
	assert data["folder"] == f"Home/Documents/Deals {mark}/Signed"
	assert data["is_private"] == 1
	assert data["version"] == 1
	document = frappe.get_doc("Document", data["document"])
	assert (document.title, document.current_version, document.status) == ("deal.txt", 1, "Draft")
	assert document.checksum == hashlib.sha256(b"We agree.").hexdigest()
	assert (document.file, document.file_size, document.mime_type) == (data["name"], 9, "text/plain")
	folder = frappe.get_doc("Document Folder", document.document_folder)
	assert (folder.title, folder.path) == ("Signed", f"/Documents/Deals {mark}/Signed")
	assert admin.request("GET", data["file_url"]).content == b"We agree."
	assert list_audit_actions(document.name) == ["Created", "Version Added", "Downloaded"]


def test_the_same_bytes_again_under_the_same_title_and_folder_are_recognised(admin, mark):
	first = get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"same"), 201)
	on_disk = list_keys_on_disk()
	again = get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"same"), 200)
	assert (again["document"], again["name"], again["version"]) == (first["document"], first["name"], 1)
	assert list_keys_on_disk() == on_disk


def test_other_bytes_under_the_same_title_become_the_next_version(admin, mark):
	first = get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"one"), 201)
	second = get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"two"), 201)
	assert (second["document"], second["version"]) == (first["document"], 2)
	assert admin.request("GET", first["file_url"]).content == b"one"


def test_the_same_bytes_under_another_title_are_another_document(admin, mark):
	one = get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"same"), 201)
	other = get_data(upload(admin, f"/Documents/{mark}", "b.txt", b"same"), 201)
	assert one["document"] != other["document"]


def test_a_folder_is_found_by_its_short_name_as_documented(admin, mark):
	data = get_data(upload(admin, f"/Documents/Contracts {mark}", "a.txt", b"x"), 201)
	rows = get_data(
		admin.get(
			"frappe.client.get_list",
			doctype="Document",
			filters=f'[["document_folder","=","Contracts {mark}"]]',
		)
	)
	assert rows == [{"name": data["document"]}]
	record = get_data(admin.get("frappe.client.get", doctype="Document", name=data["document"]))
	assert (record["title"], record["document_folder"]) == ("a.txt", f"Contracts {mark}")


def test_of_two_folders_of_one_title_the_second_is_named_by_its_path(admin, mark):
	get_data(upload(admin, f"/Documents/{mark}", "a.txt", b"x"), 201)
	second = get_data(upload(admin, f"/Documents/Legal {mark}/{mark}", "a.txt", b"x"), 201)
	folder = frappe.db.get_value("Document", second["document"], "document_folder")
	assert folder == f"Legal {mark}/{mark}"


def test_an_upload_elsewhere_is_a_plain_file(admin, mark):
	data = get_data(upload(admin, f"/Invoices {mark}", "a.txt", mark.encode(), is_private="1"), 201)
	assert "document" not in data
	assert data["folder"] == f"Home/Invoices {mark}"


def test_a_file_that_is_to_hang_on_a_record_is_a_plain_file(admin, mark):
	lead = factories.make_lead().name
	data = get_data(
		upload(
			admin, f"/Documents/{mark}", "a.txt", mark.encode(), doctype="Lead", docname=lead, is_private="1"
		),
		201,
	)
	assert (data.get("document"), data["attached_to_name"]) == (None, lead)


def test_who_may_not_write_at_the_root_makes_no_folder(api, mark):
	reply = upload(api(make_person("Sales User")), f"/Documents/{mark}", "a.txt", b"x")
	assert get_error(reply) == (403, "PermissionError")
	frappe.db.rollback()
	assert not frappe.db.exists("Document Folder", {"title": mark})
	assert not frappe.db.exists("File", {"file_name": mark})


def test_who_may_write_in_a_folder_makes_folders_in_it(api, mark):
	person = make_person("Sales User")
	folder = make_folder(("User", person, "Write"))
	data = get_data(upload(api(person), f"/Documents/{folder}/{mark}", "a.txt", b"x"), 201)
	assert frappe.db.get_value("Document Folder", {"title": mark}, "parent_document_folder") == folder
	assert frappe.db.get_value("Document", data["document"], "owner") == person


def test_who_may_only_read_a_folder_uploads_nothing(api):
	person = make_person("Sales User")
	folder = make_folder(("User", person, "Read"))
	before = list_keys_on_disk()
	assert get_error(upload(api(person), f"/Documents/{folder}", "a.txt", b"x")) == (403, "PermissionError")
	assert list_keys_on_disk() == before
	assert not frappe.db.exists("Document", {"document_folder": folder})


def test_a_guest_uploads_nothing(guest, mark):
	assert get_error(upload(guest, f"/Documents/{mark}", "a.txt", b"x")) == (401, "AuthenticationError")
	assert not frappe.db.exists("Document Folder", {"title": mark})


def test_parallel_uploads_into_a_new_folder_make_it_once(api, mark):
	clients = [api("Administrator") for _ in range(8)]
	with ThreadPoolExecutor(8) as pool:
		replies = list(
			pool.map(lambda n: upload(clients[n], f"/Documents/{mark}", f"{n}.txt", b"%d" % n), range(8))
		)
	assert [reply.status_code for reply in replies] == [201] * 8, [reply.text[:200] for reply in replies]
	frappe.db.rollback()
	assert frappe.db.count("Document Folder", {"title": mark}) == 1
	assert frappe.db.count("Document", {"document_folder": mark}) == 8


def test_an_upload_may_have_tags_and_notes(admin, mark):
	data = get_data(
		upload(
			admin, f"/Documents/{mark}", "a.txt", b"x", tags="lease, 2026", version_notes="From the notary"
		),
		201,
	)
	record = get_data(admin.get("frappe.client.get", doctype="Document", name=data["document"]))
	assert record["tags"] == "lease, 2026"
	version = get_data(admin.get("orchestrator.docs.get_version", document=data["document"]))
	assert (version["notes"], version["author"]) == ("From the notary", "Administrator")


@pytest.mark.parametrize(
	"name", ["../../etc/passwd", "a\u202ecod.exe", "a\\b.txt", "x" * 141, "..", "line\u2028break.txt"]
)
def test_a_file_name_that_is_a_trick_is_refused(admin, mark, name):
	before = list_keys_on_disk()
	reply = upload(admin, f"/Documents/{mark}", "a.txt", b"x", title=name)
	assert reply.status_code == 400, reply.text
	assert "is not a valid name" in reply.json()["exc"]
	assert list_keys_on_disk() == before


def test_two_documents_of_one_title_in_a_folder_are_a_conflict(admin):
	folder = make_folder()
	make_document(folder, None, title="Lease")
	reply = admin.post("frappe.client.insert", doctype="Document", title="Lease", document_folder=folder)
	assert get_error(reply) == (409, "UniqueValidationError")
	assert frappe.db.count("Document", {"document_folder": folder}) == 1


def test_a_document_is_inserted_without_a_file_and_gets_versions_later(admin):
	folder = make_folder()
	record = get_data(
		admin.post(
			"frappe.client.insert",
			doctype="Document",
			title=factories.make_unique("Plan"),
			document_folder=folder,
			current_version=7,
			checksum="made up",
		),
		201,
	)
	assert (record["current_version"], record["checksum"]) == (0, None)
	version = get_data(
		admin.post("orchestrator.docs.create_version", document=record["name"], file="Our plan."), 201
	)
	assert (version["number"], version["file_name"]) == (1, f"{record['title']}.txt")
