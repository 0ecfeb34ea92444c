"""The demo's folders and documents."""

from io import BytesIO

from orchestrator.docs import changes, documents, fulltext
from orchestrator.docs.versions import IncomingFile
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import DemoMaker, insert_record


def create_library(maker: DemoMaker) -> None:
	for row in data.FOLDERS:
		folder = insert_record(
			"Document Folder",
			title=row.title,
			access=[{"grantee_type": "Role", "grantee": role, "level": level} for role, level in row.access],
		)
		maker.names["Document Folder", row.title] = str(folder.name)
	for document in data.DOCUMENTS:
		_create_document(maker, document)


def _create_document(maker: DemoMaker, row: data.Document) -> None:
	folder = maker.names["Document Folder", row.folder]
	document = documents.create_document(folder, row.title, status=row.status)
	for content, notes in row.versions:
		changes.create_version(str(document.name), IncomingFile(BytesIO(content.encode())), notes)
	changes.update_tags(str(document.name), list(row.tags))
	fulltext.extract_text(str(document.name))
