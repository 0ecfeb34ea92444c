"""How records may be sent to upsert_many, and what is refused at once."""

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import frappe

from tests.support import factories, upserts
from tests.support.client import Client, get_data, get_error
from tests.support.upserts import DOCTYPE, METHOD, PATH, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]
CSV = "text/csv"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	table = upserts.build_field("notes_table", "Table", options="Note Seen By")
	virtual = upserts.build_field("computed", is_virtual=1)
	upserts.make_doctype(
		fields=[*upserts.FIELDS, table, virtual, upserts.build_field("line", "Section Break")]
	)
	yield
	upserts.delete_doctypes(DOCTYPE)


@pytest.fixture(scope="module")
def user(frappe_site: str) -> str:
	return str(factories.make_user(ROLE).name)


@pytest.fixture
def clerk(api: Api, user: str) -> Client:
	return api(user)


def finish(client: Client, worker: Worker, reply: requests.Response) -> str:
	"""Carry the upsert out, and return its result file."""
	operation = get_data(reply)["operation"]
	worker()
	return client.request("GET", upserts.get_state(client, operation)["result_file"]).text


def list_rows(mark: str) -> list[tuple[Any, ...]]:
	fields = ("external_id", "title", "amount", "notes")
	return [
		tuple(row.values()) for row in upserts.list_rows(DOCTYPE, *fields, external_id=("like", f"{mark}%"))
	]


def test_csv_from_a_spreadsheet(clerk: Client, worker: Worker, mark: str) -> None:
	"""With a byte order mark, CRLF, quotes, a line break within a cell, empty cells and lines, and a cell that clears."""
	lines = [
		"external_id, title ,amount,notes",
		f'{mark}-1,"Smith, Ann","1,250.50","said ""yes""\nand left"',
		"",
		f"{mark}-2,Plain,,",
		",,,",
		f"{mark}-3,Short",
		f"{mark}-4,É,7,\u2028",
	]
	body = codecs.BOM_UTF8 + "\r\n".join(lines).encode()
	result = finish(clerk, worker, upserts.send_body(clerk, body, CSV))
	assert list_rows(mark) == [
		(f"{mark}-1", "Smith, Ann", 1250.5, 'said "yes"\nand left'),
		(f"{mark}-2", "Plain", 0, None),
		(f"{mark}-4", "É", 7, "\u2028"),
	]
	rows = [row.split(",") for row in result.splitlines()]
	assert rows[0] == ["line", "status", "name", "error_type", "error_text"]
	assert [(row[0], row[1], row[3]) for row in rows[1:]] == [
		("2", "created", ""),
		("5", "created", ""),
		("7", "failed", "InvalidRequestError"),
		("8", "created", ""),
	]
	assert rows[3][4] == "The line has 2 cells and the first line has 4."

	again = f"external_id,amount,notes\n{mark}-1,#N/A,#N/A\n{mark}-2,,\n".encode()
	assert [row.split(",")[1] for row in finish(clerk, worker, upserts.send_body(clerk, again, CSV)).splitlines()] == [
		"status", "updated", "unchanged",
	]  # fmt: skip
	assert list_rows(mark)[0] == (f"{mark}-1", "Smith, Ann", 0, None)


def test_ways_of_sending_records(clerk: Client, worker: Worker, mark: str, user: str) -> None:
	def line(number: int) -> str:
		return json.dumps({"external_id": f"{mark}-{number}", "title": "x"})

	def table(number: int) -> str:
		return f"external_id,title\n{mark}-{number},x\n"

	frappe.set_user(user)
	stored = factories.make_record("File", file_name=f"{mark}.csv", is_private=1, content=table(4))
	frappe.set_user("Administrator")
	params = {"doctype": DOCTYPE, "key_field": "external_id"}
	replies = [
		clerk.request("POST", PATH, params=params, files={"file": (f"{mark}.csv", table(1))}),
		clerk.request("POST", PATH, data=params, files={"file": (f"{mark}.jsonl", line(2))}),
		clerk.post(METHOD, **params, records=table(3), format="csv"),
		clerk.post(METHOD, **params, file_url=stored.file_url),
		clerk.post(METHOD, **params, records=f"\n{line(5)}\r\n \r\n"),
		clerk.post(METHOD, **params, records=[json.loads(line(6))]),
		upserts.send_body(clerk, line(7).encode()),
		clerk.request("POST", PATH, data={**params, "records": f"[{line(8)}]"}),
	]
	assert [get_data(reply)["total"] for reply in replies] == [1] * 8
	worker()
	assert [row[0] for row in sorted(list_rows(mark))] == [f"{mark}-{n}" for n in range(1, 9)]


