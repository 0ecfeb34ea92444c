"""The documented generic methods, `frappe.client.*`, as API clients get them. Browsers never come here."""

import contextlib
from collections.abc import Iterator
from typing import Any

import frappe
import frappe.client
from frappe import _
from frappe.model import child_table_fields, default_fields
from frappe.model.document import Document
from frappe.model.meta import Meta
from frappe.utils import get_datetime, sbool

from orchestrator.access.linked_records import attach_expanded_links
from orchestrator.api import lists
from orchestrator.api.aliases import rename_to_fieldnames
from orchestrator.api.day_names import add_documented_names
from orchestrator.api.endpoint import CREATE, READ, WRITE, Listing, endpoint
from orchestrator.api.field_access import check_field_permissions, check_known_fields, check_links
from orchestrator.api.field_values import parse_values
from orchestrator.api.file_privacy import parse_record_privacy
from orchestrator.api.filters import parse_filters
from orchestrator.api.list_query import get_rows
from orchestrator.api.ordering import build_order
from orchestrator.api.parameters import parse_json
from orchestrator.api.reserved_names import check_reserved_names, remove_form_state
from orchestrator.api.schema_types import Names, PageLength, RowOffset
from orchestrator.api.shapes import DeletedRecord
from orchestrator.exceptions import InvalidRequestError, refuse

# What Frappe puts into every request's parameters, beside the caller's.
TRANSPORT_KEYS = frozenset({"cmd", "csrf_token", "_lang", "sid"})
PROTECTED_FIELDS = frozenset((*default_fields, *child_table_fields)) - {"docstatus", "doctype"}


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
		expand: Link fields whose linked records are added to each row, as a list.
		debug: Accepted for Frappe's own clients; has no effect.

	Returns:
		The rows, and in `keys` the fields of each.

	Permissions:
		Whoever may read the DocType. Only records that the caller may read are returned.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. There is no such DocType.
		InvalidRequestError: 400. A field, an operator or the page does not exist.
	"""
	meta = get_meta(doctype, parent)
	frappe.has_permission(doctype, "read", throw=True, parent_doctype=parent)
	listing = get_list_page(
		meta,
		fields=fields,
		filters=parse_filters(meta, "filters", filters),
		or_filters=parse_filters(meta, "or_filters", or_filters),
		group_by=group_by,
		order_by=order_by,
		limit_start=limit_start,
		limit_page_length=limit_page_length,
		parent=parent,
	)
	if links := parse_json("expand", expand):
		attach_expanded_links(doctype, listing.rows, lists.parse_links(meta, links))
	return listing if sbool(as_dict) else Listing([list(row.values()) for row in listing.rows], listing.keys)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READ)
def get(
	doctype: str,
	name: str | int | None = None,
	filters: str | list | dict | None = None,
	parent: str | None = None,
) -> dict[str, Any]:
	"""Return one record, by name or by filters; a Single needs neither.

	Args:
		doctype: DocType of the record.
		name: Name of the record.
		filters: Conditions of which the first match is returned, in the place of a name: an object of fields and values, or a list of [field, operator, value].
		parent: DocType of the parent, for a child table.

	Returns:
		The record with the fields that the caller may read.

	Permissions:
		Whoever may read the record.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. The record is missing or hidden, or there is no such DocType.
		InvalidRequestError: 400. Neither name nor filters are given, or a filter is malformed.
	"""
	meta = get_meta(doctype, parent)
	if not name and not meta.issingle:
		name = _find_first_match(meta, filters, parent)
	doc = get_readable(meta, name, parent)
	doc.apply_fieldlevel_read_permissions()
	return add_documented_names(doctype, doc.as_dict())


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
	record = parse_json("doc", doc) if doc else {"doctype": doctype, **_remove_transport_keys(values)}
	if not isinstance(record, dict) or not record.get("doctype"):
		refuse(_("Missing parameter: doctype."), InvalidRequestError)
	_check_parent_table(record)
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
	with _translate_link_errors():
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
	changes = _parse_changes(fieldname, value, values)
	if str(changes.get("name", "")) == str(name):
		del changes["name"]  # clients send the whole record back
	changes = parse_values(meta, changes)
	_check_not_modified_since(doc, changes.pop("modified", None))
	check_reserved_names(meta, changes)
	check_known_fields(meta, changes)
	if protected := sorted(PROTECTED_FIELDS.intersection(changes)):
		refuse(
			_("{0} cannot be set because Frappe sets it automatically.").format(", ".join(protected)),
			InvalidRequestError,
		)
	_save_changes(meta, doc, name, parse_record_privacy(doctype, rename_to_fieldnames(doctype, changes)))
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
		_lock_record(meta, name)
		get_readable(meta, name)
	frappe.client.delete_doc(doctype, name)
	return {"doctype": doctype, "name": name}


def _check_parent_table(record: dict[str, Any]) -> None:
	"""400 for a child row whose parent's DocType has no such table."""
	parenttype, table = record.get("parenttype"), record.get("parentfield")
	if not parenttype:
		return
	if not isinstance(parenttype, str):
		refuse(_("{0} must be {1}.").format("parenttype", _("a single value")), InvalidRequestError)
	parent = _get_meta_or_none(parenttype)
	if parent and table and table not in {field.fieldname for field in parent.get_table_fields()}:
		refuse(_("{0} has no table {1} ({2}).").format(parenttype, table, "parentfield"), InvalidRequestError)


