"""HTTP requests of webhooks, several at a time: no redirects, no private addresses, and none takes longer than it may.
No Frappe, because they run in threads.
"""

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
GONE = 410
TOO_MANY_REQUESTS = 429
# Beyond its timeout a request that is still running is ended from outside, such as one whose response drips.
GRACE_SECONDS = 1.0
TIMEOUT = "Timeout"
REDIRECT = "Redirect"
FORBIDDEN_ADDRESS = "InvalidWebhookTargetError"


class ForbiddenAddressError(Exception):
	"""The host has led to an address that the webhook may not reach."""


@dataclass(frozen=True)
class WebhookRequest:
	"""A request to send. `timeout` is in seconds, for the whole of it."""

	method: str
	url: str
	headers: Mapping[str, str]
	body: bytes
	timeout: float
	is_address_allowed: Callable[[Address], bool]


@dataclass(frozen=True)
class Outcome:
	"""What became of a request: the status of the response, or the kind of error without one."""

	status_code: int | None = None
	error: str | None = None
	milliseconds: int = 0
	retry_after_seconds: int | None = None

	@property
	def is_delivered(self) -> bool:
		return self.error is None

	@property
	def is_gone(self) -> bool:
		return self.status_code == GONE

	@property
	def is_unavailable(self) -> bool:
		"""Return True if the receiver would hardly accept another request at this moment."""
		return self.status_code is None or self.status_code >= 500 or self.status_code == TOO_MANY_REQUESTS


def send_requests(wanted: Sequence[WebhookRequest]) -> list[Outcome]:
	"""Send requests at the same time. Return their outcomes in the same order."""
	attempts = [_Attempt(request) for request in wanted]
	pool = ThreadPoolExecutor(max_workers=max(len(attempts), 1))
	futures = [pool.submit(attempt.send) for attempt in attempts]
	pool.shutdown(wait=False)
	started = time.monotonic()
	return [
		_await_outcome(attempt, future, started) for attempt, future in zip(attempts, futures, strict=True)
	]


def _await_outcome(attempt: "_Attempt", future: "Future[Outcome]", started: float) -> Outcome:
	"""Return the outcome of an attempt. End it once its time is over."""
	limit = attempt.request.timeout + GRACE_SECONDS
	wait([future], timeout=max(started + limit - time.monotonic(), 0))
	if future.done():
		return future.result()
	attempt.abort()
	return Outcome(error=TIMEOUT, milliseconds=round(limit * 1000))


class _Attempt:
	"""One request, and the connection that it uses."""

	def __init__(self, request: WebhookRequest) -> None:
		self.request = request
		self._connections: list[HTTPConnection] = []

	def send(self) -> Outcome:
		"""Send the request. Its response is not read beyond the headers."""
		started = time.monotonic()
		status, error, retry_after = None, None, None
		try:
			with self._open_session() as session, self._request(session) as response:
				status = response.status_code
				error = _classify_status(status)
				retry_after = _parse_retry_after(response.headers.get("Retry-After"))
		except ForbiddenAddressError:
			error = FORBIDDEN_ADDRESS
		except requests.Timeout:
			error = TIMEOUT
		except (requests.RequestException, OSError, ValueError) as failure:
			error = type(failure).__name__
		return Outcome(status, error, round((time.monotonic() - started) * 1000), retry_after)

	def abort(self) -> None:
		"""End the request by closing its connection."""
		for connection in self._connections:
			with contextlib.suppress(OSError, AttributeError):
				connection.sock.shutdown(socket.SHUT_RDWR)

	def _request(self, session: requests.Session) -> requests.Response:
		request = self.request
		return session.request(
			request.method,
			request.url,
			data=request.body,
			headers=dict(request.headers),
			timeout=request.timeout,
			allow_redirects=False,
			stream=True,
		)

	def _open_session(self) -> requests.Session:
		session = requests.Session()
		session.auth = lambda prepared: prepared  # none from a .netrc file of the server
		adapter = build_adapter(self.request.is_address_allowed, self._connections.append)
		session.mount("http://", adapter)
		session.mount("https://", adapter)
		return session


def build_adapter(
	is_address_allowed: Callable[[Address], bool],
	on_connection: Callable[[HTTPConnection], None] = lambda _connection: None,
) -> HTTPAdapter:
	"""Return an adapter that checks the address of each new connection before anything is sent: the host's name may have
	led elsewhere before. Connections to a proxy that the server is set to use are not checked: the proxy decides where
	they lead.

	Args:
		is_address_allowed: Returns True for an address that may be reached. It runs in the thread of the request.
		on_connection: Called with each connection.
	"""

	def check(connection: HTTPConnection, sock: socket.socket) -> None:
		on_connection(connection)
		address = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
		if not is_address_allowed(address):
			sock.close()
			raise ForbiddenAddressError

	class CheckedConnection(HTTPConnection):
		def _new_conn(self) -> socket.socket:
			sock = super()._new_conn()
			check(self, sock)
			return sock

	class CheckedSecureConnection(HTTPSConnection):
		def _new_conn(self) -> socket.socket:
			sock = super()._new_conn()
			check(self, sock)
			return sock

	class CheckedPool(HTTPConnectionPool):
		ConnectionCls: Any = CheckedConnection

	class CheckedSecurePool(HTTPSConnectionPool):
		ConnectionCls: Any = CheckedSecureConnection

	adapter = HTTPAdapter()
	adapter.poolmanager.pool_classes_by_scheme = {"http": CheckedPool, "https": CheckedSecurePool}
	return adapter


def _classify_status(status: int) -> str | None:
	"""Return None for a status that accepts the delivery, and the kind of error for any other."""
	if 200 <= status < 300:
		return None
	return REDIRECT if 300 <= status < 400 else "HTTPError"


def _parse_retry_after(value: str | None) -> int | None:
	"""Return the seconds of a Retry-After header. Dates are left out."""
	return int(value) if value and value.isascii() and value.isdigit() and len(value) < 8 else None
