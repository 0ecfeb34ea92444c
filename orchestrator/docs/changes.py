"""Actions on documents beside adding versions: check out and in, move, tag, restore, compare."""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.desk.doctype.tag.tag import DocTags

from orchestrator import clock
from orchestrator.docs import access, audit, comparison, document_rules, documents, folders, versions
from orchestrator.docs.names import validate_name
from orchestrator.docs.shapes import Comparison, Difference
from orchestrator.docs.versions import IncomingFile, StoredUpload
from orchestrator.doctypes import DOCUMENT
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

COMPARED_FIELDS = ("file_name", "file_size", "sha256", "mime_type", "notes", "author", "creation")
MAX_DIFF_LINES = 2000


def create_version(
	name: str, incoming: IncomingFile, notes: str | None, base_version: int | None = None
) -> "DocumentVersion":
	"""Create the next version of a document that the caller may change.

	The content is written before the document is locked.

	Raises CheckoutConflictError (409), ConflictError (409) if `base_version` is no longer the current one.
	"""
	document = _get_document_for_version(documents.get_document(name))
	upload = versions.store_file(incoming, document.file_name or document.title)
	document = _get_document_for_version(documents.lock_document(name))
	if base_version is not None and base_version != document.current_version:
		refuse(
			_("{0} is now at version {1}, not {2}. Check what changed and repeat the request.").format(
				name, document.current_version, base_version
			),
			ConflictError,
		)
	return versions.create_version(document, upload, notes)


def _get_document_for_version(document: "Document") -> "Document":
	"""Return the document, if the caller may add a version.

	Called before the content is written, and again under the lock: meanwhile the document may have been moved
	or checked out.
	"""
	access.check_level(access.WRITE, document.document_folder)
	documents.check_checkout(document)
	return document


def check_out(name: str) -> "Document":
	"""Check the document out, so that others cannot add versions. A repetition changes nothing."""
	document = documents.get_for_update(name)
	documents.check_checkout(document)
	if not document.checked_out_by:
		document.db_set({"checked_out_by": frappe.session.user, "checked_out_at": clock.get_now()})
		audit.create_entry("Checked Out", name, document.document_folder, document.current_version)
	return document


def check_in(name: str, force: bool = False) -> "Document":
	"""Release the check-out. Another user's only with `force`, for users who manage the folder."""
	document = documents.get_for_update(name)
	if force:
		access.check_level(access.MANAGE, document.document_folder)
	else:
		documents.check_checkout(document)
	holder = document.checked_out_by
	if not holder:
		refuse(_("{0} is not checked out.").format(name), ConflictError)
	document.db_set({"checked_out_by": None, "checked_out_at": None})
	audit.create_entry("Checked In", name, document.document_folder, document.current_version, holder=holder)
	return document


def approve_version(name: str, number: int | None) -> "Document":
	"""Approve a version of a document, by default the current one. A repetition changes nothing."""
	document = documents.get_for_update(name)
	version = versions.get_version(name, number)
	if (document.status, document.approved_version) != (document_rules.APPROVED, version.number):
		document.status = document_rules.APPROVED
		document.flags.approves_version = version.number
		document.save(ignore_permissions=True)  # access is checked by get_for_update
	return document


def move_document(name: str, folder: str) -> "Document":
	"""Move a document to another folder. Requires Write in both; the document follows the rules of its
	folder.
	"""
	document = documents.get_for_update(name)
	documents.check_checkout(document)
	document.document_folder = folders.find_folder(folder)
	document.save(
		ignore_permissions=True
	)  # access is checked above for this folder, in validate for the other one
	return document


def update_tags(name: str, tags: list[str]) -> "Document":
	"""Set the tags of a document, which are Frappe's own."""
	document = documents.get_for_update(name)
	names = [validate_name(_("tag"), tag) for tag in tags]
	if any("," in tag for tag in names):
		refuse(_("A tag cannot contain a comma."), InvalidRequestError)
	for missing in names:
		if not frappe.db.exists("Tag", missing):
			frappe.get_doc(doctype="Tag", name=missing).insert(ignore_permissions=True)
	frappe.flags.tagging_document = True  # recorded once below, not for each tag
	try:
		DocTags(DOCUMENT).update(name, names)
	finally:
		frappe.flags.tagging_document = False
	document.reload()
	document.run_method("after_tagging", names)
	return document


def restore_version(name: str, number: int, notes: str | None) -> "DocumentVersion":
	"""Create a version with the content of an earlier one."""
	_get_document_for_version(documents.get_document(name))
	earlier = versions.get_version(name, number)
	with versions.get_intact_path(earlier).open("rb") as source:
		upload: StoredUpload = versions.store_file(IncomingFile(source, earlier.file_name), earlier.file_name)
	document = _get_document_for_version(documents.lock_document(name))
	return versions.create_version(
		document, upload, notes or _("Restored from version {0}").format(number), restored_from=number
	)


def compare_versions(name: str, first: int, second: int) -> Comparison:
	"""Return two versions side by side."""
	document = documents.get_document(name)
	earlier, later = versions.get_version(name, first), versions.get_version(name, second)
	lines, cut = comparison.compare_texts(earlier, later)
	audit.create_entry(
		"Versions Compared", name, document.document_folder, later.number, first=earlier.number
	)
	frappe.local.flags.commit = True
	return {
		"document": name,
		"first": earlier.number,
		"second": later.number,
		"same_content": earlier.sha256 == later.sha256,
		"metadata": [
			Difference(field=field, first=earlier.get(field), second=later.get(field))
			for field in COMPARED_FIELDS
			if earlier.get(field) != later.get(field)
		],
		"text": lines[:MAX_DIFF_LINES] if lines is not None else None,
		"added_lines": count(lines, "+"),
		"removed_lines": count(lines, "-"),
		"truncated": len(lines or []) > MAX_DIFF_LINES or cut,
	}


def count(lines: list[str] | None, sign: str) -> int:
	return sum(line.startswith(sign) for line in lines or [])


def read_tags(value: Any) -> list[str]:
	"""Return a list of tags, or a text with commas. 400 for anything else."""
	if isinstance(value, str) and not value.lstrip().startswith("["):
		return [part for part in value.split(",") if part.strip()]
	parsed = frappe.parse_json(value)
	if not isinstance(parsed, list) or not all(isinstance(item, str) for item in parsed):
		refuse(_("tags must be a list of strings."), InvalidRequestError)
	return parsed
