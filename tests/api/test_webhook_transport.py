"""Requests of webhooks on real sockets: redirects, addresses and time limits. No site needed."""

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from orchestrator.api.webhook_transport import Address, Outcome, WebhookRequest, send_requests
from tests.support.webhooks import Received, Receiver, answer_status, run_receiver


def build_request(
	url: str, timeout: float = 5, allowed: Callable[[Address], bool] = lambda _address: True
) -> WebhookRequest:
	return WebhookRequest("POST", url, {"X-Test": "1"}, b'{"a": 1}', timeout, allowed)


def send(url: str, **values: object) -> Outcome:
	(outcome,) = send_requests([build_request(url, **values)])  # type: ignore[arg-type]
	return outcome


@pytest.fixture
def receiver() -> Iterator[Receiver]:
	with run_receiver() as running:
		yield running


@pytest.mark.parametrize(
	("status", "error"),
	[
		(200, None),
		(204, None),
		(299, None),
		(301, "Redirect"),
		(307, "Redirect"),
		(400, "HTTPError"),
		(500, "HTTPError"),
	],
)
def test_statuses_of_200_to_299_accept_a_delivery(receiver: Receiver, status: int, error: str | None) -> None:
	receiver.answer = answer_status(status)
	outcome = send(receiver.url)
	assert (outcome.status_code, outcome.error, outcome.is_delivered) == (status, error, error is None)
	assert receiver.received[0].content == b'{"a": 1}'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
	with run_receiver() as inside:
		receiver.answer = answer_status(status, Location=inside.url)
		outcome = send(receiver.url)
	assert (outcome.status_code, outcome.error) == (status, "Redirect")
	assert inside.received == []


def test_nothing_is_sent_over_a_connection_to_a_forbidden_address(receiver: Receiver) -> None:
	"""As when a name leads elsewhere than when it was checked."""
	seen: list[str] = []

	def forbid(address: Address) -> bool:
		seen.append(str(address))
		return False

	outcome = send(receiver.url, allowed=forbid)
	assert (outcome.status_code, outcome.error) == (None, "InvalidWebhookTargetError")
	assert (seen, receiver.received) == (["127.0.0.1"], [])


def test_receiver_that_does_not_answer_is_given_up(receiver: Receiver) -> None:
	receiver.answer = lambda _handler, _request: receiver.stopped.wait(30) and None
	assert send(receiver.url, timeout=1).error == "Timeout"


def test_receiver_whose_answer_drips_is_given_up(receiver: Receiver) -> None:
	"""Each of its bytes comes within the time limit; all of them together do not."""

	def drip(handler: BaseHTTPRequestHandler, _request: Received) -> None:
		while not receiver.stopped.is_set():
			handler.wfile.write(b"H")
			handler.wfile.flush()
			time.sleep(0.2)

	receiver.answer = drip
	outcome = send(receiver.url, timeout=1)
	assert (outcome.error, outcome.milliseconds) == ("Timeout", 2000)


def test_long_body_of_a_response_is_not_read(receiver: Receiver) -> None:
	def flood(handler: BaseHTTPRequestHandler, _request: Received) -> None:
		handler.send_response(200)
		handler.end_headers()
		while not receiver.stopped.is_set():
			handler.wfile.write(b"x" * 65536)

	receiver.answer = flood
	assert send(receiver.url).is_delivered


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "http://no-such-host.invalid/hook"])
def test_receiver_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
	monkeypatch.setenv("NO_PROXY", "*")
	outcome = send(url)
	assert (outcome.status_code, outcome.error) == (None, "ConnectionError")


def test_outcomes_are_in_the_order_of_the_requests(receiver: Receiver) -> None:
	receiver.answer = lambda handler, request: answer_status(int(request.path.strip("/")))(handler, request)
	base = receiver.url.removesuffix("/hook")
	statuses = [200, 500, 204, 404, 410]
	outcomes = send_requests([build_request(f"{base}/{status}") for status in statuses])
	assert [outcome.status_code for outcome in outcomes] == statuses
	assert [outcome.is_gone for outcome in outcomes] == [False, False, False, False, True]


@pytest.mark.parametrize(("sent", "read"), [("120", 120), ("soon", None), ("-1", None), ("9" * 30, None)])
def test_retry_after_is_read_in_seconds(receiver: Receiver, sent: str, read: int | None) -> None:
	receiver.answer = answer_status(503, Retry_After=sent)
	assert send(receiver.url).retry_after_seconds == read


def test_no_password_of_the_servers_netrc_is_sent(
	receiver: Receiver, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
	netrc = tmp_path / "netrc"  # type: ignore[operator]
	netrc.write_text("machine 127.0.0.1 login operator password secret\n")
	monkeypatch.setenv("NETRC", str(netrc))
	assert send(receiver.url).is_delivered
	assert "authorization" not in receiver.received[0].headers
