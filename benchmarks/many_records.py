"""Many clients with stays, and many documents, beside the demo's own: inserted as rows, because saving them takes hours."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import now_datetime

from orchestrator.doctypes import CLIENT, CLIENT_STAY, DOCUMENT, DOCUMENT_FOLDER
from orchestrator.setup.demo.clinic import CONNECTION

PREFIX, BATCH = "BENCH-DP-", 2_000
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dov", "Esme", "Finn", "Gail", "Hugo", "Iris", "Jude", "Kira")
LAST_NAMES = ("Abbott", "Barlow", "Castell", "Dunmore", "Ellery", "Fairfax", "Gresham")
STATUSES = ("Active", "Discharged", "Discharged", "Discharged", "Pre-Admission")
STAMP = ("name", "creation", "modified", "owner", "modified_by")


@contextmanager
def add_records(clients: int, documents: int) -> Iterator[None]:
	"""Add clients with a stay each, and documents in the demo's folders, for the block."""
	try:
		_insert_clients(clients)
		_insert_documents(documents)
		for doctype in (CLIENT, CLIENT_STAY, DOCUMENT):
			frappe.db.sql(f"ANALYZE TABLE `tab{doctype}`")
		yield
	finally:
		_delete_records()


def _insert_clients(count: int) -> None:
	facilities = frappe.get_all("Kipu Location", {"parent": CONNECTION}, pluck="facility")
	fields = (
		"full_name",
		"first_name",
		"last_name",
		"status",
		"facility",
		"connection",
		"person_id",
		"admission_date",
	)
	_insert(CLIENT, fields, (_build_client(n, facilities) for n in range(count)))
	fields = ("client", "mr_number", "status", "facility", "connection", "casefile_id", "admission_date")
	_insert(CLIENT_STAY, fields, (_build_stay(n, facilities) for n in range(count)))


def _build_client(number: int, facilities: list[str]) -> tuple[Any, ...]:
	first = FIRST_NAMES[number % len(FIRST_NAMES)]
	last = f"{LAST_NAMES[number % len(LAST_NAMES)]} {number:06}"
	status = STATUSES[number % len(STATUSES)]
	facility = facilities[number % len(facilities)]
	return (f"{first} {last}", first, last, status, facility, CONNECTION, f"{PREFIX}{number}", "2026-01-05")


def _build_stay(number: int, facilities: list[str]) -> tuple[Any, ...]:
	status = STATUSES[number % len(STATUSES)]
	facility = facilities[number % len(facilities)]
	return (
		_build_name(number),
		f"{number:06}",
		status,
		facility,
		CONNECTION,
		f"{PREFIX}{number}",
		"2026-01-05",
	)


def _insert_documents(count: int) -> None:
	folders = frappe.get_all(DOCUMENT, {"status": ("!=", "Archived")}, pluck="document_folder", distinct=True)
	assert folders, f"no {DOCUMENT_FOLDER} of the demo has documents"
	rows = (
		(f"Bench {n:06}", f"Bench {n:06}", folders[n % len(folders)], "Draft", 1, f"bench-{n}.pdf")
		for n in range(count)
	)
	fields = ("title", "title_key", "document_folder", "status", "current_version", "file_name")
	_insert(DOCUMENT, fields, rows)


def _insert(doctype: str, fields: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
	"""Insert rows that were changed a minute after each other, the first one lately."""
	now = now_datetime()
	batch = []
	for number, row in enumerate(rows):
		moment = now - timedelta(minutes=number)
		batch.append((_build_name(number), moment, moment, "Administrator", "Administrator", *row))
		if len(batch) == BATCH:
			frappe.db.bulk_insert(doctype, [*STAMP, *fields], batch)
			batch = []
	if batch:
		frappe.db.bulk_insert(doctype, [*STAMP, *fields], batch)
	frappe.db.commit()


def _build_name(number: int) -> str:
	return f"{PREFIX}{number:06}"


def _delete_records() -> None:
	frappe.db.rollback()
	for doctype in (CLIENT_STAY, CLIENT, DOCUMENT):
		frappe.db.delete(doctype, {"name": ("like", f"{PREFIX}%")})
	frappe.db.commit()
