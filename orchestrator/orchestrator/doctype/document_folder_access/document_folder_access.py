from frappe.model.document import Document


class DocumentFolderAccess(Document):
	"""An access level of a role, department or user on a folder and its subfolders, except those that do not
	inherit access.
	"""

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
