"""The wizard and the health page of Kipu connections in a browser, with a real simulator and a real worker."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from tests.conftest import BENCH
from tests.support import clinic, factories
from tests.support.desk import Desk
from tests.support.kipu_site import get_user_with, make_connection, run_sync

if TYPE_CHECKING:
	from playwright.sync_api import Page

OpenDesk = Callable[[str], Desk]
WIZARD = "/app/connection-wizard"
HEALTH = "/app/connection-health"
PEOPLE = 40
WORKER_START_SECONDS = 120
# A worker for the sync's queues. Its jobs are forked with everything imported, which is most of their time.
WORKER = """
import frappe.database.query, frappe.query_builder, frappe.utils.safe_exec, frappe.model.document
import orchestrator.sync.jobs
from frappe.utils import background_jobs
background_jobs.set_niceness = lambda: None
background_jobs.start_worker("short,long", quiet=True)
"""

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture(scope="module")
def running_worker(frappe_site: str) -> Iterator[None]:
	"""Run a worker, as a bench does. What earlier tests queued is forgotten: nobody waits for it."""
	from frappe.utils.background_jobs import get_queues

	for queue in get_queues():
		queue.empty()
	command = [sys.executable, "-c", WORKER]
	process = subprocess.Popen(command, cwd=Path(BENCH or "") / "sites")
	wait_for_worker(process.pid)
	yield
	process.terminate()
	process.wait(timeout=60)


def wait_for_worker(pid: int) -> None:
	from frappe.utils.background_jobs import get_queue, get_workers

	deadline = time.monotonic() + WORKER_START_SECONDS
	while pid not in [worker.pid for worker in get_workers(get_queue("short"))]:
		assert time.monotonic() < deadline, "the worker has not begun in time"
		time.sleep(0.2)


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(PEOPLE, settings=Settings(telling=True)) as running:
		yield running


def fill(page: "Page", field: str, value: str) -> None:
	page.fill(f".connection-step [data-fieldname={field}] input", value)


def press(page: "Page", text: str) -> None:
	page.click(f".connection-step button:has-text('{text}') >> nth=-1")


def wait_for_step(page: "Page", step: str) -> None:
	page.wait_for_selector(f".connection-step[data-step={step}]")


def fits(page: "Page") -> bool:
	"""Return True if the page does not scroll sideways."""
	return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_first_connection_from_nothing_to_the_first_import(
	open_desk: OpenDesk, kipu: Simulator, running_worker: None
) -> None:
	name = factories.make_unique("Harbor")
	user = factories.make_user("System Manager", "Kipu Sync Manager", "Clinical Manager").name
	page = open_desk(user).open(f"{WIZARD}/new", ".connection-step[data-step=address]")
	fill(page, "connection_name", name)
	fill(page, "base_url", kipu.base_url)
	press(page, "Continue")
	wait_for_step(page, "keys")
	for key in ("access_id", "secret_key", "app_id"):
		fill(page, key, getattr(kipu.keys, key))
	press(page, "Continue")
	wait_for_step(page, "test")
	press(page, "Start Test")
	page.wait_for_selector(".connection-message[data-level=success]")
	assert page.locator(".connection-checks li[data-level=fail]").count() == 0
	assert fits(page)
	press(page, "Continue")
	wait_for_step(page, "locations")
	assert page.locator(".connection-location[data-location]").count() == 4
	assert fits(page)
	press(page, "Save and Continue")
	wait_for_step(page, "preview")
	page.wait_for_function(
		"document.querySelector('[data-fieldname=casefile_id] input')?.value.includes(':')"
	)
	press(page, "Show")
	page.wait_for_selector(".connection-table tr[data-source=last_name]")
	assert fits(page)
	press(page, "Continue")
	wait_for_step(page, "dry_run")
	press(page, "Start Dry Run")
	page.wait_for_selector(".connection-run[data-status=Completed]")
	stays = len(kipu.world)
	assert page.inner_text("[data-count=imported] dd") == str(stays)
	press(page, "Continue")
	wait_for_step(page, "import")
	# Leaving and coming back shows the same run.
	press(page, "Start Import")
	page.wait_for_selector(".connection-run")
	run = page.inner_text(".connection-run-link")
	page.reload(wait_until="domcontentloaded")
	page.wait_for_selector(".connection-step")
	if page.locator(".connection-step[data-step=finish]").count():
		page.click(".connection-steps li:nth-child(7) button")
	page.wait_for_selector(".connection-run[data-status=Completed]")
	assert page.inner_text(".connection-run-link") == run
	assert page.inner_text("[data-count=imported] dd") == str(stays)
	press(page, "Continue")
	wait_for_step(page, "finish")
	page.check("[data-fieldname=schedule_enabled] input")
	press(page, "Save")
	page.wait_for_selector(".connection-detail [data-fact=state]")
	frappe.db.rollback()
	assert frappe.db.count("Client Stay", {"connection": name}) == stays
	fields = ["enabled", "schedule_enabled", "status"]
	assert frappe.db.get_value("Kipu Connection", name, fields) == (1, 1, "Active")


def test_a_wrong_secret_is_named_and_can_be_corrected(
	open_desk: OpenDesk, kipu: Simulator, running_worker: None
) -> None:
	name = make_connection(kipu, secret_key="wrong", enabled=0)
	page = open_desk(get_user_with("Kipu Sync Manager")).open(
		f"{WIZARD}/{name}", ".connection-step[data-step=test]"
	)
	press(page, "Start Test")
	page.wait_for_selector(".connection-checks li[data-part=secret_key][data-level=fail]")
	press(page, "Correct the Credentials")
	page.wait_for_selector("[data-fieldname=secret_key] .connection-finding")
	assert page.locator(".connection-finding").count() == 1
	assert [page.input_value(f"[data-fieldname={key}] input") for key in ("access_id", "secret_key")] == [
		"",
		"",
	]
	fill(page, "secret_key", kipu.keys.secret_key)
	press(page, "Continue")
	wait_for_step(page, "test")
	press(page, "Test Again")
	page.wait_for_selector(".connection-message[data-level=success]")
	press(page, "Continue")
	wait_for_step(page, "locations")
	press(page, "Save and Continue")
	# Who may run the sync sees no client by that.
	page.wait_for_selector(".connection-hidden")
	assert page.locator("[data-fieldname=casefile_id]").count() == 0


def test_a_server_that_cannot_be_reached_is_named(
	open_desk: OpenDesk, kipu: Simulator, running_worker: None
) -> None:
	name = make_connection(kipu, base_url=clinic.NOBODY_LISTENS, enabled=0)
	page = open_desk(get_user_with("Kipu Sync Manager")).open(
		f"{WIZARD}/{name}", ".connection-step[data-step=test]"
	)
	press(page, "Start Test")
	page.wait_for_selector(".connection-checks li[data-part=network][data-level=fail]")
	press(page, "Correct the Address")
	page.wait_for_selector("[data-fieldname=base_url] .connection-finding")
	fill(page, "base_url", kipu.base_url)
	press(page, "Continue")
	wait_for_step(page, "test")


def test_health_of_a_connection(open_desk: OpenDesk, kipu: Simulator, running_worker: None) -> None:
	name = make_connection(kipu)
	run_sync(name, "full")
	kipu.world.set_field(3, "dob", "unreadable")
	kipu.world.touch(3)
	run_sync(name)
	frappe.db.set_value("Kipu Connection", name, "schedule_enabled", 1)
	frappe.db.commit()
	page = open_desk(get_user_with("Kipu Sync Manager")).open(f"{HEALTH}/{name}", "[data-fact=lag]")
	page.wait_for_selector("[data-part=records] svg")
	assert page.inner_text("[data-kind=Record] strong") == "1"
	assert page.locator("[data-part=runs] tbody tr").count() == 2
	assert fits(page)
	page.evaluate("cur_page.page.connection_health.then((health) => health.confirm_pause())")
	page.click(".modal.show .btn-primary")
	page.wait_for_selector("[data-fact=state] .indicator-pill.red")
	page.evaluate("cur_page.page.connection_health.then((health) => health.run_now())")
	page.wait_for_function("document.querySelectorAll('[data-part=runs] tbody tr').length === 3")
	page.wait_for_selector("[data-part=live]:empty", state="attached")
	page.click("[data-kind=Record] a")
	page.wait_for_selector(".list-row-container .list-row")
	frappe.db.rollback()
	assert frappe.db.get_value("Kipu Connection", name, ["status", "paused_manually"]) == ("Paused", 1)


def test_an_import_can_be_cancelled(open_desk: OpenDesk, kipu: Simulator, running_worker: None) -> None:
	name = make_connection(kipu, page_size=5)
	run_sync(name, "full", dry_run=True)
	kipu.faults.add(Fault("slow", route="patients/latest", times=None, value=2))
	user = get_user_with("Kipu Sync Manager")
	frappe.get_doc("Kipu Connection", name).db_set("tested_at", frappe.utils.now())
	frappe.get_doc("Kipu Connection", name).append("locations", {"location_id": "1"}).db_insert()
	frappe.db.commit()
	page = open_desk(user).open(f"{WIZARD}/{name}", ".connection-step[data-step=import]")
	press(page, "Start Import")
	page.click(".connection-cancel")
	page.click(".modal.show .btn-primary")
	page.wait_for_selector(".connection-run[data-status=Cancelled]")
	frappe.db.rollback()
	assert frappe.db.get_value("Kipu Connection", name, "last_success") is None
