"""Versions: added in every documented way, listed, downloaded, compared, restored; locks and moves."""

import base64
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import (
	METHOD,
	download,
	get_stored_path,
	list_audit_actions,
	list_version_rows,
	make_document,
	make_folder,
	make_person,
)

CREATE = f"{METHOD}create_version"


@pytest.fixture(scope="module")
def people(frappe_site):
	"""Return a folder, and users with each access to it."""
	frappe.set_user("Administrator")
	reader, writer, other, manager, stranger = (make_person("Sales User") for _ in range(5))
	folder = make_folder(
		("User", reader, "Read"),
		("User", writer, "Write"),
		("User", other, "Write"),
		("User", manager, "Manage"),
	)
	return frappe._dict(
		folder=folder, reader=reader, writer=writer, other=other, manager=manager, stranger=stranger
	)


@pytest.fixture
def document(people) -> str:
	return make_document(people.folder, b"first\nsecond\n")


@pytest.fixture
def writer(api, people) -> Client:
	return api(people.writer)


# Forms of content


def test_the_documented_call_adds_a_version(writer, document, people):
	reply = writer.post(
		CREATE, document=document, version_notes="Updated contract terms", file="file-content-or-url"
	)
	data = get_data(reply, 201)
	assert reply.json()["message"] == "Version created"
	assert (data["number"], data["notes"], data["author"]) == (2, "Updated contract terms", people.writer)
	assert data["sha256"] == hashlib.sha256(b"file-content-or-url").hexdigest()
	assert (data["file_size"], data["mime_type"]) == (19, "text/plain")
	assert download(writer, document).content == b"file-content-or-url"
	assert download(writer, document, 1).content == b"first\nsecond\n"
	assert frappe.db.get_value("Document", document, ["current_version", "checksum"]) == (2, data["sha256"])


@pytest.mark.parametrize(
	("sent", "kept"),
	[
		("data:text/plain;base64,SGVsbG8=", b"Hello"),
		("A plain text, with commas.", b"A plain text, with commas."),
		("contract", b"contract"),
		("Grüße", "Grüße".encode()),
	],
)
def test_content_is_a_data_url_or_a_text(writer, document, sent, kept):
	get_data(writer.post(CREATE, document=document, file=sent), 201)
	assert download(writer, document).content == kept


def test_encoding_says_which_where_it_could_be_either(writer, document):
	get_data(writer.post(CREATE, document=document, file="SGVsbG8=", encoding="text"), 201)
	assert download(writer, document).content == b"SGVsbG8="
	reply = writer.post(CREATE, document=document, file="not base64!", encoding="base64")
	assert get_error(reply) == (400, "InvalidRequestError")


def test_a_multipart_part_is_a_version(writer, document):
	reply = writer.request(
		"POST",
		f"/api/method/{CREATE}",
		files={"file": ("new.txt", b"multipart")},
		data={"document": document},
	)
	assert get_data(reply, 201)["file_name"] == "new.txt"
	assert download(writer, document).content == b"multipart"


@pytest.mark.parametrize("key", ["file_url", "name"])
def test_an_uploaded_file_is_a_version_by_its_url_and_by_its_name(writer, document, server, key):
	mark = frappe.generate_hash(length=8)
	file = get_data(
		writer.request(
			"POST",
			"/api/method/upload_file",
			files={"file": (f"{mark}.txt", mark.encode())},
			data={"is_private": "1"},
		),
		201,
	)
	data = get_data(writer.post(CREATE, document=document, file=file[key]), 201)
	assert data["file_name"] == file["file_name"]
	assert download(writer, document).content == mark.encode()
	own_address = f"{server.replace('127.0.0.1', 'documents.invalid')}{file['file_url']}"
	assert get_error(writer.post(CREATE, document=document, file=own_address)) == (422, "InvalidFileError")


def test_another_host_is_never_asked(writer, document):
	reply = writer.post(CREATE, document=document, file="http://127.0.0.1:9/private/files/x.txt")
	assert reply.status_code == 422
	assert "never fetched" in reply.json()["exc"]
	assert frappe.db.get_value("Document", document, "current_version") == 1


