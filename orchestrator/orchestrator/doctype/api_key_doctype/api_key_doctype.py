from frappe.model.document import Document


class APIKeyDocType(Document):
	"""A DocType in the scope of an API key, with the key's rights to its records."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		cancel: DF.Check
		create: DF.Check
		delete: DF.Check
		email: DF.Check
		export: DF.Check
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		print: DF.Check
		read: DF.Check
		reference_doctype: DF.Link
		report: DF.Check
		share: DF.Check
		submit: DF.Check
		write: DF.Check

	# end: auto-generated types
