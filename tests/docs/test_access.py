"""Access to documents by every route, and refusals that apply to everyone."""

import json

import pytest

import frappe

from orchestrator.docs import changes
from orchestrator.docs.access import MANAGE, READ, WRITE, FolderNode, Grant, compute_inherited_levels
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import (
	METHOD,
	download,
	get_stored_path,
	list_audit_actions,
	make_document,
	make_folder,
	make_person,
	upload,
)

TREE = [
	FolderNode("Documents", None, True),
	FolderNode("Legal", "Documents", True),
	FolderNode("Cases", "Legal", True),
	FolderNode("Board", "Legal", False),
	FolderNode("Minutes", "Board", True),
]


@pytest.mark.parametrize(
	("grants", "levels"),
	[
		([], {}),
		([Grant("Legal", READ)], {"Legal": READ, "Cases": READ}),
		([Grant("Legal", READ), Grant("Cases", WRITE)], {"Legal": READ, "Cases": WRITE}),
		([Grant("Legal", WRITE), Grant("Cases", READ)], {"Legal": WRITE, "Cases": WRITE}),
		([Grant("Legal", READ), Grant("Legal", MANAGE)], {"Legal": MANAGE, "Cases": MANAGE}),
		([Grant("Board", READ)], {"Board": READ, "Minutes": READ}),
		([Grant("Minutes", READ)], {"Minutes": READ}),
	],
)
def test_access_passes_on_to_the_folders_that_inherit(grants, levels):
	assert compute_inherited_levels(TREE, grants) == levels


@pytest.fixture(scope="module")
def place(frappe_site):
	"""Return a closed folder within an open one, and users with access of each kind."""
	frappe.set_user("Administrator")
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Dept"), company=factories.get_company()
	)
	part = factories.make_record(
		"Department",
		department_name=factories.make_unique("Part"),
		company=factories.get_company(),
		parent_department=department.name,
	)
	people = {
		name: make_person("Sales User") for name in ("reader", "colleague", "outsider", "left", "manager")
	}
	people["by_role"] = make_person("Auditor")
	factories.make_employee(user_id=people["colleague"], department=part.name, create_user_permission=0)
	factories.make_employee(
		user_id=people["left"],
		department=part.name,
		status="Left",
		relieving_date="2024-01-01",
		create_user_permission=0,
	)
	frappe.get_doc("User", people["left"]).update({"enabled": 1}).save()
	frappe.db.commit()
	folder = make_folder(
		("User", people["reader"], "Read"),
		("User", people["manager"], "Manage"),
		("Role", "Auditor", "Read"),
		("Department", department.name, "Write"),
	)
	closed = make_folder(("User", people["manager"], "Read"), parent_document_folder=folder, inherit_access=0)
	below = make_folder(parent_document_folder=folder)
	return frappe._dict(
		**people,
		folder=folder,
		document=make_document(folder, b"open secret"),
		inherited=make_document(below, b"inherited secret"),
		closed=make_document(closed, b"closed secret"),
	)


def find_reached(client: Client, place: frappe._dict) -> set[str]:
	"""Return the documents that a caller can read; lists, single reads and downloads must agree."""
	names = [place.document, place.inherited, place.closed]
	listed = get_data(
		client.get("frappe.client.get_list", doctype="Document", filters=json.dumps([["name", "in", names]]))
	)
	versions = get_data(
		client.get(
			"frappe.client.get_list",
			doctype="Document Version",
			fields='["document"]',
			filters=json.dumps([["document", "in", names]]),
		)
	)
	files = client.get(
		"frappe.client.get_list",
		doctype="File",
		fields='["attached_to_name"]',
		filters=json.dumps([["attached_to_doctype", "=", "Document"], ["attached_to_name", "in", names]]),
	)
	single = {name for name in names if client.get("frappe.client.get", doctype="Document", name=name).ok}
	got = {name for name in names if download(client, name).ok}
	assert {row["name"] for row in listed} == {row["document"] for row in versions} == single == got
	assert {row["attached_to_name"] for row in get_data(files)} == got
	return {key for key in ("document", "inherited", "closed") if place[key] in got}


@pytest.mark.parametrize(
	("person", "documents"),
	[
		("reader", {"document", "inherited"}),
		("by_role", {"document", "inherited"}),
		("colleague", {"document", "inherited"}),
		("manager", {"document", "inherited", "closed"}),
		("outsider", set()),
		("left", set()),
	],
)
def test_a_document_is_reached_by_role_department_or_user_of_its_folder(api, place, person, documents):
	assert find_reached(api(place[person]), place) == documents


