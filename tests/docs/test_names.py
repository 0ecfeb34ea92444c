"""Names that operating systems and people give to files and folders: normalized, or refused with 400."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import frappe

from orchestrator.docs.names import MAX_LENGTH, validate_name
from orchestrator.exceptions import InvalidRequestError
from orchestrator.file_names import BIDI_CONTROLS
from tests.support.client import get_data, get_error
from tests.support.docs_factories import METHOD, list_keys_on_disk, make_document, make_folder, upload

CREATE = f"{METHOD}create_version"
EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)
# Names that Linux, macOS or Windows allow: everything but a zero and a slash.
OS_NAMES = st.text(st.characters(exclude_characters="\x00/"), min_size=1, max_size=255)

STORED = [
	("Screenshot 2026-11-28 at 9.41.05\u202fAM.png", "Screenshot 2026-11-28 at 9.41.05 AM.png"),
	("契約\u3000書.txt", "契約 書.txt"),
	("Bail\u00a0: signé.txt", "Bail : signé.txt"),
	("\u3000 lease.txt \u00a0", "lease.txt"),
	("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
	("क्\u200dष.txt", "क्\u200dष.txt"),
	("👩\u200d⚕️.txt", "👩\u200d⚕️.txt"),
	("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f.txt",) * 2,  # the flag of Scotland
	("\U0001fae9.txt",) * 2,  # an emoji of Unicode 16
	("e\u0301te\u0301.txt", "été.txt"),
	("\u1112\u1161\u11ab.txt", "한.txt"),
	("co\u00adop.txt",) * 2,
	("a\u2009b\u2003c\u205fd\u1680e.txt", "a b c d e.txt"),
	("\ufefflease.txt",) * 2,
	("'quoted' & 1 < 2 > 100%.txt",) * 2,
	("CON.txt",) * 2,
	(".hidden.txt",) * 2,
	("rent.", "rent."),
	("\ue000private.txt",) * 2,
	("x" * 136 + ".txt",) * 2,
	("契" * 136 + ".txt",) * 2,
]
REFUSED = [
	*(f"a{mark}b.txt" for mark in sorted(BIDI_CONTROLS)),
	"a\x00b.txt",
	"a\tb.txt",
	"a\nb.txt",
	"lease.txt\n",
	"a\x7fb.txt",
	"a\x85b.txt",
	"a\u2028b.txt",
	"a\u2029b.txt",
	"\udc80.txt",
	"\ud83c.txt",
	"..",
	".",
	"\u200b",
	"\u200d\u2060",
	"\u3000",
	"a/b.txt",
	"a\\b.txt",
	"a <b>.txt",
	"<script>alert(1)</script>.txt",
	"x" * 141,
	"\u0958" * 100,  # two characters each in NFC
]


@pytest.fixture(scope="module")
def folder(frappe_site) -> str:
	return make_folder()


@pytest.mark.parametrize(("sent", "stored"), STORED)
def test_a_name_is_stored_in_one_form(admin, folder, sent, stored):
	content = sent.encode()
	name = sent if not sent.endswith(".png") else sent.replace(".png", ".txt")
	expected = stored.replace(".png", ".txt")
	data = get_data(upload(admin, f"/Documents/{folder}", "part.txt", content, title=name), 201)
	frappe.db.rollback()
	assert frappe.db.get_value("Document", data["document"], "title") == expected
	version = get_data(admin.post(CREATE, document=data["document"], file="text", file_name=name), 201)
	assert version["file_name"] == expected


def test_the_name_of_the_part_is_stored_in_that_form(admin, folder):
	data = get_data(upload(admin, f"/Documents/{folder}", "Bail\u202fsigne\u0301.txt", b"part"), 201)
	assert data["file_name"] == "Bail signé.txt"
	again = get_data(upload(admin, f"/Documents/{folder}", "Bail signé.txt", b"part two"), 201)
	assert (again["document"], again["version"]) == (data["document"], 2)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_no_name_is_400_and_leaves_nothing(admin, folder, name):
	before = list_keys_on_disk()
	document = make_document(folder, None)
	for reply in (
		admin.post(CREATE, document=document, file="some content", file_name=name),
		admin.post("frappe.client.insert", doctype="Document", document_folder=folder, title=name),
	):
		assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	frappe.db.rollback()
	assert (list_keys_on_disk(), frappe.db.get_value("Document", document, "current_version")) == (before, 0)


@pytest.mark.parametrize("parent", ["/Documents/", "/"])
@pytest.mark.parametrize("title", ["\u202elease", "a\tb", "\u200b"])
def test_a_folder_follows_the_same_rule(admin, title, parent):
	assert get_error(upload(admin, f"{parent}{title}", "a.txt", b"x")) == (400, "InvalidRequestError")


def test_folders_have_one_form_too(admin):
	mark = frappe.generate_hash(length=8)
	one = get_data(upload(admin, f"/Documents/Bail\u202f{mark} e\u0301", "a.txt", b"x"), 201)
	other = get_data(upload(admin, f"/Documents/Bail {mark} é", "b.txt", b"x"), 201)
	assert one["folder"] == other["folder"] == f"Home/Documents/Bail {mark} é"


@EXAMPLES
@given(OS_NAMES)
@example("\u00a0")
@example("\U0001d15e" * 60)
def test_any_name_is_stored_in_one_form_or_refused(frappe_site, name):
	try:
		stored = validate_name("file", name)
	except InvalidRequestError:
		return
	finally:
		frappe.clear_messages()
	assert stored == validate_name("file", stored) == unicodedata.normalize("NFC", stored)
	assert 0 < len(stored) <= MAX_LENGTH
	stored.encode()
	assert not BIDI_CONTROLS.intersection(stored)
	# only blanks and the form of accents are changed
	assert unicodedata.normalize("NFKC", stored).split() == unicodedata.normalize("NFKC", name).split()
