"""Text sent to create_version is returned byte for byte; only `encoding` or a data URL makes it binary."""

import base64
import hashlib
import io
import string

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import frappe

from orchestrator.docs import content, media, names
from tests.support.client import get_data, get_error
from tests.support.docs_factories import METHOD, download, make_document, make_folder

CREATE = f"{METHOD}create_version"
EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
LIKE_BASE64 = st.text(string.ascii_letters + string.digits + "+/=\n", min_size=1, max_size=200)
SHA256 = hashlib.sha256(b"lease").hexdigest()
LOOKS_ENCODED = [
	SHA256,
	base64.b64encode(hashlib.sha256(b"lease").digest()).decode(),
	base64.b64encode(b"Updated contract").decode(),
	"eyJhbGciOiJIUzI1NiJ9",  # the head of a token
	"contract",
	"\n".join(["able", "bake", "cake"] * 10),
	"A" * 64,
	"SGVsbG8=",
	"TWFu",
	"deadbeef" * 16,
	"4111111111111111",
	"550e8400e29b41d4a716446655440000",
]


@pytest.fixture(scope="module")
def folder(frappe_site) -> str:
	return make_folder()


@pytest.fixture
def document(folder) -> str:
	return make_document(folder)


def read_bytes(text: str, encoding: str | None = None) -> bytes:
	frappe.local.request = None
	return content.read_content(text, encoding, None).source.read()


@pytest.mark.parametrize("text", LOOKS_ENCODED)
def test_text_resembling_base64_is_stored_as_text(admin, document, text):
	version = get_data(admin.post(CREATE, document=document, file=text), 201)
	assert download(admin, document).content == text.encode()
	assert (version["mime_type"], version["sha256"]) == (
		"text/plain",
		hashlib.sha256(text.encode()).hexdigest(),
	)


@pytest.mark.parametrize(
	("text", "kept"),
	[
		("data:text/plain;base64,SGVsbG8=", b"Hello"),
		("data:;base64,SGVsbG8=", b"Hello"),
		("data:text/plain;charset=utf-8;base64,SGVs\nbG8=", b"Hello"),
		("DATA:Text/Plain;BASE64,SGVsbG8=", b"Hello"),
		("data:text/plain,Hello%20there", b"Hello there"),
		("data:text/plain;charset=utf-8,Gr%C3%BC%C3%9Fe", "Grüße".encode()),
		("data: 5, 6 and 7", b"data: 5, 6 and 7"),
		("data:,five", b"data:,five"),
	],
)
def test_a_data_url_is_decoded_and_other_text_is_not(admin, document, text, kept):
	get_data(admin.post(CREATE, document=document, file=text), 201)
	assert download(admin, document).content == kept


@pytest.mark.parametrize(
	"text", ["data:text/plain;base64,SGVsbG8=", "/files/a.txt", "https://elsewhere.example.com/a.txt"]
)
def test_encoding_base64_decodes_and_text_never_does(admin, document, text):
	encoded = base64.b64encode(bytes(range(256))).decode()
	get_data(admin.post(CREATE, document=document, file=encoded, encoding="base64", file_name="a.bin"), 201)
	assert download(admin, document).content == bytes(range(256))
	get_data(admin.post(CREATE, document=document, file=text, encoding="text"), 201)
	assert download(admin, document).content == text.encode()


@pytest.mark.parametrize(
	("file", "encoding", "refused"),
	[
		("not base64!", "base64", (400, "InvalidRequestError")),
		("SGVsbG8", "base64", (400, "InvalidRequestError")),
		("data:text/plain;base64,SGVsbG8", None, (400, "InvalidRequestError")),
		("half a \ud83c character", None, (400, "InvalidRequestError")),
		("half a \ud83c character", "text", (400, "InvalidRequestError")),
		("text", "utf-8", (400, "InvalidRequestError")),
		("http://[", None, (422, "InvalidFileError")),
		("/api/method/orchestrator.docs.download?version=", None, (422, "InvalidFileError")),
		("data:text/plain;base64,SGVsbG8= and more", None, (400, "InvalidRequestError")),
		("data:;base64,", None, (422, "InvalidFileError")),
	],
)
def test_what_cannot_be_read_is_refused(admin, document, file, encoding, refused):
	reply = admin.post(CREATE, document=document, file=file, **({"encoding": encoding} if encoding else {}))
	assert get_error(reply) == refused
	frappe.db.rollback()
	assert frappe.db.get_value("Document", document, "current_version") == 1


@pytest.mark.parametrize(
	"text",
	[
		"BMW is a car",
		"RIFF raff",
		"GIF89a is a format",
		"MZ",
		"ID3 tag",
		"OggS",
		"%!PS",
		"{\\rtf",
		"a\tb\r\n\x0c",
	],
)
def test_text_sent_as_text_is_named_and_typed_as_text(admin, folder, text):
	document = make_document(folder, None, title=frappe.generate_hash(length=8))
	version = get_data(admin.post(CREATE, document=document, file=text), 201)
	assert version["file_name"].endswith(".txt"), version
	assert (version["mime_type"], download(admin, document).content) == ("text/plain", text.encode())


@EXAMPLES
@given(st.one_of(TEXTS, LIKE_BASE64))
@example(SHA256)
def test_text_encoding_preserves_every_byte(frappe_site, text):
	assert read_bytes(text, "text") == text.encode()


@EXAMPLES
@given(st.one_of(TEXTS, LIKE_BASE64))
def test_text_that_is_no_url_and_no_file_preserves_every_byte(frappe_site, text):
	stripped = text.strip()
	assume(not stripped.lower().startswith(("http://", "https://", "data:")) and not stripped.startswith("/"))
	assert read_bytes(text) == text.encode()


@EXAMPLES
@given(st.binary(min_size=1), st.booleans())
def test_base64_and_data_url_preserve_every_byte(frappe_site, data, as_url):
	encoded = base64.b64encode(data).decode()
	sent = f"data:application/octet-stream;base64,{encoded}" if as_url else encoded
	assert read_bytes(sent, None if as_url else "base64") == data


@EXAMPLES
@given(TEXTS)
def test_any_text_fits_a_name_that_says_text(text):
	head = text.encode()[: media.HEAD]
	assume(
		b"\x00" not in head
		and not media.is_binary_container(head)
		and not media.LOOKS_LIKE_PDF.match(head.removeprefix(media.BOM))
	)
	assert media.detect_type(
		head, names.add_extension("lease.pdf", media.get_extension(head, media.TEXT))
	) == (
		"text/plain",
		True,
	)


def test_a_stream_is_not_read_to_detect_its_type(site):
	incoming = content.read_content("A" * 100, None, None)
	assert isinstance(incoming.source, io.BytesIO)
	assert incoming.declared == media.TEXT