def get_name(place, doctype: str) -> str:
	"""Return the record of a DocType of the library in the closed folder."""
	if doctype == "File":
		return frappe.db.get_value("Document", place.document, "file")
	names = {"Document Version": f"{place.document}-v1", "Document Folder": place.folder}
	return names.get(doctype, place.document)


@pytest.mark.parametrize("doctype", ["Document", "Document Version", "Document Folder"])
def test_desk_opens_the_forms_for_a_reader_and_not_for_an_outsider(browser, place, doctype):
	load, name = "frappe.desk.form.load.getdoc", get_name(place, doctype)
	reader, outsider = (browser(place[who], factories.PASSWORD) for who in ("reader", "outsider"))
	reply = reader.get(load, doctype=doctype, name=name)
	assert reply.status_code == 200, reply.text
	assert reply.json()["docs"][0]["name"] == name
	refused = outsider.get(load, doctype=doctype, name=name)
	assert (refused.status_code, refused.json()["exc_type"]) == (403, "PermissionError")


def test_nothing_else_tells_of_hidden_documents(api, place):
	"""Frappe repeats titles and names of records in other DocTypes, and a child table lists who has access."""
	tag = factories.make_unique("Tag")
	changes.update_tags(place.document, [tag])
	frappe.db.commit()
	reader, outsider = api(place.reader), api(place.outsider)
	rows = {"doctype": "Tag Link", "filters": json.dumps({"tag": tag}), "fields": '["document_name"]'}
	assert get_data(reader.get("frappe.client.get_list", **rows)) == [{"document_name": place.document}]
	assert get_data(outsider.get("frappe.client.get_list", **rows)) == []
	link = frappe.db.get_value("Tag Link", {"tag": tag})
	assert get_error(outsider.get("frappe.client.get", doctype="Tag Link", name=link)) == (
		404,
		"DoesNotExistError",
	)
	grants = {
		"doctype": "Document Folder Access",
		"parent": "Document Folder",
		"fields": '["level"]',
		"filters": json.dumps({"parent": place.folder}),
	}
	assert get_data(outsider.get("frappe.client.get_list", **grants)) == []
	assert len(get_data(reader.get("frappe.client.get_list", **grants))) == 4
	title = outsider.post("frappe.desk.search.get_link_title", doctype="Document", docname=place.document)
	assert frappe.db.get_value("Document", place.document, "title") not in title.text
	hidden = upload(outsider, f"/Documents/{place.folder}", "a.txt", b"x")
	missing = upload(outsider, "/Documents/No such folder", "a.txt", b"x")
	assert (hidden.status_code, hidden.json()) == (403, missing.json())


def test_administrators_reach_all_and_guests_none(api, guest, place):
	assert find_reached(api("Administrator"), place) == {"document", "inherited", "closed"}
	assert get_error(guest.get("frappe.client.get", doctype="Document", name=place.document)) == (
		401,
		"AuthenticationError",
	)
	assert get_error(download(guest, place.document)) == (401, "AuthenticationError")
	assert guest.request("GET", f"/api/resource/Document/{place.document}").status_code in (401, 403)


def test_revoked_access_ends_at_once(api, place):
	person = make_person("Sales User")
	folder = make_folder(("User", person, "Read"))
	document = make_document(folder)
	client = api(person)
	assert download(client, document).ok
	frappe.get_doc("Document Folder", folder).update({"access": []}).save()
	frappe.db.commit()
	assert get_error(download(client, document)) == (404, "DoesNotExistError")


def list_download_routes(document: str) -> list[tuple[str, dict]]:
	"""Return paths by which Frappe returns the content of files."""
	file = frappe.get_doc("File", frappe.db.get_value("Document", document, "file"))
	where = get_stored_path(document).relative_to(frappe.get_site_path("private", "files"))
	on_disk = f"/private/files/{where}"
	method = "/api/method/"
	return [
		(file.file_url, {}),
		(f"{method}orchestrator.docs.download", {"document": document}),
		(f"{method}orchestrator.docs.download", {"version": f"{document}-v1"}),
		(f"{method}orchestrator.docs.compare_versions", {"document": document, "first": 1, "second": 1}),
		(f"{method}download_file", {"file_url": file.file_url}),
		(f"{method}frappe.core.doctype.file.file.download_file", {"file_url": on_disk}),
		(f"{method}frappe.core.doctype.file.file.zip_files", {"files": json.dumps([file.name])}),
		(f"{method}frappe.core.api.file.zip_files", {"files": json.dumps([file.name])}),
		(f"/files/{file.file_name}", {}),
		(f"/private/files/{file.file_name}", {}),
		(on_disk, {}),
		(f"{on_disk}?fid={file.name}", {}),
		(f"/files/{where}", {}),
		(f"/files/../../private/files/{where}", {}),
		("/printview", {"doctype": "Document", "name": document}),
		(f"/api/resource/File/{file.name}", {}),
		(f"/api/v2/document/Document/{document}", {}),
	]


