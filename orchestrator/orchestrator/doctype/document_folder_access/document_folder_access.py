from frappe.model.document import Document


class DocumentFolderAccess(Document):
	"""Who has which access to a folder and, unless one below does not inherit it, to those in it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		grantee: DF.DynamicLink
		grantee_type: DF.Literal["Role", "Department", "User"]
		level: DF.Literal["Read", "Write", "Manage"]
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data

	# end: auto-generated types
