"""Files that a caller attaches to a comment."""

import html
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.file.file import File
from frappe.model.document import Document
from frappe.utils.data import quoted

from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse


@dataclass(frozen=True)
class Attachment:
	"""A file that the caller may read."""

	name: str
	file_name: str
	file_url: str
	is_private: int


def parse_attachments(value: Any) -> list[Attachment]:
	"""Return the files of these names. 400 if it is not a list of names, 422 for a file that is missing or
	hidden: the two look alike.
	"""
	names = parse_json("attachments", value)
	if names is None:
		return []
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
		refuse(_("attachments must be a list of names of Files."), InvalidRequestError)
	return [_get_readable_file(name) for name in dict.fromkeys(names)]


def _get_readable_file(name: str) -> Attachment:
	"""Return the file, if it exists and the caller may read it."""
	file: File | None = frappe.get_doc("File", name) if frappe.db.exists("File", name) else None
	if not file or file.is_folder or not file.has_permission("read"):
		refuse(
			_("There is no File {0} that you may attach. Upload it first and send its name.").format(name),
			frappe.LinkValidationError,
		)
	return Attachment(file.name, file.file_name, file.file_url, file.is_private)


def attach_files(attachments: list[Attachment], doc: Document) -> None:
	"""Attach copies of the files to `doc`; the caller's files are not changed."""
	for attachment in attachments:
		file = _copy_file(attachment)
		file.update({"attached_to_doctype": doc.doctype, "attached_to_name": doc.name})
		file.save(ignore_permissions=True)  # users who may comment may attach files that they may read


def render_links(attachments: list[Attachment]) -> str:
	"""Return the files as HTML links, where the platform shows no files; empty if there are none."""
	lines = [
		f'<a href="{html.escape(quoted(attachment.file_url))}">{html.escape(attachment.file_name)}</a>'
		for attachment in attachments
	]
	return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def copy_files(attachments: list[Attachment]) -> list[str]:
	"""Create Files with the same content and return their names, for a platform function that moves the Files
	passed to it.
	"""
	return [_copy_file(attachment).save(ignore_permissions=True).name for attachment in attachments]


def _copy_file(attachment: Attachment) -> Document:
	file = frappe.new_doc("File")
	file.update(
		{
			"file_url": attachment.file_url,
			"is_private": attachment.is_private,
			"folder": "Home/Attachments",
		}
	)
	return file
