"""Records that repeat what stands in another record: who gets one of them gets a part of that record."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from orchestrator.doctypes import DELETED_DOCUMENT, SYNC_CHANGE


class Reference(NamedTuple):
	"""The fields of a DocType that name another record."""

	name_field: str
	doctype_field: str


REFERENCES: Final[Mapping[str, Reference]] = {
	"Comment": Reference("reference_name", "reference_doctype"),
	"Communication": Reference("reference_name", "reference_doctype"),
	DELETED_DOCUMENT: Reference("deleted_name", "deleted_doctype"),
	"File": Reference("attached_to_name", "attached_to_doctype"),
	SYNC_CHANGE: Reference("reference_name", "reference_doctype"),
	"Version": Reference("docname", "ref_doctype"),
}


def find_record(values: Any) -> tuple[str, str] | None:
	"""Return DocType and name of the record that a document or a dict is, or repeats; None where it does not say."""
	doctype = _get(values, "doctype")
	if _get(values, "parenttype") and _get(values, "parent"):
		return str(_get(values, "parenttype")), str(_get(values, "parent"))
	reference = REFERENCES.get(doctype) if isinstance(doctype, str) else None
	if reference is None:
		name = _get(values, "name")
		return (str(doctype), str(name)) if doctype and name else None
	name = _get(values, reference.name_field)
	return (str(_get(values, reference.doctype_field)), str(name)) if name else None


def _get(values: Any, fieldname: str) -> Any:
	"""Return a value without loading the rows of a lazy document."""
	return values.get(fieldname) if isinstance(values, dict) else values.__dict__.get(fieldname)
