"""Types of the replies of the document endpoints."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document
	from orchestrator.orchestrator.doctype.document_version.document_version import DocumentVersion


class Version(TypedDict):
	"""A version. `number` counts from 1; `file_url` downloads it; `sha256` is of its bytes, in hex."""

	name: str
	document: str
	number: int
	file: str
	file_name: str
	file_url: str
	file_size: int
	sha256: str
	mime_type: str
	notes: str | None
	author: str
	creation: datetime | str
	restored_from: int | None


class VersionPage(TypedDict):
	"""A page of versions, latest first, the number of versions, and the full names of their authors."""

	versions: list[Version]
	total: int
	users: dict[str, str]


class Standing(TypedDict):
	"""A document, its check-out, and its tags."""

	document: str
	title: str
	document_folder: str
	status: str
	current_version: int
	approved_version: int | None
	checked_out_by: str | None
	checked_out_at: datetime | str | None
	tags: list[str]


class DocumentRow(Standing):
	"""A document in a folder, with its current file."""

	file_name: str | None
	file_size: int
	mime_type: str | None
	description: str | None
	modified: datetime | str
	modified_by: str


class FolderItem(TypedDict):
	"""A folder, and the caller's access level in it."""

	name: str
	title: str
	path: str
	access: str
	has_subfolders: bool
	legal_hold: bool


class FolderList(TypedDict):
	"""Folders of the tree."""

	folders: list[FolderItem]


class Breadcrumb(TypedDict):
	"""A folder on the path to another one."""

	name: str
	title: str


class FolderPage(TypedDict):
	"""A folder, the readable folders on the path to it, its subfolders and a page of its documents. `folder` is
	null above the topmost readable folders. `users` has the full names of the users in the documents.
	"""

	folder: FolderItem | None
	breadcrumb: list[Breadcrumb]
	folders: list[FolderItem]
	documents: list[DocumentRow]
	has_more: bool
	users: dict[str, str]


class FolderGrant(TypedDict):
	"""An access level, granted to a role, a department or a user on the folder or on one above it."""

	grantee_type: str
	grantee: str
	label: str
	access: str
	folder: str
	inherited: bool


class Access(TypedDict):
	"""The access to a folder: the caller's level, the grants that they may know, and whom to ask for more."""

	folder: str
	path: str
	access: str
	grants: list[FolderGrant]
	contacts: list[str]


class Preview(TypedDict):
	"""How a browser shows a version: `text`, the `rows` of a table, or the file at `url`. If `state` is
	Converting, ask again; if it is Unavailable, `message` says why.
	"""

	document: str
	version: int
	file_name: str
	mime_type: str
	kind: str
	state: str
	url: str | None
	text: str | None
	rows: list[list[str]] | None
	truncated: bool
	message: str | None


class Difference(TypedDict):
	"""A field in which two versions differ."""

	field: str
	first: Any
	second: Any


class Comparison(TypedDict):
	"""Two versions side by side. `text` is a unified diff by lines, null if a version has no readable text;
	`truncated` is true if the diff is longer than the reply.
	"""

	document: str
	first: int
	second: int
	same_content: bool
	metadata: list[Difference]
	text: list[str] | None
	added_lines: int
	removed_lines: int
	truncated: bool


class Hit(TypedDict):
	"""A document that matches a search. A higher `score` fits better; `snippet` is from the file's own text."""

	document: str
	title: str
	document_folder: str
	status: str
	current_version: int
	file_name: str | None
	score: float
	snippet: str


class Hits(TypedDict):
	"""A page of search results."""

	documents: list[Hit]


class AuditEntry(TypedDict):
	"""An action on a document, with its user and time."""

	action: str
	version: int
	user: str
	creation: datetime | str
	ip_address: str | None
	details: str | None


class AuditPage(TypedDict):
	"""A page of the audit trail, latest first, and the full names of its users."""

	entries: list[AuditEntry]
	total: int
	users: dict[str, str]


VERSION_FIELDS = (
	"name",
	"document",
	"number",
	"file",
	"file_name",
	"file_size",
	"sha256",
	"mime_type",
	"notes",
	"author",
	"creation",
	"restored_from",
)
DOWNLOAD = "/api/method/orchestrator.docs.download?version="
PREVIEW = "/api/method/orchestrator.docs.download_preview?version="


def build_version(row: "DocumentVersion | dict[str, Any]") -> Version:
	values: Any = {field: row.get(field) for field in VERSION_FIELDS}
	values["file_url"] = f"{DOWNLOAD}{values['name']}"
	values["restored_from"] = values["restored_from"] or None
	return values


def build_document(document: "Document") -> Standing:
	return {
		"document": str(document.name),
		"title": document.title,
		"document_folder": document.document_folder,
		"status": document.status,
		"current_version": document.current_version,
		"approved_version": document.approved_version or None,
		"checked_out_by": document.checked_out_by or None,
		"checked_out_at": document.checked_out_at,
		"tags": document.tag_list,
	}
