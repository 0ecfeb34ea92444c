"""The text inside a version's file, extracted by a separate process with limited memory and time: a file may
be made to exhaust both, and must do no harm except to its own text.
"""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import frappe

from orchestrator.docs import storage

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

READER_SCRIPT = Path(__file__).parent / "reader" / "__main__.py"
MAX_SECONDS = 60
MAX_CHARACTERS = 2_000_000


def get_version_text(version: "DocumentVersion") -> str:
	"""Return the text of a version, empty if its file has none that can be extracted."""
	extracted = extract_text(storage.get_path(version.storage_key), version.mime_type or "")
	return extracted or ""


def extract_text(
	path: Path, media_type: str, seconds: float | None = None, max_characters: int | None = None
) -> str | None:
	"""Return the text of a file of this type, at most `max_characters` (default: MAX_CHARACTERS), extracted
	within `seconds` (default: MAX_SECONDS).

	None if there is none: another type, a damaged file, one that exceeds the limits.
	"""
	longest = str(max_characters or MAX_CHARACTERS)
	try:
		done = subprocess.run(  # noqa: S603  # our own reader, on a path of our own
			[sys.executable, str(READER_SCRIPT), str(path.resolve()), media_type, longest],
			stdout=subprocess.PIPE,
			stderr=subprocess.DEVNULL,  # a malicious file may cause endless warnings
			timeout=seconds or MAX_SECONDS,
			check=False,
		)
	except subprocess.TimeoutExpired:
		frappe.logger().warning("reading the text of a document took too long")
		return None
	if done.returncode:
		return None
	return done.stdout.decode("utf-8", "replace").replace("\x00", " ")
