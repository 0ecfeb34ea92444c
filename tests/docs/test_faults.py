"""Failures: a clear error, nothing lost, nothing left over; and the integrity check that finds damage."""

import http.client
import io
import json
import os
import zipfile

import pytest

import frappe

from orchestrator.docs import changes, comparison, documents, integrity, storage, versions
from orchestrator.docs.errors import DamagedFileConflictError, InvalidFileError, StorageError
from orchestrator.docs.versions import IncomingFile
from tests.support import bench
from tests.support.client import get_data, get_error
from tests.support.docs_factories import (
	METHOD,
	download,
	get_stored_path,
	list_keys_on_disk,
	list_version_rows,
	make_document,
	make_folder,
	make_person,
	upload,
)

CREATE = f"{METHOD}create_version"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
ONE_MB = b"\x00" * 1024 * 1024


@pytest.fixture(scope="module")
def folder(frappe_site) -> str:
	return make_folder()


@pytest.fixture
def document(site, folder) -> str:
	return make_document(folder)


class Zeros:
	"""A stream of a given number of zero bytes."""

	def __init__(self, left: int) -> None:
		self.left = left

	def read(self, size: int) -> bytes:
		size = min(size, self.left)
		self.left -= size
		return b"\x00" * size


def build_zip_bomb(unpacked_mb: int, member: str = "word/document.xml") -> bytes:
	"""Return a ZIP file that unpacks to a thousand times its size."""
	buffer = io.BytesIO()
	with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(member, "w") as target:
		for _ in range(unpacked_mb):
			target.write(ONE_MB)
	return buffer.getvalue()


@pytest.mark.parametrize(
	("name", "content", "words"),
	[
		("lease.pdf", PNG, "looks like image/png"),
		("photo.png", b"%PDF-1.7 not a picture", "looks like application/pdf"),
		("notes.txt", b"MZ\x00\x00binary", "does not match its name"),
		("letter.docx", b"no zip at all", "does not match its name"),
		("letter.docx", b"PK\x03\x04 cut off", "cannot be opened"),
		("empty.txt", b"", "is empty"),
		("bomb.docx", build_zip_bomb(80), "would unpack to 80 MB"),
		("bomb.zip", build_zip_bomb(80, "zeros"), "would unpack to 80 MB"),
	],
)
def test_file_with_mismatched_content_is_rejected(admin, document, folder, name, content, words):
	before, rows = list_keys_on_disk(), frappe.db.count("Document")
	for reply in (
		upload(admin, f"/Documents/{folder}", name, content),
		admin.request(
			"POST", f"/api/method/{CREATE}", files={"file": (name, content)}, data={"document": document}
		),
	):
		assert (reply.status_code, reply.json()["exc_type"]) == (422, "InvalidFileError"), reply.text
		assert words in reply.json()["exc"]
	frappe.db.rollback()
	assert (list_keys_on_disk(), frappe.db.count("Document")) == (before, rows)
	assert len(list_version_rows(document)) == 1


@pytest.mark.parametrize(
	"name", ["../../../../etc/passwd", "a\x00.txt", "invoice\u202etxt.exe", "..", "a/b.txt", "C:\\x.txt"]
)
def test_a_name_that_is_a_trick_is_refused(admin, document, name):
	before = list_keys_on_disk()
	reply = admin.post(CREATE, document=document, file="some content", file_name=name)
	assert reply.status_code == 400, reply.text
	assert "is not a valid name for a file" in reply.json()["exc"]
	assert list_keys_on_disk() == before


@pytest.mark.parametrize("method", ["upload_file", CREATE])
def test_200_mb_are_refused_before_they_are_sent(admin, server, site, method):
	"""Only the head of the request is sent, with the length of the content."""
	before = list_keys_on_disk()
	connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=60)
	connection.putrequest("POST", f"/api/method/{method}", skip_host=True)
	for name, value in {
		"Host": site,
		**admin.headers,
		"Content-Type": "multipart/form-data; boundary=x",
	}.items():
		connection.putheader(name, value)
	connection.putheader("Content-Length", str(200 * 1024 * 1024))
	connection.endheaders()
	assert connection.getresponse().status == 413
	connection.close()
	assert list_keys_on_disk() == before


def test_what_is_larger_than_the_site_takes_is_refused_with_its_limit(site, document, monkeypatch):
	monkeypatch.setattr(storage, "get_max_file_size", lambda: 2 * 1024 * 1024)
	before = list_keys_on_disk()
	with pytest.raises(frappe.ValidationError, match="larger than the 2 MB"):
		changes.create_version(document, IncomingFile(io.BytesIO(ONE_MB * 3), "big.bin"), None)
	frappe.db.rollback()
	assert list_keys_on_disk() == before


