"""Fixtures of all tests. `script/test` names a bench and a site in the environment; without them, tests
marked `site` are skipped, and the summary says so.

The site is real and so is the server: tests talk to it over HTTP and look at its database on a connection of
their own. What they make stays; factories give every record a name of its own.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import requests

from tests.support.client import Client
from tests.support.processes import select_own_site

BENCH = os.environ.get("ORCHESTRATOR_BENCH")
SITE = select_own_site()
UPGRADE_BENCHES = ("ORCHESTRATOR_UPGRADE_FROM", "ORCHESTRATOR_UPGRADE_TO")
START_TIMEOUT = 60
SITE_FIXTURES = frozenset({"frappe_site", "site", "server", "callers", "api", "guest", "browser", "worker"})


def pytest_addoption(parser: pytest.Parser) -> None:
	parser.addoption(
		"--fuzz-examples", type=int, help="a long run of schemathesis: so many requests of each operation"
	)
	parser.addoption("--screenshots", metavar="FOLDER", help="where tests/browser/screenshots.py saves them")
	parser.addoption("--security", action="store_true", help="run the sweep for leaks, and nothing else")


def choose_sweep(config: pytest.Config, items: list[pytest.Item]) -> None:
	"""Skip the sweep, which takes minutes; with --security, skip everything else."""
	wanted = config.getoption("--security")
	left_out = [item for item in items if bool(item.get_closest_marker("security")) != wanted]
	if left_out:
		items[:] = [item for item in items if bool(item.get_closest_marker("security")) == wanted]
		config.hook.pytest_deselected(items=left_out)


def choose_upgrade(config: pytest.Config, items: list[pytest.Item]) -> None:
	"""Skip the upgrade from one bench to another, unless both are named."""
	left_out = [item for item in items if item.get_closest_marker("upgrade")]
	if left_out and not all(map(os.environ.get, UPGRADE_BENCHES)):
		items[:] = [item for item in items if not item.get_closest_marker("upgrade")]
		config.hook.pytest_deselected(items=left_out)
		config.stash[UPGRADES_LEFT_OUT] = len(left_out)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
	"""Mark tests that need a site, by their fixtures, and skip them if there is none."""
	choose_sweep(config, items)
	choose_upgrade(config, items)
	for item in items:
		if SITE_FIXTURES.intersection(getattr(item, "fixturenames", ())):
			item.add_marker(pytest.mark.site)
	if BENCH and SITE:
		return
	left_out = [item for item in items if item.get_closest_marker("site")]
	if left_out:
		items[:] = [item for item in items if not item.get_closest_marker("site")]
		config.hook.pytest_deselected(items=left_out)
		config.stash[LEFT_OUT] = len(left_out)


def look_past_endpoints(package: str) -> None:
	"""Without Frappe, let modules of a package be imported without the package's own file, which has its
	endpoints. Modules that need Frappe themselves still fail, and are skipped.
	"""
	with contextlib.suppress(ModuleNotFoundError):
		import_module("frappe")
		return
	bare = ModuleType(package)
	bare.__path__ = [str(Path(__file__).resolve().parents[1].joinpath(*package.split(".")))]
	sys.modules[package] = bare


look_past_endpoints("orchestrator.sync")

MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^'.]+)")
ALWAYS_THERE = frozenset({"orchestrator", "tests", "benchmarks", "requests", "xlsxwriter", "pytest"})
LEFT_OUT = pytest.StashKey[int]()
FILES_LEFT_OUT = pytest.StashKey[int]()
UPGRADES_LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
	"""Skip files that import Frappe or its dependencies if there is no bench. With a bench, such an error is
	reported.
	"""
	report = yield
	if not (BENCH and SITE) and report.failed and lacks_the_platform(str(report.longrepr)):
		report.outcome, report.longrepr, report.result = "passed", None, []
		collector.config.stash[FILES_LEFT_OUT] = collector.config.stash.get(FILES_LEFT_OUT, 0) + 1
	return report


def lacks_the_platform(failure: str) -> bool:
	"""Return True for a missing module, except this app's and those of its requirements."""
	missing = MISSING_MODULE.search(failure)
	return bool(missing) and missing[1] not in ALWAYS_THERE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
	"""Print in one line which tests were skipped and why."""
	tests, files = config.stash.get(LEFT_OUT, 0), config.stash.get(FILES_LEFT_OUT, 0)
	if tests or files:
		terminalreporter.write_line(
			f"left out: {tests} tests and {files} files of tests that need a site (no bench named in ORCHESTRATOR_BENCH)"
		)
	if upgrades := config.stash.get(UPGRADES_LEFT_OUT, 0):
		terminalreporter.write_line(
			f"left out: {upgrades} tests of the upgrade from one bench to another (none named in {' and '.join(UPGRADE_BENCHES)})"
		)


