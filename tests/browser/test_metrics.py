"""The page Metrics in a browser: filters, links to records, full screen, updates in place."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import frappe

from tests.support import clinic
from tests.support.desk import Desk

if TYPE_CHECKING:
	from playwright.sync_api import Page

PAGE = "/app/metrics/clients_dashboard"
NUMBER = '[data-metric="clients_in_care"] .metrics-number'
OpenDesk = Callable[[str], Desk]


@pytest.fixture(scope="module")
def facility(frappe_site: str) -> str:
	"""Create a facility with three clients in care, two of them residential, and one elsewhere. Return its name."""
	here = clinic.make_connection()
	for level in ("Residential", "Residential", "Outpatient"):
		clinic.make_client(here, level_of_care=level)
	clinic.make_client(clinic.make_connection())
	return str(here.default_facility)


@pytest.fixture
def reader(facility: str) -> str:
	return clinic.make_clinical_user()


def open_page(open_desk: OpenDesk, reader: str, facility: str | None = None) -> "Page":
	query = f"?facility={facility}" if facility else ""
	return open_desk(reader).open(PAGE + query, NUMBER)


def test_filters_come_from_the_address_and_change_it(open_desk: OpenDesk, reader: str, facility: str) -> None:
	page = open_page(open_desk, reader, facility)
	page.wait_for_function("selector => document.querySelector(selector).textContent === '3'", arg=NUMBER)
	page.select_option("[data-filter=period] select", "This Year")
	page.wait_for_selector('[data-metric="clients_in_care"] .metrics-note')
	assert f"facility={facility.replace(' ', '+')}" in page.url
	assert f"from_date={frappe.utils.today()[:4]}-01-01" in page.url
	page.click(".metrics-clear")
	page.wait_for_selector('[data-metric="clients_in_care"] .metrics-note', state="detached")
	assert page.url.endswith(PAGE)
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
