"""Find values that fail the validation of their target fields: a site may map Kipu's fields to fields of its
own.
"""

import dataclasses
from datetime import date

import frappe

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.sync.connection import Source
from orchestrator.sync.kipu.mapping import Rule
from orchestrator.sync.kipu.records import RecordError
from orchestrator.sync.merge.fingerprints import ParsedRecord, remove_fields

INVALID_VALUE_CODE = "invalid_value"


def drop_invalid_values(incoming: ParsedRecord, source: Source) -> ParsedRecord | None:
	"""Return the record without values that their fields refuse, or None if there are none."""
	values = {CLIENT: incoming.mapped.client, CLIENT_STAY: incoming.mapped.stay}
	rules = [
		rule
		for rule in source.mapping.rules
		if (value := values[rule.doctype].get(rule.target)) is not None and not _is_valid(rule, value)
	]
	if not rules:
		return None
	errors = tuple(RecordError(incoming.casefile_id, INVALID_VALUE_CODE, rule.source) for rule in rules)
	reduced = remove_fields(incoming, {(rule.doctype, rule.target) for rule in rules})
	return dataclasses.replace(reduced, unreadable=(*reduced.unreadable, *errors))


def _is_valid(rule: Rule, value: str | date) -> bool:
	"""Return True if Frappe accepts the value for the field, by the rules of the field alone."""
	field = frappe.get_meta(rule.doctype).get_field(rule.target)
	if field and field.fieldtype == "Date" and not isinstance(value, date):
		return False
	doc = frappe.new_doc(rule.doctype)
	doc.set(rule.target, value)
	messages = len(frappe.local.message_log)
	try:
		doc._validate_selects()
		doc._validate_data_fields()
		doc._validate_length()
	except frappe.ValidationError:
		del frappe.local.message_log[messages:]
		return False
	return True
