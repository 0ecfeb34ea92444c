"""Parsing a request's content, and validation of names. No site needed."""

import pytest

from orchestrator.docs.media import detect_type, is_consistent
from orchestrator.docs.names import add_extension


@pytest.mark.parametrize(
	("head", "claim", "fits"),
	[
		(b"%PDF-1.4", "application/pdf", True),
		(b"<html>", "application/pdf", False),
		(b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
		(b"PK\x03\x04", "text/plain", False),
		(b"\xff\xfea\x00", "text/plain", True),
		(b"a\x00b", "text/plain", False),
		(b"anything", "audio/mpeg", True),
	],
)
def test_a_type_is_borne_out_by_the_first_bytes(head, claim, fits):
	assert is_consistent(head, claim) == fits


def test_a_name_without_a_type_has_that_of_the_bytes():
	assert detect_type(b"%PDF-1.4", "lease") == ("application/pdf", True)
	assert detect_type(b"plain words", "lease") == ("text/plain", True)
	assert detect_type(b"\x00\x01", "lease") == ("application/octet-stream", True)


@pytest.mark.parametrize(
	("title", "named"),
	[
		("lease.pdf", "lease.txt"),
		("Lease", "Lease.txt"),
		("Plan v1.2", "Plan v1.2.txt"),
		("x" * 140, "x" * 136 + ".txt"),
	],
)
def test_a_title_gets_an_extension(title, named):
	assert add_extension(title, ".txt") == named
