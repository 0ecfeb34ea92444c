"""The chain of the access log: sealed in order, verified to the first broken link, and moved to files day by day."""

import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import accumulate

import pytest

import frappe

from orchestrator.privacy import days, sealing, verification
from orchestrator.privacy.chain import GENESIS_HASH, Entry, compute_hash
from tests.privacy.conftest import People
from tests.support import factories
from tests.support.access_log import get_last_batch, list_accesses
from tests.support.bench import run_command
from tests.support.client import Client
from tests.support.helpdesk import override_settings
from tests.support.parallel import send_at_once

pytestmark = pytest.mark.usefixtures("logged")
Api = Callable[[str], Client]
READ = "/api/method/frappe.client.get?doctype=Client&name={0}"


@pytest.fixture
def entries(api: Api, people: People) -> Iterator[list[frappe._dict]]:
	"""Three sealed entries, the last ones of the chain. What a test changes is not committed."""
	before = get_last_batch()
	for name in people.names:
		assert api(people.manager).request("GET", READ.format(name)).status_code == 200
	sealing.seal_batches()
	frappe.db.rollback()
	yield frappe.db.sql(
		"select * from `tabAccess Log Entry` where batch > %s order by name", before, as_dict=True
	)
	frappe.db.rollback()


def test_sealed_entries_continue_the_chain(entries: list[frappe._dict], people: People) -> None:
	first = entries[0]
	assert [entry.name for entry in entries] == [first.name, first.name + 1, first.name + 2]
	assert [entry.reference_name for entry in entries] == people.names
	previous = frappe.db.get_value("Access Log Entry", first.name - 1, "entry_hash")
	closed = frappe.db.get_value("Access Log Day", {"last_entry": first.name - 1}, "closing_hash")
	canonical = [
		Entry(**{field: entry[field] for field in Entry._fields}).to_canonical() for entry in entries
	]
	digests = list(accumulate(canonical, compute_hash, initial=previous or closed or GENESIS_HASH))
	assert [entry.entry_hash for entry in entries] == digests[1:]
	assert frappe.db.count("Access Log Batch", {"name": ("<=", entries[-1].batch)}) == 0


def test_the_whole_log_is_verified(entries: list[frappe._dict]) -> None:
	report = verification.verify_log()
	assert report["broken_link"] is None
	assert (report["entries"], report["last_hash"]) == (entries[-1].name, entries[-1].entry_hash)


@pytest.mark.parametrize(
	"column", ["user", "reference_name", "route", "accessed_at", "purpose", "entry_hash"]
)
def test_a_changed_entry_is_named(column: str, entries: list[frappe._dict]) -> None:
	value = "2020-01-01" if column == "accessed_at" else "changed"
	statement = f"update `tabAccess Log Entry` set `{column}` = %s where name = %s"  # noqa: S608
	frappe.db.sql(statement, (value, entries[1].name))
	link = verification.verify_log()["broken_link"]
	assert link and (link["entry"], link["problem"]) == (
		entries[1].name,
		"The entry or its hash has been changed.",
	)


def test_a_removed_entry_is_named(entries: list[frappe._dict]) -> None:
	frappe.db.sql("delete from `tabAccess Log Entry` where name = %s", entries[1].name)
	link = verification.verify_log()["broken_link"]
	assert link and (link["entry"], link["problem"]) == (entries[1].name, "The entry is missing.")


def test_an_entry_in_the_place_of_another_one_is_named(entries: list[frappe._dict]) -> None:
	"""Two entries change places, with their numbers and hashes."""
	first, second = entries[0].name, entries[1].name
	for old, new in ((first, -1), (second, first), (-1, second)):
		frappe.db.sql("update `tabAccess Log Entry` set name = %s where name = %s", (new, old))
	link = verification.verify_log()["broken_link"]
	assert link and link["entry"] == first


def test_a_chain_that_was_computed_again_ends_otherwise_than_its_day(
	entries: list[frappe._dict], monkeypatch: pytest.MonkeyPatch
) -> None:
	close_everything(monkeypatch)
	last = frappe.db.sql("select * from `tabAccess Log Entry` order by name desc limit 1", as_dict=True)[0]
	previous = frappe.db.get_value("Access Log Entry", last.name - 1, "entry_hash")
	forged = Entry(**{**{field: last[field] for field in Entry._fields}, "user": "somebody@harbor.example"})
	values = (forged.user, compute_hash(previous, forged.to_canonical()), last.name)
	frappe.db.sql("update `tabAccess Log Entry` set user = %s, entry_hash = %s where name = %s", values)
	link = verification.verify_log()["broken_link"]
	assert link and link["problem"] == "The day does not end with its closing hash."
	frappe.db.sql("update `tabAccess Log Day` set closing_hash = %s where last_entry = %s", values[1:])
	link = verification.verify_log()["broken_link"]
	assert link and link["problem"] == "The record of the day has been changed."