def test_no_url_returns_the_content_without_permission(api, guest, browser, place):
	secret = b"open secret"
	in_desk = browser(place.outsider, factories.PASSWORD)
	for path, params in list_download_routes(place.document):
		for client in (guest, api(place.outsider), in_desk):
			reply = client.request("GET", path, params=params)
			assert secret not in reply.content, path
			assert reply.status_code >= 400 or path.startswith("/api/method/frappe.core"), (path, reply.text)


def test_even_a_reader_gets_the_bytes_only_by_the_download(api, place):
	secret = b"open secret"
	client = api("Administrator")
	giving = [
		path
		for path, params in list_download_routes(place.document)
		if secret in client.request("GET", path, params=params).content
	]
	assert {path.partition("?")[0] for path in giving} == {"/api/method/orchestrator.docs.download"}


def test_is_private_0_makes_no_document_public(api, guest, place):
	file = frappe.db.get_value("Document", place.document, "file")
	reply = api("Administrator").post("frappe.client.set_value", doctype="File", name=file, is_private=0)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "ImmutableRecordConflictError")
	assert frappe.db.get_value("File", file, "is_private") == 1


def test_the_uploader_loses_the_file_with_the_document(api, place):
	person = make_person("Sales User")
	folder = make_folder(("User", person, "Write"))
	data = get_data(
		api(person).request(
			"POST",
			"/api/method/upload_file",
			files={"file": ("own.txt", b"mine once")},
			data={"folder": f"/Documents/{folder}"},
		),
		201,
	)
	assert frappe.db.get_value("File", data["name"], "owner") == person
	frappe.get_doc("Document Folder", folder).update({"access": []}).save()
	frappe.db.commit()
	assert get_error(api(person).request("GET", data["file_url"])) == (404, "DoesNotExistError")
	assert get_error(api(person).get("frappe.client.get", doctype="File", name=data["name"])) == (
		404,
		"DoesNotExistError",
	)


def test_an_own_file_with_a_versions_url_returns_nothing(api, place):
	"""Frappe copies the content behind a File's URL for the user who inserts it: here the URL leads nowhere."""
	outsider = api(place.outsider)
	file_url = frappe.db.get_value(
		"File", frappe.db.get_value("Document", place.document, "file"), "file_url"
	)
	reply = outsider.post("frappe.client.insert", doctype="File", file_name="own.txt", file_url=file_url)
	assert get_error(reply) == (403, "PermissionError")
	reply = outsider.get("download_file", file_url=file_url)
	assert b"open secret" not in reply.content


@pytest.mark.parametrize("underscore", ["_", "%5f"])
@pytest.mark.parametrize(
	("method", "body"),
	[("frappe.client.insert", {"doctype": "File"}), ("upload_file", {})],
	ids=["insert", "upload"],
)
def test_a_known_storage_path_cannot_be_inserted_as_a_file(api, place, method, body, underscore):
	where = get_stored_path(place.document).relative_to(frappe.get_site_path("private", "files"))
	url = f"/private/files/{where}".replace("_", underscore)
	reply = api(place.outsider).post(method, file_name="own.txt", file_url=url, **body)
	assert get_error(reply) == (403, "PermissionError")
	frappe.db.rollback()
	assert not frappe.db.exists("File", {"owner": place.outsider})


@pytest.mark.parametrize("doctype", ["Document", "Document Version", "Document Folder", "File"])
def test_documents_and_their_files_are_not_shared_one_by_one(api, place, doctype):
	reply = api("Administrator").post(
		"frappe.share.add", doctype=doctype, name=get_name(place, doctype), user=place.outsider, read=1
	)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError"), reply.text
	frappe.db.rollback()
	assert not frappe.db.exists("DocShare", {"user": place.outsider, "share_doctype": ("!=", "User")})


@pytest.mark.parametrize("private", ["0", "1"])
def test_an_ordinary_file_is_not_attached_to_a_document(api, place, private):
	reply = api(place.manager).request(
		"POST",
		"/api/method/upload_file",
		files={"file": ("aside.txt", f"aside {private}".encode())},
		data={"doctype": "Document", "docname": place.document, "is_private": private},
	)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "ImmutableRecordConflictError")


