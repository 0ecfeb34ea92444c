"""The opt-in names of the API reference (L001, ISS001, ...): one Document Naming Rule per DocType.

A rule's name marks it as this app's. When switched off, it is disabled rather than deleted, so that its
counter does not start again at existing names.
"""

import re
from typing import NamedTuple

import frappe


class NamingRule(NamedTuple):
	doctype: str
	prefix: str
	remembered_in: tuple[str, str] | None = None  # a DocType and its field with names of deleted records

	@property
	def name(self) -> str:
		return f"orchestrator-{frappe.scrub(self.doctype)}"


DIGITS = 3
RULE_PRIORITY = -1  # Frappe tries the highest priority first: a site's own rule wins
NAMING_RULES = (
	NamingRule("Lead", "L"),
	NamingRule("Opportunity", "O"),
	NamingRule("Issue", "ISS"),
	NamingRule("Task", "TASK"),
	NamingRule("Project", "PROJ"),
	NamingRule("Sprint", "SPRINT"),
	NamingRule("Employee", "EMP"),
	NamingRule("Document", "DOC", ("Document Audit Entry", "document")),
)


def switch_rules(on: bool) -> None:
	"""Create and enable this app's naming rules, or disable them."""
	for rule in NAMING_RULES:
		if on:
			_enable_rule(rule)
		elif frappe.db.exists("Document Naming Rule", rule.name):
			_update_rule(rule, disabled=1)


def delete_rules() -> None:
	"""Delete this app's naming rules."""
	for rule in NAMING_RULES:
		frappe.delete_doc(
			"Document Naming Rule", rule.name, force=True, ignore_missing=True, delete_permanently=True
		)


def find_highest_number(names: list[str], prefix: str) -> int:
	"""Return the highest number after `prefix` in `names`, or 0."""
	pattern = re.compile(rf"{re.escape(prefix)}(\d{{{DIGITS},}})")
	return max((int(match[1]) for name in names if (match := pattern.fullmatch(name))), default=0)


def _enable_rule(rule: NamingRule) -> None:
	counter = find_highest_number(_list_names(rule), rule.prefix)
	if frappe.db.exists("Document Naming Rule", rule.name):
		last = frappe.db.get_value("Document Naming Rule", rule.name, "counter") or 0
		_update_rule(rule, disabled=0, counter=max(counter, last))
	else:
		_insert_rule(rule, counter)


def _list_names(rule: NamingRule) -> list[str]:
	# get_all: a counter must see every name, whoever switches the rules on.
	names = frappe.get_all(rule.doctype, filters={"name": ("like", f"{rule.prefix}%")}, pluck="name")
	if rule.remembered_in:
		doctype, field = rule.remembered_in
		names += frappe.get_all(doctype, {field: ("like", f"{rule.prefix}%")}, pluck=field, distinct=True)
	return names


def _insert_rule(rule: NamingRule, counter: int) -> None:
	doc = frappe.get_doc(
		{
			"doctype": "Document Naming Rule",
			"document_type": rule.doctype,
			"prefix": rule.prefix,
			"prefix_digits": DIGITS,
			"priority": RULE_PRIORITY,
			"counter": counter,
		}
	)
	# Users who may save the settings may switch these rules.
	doc.insert(ignore_permissions=True, set_name=rule.name)


def _update_rule(rule: NamingRule, **values: int) -> None:
	doc = frappe.get_doc("Document Naming Rule", rule.name)
	doc.update(values)
	doc.save(ignore_permissions=True)