def get_meta(doctype: str, parent: str | None = None) -> Meta:
	"""Return the DocType's meta: 404 where there is none, 403 for a child table without its parent."""
	meta = _get_meta_or_none(doctype)
	if meta is None:
		refuse(_("There is no DocType {0}.").format(doctype), frappe.DoesNotExistError)
	if meta.istable and parent and not _is_readable_parent(parent, doctype):
		raise frappe.PermissionError
	return meta


def _is_readable_parent(parent: str, child: str) -> bool:
	"""Return True where `parent` has tables of the DocType `child` and the caller may read it."""
	if _get_meta_or_none(parent) is None:
		return False
	return bool(frappe.has_permission(child, "read", parent_doctype=parent))


def _get_meta_or_none(doctype: str) -> Meta | None:
	"""Return the meta as Frappe caches it: to look for the DocType first would be a query more in every request."""
	if not doctype or not isinstance(doctype, str):
		return None
	try:
		return frappe.get_meta(doctype)
	except frappe.DoesNotExistError:
		frappe.clear_messages()
		return None


def get_readable(meta: Meta, name: str | int | None, parent: str | None = None) -> Document:
	"""Return the record, where the caller may read it."""
	frappe.has_permission(meta.name, "read", throw=True, parent_doctype=parent)
	if meta.issingle:
		doc = frappe.get_doc(meta.name)
		doc.check_permission("read")
		return doc
	if not name or not frappe.db.exists(meta.name, name):
		raise_not_found(meta.name, name)
	doc = frappe.get_doc(meta.name, name)
	if not doc.has_permission("read"):
		raise_not_found(meta.name, name)
	return doc


def get_writable(meta: Meta, name: str | int) -> Document:
	"""Return the record to save for a change: itself, or the parent of a child row."""
	if not meta.istable:
		doc = get_readable(meta, name)
	else:
		row = frappe.db.get_value(meta.name, name, ["parenttype", "parent"], as_dict=True)
		if not row:
			raise_not_found(meta.name, name)
		doc = None
		with contextlib.suppress(frappe.DoesNotExistError):
			doc = get_readable(frappe.get_meta(row.parenttype), row.parent)
		if doc is None:
			raise_not_found(meta.name, name)  # the name of a hidden record is hidden too
	doc.check_permission("write")
	return doc


def _lock_record(meta: Meta, name: str | int) -> None:
	"""Wait for whoever is deleting the record as well: afterwards it is missing, which is 404 and no conflict."""
	if meta.issingle or meta.get("is_virtual") or not name:
		return
	# A plain read would see the record in the request's older snapshot.
	if frappe.db.get_value(meta.name, name, "name", for_update=True) is None:
		raise_not_found(meta.name, name)


def raise_not_found(doctype: str, name: str | int | None) -> None:
	"""404 for a record that is missing or hidden."""
	frappe.clear_messages()
	refuse(_("{0} {1} not found.").format(_(doctype), name or ""), frappe.DoesNotExistError)


