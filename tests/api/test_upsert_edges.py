"""upsert_many at its edges: long lines, odd keys, rows of other records, and what changes while its job runs."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator.access import platform_patches
from orchestrator.api.upserts import chunk_writer, chunks, jobs, runs, upsert_many
from tests.support import factories, upserts
from tests.support.client import Client, get_data, get_error
from tests.support.upserts import DOCTYPE, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]
ESSAY = "Upsert Essay"
NUMBERED = "Upsert Count"
PARENT = "Upsert Parent"
ROW = "Upsert Line"
LISTENED = "Upsert Heard"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	build = upserts.build_field
	upserts.make_doctype()
	key = build("code", unique=1)
	upserts.make_doctype(
		ESSAY, [key, build("essay", "Long Text"), build("settings", "JSON")], track_changes=1
	)
	upserts.make_doctype(NUMBERED, [build("code", "Int", unique=1), build("title"), build("units", "Int")])
	upserts.make_doctype(ROW, [build("item", in_list_view=1)], istable=1)
	upserts.make_doctype(PARENT, [key, build("rows", "Table", options=ROW)])
	upserts.make_doctype(LISTENED, [key, build("title", in_global_search=1)])
	yield
	upserts.delete_doctypes(DOCTYPE, ESSAY, NUMBERED, PARENT, ROW, LISTENED)


@pytest.fixture(scope="module")
def user(frappe_site: str) -> str:
	return str(factories.make_user(ROLE).name)


@pytest.fixture
def clerk(api: Api, user: str) -> Client:
	return api(user)


def queue_as(user: str, doctype: str, records: list[dict[str, Any]], key_field: str = "code") -> str:
	"""Queue an upsert of the user, whose job the test runs itself."""
	frappe.set_user(user)
	operation = upsert_many(doctype, key_field, upserts.to_ndjson(records).decode())["operation"]
	frappe.db.commit()
	for queue in get_queues():
		queue.empty()
	return operation


def run(
	user: str, doctype: str, records: list[dict[str, Any]], key_field: str = "code"
) -> list[dict[str, Any]]:
	"""Carry out an upsert of the user. Return the lines of its result file."""
	operation = queue_as(user, doctype, records, key_field)
	jobs.run_upsert_job(operation, 1)
	frappe.set_user("Administrator")
	status, file = frappe.db.get_value("Bulk Operation", operation, ["status", "result_file"])
	assert status == "Completed"
	content = Path(frappe.get_doc("File", file).get_full_path()).read_text()
	return [json.loads(line) for line in content.splitlines()]


def list_statuses(*arguments: Any) -> list[str]:
	return upserts.list_statuses(run(*arguments))


def test_long_records(user: str, mark: str) -> None:
	"""Together more than the database accepts in one statement, most of it characters that are escaped."""
	text = '"' * 240_000
	records = [{"code": f"{mark}-{n}", "essay": f"{text}{n}"} for n in range(20)]
	records.insert(7, {"code": f"{mark}-long", "essay": "x" * chunks.MAX_RECORD_CHARACTERS})
	results = run(user, ESSAY, records)
	failed = [result for result in results if result["error"]]
	assert [(result["line"], result["error"]["type"]) for result in failed] == [(8, "InvalidRequestError")]
	assert failed[0]["error"]["text"] == (
		"The record is longer than 1,000,000 characters. Send it in a single call."
	)
	rows = upserts.list_rows(ESSAY, "code", "essay", code=("like", f"{mark}%"))
	assert {row["code"]: row["essay"] for row in rows} == {
		record["code"]: record["essay"] for record in records if not record["code"].endswith("long")
	}
	again = [{**record, "essay": record["essay"].replace('"', "ü")} for record in records[:3]]
	assert list_statuses(user, ESSAY, again) == ["updated"] * 3


def test_zero_is_a_key(user: str) -> None:
	frappe.db.delete(NUMBERED)
	records = [{"code": 0, "title": "a"}, {"code": 7, "title": "b"}, {"code": "0", "units": 3}]
	failed = "failed: InvalidRequestError"
	assert list_statuses(user, NUMBERED, records) == [failed, "created", failed]
	assert list_statuses(user, NUMBERED, records[:1]) == ["created"]
	assert list_statuses(user, NUMBERED, [{"code": "0", "units": 3}]) == ["updated"]
	assert upserts.list_rows(NUMBERED, "title", "units", code=0) == [{"title": "a", "units": 3}]


@pytest.mark.parametrize("sent", ["007", "+7", "7.0", 7.0, "1e1", 10**30, "٧"])
def test_other_spellings_of_a_number(user: str, sent: Any) -> None:
	"""None of them changes the record with the number 7, or creates another one."""
	frappe.db.delete(NUMBERED)
	factories.make_record(NUMBERED, code=7, title="seven")
	assert list_statuses(user, NUMBERED, [{"code": sent, "title": "x"}]) == ["failed: InvalidRequestError"]
	assert upserts.list_rows(NUMBERED, "code", "title") == [{"code": 7, "title": "seven"}]


def test_keys_that_the_database_takes_for_equal(user: str, mark: str) -> None:
	factories.make_record(DOCTYPE, external_id=f"{mark}-Köln", title="first")
	keys = [f"{mark}-KÖLN", f"{mark}-Koln", f"{mark}-Köln\u200b", f"{mark}-Ko\u0308ln"]
	results = run(user, DOCTYPE, [{"external_id": key, "title": "second"} for key in keys], "external_id")
	assert {result["status"] for result in results} == {"failed"}
	assert upserts.list_rows(DOCTYPE, "title", external_id=("like", f"{mark}%")) == [{"title": "first"}]


def test_rows_of_another_record(user: str, mark: str) -> None:
	"""They stay where they are, whatever the caller may write."""
	for doctype in (PARENT, ROW):
		frappe.db.delete(doctype)
	other = factories.make_record(PARENT, code=f"{mark}-other", rows=[{"item": "theirs"}])
	factories.make_record(PARENT, code=f"{mark}-own", rows=[{"item": "own"}])
	row = {"name": other.rows[0].name, "item": "taken"}
	records = [{"code": f"{mark}-new", "rows": [row]}, {"code": f"{mark}-own", "rows": [row]}]
	frappe.db.commit()
	platform_patches.before_job("orchestrator.api.upserts.jobs.run_upsert_job", {})
	assert list_statuses(user, PARENT, records) == ["created", "failed: PermissionError"]
	stored = upserts.list_rows(ROW, "item", "parent", parenttype=PARENT)
	assert {"item": "theirs", "parent": other.name} in stored
	assert [row["item"] for row in stored].count(
		"taken"
	) == 1  # a row of the new record, with a name of its own


def test_settings_in_json(user: str, mark: str) -> None:
	record = {"code": mark, "settings": {"b": [1, 2], "a": "ü"}}
	assert list_statuses(user, ESSAY, [record]) == ["created"]
	assert list_statuses(user, ESSAY, [record]) == ["unchanged"]
	assert list_statuses(user, ESSAY, [{**record, "settings": {"b": [1, 2], "a": "u"}}]) == ["updated"]


@pytest.mark.parametrize(
	("body", "text"),
	[
		(gzip.compress(b"external_id,title\na,b\n", mtime=0), "not text in UTF-8"),
		("external_id,title\na,b\n".encode("utf-32"), "not text in UTF-8"),
		(b"sep=;\nexternal_id;title\na;b\n", "has no field sep=;"),
		(b"\n\nexternal_id,title\na,b\n", "does not name external_id"),
		(b'external_id,title\na,"' + b"x" * 200_000 + b'"\n', "not valid CSV"),
	],
)
def test_files_that_are_refused_at_once(clerk: Client, body: bytes, text: str) -> None:
	reply = upserts.send_body(clerk, body, "text/csv")
	assert get_error(reply) == (400, "InvalidRequestError")
	assert text in reply.text


def test_line_ends_of_old_macs_and_marks_of_byte_order(clerk: Client, worker: Worker, mark: str) -> None:
	table = f"external_id,title\r{mark}-1,one\r".encode()
	line = f'\ufeff{{"external_id": "{mark}-2", "title": "two"}}'.encode()
	for body, media_type in ((table, "text/csv"), (line, "application/x-ndjson")):
		get_data(upserts.send_body(clerk, body, media_type))
	worker()
	rows = upserts.list_rows(DOCTYPE, "external_id", "title", external_id=("like", f"{mark}%"))
	assert [tuple(row.values()) for row in rows] == [(f"{mark}-1", "one"), (f"{mark}-2", "two")]


def test_virtual_doctypes_are_refused(api: Api) -> None:
	reply = upserts.send_body(api("Administrator"), b'{"name": "x"}', doctype="RQ Job", key_field="name")
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("change", ["role", "enabled"])
def test_user_who_loses_the_right_meanwhile(
	site: str, mark: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
	"""What is written stays; nothing more is written, and the result file says which records are."""
	user = factories.make_user(ROLE)
	records = [{"external_id": f"{mark}-{number}", "title": "x"} for number in range(1200)]
	operation = queue_as(str(user.name), DOCTYPE, records, "external_id")
	written: list[int] = []

	def write_and_take_the_right(writer: chunk_writer.ChunkWriter, sent: Any) -> None:
		original(writer, sent)
		written.append(len(sent))
		frappe.set_user("Administrator")
		doc = frappe.get_doc("User", user.name)
		doc.update({"roles": []} if change == "role" else {"enabled": 0})
		doc.save()
		frappe.set_user(str(user.name))

	original = chunk_writer.ChunkWriter.write
	monkeypatch.setattr(chunk_writer.ChunkWriter, "write", write_and_take_the_right)
	monkeypatch.setattr(runs, "MAX_PERMISSION_AGE_SECONDS", 0)
	jobs.run_upsert_job(operation, 1)
	frappe.set_user("Administrator")
	assert written == [500]
	fields = ["status", "done", "created", "results"]
	status, done, created, error = frappe.db.get_value("Bulk Operation", operation, fields)
	assert (status, done, created) == ("Failed", 500, 500)
	assert frappe.parse_json(error)["type"] == "PermissionError"
	assert frappe.db.count(DOCTYPE, {"external_id": ("like", f"{mark}-%")}) == 500
	assert frappe.db.count("Bulk Operation Chunk", {"operation": operation}) == 0


def test_outage_of_redis_stops_the_job_and_not_the_upsert(
	site: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	operation = queue_as("Administrator", LISTENED, [{"code": f"{mark}-{n}"} for n in range(5)])

	def fail(*_arguments: object) -> None:
		raise RedisConnectionError

	with monkeypatch.context() as patches:
		patches.setattr(chunk_writer, "save_record", fail)
		jobs.run_upsert_job(operation, 1)
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "done"]) == ("Running", 0)
	frappe.db.set_value("Bulk Operation", operation, "last_activity_at", "2020-01-01")
	frappe.db.commit()
	jobs.resume_dead_operations()
	jobs.run_upsert_job(operation, 2)
	assert frappe.db.get_value("Bulk Operation", operation, ["status", "created"]) == ("Completed", 5)
	assert frappe.db.count(LISTENED, {"code": ("like", f"{mark}-%")}) == 5
