"""The list query of the contract: Frappe's own, in which an empty value is neither before nor after any
other.
"""

from typing import Any, Final

import frappe
from frappe.model import numeric_fieldtypes
from frappe.model.db_query import DatabaseQuery

COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "between"})
# An empty value of these types is NULL; text may also be an empty string. Numbers are never empty.
MOMENT_TYPES: Final = frozenset({"Date", "Datetime", "Time"})
MOMENT_FIELDS: Final = frozenset({"creation", "modified"})


class ContractQuery(DatabaseQuery):
	"""Frappe's permission-checked list query with comparisons that leave out empty values.

	Frappe treats an empty date as the earliest of all, so that `date_of_death < tomorrow` lists the living.
	"""

	ignore_ifnull: bool

	def prepare_filter_condition(self, f: Any) -> str:
		"""Return the SQL of one filter."""
		doctype, fieldname, operator = f[0], f[1], str(f[2]).lower()
		if operator == "between" and not _is_day_or_datetime(doctype, fieldname):
			condition = self._prepare_range(doctype, fieldname, f[3])
		elif operator in ("in", "not in") and _is_number(doctype, fieldname):
			condition = self._prepare_numbers(f)
		else:
			condition = super().prepare_filter_condition(f)
		if operator not in COMPARISONS or not (presence := _require_value(doctype, fieldname)):
			return condition
		return f"({presence} and {condition})"

	def _prepare_range(self, doctype: str, fieldname: str, bounds: list[Any]) -> str:
		"""Return the SQL of a range; Frappe supports them for dates only."""
		first, last = bounds
		return " and ".join(
			super(ContractQuery, self).prepare_filter_condition([doctype, fieldname, operator, bound])
			for operator, bound in ((">=", first), ("<=", last))
		)

	def _prepare_numbers(self, f: Any) -> str:
		"""Return the SQL of a list of numbers; Frappe would compare 10.000000000 with 10 as text."""
		before, self.ignore_ifnull = self.ignore_ifnull, True
		try:
			return super().prepare_filter_condition(f)
		finally:
			self.ignore_ifnull = before


def _is_number(doctype: str, fieldname: str) -> bool:
	"""Return True for columns that hold a number in every row."""
	field = frappe.get_meta(doctype).get_field(fieldname)
	return field is not None and field.fieldtype in numeric_fieldtypes


def _is_day_or_datetime(doctype: str, fieldname: str) -> bool:
	"""Return True for columns that Frappe's `between` supports."""
	field = frappe.get_meta(doctype).get_field(fieldname)
	return field.fieldtype in ("Date", "Datetime") if field else fieldname in MOMENT_FIELDS


def _require_value(doctype: str, fieldname: str) -> str | None:
	"""Return the SQL that excludes rows without a value, None for columns that always have one."""
	column = f"`tab{doctype}`.`{fieldname}`"
	if fieldname in MOMENT_FIELDS:
		return None
	field = frappe.get_meta(doctype).get_field(fieldname)
	if field is None or field.fieldtype in numeric_fieldtypes:
		return None
	return f"{column} is not null" if field.fieldtype in MOMENT_TYPES else f"{column} != ''"


def get_rows(doctype: str, **query: Any) -> list[Any]:
	"""Return the rows that the caller may read.

	Args:
		doctype: The DocType whose records are listed.
		query: As frappe.get_list has it; filters as `orchestrator.api.filters._parse_filters` gives them.
	"""
	return ContractQuery(doctype).execute(**query)
