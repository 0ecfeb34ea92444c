"""The address of a caller: read from what proxies add to X-Forwarded-For, and never from what the caller writes there."""

from collections.abc import Callable

import pytest

import frappe

from tests.support import docs_factories, factories
from tests.support.client import Client, get_error
from tests.support.keys import KeyMaker
from tests.support.rate_limits import override_rate_limit

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.4"
PROXIES = "127.0.0.1\n192.0.2.0/24"


@pytest.mark.parametrize(
	("peer", "forwarded", "trusted", "client"),
	[
		# without a proxy
		("198.51.100.4", "", "", "198.51.100.4"),
		("198.51.100.4", "203.0.113.7", "", "198.51.100.4"),
		("2001:db8::1", "203.0.113.7", "", "2001:db8::1"),
		# one proxy on this machine or in its network
		("127.0.0.1", "203.0.113.7", "", "203.0.113.7"),
		("", "203.0.113.7", "", "203.0.113.7"),
		(None, "", "", "127.0.0.1"),
		("172.18.0.5", "203.0.113.7", "", "203.0.113.7"),
		("::ffff:10.0.0.2", "203.0.113.7", "", "203.0.113.7"),
		("fd00::2", "203.0.113.7", "", "203.0.113.7"),
		# what the caller wrote stands before what the proxy has added
		("127.0.0.1", "203.0.113.7, 198.51.100.4", "", "198.51.100.4"),
		("127.0.0.1", "203.0.113.7,10.0.0.9", "", "10.0.0.9"),
		("127.0.0.1", "203.0.113.7, 127.0.0.1", "", "127.0.0.1"),
		("127.0.0.1", "203.0.113.7, nonsense", "", "nonsense"),
		("127.0.0.1", " , ,", "", "127.0.0.1"),
		# named proxies
		("127.0.0.1", "203.0.113.7, 192.0.2.9", PROXIES, "203.0.113.7"),
		("127.0.0.1", "10.0.0.1, 203.0.113.7, 192.0.2.9, 192.0.2.1", PROXIES, "203.0.113.7"),
		("127.0.0.1", "192.0.2.8, 192.0.2.9", PROXIES, "192.0.2.8"),
		("172.18.0.5", "203.0.113.7", PROXIES, "172.18.0.5"),
		("192.0.3.1", "203.0.113.7", PROXIES, "192.0.3.1"),
		("127.0.0.1", "203.0.113.7, nonsense, 192.0.2.9", PROXIES, "nonsense"),
	],
)
def test_client_is_the_first_that_is_no_proxy_from_the_end(
	site: str, peer: str | None, forwarded: str, trusted: str, client: str
) -> None:
	from orchestrator.api.client_address import find_client

	assert find_client(peer, forwarded, trusted) == client


@pytest.fixture
def office_key(api: Api) -> Client:
	"""A key that works in the office alone."""
	maker = KeyMaker(api(factories.make_user("Sales User").name))
	return maker.client(doctypes={"Lead": ["read"]}, allowed_addresses=[OFFICE])


def read_from(client: Client, forwarded: str) -> int:
	reply = client.get(LIST, headers={"X-Forwarded-For": forwarded}, doctype="Lead")
	if reply.status_code == 401:
		assert get_error(reply) == (401, "AuthenticationError")
	return reply.status_code


def test_caller_cannot_forge_the_address_of_a_key(office_key: Client) -> None:
	assert read_from(office_key, OFFICE) == 200
	assert read_from(office_key, f"{OFFICE}, {ELSEWHERE}") == 401
	assert read_from(office_key, f"{OFFICE}, 127.0.0.1") == 401
	assert read_from(office_key, f"{ELSEWHERE}, {OFFICE}") == 200


def test_site_names_its_proxies(office_key: Client) -> None:
	with override_rate_limit(trusted_proxies=PROXIES):
		assert read_from(office_key, f"{OFFICE}, 192.0.2.9") == 200
		assert read_from(office_key, f"{OFFICE}, {ELSEWHERE}, 192.0.2.9") == 401
	with override_rate_limit(trusted_proxies="192.0.2.0/24"):
		assert read_from(office_key, OFFICE) == 401  # the connection is not a proxy's


def test_guests_of_one_address_share_their_limit_whatever_they_write(guest: Client) -> None:
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_guest_capacity=2):
		replies = [
			guest.get("ping", headers={"X-Forwarded-For": f"203.0.113.{number}, {ELSEWHERE}"})
			for number in range(4)
		]
		assert [reply.status_code for reply in replies] == [200, 200, 429, 429]
		other = guest.get("ping", headers={"X-Forwarded-For": OFFICE})
		assert other.status_code == 200


def test_audit_trail_has_the_address_that_the_proxy_has_seen(admin: Client) -> None:
	document = docs_factories.make_document(docs_factories.make_folder())
	reply = admin.get(
		"orchestrator.docs.download",
		headers={"X-Forwarded-For": f"{OFFICE}, {ELSEWHERE}"},
		document=document,
	)
	assert reply.status_code == 200, reply.text
	frappe.db.rollback()
	filters = {"document": document, "action": "Downloaded"}
	assert frappe.get_all("Document Audit Entry", filters, pluck="ip_address") == [ELSEWHERE]


@pytest.mark.parametrize("value", ["localhost", "10.0.0.0/33", "127.0.0.1, 10.0.0.1", "127.0.0.1:80"])
def test_proxies_that_are_no_addresses_are_refused(site: str, value: str) -> None:
	settings = frappe.get_doc("Orchestrator Settings")
	settings.trusted_proxies = f"10.0.0.1\n{value}"
	with pytest.raises(frappe.ValidationError, match="neither an address nor a network"):
		settings.save()
	frappe.db.rollback()
