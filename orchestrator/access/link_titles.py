"""Titles of linked records, only for users who may read or choose the record. Other users get its name."""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _

from orchestrator.access.field_levels import get_unreadable_fields
from orchestrator.access.linked_records import can_choose
from orchestrator.access.switch import is_guarded
from orchestrator.exceptions import InvalidNameError, refuse

if TYPE_CHECKING:
	from frappe.model.document import Document

SEPARATOR = "::"
# Names of patients are never copied into records of other DocTypes.
NEVER_COPIED = frozenset({"Client", "Client Stay"})


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
def get_link_title(doctype: str, docname: Any) -> Any:
	"""Return the title of a record, as Desk shows it in link fields.

	Args:
		doctype: The DocType of the record.
		docname: Its name.

	Returns:
		The title; the name where the DocType shows none, or the caller may neither read nor choose the record.

	Permissions:
		Read or select on the record for the title; none for the name.

	Raises:
		InvalidNameError: `docname` is no plain name (400).
	"""
	if not isinstance(docname, str | int):
		refuse(_("docname must be the name of one record."), InvalidNameError)
	meta = frappe.get_meta(doctype)
	if not meta.show_title_field_in_link or not _can_see_title(doctype, str(docname)):
		return docname
	return frappe.db.get_value(doctype, {"name": docname}, meta.title_field)


def _can_see_title(doctype: str, name: str) -> bool:
	"""Return True if the caller may see the title of a record."""
	title_field = (frappe.get_meta(doctype).title_field or "name").lower()
	return title_field not in get_unreadable_fields(doctype) and can_choose(doctype, name)


def remove_hidden_titles(titles: dict[str, Any]) -> bool:
	"""Replace the titles of records that the caller may not read by their names.

	Args:
		titles: Titles by `DocType::name`, changed in place.

	Returns:
		True if a title was replaced.
	"""
	changed = False
	for key, title in titles.items():
		doctype, _separator, name = key.partition(SEPARATOR)
		if title not in (None, name) and not _can_see_title(doctype, name):
			titles[key] = name
			changed = True
	return changed


def before_print(doc: "Document", _method: str | None = None, *_args: Any) -> None:
	"""Handle the hook before_print of every DocType: a printed link shows a title only to users who may see
	it.
	"""
	if is_guarded() and (titles := doc.get("__link_titles")):
		remove_hidden_titles(titles)


def validate_links(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate of Contact and Address: Frappe copies the title of each linked record into their rows."""
	for row in doc.get("links") or []:
		if not (row.link_doctype and row.link_name) or row.link_title == row.link_name:
			continue
		if row.link_doctype in NEVER_COPIED or (
			is_guarded() and not can_choose(row.link_doctype, row.link_name)
		):
			row.link_title = row.link_name
