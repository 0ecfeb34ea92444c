"""Search over titles, tags, notes and the text of files."""

import io
import zipfile
from collections.abc import Callable

import pytest

import frappe

from orchestrator.docs import changes, fulltext, storage, text
from orchestrator.docs.versions import IncomingFile
from tests.support import factories
from tests.support.client import get_data, get_error
from tests.support.docs_factories import METHOD, get_stored_path, make_document, make_folder, make_person

SEARCH = f"{METHOD}search"
WORD_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
EXTRACTABLE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def build_word_file(*paragraphs: str, prolog: str = "") -> bytes:
	body = "".join(f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>" for paragraph in paragraphs)
	buffer = io.BytesIO()
	with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
		archive.writestr(
			"word/document.xml",
			f'{prolog}<w:document xmlns:w="{WORD_NS}"><w:body>{body}</w:body></w:document>',
		)
	return buffer.getvalue()


def build_pdf_file(line: str) -> bytes:
	"""Return a minimal PDF of one page with one line."""
	stream = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET".encode()
	objects = [
		b"<< /Type /Catalog /Pages 2 0 R >>",
		b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
		b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	]
	out, places = b"%PDF-1.4\n", []
	for number, content in enumerate(objects, start=1):
		places.append(len(out))
		out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
	table = b"".join(b"%010d 00000 n \n" % place for place in places)
	return (
		out
		+ b"xref\n0 6\n0000000000 65535 f \n%btrailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
		% (
			table,
			len(out),
		)
	)


def make_word() -> str:
	"""Return a word that occurs nowhere else."""
	return "w" + "".join(chr(ord("a") + int(digit, 16)) for digit in frappe.generate_hash(length=12))


@pytest.fixture(scope="module")
def place(frappe_site):
	frappe.set_user("Administrator")
	reader = make_person("Sales User")
	return frappe._dict(reader=reader, folder=make_folder(("User", reader, "Read")), hidden=make_folder())


@pytest.fixture
def found(api, place):
	"""Return `found(query)`: the names of the documents that a reader of the folder finds."""

	def names(query: str, **params: object) -> list[str]:
		data = get_data(api(place.reader).get(SEARCH, query=query, **params))
		return [hit["document"] for hit in data["documents"]]

	return names


def make_document_with_text(folder: str, content: bytes, name: str, **values: object) -> str:
	document = make_document(folder, None, title=f"{factories.make_unique('D')} {name}", **values)
	changes.create_version(document, IncomingFile(io.BytesIO(content), name), None)
	frappe.db.commit()
	fulltext.extract_text(document)
	frappe.db.commit()
	return document


def test_a_document_is_found_by_title_description_note_and_tag(site, place, found, api):
	title, described, noted, tagged = (make_word() for _ in range(4))
	document = make_document(place.folder, None, title=f"Lease {title}", description=f"About {described}")
	changes.create_version(document, IncomingFile(io.BytesIO(b"text")), f"Changed {noted}")
	changes.update_tags(document, [tagged])
	frappe.db.commit()
	assert [found(w) for w in (title, described, noted, tagged)] == [[document]] * 4
	assert found(f"{title} {noted}") == [document]
	assert found(f"{title} {make_word()}") == []
	assert found(title[:6]) == [document]
	frappe.get_doc("Document", document).update({"title": "Other"}).save()
	changes.update_tags(document, [])
	frappe.db.commit()
	assert (found(title), found(tagged), found(noted)) == ([], [], [document])


def test_tag_removed_in_desk_leaves_the_search_index_with_the_nightly_job(site, place, found):
	from frappe.desk.doctype.tag.tag import add_tag, remove_tag

	tagged = make_word()
	document = make_document(place.folder)
	add_tag(tagged, "Document", document)
	frappe.db.commit()
	assert found(tagged) == [document]
	remove_tag(tagged, "Document", document)
	fulltext.update_tags()
	frappe.db.commit()
	assert found(tagged) == []


@pytest.mark.parametrize("kind", ["txt", "docx", "pdf", "csv"])
def test_a_document_is_found_by_the_text_inside(site, place, found, kind):
	inside = make_word()
	line = f"The tenant {inside} pays"
	content = {"docx": build_word_file("Heading", line), "pdf": build_pdf_file(line)}.get(kind, line.encode())
	document = make_document_with_text(place.folder, content, f"a.{kind}")
	assert found(inside) == [document]


def test_the_text_is_read_in_a_job_after_the_upload(api, place, worker, found):
	inside = make_word()
	reply = api("Administrator").request(
		"POST",
		"/api/method/upload_file",
		files={"file": ("lease.docx", build_word_file(f"Rent {inside}"))},
		data={"folder": f"/Documents/{place.folder}"},
	)
	document = get_data(reply, 201)["document"]
	assert found(inside) == []
	worker()
	assert found(inside) == [document]
	hit = get_data(api(place.reader).get(SEARCH, query=inside))["documents"][0]
	assert (hit["title"], hit["snippet"]) == ("lease.docx", f"Rent {inside}")


def test_the_text_of_the_current_version_is_searched(site, place, found):
	old, new = make_word(), make_word()
	document = make_document_with_text(place.folder, old.encode(), "a.txt")
	changes.create_version(document, IncomingFile(io.BytesIO(new.encode()), "a.txt"), None)
	fulltext.extract_text(document)
	frappe.db.commit()
	assert (found(old), found(new)) == ([], [document])


@pytest.fixture
def read_meanwhile(monkeypatch):
	"""Return `read_meanwhile(document, event)`: runs the job, during which the event happens."""

	def run(document: str, event: Callable[[], object]) -> None:
		reading = text.get_version_text

		def slowly(version: object) -> str:
			content = reading(version)
			monkeypatch.setattr(text, "get_version_text", reading)
			event()
			return content

		monkeypatch.setattr(text, "get_version_text", slowly)
		fulltext.extract_text(document)
		frappe.db.commit()

	return run


def test_a_job_that_ends_late_brings_no_older_text_back(site, place, found, read_meanwhile):
	old, new = make_word(), make_word()
	document = make_document_with_text(place.folder, old.encode(), "a.txt")

	def add_another() -> None:
		changes.create_version(document, IncomingFile(io.BytesIO(new.encode()), "a.txt"), None)
		fulltext.extract_text(document)

	read_meanwhile(document, add_another)
	assert (found(old), found(new)) == ([], [document])


def test_a_job_that_ends_late_leaves_no_text_of_a_deleted_document(site, place, read_meanwhile):
	document = make_document_with_text(place.folder, make_word().encode(), "a.txt")
	read_meanwhile(document, lambda: frappe.delete_doc("Document", document))
	assert not frappe.db.exists("Document Text", document)


def test_nothing_is_found_that_the_caller_may_not_read(api, guest, place, found):
	inside = make_word()
	make_document_with_text(place.hidden, inside.encode(), "a.txt")
	assert found(inside) == []
	assert get_data(api(make_person("Sales User")).get(SEARCH, query=inside))["documents"] == []
	assert len(get_data(api("Administrator").get(SEARCH, query=inside))["documents"]) == 1
	assert get_error(guest.get(SEARCH, query=inside)) == (401, "AuthenticationError")


def test_a_deleted_document_is_not_found(site, place, found):
	inside = make_word()
	document = make_document_with_text(place.folder, inside.encode(), "a.txt")
	frappe.delete_doc("Document", document)
	frappe.db.commit()
	assert found(inside) == []
	assert not frappe.db.exists("Document Text", document)


def test_a_search_stays_in_its_folder_and_those_below(site, place, found):
	inside = make_word()
	below = make_folder(parent_document_folder=place.folder)
	here, there = (
		make_document_with_text(folder, inside.encode(), "a.txt") for folder in (place.folder, below)
	)
	assert set(found(inside, folder=place.folder)) == {here, there}
	assert found(inside, folder=below) == [there]


def test_pages_do_not_overlap(site, place, found):
	inside = make_word()
	documents = {make_document_with_text(place.folder, inside.encode(), f"{n}.txt") for n in range(3)}
	pages = [found(inside, limit_start=start, limit_page_length=2) for start in (0, 2)]
	assert ([len(page) for page in pages], {name for page in pages for name in page}) == ([2, 1], documents)


@pytest.mark.parametrize("query", ["", "a", "+ - *", "🙂"])
def test_a_query_without_a_word_is_400(api, query):
	assert get_error(api("Administrator").get(SEARCH, query=query)) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	"query", ['"unclosed', "(lease", "lease*)", "@5 lease", "lease'); drop table x; --", "100% lease"]
)
def test_what_is_syntax_to_mariadb_is_only_text_here(api, query):
	assert api("Administrator").get(SEARCH, query=query).status_code == 200


