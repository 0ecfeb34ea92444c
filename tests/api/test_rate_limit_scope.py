"""The requests that the rate limit charges, and the charged caller: every API request of a token, a bearer or
a guest.
"""

from collections.abc import Callable, Iterator

import pytest
import requests

import frappe

from tests.api.test_authentication import get_bearer
from tests.support import factories
from tests.support.client import Client, get_error
from tests.support.rate_limits import fill_buckets, override_rate_limit

Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]
LIST = "frappe.client.get_list"
REMAINING = "X-RateLimit-Remaining"

# verb, path, arguments of the request
ROUTES = [
	("GET", "/api/method/ping", {}),
	("GET", "/api/method/frappe.ping/", {}),
	("GET", "/api/v1/method/ping", {}),
	("GET", "/api/v2/method/ping", {}),
	("GET", "//api/method/ping", {}),
	("GET", "/api/resource/Lead", {}),
	("GET", "/api/v1/resource/Lead", {}),
	("GET", "/api/v2/document/Lead", {}),
	("GET", "/api/v2/doctype/Lead/count", {}),
	("GET", "/api/method/frappe.client.get_count?doctype=Lead", {}),
	("GET", "/api/resource/Lead/no-such-lead?run_method=get_title", {}),
	("POST", "/api/v2/document/Lead/no-such-lead/method/get_title", {}),
	("GET", "/api/no/such/route", {}),
	("PATCH", "/api/resource/Lead/no-such-lead", {}),
	("HEAD", "/api/method/ping", {}),
	("GET", "/?cmd=ping", {}),
	("GET", "/login?cmd=ping", {}),
	("POST", "/contact", {"data": {"cmd": "ping"}}),
	("POST", "/api/resource/Lead", {"json": {"cmd": "ping"}}),
	("GET", f"/api/method/{LIST}?doctype=Lead&cmd=ping", {}),
	("GET", f"/api/method/{LIST}/a/b?doctype=Lead", {}),
	("GET", f"/api/method/{LIST}//?doctype=Lead", {}),
	("POST", "/api/method/no.such.method", {}),
	("GET", "/api/method/ping", {"headers": {"Accept": "text/html"}}),
	("GET", "/api/method/ping", {"headers": {"X-Requested-With": "XMLHttpRequest"}}),
	("GET", "/api/method/ping", {"headers": {"X-Frappe-CSRF-Token": "x"}}),
]


@pytest.fixture
def two_tokens(site: str) -> Iterator[None]:
	"""Set two requests for a user, two for an address, refilled at one per minute."""
	with override_rate_limit(
		rate_limit_per_minute=1, rate_limit_user_capacity=2, rate_limit_guest_capacity=2
	):
		yield


@pytest.fixture
def seller(site: str) -> str:
	return factories.make_user("Sales User").name


def list_remaining(*replies: requests.Response) -> list[str | None]:
	return [reply.headers.get(REMAINING) for reply in replies]


def assert_is_refused(reply: requests.Response) -> None:
	assert reply.status_code == 429, reply.text
	assert reply.headers[REMAINING] == "0"
	assert 0 < int(reply.headers["Retry-After"]) <= 60
	if reply.request.method != "HEAD":
		assert reply.headers["Content-Type"].startswith("application/json")
		assert "Traceback" not in reply.text


@pytest.mark.parametrize(("verb", "path", "arguments"), ROUTES)
def test_a_token_is_charged_on_every_route(
	api: Api, seller: str, two_tokens: None, verb: str, path: str, arguments: dict
) -> None:
	client = api(seller)
	replies = [client.request(verb, path, **arguments) for _ in range(3)]
	assert list_remaining(*replies) == ["1", "0", "0"], replies[0].text
	assert replies[0].status_code != 429
	assert_is_refused(replies[2])


@pytest.mark.parametrize(("verb", "path", "arguments"), ROUTES)
def test_a_guest_is_charged_on_every_route(
	guest: Client, two_tokens: None, verb: str, path: str, arguments: dict
) -> None:
	replies = [guest.request(verb, path, **arguments) for _ in range(3)]
	assert list_remaining(*replies) == ["1", "0", "0"], replies[0].text
	assert_is_refused(replies[2])


def test_a_bearer_is_charged_as_its_user(guest: Client, api: Api, seller: str, two_tokens: None) -> None:
	bearer = Client(guest.base, guest.host, headers={"Authorization": f"Bearer {get_bearer(guest, seller)}"})
	fill_buckets()
	assert list_remaining(bearer.request("GET", "/api/resource/Lead"), api(seller).get("ping")) == ["1", "0"]
	assert_is_refused(bearer.request("GET", "/api/v2/document/Lead"))


