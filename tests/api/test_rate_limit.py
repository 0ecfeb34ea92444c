"""The token bucket: its arithmetic, computed by hand, and its effect on callers."""

import time
from collections.abc import Callable, Iterator

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_error
from tests.support.rate_limits import override_rate_limit

METHOD = "frappe.client.get_list"
Api = Callable[[str], Client]


@pytest.fixture
def small_buckets(site: str) -> Iterator[None]:
	"""Set three tokens for a user, two for a guest, refilled at one per minute."""
	with override_rate_limit(
		rate_limit_per_minute=1, rate_limit_user_capacity=3, rate_limit_guest_capacity=2
	):
		yield


def test_what_is_left_means(site: str) -> None:
	from orchestrator.api.limits import compute_allowance

	granted = compute_allowance(True, tokens=94.5, now=1000.0, per_minute=100, capacity=100)
	assert (granted.limit, granted.remaining, granted.retry_after) == (100, 94, 0)
	assert granted.reset == 1004  # 5.5 tokens at 100 a minute take 3.3 s
	refused = compute_allowance(False, tokens=0.25, now=1000.0, per_minute=100, capacity=100)
	assert (refused.remaining, refused.retry_after) == (0, 1)  # 0.75 tokens take 0.45 s
	slow = compute_allowance(False, tokens=0.5, now=1000.0, per_minute=1, capacity=3)
	assert slow.retry_after == 30
	assert slow.reset == 1150  # 2.5 tokens at one a minute


def test_a_user_has_the_burst_and_then_429(api: Api, small_buckets: None) -> None:
	client = api(factories.make_user("Sales User").name)
	left = [client.get(METHOD, doctype="Lead").headers["X-RateLimit-Remaining"] for _ in range(3)]
	assert left == ["2", "1", "0"]
	reply = client.get(METHOD, doctype="Lead")
	assert get_error(reply) == (429, "TooManyRequestsError")
	body = reply.json()
	assert body["exc_type"] == "TooManyRequestsError"
	assert body["data"] is None
	assert reply.headers["X-RateLimit-Limit"] == "1"
	assert reply.headers["X-RateLimit-Remaining"] == "0"
	assert 0 < int(reply.headers["Retry-After"]) <= 60
	full_at = int(reply.headers["X-RateLimit-Reset"]) - time.time()
	assert 120 < full_at <= 181


def test_errors_and_every_path_count(api: Api, small_buckets: None) -> None:
	client = api(factories.make_user("Sales User").name)
	assert client.get(METHOD, doctype="No Such").headers["X-RateLimit-Remaining"] == "2"
	assert client.request("GET", f"/api/v2/method/{METHOD}").headers["X-RateLimit-Remaining"] == "1"
	assert client.request("GET", "/?cmd=orchestrator.no.such").headers["X-RateLimit-Remaining"] == "0"
	assert get_error(client.request("GET", f"/api/v1/method/{METHOD}")) == (429, "TooManyRequestsError")


def test_browser_headers_exempt_no_token(api: Api, small_buckets: None) -> None:
	client = api(factories.make_user("Sales User").name)
	client.headers["X-Requested-With"] = "XMLHttpRequest"
	statuses = [client.get(METHOD, doctype="Lead").status_code for _ in range(4)]
	assert statuses == [200, 200, 200, 429]


def test_guests_and_failed_authentications_share_the_bucket_of_their_address(
	guest: Client, small_buckets: None
) -> None:
	wrong = {"Authorization": "token wrong:wrong"}
	assert get_error(guest.get(METHOD, doctype="Lead")) == (401, "AuthenticationError")
	assert get_error(guest.get(METHOD, headers=wrong, doctype="Lead")) == (401, "AuthenticationError")
	reply = guest.get(METHOD, headers=wrong, doctype="Lead")
	assert get_error(reply) == (429, "TooManyRequestsError")
	assert int(reply.headers["Retry-After"]) > 0
	assert get_error(guest.get(METHOD, doctype="Lead")) == (429, "TooManyRequestsError")


def test_a_browser_session_is_not_counted(browser: Callable[[str, str], Client], small_buckets: None) -> None:
	desk = browser(factories.make_user("Sales User").name, factories.PASSWORD)
	replies = [desk.get(METHOD, doctype="Lead") for _ in range(5)]
	assert [reply.status_code for reply in replies] == [200] * 5
	assert "X-RateLimit-Limit" not in replies[0].headers


def test_without_redis_requests_pass(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
	import redis

	from orchestrator.api import limits

	def away(*_args: object) -> None:
		raise redis.exceptions.ConnectionError

	monkeypatch.setattr(limits, "run_script", away)
	monkeypatch.setattr(limits, "last_warning", float("-inf"))
	warnings: list[tuple] = []
	monkeypatch.setattr(limits, "frappe", _FrappeWithLog(warnings))
	assert limits.charge_token("user:x", 10) is None
	assert limits.charge_token("user:x", 10) is None
	assert len(warnings) == 1


class _FrappeWithLog:
	"""frappe, with a logger that collects its messages."""

	def __init__(self, warnings: list[tuple]) -> None:
		self.warnings = warnings

	def __getattr__(self, name: str) -> object:
		return getattr(frappe, name)

	def logger(self, _name: str) -> "_FrappeWithLog":
		return self

	def warning(self, *args: object) -> None:
		self.warnings.append(args)
