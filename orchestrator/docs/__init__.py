"""The document endpoints: versions, downloads, check-out, moves, tags, search, the audit trail."""

from werkzeug.wrappers import Response

import frappe
from frappe import _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.docs import (
	changes,
	content,
	documents,
	downloads,
	folders,
	fulltext,
	listings,
	shapes,
)
from orchestrator.docs.shapes import AuditPage, Comparison, Hits, Standing, Version, VersionPage


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Version created"), effect=CREATE)
def create_version(
	document: str,
	file: str | None = None,
	version_notes: str | None = None,
	file_name: str | None = None,
	encoding: str | None = None,
	base_version: int | None = None,
) -> Version:
	"""Add a version to a document, for those with Write access to its folder.

	The content is a multipart part named file, or `file`: a text, a data URL, the URL of a file of this site or the
	name of a File, which the caller may read. Other hosts are never asked. `encoding` says that `file` is base64, or
	a text whatever it looks like; nothing is decoded by its looks. With `base_version` a version that came meanwhile is
	a conflict. Raises 403 or 404 as get_versions does, InvalidRequestError (400), ConflictError (409, also while checked out by
	someone else), MaxFileSizeReachedError (413), InvalidFileError (422), StorageError (507)."""
	documents.get_document(document)
	incoming = content.read_content(file, encoding, file_name)
	return shapes.build_version(changes.create_version(document, incoming, version_notes, base_version))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Versions fetched"), effect=READ)
def get_versions(
	document: str, limit_start: str | int | None = None, limit_page_length: str | int | None = None
) -> VersionPage:
	"""A page of a document's versions, the latest first, for those with Read access.

	Raises PermissionError (403) where the caller may read no documents at all, DoesNotExistError (404) for a document
	that is missing or hidden, InvalidRequestError (400)."""
	start, length = lists.parse_page(limit_start, limit_page_length)
	return listings.list_versions(documents.get_document(document), start, length)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Version fetched"), effect=READ)
def get_version(document: str, version: int | None = None) -> Version:
	"""One version of a document, the current one without a number. Errors as get_versions, 404 for no such version."""
	return listings.get_version(documents.get_document(document), version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def download(document: str | None = None, version: str | None = None) -> Response:
	"""The bytes of a version: of a document's number, of its current one, or by the version's own name alone.

	Always as an attachment, after a look whether they are what was stored, and noted in the audit trail. Raises 403 and
	404 as get_versions does, DamagedFileConflictError (409), InvalidRequestError (400) without document and version."""
	return downloads.build_download(document, version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Versions compared"), effect=READ)
def compare_versions(document: str, first: int, second: int) -> Comparison:
	"""How two versions differ: in their metadata, and line by line where both have text (PDF, Word, plain text).

	Errors as get_version, DamagedFileConflictError (409)."""
	return changes.compare_versions(document, first, second)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Version restored"), effect=CREATE)
def restore_version(document: str, version: int, version_notes: str | None = None) -> Version:
	"""Add a new version with the content of an earlier one. What came between stays. Errors as create_version."""
	return shapes.build_version(changes.restore_version(document, version, version_notes))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document checked out"), effect=WRITE)
def check_out(document: str) -> Standing:
	"""Keep everyone else from adding versions until check_in. For those with Write access; repeating it changes nothing.

	Raises 403 or 404 as get_versions does, CheckoutConflictError (409) where someone else has it."""
	return shapes.build_document(changes.check_out(document))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document checked in"), effect=WRITE)
def check_in(
	document: str,
	file: str | None = None,
	version_notes: str | None = None,
	file_name: str | None = None,
	encoding: str | None = None,
	force: bool = False,
) -> Standing:
	"""Let others add versions again, with a last one of one's own where content is sent (as to create_version).

	`force` ends someone else's check-out, for those with Manage access. Raises as create_version does, ConflictError (409)
	where it is not checked out."""
	if file or content.get_uploaded_part():
		documents.get_document(document)
		changes.create_version(document, content.read_content(file, encoding, file_name), version_notes)
	return shapes.build_document(changes.check_in(document, force))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document moved"), effect=WRITE)
def move(document: str, folder: str) -> Standing:
	"""Put a document into another folder, told by name or path. For those with Write access to both.

	Raises 403 or 404 as get_versions does, DoesNotExistError (404) for the folder, RetentionConflictError (409) for a way out of a
	legal hold or a retention period, UniqueValidationError (409) where the folder has a document of that title."""
	return shapes.build_document(changes.move_document(document, folder))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Tags set"), effect=WRITE)
def set_tags(document: str, tags: str | list) -> Standing:
	"""Give a document exactly these tags (Frappe's own). For those with Write access. Errors as get_versions,
	InvalidRequestError (400) for what is no list of tags."""
	return shapes.build_document(changes.update_tags(document, changes.read_tags(tags)))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Documents searched"), effect=READ)
def search(
	query: str,
	folder: str | None = None,
	limit_start: str | int | None = None,
	limit_page_length: str | int | None = None,
) -> Hits:
	"""The documents that hold every word of `query` in title, tags, notes or the text of their file, the best first.

	A word stands for all that begin with it, one of two letters for itself; languages without blanks are searched by
	pairs of characters. Only what the caller may read is found, below `folder` where one is named.
	Raises InvalidRequestError (400) for a query without a word of two letters, DoesNotExistError (404) for the folder."""
	frappe.has_permission("Document", "read", throw=True)
	start, length = lists.parse_page(limit_start, limit_page_length)
	within = folders.list_descendants(folders.find_folder(folder)) if folder else None
	return {"documents": fulltext.search_page(query, within, start, length)}


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Audit trail fetched"), effect=READ)
def get_audit_trail(
	document: str, limit_start: str | int | None = None, limit_page_length: str | int | None = None
) -> AuditPage:
	"""Who saw, took or changed a document, the latest first. For those with Manage access to its folder.

	Raises 403 or 404 as get_versions does, InvalidRequestError (400)."""
	start, length = lists.parse_page(limit_start, limit_page_length)
	return listings.list_trail(documents.get_document(document), start, length)
