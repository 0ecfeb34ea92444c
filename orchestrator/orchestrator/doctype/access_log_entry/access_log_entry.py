import frappe

from orchestrator.doctypes import ACCESS_LOG_ENTRY
from orchestrator.immutable_record import ImmutableRecord
from orchestrator.privacy import immutability


class AccessLogEntry(ImmutableRecord):
	"""One record that one receiver got. `orchestrator.privacy` adds entries; nobody changes or deletes one."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		accessed_at: DF.Datetime | None
		api_key: DF.Data | None
		batch: DF.Int
		day: DF.Date | None
		entry_hash: DF.Data | None
		name: DF.Int | None
		position: DF.Int
		purpose: DF.Data | None
		recipient: DF.Data | None
		reference_doctype: DF.Data | None
		reference_name: DF.Data | None
		route: DF.Data | None
		user: DF.Data | None

	# end: auto-generated types

	refuse_change = staticmethod(immutability.refuse_change)


def on_doctype_update() -> None:
	frappe.db.add_index(
		ACCESS_LOG_ENTRY, ["reference_doctype", "reference_name", "batch"], "accesses_of_record"
	)
	frappe.db.add_index(ACCESS_LOG_ENTRY, ["user", "batch", "position"], "accesses_of_user")
	frappe.db.add_index(ACCESS_LOG_ENTRY, ["day", "user"], "accesses_of_day")
