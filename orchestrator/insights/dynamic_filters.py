"""The dynamic filters of Frappe's cards and charts. They are JavaScript that Desk evaluates; here the expressions that
the suite's own cards use are read, and nothing is evaluated."""

import re
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, add_months, cint, today

from orchestrator.exceptions import MissingFigure, refuse

TODAY = r"frappe\.datetime\.(?:nowdate|now_date|get_today)\(\)"
IS_TODAY = re.compile(TODAY)
MOVED = re.compile(rf"frappe\.datetime\.add_(days|months)\({TODAY},\s*(-?\d+)\)")
DEFAULT = re.compile(r"frappe\.defaults\.get_user_default\([\"'](\w+)[\"']\)")
SYSTEM_DEFAULT = re.compile(r"frappe\.sys_defaults\.(\w+)")
LITERAL = re.compile(r"[\w .%-]*")
CODE = ("frappe.", "erpnext.", "locals")
FISCAL_YEAR = ("erpnext.utils.get_fiscal_year()", "frappe.sys_defaults.fiscal_year")
# What Desk's defaults hold of the fiscal year, by the place in ERPNext's answer.
OF_THE_YEAR = {"fiscal_year": 0, "year_start_date": 1, "year_end_date": 2}


def merge(filters: Any, dynamic: Any) -> Any:
	"""The filters of a card, a chart or its report with the dynamic ones evaluated: a list of conditions, or an object
	of a report's filters."""
	filters, dynamic = frappe.parse_json(filters or None), frappe.parse_json(dynamic or None)
	if isinstance(filters, dict) or isinstance(dynamic, dict):
		return {**(filters or {}), **{name: value_of(text) for name, text in (dynamic or {}).items()}}
	evaluated = [[*row[:3], value_of(row[3]), *row[4:]] for row in dynamic or []]
	return [*(filters or []), *evaluated]


def value_of(expression: Any) -> Any:
	"""The value of one expression. Raises MissingFigure for one that only a browser could evaluate."""
	text = str(expression).strip().rstrip(";")
	if text in FISCAL_YEAR:
		return of_fiscal_year("fiscal_year")
	if IS_TODAY.fullmatch(text):
		return today()
	if text == "frappe.session.user":
		return frappe.session.user
	if moved := MOVED.fullmatch(text):
		return (add_days if moved[1] == "days" else add_months)(today(), cint(moved[2]))
	if default := DEFAULT.fullmatch(text) or SYSTEM_DEFAULT.fullmatch(text):
		return of_fiscal_year(default[1]) if default[1] in OF_THE_YEAR else user_default(default[1])
	if not LITERAL.fullmatch(text) or text.startswith(CODE):
		told = _("Its filter {0} can be evaluated by Desk alone. Give the card or chart a fixed filter.")
		refuse(told.format(text), MissingFigure)
	return text


def user_default(name: str) -> Any:
	return frappe.defaults.get_user_default(name)


def of_fiscal_year(name: str) -> Any:
	"""The name, the first or the last day of today's fiscal year."""
	from erpnext.accounts.utils import get_fiscal_year

	return str(get_fiscal_year(today(), company=user_default("Company"))[OF_THE_YEAR[name]])
