"""`upload_file` as API clients get it: folders by path, a created file under the contract."""

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
	"""Store the uploaded file, in `folder` where one is named: `/Documents/Contracts` is a path under Home,
	made where it is missing, for those who may make folders.

	A folder below Documents is one of the document library: the file becomes the next version of the document of that
	title there, which is made where it is missing, unless it is to hang on a record (`doctype`). `title`, `version_notes` and `tags` may be told.

	Takes Frappe's own parameters from the request. Returns the File. Raises InvalidRequestError (400) without a file,
	PermissionError (403) where the caller may not write the record or make the folder, DoesNotExistError (404) for an
	unknown DocType, ValidationError (422) for a damaged file or a file_url that leads to none."""
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
	"""True for a folder of the library, whose uploads become records of its own. hooks.py says whose it is."""
	return any(frappe.get_attr(path)(folder) for path in _call_handler("accepts"))


def _store_with_handler(form: dict[str, Any]) -> dict[str, Any] | UnchangedRecord:
	"""The upload, kept by the library."""
	if frappe.session.user == "Guest":
		raise frappe.PermissionError
	data, is_new = frappe.get_attr(_call_handler("store")[-1])(form)
	return data if is_new else UnchangedRecord(data)


def _call_handler(function: str) -> list[str]:
	return frappe.get_hooks("orchestrator_upload_handler", {}).get(function, [])


def _find_folder(path: str) -> str:
	"""The name of the folder at `path`, a path under Home or the name of a folder that is there already."""
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

	Who creates one holds its parent until the request ends. What was created meanwhile is not in this request's snapshot
	of the database, where Frappe looks for it when it checks the file's link; a locking read sees it."""
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
	"""The folder names along `path`. 400 for one that would leave the tree or can't be a name."""
	levels = [name for level in path.split("/") if (name := normalize_name(level))]
	if levels and levels[0] == ROOT_FOLDER:
		levels = levels[1:]
	for level in levels:
		if not is_valid_name(level):
			refuse(_("{0} is not a folder name.").format(ascii(level[:140])), InvalidRequestError)
	return levels