@pytest.mark.parametrize("user_as_session", [True, False])
def test_a_cookie_that_names_the_user_exempts_no_token(
	api: Api, seller: str, two_tokens: None, user_as_session: bool
) -> None:
	client = api(seller)
	client.headers.update({"X-Requested-With": "XMLHttpRequest", "Cookie": f"sid={seller}"})
	if not user_as_session:
		client.headers["Cookie"] = "sid=Guest"
	replies = [client.get(method, doctype="Lead") for method in (LIST, "ping", LIST)]
	assert list_remaining(*replies) == ["1", "0", "0"]
	assert_is_refused(replies[2])


def test_a_session_in_the_query_exempts_nobody(guest: Client, browser: Browser, seller: str) -> None:
	session = browser(seller, factories.PASSWORD).session.cookies["sid"]
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=2):
		reply = guest.get("frappe.auth.get_logged_user", sid=session)
		assert reply.json()["message"] == seller
		assert list_remaining(reply) == ["1"]


def test_a_bearer_is_charged_beside_the_session_of_another(
	guest: Client, browser: Browser, seller: str, two_tokens: None
) -> None:
	token = get_bearer(guest, seller)
	desk = browser(factories.make_user("Sales User").name, factories.PASSWORD)
	fill_buckets()
	reply = desk.get("frappe.auth.get_logged_user", headers={"Authorization": f"Bearer {token}"})
	assert reply.json()["message"] == seller
	assert list_remaining(reply) == ["1"]


@pytest.mark.parametrize("headers", [{"X-Requested-With": "XMLHttpRequest"}, {}])
def test_a_session_is_free_on_frappes_own_routes(
	guest: Client, seller: str, two_tokens: None, headers: dict
) -> None:
	"""Desk opens downloads and images by their URL, without the header of its calls."""
	desk = Client(guest.base, guest.host, headers=headers).login(seller, factories.PASSWORD)
	paths = ("/api/resource/Lead", "/api/v2/document/Lead", "/api/method/ping", "/?cmd=ping")
	replies = [desk.request("GET", path) for path in paths]
	assert [reply.status_code for reply in replies] == [200] * 4
	assert list_remaining(*replies) == [None] * 4


def test_pages_assets_and_files_are_free(guest: Client, two_tokens: None) -> None:
	paths = ("/login", "/", "/no-such-page", "/files/no-such-file.txt", "/private/files/no-such-file.txt")
	for path in paths * 2:
		reply = guest.request("GET", path)
		assert (reply.status_code == 429, REMAINING in reply.headers) == (False, False), path


def test_a_preflight_is_free(guest: Client, two_tokens: None) -> None:
	replies = [guest.request("OPTIONS", "/api/method/ping") for _ in range(4)]
	assert [reply.status_code for reply in replies] == [200] * 4


def test_the_reply_of_an_undocumented_method_is_frappes(api: Api, seller: str) -> None:
	reply = api(seller).get("ping")
	assert reply.text == '{"message":"pong"}'
	missing = api(seller).request("GET", "/api/resource/Lead/no-such-lead")
	assert get_error(missing) == (404, "DoesNotExistError")
	assert list(missing.json()) == ["exc_type", "_server_messages"]


WRONG = [
	{"Authorization": "token wrong:wrong"},
	{"Authorization": "Bearer wrong"},
	{"Authorization": "token nonsense"},
	{"Authorization": "Basic d3Jvbmc6d3Jvbmc="},
]


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize(
	"path", ["/api/resource/Lead", "/api/method/ping", f"/api/method/{LIST}?cmd=ping", "/me", "/?cmd=ping"]
)
def test_a_wrong_token_is_charged_to_the_address(
	guest: Client, two_tokens: None, headers: dict, path: str
) -> None:
	replies = [guest.request("GET", path, headers=headers) for _ in range(3)]
	assert [reply.status_code for reply in replies] == [401, 401, 429]
	assert list_remaining(*replies) == ["1", "0", "0"]
	assert_is_refused(replies[2])


def test_a_wrong_token_beside_a_session_is_charged(browser: Browser, seller: str, two_tokens: None) -> None:
	desk = browser(seller, factories.PASSWORD)
	fill_buckets()
	replies = [desk.get("ping", headers=WRONG[0]) for _ in range(3)]
	assert [reply.status_code for reply in replies] == [401, 401, 429]
	assert desk.get("ping").status_code == 200


