"""get_changes of 100 changes among many records, beside reading the same 100 records.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.changes [records]

Makes a DocType and its records by SQL, 1,000,000 unless told otherwise, gets a token by `latest`, and then changes 100
before each measured call, with the changes before that an hour old. Everything is removed again. Ends with exit code 1
when the target is missed.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import frappe

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.api.changes import get_changes
from orchestrator.api.changes.indexes import create_index
from orchestrator.api.list_query import get_rows
from tests.support import factories
from tests.support.feed_doctype import ROLE, delete_doctype, make_doctype

DOCTYPE = "Bench Feed"
RECORDS = 1_000_000
CHANGES = 100
PAGE = 500
ROUNDS = 15
ALLOWED_MS = 20
FIELDS = ["name", "title", "modified"]


class Copy:
	"""A client that keeps a copy, and what it has to read again."""

	def __init__(self, records: int) -> None:
		self.records, self.token, self.number = records, "latest", 0
		self.names: list[str] = []
		self.prepared = 0

	def pull(self) -> dict[str, Any]:
		"""Get one page of changes."""
		page = get_changes(DOCTYPE, token=self.token, fields=FIELDS, limit_page_length=PAGE)
		self.token = page["token"]
		frappe.db.commit()
		return page

	def pull_all(self) -> None:
		"""Get page after page until there are no more changes."""
		while self.pull()["has_more"]:
			pass

	def save_some(self) -> None:
		"""Save records that are spread over the table, as somebody else would, before every second call."""
		self.prepared += 1
		if self.prepared % 2 == 0:
			return
		self.age()
		step = self.records // CHANGES
		self.number += 1
		self.names = [f"{number * step + self.number:08}" for number in range(CHANGES)]
		for name in self.names:
			frappe.get_doc(DOCTYPE, name).db_set("title", f"changed {self.number}")
		frappe.db.commit()

	def age(self) -> None:
		"""Let the changes so far have happened an hour ago, since each call looks at those of the last ten minutes."""
		for doctype, column in ((DOCTYPE, "modified"), ("Change Feed Record", "record_modified")):
			name = "name" if doctype == DOCTYPE else "docname"
			frappe.db.sql(
				f"update `tab{doctype}` set `{column}` = `{column}` - interval 1 hour"
				f" where `{column}` > '2026-01-01' and `{name}` in %s",
				[self.names or [""]],
			)

	def read(self) -> None:
		"""Read the records that have changed, by a list."""
		rows = get_rows(
			DOCTYPE,
			fields=FIELDS,
			filters=[[DOCTYPE, "name", "in", self.names]],
			order_by="",
			limit_page_length=CHANGES,
		)
		assert len(rows) == CHANGES

	def get_changes(self) -> None:
		"""Get the changes."""
		assert len(self.pull()["changes"]) == CHANGES


def fill(records: int) -> None:
	"""Insert records that were changed in 2025."""
	frappe.db.truncate(DOCTYPE)  # what a run left that was killed
	frappe.db.sql(
		f"""insert into `tab{DOCTYPE}` (name, creation, modified, owner, modified_by, title)
		select lpad(seq, 8, '0'), '2025-01-01', '2025-01-01' + interval seq second, 'Administrator', 'Administrator',
			concat('record number ', seq) from seq_0_to_{records - 1}"""
	)
	frappe.db.commit()
	frappe.db.sql_ddl(f"ANALYZE TABLE `tab{DOCTYPE}`")


@contextlib.contextmanager
def open_site() -> Iterator[None]:
	"""Connect to the site with a DocType and a user of its own, and remove both at the end."""
	connect_site()
	make_doctype(DOCTYPE)
	user = factories.make_user(ROLE).name
	frappe.set_user(user)
	try:
		yield
	finally:
		frappe.set_user("Administrator")
		delete_doctype(DOCTYPE)
		for doctype in ("Change Feed Record", "Change Feed Event"):
			frappe.db.sql(f"delete from `tab{doctype}` where feed not in (select name from `tabChange Feed`)")
		frappe.delete_doc("User", user)
		frappe.db.commit()
		frappe.destroy()


def main() -> int:
	records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
	with open_site():
		fill(records)
		copy = Copy(records)
		start = time.perf_counter()
		copy.pull_all()
		create_index(DOCTYPE)  # as a job does after the first call
		first = time.perf_counter() - start
		start = time.perf_counter()
		copy.pull_all()  # compares all records
		compared = time.perf_counter() - start
		reading, changes = measure_in_turn(
			{"reading": copy.read, "changes": copy.get_changes}, ROUNDS, prepare=copy.save_some
		).values()
	print(f"{records:,} records: latest {first:.1f} s, comparison {compared:.2f} s")
	print("| Records | reading 100 (ms) | get_changes of 100 (ms) | beyond (ms) |")
	print("|--------:|-----------------:|------------------------:|------------:|")
	print(f"| {records:,} | {reading:.1f} | {changes:.1f} | {changes - reading:.1f} |")
	return 0 if changes - reading <= ALLOWED_MS else 1


if __name__ == "__main__":
	sys.exit(main())
