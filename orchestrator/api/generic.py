"""The documented generic methods, `frappe.client.*`, for API clients. Browsers never get these."""

from dataclasses import replace
from typing import Any

import frappe
import frappe.client
from frappe import _
from frappe.utils import sbool

from orchestrator.api.aliases import rename_to_fieldnames
from orchestrator.api.conditional import begin_record_read
from orchestrator.api.day_names import add_documented_names
from orchestrator.api.endpoint import CREATE, READ, WRITE, Listing, endpoint
from orchestrator.api.expansion import parse_expansion
from orchestrator.api.field_access import check_field_permissions, check_known_fields, check_links
from orchestrator.api.field_values import parse_values
from orchestrator.api.file_privacy import parse_record_privacy
from orchestrator.api.filters import parse_filters
from orchestrator.api.list_pages import ListRequest, find_first_match, get_list_page
from orchestrator.api.parameters import parse_json
from orchestrator.api.record_changes import (
	PROTECTED_FIELDS,
	check_not_modified_since,
	check_parent_table,
	parse_changes,
	remove_transport_keys,
	save_changes,
	translate_link_errors,
)
from orchestrator.api.records import get_meta, get_readable, get_writable, lock_record
from orchestrator.api.replay_permissions import record_list
from orchestrator.api.reserved_names import check_reserved_names, remove_form_state
from orchestrator.api.schema_types import Names, PageLength, RowOffset
from orchestrator.api.shapes import DeletedRecord
from orchestrator.exceptions import InvalidRequestError, refuse


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def get_list(
	doctype: str,
	fields: str | list | None = None,
	filters: str | list | dict | None = None,
	or_filters: str | list | dict | None = None,
	group_by: str | None = None,
	order_by: str | None = None,
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
	parent: str | None = None,
	as_dict: str | int | bool = True,
	expand: Names = None,
	cursor: str | None = None,
	with_total: bool = False,
	debug: str | int | bool = False,  # noqa: ARG001
) -> Listing:
	"""Return a page of records.

	Args:
		doctype: DocType of the records.
		fields: Fields of each row, as a list: fields, `*`, `distinct field`, `field as label`, functions such as `count(*)` or `sum(field)`, `table.field`. Default: ["name"].
		filters: Conditions that all hold: an object of fields and values, or a list of [field, operator, value].
		or_filters: Conditions of which at least one holds, in the form of `filters`.
		group_by: Fields by which rows are grouped, separated by commas.
		order_by: Fields, labels or functions to sort by, each with asc or desc. Default: the order of the DocType.
		limit_start: Number of rows to skip. Default: 0.
		limit_page_length: Number of rows on a page. Default: 20.
		parent: DocType of the parent, for a child table.
		as_dict: true: rows as objects. false: rows as arrays of their values, in the order of `keys`. Default: true.
		expand: Fields to expand, as a list: link fields become the linked records, table fields are added with their rows, and `table.link` expands a link field of the rows.
		cursor: Where the page starts: * for the first page, then the `next_cursor` of the page before. Takes the place of `limit_start`; without `order_by` the order is by name.
		with_total: true: `total` in the reply is how many records there are on all pages. Default: false.
		debug: Accepted for Frappe's own clients; has no effect.

	Returns:
		The rows, and in `keys` the fields of each. With `cursor`, `has_more` and the `next_cursor`, which is null on the last page.

	Permissions:
		Whoever may read the DocType. Only records that the caller may read are returned.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. There is no such DocType.
		InvalidRequestError: 400. A field, an operator or the page does not exist, or the cursor is of another request.
	"""
	meta = get_meta(doctype, parent)
	frappe.has_permission(doctype, "read", throw=True, parent_doctype=parent)
	record_list(doctype)
	listing = get_list_page(
		ListRequest(
			meta=meta,
			fields=fields,
			filters=parse_filters(meta, "filters", filters),
			or_filters=parse_filters(meta, "or_filters", or_filters),
			group_by=group_by,
			order_by=order_by,
			limit_start=limit_start,
			limit_page_length=limit_page_length,
			parent=parent,
			expansion=parse_expansion(meta, expand),
			cursor=cursor,
			sent_filters=[parse_json("filters", filters), parse_json("or_filters", or_filters)],
			with_total=with_total,
		)
	)
	if sbool(as_dict):
		return listing
	return replace(listing, rows=[list(row.values()) for row in listing.rows])


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def get(
	doctype: str,
	name: str | int | None = None,
	filters: str | list | dict | None = None,
	parent: str | None = None,
	expand: Names = None,
) -> dict[str, Any]:
	"""Return one record, by name or by filters; a Single needs neither.

	Args:
		doctype: DocType of the record.
		name: Name of the record.
		filters: Conditions of which the first match is returned, in the place of a name: an object of fields and values, or a list of [field, operator, value].
		parent: DocType of the parent, for a child table.
		expand: Link fields to replace by the linked records, as a list; `table.link` for a link field of a table's rows.

	Returns:
		The record with the fields that the caller may read.

	Permissions:
		Whoever may read the record.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. The record is missing or hidden, or there is no such DocType.
		InvalidRequestError: 400. Neither name nor filters are given, a filter is malformed, or a field to expand is unknown.
	"""
	meta = get_meta(doctype, parent)
	frappe.has_permission(doctype, "read", throw=True, parent_doctype=parent)
	expansion = parse_expansion(meta, expand)
	if not name and not meta.issingle:
		name = find_first_match(meta, filters, parent)
	if not expansion:
		begin_record_read(meta, name, parent)  # the ETag of the record says nothing of linked records
	doc = get_readable(meta, name, parent)
	doc.apply_fieldlevel_read_permissions()
	return add_documented_names(doctype, expansion.expand_record(doc.as_dict()))


