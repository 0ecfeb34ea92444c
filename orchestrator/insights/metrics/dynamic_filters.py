"""The dynamic filters of Frappe's cards and charts. They are JavaScript that Desk evaluates; here, the
expressions that the suite's own cards use are parsed, and nothing is evaluated.
"""

import re
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, add_months, cint

from orchestrator import clock
from orchestrator.exceptions import MissingDataError, refuse

TODAY = r"frappe\.datetime\.(?:nowdate|now_date|get_today)\(\)"
DEFAULT = r"frappe\.defaults\.get_user_default\([\"'](\w+)[\"']\)"
# Desk's defaults about the fiscal year -> their index in ERPNext's result.
OF_THE_YEAR = {"fiscal_year": 0, "year_start_date": 1, "year_end_date": 2}


def merge_filters(filters: Any, dynamic: Any) -> Any:
	"""Return the filters of a card, a chart or its report with the dynamic ones evaluated: a list of conditions,
	or an object of a report's filters.
	"""
	filters, dynamic = frappe.parse_json(filters or None), frappe.parse_json(dynamic or None)
	if isinstance(filters, dict) or isinstance(dynamic, dict):
		return {**(filters or {}), **{name: evaluate(text) for name, text in (dynamic or {}).items()}}
	evaluated = [[*row[:3], evaluate(row[3]), *row[4:]] for row in dynamic or []]
	return [*(filters or []), *evaluated]


def evaluate(expression: Any) -> Any:
	"""Return the value of one expression. Raises MissingDataError for one that only a browser can evaluate."""
	text = str(expression).strip().rstrip(";")
	matches = [(read, match) for pattern, read in EVALUATORS if (match := pattern.fullmatch(text))]
	if not matches:
		message = _("The filter {0} can be evaluated only in Desk. Give the card or chart a fixed filter.")
		refuse(message.format(text), MissingDataError)
	read, match = matches[0]
	return read(*match.groups())


def _get_user_default(name: str) -> Any:
	"""Return a default as Desk has it, including those of the fiscal year."""
	return _get_fiscal_year_value(name) if name in OF_THE_YEAR else frappe.defaults.get_user_default(name)


def _get_fiscal_year_value(name: str) -> Any:
	"""Return the name, the first or the last day of today's fiscal year."""
	from erpnext.accounts.utils import get_fiscal_year

	company = frappe.defaults.get_user_default("Company")
	return str(get_fiscal_year(_get_today(), company=company)[OF_THE_YEAR[name]])


def _get_today() -> str:
	return str(clock.get_today())


def _shift_date(unit: str, count: str) -> Any:
	return (add_days if unit == "days" else add_months)(_get_today(), cint(count))


def _get_company_value(fieldname: str) -> Any:
	return frappe.get_cached_value("Company", frappe.defaults.get_user_default("Company"), fieldname)


# A pattern of expressions, and the function that evaluates its groups. The last is a plain word or number.
EVALUATORS: tuple[tuple[re.Pattern[str], Callable[..., Any]], ...] = tuple(
	(re.compile(pattern), read)
	for pattern, read in (
		(TODAY, _get_today),
		(rf"frappe\.datetime\.add_(days|months)\({TODAY},\s*(-?\d+)\)", _shift_date),
		(rf"frappe\.datetime\.str_to_obj\({TODAY}\)\.getMonth\(\) \+ 1", lambda: clock.get_today().month),
		(rf"frappe\.datetime\.str_to_obj\({TODAY}\)\.getFullYear\(\)", lambda: clock.get_today().year),
		(r"erpnext\.utils\.get_fiscal_year\(\)", lambda: _get_fiscal_year_value("fiscal_year")),
		(r"frappe\.session\.user", lambda: frappe.session.user),
		(DEFAULT, _get_user_default),
		(r"frappe\.sys_defaults\.(\w+)", _get_user_default),
		(
			r"locals\[\":Company\"\]\[" + DEFAULT.replace(r"(\w+)", "Company") + r"\]\[\"(\w+)\"\]",
			_get_company_value,
		),
		(r"((?!frappe\.|erpnext\.|locals)[\w .%-]*)", str),
	)
)
