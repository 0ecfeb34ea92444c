"""Findings of the doctor about documents that earlier versions left wrong. Changes nothing."""

import base64
import re
from datetime import datetime

import filetype

import frappe

from orchestrator import clock
from orchestrator.docs import identity, media, storage
from orchestrator.file_names import normalize_name

UPGRADE = "orchestrator.patches.compare_titles_exactly"
MAX_NAMED = 10
MAX_EXAMINED = 20_000
MAX_EXAMINED_BYTES = 1024 * 1024
MIN_SINGLE_CASE_LETTERS = 20  # fewer letters are of one case by chance
# Control characters that no text has; wrongly decoded base64 has one in ten characters.
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def find_problems() -> list[str]:
	"""Return a sentence for each kind of problem, naming the first records that have it."""
	problems = (
		("columns with another collation, run migrate", identity.list_wrong_collations()),
		(
			"versions under a document of another title, upload them again and delete the document's version history",
			find_merged_versions(),
		),
		(
			"versions that may be text decoded by mistake, send the text again with encoding text",
			find_decoded_versions(),
		),
		("files that lead to the bytes of a document past its permissions, delete them", find_stray_files()),
	)
	return [f"{words}: {_render_first_names(names)}" for words, names in problems if names]


def find_merged_versions() -> list[str]:
	"""Return versions whose file has another name than their document, but one that the collation treats as
	equal: they were uploaded as a separate document.
	"""
	rows = frappe.db.sql(
		"""
		SELECT v.name, v.file_name, d.title FROM `tabDocument Version` v JOIN `tabDocument` d ON d.name = v.document
		WHERE v.file_name = d.title AND BINARY v.file_name != BINARY d.title
		ORDER BY v.creation, v.name
		""",
		as_dict=True,
	)
	return [row.name for row in rows if normalize_name(row.file_name) != normalize_name(row.title)]


def find_stray_files() -> list[str]:
	"""Return Files that belong to no version but whose URL leads into the document store: earlier releases
	let anybody who knew a key create one.
	"""
	return frappe.db.sql_list(
		"""
		SELECT f.name FROM `tabFile` f LEFT JOIN `tabDocument Version` v ON v.file = f.name
		WHERE v.name IS NULL AND f.is_folder = 0 AND f.file_url LIKE %(store)s ORDER BY f.creation, f.name
		""",
		{"store": f"%{storage.FOLDER}%"},
	)


def find_decoded_versions() -> list[str]:
	"""Return the versions from before the upgrade that are not text, though their document is."""
	rows = frappe.db.sql(
		"""
		SELECT v.name, v.storage_key, v.mime_type, d.title FROM `tabDocument Version` v
		JOIN `tabDocument` d ON d.name = v.document
		WHERE v.restored_from = 0 AND v.creation < %(upgrade)s AND v.file_size <= %(largest)s
			AND (v.mime_type LIKE 'text/%%' OR v.mime_type = %(unknown)s)
		ORDER BY v.creation DESC, v.name LIMIT %(most)s
		""",
		{
			"upgrade": _get_upgrade_time(),
			"largest": MAX_EXAMINED_BYTES,
			"unknown": media.UNKNOWN,
			"most": MAX_EXAMINED,
		},
		as_dict=True,
	)
	return [row.name for row in rows if _is_text_by_name(row) and _is_garbled(row.storage_key)]


def _is_text_by_name(row: frappe._dict) -> bool:
	media_type = media.get_type_by_name(row.title)
	return media.is_textual(media_type) if media_type else row.mime_type == media.UNKNOWN


def _is_garbled(key: str) -> bool:
	"""Return True if the content is neither text in any encoding nor a known type of file."""
	try:
		with storage.get_path(key).open("rb") as file:
			head = file.read(media.HEAD)
	except (OSError, ValueError):  # missing content, which check-documents reports
		return False
	is_readable = media.is_utf8(head) or head.startswith(media.WIDE_MARKS) or media.is_utf16(head)
	return (
		not is_readable
		and not filetype.guess_mime(head)
		and (bool(CONTROLS.search(head)) or _is_single_case(head))
	)


def _is_single_case(head: bytes) -> bool:
	"""Return True if this content in base64 has letters of one case only, as a hex hash or a list of words
	does.
	"""
	sent = base64.b64encode(head[: len(head) // 3 * 3])
	return len(sent) >= MIN_SINGLE_CASE_LETTERS and sent in (sent.lower(), sent.upper())


def _get_upgrade_time() -> datetime | str:
	"""Return when this site got the version that no longer guesses whether text is base64."""
	return frappe.db.get_value("Patch Log", {"patch": UPGRADE}, "creation") or clock.get_now()


def _render_first_names(names: list[str]) -> str:
	more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
	return f"{', '.join(names[:MAX_NAMED])}{more}"