def test_a_file_of_someone_else_is_as_if_it_were_not_there(api, writer, document, people):
	mark = frappe.generate_hash(length=8)
	file = get_data(
		api(people.other).request(
			"POST",
			"/api/method/upload_file",
			files={"file": (f"{mark}.txt", mark.encode())},
			data={"is_private": "1"},
		),
		201,
	)
	reply = writer.post(CREATE, document=document, file=file["file_url"])
	missing = writer.post(CREATE, document=document, file="/private/files/no-such-file.txt")
	assert (reply.status_code, reply.json()["exc"]) == (422, missing.json()["exc"])


def test_content_of_another_type_gets_another_extension(writer, people):
	pdf = make_document(people.folder, None, title=f"{factories.make_unique('Lease')}.pdf")
	data = get_data(writer.post(CREATE, document=pdf, file="Only a text"), 201)
	assert (data["file_name"], data["mime_type"]) == (
		frappe.db.get_value("Document", pdf, "title").replace(".pdf", ".txt"),
		"text/plain",
	)


# Refusals


@pytest.mark.parametrize(
	("person", "status"), [("reader", 403), ("stranger", 404), ("writer", 201), ("manager", 201)]
)
def test_create_version_requires_write_access(api, document, people, person, status):
	before = frappe.db.count("Document Version", {"document": document})
	reply = api(people[person]).post(CREATE, document=document, file="x y")
	assert reply.status_code == status
	frappe.db.rollback()
	assert frappe.db.count("Document Version", {"document": document}) == before + (status == 201)


def test_create_version_rejects_guests_missing_documents_and_missing_content(api, guest, document, people):
	writer = api(people.writer)
	assert get_error(guest.post(CREATE, document=document, file="x y")) == (401, "AuthenticationError")
	reply = writer.post(CREATE, document="DOC-missing", file="x y")
	assert get_error(reply) == (404, "DoesNotExistError")
	assert get_error(writer.post(CREATE, document=document)) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	"method", ["get_versions", "get_version", "download", "check_out", "get_audit_trail"]
)
def test_a_hidden_document_looks_like_a_missing_one(api, document, people, method):
	stranger = api(people.stranger)
	verb = stranger.post if method == "check_out" else stranger.get
	hidden, missing = verb(METHOD + method, document=document), verb(METHOD + method, document="DOC-0")
	assert (hidden.status_code, missing.status_code) == (404, 404)
	assert hidden.json()["exc"].replace(document, "") == missing.json()["exc"].replace("DOC-0", "")


def test_a_version_upon_an_older_one_than_the_current_is_a_conflict(writer, document):
	get_data(writer.post(CREATE, document=document, file="two two", base_version=1), 201)
	reply = writer.post(CREATE, document=document, file="three three", base_version=1)
	assert reply.status_code == 409
	assert "now at version 2" in reply.json()["exc"]


# Concurrent versions


def test_twenty_parallel_calls_give_twenty_consecutive_numbers_and_intact_files(api, document, people):
	clients = [api(people.writer) for _ in range(20)]
	contents = [f"content {n} ".encode() * 1000 for n in range(20)]

	def create(n: int):
		body = base64.b64encode(contents[n]).decode()
		return clients[n].post(CREATE, document=document, file=body, encoding="base64", version_notes=str(n))

	with ThreadPoolExecutor(20) as pool:
		replies = list(pool.map(create, range(20)))
	assert [reply.status_code for reply in replies] == [201] * 20, [r.text[:300] for r in replies]
	assert sorted(reply.json()["data"]["number"] for reply in replies) == list(range(2, 22))
	rows = list_version_rows(document)
	assert [row.number for row in rows] == list(range(1, 22))
	for row in rows[1:]:
		kept = get_stored_path(document, row.number).read_bytes()
		assert kept == contents[int(row.notes)]
		assert row.sha256 == hashlib.sha256(kept).hexdigest()
	assert frappe.db.get_value("Document", document, "current_version") == 21


