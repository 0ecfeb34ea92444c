import frappe
from frappe.model.document import Document

from orchestrator.doctypes import METRIC_VALUE

UNIQUE = ["metric", "scope", "day"]


class OrchestratorMetricValue(Document):
	"""The value of a metric on one day, in one scope: a user's own, or the shared one."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		day: DF.Date
		measured_at: DF.Datetime | None
		metric: DF.Data
		points: DF.LongText | None
		scope: DF.Data | None
		value: DF.Float

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_unique(METRIC_VALUE, UNIQUE, constraint_name="one_per_metric_scope_and_day")