def test_200_mb_are_stored_if_the_site_allows_them(site, folder, monkeypatch):
	monkeypatch.setattr(storage, "get_max_file_size", lambda: 250 * 1024 * 1024)
	document = make_document(folder, None)
	version = changes.create_version(document, IncomingFile(Zeros(200 * 1024 * 1024), "large.bin"), None)
	frappe.db.commit()
	assert version.file_size == get_stored_path(document).stat().st_size == 200 * 1024 * 1024
	frappe.delete_doc("Document", document)
	frappe.db.commit()
	assert not storage.get_path(version.storage_key).exists()


def test_full_disk_is_reported_and_nothing_is_lost(site, document, monkeypatch):
	"""/dev/full is a full disk: the kernel's own error."""
	descriptors = os.open

	def on_a_full_disk(path, flags, mode=0o777, **kwargs):
		return descriptors(
			"/dev/full" if storage.FOLDER in str(path) else path, flags & ~os.O_CREAT & ~os.O_EXCL
		)

	monkeypatch.setattr(storage.os, "open", on_a_full_disk)
	with pytest.raises(StorageError, match="disk is full, so nothing was stored"):
		changes.create_version(document, IncomingFile(io.BytesIO(b"second"), "a.txt"), None)
	monkeypatch.undo()
	frappe.db.rollback()
	assert [row.number for row in list_version_rows(document)] == [1]
	assert get_stored_path(document).read_bytes() == b"first"
	assert integrity.check_integrity().damaged == []


def test_the_statuses_of_faults_are_the_contracts():
	from frappe.core.doctype.file.exceptions import MaxFileSizeReachedError

	from orchestrator.api.errors import get_status

	assert [
		get_status(error())
		for error in (StorageError, DamagedFileConflictError, InvalidFileError, MaxFileSizeReachedError)
	] == [507, 409, 422, 413]  # fmt: skip


def test_a_request_that_fails_after_the_write_leaves_no_file(admin, document, monkeypatch):
	before = list_keys_on_disk()
	reply = admin.post(CREATE, document=document, file="some content", base_version=7)
	assert get_error(reply) == (409, "ConflictError")
	assert list_keys_on_disk() == before


def test_files_rolled_back_to_a_savepoint_are_deleted_on_commit(site, document):
	before = list_keys_on_disk()
	frappe.db.savepoint("before_version")
	changes.create_version(document, IncomingFile(io.BytesIO(b"second"), "a.txt"), None)
	frappe.db.rollback(save_point="before_version")
	frappe.db.commit()
	assert list_keys_on_disk() == before


def test_a_deletion_rolled_back_to_a_savepoint_loses_nothing(site, document):
	frappe.db.savepoint("before_deletion")
	frappe.delete_doc("Document", document)
	frappe.db.rollback(save_point="before_deletion")
	frappe.db.commit()
	assert get_stored_path(document).read_bytes() == b"first"


def test_a_deletion_that_fails_loses_nothing(admin, document):
	frappe.get_doc(
		{"doctype": "ToDo", "description": "x", "reference_type": "Document", "reference_name": document}
	).insert()
	frappe.db.commit()
	reply = admin.post("frappe.client.delete", doctype="Document", name=document)
	if reply.ok:  # Frappe deletes a ToDo with its record
		assert not frappe.db.exists("Document", document)
	else:
		assert get_stored_path(document).read_bytes() == b"first"


def test_deleting_a_document_takes_its_versions_files_and_bytes(admin, document):
	get_data(admin.post(CREATE, document=document, file="some content"), 201)
	paths = [get_stored_path(document, number) for number in (1, 2)]
	get_data(admin.post("frappe.client.delete", doctype="Document", name=document))
	frappe.db.rollback()
	assert list_version_rows(document) == []
	assert not frappe.db.exists("File", {"attached_to_name": document})
	assert not any(path.exists() for path in paths)


def test_a_number_of_a_deleted_document_is_not_given_again(site, folder):
	first = make_document(folder, None)
	frappe.delete_doc("Document", first)
	frappe.db.commit()
	assert make_document(folder, None) != first


