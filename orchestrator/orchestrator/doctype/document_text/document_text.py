from frappe.model.document import Document

from orchestrator.docs import fulltext


class DocumentText(Document):
	"""The search index of a document, under the document's name. Only the full-text search reads it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		content: DF.LongText | None
		content_terms: DF.LongText | None
		notes: DF.LongText | None
		tags: DF.SmallText | None
		terms: DF.LongText | None
		title: DF.Data | None
		version: DF.Int

	# end: auto-generated types


def on_doctype_update() -> None:
	fulltext.create_index()
