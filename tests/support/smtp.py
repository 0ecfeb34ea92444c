"""A mail server for tests: accepts every mail on localhost and stores it."""

import contextlib
import email
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message


@dataclass
class Sink:
	"""The address of the server, and the received mails with the recipients of their envelopes."""

	port: int
	mails: list[tuple[list[str], Message]] = field(default_factory=list)


class Session(socketserver.StreamRequestHandler):
	"""One client's SMTP session, as far as a plain client needs."""

	def handle(self) -> None:
		recipients: list[str] = []
		self.send_line("220 sink")
		while line := self.rfile.readline().decode().strip():
			verb = line.split(":")[0].upper()
			if verb == "RCPT TO":
				recipients.append(line.split("<")[1].split(">")[0])
			elif verb == "DATA":
				self.send_line("354 go on")
				self.server.sink.mails.append((recipients, self.receive_mail()))
				recipients = []
			self.send_line("221 bye" if verb == "QUIT" else "250 ok")
			if verb == "QUIT":
				return

	def send_line(self, line: str) -> None:
		self.wfile.write(f"{line}\r\n".encode())

	def receive_mail(self) -> Message:
		lines = []
		while (line := self.rfile.readline()) not in (b".\r\n", b""):
			lines.append(line.removeprefix(b"."))
		return email.message_from_bytes(b"".join(lines))


class Server(socketserver.ThreadingTCPServer):
	"""Does not wait for clients that keep their connections open."""

	daemon_threads = True
	block_on_close = False


@contextlib.contextmanager
def serve_smtp() -> Iterator[Sink]:
	"""Run a server on a free port until the context ends."""
	with Server(("127.0.0.1", 0), Session) as server:
		server.sink = Sink(server.server_address[1])
		thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
		thread.start()
		try:
			yield server.sink
		finally:
			server.shutdown()
			thread.join()
