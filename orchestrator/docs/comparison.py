"""The difference between the texts of two versions, computed within a bounded time because someone waits for
the reply.
"""

import difflib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import frappe

from orchestrator.docs import text, versions

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

PROGRAM = Path(__file__).parent / "reader" / "differences.py"
MAX_LINES = 10_000
# With this number of lines, a comparison takes a fraction of a second, whatever the content.
MAX_QUICK_LINES = 500
# both texts and their difference together
MAX_SECONDS = 10
UNREADABLE_FOR_SECONDS = 3600


def compare_texts(one: "DocumentVersion", other: "DocumentVersion") -> tuple[list[str] | None, bool]:
	"""Return a unified diff of two versions, and whether only the beginnings were compared.

	Args:
		one: The first version.
		other: The second version.

	Returns:
		The lines of the diff without its heading, None if one of them has no text that can be read in time.

	Raises:
		DamagedFileConflictError: The bytes of a version are not those that were stored (409).
	"""
	deadline = time.monotonic() + MAX_SECONDS
	texts = [_read_text(version, deadline) for version in (one, other)]
	if None in texts:
		return None, False
	before, after = (str(found).splitlines() for found in texts)
	lines = _compare_in_process(before[:MAX_LINES], after[:MAX_LINES], deadline)
	if lines is not None:
		return lines, max(len(before), len(after)) > MAX_LINES
	return _compare_beginnings(before, after), True


def _read_text(version: "DocumentVersion", deadline: float) -> str | None:
	"""Return the text of a version. After a failure, it is not extracted again for an hour."""
	path = versions.get_intact_path(version)
	key = f"orchestrator:unreadable:{version.sha256}:{version.mime_type}"
	if frappe.cache.get_value(key, expires=True):
		return None
	seconds = deadline - time.monotonic()
	extracted = text.extract_text(path, version.mime_type or "", seconds) if seconds > 0 else None
	if extracted is None:
		frappe.cache.set_value(key, 1, expires_in_sec=UNREADABLE_FOR_SECONDS)
	return extracted


def _compare_in_process(before: list[str], after: list[str], deadline: float) -> list[str] | None:
	"""Return the whole diff, None if it takes too long."""
	try:
		done = subprocess.run(  # noqa: S603  # our own program, without arguments
			[sys.executable, str(PROGRAM)],
			input=json.dumps([before, after]).encode(),
			stdout=subprocess.PIPE,
			stderr=subprocess.DEVNULL,
			timeout=max(deadline - time.monotonic(), 0.1),
			check=True,
		)
	except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
		return None
	lines: list[str] = json.loads(done.stdout)
	return lines


def _compare_beginnings(before: list[str], after: list[str]) -> list[str]:
	first = (before[:MAX_QUICK_LINES], after[:MAX_QUICK_LINES])
	return list(difflib.unified_diff(*first, lineterm="", n=2))[2:]
