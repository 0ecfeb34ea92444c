"""Copies kept by get_changes while eight writers work at random on connections of their own: in the end each equals the
table as its caller may read it.
"""

import contextlib
import copy
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import frappe

from tests.conftest import BENCH, Callers, serve
from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.feed_doctype import ROLE, delete_doctype, make_doctype
from tests.support.replica import RefusedError, Replica

DOCTYPE = "Feed Race"
FIELDS = ["name", "title", "customer"]
WRITERS = 8
STEPS = 16
# So that readers stay below the rate limit
PAUSE_SECONDS = 0.05
# A writer now and then commits only after so many seconds, in which readers go on.
LATE_SECONDS = 1.5
EXPECTED_CONFLICTS = (
	frappe.ValidationError,
	frappe.DoesNotExistError,
	frappe.DuplicateEntryError,
	frappe.QueryDeadlockError,
	frappe.QueryTimeoutError,
)


@pytest.fixture(scope="module")
def callers(frappe_site: str) -> Iterator[Callers]:
	"""A server that answers both readers at once."""
	with serve(frappe_site, Path(str(BENCH)) / "sites", threads=4) as base:
		yield Callers(base, frappe_site)


@pytest.fixture
def doctype(site: str) -> Iterator[str]:
	yield make_doctype(DOCTYPE)
	delete_doctype(DOCTYPE)


class Writer:
	"""One writer: a thread with a connection to the database of its own."""

	def __init__(self, number: int, customers: list[str], users: list[str]) -> None:
		self.random = random.Random(number)
		self.number, self.customers, self.users = number, customers, users
		self.made = 0
		self.steps: list[Callable[[], Any]] = [
			*[self.insert] * 4, *[self.save] * 5, *[self.delete] * 3, self.db_set, self.db_set_quietly, self.set_value,
			self.rename, self.share, self.unshare, self.permit, self.forbid,
		]  # fmt: skip

	def run(self, site: str) -> None:
		frappe.init(site=site, sites_path=str(Path(str(BENCH)) / "sites"))
		frappe.connect()
		try:
			for _step in range(STEPS):
				self.work()
		finally:
			frappe.destroy()

	def work(self) -> None:
		"""Do some steps in one transaction; commit it at once, late or not at all."""
		try:
			for _ in range(self.random.choice((1, 1, 2, 3))):
				self.random.choice(self.steps)()
			if self.random.random() < 0.15:
				time.sleep(self.random.random() * LATE_SECONDS)
			if self.random.random() < 0.15:
				frappe.db.rollback()
			frappe.db.commit()
		except EXPECTED_CONFLICTS:
			frappe.db.rollback()

	def pick(self) -> Any:
		names = frappe.get_all(DOCTYPE, pluck="name", limit=0)
		if not names:
			raise frappe.DoesNotExistError
		return frappe.get_doc(DOCTYPE, self.random.choice(names))

	def choose(self) -> dict[str, Any]:
		return {"title": str(self.random.random()), "customer": self.random.choice([*self.customers, None])}

	def build_name(self) -> str:
		self.made += 1
		return f"{self.number}-{self.made}"

	def insert(self) -> None:
		frappe.get_doc({"doctype": DOCTYPE, "__newname": self.build_name(), **self.choose()}).insert()

	def save(self) -> None:
		self.pick().update(self.choose()).save()

	def delete(self) -> None:
		self.pick().delete(delete_permanently=self.random.random() < 0.5)

	def db_set(self) -> None:
		self.pick().db_set(self.choose())

	def db_set_quietly(self) -> None:
		self.pick().db_set(self.choose(), update_modified=False)

	def set_value(self) -> None:
		frappe.db.set_value(DOCTYPE, self.pick().name, self.choose())

	def rename(self) -> None:
		names = frappe.get_all(DOCTYPE, pluck="name", limit=0)
		merge = bool(names) and self.random.random() < 0.3
		new = self.random.choice(names) if merge else self.build_name()
		if (old := self.pick().name) != new:
			frappe.rename_doc(DOCTYPE, old, new, merge=merge, rebuild_search=False, show_alert=False)

	def share(self) -> None:
		frappe.share.add(DOCTYPE, self.pick().name, self.random.choice(self.users), read=1)

	def unshare(self) -> None:
		frappe.share.remove(DOCTYPE, self.pick().name, self.random.choice(self.users))

	def permit(self) -> None:
		values = {"user": self.users[0], "allow": "Customer", "for_value": self.random.choice(self.customers)}
		frappe.get_doc({"doctype": "User Permission", **values}).insert()

	def forbid(self) -> None:
		for name in frappe.get_all("User Permission", {"user": self.users[0]}, pluck="name", limit=1):
			frappe.delete_doc("User Permission", name)


def pull_until(replica: Replica, seed: int, finished: Event) -> int:
	"""Pull again and again; now and then lose a reply, and go on with the older token and the older copy."""
	chance = random.Random(seed)
	pulled = 0
	while not finished.is_set():
		time.sleep(PAUSE_SECONDS)
		before = (replica.token, copy.deepcopy(replica.records))
		with contextlib.suppress(RefusedError):  # nothing is shared with the reader at the moment
			pulled += len(replica.pull_page()["changes"])
		if chance.random() < 0.1:
			replica.token, replica.records = before
	return pulled


def list_readable(client: Client) -> dict[str, Any]:
	page = {"doctype": DOCTYPE, "fields": FIELDS, "limit_page_length": 500}
	return {row["name"]: row for row in get_data(client.post("frappe.client.get_list", **page))}


def test_copies_equal_the_table_after_eight_random_writers(callers: Callers, doctype: str) -> None:
	users = [str(factories.make_user(ROLE).name), str(factories.make_user("Employee").name)]
	customers = [factories.make_customer().name for _ in range(2)]
	shared = factories.make_record(doctype, __newname="shared", title="shared")
	frappe.share.add(doctype, shared.name, users[1], read=1)
	frappe.db.commit()
	replicas = [
		Replica(callers.api(user), doctype, FIELDS, length=length)
		for user, length in ((users[0], 7), (users[0], 100), (users[1], 20))
	]
	for replica in replicas:
		replica.pull()
	finished = Event()
	writers = [Writer(number, customers, users) for number in range(WRITERS)]
	# Frappe empties all caches with each rename
	with factories.keep_caches(), ThreadPoolExecutor(WRITERS + len(replicas)) as pool:
		readers = [pool.submit(pull_until, replica, seed, finished) for seed, replica in enumerate(replicas)]
		try:
			for written in [pool.submit(writer.run, callers.site) for writer in writers]:
				written.result()
		finally:
			finished.set()
		assert sum(reader.result() for reader in readers) > 0
	frappe.db.rollback()
	frappe.clear_cache()  # Frappe may have cached a permission that was rolled back
	last = factories.make_record(doctype, __newname="last", title="last")
	frappe.share.add(doctype, last.name, users[1], read=1)
	frappe.db.commit()
	assert [replica.pull_records() for replica in replicas] == [
		list_readable(replica.client) for replica in replicas
	]
