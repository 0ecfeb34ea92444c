"""The API page: its users, its sources, and replies to its calls."""

import re
from collections.abc import Callable

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.source import ROOT

VIEWER = ROOT / "orchestrator/public/swagger-ui"
Browser = Callable[[str, str], Client]


@pytest.fixture
def employee(browser: Browser, site: str) -> Client:
	"""Return a user in their browser, who may read leads."""
	return browser(factories.make_user("Sales User").name, factories.PASSWORD)


def get_page(client: Client) -> str:
	reply = client.request("GET", "/api-docs")
	assert reply.status_code == 200
	return reply.text


def get_csrf_token(client: Client) -> str:
	match = re.search(r'csrf_token = "([0-9a-f]+)"', get_page(client))
	assert match
	return match[1]


def test_guest_is_sent_to_the_login_page(guest: Client) -> None:
	reply = guest.request("GET", "/api-docs")
	assert reply.status_code in (301, 302)
	assert reply.headers["Location"] == "/login?redirect-to=/api-docs"


def test_page_on_the_site_loads_from_this_site_alone(employee: Client) -> None:
	sources = re.findall(r'(?:src|href)="([^"]+\.(?:js|css)[^"]*)"', get_page(employee))
	assert "/assets/orchestrator/js/api_page.js" in sources
	assert [source for source in sources if not source.startswith("/")] == []


def test_page_of_desk_is_there_for_every_user(site: str) -> None:
	page = frappe.get_doc("Page", "api-docs")
	assert [row.role for row in page.roles] == ["All"]


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_viewer_is_whole_and_of_the_version_named(name: str) -> None:
	text = (VIEWER / name).read_text()
	assert "sourceMappingURL" not in text
	if name.endswith(".js"):
		version = re.search(r"# Swagger UI ([\d.]+)\n", (VIEWER / "README.md").read_text())
		assert version
		assert f'"{version[1]}"' in text


def test_viewer_validates_nothing_elsewhere() -> None:
	assert "validatorUrl: null" in (ROOT / "orchestrator/public/js/api_page.js").read_text()


def test_call_from_the_page_is_answered_as_an_api_client(employee: Client) -> None:
	"""Frappe itself would accept the page length; the contract has an upper limit."""
	params = {"doctype": "Lead", "limit_page_length": 10_000}
	headers = {"X-Frappe-CSRF-Token": get_csrf_token(employee)}
	stock = employee.get("frappe.client.get_list", headers=headers, **params)
	assert (stock.status_code, set(stock.json())) == (200, {"message"})
	reply = employee.get(
		"frappe.client.get_list", headers={**headers, "X-Orchestrator-Contract": "1"}, **params
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert "X-RateLimit-Remaining" in reply.headers


def test_call_from_the_page_creates_with_201(employee: Client) -> None:
	headers = {"X-Frappe-CSRF-Token": get_csrf_token(employee), "X-Orchestrator-Contract": "1"}
	name = factories.make_unique("Page")
	lead = get_data(
		employee.post("frappe.client.insert", headers=headers, doctype="Lead", lead_name=name), 201
	)
	assert lead["lead_name"] == name


def test_header_of_the_page_does_not_replace_the_csrf_token(employee: Client) -> None:
	get_csrf_token(employee)
	name = factories.make_unique("Forged")
	headers = {"X-Orchestrator-Contract": "1"}
	reply = employee.post("frappe.client.insert", headers=headers, doctype="Lead", lead_name=name)
	assert get_error(reply) == (400, "CSRFTokenError")
	assert not frappe.db.exists("Lead", {"lead_name": name})
