"""What the document endpoints return."""

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
	"""A page of versions, the latest first, and how many there are."""

	versions: list[Version]
	total: int


class Standing(TypedDict):
	"""A document, who has it checked out, and its tags."""

	document: str
	title: str
	document_folder: str
	status: str
	current_version: int
	checked_out_by: str | None
	checked_out_at: datetime | str | None
	tags: list[str]


class Difference(TypedDict):
	"""One field in which two versions differ."""

	field: str
	first: Any
	second: Any


class Comparison(TypedDict):
	"""Two versions side by side. `text` is a unified diff by lines, None where one has no text that can be read;
	`truncated` where the diff is longer than what is given.
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
	"""A document that was found. A higher `score` fits better; `snippet` is from the file's own text."""

	document: str
	title: str
	document_folder: str
	status: str
	current_version: int
	file_name: str | None
	score: float
	snippet: str


class Hits(TypedDict):
	"""A page of what was found."""

	documents: list[Hit]


class AuditEntry(TypedDict):
	"""Who did what when."""

	action: str
	version: int
	user: str
	creation: datetime | str
	ip_address: str | None
	details: str | None


class AuditPage(TypedDict):
	"""A page of the trail, the latest first."""

	entries: list[AuditEntry]
	total: int


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
		"checked_out_by": document.checked_out_by or None,
		"checked_out_at": document.checked_out_at,
		"tags": document.tag_list,
	}
