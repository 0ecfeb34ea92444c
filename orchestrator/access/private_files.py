"""Downloads of private files: the file at the requested path, not one with a similar name."""

from werkzeug.exceptions import Forbidden

import frappe
from frappe import _

from orchestrator.access import file_paths
from orchestrator.access.switch import is_guarded


def check_request() -> None:
	"""Handle the hook auth_hooks: refuse a private file unless the caller may read a File with exactly this
	path.

	Frappe looks up the File in MariaDB, where é equals e and A equals a, and sends the content at the path of
	the request: whoever uploads `Report.pdf` would get somebody else's `report.pdf`.

	Raises:
		Forbidden: The caller may read no File with this URL (403, as Frappe answers it).
	"""
	path = frappe.local.request.path
	if frappe.session.user != "Guest" and path.startswith(file_paths.PRIVATE_PREFIX):
		_check_download(path, frappe.form_dict.get("fid"))


def _check_download(path: str, name: str | None) -> None:
	"""Check a download of `download_file`.

	Args:
		path: The path of the request, decoded.
		name: The File that the caller names with `fid`, if any.

	Raises:
		Forbidden: The caller may read no such File (403).
	"""
	files = file_paths.find_files(path)
	if name:
		files = [file for file in files if file.name == name]
	in_library = any(map(file_paths.is_in_library, file_paths.find_private_paths(path, is_private=True)))
	if in_library or (is_guarded() and not any(file.is_downloadable() for file in files)):
		raise Forbidden(_("You don't have permission to access this file"))