def test_a_grant_lacks_its_level(api, place):
	"""A row of a table that names nobody is an error of the caller."""
	refused = api(place.manager).post(
		"frappe.client.set_value",
		doctype="Document Folder",
		name=place.folder,
		fieldname={"access": [{"grantee_type": "User"}, {}]},
	)
	assert get_error(refused) == (422, "MandatoryError")


def test_writers_create_folders_and_only_managers_grant_access(api, place):
	colleague, manager = api(place.colleague), api(place.manager)
	access = [{"grantee_type": "User", "grantee": place.outsider, "level": "Read"}]
	new = {"doctype": "Document Folder", "parent_document_folder": place.folder}
	made = get_data(colleague.post("frappe.client.insert", **new, title=factories.make_unique("New")), 201)
	refused = colleague.post(
		"frappe.client.insert", doc={**new, "title": factories.make_unique("New"), "access": access}
	)
	assert get_error(refused) == (403, "PermissionError")
	assert get_error(colleague.post(
		"frappe.client.set_value", doctype="Document Folder", name=made["name"], legal_hold=1
	)) == (403, "PermissionError")  # fmt: skip
	get_data(
		manager.post(
			"frappe.client.set_value", doctype="Document Folder", name=made["name"], retention_days=3
		)
	)
	assert get_error(api(place.reader).post(
		"frappe.client.insert", **new, title=factories.make_unique("New")
	)) == (403, "PermissionError")  # fmt: skip
	frappe.db.rollback()
	folders = frappe.get_all(
		"Document Folder", {"parent_document_folder": place.folder}, ["name", "legal_hold", "retention_days"]
	)
	assert [tuple(folder.values()) for folder in folders if folder.name == made["name"]] == [
		(made["name"], 0, 3)
	]


def test_a_writer_does_not_move_a_document_out_of_reach_by_setting_its_folder(api, place):
	person = make_person("Sales User")
	mine, theirs = make_folder(("User", person, "Write")), make_folder(("User", person, "Read"))
	document = make_document(theirs)
	reply = api(person).post(
		"frappe.client.set_value", doctype="Document", name=document, document_folder=mine
	)
	assert get_error(reply) == (403, "PermissionError")
	session = api(person)
	session.headers["X-Requested-With"] = "XMLHttpRequest"  # Frappe's own set_value
	reply = session.post(
		"frappe.client.set_value", doctype="Document", name=document, fieldname="document_folder", value=mine
	)
	assert get_error(reply) == (403, "PermissionError")
	frappe.db.rollback()
	assert frappe.db.get_value("Document", document, "document_folder") == theirs


# Immutable records


def test_versions_are_immutable_for_everyone(api, place):
	admin = api("Administrator")
	version = f"{place.document}-v1"
	before = frappe.db.get_value("Document Version", version, "*")
	content = get_stored_path(place.document).read_bytes()
	file = before.file
	calls = [
		("frappe.client.set_value", {"doctype": "Document Version", "name": version, "notes": "changed"}),
		("frappe.client.delete", {"doctype": "Document Version", "name": version}),
		("frappe.client.delete", {"doctype": "File", "name": file}),
		("frappe.client.set_value", {"doctype": "File", "name": file, "file_url": "/files/other.txt"}),
		("frappe.client.set_value", {"doctype": "File", "name": file, "attached_to_name": "DOC-other"}),
		("frappe.client.insert", {"doctype": "Document Version", "document": place.document, "number": 9}),
		("frappe.client.rename_doc", {"doctype": "Document Version", "old_name": version, "new_name": "x"}),
		("frappe.client.rename_doc", {"doctype": "Document", "old_name": place.document, "new_name": "x"}),
		("frappe.client.set_value", {"doctype": "Document", "name": place.document, "current_version": 5}),
		("frappe.client.set_value", {"doctype": "Document", "name": place.document, "checksum": "0" * 64}),
		("run_doc_method", {"dt": "File", "dn": file, "method": "optimize_file"}),
		("frappe.core.api.file.unzip_file", {"name": file}),
		(
			"frappe.desk.reportview.delete_items",
			{"doctype": "Document Version", "items": json.dumps([version])},
		),
		("frappe.desk.reportview.delete_items", {"doctype": "File", "items": json.dumps([file])}),
	]
	for method, body in calls:
		reply = admin.request("POST", f"/api/method/{method}", json=body)
		if "delete_items" not in method:  # Desk's bulk delete always answers 200
			assert reply.status_code >= 400, (method, body, reply.text)
		frappe.db.rollback()
		assert frappe.db.get_value("Document Version", version, "*") == before, (method, body)
		assert frappe.db.exists("File", file)
		assert get_stored_path(place.document).read_bytes() == content
		assert download(api(place.reader), place.document).content == content
	assert frappe.db.get_value("Document", place.document, "current_version") == 1


