"""Permissions on attachments: lists of files, and fields of a record that name a file."""

from typing import TYPE_CHECKING

import frappe

from orchestrator.access import file_paths
from orchestrator.access.key_scope import is_active, is_unlimited
from orchestrator.access.record_conditions import build_membership
from orchestrator.access.switch import is_guarded

if TYPE_CHECKING:
	from frappe.model.document import Document

ATTACH_FIELDS = ("Attach", "Attach Image")


def build_conditions(user: str | None = None, doctype: str = "File") -> str:
	"""Implement the hook permission_query_conditions of File: public files, the user's own, and those of
	records that they may read.

	Frappe's own condition, which precedes this one, lists the files of all records of a DocType if the user
	may read any of them.
	"""
	user = user or frappe.session.user
	if is_unlimited(user) or not is_guarded():
		return ""
	table = f"`tab{doctype}`"
	allowed = [f"{table}.is_private = 0", f"{table}.owner = {frappe.db.escape(user, percent=False)}"]
	for attached_to in _get_attached_doctypes():
		membership = build_membership(attached_to, f"{table}.attached_to_name", user)
		if membership:
			quoted = frappe.db.escape(attached_to, percent=False)
			allowed.append(f"({table}.attached_to_doctype = {quoted} and {membership})")
	return f"({' or '.join(allowed)})"


def _get_attached_doctypes() -> list[str]:
	"""Return the DocTypes that files are attached to. They are read from the index, without reading each
	file.
	"""
	names = frappe.db.sql_list("select distinct attached_to_doctype from `tabFile`")
	return [name for name in names if name and frappe.db.exists("DocType", name)]


def check_attach_fields(doc: "Document", _event: str | None = None) -> None:
	"""Handle the hook validate of every DocType: no field may name a private file that the user may not read.

	Frappe attaches a new File with this URL to the record, or an unattached one, regardless of its owner.
	Raises PermissionError (403).
	"""
	if doc.doctype == "File" or is_unlimited(frappe.session.user) or not is_guarded():
		return
	values = _get_private_urls(doc)
	if not values:
		return
	before = doc.get_doc_before_save()
	for fieldname, value in values.items():
		if not before or before.get(fieldname) != value:
			_check_url(value)


def _get_private_urls(doc: "Document") -> dict[str, str]:
	"""Return the fields of a record that name a private file, except those fetched from a linked record."""
	urls = {}
	for field in doc.meta.fields:
		if field.fieldtype not in ATTACH_FIELDS or (field.fetch_from and not field.fetch_if_empty):
			continue
		value = doc.get(field.fieldname)
		if isinstance(value, str) and value.startswith("/private"):
			urls[field.fieldname] = value
	return urls


def _check_url(url: str) -> None:
	"""Check a file that a field names: it must be the user's own, or readable. For guests, a file of a
	guest's form.
	"""
	# Frappe appends the name of the File after a question mark
	path = url.split("?", 1)[0]
	own = [file for file in file_paths.find_files(path) if file.owner == frappe.session.user]
	if any(not is_active() or file.has_permission("read") for file in own):
		return
	for found in file_paths.find_private_paths(path, is_private=True):
		file_paths.check_path(found)
