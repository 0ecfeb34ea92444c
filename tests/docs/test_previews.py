"""Previews of versions: what is shown of each type, to whom, and that nothing in a file runs or is fetched."""

import io
import os
import shutil
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import frappe

from orchestrator.docs import changes, conversion, previews, storage
from orchestrator.docs.versions import IncomingFile
from tests.docs.test_search import build_pdf_file
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import (
	METHOD,
	get_stored_path,
	list_audit_actions,
	make_document,
	make_folder,
	make_person,
)

PREVIEW, CONTENT = f"{METHOD}get_preview", f"{METHOD}download_preview"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9" height="9"/></svg>'
HTML = b"<html><body><script>alert(document.domain)</script>Hello</body></html>"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
needs_libreoffice = pytest.mark.skipif(
	not all(map(shutil.which, conversion.PROGRAMS)), reason="LibreOffice and Bubblewrap are not installed"
)


def build_png() -> bytes:
	"""Return a PNG of one pixel."""

	def chunk(kind: bytes, data: bytes) -> bytes:
		return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

	header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
	return (
		b"\x89PNG\r\n\x1a\n"
		+ chunk(b"IHDR", header)
		+ chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
		+ chunk(b"IEND", b"")
	)


def build_archive(parts: dict[str, str]) -> bytes:
	buffer = io.BytesIO()
	with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
		for name, text in parts.items():
			archive.writestr(name, text)
	return buffer.getvalue()


def build_word_file(text: str, image_url: str = "") -> bytes:
	"""Return a Word file of one paragraph, with a picture that it only links to."""
	kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	picture = (
		'<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="width:90pt;height:90pt">'
		f'<v:imagedata xmlns:r="{OFFICE}" r:id="rId9"/></v:shape></w:pict></w:r>'
	)
	return build_archive(
		{
			"[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
			"_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
			"word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}">'
			+ (
				f'<Relationship Id="rId9" Type="{OFFICE}/image" TargetMode="External" Target="{image_url}"/>'
				if image_url
				else ""
			)
			+ "</Relationships>",
			"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r>{picture if image_url else ""}</w:p></w:body></w:document>',
		}
	)


