"""Parse and validate bulk calls, and check which of their records the caller may read."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.records import get_meta
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidRequestError, refuse

Operation = Literal["Assign", "Delete"]
Name = str | int


@dataclass(frozen=True)
class BulkRequest:
	"""A bulk call, executed at once or by a job."""

	operation: Operation
	doctype: str
	names: list[Name]
	atomic: bool
	assigned_to: str | None = None

	def to_json(self) -> str:
		"""Serialize the call for a Bulk Operation."""
		return json.dumps(asdict(self), separators=(",", ":"))

	@classmethod
	def from_json(cls, text: str) -> "BulkRequest":
		"""Parse the call that is stored in a Bulk Operation."""
		return cls(**json.loads(text))


def parse_names(value: Any) -> list[Name]:
	"""Return the names in `value`: a list, a list as JSON, or one name. Duplicates are removed.

	Raises InvalidRequestError (400) for anything else, for no name, and for more names than the site allows.
	"""
	names = value
	if isinstance(value, str) and value.lstrip().startswith("["):
		try:
			names = json.loads(value)
		except ValueError:
			refuse(_("name is not valid JSON. Send a list of record names."), InvalidRequestError)
	if not isinstance(names, list):
		names = [names]
	if not all(_is_valid_name(item) for item in names):
		refuse(_("name must be a record's name or a list of names."), InvalidRequestError)
	distinct = list({str(item): item for item in names}.values())
	limit = get_settings().bulk_limit
	if not 1 <= len(distinct) <= limit:
		refuse(
			_("name holds {0} records; a bulk call takes 1 to {1}. Send the rest in further calls.").format(
				len(distinct), limit
			),
			InvalidRequestError,
		)
	return distinct


def _is_valid_name(value: Any) -> bool:
	"""Return True for a value that can be the name of a record."""
	if isinstance(value, str):
		return bool(value.strip())
	return isinstance(value, int) and not isinstance(value, bool)


def get_bulk_meta(doctype: str) -> Meta:
	"""Return the meta of a DocType that has records of its own. 404 if it does not exist, 400 for any other."""
	meta = get_meta(doctype)
	if meta.issingle or meta.istable or meta.is_virtual:
		refuse(
			_("{0} has no records of its own, so bulk calls do not support it.").format(_(doctype)),
			InvalidRequestError,
		)
	return meta


def list_readable_names(meta: Meta, names: Iterable[Name], user: str) -> dict[str, Name]:
	"""Return those of `names` that `user` may read: as text, and as the database has them.

	One list query checks all records. A separate check is needed only for DocTypes in which an app decides
	per document, and for records that are not in the list, since a document may be readable without being
	listed.
	"""
	stored = _list_stored_names(meta, names)
	listed = (
		set() if meta.name in frappe.get_hooks("has_permission") else filter_listed_names(meta, stored, user)
	)
	return {
		text: name
		for text, name in stored.items()
		if text in listed or frappe.get_doc(meta.name, name).has_permission("read", user=user)
	}


def _list_stored_names(meta: Meta, names: Iterable[Name]) -> dict[str, Name]:
	"""Return those of `names` that exist: as text, and as the database has them."""
	wanted = {str(name) for name in names}
	# get_all: existence only; permissions are checked next
	found = frappe.get_all(meta.name, filters={"name": ("in", list(names))}, pluck="name", order_by=None)
	# the database compares without regard to case and trailing blanks, a name does not
	return {str(name): name for name in found if str(name) in wanted}


def filter_listed_names(meta: Meta, stored: dict[str, Name], user: str) -> set[str]:
	"""Return those of `stored` that a list shows to `user`, none if the user may not list records."""
	if not stored or not frappe.has_permission(meta.name, "read", user=user):
		return set()
	filters = {"name": ("in", list(stored.values()))}
	return {
		str(name)
		for name in frappe.get_list(meta.name, filters=filters, pluck="name", user=user, order_by=None)
	}
