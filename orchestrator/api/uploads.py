"""`upload_file` for API clients: folders by path, and the created file as the reply."""

from typing import Any

import frappe
import frappe.handler
from frappe import _
from frappe.core.api.file import create_new_folder

from orchestrator.api import idempotency, upload_checks
from orchestrator.api.call import is_contract_call
from orchestrator.api.endpoint import CREATE, UnchangedRecord, endpoint
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.file_names import is_valid_name, normalize_name

ROOT_FOLDER = "Home"


@frappe.whitelist(allow_guest=True, methods=["POST"])
@endpoint(effect=CREATE)
def upload_file() -> dict[str, Any] | UnchangedRecord:
	"""Store a file.

	A folder below Documents belongs to the document library: the file becomes the next version of the document of that title there, which is created if missing, unless the file is attached to a record.

	Args:
		file: Content of the file, as a multipart part with a file name.
		file_url: URL of a file to link instead of uploading content.
		file_name: Name of the file that file_url links.
		filename: Name of the file in the place of that of the part.
		library_file_name: Name of a File whose content is used.
		folder: Folder as a name or as a path below Home; missing folders are created.
		is_private: 1: private. 0: public.
		doctype: DocType of the record to which the file is attached.
		docname: Name of the record to which the file is attached.
		fieldname: Field of the record that holds the file's URL.
		title: Title of the document, for a folder of the document library. Default: the file's name.
		version_notes: What changed in this version, for a folder of the document library.
		tags: Tags of the document, for a folder of the document library.
		optimize: 1: reduce the size of an image.
		max_width: Width to which an image is reduced, in pixels.
		max_height: Height to which an image is reduced, in pixels.
		method: Whitelisted function without parameters that handles the upload in the place of Frappe.

	Returns:
		The File, or the version of the document. Status 200 if the library had this content already.

	Permissions:
		Whoever may write the record and create the folder; guests where the site allows it.

	Raises:
		PermissionError: 403. The caller may not write the record or not create the folder.
		DoesNotExistError: 404. There is no such DocType or File.
		InvalidRequestError: 400. There is no file, it is empty, or a name is not valid.
		ConflictError: 409. The record does not take files, or someone else has the document checked out.
		MaxFileSizeReachedError: 413. The file is larger than the site allows.
		ValidationError: 422. The file is damaged, or file_url leads to no file.
	"""
	form = frappe.form_dict
	if "file" not in frappe.request.files and not (form.file_url or form.library_file_name or form.method):
		refuse(_("Send the file as a multipart part named file, or a file_url."), InvalidRequestError)
	if form.folder and not form.doctype and _is_accepted_by_handler(form.folder):
		return _store_with_handler(form)
	if is_contract_call():
		upload_checks.check_upload(form)
	if form.folder:
		form.folder = _find_folder(form.folder)
	with upload_checks.translate_file_errors():
		file = frappe.handler.upload_file()
	return file.as_dict() if hasattr(file, "as_dict") else file


def _is_accepted_by_handler(folder: str) -> bool:
	"""Return True for a folder of the document library, whose uploads become documents. hooks.py names the
	handler.
	"""
	return any(frappe.get_attr(path)(folder) for path in _call_handler("accepts"))


def _store_with_handler(form: dict[str, Any]) -> dict[str, Any] | UnchangedRecord:
	"""Return the upload, stored by the library."""
	if frappe.session.user == "Guest":
		raise frappe.PermissionError
	data, is_new = frappe.get_attr(_call_handler("store")[-1])(form)
	return data if is_new else UnchangedRecord(data)


def _call_handler(function: str) -> list[str]:
	return frappe.get_hooks("orchestrator_upload_handler", {}).get(function, [])


def _find_folder(path: str) -> str:
	"""Return the name of the folder at `path`, a path under Home or the name of an existing folder."""
	if frappe.db.exists("File", {"name": path, "is_folder": 1}):
		return path
	folder = ROOT_FOLDER
	for level in _parse_levels(path):
		child = f"{folder}/{level}"
		if not frappe.db.exists("File", child):
			_create_folder(level, folder)
		folder = child
	return folder


def _create_folder(title: str, parent: str) -> None:
	"""Create a folder, unless another request has just done so.

	The parent is locked until the request ends. A folder created meanwhile is not in this request's snapshot
	of the database, where Frappe looks for it when it checks the file's link; a locking read finds it.
	"""
	frappe.has_permission("File", "create", throw=True)
	child = f"{parent}/{title}"
	frappe.db.get_value("File", parent, "name", for_update=True)
	if not frappe.db.get_value("File", child, "name", for_update=True):
		create_new_folder(title, parent)
	elif idempotency.has_work_to_lose():
		# Frappe 15 checks a link by what was cached under this key.
		frappe.db.get_value("File", child, "name", for_update=True, cache=True)
	else:
		frappe.db.rollback()  # the next read begins a new snapshot


def _parse_levels(path: str) -> list[str]:
	"""Return the folder names along `path`. 400 for a path that would leave the tree or contains an invalid
	name.
	"""
	levels = [name for level in path.split("/") if (name := normalize_name(level))]
	if levels and levels[0] == ROOT_FOLDER:
		levels = levels[1:]
	for level in levels:
		if not is_valid_name(level):
			refuse(_("{0} is not a folder name.").format(ascii(level[:140])), InvalidRequestError)
	return levels