def build_flat_sheet(formula: str) -> bytes:
	"""Return an OpenDocument spreadsheet with one formula, which LibreOffice computes when it opens the file."""
	office = "urn:oasis:names:tc:opendocument:xmlns"
	content = (
		f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0"'
		f' xmlns:of="{office}:of:1.2" office:version="1.2"><office:body><office:spreadsheet>'
		f'<table:table table:name="A"><table:table-row><table:table-cell table:formula="{formula}"/></table:table-row>'
		"</table:table></office:spreadsheet></office:body></office:document-content>"
	)
	kind = "application/vnd.oasis.opendocument.spreadsheet"
	manifest = (
		f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
		f' manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml"'
		' manifest:media-type="text/xml"/></manifest:manifest>'
	)
	return build_archive({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


@pytest.fixture(scope="module")
def place(frappe_site: str) -> dict[str, str]:
	people = {"reader": make_person("Sales User"), "outsider": make_person("Sales User")}
	return people | {"folder": make_folder(("User", people["reader"], "Read"))}


@pytest.fixture
def reader(place: dict[str, str], api: Callable[[str], Client]) -> Client:
	return api(place["reader"])


def preview(client: Client, document: str, **params: Any) -> dict[str, Any]:
	found: dict[str, Any] = get_data(client.get(PREVIEW, document=document, **params))
	return found


@pytest.mark.parametrize(
	("title", "content", "text"),
	[
		("notes.txt", "Grüße".encode(), "Grüße"),
		("page.html", HTML, HTML.decode()),
		("data.json", b'{"a": 1}', '{"a": 1}'),
		("read.md", b"# Title", "# Title"),
		("old.txt", "naïve".encode("cp1252"), "naïve"),
	],
)
def test_text_and_html_are_sent_as_text(
	place: dict[str, str], reader: Client, title: str, content: bytes, text: str
) -> None:
	found = preview(
		reader, make_document(place["folder"], content, title=f"{frappe.generate_hash()}-{title}")
	)
	assert (found["kind"], found["state"], found["text"], found["url"]) == ("text", "Ready", text, None)


def test_long_text_is_cut(place: dict[str, str], reader: Client) -> None:
	document = make_document(place["folder"], b"x" * (previews.MAX_CHARACTERS + 5))
	found = preview(reader, document)
	assert found["truncated"] is True and len(found["text"]) == previews.MAX_CHARACTERS


@pytest.mark.parametrize(
	("content", "rows"),
	[
		("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
		("a;b,c;d\n1;2;3\n", [["a", "b,c", "d"], ["1", "2", "3"]]),
		('name\tnote\nx\t"two\nlines"\n', [["name", "note"], ["x", "two\nlines"]]),
		("=1+1,<b>x</b>\n", [["=1+1", "<b>x</b>"]]),
	],
)
def test_separated_values_are_a_table(content: str, rows: list[list[str]]) -> None:
	assert previews.parse_table(content) == rows


def test_a_table_is_cut_to_rows_and_columns(place: dict[str, str], reader: Client) -> None:
	line = ",".join("x" * (previews.MAX_COLUMNS + 1))
	content = "\n".join([line] * (previews.MAX_ROWS + 1)).encode()
	found = preview(reader, make_document(place["folder"], content, title=f"{frappe.generate_hash()}.csv"))
	assert (found["kind"], found["truncated"], len(found["rows"])) == ("table", True, previews.MAX_ROWS)
	assert {len(row) for row in found["rows"]} == {previews.MAX_COLUMNS}


@pytest.mark.parametrize(
	("title", "content", "kind", "media_type"),
	[
		("scan.png", build_png(), "image", "image/png"),
		("logo.svg", SVG, "image", "image/svg+xml; charset=utf-8"),
		("form.pdf", build_pdf_file("Hello"), "pdf", "application/pdf"),
	],
)
def test_images_and_pdf_are_sent_so_that_no_script_runs(
	place: dict[str, str], reader: Client, title: str, content: bytes, kind: str, media_type: str
) -> None:
	document = make_document(place["folder"], content, title=f"{frappe.generate_hash()}-{title}")
	found = preview(reader, document)
	assert (found["kind"], found["state"], found["text"]) == (kind, "Ready", None)
	reply = reader.request("GET", found["url"])
	assert (reply.status_code, reply.content) == (200, content)
	assert reply.headers["Content-Type"] == media_type
	assert reply.headers["Content-Disposition"].startswith("attachment")
	assert reply.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
	assert reply.headers["X-Content-Type-Options"] == "nosniff"
	assert reply.headers["Cache-Control"] == "private, no-store"
	assert list_audit_actions(document)[-1] == "Previewed"


def test_other_types_have_no_preview(place: dict[str, str], reader: Client) -> None:
	document = make_document(
		place["folder"], build_archive({"a.txt": "x"}), title=f"{frappe.generate_hash()}.zip"
	)
	found = preview(reader, document)
	assert (found["kind"], found["state"]) == ("none", "Unavailable") and "Download" in found["message"]
	assert get_error(reader.get(CONTENT, document=document)) == (422, "InvalidFileError")
	assert "Previewed" not in list_audit_actions(document)


def test_html_is_never_sent_as_a_file_to_display(place: dict[str, str], reader: Client) -> None:
	document = make_document(place["folder"], HTML, title=f"{frappe.generate_hash()}.html")
	assert get_error(reader.get(CONTENT, document=document)) == (422, "InvalidFileError")


def test_an_earlier_version_has_its_own_preview(place: dict[str, str], reader: Client) -> None:
	document = make_document(place["folder"], b"first")
	changes.create_version(document, IncomingFile(io.BytesIO(b"second")), None)
	frappe.db.commit()
	assert preview(reader, document)["text"] == "second"
	assert preview(reader, document, version=1)["text"] == "first"
	assert get_error(reader.get(PREVIEW, document=document, version=3)) == (404, "DoesNotExistError")


@pytest.mark.parametrize("method", [PREVIEW, CONTENT])
def test_previews_are_for_readers_of_the_folder_only(
	place: dict[str, str], api: Callable[[str], Client], guest: Client, method: str
) -> None:
	document = make_document(place["folder"], build_pdf_file("secret"), title=f"{frappe.generate_hash()}.pdf")
	before = list_audit_actions(document)
	assert get_error(api(place["outsider"]).get(method, document=document)) == (404, "DoesNotExistError")
	assert guest.get(method, document=document).status_code in (401, 403)
	assert list_audit_actions(document) == before


def test_a_damaged_file_has_no_preview(place: dict[str, str], reader: Client) -> None:
	document = make_document(place["folder"], build_png(), title=f"{frappe.generate_hash()}.png")
	path = get_stored_path(document)
	path.chmod(0o600)
	path.write_bytes(b"changed")
	assert get_error(reader.get(CONTENT, document=document)) == (409, "DamagedFileConflictError")
	path.write_bytes(build_png())  # no other test is to find the damage


def test_without_libreoffice_the_reply_says_so(
	place: dict[str, str], monkeypatch: pytest.MonkeyPatch, site: str
) -> None:
	document = make_document(place["folder"], build_word_file("x"), title=f"{frappe.generate_hash()}.docx")
	monkeypatch.setenv("PATH", "/nonexistent")
	frappe.set_user(place["reader"])
	found = previews.build_preview(document, None)
	assert (found["kind"], found["state"], found["url"]) == ("none", "Unavailable", None)
	assert "LibreOffice is not installed" in str(found["message"])


@needs_libreoffice
def test_office_files_are_converted_by_a_job(
	place: dict[str, str], reader: Client, worker: Callable[[], None]
) -> None:
	content = build_word_file("Crisis line procedure")
	document = make_document(place["folder"], content, title=f"{frappe.generate_hash()}.docx")
	found = preview(reader, document)
	assert (found["kind"], found["state"], found["url"]) == ("pdf", "Converting", None)
	assert get_error(reader.get(CONTENT, document=document)) == (409, "ConflictError")
	preview(reader, document)
	worker()
	found = preview(reader, document)
	assert found["state"] == "Ready"
	reply = reader.request("GET", found["url"])
	assert reply.content.startswith(b"%PDF-") and reply.headers["Content-Type"] == "application/pdf"
	path = storage.get_preview_path(get_stored_path(document).name)
	assert path.exists()
	frappe.delete_doc("Document", document)
	frappe.db.commit()
	assert not path.exists()


def convert(document: str) -> Path | None:
	"""Convert the first version of a document in this process. Return the PDF, None if there is none."""
	conversion.convert_version(f"{document}-v1")
	return conversion.find_converted(get_stored_path(document).name)


@needs_libreoffice
def test_a_file_that_cannot_be_converted_is_not_tried_again(
	place: dict[str, str], reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
	document = make_document(place["folder"], build_word_file("slow"), title=f"{frappe.generate_hash()}.docx")
	monkeypatch.setattr(conversion, "MAX_SECONDS", 0.05)
	assert convert(document) is None
	found = preview(reader, document)
	assert (found["kind"], found["state"]) == ("none", "Unavailable")
	assert list(storage.get_preview_root().glob("*/.convert-*")) == []


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
	"""Run a web server on this machine. Yield its address, and the requests that it gets."""
	requests: list[bytes] = []
	server = socket.create_server(("127.0.0.1", 0))

	def accept() -> None:
		while True:
			try:
				connection, _address = server.accept()
			except OSError:
				return
			with connection:
				requests.append(connection.recv(1000))

	threading.Thread(target=accept, daemon=True).start()
	yield f"http://127.0.0.1:{server.getsockname()[1]}", requests
	server.close()


@needs_libreoffice
@pytest.mark.parametrize("kind", ["picture", "formula"])
def test_a_conversion_requests_nothing_from_the_network(
	place: dict[str, str], listener: tuple[str, list[bytes]], kind: str
) -> None:
	address, requests = listener
	content, extension = (
		(build_word_file("linked", f"{address}/picture.png"), "docx")
		if kind == "picture"
		else (build_flat_sheet(f"of:=WEBSERVICE(&quot;{address}/x&quot;)"), "ods")
	)
	document = make_document(place["folder"], content, title=f"{frappe.generate_hash()}.{extension}")
	assert convert(document) is not None
	assert requests == []


@needs_libreoffice
def test_a_conversion_cannot_read_files_of_the_server(place: dict[str, str]) -> None:
	from pypdf import PdfReader

	secret = Path(frappe.get_site_path("private", "files", f"{frappe.generate_hash()}.txt")).resolve()
	secret.write_text("topsecret")
	content = build_flat_sheet(f"of:=WEBSERVICE(&quot;file://{secret}&quot;)")
	pdf = convert(make_document(place["folder"], content, title=f"{frappe.generate_hash()}.ods"))
	secret.unlink()
	assert pdf is not None
	assert "topsecret" not in "".join(page.extract_text() for page in PdfReader(pdf).pages)


def test_unused_previews_are_deleted_after_a_month(site: str) -> None:
	paths = [storage.get_preview_path(frappe.generate_hash(length=32)) for _number in range(2)]
	for path, days in zip(paths, (conversion.UNUSED_DAYS + 1, conversion.UNUSED_DAYS - 1), strict=True):
		path.parent.mkdir(parents=True, exist_ok=True)
		path.write_bytes(b"%PDF-")
		moment = path.stat().st_mtime - days * 24 * 3600
		os.utime(path, (moment, moment))
	conversion.delete_unused_previews()
	assert [path.exists() for path in paths] == [False, True]
