"""The setting Guard Platform Access: if off, Frappe's own methods answer as without the app; the contract
holds in both cases.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

import frappe

from orchestrator import compat
from tests.support import clinic, factories, helpdesk
from tests.support.client import Client

Api = Callable[[str], Client]
RACE = "Canary-Switch-7730"
GET_LIST = "frappe.client.get_list"


@pytest.fixture(scope="module")
def record(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return str(clinic.make_client(clinic.make_connection(), race=RACE).name)


@pytest.fixture(scope="module")
def reader(frappe_site: str) -> str:
	"""Return a user who reads clients, but no field of level 1."""
	frappe.set_user("Administrator")
	return str(clinic.make_clinical_user())


def build_requests(record: str) -> list[tuple[str, str, dict[str, Any]]]:
	"""Return requests that Frappe answers and a guarded site refuses or answers differently."""
	by_race = json.dumps([["race", "=", RACE]])
	as_filter = json.dumps({"race": RACE})
	return [
		("GET", "/api/resource/Client", {"params": {"filters": by_race}}),
		("GET", "/api/v2/document/Client", {"params": {"filters": by_race}}),
		("GET", "/api/resource/Client", {"params": {"order_by": "race desc", "limit_page_length": 1}}),
		("POST", "/api/method/frappe.desk.reportview.get_count", {"data": {"doctype": "Client", "filters": by_race}}),
		("POST", "/api/method/frappe.client.get_count", {"json": {"doctype": "Client", "filters": by_race}}),
		(
			"POST",
			"/api/method/frappe.client.get_value",
			{"json": {"doctype": "Client", "filters": as_filter, "fieldname": "name"}},
		),
	]  # fmt: skip


def strip_trace(reply: requests.Response) -> Any:
	"""Return the reply without the traceback, which names this app's functions even where they only pass the call
	on, and without the random ID that Frappe gives an error.
	"""
	body = json.loads(re.sub("[0-9a-f]{40,}", "", reply.text))
	for key in ("exc", "_exc_source", "_debug_messages"):
		body.pop(key, None)
	for error in body.get("errors", []):
		error.pop("exception", None)
	return body


@pytest.mark.parametrize("number", range(6))
def test_switched_off_the_platform_answers_as_stock_does(
	number: int, record: str, reader: str, api: Api, bare_server: str, site: str
) -> None:
	verb, path, arguments = build_requests(record)[number]
	client = api(reader)
	stock = Client(bare_server, site, headers=dict(client.headers))
	with helpdesk.override_settings(guard_platform_methods=0):
		ours = client.request(verb, path, **arguments)
		bare = stock.request(verb, path, **arguments)
	assert (ours.status_code, strip_trace(ours)) == (bare.status_code, strip_trace(bare))
	if not compat.QUERY_BUILDER_CHECKS_PERMISSIONS:  # Frappe 16 itself refuses such filters
		assert ours.status_code == 200, ours.text
	guarded = client.request(verb, path, **arguments)
	assert (guarded.status_code, "PermissionError" in guarded.text) == (403, True), guarded.text


@pytest.mark.parametrize("guarded", [0, 1])
@pytest.mark.parametrize(
	"arguments",
	[
		{"filters": {"race": RACE}},
		{"order_by": "race desc"},
		{"fields": ["name", "max(race) as highest"]},
	],
)
def test_contract_lists_check_permission_levels_either_way(
	guarded: int, arguments: dict[str, Any], record: str, reader: str, api: Api
) -> None:
	with helpdesk.override_settings(guard_platform_methods=guarded):
		reply = api(reader).post(GET_LIST, doctype="Client", **arguments)
	assert reply.status_code == 403, reply.text
	assert RACE not in reply.text


@pytest.mark.parametrize("guarded", [0, 1])
def test_contract_replies_leave_out_hidden_fields_either_way(
	guarded: int, record: str, reader: str, api: Api
) -> None:
	with helpdesk.override_settings(guard_platform_methods=guarded):
		reply = api(reader).post("frappe.client.get", doctype="Client", name=record)
	assert reply.status_code == 200, reply.text
	assert RACE not in reply.text


@pytest.mark.parametrize("guarded", [0, 1])
def test_contacts_hold_no_client_name_either_way(guarded: int, record: str, site: str) -> None:
	with helpdesk.override_settings(guard_platform_methods=guarded):
		contact = factories.make_record(
			"Contact",
			first_name=factories.make_unique("Contact"),
			links=[{"link_doctype": "Client", "link_name": record}],
		)
	assert contact.links[0].link_title == record