def close_everything(monkeypatch: pytest.MonkeyPatch) -> None:
	"""Close the day of the last entry, as if it was over."""
	tomorrow = sealing.get_head().day + timedelta(days=1)
	monkeypatch.setattr(days, "get_today", lambda: tomorrow)
	days.close_days()


def test_entries_after_the_close_of_their_day_belong_to_the_next_one(
	entries: list[frappe._dict], monkeypatch: pytest.MonkeyPatch, api: Api, people: People
) -> None:
	close_everything(monkeypatch)
	before = get_last_batch()
	api(people.manager).request("GET", READ.format(people.names[0]))
	sealing.seal_batches()
	(day,) = frappe.db.sql("select day from `tabAccess Log Entry` where batch > %s", before)[0]
	assert day == entries[-1].day + timedelta(days=1)
	assert verification.verify_log()["broken_link"] is None


def test_old_days_are_moved_to_files_that_are_verified(
	entries: list[frappe._dict], monkeypatch: pytest.MonkeyPatch
) -> None:
	close_everything(monkeypatch)
	day = days.list_days()[-1]
	late = day.day + timedelta(days=31)
	monkeypatch.setattr(days, "get_today", lambda: late)
	with override_settings(access_log_retention_days=30):
		assert days.archive_old_days() >= 1
		assert days.archive_old_days() == 0
	path = days.get_archive_path(f"{day.day}.jsonl.gz")
	lines = gzip.decompress(path.read_bytes()).decode().splitlines()
	assert len(lines) == day.entries and lines[-1].startswith(f"{day.closing_hash} [{day.last_entry},")
	assert frappe.db.count("Access Log Entry", {"name": ("<=", day.last_entry)}) == 0
	report = verification.verify_log()
	assert (report["broken_link"], report["entries"]) == (None, day.last_entry)
	check_that_damage_is_found(path, day)
	assert verification.verify_log()["broken_link"] is None


def check_that_damage_is_found(path, day) -> None:
	"""Change, cut and remove an archive. It is as it was afterwards."""
	content = path.read_bytes()
	changed = gzip.decompress(content).replace(b"frappe.client.get", b"frappe.client.got")
	for damaged in (gzip.compress(changed), content[: len(content) // 2], None):
		if damaged is None:
			path.unlink()
		else:
			path.write_bytes(damaged)
		link = verification.verify_log()["broken_link"]
		assert link and link["day"] == str(day.day)
	path.write_bytes(content)


def test_parallel_readers_and_sealers_lose_nothing(api: Api, people: People) -> None:
	before = get_last_batch()
	callers = [api(people.manager) for _number in range(6)]

	def send(client: Client, number: int):
		return client.request("GET", READ.format(people.names[number % 3]))

	replies = send_at_once(callers, send)
	sealing.seal_batches()
	assert {reply.status_code for reply in replies} == {200}
	assert sorted(access.name for access in list_accesses(before)) == sorted(people.names * 2)
	assert verification.verify_log()["broken_link"] is None


def test_a_second_sealer_leaves_the_work_to_the_first(api: Api, people: People) -> None:
	before = get_last_batch()
	api(people.manager).request("GET", READ.format(people.names[0]))
	own = frappe.local.db
	frappe.connect(set_admin_as_user=False)
	other, frappe.local.db = frappe.local.db, own
	lock = sealing.LOCK_NAME.format(frappe.conf.db_name)[-64:]
	assert other.sql("select get_lock(%s, 0)", lock) == ((1,),)
	assert sealing.seal_batches() == 0
	other.sql("select release_lock(%s)", lock)
	other.close()
	assert sealing.seal_batches() == 1
	assert len(list_accesses(before)) == 1


def test_the_command_prints_the_result(entries: list[frappe._dict]) -> None:
	done = run_command("orchestrator", "verify-access-log", "--json")
	assert f'"last_hash": "{entries[-1].entry_hash}"' in done.stdout
	assert '"broken_link": null' in done.stdout


def test_a_broken_link_is_told_to_privacy_officers_and_nothing_is_archived(
	entries: list[frappe._dict], monkeypatch: pytest.MonkeyPatch
) -> None:
	officer = factories.make_user("Privacy Officer").name
	link = {"entry": 7, "day": "2026-01-01", "problem": "The entry is missing."}
	report = {**verification.verify_log(), "broken_link": link}
	monkeypatch.setattr(verification, "verify_log", lambda: report)
	monkeypatch.setattr(verification, "archive_old_days", lambda: pytest.fail("archived"))
	verification.verify_nightly()
	subject = "The access log is broken at entry 7 of 2026-01-01: The entry is missing."
	assert frappe.get_all("Notification Log", {"for_user": officer}, pluck="subject") == [subject]