@pytest.fixture(scope="session")
def frappe_site() -> Iterator[str]:
	"""Yield a connection to the site, as Administrator, for the whole run."""
	import frappe

	from tests.support.kipu_site import allow_loopback

	stay_on_this_machine()
	sites = Path(BENCH or "") / "sites"
	os.chdir(sites)
	frappe.init(site=SITE, sites_path=str(sites))
	frappe.connect()
	read_committed()
	frappe.flags.mute_emails = True
	allow_loopback()
	allow_many_jobs()
	yield str(SITE)
	frappe.destroy()


def allow_many_jobs() -> None:
	"""Allow many queued jobs that no worker will run: Frappe 16 lets a site queue 500, and each new user adds
	two.
	"""
	import frappe
	from frappe.installer import update_site_config

	frappe.conf.max_queued_jobs = 1_000_000
	update_site_config("max_queued_jobs", frappe.conf.max_queued_jobs)


def read_committed() -> None:
	"""Let tests read what the server has just committed; an older snapshot would hide it."""
	import frappe

	frappe.db.sql("set session transaction isolation level read committed")


def stay_on_this_machine() -> None:
	"""Refuse network connections to other machines, here and in processes started from here: Frappe looks up
	a picture on another host for each e-mail address, and waits for it.
	"""
	nobody = "http://127.0.0.1:9"
	os.environ.update(HTTP_PROXY=nobody, HTTPS_PROXY=nobody, NO_PROXY="127.0.0.1,localhost")


@pytest.fixture
def site(frappe_site: str) -> Iterator[str]:
	"""Yield the site's name, with a connection to it. Uncommitted work is rolled back."""
	import frappe

	frappe.set_user("Administrator")
	frappe.local.message_log = []
	frappe.db.rollback()
	for caller in ("ip:", "user:Administrator"):  # shared by all tests
		frappe.cache().delete_keys(f"orchestrator:bucket:{caller}")
	read_committed()  # again, because a test may have closed the connection
	yield frappe_site
	frappe.set_user("Administrator")
	frappe.db.rollback()


@pytest.fixture(scope="session")
def server(frappe_site: str) -> Iterator[str]:
	"""Run a web server for the site on a free port. Yield its address."""
	with serve(frappe_site, Path(BENCH or "") / "sites") as base:
		yield base


@pytest.fixture(scope="session")
def bare_server(frappe_site: str) -> Iterator[str]:
	"""Serve the site with Frappe and the other apps only."""
	from tests.support.stock_bench import make_stock_sites

	with (
		make_stock_sites(Path(str(BENCH))) as sites,
		serve(frappe_site, sites, FRAPPE_REDIS_CACHE="") as base,
	):
		reply = Client(base, frappe_site).get("orchestrator.crm.get_leads")
		assert (reply.status_code, "data" in reply.json()) == (403, False)  # Frappe's own refusal of a guest
		yield base


@contextlib.contextmanager
def serve(
	site: str,
	sites: Path,
	application: str = "frappe.app:application",
	*,
	workers: int = 1,
	threads: int = 4,
	**environment: str,
) -> Iterator[str]:
	"""Serve `site` from the folder `sites`, as a bench does, until the context ends. Yield the address."""
	port = free_port()
	command = [
		sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}",
		"--workers", str(workers), "--threads", str(threads), "--preload", "--timeout", "120", "--keep-alive", "60", "--log-level", "warning",
		"--limit-request-line", "8190",
	]  # fmt: skip
	process = subprocess.Popen(command, cwd=sites, env={**os.environ, **environment})
	base = f"http://127.0.0.1:{port}"
	try:
		wait_until_up(base, site)
		yield base
	finally:
		process.terminate()
		process.wait(timeout=30)


