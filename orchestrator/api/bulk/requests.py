"""Parse and validate bulk calls."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.readable_names import Name
from orchestrator.api.records import get_meta
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidRequestError, refuse

Operation = Literal["Assign", "Delete"]


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