def test_desk_edits_no_version(browser, place):
	version = frappe.get_doc("Document Version", f"{place.document}-v1")
	user = factories.make_user("System Manager").name
	desk = browser(user, factories.PASSWORD)
	doc = {**version.as_dict(convert_dates_to_str=True), "notes": "changed"}
	reply = desk.request(
		"POST", "/api/method/frappe.desk.form.save.savedocs", data={"doc": json.dumps(doc), "action": "Save"}
	)
	assert reply.status_code in (403, 417)
	frappe.db.rollback()
	assert frappe.db.get_value("Document Version", version.name, "notes") is None


def test_the_stored_file_cannot_be_written_to(place):
	path = get_stored_path(place.document)
	assert path.stat().st_mode & 0o777 == 0o440


# The audit trail


def test_every_view_download_and_change_is_in_the_trail(api, place, browser):
	document = make_document(place.folder)
	reader, manager = api(place.reader), api(place.manager)
	get_data(reader.get("frappe.client.get", doctype="Document", name=document))
	assert reader.request("GET", f"/api/resource/Document/{document}").ok
	assert browser(place.reader, factories.PASSWORD).get(
		"frappe.desk.form.load.getdoc", doctype="Document", name=document
	).ok  # fmt: skip
	assert download(reader, document).ok
	assert reader.request("GET", "/printview", params={"doctype": "Document", "name": document}).ok
	get_data(reader.get(f"{METHOD}compare_versions", document=document, first=1, second=1))
	get_data(manager.post("frappe.client.set_value", doctype="Document", name=document, status="Approved"))
	get_data(manager.post(f"{METHOD}create_version", document=document, file="two two"), 201)
	get_data(manager.post("frappe.client.delete", doctype="Document", name=document))
	assert list_audit_actions(document) == [
		"Created", "Version Added", "Viewed", "Viewed", "Viewed", "Downloaded", "Viewed", "Versions Compared", "Changed",
		"Version Added", "Deleted",
	]  # fmt: skip
	viewed = frappe.get_all(
		"Document Audit Entry",
		{"document": document, "action": "Downloaded"},
		["user", "version", "ip_address"],
	)
	assert viewed == [{"user": place.reader, "version": 1, "ip_address": "127.0.0.1"}]


def test_a_refused_look_is_no_view(api, place):
	document = make_document(place.folder)
	api(place.outsider).get("frappe.client.get", doctype="Document", name=document)
	download(api(place.outsider), document)
	assert list_audit_actions(document) == ["Created", "Version Added"]


def test_the_trail_is_read_by_managers_of_the_folder(api, place):
	document = make_document(place.folder)
	page = get_data(api(place.manager).get(f"{METHOD}get_audit_trail", document=document))
	assert ([entry["action"] for entry in page["entries"]], page["total"]) == (
		["Version Added", "Created"],
		2,
	)
	assert get_error(api(place.reader).get(f"{METHOD}get_audit_trail", document=document)) == (
		403,
		"PermissionError",
	)
	listed = api(place.manager).get("frappe.client.get_list", doctype="Document Audit Entry")
	assert get_error(listed) == (403, "PermissionError")


@pytest.mark.parametrize(
	("method", "build_body"),
	[
		("frappe.client.set_value", lambda entry: {"name": entry, "user": "x"}),
		("frappe.client.delete", lambda entry: {"name": entry}),
		("frappe.client.insert", lambda _entry: {"action": "Viewed"}),
		("frappe.client.rename_doc", lambda entry: {"old_name": entry, "new_name": "x"}),
	],
	ids=["change", "delete", "insert", "rename"],
)
def test_the_trail_is_not_edited_even_by_administrator(api, place, method, build_body):
	entry = frappe.db.get_value("Document Audit Entry", {"document": place.document})
	before = frappe.db.get_value("Document Audit Entry", entry, "*")
	entries = frappe.db.count("Document Audit Entry")
	reply = api("Administrator").post(method, doctype="Document Audit Entry", **build_body(entry))
	assert reply.status_code >= 400, reply.text
	frappe.db.rollback()
	assert frappe.db.get_value("Document Audit Entry", entry, "*") == before
	assert frappe.db.count("Document Audit Entry") == entries
