"""The document endpoints: versions, previews, downloads, check-out, approval, moves, tags, search, folders, access, the
audit trail.
"""

from typing import Annotated

from werkzeug.wrappers import Response

import frappe
from frappe import _, _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.schema_types import Bounded, ListOf, OneOf, PageLength, RowOffset
from orchestrator.docs import (
	browsing,
	changes,
	content,
	documents,
	downloads,
	folders,
	fulltext,
	grants,
	listings,
	previews,
	shapes,
)
from orchestrator.docs.shapes import (
	Access,
	AuditPage,
	Comparison,
	FolderList,
	FolderPage,
	Hits,
	Preview,
	Standing,
	Version,
	VersionPage,
)
from orchestrator.exceptions import InvalidRequestError, refuse

VersionNumber = Annotated[int | None, Bounded(1)]
Encoding = Annotated[str | None, OneOf("base64", "text")]


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Version created"), effect=CREATE)
def create_version(
	document: str,
	file: str | None = None,
	version_notes: str | None = None,
	file_name: str | None = None,
	encoding: Encoding = None,
	base_version: VersionNumber = None,
) -> Version:
	"""Add a version to a document.

	The content is a multipart part named `file`, or the parameter `file`. Other hosts are never contacted.

	Args:
		document: Name of the document.
		file: Content: a text, base64 with encoding=base64, a data URL, or the URL or name of a File of this site that the caller may read.
		version_notes: What changed in this version.
		file_name: Name of the file, with its extension.
		encoding: base64: `file` is encoded so. text: `file` is a text, whatever it looks like. Default: data URLs and files of this site are recognized.
		base_version: Number of the version on which the new one is based. A newer version is then a conflict.

	Returns:
		The version that was created.

	Permissions:
		Whoever has Write access to the document's folder.

	Raises:
		PermissionError: 403. The caller may not write the document.
		DoesNotExistError: 404. The document is missing or hidden.
		InvalidRequestError: 400. The content is missing or malformed.
		CheckoutConflictError: 409. Someone else has the document checked out.
		ConflictError: 409. There is a newer version than base_version.
		MaxFileSizeReachedError: 413. The file is larger than the site allows.
		InvalidFileError: 422. The file is missing, of another host, or of a type that is not allowed.
		StorageError: 507. The server could not store the file.
	"""
	documents.get_document(document)
	incoming = content.read_content(file, encoding, file_name)
	return shapes.build_version(changes.create_version(document, incoming, version_notes, base_version))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Versions fetched"), effect=READ)
def get_versions(
	document: str, limit_start: RowOffset = None, limit_page_length: PageLength = None
) -> VersionPage:
	"""Return a page of a document's versions, latest first.

	Args:
		document: Name of the document.
		limit_start: Number of versions to skip. Default: 0.
		limit_page_length: Number of versions on a page. Default: 20.

	Returns:
		The versions of the page and the total.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden.
		InvalidRequestError: 400. The page does not exist.
	"""
	start, length = lists.parse_page(limit_start, limit_page_length)
	return listings.list_versions(documents.get_document(document), start, length)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Version fetched"), effect=READ)
