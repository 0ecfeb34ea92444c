"""Sources and campaigns of leads, opportunities and sales documents, after an upgrade to ERPNext 16.

ERPNext 16 turns the records of Lead Source into UTM Source and gives each DocType a field `utm_source`, but
leaves the values in the column of the removed field: lists and reports by source are empty. The same holds
for campaigns.
"""

import frappe
from frappe.model.meta import Meta

# Fields of ERPNext 15 -> fields of ERPNext 16 with the same meaning
MOVED = (("source", "utm_source"), ("campaign_name", "utm_campaign"), ("campaign", "utm_campaign"))


def sync() -> None:
	"""Move remaining values to ERPNext's new fields. This is not a patch: run on ERPNext 15, where there is
	nothing to move, a patch would count as done. A repetition changes nothing, because moved values are gone.
	"""
	for doctype in _find_doctypes():
		meta = frappe.get_meta(doctype)
		for old, new in MOVED:
			if _is_left(meta, old, new):
				_move(doctype, old, new, str(meta.get_field(new).options))


def _find_doctypes() -> list[str]:
	"""Return the DocTypes that have one of the new fields."""
	fields = ("in", {new for _old, new in MOVED})
	doctypes = frappe.get_all("DocField", {"fieldname": fields}, pluck="parent", distinct=True)
	return [name for name in doctypes if not frappe.get_meta(name).istable and frappe.db.table_exists(name)]


def _is_left(meta: Meta, old: str, new: str) -> bool:
	"""Return True for a column without a field, if the field that replaces it exists."""
	if meta.has_field(old) or not meta.has_field(new):
		return False
	return old in {column[0] for column in frappe.db.describe(meta.name)}


def _move(doctype: str, old: str, new: str, target: str) -> None:
	"""Move values that name an existing record. `modified` stays: nobody has changed anything."""
	table, targets = frappe.qb.DocType(doctype), frappe.qb.DocType(target)
	(
		frappe.qb.update(table)
		.set(table[new], table[old])
		.set(table[old], None)
		.where((table[old] != "") & (table[new].isnull() | (table[new] == "")))
		.where(table[old].isin(frappe.qb.from_(targets).select(targets.name)))
		.run()
	)
