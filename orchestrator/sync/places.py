"""The facilities behind Kipu's locations. A location nobody has met before gets one, so that no record is without: user
permissions would not hide it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import frappe

from orchestrator.sync.connection import DOCTYPE, Place, Source
from orchestrator.sync.kipu.values import clean_id, clean_text
from orchestrator.sync.redaction import PrivateDict

LOCATION = "Kipu Location"
FACILITY = "Facility"
LONGEST = 140


def ensure(
	records: Iterable[Mapping[str, Any]], source: Source, secure: Callable[[], None], *, dry_run: bool
) -> None:
	"""See to it that the location of each record has a facility; before one is made, `secure`. In a dry run, one by name
	only."""
	for record in records:
		location_id = clean_id(record.get("location_id"))
		if not isinstance(location_id, str) or len(location_id) > LONGEST:
			# The record itself says what is wrong with it.
			if not source.default_facility:
				secure()
				source.default_facility = _make_default(source, dry_run)
			continue
		place = source.places.get(location_id)
		if place is None or not place.facility:
			secure()
			name = clean_text(record.get("location_name"))
			_add(source, location_id, name if isinstance(name, str) else "", place, dry_run)


def _add(source: Source, location_id: str, name: str, place: Place | None, dry_run: bool) -> None:
	known = (place.name if place else "") or name
	facility = free_title(known or f"{source.name} {location_id}", source.name)
	if not dry_run:
		_make(facility)
		if place is None:
			_append(source, location_id, known, facility)
		else:
			filters = {"parent": source.name, "parenttype": DOCTYPE, "location_id": location_id}
			frappe.db.set_value(LOCATION, filters, "facility", facility, update_modified=False)
	source.places[location_id] = Place(location_id, known, place.enabled if place else True, facility)


def free_title(title: str, connection: str) -> str:
	"""A name for a new facility. Another instance's place of the same name is another place."""
	title = _fitting(title, connection)
	if not frappe.db.exists(FACILITY, title):
		return title
	taken, number = f"{title} ({connection})"[: LONGEST - 10], 1
	name = taken
	while frappe.db.exists(FACILITY, name):
		number += 1
		name = f"{taken} {number}"
	return name


def _fitting(title: str, connection: str) -> str:
	"""The title as Frappe takes it for a name: what somebody calls a house must not stop everybody's sync."""
	if title == FACILITY or title.startswith(f"New {FACILITY}"):
		title = f"{connection} {title}"
	return title.replace("<", "(").replace(">", ")")[:LONGEST].strip()


def _make_default(source: Source, dry_run: bool) -> str:
	facility = free_title(source.name, source.name)
	if not dry_run:
		_make(facility)
		frappe.db.set_value(DOCTYPE, source.name, "default_facility", facility, update_modified=False)
	return facility


def _make(facility: str) -> None:
	"""Raises QueryDeadlockError where another run has just made one of that name: the page is to be done again."""
	doc = frappe.get_doc({"doctype": FACILITY, "facility_name": facility})
	try:
		doc.insert(ignore_permissions=True)  # part of the run
	except frappe.DuplicateEntryError:
		frappe.clear_last_message()
		raise frappe.QueryDeadlockError from None


def _append(source: Source, location_id: str, name: str, facility: str) -> None:
	"""As a row of its own: saving the whole connection would be in the way of whoever edits it."""
	row = PrivateDict(
		doctype=LOCATION, parent=source.name, parenttype=DOCTYPE, parentfield="locations", enabled=1,
		idx=len(source.places) + 1, location_id=location_id, location_name=name[:LONGEST] or None,
		facility=facility,
	)  # fmt: skip
	doc = frappe.get_doc(dict(row))
	doc.db_insert()
	frappe.clear_document_cache(DOCTYPE, source.name)
