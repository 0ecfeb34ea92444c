"""The document library: its root folder, and the fate of its files when the app is uninstalled."""

import shutil

import frappe

from orchestrator.docs import folders, identity, storage
from orchestrator.doctypes import DOCUMENT, DOCUMENT_FOLDER, DOCUMENT_VERSION

DOCTYPES = (DOCUMENT, DOCUMENT_VERSION, DOCUMENT_FOLDER)
LINKED_DOCTYPES = {"Tag Link": "document_type", "Comment": "reference_doctype", "Version": "ref_doctype"}


def sync_library() -> None:
	"""Compare identities exactly, and create the root if it is missing. The site grants access to it: until
	then, only managers of all documents have access.
	"""
	identity.update_collations()
	folders.ensure_root()


def detach_files() -> None:
	"""Turn the file of every version into an ordinary private File, readable by Administrator only.

	Users' files, some of them under legal hold, are not deleted with the app.
	"""
	frappe.db.sql(
		"""
		UPDATE `tabFile` f JOIN `tabDocument Version` v ON v.file = f.name
		SET f.file_url = CONCAT('/private/files/', %(folder)s, '/', LEFT(v.storage_key, 2), '/', v.storage_key),
			f.attached_to_doctype = NULL, f.attached_to_name = NULL, f.owner = 'Administrator'
		""",
		{"folder": storage.FOLDER},
	)
	shutil.rmtree(storage.get_preview_root(), ignore_errors=True)
	for doctype, field in LINKED_DOCTYPES.items():
		frappe.db.delete(doctype, {field: ("in", DOCTYPES)})
