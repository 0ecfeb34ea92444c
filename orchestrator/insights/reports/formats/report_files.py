"""Reports as private Files: stored where Frappe keeps private files, owned by the requester, deleted when
they expire.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import frappe
from frappe.core.doctype.file.file import File
from frappe.utils import get_site_path

from orchestrator import compat
from orchestrator.insights.reports.content.report_table import Table
from orchestrator.insights.reports.content.title_page import TitlePage
from orchestrator.insights.reports.formats import csv_file, json_file, report_page, report_pdf, spreadsheet

DOCTYPE = "File"
URL = "/private/files/"
MAX_NAME_LENGTH = 100
UNWANTED_CHARACTERS = re.compile(r"[^\w .-]+")
BLOCK_BYTES = 1 << 20

Writer = Callable[[Path, Table, TitlePage], None]

WRITERS: dict[str, Writer] = {
	"pdf": report_pdf.write_pdf,
	"xlsx": spreadsheet.write_xlsx,
	"csv": lambda path, table, _title: csv_file.write_csv(path, table),
	"json": json_file.write_json,
	"html": report_page.write_html,
}


def create_file(format_: str, table: Table, title: TitlePage) -> File:
	"""Write the table in one of the formats and store it as a private File of the caller. If the call fails
	later, the file is deleted.
	"""
	file_name = f"{_build_base_name(title)}-{frappe.generate_hash(length=8)}.{format_}"
	path = Path(get_site_path("private", "files", file_name)).absolute()
	frappe.db.after_rollback.add(lambda: path.unlink(missing_ok=True))
	try:
		WRITERS[format_](path, table, title)
	except BaseException:
		path.unlink(missing_ok=True)
		raise
	return _create_file_record(file_name, path)


def _build_base_name(title: TitlePage) -> str:
	"""Return the report's name and date, as a valid file name."""
	name = UNWANTED_CHARACTERS.sub("-", title.report_name).strip(" .-")[:MAX_NAME_LENGTH] or "report"
	return f"{name} {title.generated_at:%Y-%m-%d}".replace(" ", "-")


def _create_file_record(file_name: str, path: Path) -> File:
	"""Create the File record of the file at `path`. As for a copy of an attachment, Frappe neither reads nor writes it again."""
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"file_name": file_name,
			"file_url": f"{URL}{file_name}",
			"is_private": 1,
			"folder": "Home",
			"file_size": path.stat().st_size,
			"content_hash": _compute_hash(path),
		}
	)
	compat.keep_bytes_on_disk(doc)
	doc.flags.written_url = doc.file_url  # see orchestrator/access/guarded_file.py
	doc.flags.ignore_duplicate_entry_error = True  # each run has its own file, which is deleted with it
	doc.insert(ignore_permissions=True)  # users who may run a report may get it as a file
	if doc.file_url != f"{URL}{file_name}":  # an older Frappe made a copy
		path.unlink(missing_ok=True)
	return doc


def _compute_hash(path: Path) -> str:
	"""Return a hash of name and content, so that another File with the same content does not share this one's
	file on disk.
	"""
	digest = hashlib.md5(path.name.encode(), usedforsecurity=False)
	with path.open("rb") as file:
		while block := file.read(BLOCK_BYTES):
			digest.update(block)
	return digest.hexdigest()


def delete_file(name: str | None) -> None:
	"""Delete a File and its content on disk, unless it is already deleted."""
	if name:
		with contextlib.suppress(frappe.DoesNotExistError):
			frappe.delete_doc(DOCTYPE, name, ignore_permissions=True, force=True, delete_permanently=True)
