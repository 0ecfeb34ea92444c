"""Leases of work: how long silence is allowed, and what the database does with a silent connection."""

import time
from collections.abc import Iterator
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

import frappe
from frappe.utils import get_system_timezone

from orchestrator import compat, leases

LOCK = "tests of leases"


@pytest.fixture
def set_lease(site: str) -> Iterator:
	def change(seconds: int) -> None:
		frappe.db.set_single_value("Orchestrator Settings", "lease_seconds", seconds)
		frappe.db.commit()

	yield change
	change(leases.DEFAULT_LEASE_SECONDS)


@pytest.fixture
def holder(site: str) -> Iterator:
	"""Yield the connection of the site as that of a holder; afterwards, the site has another one."""
	yield frappe.db
	frappe.db.close()
	frappe.db.connect()
	frappe.db.sql("set session transaction isolation level read committed")


def get_wait_timeout() -> int:
	return int(frappe.db.sql("select @@session.wait_timeout")[0][0])


def get_global_wait_timeout() -> int:
	return int(frappe.db.sql("select @@global.wait_timeout")[0][0])


def test_the_time_is_that_of_the_database_in_the_zone_of_the_site(site: str) -> None:
	utc, now, expression = frappe.db.sql(
		f"select utc_timestamp(6), cast(%s as datetime(6)), {leases.build_now_expression()}",
		leases.get_now(),
	)[0]
	local = utc.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(get_system_timezone())).replace(tzinfo=None)
	assert expression == local
	assert timedelta() <= local - now < timedelta(minutes=1)


def test_a_new_site_has_a_lease_of_ten_minutes(site: str) -> None:
	assert leases.get_lease_seconds() == leases.DEFAULT_LEASE_SECONDS == 600
	assert leases.get_heartbeat_seconds() == 20


@pytest.mark.parametrize(("lease", "silence", "heartbeat"), [(180, 90, 20), (60, 30, 10), (601, 300, 20)])
def test_a_connection_may_be_silent_for_half_a_lease(
	lease: int, silence: int, heartbeat: float, set_lease
) -> None:
	set_lease(lease)
	with leases.end_silent_connection():
		assert get_wait_timeout() == silence
	assert leases.get_heartbeat_seconds() == heartbeat
	assert get_wait_timeout() == get_global_wait_timeout()


def test_the_limit_ends_with_an_error_of_the_work(site: str) -> None:
	with pytest.raises(ZeroDivisionError), leases.end_silent_connection():
		_ = 1 / 0
	assert get_wait_timeout() == get_global_wait_timeout()


def test_the_locks_of_a_silent_connection_are_free_before_its_lease_ends(set_lease, holder) -> None:
	note = frappe.get_doc({"doctype": "Note", "title": frappe.generate_hash(length=20)}).insert()
	frappe.db.commit()
	set_lease(4)
	successor = frappe.db.create_connection()
	with leases.end_silent_connection(), successor.cursor() as cursor:
		frappe.db.sql("select get_lock(%s, 0)", LOCK)
		frappe.db.set_value("Note", note.name, "title", "never committed")
		cursor.execute("select get_lock(%s, 0)", (LOCK,))
		assert cursor.fetchone()[0] == 0
		time.sleep(3)
		cursor.execute("select get_lock(%s, 0)", (LOCK,))
		assert cursor.fetchone()[0] == 1
		cursor.execute("select title from tabNote where name = %s for update", (note.name,))
		assert cursor.fetchone()[0] == note.title
		successor.rollback()
		with pytest.raises((*compat.OperationalError, *compat.InterfaceError)):
			frappe.db.commit()
			frappe.db.sql("select 1")
	successor.close()
