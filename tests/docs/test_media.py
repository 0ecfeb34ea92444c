"""Detection of media types: name and content decide; the declared type counts only if the name has no known
extension.
"""

import gzip

import pytest

import frappe

from orchestrator.docs import media, text
from tests.docs.test_search import build_pdf_file, build_word_file
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import METHOD, download, get_stored_path, make_document, make_folder

CREATE = f"{METHOD}create_version"
WORD = media.WORD
ZIP = build_word_file("Rent")
PDF = build_pdf_file("Rent")
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.fixture(scope="module")
def document(frappe_site) -> str:
	return make_document(make_folder())


def send(admin: Client, document: str, name: str, content: bytes, declared: str | None):
	file = (name, content, declared) if declared else (name, content)
	return admin.request("POST", f"/api/method/{CREATE}", files={"file": file}, data={"document": document})


@pytest.mark.parametrize(
	("name", "content", "declared", "media_type"),
	[
		("a.csv", b"name,age\n", "application/vnd.ms-excel", "text/csv"),
		("a.csv", b"name;age\n", "text/comma-separated-values", "text/csv"),
		("a.docx", ZIP, "application/msword", WORD),
		("a.docx", ZIP, "application/zip", WORD),
		("a.pdf", PDF, "application/x-pdf", "application/pdf"),
		("a.pdf", PDF, "text/html", "application/pdf"),
		("a.txt", b"plain", "application/pdf", "text/plain"),
		("a.png", PNG, "image/jpeg", "image/png"),
		("a.zip", ZIP, "application/x-zip-compressed", "application/zip"),
		("a.json", b"{}", "application/octet-stream", "application/json"),
		("a.csv.gz", gzip.compress(b"name,age", mtime=0), "text/csv", "application/gzip"),
		("a.tar.gz", gzip.compress(b"x", mtime=0), None, "application/gzip"),
		("lease", PDF, "application/pdf", "application/pdf"),
		("lease", b"a,b\n", "text/csv", "text/csv"),
		("lease", PDF, "made up", "application/pdf"),
		("lease", b"plain", "application/octet-stream", "text/plain"),
		("lease", b"BMW is a car", None, "text/plain"),
	],
)
def test_name_and_bytes_decide(admin, document, name, content, declared, media_type):
	version = get_data(send(admin, document, name, content, declared), 201)
	assert (version["file_name"], version["mime_type"]) == (name, media_type)


@pytest.mark.parametrize(
	("name", "content"),
	[
		("bom.pdf", b"\xef\xbb\xbf" + PDF),
		("lines.pdf", b"\r\n\r\n" + PDF),
		("printer.pdf", b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n" + PDF),
		("blank.rtf.doc", b"\r\n{\\rtf1 Rent}"),
		("riff.txt", b"RIFF raff"),
		("gif.txt", b"GIF89a is a format of pictures"),
		("rtf.txt", b"{\\rtf is how such a file begins"),
		("tiff.csv", b"II*,MM*"),
		("utf8.txt", b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe"),
		("utf16.csv", "name,Grüße\r\n".encode("utf-16")),
		("utf16le.csv", "name,age\r\n".encode("utf-16-le")),
		("utf16be.txt", "name,age\r\n".encode("utf-16-be")),
		("utf32.txt", "name".encode("utf-32")),
		("latin.txt", "Grüße".encode("cp1252")),
		("kanji.txt", "契約書".encode("shift_jis")),
		("large.tif", b"II+\x00\x08\x00\x00\x00\x10\x00"),
		("picture.gif", b"GIF87a\x01\x00\x01\x00\x00\x00\x00"),
		("picture.webp", b"RIFF\x10\x00\x00\x00WEBPVP8 "),
	],
)
def test_what_comes_before_or_looks_alike_is_accepted(admin, document, name, content):
	version = get_data(send(admin, document, name, content, None), 201)
	assert download(admin, document, version["number"]).content == content


@pytest.mark.parametrize(
	("name", "content", "declared"),
	[
		("a.pdf", b"<html>", "application/pdf"),
		("a.pdf", b"x" * 2000 + PDF, None),
		("a.txt", PDF, "text/plain"),
		("a.txt", PNG, None),
		("a.txt", ZIP, None),
		("a.docx", b"plain", "text/plain"),
		("a.csv.gz", b"name,age", "text/csv"),
		("a.gif", b"JIF", None),
		("a.jpg", PNG, None),
		("a.tif", b"plain text", None),
		("a.xls", b"plain", None),
		("a.webp", b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
		("lease", b"plain", "application/pdf"),
	],
)
def test_a_name_that_the_bytes_deny_is_refused(admin, document, name, content, declared):
	assert get_error(send(admin, document, name, content, declared)) == (422, "InvalidFileError")


def test_the_text_of_a_pdf_with_a_mark_before_it_is_read(admin, document):
	version = get_data(send(admin, document, "bom.pdf", b"\xef\xbb\xbf\r\n" + PDF, None), 201)
	frappe.db.rollback()
	assert "Rent" in (
		text.extract_text(get_stored_path(document, version["number"]), "application/pdf") or ""
	)
