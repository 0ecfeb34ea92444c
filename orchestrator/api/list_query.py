"""The list query of the contract: Frappe's own, in which an empty value is neither before nor after any
other.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import frappe
from frappe.model import numeric_fieldtypes
from frappe.model.db_query import DatabaseQuery

from orchestrator.access.field_levels import refuse_field
from orchestrator.api.keyset import Keyset

COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "between"})
# An empty value of these types is NULL; text may also be an empty string. Numbers are never empty.
MOMENT_TYPES: Final = frozenset({"Date", "Datetime", "Time"})
MOMENT_FIELDS: Final = frozenset({"creation", "modified"})
NO_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({})


class ContractQuery(DatabaseQuery):
	"""Frappe's permission-checked list query with comparisons that leave out empty values.

	Frappe treats an empty date as the earliest of all, so that `date_of_death < tomorrow` lists the living.
	"""

	ignore_ifnull: bool
	keyset: Keyset | None = None
	# Columns that are selected beside those asked for: label -> SQL
	hidden_columns: Mapping[str, str] = NO_COLUMNS

	def build_conditions(self) -> None:
		"""Build all conditions; that of the keyset stands behind those of filters and permissions."""
		super().build_conditions()
		if self.keyset:
			self.keyset = self.keyset.resolve(self._resolve_linked_column)
			if condition := self.keyset.build_condition():
				self.conditions.append(condition)

	def prepare_args(self) -> Any:
		"""Return the parts of the SQL, with the sort values of the keyset among the selected columns.

		They are added after all checks of what the caller asked for, and are not given to the caller.
		"""
		args = super().prepare_args()
		self._check_selected_columns()
		if args.fields and self.keyset:
			args.fields += f", {self.keyset.select()}"
		if args.fields and self.hidden_columns:
			args.fields += "".join(f", {sql} as {label}" for label, sql in self.hidden_columns.items())
		return args

	def _check_selected_columns(self) -> None:
		"""Refuse an order or a group by a selected column that was left out, because the caller may not read it.

		Raises:
			PermissionError: 403. The column is not readable.
		"""
		selected = {field.rsplit(" as ", 1)[-1] for field in self.fields if field}
		asked = dict(field.rsplit(" as ", 1)[::-1] for field in self.user_settings_fields if " as " in field)
		terms = ", ".join(filter(None, (self.order_by, self.group_by))).split(", ")
		for name in (term.split(" ")[0] for term in terms):
			if name in asked and name not in selected:
				refuse_field(self.doctype, asked[name])

	def _resolve_linked_column(self, sql: str) -> str:
		"""Return a `link.field` under the name that the linked record's table has in this query."""
		link, _dot, field = sql.partition(".")
		table = next((table for table in self.link_tables if table.fieldname == link), None)
		return f"{table.table_alias}.`{field}`" if table else sql

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


def get_rows(
	doctype: str,
	keyset: Keyset | None = None,
	hidden_columns: Mapping[str, str] = NO_COLUMNS,
	**query: Any,
) -> list[Any]:
	"""Return the rows that the caller may read.

	Args:
		doctype: The DocType whose records are listed.
		keyset: The place in the order behind which the rows start. Its sort values are added to each row.
		hidden_columns: The SQL of further columns of the DocType's table, by the label that each row has them under.
		query: As frappe.get_list has it; filters as `orchestrator.api.filters._parse_filters` gives them.
	"""
	contract_query = ContractQuery(doctype)
	contract_query.keyset = keyset
	contract_query.hidden_columns = hidden_columns
	return contract_query.execute(**query)
