"""The HTTP server of the simulator: one thread per connection, persistent connections, loopback only."""

import contextlib
import email.utils
import json
import os
import secrets
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orchestrator.kipu_simulator import answers
from orchestrator.kipu_simulator.control import PREFIX, control
from orchestrator.kipu_simulator.faults import Fault, Faults
from orchestrator.kipu_simulator.queries import Call, Queries, RejectedRequestError, parse_call
from orchestrator.kipu_simulator.signatures import Keys, check, get_version
from orchestrator.kipu_simulator.world import Settings, World

HOST = "127.0.0.1"
MAX_REQUEST_BODY = 1024 * 1024


class Simulator:
	"""A Kipu instance on a port of this machine.

	`with Simulator(people=100) as kipu:` serves until the block ends. `kipu.world` changes people, `kipu.faults` plays
	faults, `kipu.answers` counts what was answered by (route, status). Port 0 takes any free one.
	"""

	def __init__(
		self,
		people: int = 100,
		*,
		port: int = 0,
		settings: Settings | None = None,
		keys: Keys | None = None,
		control_token: str | None = None,
		faults: Iterable[Fault] = (),
		now: Callable[[], float] = time.time,
	) -> None:
		self.world = World(people, settings, now)
		self.queries = Queries(self.world)
		self.keys = keys or Keys()
		self.control_token = control_token or secrets.token_urlsafe(16)
		self.faults = Faults(faults)
		self.answers: Counter[tuple[str, int]] = Counter()
		self._server = Server((HOST, port), self)
		self._thread: threading.Thread | None = None
		self._stopped = threading.Event()

	@property
	def port(self) -> int:
		"""The port it listens on."""
		return self._server.server_address[1]

	@property
	def base_url(self) -> str:
		"""The base URL for a connection."""
		return f"http://{HOST}:{self.port}"

	def start(self) -> "Simulator":
		"""Serve in the background."""
		self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
		self._thread.start()
		return self

	def serve(self) -> None:
		"""Serve until interrupted."""
		try:
			self._server.serve_forever()
		finally:
			self._server.server_close()

	@property
	def stopped(self) -> bool:
		"""True once `stop` was called."""
		return self._stopped.is_set()

	def close(self) -> None:
		"""Release the port without serving."""
		self._server.server_close()

	def pause(self, seconds: float) -> None:
		"""Wait, but not for longer than this instance runs."""
		self._stopped.wait(seconds)

	def stop(self) -> None:
		"""Stop, and close every open connection."""
		self._stopped.set()
		self._server.shutdown()
		self._server.server_close()
		self._server.cut()
		if self._thread:
			self._thread.join()

	def __enter__(self) -> "Simulator":
		return self.start()

	def __exit__(self, *_: object) -> None:
		self.stop()


class Server(ThreadingHTTPServer):
	"""The socket server, with its simulator and its open connections."""

	daemon_threads = True
	block_on_close = False
	request_queue_size = 128

	def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
		self.simulator = simulator
		self.open: set[socket.socket] = set()
		super().__init__(address, Handler)

	def handle_error(self, request: Any, client_address: Any) -> None:
		"""Ignore a client that closes the connection."""

	def cut(self) -> None:
		"""Close every open connection."""
		for connection in list(self.open):
			with contextlib.suppress(OSError):
				connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
	"""One connection."""

	protocol_version = "HTTP/1.1"
	server_version = "Kipu-Simulator"
	sys_version = ""
	disable_nagle_algorithm = True
	wbufsize = 64 * 1024
	timeout = 120
	server: Server
	connection: socket.socket

	def setup(self) -> None:
		"""Register the connection, so that it can be closed."""
		super().setup()
		self.server.open.add(self.connection)

	def finish(self) -> None:
		"""Unregister the connection."""
		self.server.open.discard(self.connection)
		with contextlib.suppress(OSError):
			super().finish()

	def do_GET(self) -> None:
		"""Serve Kipu's routes and the control routes."""
		parts = urlsplit(self.path)
		body = self._read_body()
		if parts.path.startswith(PREFIX):
			return self._control(parts.path, body)
		parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
		now = self.kipu.world.get_now()
		refused = check(self.kipu.keys, self._get_headers(), self.path, parameters, body, now)
		if refused:
			return self._send("?", answers.build_refusal(refused, self.kipu.world.settings.telling))
		route = "?"
		try:
			version = get_version(self._get_headers())
			call = parse_call(parts.path, version, parameters)
			route = call.route
			if self.command != "GET":
				raise RejectedRequestError(404, "Not Found")
			return self._handle_request(call, version)
		except RejectedRequestError as rejected:
			return self._send(route, answers.build_error(rejected.status, rejected.text))

	do_POST = do_DELETE = do_PATCH = do_PUT = do_GET  # noqa: N815 - the names http.server calls

	@property
	def kipu(self) -> Simulator:
		"""The instance."""
		return self.server.simulator

	def _handle_request(self, call: Call, version: str) -> None:
		fault = self.kipu.faults.use_fault(call.route, call.page)
		if fault and fault.kind in ("reset", "hang"):
			self.kipu.pause(fault.value if fault.kind == "hang" else 0)
			return self._reset(call.route)
		reply = answers.build_answer(self.kipu.queries, call, version, fault)
		return self._send(call.route, reply, fault)

	def _control(self, path: str, body: bytes) -> None:
		token = self.headers.get("X-Control-Token", "")
		try:
			payload = control(self.kipu, self.command, path, token, body)
		except RejectedRequestError as rejected:
			return self._send("control", answers.build_error(rejected.status, rejected.text))
		return self._send("control", answers.Answer(200, json.dumps(payload).encode()))

	def _get_headers(self) -> dict[str, str]:
		"""Return headers by their usual spelling; the last of several wins."""
		return {name.title().replace("Md5", "MD5"): value for name, value in self.headers.items()}

	def _read_body(self) -> bytes:
		length = self.headers.get("Content-Length", "0")
		return self.rfile.read(min(int(length), MAX_REQUEST_BODY)) if length.isdigit() else b""

	def _send(self, route: str, reply: answers.Answer, fault: Fault | None = None) -> None:
		self.kipu.answers[route, reply.status] += 1
		self.send_response(reply.status)
		self.send_header("Content-Type", reply.content_type)
		self.send_header("Content-Length", str(len(reply.body)))
		for name, value in reply.headers.items():
			self.send_header(name, value)
		self.end_headers()
		kind = fault.kind if fault else ""
		if kind == "truncated":
			self.wfile.write(reply.body[: len(reply.body) // 2])
			self.close_connection = True
		elif kind == "slow" and fault:
			self._send_slowly(reply.body, fault.value)
		else:
			self.wfile.write(reply.body)

	def _send_slowly(self, body: bytes, seconds: float, pieces: int = 20) -> None:
		size = max(1, -(-len(body) // pieces))
		for start in range(0, len(body), size):
			self.wfile.write(body[start : start + size])
			self.wfile.flush()
			self.kipu.pause(seconds / pieces)

	def _reset(self, route: str) -> None:
		"""Close with RST instead of a reply."""
		self.kipu.answers[route, 0] += 1
		self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		# Not `close`, which waits for files on the socket and would end the connection normally.
		os.close(self.connection.detach())
		self.close_connection = True

	def date_time_string(self, timestamp: float | None = None) -> str:
		"""Return the Date header, by the instance's clock."""
		return email.utils.formatdate(timestamp or self.kipu.world.get_now(), usegmt=True)

	def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - as http.server calls it
		"""Log nothing: a request line contains the app id."""
