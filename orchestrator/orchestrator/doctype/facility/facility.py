"""A place where people are cared for. User permissions on it decide who sees which clients."""

from zoneinfo import available_timezones

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.exceptions import refuse


class Facility(Document):
	"""A place where people are cared for."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		facility_name: DF.Data
		time_zone: DF.Data | None

	# end: auto-generated types

	def validate(self) -> None:
		if self.time_zone and self.time_zone not in available_timezones():
			refuse(
				_("{0} is not a time zone. Use a name such as America/New_York.").format(self.time_zone),
				frappe.ValidationError,
			)
