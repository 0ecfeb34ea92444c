"""Desk in Chromium, on the site that a benchmark runs on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import frappe

from tests.conftest import serve
from tests.support.desk import CHROMIUM, DESKTOP, SWITCHES, sign_in
from tests.support.factories import PASSWORD

if TYPE_CHECKING:
	from tests.support.desk import Desk


@contextmanager
def open_desk(sites: Path, user: str) -> Iterator["Desk"]:
	"""Run a web server for the site, and yield the Desk of a user of the factories."""
	from playwright.sync_api import sync_playwright

	site = frappe.local.site
	with (
		serve(site, sites, "frappe.app:application_with_statics()") as base,
		sync_playwright() as playwright,
	):
		browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
		with sign_in(browser, base, site, user, PASSWORD, DESKTOP) as desk:
			yield desk
		browser.close()
