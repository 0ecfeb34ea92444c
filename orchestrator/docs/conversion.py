"""Office files converted to PDF by LibreOffice, in a sandbox without a network, without macros and without the
server's files.

Bubblewrap makes the sandbox. Where one of the two is missing, nothing is converted. The PDFs are a cache: they are
outside of the site's files and of its backups, and are deleted with their version or when nobody uses them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import frappe
from frappe import _

from orchestrator.docs import media, storage, versions
from orchestrator.doctypes import DOCUMENT_VERSION

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

State = Literal["Ready", "Converting", "Unavailable"]
JOB = "orchestrator.docs.conversion.convert_version"
PROGRAM = Path(__file__).parent / "reader" / "convert.py"
PROGRAMS = ("soffice", "bwrap")
MAX_SECONDS = 60
MAX_BYTES = 100 * 1024 * 1024
FAILED_FOR_SECONDS = 3600
UNUSED_DAYS = 30
EXTENSIONS = {
	"application/msword": "doc",
	"application/rtf": "rtf",
	"application/vnd.ms-excel": "xls",
	"application/vnd.ms-powerpoint": "ppt",
	f"{media.OPEN_XML}wordprocessingml.document": "docx",
	f"{media.OPEN_XML}spreadsheetml.sheet": "xlsx",
	f"{media.OPEN_XML}presentationml.presentation": "pptx",
	f"{media.OPEN_DOCUMENT}text": "odt",
	f"{media.OPEN_DOCUMENT}spreadsheet": "ods",
	f"{media.OPEN_DOCUMENT}presentation": "odp",
}


def list_missing_programs() -> list[str]:
	return [program for program in PROGRAMS if not shutil.which(program)]


def can_isolate() -> bool:
	"""Return True if Bubblewrap can make a sandbox here: some systems forbid the namespaces that it needs."""
	command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
	done = subprocess.run(command, capture_output=True, timeout=MAX_SECONDS, check=False)  # noqa: S603  # fixed
	return done.returncode == 0


def find_converted(key: str) -> Path | None:
	"""Return the PDF of stored content. It counts as used today."""
	path = storage.get_preview_path(key)
	try:
		os.utime(path)
	except FileNotFoundError:
		return None
	return path


def request_conversion(version: "DocumentVersion") -> State:
	"""Return the state of a version's PDF, and enqueue its conversion if nobody has yet."""
	if find_converted(version.storage_key):
		return "Ready"
	if list_missing_programs() or _has_failed(version):
		return "Unavailable"
	frappe.enqueue(
		JOB,
		queue="default",
		timeout=2 * MAX_SECONDS,
		job_id=f"orchestrator-preview-{version.name}",
		deduplicate=True,
		version=version.name,
	)
	return "Converting"


def build_message() -> str:
	"""Return why a file has no PDF."""
	if missing := list_missing_programs():
		return _(
			"Office files cannot be shown: {0} is not installed on the server. Download the file to open it."
		).format(_("LibreOffice") if "soffice" in missing else _("Bubblewrap"))
	return _("This file could not be converted for the preview. Download the file to open it.")


def convert_version(version: str) -> None:
	"""Run as a job: convert the file of a version, unless it has been deleted meanwhile."""
	if not frappe.db.exists(DOCUMENT_VERSION, version):
		return
	record: DocumentVersion = frappe.get_doc(DOCUMENT_VERSION, version)
	if find_converted(record.storage_key):
		return
	if not _convert(versions.get_intact_path(record), EXTENSIONS[record.mime_type], record.storage_key):
		frappe.cache.set_value(_get_failure_key(record), 1, expires_in_sec=FAILED_FOR_SECONDS)
	frappe.db.rollback()  # for the present state: the version may have been deleted during the conversion
	if not frappe.db.exists(DOCUMENT_VERSION, version):
		storage.get_preview_path(record.storage_key).unlink(missing_ok=True)


def _has_failed(version: "DocumentVersion") -> bool:
	return bool(frappe.cache.get_value(_get_failure_key(version), expires=True))


def _get_failure_key(version: "DocumentVersion") -> str:
	return f"orchestrator:unconvertible:{version.sha256}:{version.mime_type}"


def _convert(source: Path, extension: str, key: str) -> bool:
	"""Convert a file to the PDF of `key`. Return False if LibreOffice fails, takes too long or writes no PDF."""
	target = storage.get_preview_path(key)
	target.parent.mkdir(parents=True, exist_ok=True)
	with tempfile.TemporaryDirectory(dir=target.parent, prefix=".convert-") as folder:
		if not _run_libreoffice(source, extension, Path(folder)):
			return False
		written = Path(folder) / "out" / "document.pdf"
		if not _is_pdf(written):
			return False
		written.chmod(storage.READ_ONLY)
		written.replace(target)
	return True


def _run_libreoffice(source: Path, extension: str, folder: Path) -> bool:
	try:
		done = subprocess.run(  # noqa: S603  # our own program, on a path of our own
			[sys.executable, str(PROGRAM), str(source.resolve()), extension, str(folder.resolve())],
			stdin=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
			timeout=MAX_SECONDS,
			check=False,
		)
	except subprocess.TimeoutExpired:
		frappe.logger().warning("converting a document for its preview took too long")
		return False
	return done.returncode == 0


def _is_pdf(path: Path) -> bool:
	if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
		return False
	with path.open("rb") as file:
		return file.read(len(media.PDF_MARK)) == media.PDF_MARK


def delete_unused_previews() -> None:
	"""Run daily: delete PDFs that nobody has looked at for a month."""
	oldest = time.time() - UNUSED_DAYS * 24 * 3600
	for path in _list_previews():
		if path.stat().st_mtime < oldest:
			path.unlink(missing_ok=True)


def _list_previews() -> Iterator[Path]:
	yield from storage.get_preview_root().glob("??/*.pdf")