def test_a_retry_with_the_same_key_makes_one_version(writer, document):
	header = {"Idempotency-Key": frappe.generate_hash()}
	first = writer.post(CREATE, document=document, file="once only", headers=header)
	again = writer.post(CREATE, document=document, file="once only", headers=header)
	assert (first.status_code, again.status_code) == (201, 201)
	assert again.json()["data"] == first.json()["data"]
	assert len(list_version_rows(document)) == 2


# Reading


def test_versions_are_listed_the_latest_first(writer, document):
	get_data(writer.post(CREATE, document=document, file="two two"), 201)
	get_data(writer.post(CREATE, document=document, file="three three"), 201)
	page = get_data(writer.get(f"{METHOD}get_versions", document=document, limit_page_length=2))
	assert ([row["number"] for row in page["versions"]], page["total"]) == ([3, 2], 3)
	assert "storage_key" not in page["versions"][0]
	one = get_data(writer.get(f"{METHOD}get_version", document=document, version=1))
	assert writer.request("GET", one["file_url"]).content == b"first\nsecond\n"
	assert get_error(writer.get(f"{METHOD}get_version", document=document, version=9)) == (
		404,
		"DoesNotExistError",
	)


def test_a_download_is_an_attachment_that_no_browser_interprets(api, people):
	page = make_document(
		people.folder, b"<script>alert(1)</script>", title=f"{factories.make_unique('Page')}.html"
	)
	reply = download(api(people.reader), page)
	assert reply.headers["Content-Disposition"].startswith("attachment;")
	assert reply.headers["X-Content-Type-Options"] == "nosniff"
	assert "X-RateLimit-Limit" in reply.headers


def test_the_generic_reads_tell_no_one_where_the_bytes_are(api, document, people):
	client = api(people.writer)
	record = get_data(client.get("frappe.client.get", doctype="Document Version", name=f"{document}-v1"))
	assert record.get("storage_key") is None
	listed = client.get("frappe.client.get_list", doctype="Document Version", fields='["name","storage_key"]')
	assert "orchestrator_documents" not in listed.text
	assert not any((row or {}).get("storage_key") for row in listed.json().get("data") or [])


def test_two_versions_are_compared_in_metadata_and_text(api, writer, document, people):
	get_data(writer.post(CREATE, document=document, file="first\nthird\n", version_notes="Third"), 201)
	data = get_data(api(people.reader).get(f"{METHOD}compare_versions", document=document, first=1, second=2))
	assert data["text"] == ["@@ -1,2 +1,2 @@", " first", "-second", "+third"]
	assert (data["added_lines"], data["removed_lines"], data["same_content"]) == (1, 1, False)
	assert {row["field"] for row in data["metadata"]} == {
		"file_size", "sha256", "notes", "author", "creation",
	}  # fmt: skip


def test_what_has_no_text_is_compared_in_metadata_alone(writer, document):
	get_data(writer.post(CREATE, document=document, file="data:;base64,AAEC", file_name="a.bin"), 201)
	data = get_data(writer.get(f"{METHOD}compare_versions", document=document, first=1, second=2))
	assert (data["text"], data["same_content"]) == (None, False)


def test_restoring_adds_a_version_with_the_old_bytes(writer, document):
	get_data(writer.post(CREATE, document=document, file="a mistake"), 201)
	data = get_data(writer.post(f"{METHOD}restore_version", document=document, version=1), 201)
	assert (data["number"], data["restored_from"], data["notes"]) == (3, 1, "Restored from version 1")
	assert download(writer, document).content == b"first\nsecond\n"
	assert download(writer, document, 2).content == b"a mistake"
	assert get_stored_path(document, 3) != get_stored_path(document, 1)


# Locks, moves, tags


