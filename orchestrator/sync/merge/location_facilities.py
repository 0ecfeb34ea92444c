"""The facilities of Kipu's locations. A new location gets a facility, so that user permissions can hide its
records.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import frappe

from orchestrator.doctypes import FACILITY, KIPU_CONNECTION, KIPU_LOCATION
from orchestrator.sync.connection import FacilityMapping, Source
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.values import clean_id, clean_text

MAX_NAME_LENGTH = 140


def ensure_facilities(
	records: Iterable[Mapping[str, Any]], source: Source, secure: Callable[[], None], *, dry_run: bool
) -> None:
	"""Create a facility for each record's location that has none, after calling `secure`. A dry run only
	reserves a name.
	"""
	for record in records:
		location_id = clean_id(record.get("location_id"))
		if not isinstance(location_id, str) or len(location_id) > MAX_NAME_LENGTH:
			# The error is recorded with the record itself.
			if not source.default_facility:
				secure()
				source.default_facility = _create_default_facility(source, dry_run)
			continue
		mapped_facility = source.facilities_by_location.get(location_id)
		if mapped_facility is None or not mapped_facility.facility:
			secure()
			name = clean_text(record.get("location_name"))
			_add_location(
				source, location_id, name if isinstance(name, str) else "", mapped_facility, dry_run
			)


def _add_location(
	source: Source, location_id: str, name: str, mapped_facility: FacilityMapping | None, dry_run: bool
) -> None:
	known = (mapped_facility.name if mapped_facility else "") or name
	facility = find_free_title(known or f"{source.name} {location_id}", source.name)
	if not dry_run:
		_create_facility(facility)
		if mapped_facility is None:
			_append_location(source, location_id, known, facility)
		else:
			filters = {"parent": source.name, "parenttype": KIPU_CONNECTION, "location_id": location_id}
			frappe.db.set_value(KIPU_LOCATION, filters, "facility", facility, update_modified=False)
	source.facilities_by_location[location_id] = FacilityMapping(
		location_id, known, mapped_facility.enabled if mapped_facility else True, facility
	)


def find_free_title(title: str, connection: str) -> str:
	"""Return a title for a new facility. A location of the same name in another instance is another facility."""
	title = _fit_title(title, connection)
	if not frappe.db.exists(FACILITY, title):
		return title
	unique_title, number = f"{title} ({connection})"[: MAX_NAME_LENGTH - 10], 1
	name = unique_title
	while frappe.db.exists(FACILITY, name):
		number += 1
		name = f"{unique_title} {number}"
	return name


def _fit_title(title: str, connection: str) -> str:
	"""Return the title in a form that Frappe accepts as a name: an unusual title must not stop the sync."""
	if title == FACILITY or title.startswith(f"New {FACILITY}"):
		title = f"{connection} {title}"
	return title.replace("<", "(").replace(">", ")")[:MAX_NAME_LENGTH].strip()


def _create_default_facility(source: Source, dry_run: bool) -> str:
	facility = find_free_title(source.name, source.name)
	if not dry_run:
		_create_facility(facility)
		frappe.db.set_value(KIPU_CONNECTION, source.name, "default_facility", facility, update_modified=False)
	return facility


def _create_facility(facility: str) -> None:
	"""Create a facility.

	Raises QueryDeadlockError if another run has just created it: the page has to be repeated.
	"""
	doc = frappe.get_doc({"doctype": FACILITY, "facility_name": facility})
	try:
		doc.insert(ignore_permissions=True)  # part of the run
	except frappe.DuplicateEntryError:
		frappe.clear_last_message()
		raise frappe.QueryDeadlockError from None


def _append_location(source: Source, location_id: str, name: str, facility: str) -> None:
	"""Append a location as a separate row: saving the whole connection would conflict with a user who edits
	it.
	"""
	row = PrivateDict(
		doctype=KIPU_LOCATION, parent=source.name, parenttype=KIPU_CONNECTION, parentfield="locations", enabled=1,
		idx=len(source.facilities_by_location) + 1, location_id=location_id, location_name=name[:MAX_NAME_LENGTH] or None,
		facility=facility,
	)  # fmt: skip
	doc = frappe.get_doc(dict(row))
	doc.db_insert()
	frappe.clear_document_cache(KIPU_CONNECTION, source.name)
