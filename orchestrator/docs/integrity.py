"""Check whether the content of all versions is present and unchanged, and nothing else is stored. Changes
nothing.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import frappe

from orchestrator.docs import fulltext, storage
from orchestrator.doctypes import DOCUMENT_VERSION

BATCH_SIZE = 500
# A file is written before its version: newer files may belong to a request that is still running.
GRACE_SECONDS = 24 * 3600


class Damage(NamedTuple):
	"""A version whose content is damaged: `fault` is missing, unreadable or changed."""

	version: str
	document: str
	fault: str


class IntegrityReport(NamedTuple):
	"""The result of an integrity check. Orphans are storage keys without a version. Inconsistent are
	documents whose current version or checksum is not that of their latest version, and versions without
	their File.
	"""

	checked: int
	damaged: list[Damage]
	orphans: list[str]
	inconsistent: list[str]

	@property
	def is_clean(self) -> bool:
		return not (self.damaged or self.orphans or self.inconsistent)


def check_integrity() -> IntegrityReport:
	"""Read all stored content and compare it with the versions."""
	known: set[str] = set()
	damaged: list[Damage] = []
	for row in _list_versions():
		known.add(row.storage_key)
		fault = storage.find_fault(row.storage_key, row.file_size, row.sha256)
		if fault and _is_existing(row.name):
			damaged.append(Damage(row.name, row.document, fault))
	return IntegrityReport(len(known), damaged, _list_orphans(known), _list_inconsistent())


def _is_existing(version: str) -> bool:
	"""Return False for a version that was deleted during the check. A plain read would still find it."""
	row = "SELECT name FROM `tabDocument Version` WHERE name = %s LOCK IN SHARE MODE"
	return bool(frappe.db.sql(row, version))


def _list_versions() -> Iterator[frappe._dict]:
	"""Yield every version, a batch at a time."""
	last = ""
	table = frappe.qb.DocType(DOCUMENT_VERSION)
	columns = (table.name, table.document, table.storage_key, table.file_size, table.sha256)
	while rows := (
		frappe.qb.from_(table)
		.select(*columns)
		.where(table.name > last)
		.orderby(table.name)
		.limit(BATCH_SIZE)
		.run(as_dict=True)
	):
		yield from rows
		last = rows[-1].name


def _list_orphans(known: set[str]) -> list[str]:
	"""Return the keys of files that belong to no version, and that no running request can be about to store."""
	before = time.time() - GRACE_SECONDS
	taken = known | _list_handed_over()
	return [key for key, written in storage.list_keys() if key not in taken and written < before]


def _list_handed_over() -> set[str]:
	"""Return the keys of files that became ordinary Files when the app was uninstalled earlier."""
	urls = frappe.get_all(
		"File", {"file_url": ("like", f"/private/files/{storage.FOLDER}/%")}, pluck="file_url", limit=0
	)
	return {url.rpartition("/")[2] for url in urls}


def _list_inconsistent() -> list[str]:
	"""Return records that contradict each other."""
	records = frappe.db.sql(
		"""
		SELECT d.name FROM `tabDocument` d
		LEFT JOIN (SELECT document, MAX(number) AS latest, COUNT(*) AS held FROM `tabDocument Version` GROUP BY document) v
			ON v.document = d.name
		LEFT JOIN `tabDocument Version` c ON c.document = d.name AND c.number = d.current_version
		WHERE COALESCE(v.latest, 0) != d.current_version OR COALESCE(v.held, 0) != d.current_version
			OR COALESCE(c.sha256, '') != COALESCE(d.checksum, '')
		UNION
		SELECT v.name FROM `tabDocument Version` v
		LEFT JOIN `tabDocument` d ON d.name = v.document
		LEFT JOIN `tabFile` f ON f.name = v.file
		WHERE d.name IS NULL OR f.name IS NULL OR f.is_private = 0 OR f.attached_to_name != v.document
		"""
	)
	return [row[0] for row in records]


def delete_orphans(keys: list[str]) -> None:
	"""Delete files that belong to no version."""
	storage.delete_unreferenced(keys)


def check_nightly() -> None:
	"""Run daily: check, and log damage.

	Also update the search index after removals of tags in Desk, which call no hook.
	"""
	fulltext.update_tags()
	report = check_integrity()
	if not report.is_clean:
		frappe.log_error("Documents: what is stored is damaged", "\n".join(render_report(report)))


def render_report(report: IntegrityReport) -> list[str]:
	"""Return the report as text: names of records and keys, no content."""
	return [
		f"{report.checked} versions checked",
		*(f"{damage.version}: the file is {damage.fault}" for damage in report.damaged),
		*(f"{name}: the records do not agree" for name in report.inconsistent),
		*(f"{key}: a file that no version has" for key in report.orphans),
	]
