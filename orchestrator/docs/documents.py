"""Find, lock and create documents."""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _

from orchestrator.docs import access
from orchestrator.docs.errors import CheckoutConflictError
from orchestrator.doctypes import DOCUMENT, DOCUMENT_FOLDER
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document


def get_document(name: str) -> "Document":
	"""Return the document. 403 if the caller may read no documents at all, 404 for one that is missing or
	hidden.
	"""
	frappe.has_permission(DOCUMENT, "read", throw=True)
	document: Document | None = frappe.get_doc(DOCUMENT, name) if frappe.db.exists(DOCUMENT, name) else None
	if document is None or not document.has_permission("read"):
		frappe.clear_messages()
		refuse(_("Document {0} not found.").format(name), frappe.DoesNotExistError)
	return document


def get_for_update(name: str) -> "Document":
	"""Return the current document, locked until the request ends, for a caller who may change it.

	Raises errors as `get_document`, and 403 if the caller may only read it.
	"""
	get_document(name)
	document = lock_document(name)
	access.check_level(access.WRITE, document.document_folder)
	return document


def lock_document(name: str) -> "Document":
	"""Return the document as committed now, locked until the request ends."""
	return frappe.get_doc(DOCUMENT, name, for_update=True)


def check_checkout(document: "Document") -> None:
	"""Refuse (409) if another user has checked the document out."""
	holder = document.checked_out_by
	if holder and holder != frappe.session.user:
		refuse(
			_("{0} has been checked out by {1} since {2}. Wait until it is checked in.").format(
				document.name, holder, document.checked_out_at
			),
			CheckoutConflictError,
		)


def get_by_title(folder: str, title: str) -> "Document | None":
	"""Return the document of that title in a folder, locked.

	The folder is locked as well, so that no other request creates the document.
	"""
	frappe.db.get_value(DOCUMENT_FOLDER, folder, "name", for_update=True)
	name = frappe.db.get_value(
		DOCUMENT, {"document_folder": folder, "title_key": title}, "name", for_update=True
	)
	return lock_document(name) if name else None


def create_document(folder: str, title: str, **values: Any) -> "Document":
	"""Create a document without versions. Raises PermissionError (403)."""
	return frappe.get_doc(doctype=DOCUMENT, document_folder=folder, title=title, **values).insert()
