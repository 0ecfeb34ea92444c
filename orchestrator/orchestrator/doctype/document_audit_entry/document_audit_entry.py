from frappe import _
from frappe.model.document import Document

from orchestrator.docs.errors import ImmutableRecordConflictError
from orchestrator.exceptions import refuse


class DocumentAuditEntry(Document):
	"""That someone saw, took or changed a document. `orchestrator.docs.audit` adds entries; nobody changes one."""

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
		self.refuse_change()

	def validate(self) -> None:
		self.refuse_change()

	def on_trash(self) -> None:
		self.refuse_change()

	def before_rename(self, *_args: object) -> None:
		self.refuse_change()

	def validate_share(self, _share: Document) -> None:
		self.refuse_change()

	def refuse_change(self) -> None:
		refuse(
			_("The audit trail of documents is recorded automatically and cannot be changed."),
			ImmutableRecordConflictError,
		)