@pytest.mark.parametrize(
	"path", ["/api/method/login", "/?cmd=login", "/login?cmd=login", "/api/v1/method/ping?cmd=login"]
)
def test_sign_ins_are_charged_to_the_address(guest: Client, seller: str, two_tokens: None, path: str) -> None:
	wrong = {"usr": seller, "pwd": "wrong"}
	replies = [guest.request("POST", path, data=wrong) for _ in range(3)]
	assert [reply.status_code for reply in replies] == [401, 401, 429]
	assert list_remaining(*replies) == ["1", "0", "0"]
	right = guest.request("POST", path, data={"usr": seller, "pwd": factories.PASSWORD})
	assert_is_refused(right)
	assert get_error(guest.get("frappe.auth.get_logged_user")) == (429, "TooManyRequestsError")
	fill_buckets()
	assert get_error(guest.get("frappe.auth.get_logged_user")) == (403, "PermissionError")
	assert frappe.db.count("Sessions", {"user": seller}) == 0


def test_a_sign_in_within_the_limit_works(guest: Client, seller: str, two_tokens: None) -> None:
	reply = guest.request("POST", "/api/method/login", data={"usr": seller, "pwd": factories.PASSWORD})
	assert (reply.status_code, list_remaining(reply)) == (200, ["1"])
	assert guest.get("frappe.auth.get_logged_user").json()["message"] == seller


def test_malformed_json_is_charged_to_the_address(guest: Client, two_tokens: None) -> None:
	headers = {"Content-Type": "application/json"}
	paths = (f"/api/method/{LIST}", "/api/resource/Lead", "/api/resource/Lead")
	replies = [guest.request("POST", path, data="{", headers=headers) for path in paths]
	assert [reply.status_code for reply in replies] == [400, factories.UNPARSED_BODY_STATUS, 429]
	assert list_remaining(*replies) == ["1", "0", "0"]


def test_the_limit_can_be_narrowed_to_the_documented_calls(guest: Client, api: Api, seller: str) -> None:
	client = api(seller)
	with override_rate_limit(
		rate_limit_per_minute=1,
		rate_limit_user_capacity=2,
		rate_limit_guest_capacity=2,
		rate_limit_scope="Documented Calls",
	):
		free = [client.request("GET", path) for path in ("/api/resource/Lead", "/api/method/ping") * 2]
		assert [reply.status_code for reply in free] == [200] * 4
		assert list_remaining(*free) == [None] * 4
		charged = [client.get(LIST, doctype="Lead") for _ in range(3)]
		assert [reply.status_code for reply in charged] == [200, 200, 429]
		wrong = [guest.request("GET", "/api/resource/Lead", headers=WRONG[1]) for _ in range(3)]
		assert [reply.status_code for reply in wrong] == [401, 401, 429]


CONTRACT_PATHS = [
	f"/api/method/{LIST}/a/b",
	f"/api/method/{LIST}//",
	f"/api/v1/method/{LIST}/",
	f"/api/v2/method/{LIST}",
	f"/?cmd={LIST}",
	f"/api/resource/Lead?cmd={LIST}",
	f"/api/method/ping?cmd={LIST}",
]


@pytest.mark.parametrize("path", CONTRACT_PATHS)
def test_the_method_that_runs_decides_the_contract(api: Api, seller: str, path: str) -> None:
	query = {"doctype": "Lead", "limit_page_length": 501}
	reply = api(seller).request("GET", path, params=query)
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidRequestError")


def test_a_query_that_a_json_body_replaces_decides_nothing(api: Api, seller: str) -> None:
	reply = api(seller).request(
		"POST", f"/api/method/{LIST}?cmd=ping", json={"doctype": "Lead", "limit_page_length": 501}
	)
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidRequestError")


def test_a_form_field_decides(api: Api, seller: str) -> None:
	reply = api(seller).request("POST", "/api/method/ping", data={"cmd": LIST, "doctype": "Lead"})
	assert reply.json()["keys"] == ["name"]
	other = api(seller).request("POST", f"/api/method/{LIST}", data={"cmd": "ping"})
	assert other.text == '{"message":"pong"}'


@pytest.mark.parametrize(
	"path", ["/api/v2/method/upload_file", "/api/method/helpdesk.extends.data_import.upload_file"]
)
def test_every_name_of_upload_file_is_under_the_contract(api: Api, seller: str, path: str) -> None:
	files = {"file": (f"{factories.make_unique('file')}.txt", b"hello")}
	reply = api(seller).request("POST", path, files=files, data={"is_private": "1"})
	assert reply.status_code == 201, reply.text
	assert reply.json()["data"]["is_private"] == 1


def test_another_name_of_set_value_is_under_the_contract(api: Api, seller: str) -> None:
	reply = api(seller).post(
		"frappe.email.inbox.set_value", doctype="Lead", name="no-such-lead", status="Open"
	)
	assert (reply.status_code, reply.json()["data"]) == (404, None)