@frappe.whitelist(methods=["POST", "PUT"])
@endpoint(effect=CREATE)
def insert(doc: str | dict | None = None, doctype: str | None = None, **values: Any) -> dict[str, Any]:
	"""Create a record from the fields in the body or, as Frappe has it, from `doc`.

	Args:
		doc: Record as an object with its doctype. Alternatively, send the fields in the body itself.
		doctype: DocType of the record. Required without `doc`.
		**values: Fields of the record.

	Returns:
		The record that was created.

	Permissions:
		Whoever may create records of the DocType.

	Raises:
		PermissionError: 403. The caller may not create the record or not set a field.
		DoesNotExistError: 404. There is no such DocType.
		InvalidRequestError: 400. A field is unknown, or a value does not fit its field.
		DuplicateEntryError: 409. There is such a record.
		ConflictError: 409. The state of another record forbids it.
		ValidationError: 422. The DocType's own validation refuses the record.
	"""
	record = parse_json("doc", doc) if doc else {"doctype": doctype, **remove_transport_keys(values)}
	if not isinstance(record, dict) or not record.get("doctype"):
		refuse(_("Missing parameter: doctype."), InvalidRequestError)
	check_parent_table(record)
	meta = get_meta(record["doctype"], record.get("parenttype"))
	if record.get("amended_from") and not meta.has_field("amended_from"):
		refuse(_("{0} has no field {1} ({2}).").format(meta.name, "amended_from", "doc"), InvalidRequestError)
	frappe.has_permission(meta.name, "create", throw=True, parent_doctype=record.get("parenttype"))
	if doc:
		record = remove_form_state(record)
	check_reserved_names(meta, record)
	values = parse_record_privacy(meta.name, rename_to_fieldnames(meta.name, parse_values(meta, record)))
	if not doc:
		check_known_fields(meta, record)
		check_field_permissions(frappe.new_doc(meta.name), values)
	check_links(meta, values)
	with translate_link_errors():
		created = frappe.client.insert_doc(values)
	created.apply_fieldlevel_read_permissions()
	return add_documented_names(meta.name, created.as_dict())


@frappe.whitelist(methods=["POST", "PUT"])
@endpoint(effect=WRITE)
def set_value(
	doctype: str,
	name: str | int,
	fieldname: str | dict | None = None,
	value: Any = None,
	**values: Any,
) -> dict[str, Any]:
	"""Change fields of a record: `fieldname` and `value`, an object as `fieldname`, or the fields in the body.

	A `modified` among the fields guards against changes since it was read.

	Args:
		doctype: DocType of the record.
		name: Name of the record.
		fieldname: Field to change, or an object of fields and values.
		value: New value of `fieldname`.
		**values: Fields to change.

	Returns:
		The record as it is now.

	Permissions:
		Whoever may write the record.

	Raises:
		PermissionError: 403. The caller may not read the DocType, not write the record or not set a field.
		DoesNotExistError: 404. The record is missing or hidden, or there is no such DocType.
		InvalidRequestError: 400. A field is unknown or protected, or a value does not fit its field.
		TimestampMismatchError: 409. The record has been changed since it was read.
		ConflictError: 409. The state of the record forbids the change.
		ValidationError: 422. The DocType's own validation refuses the change.
	"""
	meta = get_meta(doctype)
	doc = get_writable(meta, name)
	changes = parse_changes(fieldname, value, values)
	if str(changes.get("name", "")) == str(name):
		del changes["name"]  # clients send the whole record back
	changes = parse_values(meta, changes)
	check_not_modified_since(doc, changes.pop("modified", None))
	check_reserved_names(meta, changes)
	check_known_fields(meta, changes)
	if protected := sorted(PROTECTED_FIELDS.intersection(changes)):
		refuse(
			_("{0} cannot be set because Frappe sets it automatically.").format(", ".join(protected)),
			InvalidRequestError,
		)
	save_changes(meta, doc, name, parse_record_privacy(doctype, rename_to_fieldnames(doctype, changes)))
	doc.apply_fieldlevel_read_permissions()
	return add_documented_names(doctype, doc.as_dict())


@frappe.whitelist(methods=["DELETE", "POST"])
@endpoint(effect=WRITE)
def delete(doctype: str, name: str | int) -> DeletedRecord:
	"""Delete a record.

	Args:
		doctype: DocType of the record.
		name: Name of the record.

	Returns:
		The DocType and the name of the deleted record.

	Permissions:
		Whoever may delete the record.

	Raises:
		PermissionError: 403. The caller may not delete the record.
		DoesNotExistError: 404. The record is missing or hidden, or there is no such DocType.
		LinkExistsError: 409. Other records refer to it.
		ConflictError: 409. The state of the record forbids it.
		ValidationError: 422. The DocType's own rules refuse the deletion.
	"""
	meta = get_meta(doctype)
	if meta.istable:
		get_writable(meta, name)
	else:
		frappe.has_permission(doctype, "delete", throw=True)
		lock_record(meta, name)
		get_readable(meta, name)
	frappe.client.delete_doc(doctype, name)
	return {"doctype": doctype, "name": name}
