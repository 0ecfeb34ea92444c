"""A reverse proxy in front of the site, as nginx is one in production: it names the site, keeps what passes, and fails
on demand as networks do."""

import contextlib
import http.client
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

UPSTREAM_TIMEOUT = 120
AN_HOUR = 3600
# Each connection has its own, and the length is that of the whole body.
HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Fault(Enum):
	"""What happens to one request."""

	REQUEST_LOST = auto()  # before it reaches the site
	REPLY_LOST = auto()  # after the site has done the work
	REPLY_CUT = auto()  # in the middle of the body
	BAD_GATEWAY = auto()  # an error page in the place of the reply, after the work
	UNAVAILABLE = auto()  # 503 with Retry-After, in the place of the request
	MAINTENANCE = auto()  # 503 for an hour, told as a date
	MOVED = auto()  # a redirect to another host


REPLIES_WITHOUT_SITE: dict[Fault, tuple[int, Callable[[], dict[str, str]]]] = {
	Fault.UNAVAILABLE: (503, lambda: {"Retry-After": "0"}),
	Fault.MAINTENANCE: (503, lambda: {"Retry-After": formatdate(time.time() + AN_HOUR, usegmt=True)}),
	Fault.MOVED: (301, lambda: {"Location": "http://localhost:9/elsewhere"}),
}


@dataclass(frozen=True)
class Exchange:
	"""A request as the client sent it, and what the site answered, if it was asked."""

	verb: str
	path: str
	headers: dict[str, str]
	body: bytes
	status: int | None = None
	reply_headers: http.client.HTTPMessage | None = None
	reply: bytes = b""


@dataclass
class Gateway:
	"""The proxy of one site."""

	upstream: str
	site: str
	base: str = ""
	exchanges: list[Exchange] = field(default_factory=list)
	faults: deque[Fault] = field(default_factory=deque)

	def reset(self, *faults: Fault) -> None:
		"""Forget what has passed; the next requests meet these faults, one each."""
		self.exchanges.clear()
		self.faults.clear()
		self.faults.extend(faults)

	def forward(self, request: Exchange) -> Exchange:
		"""Ask the site."""
		address = urlsplit(self.upstream)
		with contextlib.closing(
			http.client.HTTPConnection(str(address.hostname), address.port, timeout=UPSTREAM_TIMEOUT)
		) as connection:
			headers = {name: value for name, value in request.headers.items() if name not in HOP_HEADERS}
			connection.request(request.verb, request.path, request.body, {**headers, "host": self.site})
			reply = connection.getresponse()
			content = reply.read()
		return Exchange(
			**{**vars(request), "status": reply.status, "reply_headers": reply.headers, "reply": content}
		)


@contextlib.contextmanager
def run_gateway(upstream: str, site: str) -> Iterator[Gateway]:
	"""Serve until the context ends."""
	gateway = Gateway(upstream, site)
	handler = type("Handler", (_Handler,), {"gateway": gateway})
	server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
	server.daemon_threads = True
	gateway.base = f"http://127.0.0.1:{server.server_address[1]}"
	thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
	thread.start()
	try:
		yield gateway
	finally:
		server.shutdown()
		server.server_close()


class _Handler(BaseHTTPRequestHandler):
	gateway: Gateway
	protocol_version = "HTTP/1.1"

	def handle_request(self) -> None:
		request = self._read_request()
		fault = self.gateway.faults.popleft() if self.gateway.faults else None
		is_asked = fault not in (Fault.REQUEST_LOST, *REPLIES_WITHOUT_SITE)
		exchange = self.gateway.forward(request) if is_asked else request
		self.gateway.exchanges.append(exchange)
		self._answer(exchange, fault)

	do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_request  # noqa: N815  # http.server's names

	def _read_request(self) -> Exchange:
		assert "Transfer-Encoding" not in self.headers, "the clients send the length of a body"
		body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
		headers = {name.lower(): value for name, value in self.headers.items()}
		return Exchange(self.command, self.path, headers, body)

	def _answer(self, exchange: Exchange, fault: Fault | None) -> None:
		if fault in (Fault.REQUEST_LOST, Fault.REPLY_LOST):
			self._hang_up()
		elif fault is Fault.BAD_GATEWAY:
			self._write(502, {"Content-Type": "text/html"}, b"<html>502 Bad Gateway</html>")
		elif fault in REPLIES_WITHOUT_SITE:
			status, build_headers = REPLIES_WITHOUT_SITE[fault]
			self._write(status, {"Content-Type": "text/html", **build_headers()}, b"<html></html>")
		else:
			headers = {
				name: value
				for name, value in (exchange.reply_headers or {}).items()
				if name.lower() not in HOP_HEADERS
			}
			self._write(int(exchange.status or 0), headers, exchange.reply, is_cut=fault is Fault.REPLY_CUT)

	def _write(self, status: int, headers: dict[str, str], body: bytes, is_cut: bool = False) -> None:
		self.send_response_only(status)
		for name, value in headers.items():
			self.send_header(name, value)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body[: len(body) // 2] if is_cut else body)
		if is_cut:
			self._hang_up()

	def _hang_up(self) -> None:
		self.close_connection = True
		self.wfile.flush()
		self.connection.shutdown(socket.SHUT_RDWR)

	def log_message(self, *_args: Any) -> None:
		pass
