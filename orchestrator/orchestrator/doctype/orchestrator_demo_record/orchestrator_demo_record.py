from frappe.model.document import Document


class OrchestratorDemoRecord(Document):
	"""A record that the demo created, or a setting that it changed, so that its removal undoes exactly that."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		before: DF.LongText | None
		change: DF.Literal["Made", "Changed"]
		reference_doctype: DF.Link
		reference_name: DF.DynamicLink | None
		sequence: DF.Int

	# end: auto-generated types
