"""Comparing versions and reading texts take bounded time and memory, also for malicious files."""

import io
import subprocess
import time

import pytest

import frappe

from orchestrator.docs import changes, comparison, storage, text
from orchestrator.docs.versions import IncomingFile
from tests.support import factories
from tests.support.client import get_data
from tests.support.docs_factories import METHOD, make_document, make_folder

SLOW_LINES = 10_000


@pytest.fixture
def compare(api, site):
	"""Return `compare(first, second)`: the reply of compare_versions for two contents."""

	def reply_of(first: bytes, second: bytes):
		user = factories.make_user("Newsletter Manager").name
		document = make_document(make_folder(("User", user, "Read")), first)
		changes.create_version(document, IncomingFile(io.BytesIO(second)), None)
		frappe.db.commit()
		return api(user).get(f"{METHOD}compare_versions", document=document, first=1, second=2)

	return reply_of


def test_texts_that_keep_difflib_busy_are_compared_at_their_beginnings(compare):
	"""In full these take minutes."""
	first, second = (
		"\n".join(f"{prefix} line {number * step % 150}" for number in range(SLOW_LINES))
		for prefix, step in (("a", 7), ("a", 1))
	)
	data = get_data(compare(first.encode(), second.encode()))
	assert data["truncated"] is True
	assert 0 < data["added_lines"] <= comparison.MAX_QUICK_LINES


def test_ordinary_texts_are_compared_in_full(compare):
	data = get_data(compare(b"one\ntwo\nthree", b"one\n2\nthree"))
	assert data["text"] == ["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]
	assert data["truncated"] is False


def test_both_texts_share_one_deadline(site, monkeypatch):
	given = []

	def read_slowly(_path, _type, seconds):
		given.append(seconds)
		time.sleep(0.2)

	monkeypatch.setattr(text, "extract_text", read_slowly)
	monkeypatch.setattr(comparison, "MAX_SECONDS", 0.1)
	document = make_document(make_folder(), frappe.generate_hash().encode())
	changes.create_version(document, IncomingFile(io.BytesIO(frappe.generate_hash().encode())), None)
	one, other = (frappe.get_doc("Document Version", f"{document}-v{number}") for number in (1, 2))
	assert comparison.compare_texts(one, other) == (None, False)
	assert len(given) == 1
	assert given[0] <= 0.1


def test_what_cannot_be_read_is_not_tried_at_each_request(site, monkeypatch):
	tried = []
	monkeypatch.setattr(text, "extract_text", lambda *args: tried.append(args))
	document = make_document(make_folder(), frappe.generate_hash().encode())
	version = frappe.get_doc("Document Version", f"{document}-v1")
	for _ in range(3):
		assert comparison.compare_texts(version, version) == (None, False)
	assert len(tried) == 1


def test_standard_error_of_parser_is_not_collected(site, monkeypatch, tmp_path):
	"""A reader that writes endlessly to standard error does not fill the memory of the server."""
	endless = tmp_path / "endless.py"
	endless.write_text("import sys\nfor _ in range(300): sys.stderr.write('w' * 1024 * 1024)\nprint('text')")
	kept = []
	run = subprocess.run

	def watched(*args, **kwargs):
		done = run(*args, **kwargs)
		kept.append(len(done.stderr or b""))
		return done

	monkeypatch.setattr(subprocess, "run", watched)
	monkeypatch.setattr(text, "READER_SCRIPT", endless)
	path = storage.get_path(storage.write_bytes(io.BytesIO(b"text")).key)
	assert text.extract_text(path, "text/plain") == "text\n"
	assert kept == [0]
