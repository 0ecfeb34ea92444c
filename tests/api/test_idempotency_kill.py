"""The process of a worker is killed during a call with an Idempotency-Key: the retry executes the call once."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

import frappe

from tests.conftest import BENCH, serve
from tests.support import factories
from tests.support.client import Client

Api = Callable[[str], Client]
WAIT_SECONDS = 120  # a new server answers its first request late on a busy machine
WAITING = "select count(*) from information_schema.processlist where db = %s and info like %s and id != connection_id()"


def list_workers(base: str) -> list[psutil.Process]:
	"""Return the worker processes of a web server that this process has started."""
	port = base.rpartition(":")[2]
	servers = [
		process for process in psutil.Process().children() if any(port in word for word in process.cmdline())
	]
	return [worker for server in servers for worker in server.children()]


def wait_until(is_reached: Callable[[], Any]) -> None:
	deadline = time.monotonic() + WAIT_SECONDS
	while not is_reached():
		assert time.monotonic() < deadline
		time.sleep(0.05)


def is_waiting_for_the_series() -> bool:
	return bool(frappe.db.sql(WAITING, (frappe.conf.db_name, "%tabSeries%"))[0][0])


@pytest.mark.parametrize("route", ["/api/method/frappe.client.insert", "/api/resource/Lead"])
def test_a_retry_after_a_killed_worker_executes_once(route: str, api: Api, site: str) -> None:
	caller = api(factories.make_user("Sales User").name)
	factories.make_lead()  # the series of leads exists
	email = factories.make_unique_email()
	body = {"doctype": "Lead", "lead_name": factories.make_unique("Jane"), "email_id": email}
	headers = {**caller.headers, "Idempotency-Key": factories.make_unique("key")}
	failures: list[Exception] = []

	def send_first(client: Client) -> None:
		try:
			client.request("POST", route, json=body)
		except requests.ConnectionError as error:
			failures.append(error)

	with serve(site, Path(str(BENCH)) / "sites") as base:
		client = Client(base, site, headers=headers)
		frappe.db.sql("select name from `tabSeries` where name like 'CRM-LEAD-%%' for update")
		first = threading.Thread(target=send_first, args=(client,))
		first.start()
		wait_until(is_waiting_for_the_series)
		killed = list_workers(base)
		assert len(killed) == 1
		os.kill(killed[0].pid, signal.SIGKILL)
		first.join()
		frappe.db.rollback()
		assert len(failures) == 1
		wait_until(lambda: list_workers(base) and list_workers(base)[0].pid != killed[0].pid)
		assert frappe.db.count("Lead", {"email_id": email}) == 0
		retried = Client(base, site, headers=headers).request("POST", route, json=body)
		assert (retried.ok, retried.headers.get("Idempotency-Replayed")) == (True, None), retried.text
		again = Client(base, site, headers=headers).request("POST", route, json=body)
	assert (again.content, again.headers.get("Idempotency-Replayed")) == (retried.content, "true")
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"email_id": email}) == 1