@pytest.fixture
def damaged(document):
	"""Yield a document with four versions, of which three are damaged on disk."""
	for number in (2, 3, 4):
		changes.create_version(document, IncomingFile(io.BytesIO(b"version %d" % number), "a.txt"), None)
	frappe.db.commit()
	get_stored_path(document, 2).unlink()
	changed, shorter = get_stored_path(document, 3), get_stored_path(document, 4)
	for path, content in ((changed, b"version X"), (shorter, b"vers")):
		path.chmod(0o640)
		path.write_bytes(content)
	yield document
	frappe.delete_doc("Document", document)
	frappe.db.commit()


def test_damaged_bytes_are_not_given_out_and_the_others_are(admin, damaged):
	told = [download(admin, damaged, number) for number in (1, 2, 3, 4)]
	assert [reply.status_code for reply in told] == [200, 409, 409, 409]
	assert f"version 2 of {damaged} is missing" in told[1].json()["exc"]
	assert f"version 3 of {damaged} is changed" in told[2].json()["exc"]
	assert "orchestrator_documents" not in told[1].text
	assert get_error(admin.post(f"{METHOD}restore_version", document=damaged, version=3)) == (
		409,
		"DamagedFileConflictError",
	)
	assert get_data(admin.post(f"{METHOD}restore_version", document=damaged, version=1), 201)["number"] == 5


def test_integrity_check_names_damaged_files(site, damaged):
	orphan = storage.write_bytes(io.BytesIO(b"nobody's"))
	frappe.db.after_rollback.reset()
	frappe.db.after_commit.reset()
	os.utime(storage.get_path(orphan.key), (0, 0))
	told = bench.run_command("orchestrator", "check-documents", "--json", "--remove-orphans", check=False)
	report = json.loads(told.stdout)
	assert told.returncode == 1
	assert [tuple(row.values()) for row in report["damaged"] if row["document"] == damaged] == [
		(f"{damaged}-v2", damaged, "missing"),
		(f"{damaged}-v3", damaged, "changed"),
		(f"{damaged}-v4", damaged, "changed"),
	]
	assert report["orphans"] == [orphan.key]
	assert not storage.get_path(orphan.key).exists()
	logs = frappe.db.count("Error Log")
	integrity.check_nightly()
	assert frappe.db.count("Error Log") == logs + 1
	log = frappe.get_last_doc("Error Log")
	assert f"{damaged}-v2: the file is missing" in log.error


def test_the_check_names_records_that_do_not_agree(site, document):
	frappe.db.set_value("Document", document, "checksum", "0" * 64)
	assert document in integrity.check_integrity().inconsistent
	frappe.db.rollback()
	assert document not in integrity.check_integrity().inconsistent


def test_a_version_cannot_be_made_twice_even_past_the_lock(site, document):
	kept = versions.store_file(IncomingFile(io.BytesIO(b"x"), "a.txt"), "a.txt")
	doc = documents.lock_document(document)
	versions.create_version(doc, kept, None)
	doc.current_version = 1
	other = versions.store_file(IncomingFile(io.BytesIO(b"y"), "a.txt"), "a.txt")
	with pytest.raises(frappe.DuplicateEntryError):
		versions.create_version(doc, other, None)


def test_who_loses_access_while_the_bytes_are_written_adds_nothing(site, monkeypatch):
	person = make_person("Sales User")
	document, closed = make_document(make_folder(("User", person, "Write"))), make_folder()
	before, keep = list_keys_on_disk(), versions.store_file

	def keep_slowly(incoming: IncomingFile, usual_name: str) -> versions.StoredUpload:
		kept = keep(incoming, usual_name)
		frappe.db.set_value("Document", document, "document_folder", closed)
		return kept

	monkeypatch.setattr(versions, "store_file", keep_slowly)
	frappe.set_user(person)
	with pytest.raises(frappe.PermissionError):
		changes.create_version(document, IncomingFile(io.BytesIO(b"late"), "a.txt"), None)
	frappe.set_user("Administrator")
	frappe.db.rollback()
	assert (list_keys_on_disk(), len(list_version_rows(document))) == (before, 1)


def test_of_long_texts_the_beginnings_are_compared(site, folder, monkeypatch):
	monkeypatch.setattr(comparison, "MAX_LINES", 2)
	document = make_document(folder, b"same\nold\ntail\n")
	changes.create_version(document, IncomingFile(io.BytesIO(b"same\nnew\nother tail\n"), "a.txt"), None)
	told = changes.compare_versions(document, 1, 2)
	assert (told["text"], told["truncated"]) == (["@@ -1,2 +1,2 @@", " same", "-old", "+new"], True)
