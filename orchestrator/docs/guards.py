"""Hooks on Frappe's own DocTypes that protect the File of a version and the access to a document."""

from typing import Any
from urllib.parse import unquote

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.compat import NO_OPINION
from orchestrator.docs import storage
from orchestrator.docs.errors import ImmutableRecordConflictError
from orchestrator.doctypes import DOCUMENT, DOCUMENT_FOLDER, DOCUMENT_VERSION
from orchestrator.exceptions import refuse

# Fields of a version's File that must not change: all except its folder in the File list.
IMMUTABLE_FIELDS = (
	"file_name",
	"file_url",
	"file_size",
	"is_private",
	"attached_to_doctype",
	"attached_to_name",
	"attached_to_field",
	"content_hash",
	"owner",
)
LIBRARY_DOCTYPES = (DOCUMENT, DOCUMENT_VERSION, DOCUMENT_FOLDER)


def before_file_validate(file: Document, _event: str | None = None) -> None:
	"""Handle the hook File.before_validate, before Frappe moves or writes anything."""
	before = file.get_doc_before_save() if not file.is_new() else None
	if before and _is_version_file(file.name):
		if any((before.get(field) or "") != (file.get(field) or "") for field in IMMUTABLE_FIELDS):
			_refuse_change(file.name)
		return
	if file.attached_to_doctype in LIBRARY_DOCTYPES and not (
		before and before.attached_to_doctype in LIBRARY_DOCTYPES
	):
		refuse(
			_(
				"Add the file as a version of the document: send it to orchestrator.docs.create_version, or upload it into the document's folder."
			),
			ImmutableRecordConflictError,
		)


def on_file_trash(file: Document, _event: str | None = None) -> None:
	"""Handle the hook File.on_trash: refuse to delete the file of a version. Frappe could not delete its
	content, whose path it does not know.
	"""
	if _is_version_file(file.name):
		_refuse_change(file.name)


def _is_version_file(file: str) -> bool:
	if frappe.flags.in_migrate and not frappe.db.table_exists(DOCUMENT_VERSION):
		return False  # another app's patch saves Files before the site has documents
	return bool(frappe.db.exists(DOCUMENT_VERSION, {"file": file}))


def _refuse_change(file: str) -> None:
	version = frappe.db.get_value(DOCUMENT_VERSION, {"file": file}, ["document", "number"], as_dict=True)
	refuse(
		_(
			"This file belongs to version {0} of {1}, which cannot be changed. Add a new version instead."
		).format(version.number, version.document),
		ImmutableRecordConflictError,
	)


def has_file_permission(
	doc: Document, ptype: str = "read", user: str | None = None, **_kwargs: Any
) -> bool | None:
	"""Implement the hook has_permission of File: a document's file follows the document, and nobody may
	change it, not even its uploader.
	"""
	if ptype == "create" and storage.FOLDER in unquote(doc.file_url or ""):
		return False  # Frappe would copy the content for anybody who knows a key
	if (
		doc.attached_to_doctype not in LIBRARY_DOCTYPES or ptype == "create"
	):  # before_file_validate refuses this with a message
		return NO_OPINION
	if ptype not in ("read", "select", "print", "email", "report", "export"):
		return False
	document = doc.attached_to_name if doc.attached_to_doctype == DOCUMENT else None
	return bool(document) and bool(frappe.has_permission(DOCUMENT, "read", doc=document, user=user))


def refuse_share(_doc: Document, _event: str | None = None, *_args: Any) -> None:
	"""Handle the hook validate_share of File: files of documents cannot be shared, as documents themselves."""
	if _doc.get("attached_to_doctype") in LIBRARY_DOCTYPES:
		refuse_sharing()


def refuse_sharing() -> None:
	refuse(
		_("Documents cannot be shared one by one. Give the person access to the folder instead."),
		frappe.PermissionError,
	)


def after_tag_change(link: Document, _event: str | None = None) -> None:
	"""Handle changes of Tag Link: update the search index."""
	if frappe.flags.tagging_document:
		return
	if link.document_type == DOCUMENT and frappe.db.exists(DOCUMENT, link.document_name):
		document = frappe.get_doc(DOCUMENT, link.document_name)
		document.run_method("after_tagging", [link.tag])
