"""Fixtures of the tests in a browser. Where no Chromium is installed, they are skipped, and the summary says so."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import BENCH, serve
from tests.support.desk import CHROMIUM, DESKTOP, PAGE_TIMEOUT, PHONE, SWITCHES, Desk, sign_in

if TYPE_CHECKING:
	from playwright.sync_api import Browser

SCREENS = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="session")
def desk_server(frappe_site: str) -> Iterator[str]:
	"""Run a web server for the site that serves Desk's scripts and styles too. Yield its address."""
	with serve(frappe_site, Path(BENCH or "") / "sites", "frappe.app:application_with_statics()") as base:
		yield base


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
	"""Yield a headless Chromium."""
	if not CHROMIUM:
		pytest.skip("No Chromium is installed: the tests in a browser are left out")
	from playwright.sync_api import sync_playwright

	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(
			executable_path=CHROMIUM, args=list(SWITCHES), timeout=PAGE_TIMEOUT
		)
		yield browser
		browser.close()


@pytest.fixture(scope="module")
def demo(frappe_site: str) -> Iterator[None]:
	"""Create the demo for the tests of a file."""
	from tests.support.demo_site import create_demo

	with create_demo():
		yield


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> str:
	"""Return the name of a screen: each test runs on a desktop and on a phone."""
	return str(request.param)


@pytest.fixture
def open_desk(
	chromium: "Browser", desk_server: str, site: str, screen: str
) -> Iterator[Callable[[str], Desk]]:
	"""Return `open_desk(user)`: the Desk of a user of the factories. In the end, nothing may have failed in it."""
	from tests.support.factories import PASSWORD

	with ExitStack() as stack:
		desks: list[Desk] = []

		def open_for(user: str) -> Desk:
			size = SCREENS[screen]
			desks.append(stack.enter_context(sign_in(chromium, desk_server, site, user, PASSWORD, size)))
			return desks[-1]

		yield open_for
		assert [fault for desk in desks for fault in desk.faults] == []