def _find_first_match(
	meta: Meta, filters: str | list | dict | None, parent: str | None = None
) -> str | int | None:
	"""Return the name of the first record that fits and that the caller may read."""
	if not filters:
		refuse(_("Missing parameter: name."), InvalidRequestError)
	conditions = parse_filters(meta, "filters", filters)
	names = get_rows(meta.name, filters=conditions, pluck="name", limit=1, parent_doctype=parent)
	return names[0] if names else None


def get_list_page(
	meta: Meta,
	*,
	fields: str | list | None,
	filters: list,
	or_filters: list,
	order_by: str | None,
	limit_start: str | int | None,
	limit_page_length: str | int | None,
	group_by: str | None = None,
	parent: str | None = None,
) -> Listing:
	"""Return a page of the records that fit filters as `_parse_filters` gave them and that the caller may read."""
	if meta.issingle:
		refuse(
			_("{0} has only one record. Read it with frappe.client.get.").format(meta.name),
			InvalidRequestError,
		)
	query = lists.parse_fields(meta, fields)
	start, length = lists.parse_page(limit_start, limit_page_length)
	groups = lists.parse_groups(meta, query, group_by)
	order = build_order(meta, query, order_by, groups)  # before `fields`: it may select further columns
	rows = get_rows(
		meta.name,
		fields=list(query.fields),
		filters=filters,
		or_filters=or_filters,
		group_by=groups,
		order_by=order,
		distinct=query.distinct,
		limit_start=start,
		limit_page_length=length,
		parent_doctype=parent,
	)
	return _build_listing(query, rows)


def _build_listing(query: lists.ListQuery, rows: list[dict[str, Any]]) -> Listing:
	"""Rows under the caller's names; `*` gives every column, and the aliases beside them."""
	if "*" in query.fields:
		unnamed = set(query.columns.values())
		rows = [
			add_documented_names(query.doctype, {key: row[key] for key in row if key not in unnamed})
			| query.build_row(row)
			for row in rows
		]
		return Listing(rows, list(rows[0]) if rows else [])
	return Listing([query.build_row(row) for row in rows], query.column_labels)


def _remove_transport_keys(values: dict[str, Any]) -> dict[str, Any]:
	"""Return the caller's own parameters."""
	return {key: value for key, value in values.items() if key not in TRANSPORT_KEYS}


def _parse_changes(fieldname: str | dict | None, value: Any, values: dict[str, Any]) -> dict[str, Any]:
	"""Return the changes of a set_value request, whichever of its three forms it has."""
	if fieldname is None:
		changes = _remove_transport_keys(values)
	elif isinstance(fieldname, dict):
		changes = dict(fieldname)
	elif fieldname.lstrip().startswith("{"):
		changes = parse_json("fieldname", fieldname)
	else:
		changes = {fieldname: value}
	if not changes:
		refuse(
			_("Nothing to change: send fieldname and value, or the fields themselves."), InvalidRequestError
		)
	return changes


def _check_not_modified_since(doc: Document, modified: Any) -> None:
	"""409 where the caller's `modified` is no longer the record's."""
	if modified and get_datetime(modified) != get_datetime(doc.modified):
		refuse(
			_("{0} {1} was changed in the meantime. Read it again and repeat the change.").format(
				doc.doctype, doc.name
			),
			frappe.TimestampMismatchError,
		)


def _save_changes(meta: Meta, doc: Document, name: str | int, changes: dict[str, Any]) -> None:
	"""Save `changes` on the record, or on its row in the parent."""
	target = doc.getone({"doctype": meta.name, "name": name}) if meta.istable else doc
	check_field_permissions(target, changes)
	check_links(meta, changes)
	target.update(changes)
	with _translate_link_errors():
		doc.save()


@contextlib.contextmanager
def _translate_link_errors() -> Iterator[None]:
	"""Within it, a missing record is one that the data refers to (422), not the one asked for (404)."""
	try:
		yield
	except frappe.DoesNotExistError as error:
		raise frappe.LinkValidationError(*error.args) from error