def get_version(document: str, version: VersionNumber = None) -> Version:
	"""Return one version of a document.

	Args:
		document: Name of the document.
		version: Number of the version, from 1. Default: the current version.

	Returns:
		The version's metadata.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
	"""
	return listings.get_version(documents.get_document(document), version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def download(document: str | None = None, version: str | None = None) -> Response:
	"""Download the content of a version.

	It is always an attachment, is compared with its checksum first, and the download is recorded in the audit trail.

	Args:
		document: Name of the document. May be omitted with the full name of a version.
		version: Number of the version, or its full name. Default: the current version.

	Returns:
		The bytes of the file, with its media type and name in the headers.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
		InvalidRequestError: 400. Neither document nor version is given, or the version is no number.
		DamagedFileConflictError: 409. The stored file does not match its checksum.
	"""
	return downloads.build_download(document, version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Preview fetched"), effect=READ)
def get_preview(document: str, version: VersionNumber = None) -> Preview:
	"""Return what a browser can show of a version without running anything in it.

	Text and tables are in the reply, of at most 200,000 characters. Images and PDF are at `url`. Office files are converted to PDF where LibreOffice and Bubblewrap are installed: while `state` is Converting, repeat the call. HTML is returned as text.

	Args:
		document: Name of the document.
		version: Number of the version, from 1. Default: the current version.

	Returns:
		The kind of the preview (pdf, image, text, table, none), its state (Ready, Converting, Unavailable), and its content or URL.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
		DamagedFileConflictError: 409. The stored file does not match its checksum.
	"""
	return previews.build_preview(document, version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def download_preview(document: str | None = None, version: str | None = None) -> Response:
	"""Download the image or the PDF that a preview shows.

	It is sent as an attachment with a policy that lets no script run. The audit trail records it.

	Args:
		document: Name of the document. May be omitted with the full name of a version.
		version: Number of the version, or its full name. Default: the current version.

	Returns:
		The bytes of the image, or of the PDF; of an Office file, the PDF into which it was converted.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
		InvalidRequestError: 400. Neither document nor version is given, or the version is no number.
		DamagedFileConflictError: 409. The stored file does not match its checksum.
		ConflictError: 409. The file has not been converted yet.
		InvalidFileError: 422. Files of this type are not previewed as an image or a PDF.
	"""
	return previews.build_content(document, version)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Versions compared"), effect=READ)
def compare_versions(
	document: str, first: Annotated[int, Bounded(1)], second: Annotated[int, Bounded(1)]
) -> Comparison:
	"""Compare two versions of a document.

	Metadata is always compared; text line by line where both versions have some (PDF, Word, plain text).

	Args:
		document: Name of the document.
		first: Number of the one version.
		second: Number of the other version.

	Returns:
		The differences of the metadata, and a unified diff of the text.

	Permissions:
		Whoever has Read access to the document's folder.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
		DamagedFileConflictError: 409. A stored file does not match its checksum.
	"""
	return changes.compare_versions(document, first, second)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Version restored"), effect=CREATE)
def restore_version(
	document: str, version: Annotated[int, Bounded(1)], version_notes: str | None = None
) -> Version:
	"""Add a new version with the content of an earlier one.

	The versions in between stay.

	Args:
		document: Name of the document.
		version: Number of the version to restore.
		version_notes: What changed in the new version.

	Returns:
		The version that was created.

	Permissions:
		Whoever has Write access to the document's folder.

	Raises:
		PermissionError: 403. The caller may not write the document.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
		CheckoutConflictError: 409. Someone else has the document checked out.
		DamagedFileConflictError: 409. The stored file does not match its checksum.
		StorageError: 507. The server could not store the file.
	"""
	return shapes.build_version(changes.restore_version(document, version, version_notes))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document checked out"), effect=WRITE)
def check_out(document: str) -> Standing:
	"""Check a document out, so that nobody else can add versions.

	Repeating the call changes nothing.

	Args:
		document: Name of the document.

	Returns:
		The document with its check-out and tags.

	Permissions:
		Whoever has Write access to the document's folder.

	Raises:
		PermissionError: 403. The caller may not write the document.
		DoesNotExistError: 404. The document is missing or hidden.
		CheckoutConflictError: 409. Someone else has the document checked out.
	"""
	return shapes.build_document(changes.check_out(document))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document checked in"), effect=WRITE)
def check_in(
	document: str,
	file: str | None = None,
	version_notes: str | None = None,
	file_name: str | None = None,
	encoding: Encoding = None,
	force: bool = False,
) -> Standing:
	"""Check a document in, optionally with a new version.

	Args:
		document: Name of the document.
		file: Content of a new version, as in create_version. Default: no new version.
		version_notes: What changed in the new version.
		file_name: Name of the file, with its extension.
		encoding: base64: `file` is encoded so. text: `file` is a text, whatever it looks like. Default: data URLs and files of this site are recognized.
		force: true: end the check-out of someone else, which requires Manage access. Default: false.

	Returns:
		The document with its check-out and tags.

	Permissions:
		Whoever has the document checked out. Whoever has Manage access, with `force`.

	Raises:
		PermissionError: 403. The caller may not write the document, or not end the check-out of someone else.
		DoesNotExistError: 404. The document is missing or hidden.
		InvalidRequestError: 400. The content is malformed.
		ConflictError: 409. The document is not checked out.
		CheckoutConflictError: 409. Someone else has the document checked out.
		MaxFileSizeReachedError: 413. The file is larger than the site allows.
		InvalidFileError: 422. The file is missing, of another host, or of a type that is not allowed.
		StorageError: 507. The server could not store the file.
	"""
	if file or content.get_uploaded_part():
		documents.get_document(document)
		changes.create_version(document, content.read_content(file, encoding, file_name), version_notes)
	return shapes.build_document(changes.check_in(document, force))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Version approved"), effect=WRITE)
def approve_version(document: str, version: VersionNumber = None) -> Standing:
	"""Approve a version of a document.

	The document's status becomes Approved. Later versions are not approved by that. Repeating the call changes nothing.

	Args:
		document: Name of the document.
		version: Number of the version, from 1. Default: the current version.

	Returns:
		The document with its approved version.

	Permissions:
		Whoever has Write access to the document's folder.

	Raises:
		PermissionError: 403. The caller may not write the document.
		DoesNotExistError: 404. The document is missing or hidden, or there is no such version.
	"""
	return shapes.build_document(changes.approve_version(document, version))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Document moved"), effect=WRITE)
def move(document: str, folder: str) -> Standing:
	"""Move a document to another folder.

	Args:
		document: Name of the document.
		folder: Name or path of the folder.

	Returns:
		The document with its check-out and tags.

	Permissions:
		Whoever has Write access to both folders.

	Raises:
		PermissionError: 403. The caller may not write in one of the folders.
		DoesNotExistError: 404. The document or the folder is missing or hidden.
		RetentionConflictError: 409. A legal hold or a retention period keeps the document where it is.
		UniqueValidationError: 409. The folder has a document of that title.
	"""
	return shapes.build_document(changes.move_document(document, folder))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Tags set"), effect=WRITE)
def set_tags(document: str, tags: Annotated[str | list, ListOf()]) -> Standing:
	"""Replace the tags of a document.

	Args:
		document: Name of the document.
		tags: All tags that the document is to have, as a list.

	Returns:
		The document with its check-out and tags.

	Permissions:
		Whoever has Write access to the document's folder.

	Raises:
		PermissionError: 403. The caller may not write the document.
		DoesNotExistError: 404. The document is missing or hidden.
		InvalidRequestError: 400. tags is not a list of tags.
	"""
	return shapes.build_document(changes.update_tags(document, changes.read_tags(tags)))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Documents searched"), effect=READ)
def search(
	query: str,
	folder: str | None = None,
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
) -> Hits:
	"""Search documents by the words of their title, tags, notes and content, best match first.

	A document matches if it has every word. A word of three or more letters also matches longer words that begin with it. Languages without spaces are searched by pairs of characters.

	Args:
		query: Search terms, with at least one word of two letters.
		folder: Name or path of the folder to search, with the folders in it. Default: all.
		limit_start: Number of documents to skip. Default: 0.
		limit_page_length: Number of documents on a page. Default: 20.

	Returns:
		The documents of the page, each with a score and a snippet.

	Permissions:
		Whoever may read documents. Only documents that the caller may read are found.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The folder is missing or hidden.
		InvalidRequestError: 400. The query has no word of two letters, or the page does not exist.
	"""
	frappe.has_permission("Document", "read", throw=True)
	start, length = lists.parse_page(limit_start, limit_page_length)
	within = folders.list_descendants(folders.find_folder(folder)) if folder else None
	return {"documents": fulltext.search_page(query, within, start, length)}


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Audit trail fetched"), effect=READ)
def get_audit_trail(
	document: str, limit_start: RowOffset = None, limit_page_length: PageLength = None
) -> AuditPage:
	"""Return who viewed, downloaded or changed a document, latest first.

	Args:
		document: Name of the document.
		limit_start: Number of entries to skip. Default: 0.
		limit_page_length: Number of entries on a page. Default: 20.

	Returns:
		The entries of the page and the total.

	Permissions:
		Whoever has Manage access to the document's folder.

	Raises:
		PermissionError: 403. The caller has no Manage access.
		DoesNotExistError: 404. The document is missing or hidden.
		InvalidRequestError: 400. The page does not exist.
	"""
	start, length = lists.parse_page(limit_start, limit_page_length)
	return listings.list_trail(documents.get_document(document), start, length)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Folder fetched"), effect=READ)
def get_folder(
	folder: str | None = None,
	order_by: Annotated[str, OneOf(*browsing.ORDERS)] = "title asc",
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
) -> FolderPage:
	"""Return a folder with its path, its subfolders and a page of its documents.

	Args:
		folder: Name or path of the folder. Default: the root, or the topmost folders if the caller may not read the root.
		order_by: Order of the documents.
		limit_start: Number of documents to skip. Default: 0.
		limit_page_length: Number of documents on a page. Default: 20.

	Returns:
		The folder with the caller's access level, the readable folders above it, its subfolders, its documents, and whether there are more.

	Permissions:
		Whoever may read documents. Only folders and documents that the caller may read are listed.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The folder is missing or hidden.
		InvalidRequestError: 400. The order or the page does not exist.
	"""
	frappe.has_permission("Document", "read", throw=True)
	start, length = lists.parse_page(limit_start, limit_page_length)
	return browsing.build_folder_page(
		folders.find_folder(folder) if folder else None, browsing.parse_order(order_by), start, length
	)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Folders fetched"), effect=READ)
def get_subfolders(folder: str | None = None) -> FolderList:
	"""Return the folders in a folder, for a tree.

	Folders whose parent the caller may not read are listed in the root.

	Args:
		folder: Name or path of the folder. Default: the root, also for callers who may not read the root itself.

	Returns:
		The folders, each with the caller's access level and whether it has subfolders.

	Permissions:
		Whoever may read documents. Only folders that the caller may read are listed.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The folder is missing or hidden.
	"""
	frappe.has_permission("Document", "read", throw=True)
	return {"folders": browsing.list_subfolders(folders.find_folder(folder) if folder else None)}


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Access fetched"), effect=READ)
def get_access(document: str | None = None, folder: str | None = None) -> Access:
	"""Return who has access to a folder, or to the folder of a document.

	Args:
		document: Name of the document.
		folder: Name or path of the folder, in place of a document.

	Returns:
		The caller's access level, the grants on the folder and on the readable folders from which it inherits, and whom to ask for more access.

	Permissions:
		Whoever has Read access to the folder. Grants on folders that the caller may not read are left out.

	Raises:
		PermissionError: 403. The caller may read no documents.
		DoesNotExistError: 404. The document or the folder is missing or hidden.
		InvalidRequestError: 400. Neither or both of document and folder are given.
	"""
	frappe.has_permission("Document", "read", throw=True)
	if bool(document) == bool(folder):
		refuse(_("Send either document or folder."), InvalidRequestError)
	name = documents.get_document(document).document_folder if document else folders.find_folder(folder or "")
	return grants.build_access(name)
