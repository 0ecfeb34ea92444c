"""The status values this app adds to the DocTypes of other apps.

An option is appended to the existing ones and removed again by uninstall; a site's own Property Setter
survives both. Added options are recorded, so that a value that the site had before stays.
"""

from typing import NamedTuple

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter

_REMEMBERED = "__orchestrator_status_options"  # parent of our rows in DefaultValue


class StatusOption(NamedTuple):
	doctype: str
	value: str
	after_uninstall: str
	"""The stock value nearest in meaning; records that hold ours get it when we leave."""


STATUS_OPTIONS = (
	StatusOption("Lead", "Qualified", after_uninstall="Interested"),
	StatusOption("Issue", "In Progress", after_uninstall="Open"),
	StatusOption("Task", "In Progress", after_uninstall="Working"),
)


def sync_options() -> None:
	"""Append the options that are missing."""
	for option in STATUS_OPTIONS:
		current = _get_current_options(option.doctype)
		if option.value not in current:
			_write_options(option.doctype, [*current, option.value])
			frappe.defaults.set_default(option.doctype, option.value, _REMEMBERED)


def delete_options() -> None:
	"""Remove the options that the app added, and set records that use them to the nearest stock value."""
	remembered = frappe.defaults.get_defaults_for(_REMEMBERED)
	for option in STATUS_OPTIONS:
		if remembered.get(option.doctype) == option.value:
			_remove_declared_option(option)
	frappe.defaults.clear_default(parent=_REMEMBERED)


def list_missing_options() -> list[str]:
	"""Return `DocType: value` of each declared option that this site lacks."""
	return [
		f"{option.doctype}: {option.value}"
		for option in STATUS_OPTIONS
		if option.value not in _get_current_options(option.doctype)
	]


def _remove_option(options: list[str], value: str) -> list[str]:
	"""Return `options` without `value`, in the same order."""
	return [option for option in options if option != value]


def _remove_declared_option(option: StatusOption) -> None:
	remaining = _remove_option(_get_current_options(option.doctype), option.value)
	setter = _get_setter(option.doctype)
	if setter and setter.is_system_generated and remaining == _get_stock_options(option.doctype):
		frappe.delete_doc("Property Setter", setter.name, force=True, delete_permanently=True)
	elif setter:
		_update_setter(setter.name, remaining)
	frappe.clear_cache(doctype=option.doctype)
	if option.value not in remaining:
		_move_records(option)


def _move_records(option: StatusOption) -> None:
	table = frappe.qb.DocType(option.doctype)
	frappe.qb.update(table).set(table.status, option.after_uninstall).where(
		table.status == option.value
	).run()


def _write_options(doctype: str, options: list[str]) -> None:
	"""Write into the existing Property Setter, or create one."""
	if setter := _get_setter(doctype):
		_update_setter(setter.name, options)
	else:
		make_property_setter(
			doctype, "status", "options", "\n".join(options), "Text", validate_fields_for_doctype=False
		)
	frappe.clear_cache(doctype=doctype)


def _update_setter(setter: str, options: list[str]) -> None:
	"""Update the property setter. `modified` stays, because the site has not changed it."""
	frappe.db.set_value("Property Setter", setter, "value", "\n".join(options), update_modified=False)


def _get_current_options(doctype: str) -> list[str]:
	"""Return the site's options, including a Property Setter."""
	return (frappe.get_meta(doctype, cached=False).get_field("status").options or "").split("\n")


def _get_stock_options(doctype: str) -> list[str]:
	"""Return the options as the app that owns the DocType ships them."""
	options = frappe.db.get_value("DocField", {"parent": doctype, "fieldname": "status"}, "options")
	return (options or "").split("\n")


def _get_setter(doctype: str) -> frappe._dict | None:
	return frappe.db.get_value(
		"Property Setter",
		{"doc_type": doctype, "field_name": "status", "property": "options"},
		["name", "is_system_generated"],
		as_dict=True,
	)
