"""Small token buckets for tests."""

import contextlib
from collections.abc import Iterator

import frappe


@contextlib.contextmanager
def override_rate_limit(**values: object) -> Iterator[None]:
	"""Set fields of the rate limit, start with full buckets, and restore everything afterwards."""
	settings = frappe.get_doc("Orchestrator Settings")
	before = {field: settings.get(field) for field in values}
	settings.update(values).save()
	frappe.db.commit()
	fill_buckets()
	try:
		yield
	finally:
		settings.reload()
		settings.update(before).save()
		frappe.db.commit()
		fill_buckets()


def fill_buckets() -> None:
	"""Reset the buckets of all callers."""
	frappe.cache().delete_keys("orchestrator:bucket")
