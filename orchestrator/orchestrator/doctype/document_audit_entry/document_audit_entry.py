from orchestrator.docs import audit
from orchestrator.immutable_record import ImmutableRecord


class DocumentAuditEntry(ImmutableRecord):
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

	refuse_change = staticmethod(audit.refuse_change)