def test_the_search_uses_the_full_text_index(site):
	plan = frappe.db.sql(
		"EXPLAIN " + fulltext.build_statement(False),
		{"words": "+lease*", "start": 0, "length": 20, "folders": []},
		as_dict=True,
	)
	used = {row.table: (row.type, row.key) for row in plan}
	assert used == {"t": ("fulltext", "searchable"), "tabDocument": ("eq_ref", "PRIMARY")}


# Malicious files, read in the process with the limits


@pytest.fixture
def read(site):
	"""Return `read(content, type)`: the text that the reader extracts from stored content, which is deleted
	afterwards.
	"""

	def of(content: bytes, media_type: str = EXTRACTABLE) -> str | None:
		return text.extract_text(storage.get_path(storage.write_bytes(io.BytesIO(content)).key), media_type)

	return of


def test_what_unpacks_to_more_than_a_part_may_be_is_not_read(read):
	buffer = io.BytesIO()
	with (
		zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
		archive.open("word/document.xml", "w") as out,
	):
		for _ in range(110):
			out.write(b" " * 1024 * 1024)
	assert read(buffer.getvalue()) is None


def test_entities_neither_grow_nor_bring_files_in(read):
	laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
	grown = build_word_file("&l9;", prolog=f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>')
	brought = build_word_file("&f;", prolog='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>')
	assert read(grown) is None
	assert "root:" not in (read(brought) or "")


def test_a_damaged_pdf_has_no_text(read):
	assert read(b"%PDF-1.4 and nothing more", "application/pdf") is None


def test_the_text_is_cut_at_its_longest(read, monkeypatch):
	monkeypatch.setattr(text, "MAX_CHARACTERS", 1000)
	assert read("é".encode() * 5000, "text/plain") == "é" * 1000


def test_text_is_read_in_the_encodings_there_are(read):
	assert read("Grüße".encode("cp1252"), "text/plain") == "Grüße"
	assert read("Grüße".encode("utf-16"), "text/plain") == "Grüße"
	assert read(b"\xef\xbb\xbfGr", "text/plain") == "Gr"


def test_a_reader_that_does_not_end_is_ended(read, monkeypatch, tmp_path):
	endless = tmp_path / "endless.py"
	endless.write_text("while True: pass")
	monkeypatch.setattr(text, "READER_SCRIPT", endless)
	monkeypatch.setattr(text, "MAX_SECONDS", 1)
	assert read(b"text", "text/plain") is None


def test_extracted_text_is_not_readable(api, place):
	document = make_document(place.folder)
	assert get_stored_path(document).exists()
	for user in (place.reader, make_person("System Manager")):
		assert get_error(api(user).get("frappe.client.get", doctype="Document Text", name=document)) == (
			403,
			"PermissionError",
		)
