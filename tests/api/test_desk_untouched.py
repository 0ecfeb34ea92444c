"""Desk's own calls get byte-identical replies with the app and without it.

"Without" is a second server over the same database, whose bench does not list the app and which has a cache of
its own, so that none of its hooks runs there.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import BENCH, serve
from tests.support import factories
from tests.support.client import Client, get_error

# Parts that differ between any two replies of one server: the ID of an exception, an object's address.
VOLATILE_HEADERS = frozenset({"Date", "X-Frappe-Request-Id", "Set-Cookie"})
VOLATILE = re.compile(r"(?<=__frappe_exc_id)\W+[0-9a-f]{56}|0x[0-9a-f]+")


@pytest.fixture(scope="module")
def sales_user(frappe_site: str) -> str:
	return factories.make_user("Sales User", "Sales Manager").name


@pytest.fixture(scope="module")
def fresh_server(frappe_site: str) -> Iterator[str]:
	"""Yield the URL of a server that has received no API key with a scope: such a key adds to the tracebacks of its process."""
	with serve(frappe_site, Path(str(BENCH)) / "sites") as base:
		yield base


@pytest.fixture(scope="module")
def desks(fresh_server: str, bare_server: str, frappe_site: str, sales_user: str) -> tuple[Client, Client]:
	"""Return Desk on the site with the app, and without it, as the same user."""
	headers = {
		"X-Requested-With": "XMLHttpRequest",
		"Accept": "application/json, text/javascript, */*; q=0.01",
	}
	return tuple(
		Client(base, frappe_site, headers=dict(headers)).login(sales_user, factories.PASSWORD)
		for base in (fresh_server, bare_server)
	)  # type: ignore[return-value]


@pytest.fixture
def both(site: str, desks: tuple[Client, Client]) -> tuple[Client, Client]:
	"""Return the two desks, with a connection to check what they did."""
	return desks


def normalize_reply(reply: requests.Response) -> tuple[int, dict[str, str], str]:
	"""Return a reply without the parts that differ between any two replies."""
	headers = {key: value for key, value in reply.headers.items() if key not in VOLATILE_HEADERS}
	return reply.status_code, headers, VOLATILE.sub("", reply.text)


def build_form(**values: object) -> dict[str, object]:
	"""Return the body of frappe.call: a form, its values as JSON."""
	return {
		"data": {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
	}


GENERIC = [
	(
		"frappe.client.get_list",
		build_form(doctype="Lead", fields=["name", "lead_name"], limit_page_length=20),
	),
	("frappe.client.get_list", build_form(doctype="Lead", fields=["*"], limit_page_length=2)),
	(
		"frappe.client.get_list",
		build_form(doctype="Lead", filters={"status": "Lead"}, order_by="creation desc"),
	),
	(
		"frappe.client.get_list",
		build_form(doctype="Lead", fields=["count(name) as n", "status"], group_by="status"),
	),
	("frappe.client.get_list", build_form(doctype="Lead", fields=["no_such_field"])),
	("frappe.client.get_list", build_form(doctype="Lead", order_by="no_such_field")),
	("frappe.client.get_list", build_form(doctype="No Such DocType")),
	("frappe.client.get_list", build_form(doctype="Salary Slip")),
	("frappe.client.get_list", {"data": {}}),
	("frappe.client.get", build_form(doctype="Lead", name="No Such Lead")),
	("frappe.client.get", build_form(doctype="Selling Settings")),
	(
		"frappe.client.get_value",
		build_form(doctype="Lead", fieldname="lead_name", filters={"status": "Lead"}),
	),
	("frappe.client.get_count", build_form(doctype="Lead")),
	("frappe.client.insert", {"data": {}}),
	("frappe.client.insert", build_form(doc={"doctype": "Lead"})),
	(
		"frappe.client.insert",
		build_form(doc={"doctype": "Lead", "lead_name": "x", "territory": "No Such Territory"}),
	),
	(
		"frappe.client.set_value",
		build_form(doctype="Lead", name="No Such Lead", fieldname="status", value="Open"),
	),
	("frappe.client.set_value", build_form(doctype="Lead", name="No Such Lead")),
	("frappe.client.delete", build_form(doctype="Lead", name="No Such Lead")),
	("frappe.client.has_permission", build_form(doctype="Lead", docname="No Such Lead")),
	("upload_file", {"data": {"folder": "Home"}}),
	("upload_file", {"data": {"folder": "/No/Such"}, "files": {"file": ("a.txt", b"a")}}),
]
DESK = [
	(
		"frappe.desk.reportview.get",
		build_form(doctype="Lead", fields=["`tabLead`.`name`"], start=0, page_length=20),
	),
	("frappe.desk.reportview.get_count", build_form(doctype="Lead", filters=[], fields=[], distinct=False)),
	("frappe.desk.form.load.getdoc", build_form(doctype="Lead", name="No Such Lead")),
	("frappe.desk.search.search_link", build_form(doctype="Industry Type", txt="")),
	("frappe.desk.query_report.run", build_form(report_name="No Such Report", filters={})),
	("frappe.desk.desktop.get_workspace_sidebar_items", {"data": {}}),
	("ping", {"data": {}}),
	("no.such.method", {"data": {}}),
]


@pytest.mark.parametrize(("method", "body"), GENERIC + DESK)
def test_desk_gets_the_same_bytes(both: tuple[Client, Client], method: str, body: dict) -> None:
	ours, bare = (client.request("POST", f"/api/method/{method}", **body) for client in both)
	assert normalize_reply(ours) == normalize_reply(bare)


def test_a_record_and_its_form_are_the_same_bytes(both: tuple[Client, Client]) -> None:
	lead = factories.make_lead()
	for path in (
		f"/api/method/frappe.client.get?doctype=Lead&name={lead.name}",
		f"/api/resource/Lead/{lead.name}",
		f"/api/v2/document/Lead/{lead.name}",
		f"/?cmd=frappe.client.get&doctype=Lead&name={lead.name}",
	):
		ours, bare = (client.request("GET", path) for client in both)
		assert ours.status_code == 200
		assert normalize_reply(ours) == normalize_reply(bare)


def test_a_write_has_frappes_status_and_keys(both: tuple[Client, Client]) -> None:
	replies = []
	for client in both:
		doc = {"doctype": "Lead", "lead_name": "Jane", "email_id": factories.make_unique_email()}
		replies.append(client.request("POST", "/api/method/frappe.client.insert", **build_form(doc=doc)))
	ours, bare = replies
	assert ours.status_code == bare.status_code == 200
	assert list(ours.json()) == list(bare.json())
	assert list(ours.json()["message"]) == list(bare.json()["message"])


def test_own_methods_give_desk_the_contracts_body_with_frappes_status(both: tuple[Client, Client]) -> None:
	desk = both[0]
	good = desk.get("orchestrator.crm.get_leads", limit_page_length=1)
	assert good.status_code == 200
	assert list(good.json()) == ["message", "data", "exc"]
	bad = desk.get("orchestrator.crm.get_leads", limit_page_length=501)
	assert get_error(bad) == (417, "InvalidRequestError")
	body = bad.json()
	assert (body["message"], body["data"]) == (None, None)
	assert json.loads(body["exc"]) == ["InvalidRequestError: limit_page_length must be between 1 and 500."]
	assert json.loads(json.loads(body["_server_messages"])[0])["message"]
