"""Common parts of the Kipu tests: clients for a simulator, raw records, and a server that sends raw bytes."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.http.http_session import HttpSession, Policy
from orchestrator.sync.kipu.client import Credentials, KipuClient

PERSON_ID = "550e8400-e29b-41d4-a716-446655440000"
LOOPBACK = ("127.0.0.1",)


def make_quick_session(waits: list[float] | None = None, **policy: Any) -> HttpSession:
	"""Create a session that does not wait. The omitted waits are added to `waits`."""
	settings = {
		"requests_per_second": 1e9,
		"max_attempts": 3,
		"connect_timeout": 2,
		"read_timeout": 2,
		**policy,
	}
	slept = waits if waits is not None else []
	return HttpSession(Policy(**settings), sleep=slept.append, jitter=lambda: 0.5)


def make_kipu_client(
	kipu: Simulator, *, version: int = 3, session: HttpSession | None = None, **options: Any
) -> KipuClient:
	"""Create a client with the simulator's own credentials, unless `credentials` says otherwise."""
	keys = kipu.keys
	credentials = options.pop("credentials", None) or Credentials(
		keys.access_id, keys.secret_key, keys.app_id
	)
	return KipuClient(
		credentials,
		kipu.base_url,
		version,
		session or make_quick_session(),
		allowed_hosts=LOOPBACK,
		**options,
	)


def build_raw_record(**changes: Any) -> dict[str, Any]:
	"""Return a small valid record."""
	return {"casefile_id": f"12:{PERSON_ID}", "location_id": "1", **changes}


class RawServer:
	"""Answers the n-th request with the n-th of `answers` (bytes, or a function of the connection), then the last again.

	`requests` holds what arrived, byte for byte, up to the end of the headers.
	"""

	def __init__(self, *answers: bytes | Callable[[socket.socket], None]) -> None:
		self.answers = answers
		self.requests: list[bytes] = []
		self._socket = socket.create_server(("127.0.0.1", 0))
		self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

	def __enter__(self) -> "RawServer":
		threading.Thread(target=self._serve, daemon=True).start()
		return self

	def __exit__(self, *_: object) -> None:
		# Wakes the thread that waits in accept, which closing alone does not do.
		with suppress(OSError):
			self._socket.shutdown(socket.SHUT_RDWR)
		self._socket.close()

	def _serve(self) -> None:
		with suppress(OSError):
			while True:
				connection, _ = self._socket.accept()
				with connection, suppress(OSError):
					self._answer(connection)

	def _answer(self, connection: socket.socket) -> None:
		received = b""
		while b"\r\n\r\n" not in received:
			piece = connection.recv(65536)
			if not piece:
				return
			received += piece
		answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
		self.requests.append(received)
		if callable(answer):
			answer(connection)
		else:
			connection.sendall(answer)


def build_http_answer(
	status: int = 200, body: bytes = b"{}", content_type: str = "application/json", **headers: str
) -> bytes:
	"""Return the bytes of a reply, after which the connection closes."""
	lines = [
		f"HTTP/1.1 {status} X",
		f"Content-Type: {content_type}",
		f"Content-Length: {len(body)}",
		"Connection: close",
	]
	lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
	return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