NOT_UNIQUE = {"key_field": "title"}
REFUSALS = {
	"unknown column": (b"external_id,titel\na,b\n", {}, "Did you mean title?"),
	"protected column": (b"external_id,owner\na,b\n", {}, "owner of Upsert Thing cannot be set"),
	"virtual field": (b"external_id,computed\na,b\n", {}, "computed of Upsert Thing cannot be set"),
	"field without a value": (b"external_id,line\na,b\n", {}, "line of Upsert Thing cannot be set"),
	"table": (b"external_id,notes_table\na,b\n", {}, "Send the records as NDJSON"),
	"repeated column": (b"external_id,title,title\na,b,c\n", {}, "names title more than once"),
	"column without a name": (b"external_id,\na,b\n", {}, "must name a field for each column"),
	"semicolons": (b"external_id;title\na;b\n", {}, "Upsert Thing has no field external_id;title"),
	"no key among the columns": (b"title\nb\n", {}, "does not name external_id"),
	"not UTF-8": (b"external_id,title\na,b\nc,\xe9\n", {}, "Line 3 is not valid UTF-8"),
	"UTF-16": ("external_id,title\na,b\n".encode("utf-16"), {}, "not text in UTF-8"),
	"UTF-16 without a mark": ("external_id,title\na,b\n".encode("utf-16-le"), {}, "not text in UTF-8"),
	"quote without an end": (b'external_id,title\na,b\nc,"d\n', {}, "The record on line 3 is not valid CSV"),
	"text after a quote": (b'external_id,title\na,"b"c\n', {}, "The record on line 2 is not valid CSV"),
	"only a header": (b"external_id,title\n", {}, "There are no records"),
	"nothing": (b"", {}, "Send the records once"),
	"two sources": (b"external_id,title\na,b\n", {"file_url": "/files/x.csv"}, None),
	"other format": (b"external_id,title\na,b\n", {"format": "xml"}, "format must be"),
	"unknown parameter": (b"external_id,title\na,b\n", {"atomic": "1"}, "There is no parameter atomic"),
	"key that is no field": (b"external_id,title\na,b\n", {"key_field": "externalid"}, "Did you mean external_id?"),
	"key that is not unique": (b"external_id,title\na,b\n", NOT_UNIQUE, "title of Upsert Thing is not unique"),
	"standard field as key": (b"external_id,title\na,b\n", {"key_field": "owner"}, "has no field owner"),
	"Single": (b"external_id,title\na,b\n", {"doctype": "System Settings"}, None),
	"too many": (b"external_id,title\n" + b"a,b\n" * 100_001, {}, "more than 100000 records"),
}  # fmt: skip


def count_stored() -> tuple[int, int]:
	"""Return the numbers of operations and of chunks of records."""
	return frappe.db.count("Bulk Operation"), frappe.db.count("Bulk Operation Chunk")


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_at_once(api: Api, clerk: Client, name: str) -> None:
	body, params, text = REFUSALS[name]
	client = api("Administrator") if name == "Single" else clerk
	before = count_stored()
	reply = upserts.send_body(client, body, CSV, **params)
	if name == "two sources":
		assert get_error(reply) == (403, "PermissionError")  # no such File, whatever else is sent
	else:
		assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert (text or "") in reply.text
	frappe.db.rollback()
	assert count_stored() == before


@pytest.mark.parametrize(
	("doctype", "error"),
	[
		("Note Seen By", (400, "InvalidRequestError")),
		("Upsert Nothing", (404, "DoesNotExistError")),
		("User", (403, "PermissionError")),
	],
)
def test_doctypes_that_are_refused(api: Api, clerk: Client, doctype: str, error: tuple[int, str]) -> None:
	client = api("Administrator") if doctype == "Note Seen By" else clerk
	reply = upserts.send_body(client, b'{"name": "x"}', doctype=doctype, key_field="name")
	assert get_error(reply) == error


def test_guest_is_refused(guest: Client) -> None:
	assert get_error(upserts.send_body(guest, b'{"external_id": "x"}')) == (401, "AuthenticationError")


def test_files_of_others_are_refused(api: Api, clerk: Client, mark: str) -> None:
	stored = factories.make_record(
		"File", file_name=f"{mark}.csv", is_private=1, content=f"external_id\n{mark}\n"
	)
	params = {"doctype": DOCTYPE, "key_field": "external_id"}
	replies = [
		clerk.post(METHOD, **params, file_url=url)
		for url in (
			stored.file_url,
			"/private/files/none.csv",
			"https://example.com/a.csv",
			"/etc/passwd",
			"../a",
		)
	]
	assert {get_error(reply) for reply in replies} == {(403, "PermissionError")}
	assert len({reply.json()["exc"] for reply in replies}) == 1


def test_file_without_content(api: Api, mark: str) -> None:
	stored = factories.make_record(
		"File", file_name=f"{mark}.csv", is_private=1, content=f"external_id\n{mark}\n"
	)
	Path(stored.get_full_path()).unlink()
	reply = api("Administrator").post(
		METHOD, doctype=DOCTYPE, key_field="external_id", file_url=stored.file_url
	)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_body_above_the_limit_of_the_site(clerk: Client) -> None:
	reply = upserts.send_body(clerk, b" " * (26 * 1024 * 1024))
	assert reply.status_code == 413


def test_idempotency_key(clerk: Client, worker: Worker, mark: str) -> None:
	headers = {"Idempotency-Key": mark}
	body = upserts.to_ndjson([{"external_id": mark, "title": "one"}])
	first = upserts.send_body(clerk, body, headers=headers)
	second = upserts.send_body(clerk, body, headers=headers)
	other = upserts.send_body(clerk, body.replace(b"one", b"two"), headers=headers)
	assert get_data(first) == get_data(second)
	assert second.headers["Idempotency-Replayed"] == "true"
	assert get_error(other) == (409, "ConflictError")
	worker()
	assert list_rows(mark) == [(mark, "one", 0, None)]