@pytest.fixture
def worker(frappe_site: str) -> Callable[[], None]:
	"""Return a function that runs the jobs queued so far in a real worker process, which ends when none is
	left.

	What earlier tests queued is forgotten first: nobody waits for it.
	"""
	from frappe.utils.background_jobs import get_queues

	for queue in get_queues():
		queue.empty()

	def run_queued_jobs() -> None:
		subprocess.run(
			[sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "worker", "--burst", "--quiet"],
			cwd=Path(BENCH or "") / "sites", check=True, timeout=600,
		)  # fmt: skip

	return run_queued_jobs


def free_port() -> int:
	"""Return an unused port."""
	with contextlib.closing(socket.socket()) as listener:
		listener.bind(("127.0.0.1", 0))
		return int(listener.getsockname()[1])


def wait_until_up(base: str, host: str) -> None:
	"""Wait for the server's first reply."""
	deadline = time.monotonic() + START_TIMEOUT
	while time.monotonic() < deadline:
		with contextlib.suppress(requests.ConnectionError, requests.Timeout):
			if requests.get(f"{base}/api/method/ping", headers={"Host": host}, timeout=10).ok:
				return
		time.sleep(0.2)
	raise RuntimeError(f"the web server at {base} did not answer within {START_TIMEOUT} s")


@pytest.fixture(scope="module")
def loopback(frappe_site: str) -> Iterator[None]:
	"""Allow the site to call the Kipu simulator on this machine. For whole files: `usefixtures`."""
	from tests.support.kipu_site import set_loopback_allowed

	with set_loopback_allowed():
		yield


@pytest.fixture
def guest(server: str, site: str) -> Client:
	"""Return a caller without credentials."""
	return Client(server, site)


@dataclass(frozen=True)
class Callers:
	"""The users that several tests share."""

	server: str
	site: str

	def api(self, user: str = "Administrator") -> Client:
		"""Return an API client with that user's token."""
		from tests.support import factories

		key, secret = factories.get_token(user)
		return Client(self.server, self.site, headers={"Authorization": f"token {key}:{secret}"})

	def browser(self, user: str, password: str) -> Client:
		"""Return a Desk session, with the header that Desk sends."""
		headers = {"X-Requested-With": "XMLHttpRequest"}
		return Client(self.server, self.site, headers=headers).login(user, password)


@pytest.fixture(scope="session")
def callers(server: str, frappe_site: str) -> Callers:
	return Callers(server, frappe_site)


@pytest.fixture
def api(callers: Callers, site: str) -> Callable[[str], Client]:
	"""Return `api(user)`: an API client with that user's token."""
	return callers.api


@pytest.fixture
def admin(api: Callable[[str], Client]) -> Client:
	"""Return an API client of the Administrator."""
	return api("Administrator")


@pytest.fixture
def mark() -> str:
	"""Return a text that occurs nowhere else on the site."""
	return uuid.uuid4().hex[:8]


@pytest.fixture
def broken_doctype(site: str) -> Iterator[str]:
	"""Yield a DocType whose table is gone, so that calls fail unexpectedly."""
	import frappe

	from tests.support import factories

	name = factories.make_unique("Broken")
	frappe.get_doc(
		{
			"doctype": "DocType", "name": name, "module": "Custom", "custom": 1,
			"fields": [{"fieldname": "secret_note", "fieldtype": "Data", "label": "Note"}],
			"permissions": [{"role": "System Manager", "read": 1, "create": 1, "write": 1}],
		}
	).insert()  # fmt: skip
	frappe.db.sql_ddl(f"rename table `tab{name}` to `gone {name}`")
	yield name
	frappe.db.sql_ddl(f"rename table `gone {name}` to `tab{name}`")
	frappe.delete_doc("DocType", name, force=True)
	frappe.db.commit()


@pytest.fixture
def browser(callers: Callers, site: str) -> Callable[[str, str], Client]:
	"""Return `browser(user, password)`: a Desk session, with the header that Desk sends."""
	return callers.browser
