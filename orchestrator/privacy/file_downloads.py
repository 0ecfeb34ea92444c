"""Downloads of files that are attached to private records."""

from typing import Final
from urllib.parse import unquote

from werkzeug.wrappers import Request

import frappe

from orchestrator.access.disclosures import DisclosureRecorder

FILE_PREFIXES: Final = ("/private/files/", "/files/")
DOWNLOAD_PARAMETER: Final = "file_url"


def record_download(recorder: DisclosureRecorder, request: Request) -> None:
	"""Record the private records to which the file of this reply is attached: its owner gets it without their permission."""
	path = unquote(request.path)
	url = path if path.startswith(FILE_PREFIXES) else frappe.form_dict.get(DOWNLOAD_PARAMETER)
	if not isinstance(url, str) or not url:
		return
	filters = {"file_url": url, "attached_to_doctype": ("in", sorted(recorder.doctypes))}
	fields = ["attached_to_doctype", "attached_to_name"]
	for file in frappe.get_all("File", filters=filters, fields=fields):  # whoever has got the content
		recorder.add(file.attached_to_doctype, [file.attached_to_name])
