"""Keyset paging beside an offset: the last page of a long list beside its first.

	<bench>/env/bin/python -m benchmarks.paging [rows]

The rows are those of a DocType made for this run and deleted at its end. Page 10,000 of a million rows, 100 on each, costs
what page 1 costs; Frappe's own get_list with `limit_start` stands beside it. Ends with exit code 1 when the target is missed.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frappe
import frappe.client

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.access import platform_patches

BENCH = Path(os.environ["ORCHESTRATOR_BENCH"])
SITE = os.environ["ORCHESTRATOR_SITE"]
DOCTYPE = "Paging Benchmark"
ROWS = 1_000_000
PAGE_LENGTH = 100
MAX_PAGE_LENGTH = 500
ROUNDS = 100
STOCK_ROUNDS = 2  # a page at the end takes seconds
MAX_RATIO = 1.2
FIELDS = ["name", "subject", "priority", "amount"]
# name of a case -> order, None for that of a walk without one
ORDERS = {
	"name": None,
	"modified desc, indexed, 10 rows at a time": "modified desc",
	"priority, indexed, 5 values": "priority asc",
}


def main() -> int:
	rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
	connect_site()
	with create_rows(rows):
		platform_patches.install_patches()
		met = [compare(label, order, rows) for label, order in ORDERS.items()]
	frappe.destroy()
	return int(not all(met))


def compare(label: str, order: str | None, rows: int) -> bool:
	"""Print the medians of one order. Return whether the target is met."""
	last = rows - PAGE_LENGTH
	cursor = find_cursor(order, last)
	check_page(order, cursor, last)
	ours = {"first": lambda: get_page(order, "*"), "last": lambda: get_page(order, cursor)}
	stock = {
		"stock, first": lambda: get_stock_page(order, 0),
		"stock, last": lambda: get_stock_page(order, last),
	}
	times = measure_in_turn(ours, ROUNDS) | measure_in_turn(stock, STOCK_ROUNDS)
	ratio = times["last"] / times["first"]
	print(f"\n{label}, page {rows // PAGE_LENGTH} of {rows} rows beside page 1")
	for name, milliseconds in times.items():
		print(f"{name:<16}{milliseconds:10.2f} ms")
	print(f"{'ratio':<16}{ratio:10.2f}   stock {times['stock, last'] / times['stock, first']:.1f}")
	return ratio <= MAX_RATIO


def find_cursor(order: str | None, offset: int) -> str:
	"""Return the cursor behind so many rows, found by a walk over them."""
	cursor = "*"
	while offset:
		length = min(offset, MAX_PAGE_LENGTH)
		cursor = get_page(order, cursor, length).page["next_cursor"]
		offset -= length
	return cursor


def check_page(order: str | None, cursor: str, offset: int) -> None:
	"""Fail unless the cursor leads to the rows of the offset."""
	from orchestrator.api import generic

	names = [row["name"] for row in get_page(order, cursor).rows]
	page = generic.get_list(
		DOCTYPE, order_by=order or "name", limit_start=offset, limit_page_length=PAGE_LENGTH
	)
	assert names == [row["name"] for row in page.rows]


def get_page(order: str | None, cursor: str, length: int = PAGE_LENGTH) -> Any:
	from orchestrator.api import generic

	return generic.get_list(DOCTYPE, FIELDS, order_by=order, cursor=cursor, limit_page_length=length)


def get_stock_page(order: str | None, offset: int) -> Any:
	return frappe.client.get_list(
		DOCTYPE, FIELDS, order_by=order or "name", limit_start=offset, limit_page_length=PAGE_LENGTH
	)


@contextlib.contextmanager
def create_rows(count: int) -> Iterator[None]:
	"""Make the DocType with its rows, and delete it in the end."""
	delete_doctype()
	doctype = frappe.get_doc(
		{
			"doctype": "DocType",
			"name": DOCTYPE,
			"module": "Custom",
			"custom": 1,
			"autoname": "hash",
			"fields": [
				{"fieldname": "subject", "fieldtype": "Data", "label": "Subject"},
				{"fieldname": "priority", "fieldtype": "Data", "label": "Priority", "search_index": 1},
				{"fieldname": "amount", "fieldtype": "Currency", "label": "Amount"},
			],
			"permissions": [{"role": "System Manager", "read": 1}],
		}
	)
	doctype.insert()
	frappe.db.sql(
		f"""insert into `tab{DOCTYPE}` (name, owner, modified_by, creation, modified, subject, priority, amount)
		select md5(seq), 'Administrator', 'Administrator', now(),
			timestampadd(second, seq div 10, '2026-01-01'), concat('Subject ', seq), concat('Priority ', seq % 5), seq
		from seq_1_to_{count}"""
	)
	frappe.db.commit()
	frappe.db.sql(f"analyze table `tab{DOCTYPE}`")
	try:
		yield
	finally:
		delete_doctype()


def delete_doctype() -> None:
	frappe.db.rollback()
	frappe.delete_doc("DocType", DOCTYPE, force=True, ignore_missing=True)
	frappe.db.sql_ddl(f"drop table if exists `tab{DOCTYPE}`")
	frappe.db.commit()
	frappe.clear_cache()  # which names the tables


if __name__ == "__main__":
	sys.exit(main())
