"""Which records of an upsert fail, and what becomes of the others."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe
from frappe.model.rename_doc import rename_doc

from tests.support import factories, upserts
from tests.support.client import Client, get_data
from tests.support.upserts import DOCTYPE, LINKED, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]
PROMPTED = "Upsert Prompted"
SERIES = "Upsert Series"
NUMBERED = "Upsert Numbered"
TITLED = "Upsert Titled"
SUBMITTED = "Upsert Submitted"
ROW = "Upsert Row"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	build = upserts.build_field
	upserts.make_doctype()
	key = build("code", unique=1)
	upserts.make_doctype(PROMPTED, [build("title")], autoname="prompt")
	upserts.make_doctype(SERIES, [key], autoname="UPS-.#####")
	upserts.make_doctype(NUMBERED, [build("code", "Int", unique=1), build("title")], autoname="autoincrement")
	upserts.make_doctype(TITLED, [build("title", reqd=1), build("remark")], autoname="field:title")
	upserts.make_doctype(ROW, [build("item", in_list_view=1), build("amount", "Int")], istable=1)
	rows = build("rows", "Table", options=ROW)
	upserts.make_doctype(SUBMITTED, [key, build("title"), rows], is_submittable=1)
	factories.make_record(LINKED, name="Red")
	yield
	upserts.delete_doctypes(DOCTYPE, PROMPTED, SERIES, NUMBERED, TITLED, SUBMITTED, ROW)


@pytest.fixture
def clerk(api: Api) -> Client:
	return api(str(factories.make_user(ROLE).name))


BAD_LINES: list[tuple[str, str, str]] = [
	("not JSON", "InvalidRequestError", "The line is not valid JSON."),
	('{"external_id": "X", "amount": NaN}', "InvalidRequestError", "The line is not valid JSON."),
	('["X"]', "InvalidRequestError", "The line is not a JSON object."),
	("[" * 5000, "InvalidRequestError", "The line is not valid JSON."),
	('{"external_id": "X", "title": "a", "title": "b"}', "InvalidRequestError", "The line has title more than once."),
	('{"external_id": "X", "title": "\\ud800"}', "InvalidRequestError", "The line has text that is not valid Unicode."),
	('{"title": "no key"}', "InvalidRequestError", "The record has no external_id, by which records are identified."),
	('{"external_id": "", "title": "a"}', "InvalidRequestError", "The record has no external_id, by which records are identified."),
	('{"external_id": "X ", "title": "a"}', "InvalidRequestError", "external_id must not begin or end with a blank."),
	('{"external_id": ["X"], "title": "a"}', "InvalidRequestError", "external_id must be a single value."),
	('{"external_id": "X<script>a</script>", "title": "a"}', "InvalidRequestError", "The site does not store this value of external_id as it was sent."),
	('{"external_id": "X", "titel": "a"}', "InvalidRequestError", "Upsert Thing has no field titel (records). Did you mean title?"),
	('{"external_id": "X", "title": "a", "owner": "Administrator"}', "InvalidRequestError", "owner of Upsert Thing cannot be set. Leave it out."),
	('{"external_id": "X", "title": "a", "_user_tags": "b"}', "InvalidRequestError", "_user_tags is not a field of Upsert Thing."),
	('{"external_id": "X", "title": "a", "doctype": "ToDo"}', "InvalidRequestError", "The doctype of a record cannot be changed."),
	('{"external_id": "X", "title": "a", "flags": {"ignore_permissions": 1}}', "InvalidRequestError", "flags is not a field of Upsert Thing."),
	('{"external_id": "X", "title": "a", "amount": "much"}', "InvalidRequestError", "amount must be a number."),
	('{"external_id": "X", "title": "a", "units": 2147483648}', "InvalidRequestError", "units must be a number below 2147483648."),
	('{"external_id": "X", "title": "a", "due_on": "2027-02-29"}', "InvalidRequestError", "due_on must be Date, such as 2027-02-28."),
	('{"external_id": "X"}', "MandatoryError", ""),
	('{"external_id": "X", "title": "a", "units": -1}', "NonNegativeError", "Value cannot be negative for Upsert Thing: Units"),
	('{"external_id": "X", "title": "a", "size": "Huge"}', "ValidationError", 'Size cannot be "Huge". It should be one of "", "Small", "Large"'),
	('{"external_id": "X", "title": "a", "category": "Nothing"}', "LinkValidationError", "Could not find Category: Nothing"),
	('{"external_id": "X", "title": "' + "a" * 141 + '"}', "CharacterLengthExceededError", ""),
	('{"external_id": "X", "title": "a", "secret": "b"}', "PermissionError", "You may not set secret of Upsert Thing. Leave it out, or ask someone who has permission."),
]  # fmt: skip


def test_each_bad_line_fails_by_itself(clerk: Client, worker: Worker, mark: str) -> None:
	"""Between good ones, each bad line has its own key, its line number, and the error of a single call."""
	lines = []
	for number, (bad, _error, _text) in enumerate(BAD_LINES):
		good = {"external_id": f"{mark}-{number}", "title": "good", "category": "Red"}
		lines += [json.dumps(good), bad.replace('"X', f'"{mark}-bad-{number}')]
	operation = get_data(upserts.send_body(clerk, "\n".join(lines).encode()))["operation"]
	worker()
	state = upserts.get_state(clerk, operation)
	results = upserts.get_results(clerk, state)

	assert [result["line"] for result in results] == list(range(1, 2 * len(BAD_LINES) + 1))
	assert {result["status"] for result in results[::2]} == {"created"}
	bad = results[1::2]
	expected = [("failed", None, error) for _bad, error, _text in BAD_LINES]
	assert [(result["status"], result["name"], result["error"]["type"]) for result in bad] == expected
	texts = [result["error"]["text"] for result in bad]
	assert [
		text if expected in text else ""
		for text, (_bad, _error, expected) in zip(texts, BAD_LINES, strict=True)
	] == texts
	assert (state["failed"], state["created"]) == (len(BAD_LINES), len(BAD_LINES))
	stored = upserts.list_rows(DOCTYPE, "external_id", external_id=("like", f"%{mark}%"))
	assert len(stored) == state["created"]


def test_records_of_the_same_key_all_fail(clerk: Client, worker: Worker, mark: str) -> None:
	keys = [mark, f"{mark}-2", mark, mark.upper() + "É", mark.upper() + "E", mark]
	results = upserts.upsert(clerk, worker, [{"external_id": key, "title": key} for key in keys])
	failed = "failed: InvalidRequestError"
	assert upserts.list_statuses(results) == [
		failed, "created", failed, "created", "failed: UniqueValidationError", failed,
	]  # fmt: skip
	assert [result["error"]["text"] for result in (results[0], results[2], results[5])] == [
		"Line 3 has the same key. Send each record once.",
		"Line 1 has the same key. Send each record once.",
		"Line 1 has the same key. Send each record once.",
	]


def test_stop_on_error(clerk: Client, worker: Worker, mark: str) -> None:
	records = [{"external_id": f"{mark}-{n}", "title": "x", "units": -1 if n == 2 else 1} for n in range(5)]
	body = upserts.to_ndjson(records)
	operation = get_data(upserts.send_body(clerk, body, stop_on_error="true"))["operation"]
	worker()
	state = upserts.get_state(clerk, operation)
	assert (state["status"], state["total"], state["done"], state["created"], state["failed"]) == (
		"Failed", 5, 3, 2, 1,
	)  # fmt: skip
	assert state["error"] == {
		"type": "BulkOperationError",
		"text": "The record on line 3 failed, so no further ones were written.",
	}
	assert upserts.list_statuses(upserts.get_results(clerk, state)) == [
		"created",
		"created",
		"failed: NonNegativeError",
	]
	assert len(upserts.list_rows(DOCTYPE, external_id=("like", f"{mark}%"))) == 2
	assert frappe.db.count("Bulk Operation Chunk", {"operation": operation}) == 0


def test_changes_that_are_refused(clerk: Client, worker: Worker, mark: str) -> None:
	upserts.upsert(
		clerk, worker, [{"external_id": f"{mark}-{n}", "title": "x", "badge": "1"} for n in range(4)]
	)
	row = upserts.list_rows(DOCTYPE, "name", "modified", external_id=f"{mark}-1")[0]
	before = upserts.list_rows(DOCTYPE, "*", external_id=("like", f"{mark}%"))
	results = upserts.upsert(
		clerk,
		worker,
		[
			{"external_id": f"{mark}-0", "badge": "2"},
			{"external_id": f"{mark}-1", "title": "y", "modified": "2020-01-01 00:00:00"},
			{"external_id": f"{mark}-2", "title": "y", "name": row["name"]},
			{"external_id": f"{mark}-3", "title": None},
		],
	)
	assert upserts.list_statuses(results) == [
		"failed: CannotChangeConstantError",
		"failed: TimestampMismatchError",
		"failed: InvalidRequestError",
		"failed: MandatoryError",
	]
	assert upserts.list_rows(DOCTYPE, "*", external_id=("like", f"{mark}%")) == before
	record = {"external_id": f"{mark}-1", "title": "y", "name": row["name"], "modified": str(row["modified"])}
	assert upserts.list_statuses(upserts.upsert(clerk, worker, [record])) == ["updated"]


def test_names_that_callers_give(clerk: Client, worker: Worker, mark: str) -> None:
	records = [{"name": f"{mark}-{n}", "title": "x"} for n in range(2)]
	params = {"doctype": PROMPTED, "key_field": "name"}
	assert upserts.list_statuses(upserts.upsert(clerk, worker, records, **params)) == ["created", "created"]
	rename_doc(PROMPTED, f"{mark}-0", f"{mark}-new", force=True)
	frappe.db.commit()
	records.append({"name": f"{mark}-new", "title": "y"})
	results = upserts.upsert(clerk, worker, records, **params)
	assert upserts.list_statuses(results) == ["created", "unchanged", "updated"]
	assert [result["name"] for result in results] == [f"{mark}-0", f"{mark}-1", f"{mark}-new"]


def test_names_that_the_site_gives(clerk: Client, worker: Worker, mark: str) -> None:
	records = [{"external_id": f"{mark}-{n}", "name": f"{mark}-{n}", "title": "x"} for n in range(2)]
	results = upserts.upsert(clerk, worker, records, key_field="name")
	assert upserts.list_statuses(results) == ["failed: InvalidRequestError"] * 2
	assert "Identify the records by a unique field instead." in results[0]["error"]["text"]
	assert upserts.list_rows(DOCTYPE, external_id=("like", f"{mark}%")) == []


def test_names_from_a_field(clerk: Client, worker: Worker, mark: str) -> None:
	params = {"doctype": TITLED, "key_field": "name"}
	records = [{"name": mark, "title": mark}, {"name": f"{mark}-2", "title": f"{mark}-3"}]
	results = upserts.upsert(clerk, worker, records, **params)
	assert upserts.list_statuses(results) == ["created", "failed: InvalidRequestError"]
	results = upserts.upsert(
		clerk, worker, [{"title": mark, "remark": "r"}], doctype=TITLED, key_field="title"
	)
	assert upserts.list_statuses(results) == ["updated"]
	assert upserts.list_rows(TITLED, "name", "title", "remark", name=("like", f"{mark}%")) == [
		{"name": mark, "title": mark, "remark": "r"}
	]


def test_naming_series_gives_each_record_one_number(clerk: Client, worker: Worker, mark: str) -> None:
	records = [{"code": f"{mark}-{n}"} for n in range(1, 1002)]
	results = upserts.upsert(clerk, worker, records, doctype=SERIES, key_field="code")
	numbers = [int(result["name"].removeprefix("UPS-")) for result in results]
	assert numbers == list(range(numbers[0], numbers[0] + 1001))
	assert frappe.db.get_value("Series", "UPS-", "current", order_by=None) == numbers[-1]


def test_numbers_as_names_and_keys(clerk: Client, worker: Worker) -> None:
	records = [{"code": 7, "title": "a"}, {"code": "8", "title": "b"}, {"code": 7.5, "title": "c"}]
	results = upserts.upsert(clerk, worker, records, doctype=NUMBERED, key_field="code")
	assert upserts.list_statuses(results) == ["created", "created", "failed: InvalidRequestError"]
	names = [result["name"] for result in results[:2]]
	changes = [
		{"name": names[0], "title": "a"},
		{"name": str(names[1]), "title": "c"},
		{"name": 10**9, "title": "d"},
	]
	results = upserts.upsert(clerk, worker, changes, doctype=NUMBERED, key_field="name")
	assert upserts.list_statuses(results) == ["unchanged", "updated", "failed: InvalidRequestError"]
	assert upserts.list_rows(NUMBERED, "code", "title") == [
		{"code": 7, "title": "a"},
		{"code": 8, "title": "c"},
	]


def test_child_tables_and_submission(api: Api, worker: Worker, mark: str) -> None:
	"""Tables are replaced as a whole, unless they are equal; documents are submitted by their docstatus."""
	client = api(str(factories.make_user("System Manager").name))

	def run(*records: dict[str, Any]) -> list[str]:
		keyed = [{"code": f"{mark}-{number}", **record} for number, record in enumerate(records)]
		return upserts.list_statuses(
			upserts.upsert(client, worker, keyed, doctype=SUBMITTED, key_field="code")
		)

	two = [{"item": "a", "amount": 1}, {"item": "b", "amount": 2}]
	assert run({"rows": two}, {"rows": two, "docstatus": 1}, {"rows": None}) == ["created"] * 3
	names = upserts.list_rows(ROW, "name", "parent", "item", "idx", parenttype=SUBMITTED)
	assert len(names) == 4
	assert run({"rows": two}, {"rows": two}, {"rows": []}) == ["unchanged"] * 3
	assert run({"rows": two[:1]}, {"title": "late"}, {"rows": [{"item": "c", "amount": "x"}]}) == [
		"updated", "failed: UpdateAfterSubmitError", "failed: InvalidRequestError",
	]  # fmt: skip
	assert run({"rows": two[:1], "docstatus": 1}, {"docstatus": 2}, {"docstatus": 2}) == [
		"updated", "updated", "failed: DocstatusTransitionError",
	]  # fmt: skip
	rows = upserts.list_rows(SUBMITTED, "code", "docstatus", code=("like", f"{mark}%"))
	assert [row["docstatus"] for row in rows] == [1, 2, 0]
