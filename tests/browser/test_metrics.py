"""The page Metrics in a browser: filters, links to records, full screen, updates in place."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

import frappe

from tests.support import clinic, helpdesk
from tests.support.desk import Desk

if TYPE_CHECKING:
	from playwright.sync_api import Page

PAGE = "/app/metrics/clients_dashboard"
NUMBER = '[data-metric="clients_in_care"] .metrics-number'
OpenDesk = Callable[[str], Desk]


@pytest.fixture
def facility(site: str) -> str:
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
	assert page.url.endswith("/metrics/clients_dashboard")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_numbers_bars_and_slices_open_their_records(
	open_desk: OpenDesk, reader: str, facility: str, screen: str
) -> None:
	page = open_page(open_desk, reader, facility)
	bar = "[data-point-index]" if screen == "desktop" else ".metrics-bars .metrics-link"
	links = {
		NUMBER: 3,
		f'[data-metric="clients_by_level_of_care"] {bar} >> nth=0': 2,
		'[data-metric="clients_by_facility"] .metrics-pie li .metrics-link': 3,
	}
	for link, count in links.items():
		page.wait_for_selector(link)
		page.click(link, force=True)
		page.wait_for_function(
			"cur_list && cur_list.doctype === 'Client' && frappe.get_route()[0] === 'List'"
		)
		page.wait_for_function("count => cur_list.data.length === count", arg=count)
		page.goto(urljoin(page.url, f"{PAGE}?facility={facility}"))
		page.wait_for_selector(NUMBER)


def test_full_screen_and_back_by_keyboard(open_desk: OpenDesk, reader: str, facility: str) -> None:
	page = open_page(open_desk, reader, facility)
	page.evaluate("cur_page.page.metrics.open_full_screen()")
	page.wait_for_selector(".is-full-screen .metrics-full-head")
	assert page.evaluate("document.activeElement.textContent") == "Exit Full Screen"
	page.keyboard.press("Enter")
	page.wait_for_selector(".metrics-view:not(.is-full-screen)")
	page.evaluate("cur_page.page.metrics.open_full_screen()")
	page.wait_for_selector(".is-full-screen")
	page.keyboard.press("Escape")
	page.wait_for_selector(".metrics-view:not(.is-full-screen)")


def test_newer_values_are_shown_in_place(open_desk: OpenDesk, reader: str, facility: str) -> None:
	page = open_page(open_desk, reader, facility)
	slice_ = '[data-metric="clients_by_facility"] .metrics-link'
	page.wait_for_selector(slice_)
	page.wait_for_timeout(1500)  # the charts have drawn themselves
	page.locator(slice_).first.focus()
	place = """() => [document.activeElement.closest('[data-metric]')?.dataset.metric, window.scrollY,
		document.querySelector('.metrics-board').offsetHeight]"""
	before = page.evaluate(place)
	page.evaluate("number => (window.number = document.querySelector(number))", NUMBER)
	connection = frappe.db.get_value("Client", {"facility": facility}, "connection")
	clinic.make_client(frappe.get_doc("Kipu Connection", connection), level_of_care="Residential")
	page.evaluate("cur_page.page.metrics.refresh()")
	page.wait_for_function("selector => document.querySelector(selector).textContent === '4'", arg=NUMBER)
	assert page.evaluate("window.number.isConnected")
	assert page.evaluate(place) == before


def test_reader_subscribes_and_unsubscribes(open_desk: OpenDesk, reader: str, facility: str) -> None:
	with helpdesk.override_settings(send_dashboards_by_mail=1):
		page = open_page(open_desk, reader, facility)
		page.evaluate("cur_page.page.metrics.open_subscriptions()")
		page.wait_for_selector(".modal.show select[data-fieldname=frequency]")
		page.click(".modal.show .btn-primary >> text=Subscribe")
		page.wait_for_selector(".modal.show [data-subscription]")
		page.click(".modal.show [data-subscription] >> text=Unsubscribe")
		page.wait_for_selector(".modal.show >> text=You have unsubscribed")
		frappe.db.rollback()
	(found,) = frappe.get_all("Dashboard Subscription", {"owner": reader}, ["frequency", "facility", "hour"])
	assert (found.frequency, found.facility, found.hour) == ("Weekly", facility, 7)