@pytest.mark.parametrize(
	("method", "body"),
	[
		("create_version", {"file": "x y"}),
		("check_out", {}),
		("check_in", {}),
		("restore_version", {"version": 1}),
	],
)
def test_while_one_has_it_checked_out_nobody_else_adds_a_version(api, writer, document, people, method, body):
	standing = get_data(writer.post(f"{METHOD}check_out", document=document))
	assert standing["checked_out_by"] == people.writer
	other = api(people.other)
	reply = other.post(METHOD + method, document=document, **body)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "CheckoutConflictError"), method
	assert get_data(writer.post(f"{METHOD}check_out", document=document))["checked_out_by"] == people.writer
	done = get_data(
		writer.post(f"{METHOD}check_in", document=document, file="my change", version_notes="Mine")
	)
	assert (done["checked_out_by"], done["current_version"]) == (None, 2)
	get_data(other.post(CREATE, document=document, file="x y"), 201)
	assert get_error(writer.post(f"{METHOD}check_in", document=document)) == (409, "ConflictError")


def test_who_manages_the_folder_ends_a_check_out_of_someone_else(api, writer, document, people):
	get_data(writer.post(f"{METHOD}check_out", document=document))
	assert get_error(api(people.other).post(f"{METHOD}check_in", document=document, force=True)) == (
		403,
		"PermissionError",
	)
	assert get_data(api(people.manager).post(f"{METHOD}check_in", document=document, force=True))[
		"checked_out_by"
	] is None  # fmt: skip


def test_parallel_check_outs_have_one_winner(api, document, people):
	clients = [api(people.writer), api(people.other)] * 3
	with ThreadPoolExecutor(6) as pool:
		replies = list(pool.map(lambda c: c.post(f"{METHOD}check_out", document=document), clients))
	holder = frappe.db.get_value("Document", document, "checked_out_by")
	assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 409, 409, 409]
	assert {r.json()["data"]["checked_out_by"] for r in replies if r.ok} == {holder}


def test_a_move_takes_write_access_on_both_sides(api, document, people):
	target = make_folder(("User", people.writer, "Write"), ("User", people.other, "Read"))
	elsewhere = make_folder()
	move = f"{METHOD}move"
	assert get_error(api(people.other).post(move, document=document, folder=target)) == (
		403,
		"PermissionError",
	)
	assert get_error(api(people.reader).post(move, document=document, folder=target)) == (
		403,
		"PermissionError",
	)
	assert get_error(api(people.writer).post(move, document=document, folder=elsewhere)) == (
		404,
		"DoesNotExistError",
	)
	moved = get_data(api(people.writer).post(move, document=document, folder=f"/Documents/{target}"))
	assert moved["document_folder"] == target
	assert get_error(download(api(people.reader), document)) == (404, "DoesNotExistError")
	frappe.db.rollback()
	file = frappe.db.get_value("File", {"attached_to_name": document}, ["name", "folder"], as_dict=True)
	assert file.folder == f"Home/Documents/{target}"
	assert "Moved" in list_audit_actions(document)


def test_tags_are_those_of_frappe(writer, document):
	assert get_data(writer.post(f"{METHOD}set_tags", document=document, tags=["lease", "2026"]))["tags"] == [
		"lease", "2026",
	]  # fmt: skip
	assert set(frappe.get_all("Tag Link", {"document_name": document}, pluck="tag")) == {"lease", "2026"}
	assert get_data(writer.post(f"{METHOD}set_tags", document=document, tags=[]))["tags"] == []
	assert get_error(writer.post(f"{METHOD}set_tags", document=document, tags=[1])) == (
		400,
		"InvalidRequestError",
	)


def test_the_content_of_a_stream_is_read_once(site, people):
	from orchestrator.docs import storage

	stored = storage.write_bytes(io.BytesIO(b"x" * 3_000_000))
	assert (stored.size, stored.sha256) == (3_000_000, hashlib.sha256(b"x" * 3_000_000).hexdigest())
	assert storage.find_fault(*stored) is None
	frappe.db.rollback()
	assert storage.find_fault(*stored) == "missing"
