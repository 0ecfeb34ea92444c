from frappe.model.document import Document

from orchestrator.docs import audit


class DocumentAuditEntry(Document):
	"""One view, download or change of a document. `orchestrator.docs.audit` adds entries; nobody changes one."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Data | None
		details: DF.SmallText | None
		document: DF.Data | None
		document_folder: DF.Data | None
		ip_address: DF.Data | None
		user: DF.Data | None
		version: DF.Int

	# end: auto-generated types

	def before_insert(self) -> None:
		audit.refuse_change()

	def validate(self) -> None:
		audit.refuse_change()

	def on_trash(self) -> None:
		audit.refuse_change()

	def before_rename(self, *_args: object) -> None:
		audit.refuse_change()

	def validate_share(self, _share: Document) -> None:
		audit.refuse_change()
