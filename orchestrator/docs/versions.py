"""Add, read and restore versions. An existing version is never changed."""

from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import frappe
from frappe import _

from orchestrator.docs import audit, folders, fulltext, media, shapes, storage
from orchestrator.docs.names import add_extension, validate_name
from orchestrator.doctypes import DOCUMENT, DOCUMENT_VERSION
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion

DOWNLOAD = shapes.DOWNLOAD
MAX_NOTES = 5000


class IncomingFile(NamedTuple):
	"""Content that is being uploaded.

	`file_name` is None if none was sent; `declared` is the type that the sender states.
	"""

	source: BinaryIO
	file_name: str | None = None
	declared: str | None = None


class StoredUpload(NamedTuple):
	"""Content that was stored and examined."""

	stored: storage.StoredBytes
	file_name: str
	media_type: str


def store_file(incoming: IncomingFile, usual_name: str) -> StoredUpload:
	"""Store and examine the content. A file without a name gets `usual_name`, with the extension of its
	detected type. This takes long, so it happens before anything is locked.

	Raises InvalidRequestError (400) for an invalid name, InvalidFileError (422), MaxFileSizeReachedError
	(413), StorageError (507).
	"""
	name = validate_name(_("file"), incoming.file_name or usual_name)
	stored = storage.write_bytes(incoming.source)
	path = storage.get_path(stored.key)
	with path.open("rb") as file:
		head = file.read(media.HEAD)
	detected = media.detect_type(head, name, incoming.declared)
	if incoming.file_name is None and not (detected.fits and media.get_type_by_name(name)):
		name = add_extension(name, media.get_extension(head, incoming.declared))
		detected = media.detect_type(head, name)
	if not detected.fits:
		media.refuse_mismatch(name, head)
	if head.startswith(media.ZIP):
		media.check_archive(path, detected.type, name)
	return StoredUpload(stored, name, detected.type)


def create_version(
	document: "Document", upload: StoredUpload, notes: str | None, restored_from: int = 0
) -> "DocumentVersion":
	"""Create the next version of a locked document."""
	version: DocumentVersion = frappe.get_doc(
		doctype=DOCUMENT_VERSION,
		document=document.name,
		number=(document.current_version or 0) + 1,
		notes=(notes or "")[:MAX_NOTES] or None,
		author=frappe.session.user,
		restored_from=restored_from,
		file_name=upload.file_name,
		mime_type=upload.media_type,
		file_size=upload.stored.size,
		sha256=upload.stored.sha256,
		storage_key=upload.stored.key,
	)
	version.name = _build_name(document.name, version.number)
	version.file = _create_file(document, version)
	version.flags.is_new_version = True
	# Access was checked on the document, and the linked records were just read or created.
	version.flags.ignore_links = True
	version.insert(ignore_permissions=True)
	_make_current(document, version)
	action = "Version Restored" if restored_from else "Version Added"
	audit.create_entry(
		action,  # type: ignore[arg-type]
		document.name,
		document.document_folder,
		version.number,
		sha256=version.sha256,
		size=version.file_size,
		**({"restored_from": restored_from} if restored_from else {}),
	)
	fulltext.enqueue_text_extraction(document.name)
	return version


def _build_name(document: str, number: int) -> str:
	"""Return the name of a version. As the primary key, it prevents two versions with one number."""
	return f"{document}-v{number}"


def _create_file(document: "Document", version: "DocumentVersion") -> str:
	"""Create the File of the version, which Frappe shows in its lists of files.

	Its URL is the download, which checks access and adds an entry to the audit trail; no File has the path of
	the content. It is not inserted like other Files: there is no content to write, no File with the same
	content to share, and nothing to comment on the document.
	"""
	file = frappe.new_doc("File")
	file.update(
		{
			"file_name": version.file_name,
			"file_url": f"{DOWNLOAD}{version.name}",
			"file_size": version.file_size,
			"is_private": 1,
			"folder": folders.get_file_folder(document.document_folder),
			"attached_to_doctype": DOCUMENT,
			"attached_to_name": document.name,
		}
	)
	file.set_file_type()
	file.set_new_name()
	file.set_user_and_timestamp()
	file.db_insert()
	return file.name


def _make_current(document: "Document", version: "DocumentVersion") -> None:
	document.db_set(
		{
			"current_version": version.number,
			"file": version.file,
			"file_name": version.file_name,
			"mime_type": version.mime_type,
			"file_size": version.file_size,
			"checksum": version.sha256,
		},
		notify=False,
	)


def get_version(document: str, number: Any = None) -> "DocumentVersion":
	"""Return a version by its number, by default the current one. 404 if there is none."""
	version_number = (
		frappe.db.get_value(DOCUMENT, document, "current_version") if number in (None, "") else number
	)
	name = _build_name(document, int(version_number or 0))
	if not version_number or not frappe.db.exists(DOCUMENT_VERSION, name):
		refuse(
			_("{0} has no version {1}.").format(document, version_number or "")
			if version_number
			else _("{0} has no version yet.").format(document),
			frappe.DoesNotExistError,
		)
	return frappe.get_doc(DOCUMENT_VERSION, name)


def get_intact_path(version: "DocumentVersion") -> Any:
	"""Return the path of a version's content, after a check that it is intact.

	Raises DamagedFileConflictError (409).
	"""
	label = _("version {0} of {1}").format(version.number, version.document)
	return storage.get_checked_path(version.storage_key, version.file_size, version.sha256, label)
