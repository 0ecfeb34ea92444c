"""upsert_many: what is created, updated, unchanged and refused, and how the records may be sent."""

from collections.abc import Callable, Iterator

import pytest

import frappe

from tests.support import factories, upserts
from tests.support.client import Client, get_data
from tests.support.upserts import DOCTYPE, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	upserts.make_doctype()
	yield
	upserts.delete_doctypes(DOCTYPE)


@pytest.fixture
def clerk(api: Api) -> Client:
	return api(str(factories.make_user(ROLE).name))


def test_records_are_created_then_unchanged_then_updated(clerk: Client, worker: Worker, mark: str) -> None:
	first = [{"external_id": f"{mark}-{n}", "title": f"T{n}", "amount": n + 0.5} for n in range(3)]
	queued = get_data(upserts.send_body(clerk, upserts.to_ndjson(first)))
	assert {**queued, "operation": ""} == {"operation": "", "status": "Queued", "total": 3}
	before = upserts.get_state(clerk, queued["operation"])
	worker()
	after = upserts.get_state(clerk, queued["operation"])
	results = upserts.get_results(clerk, after)

	assert (before["status"], before["done"], before["result_file"]) == ("Queued", 0, None)
	assert after["started_at"] and after["finished_at"]
	left_out = ("started_at", "finished_at", "result_file")
	assert {key: after[key] for key in after if key not in left_out} == {
		"operation": queued["operation"],
		"type": "Upsert",
		"doctype": DOCTYPE,
		"status": "Completed",
		"atomic": False,
		"total": 3,
		"done": 3,
		"failed": 0,
		"created": 3,
		"updated": 0,
		"unchanged": 0,
		"results": None,
		"error": None,
	}
	rows = upserts.list_rows(
		DOCTYPE, "name", "external_id", "title", "amount", external_id=("like", f"{mark}%")
	)
	assert [{**row, "name": ""} for row in rows] == [{"name": "", **record} for record in first]
	assert results == [
		{"line": n + 1, "status": "created", "name": rows[n]["name"], "error": None} for n in range(3)
	]

	odd = {"external_id": f"{mark}-3 %s%(a)s'\"\\`/*", "title": "😀 %d'\\"}
	again = [first[0], {**first[1], "title": "new"}, odd]
	results = upserts.upsert(clerk, worker, again)
	assert upserts.list_statuses(results) == ["unchanged", "updated", "created"]
	assert upserts.list_statuses(upserts.upsert(clerk, worker, again)) == ["unchanged"] * 3
	rows = upserts.list_rows(DOCTYPE, "external_id", "title", "amount", external_id=("like", f"{mark}%"))
	assert [tuple(row.values()) for row in rows] == [
		(f"{mark}-0", "T0", 0.5),
		(f"{mark}-1", "new", 1.5),
		(f"{mark}-2", "T2", 2.5),
		(*odd.values(), 0.0),
	]
