"""The HTTP session: the requests it sends, its waits, and its handling of replies."""

import email.utils
import gzip
import pickle
import socket
import struct
import time

import pytest

from orchestrator.sync import errors
from orchestrator.sync.errors import (
	AccessDeniedError,
	InvalidAccessIdError,
	InvalidConfigurationError,
	MalformedPageError,
	RecordNotFoundError,
	ResponseTooLargeError,
	RetriesExhaustedError,
	RouteDisabledError,
	TerminalError,
	UnsafeUrlError,
)
from orchestrator.sync.http import http_session
from orchestrator.sync.http.allowed_hosts import validate_base_url
from orchestrator.sync.http.http_session import (
	HttpSession,
	Policy,
	RateLimiter,
	Reply,
	Request,
	parse_retry_after,
)
from tests.support.kipu_wire import RawServer, build_http_answer, make_quick_session

CANARY = "CANARY-7f3a"


def fetch(
	server: RawServer, session: HttpSession, path: str = f"/x?secret={CANARY}", read=lambda reply: reply.body
):
	return session.get("some/route", lambda: Request(server.base_url + path, {"Authorization": CANARY}), read)


class FakeTime:
	"""A clock that moves only by sleeping."""

	def __init__(self):
		self.now = 100.0
		self.slept: list[float] = []

	def clock(self) -> float:
		return self.now

	def sleep(self, seconds: float) -> None:
		self.slept.append(round(seconds, 6))
		self.now += seconds


@pytest.mark.parametrize(
	("url", "allowed", "expected"),
	[
		("https://api.kipuapi.com", ["api.kipuapi.com"], "https://api.kipuapi.com"),
		(" https://API.kipuapi.com:443/ ", ["api.kipuapi.com"], "https://api.kipuapi.com"),
		("https://eu.kipuapi.com:8443", ["*.kipuapi.com"], "https://eu.kipuapi.com:8443"),
		("http://127.0.0.1:8790", ["127.0.0.1"], "http://127.0.0.1:8790"),
		("http://localhost/", ["localhost"], "http://localhost"),
		("http://[::1]:80", ["::1"], "http://[::1]"),
	],
)
def test_an_allowed_address_gets_one_form(url, allowed, expected):
	assert validate_base_url(url, allowed) == expected


@pytest.mark.parametrize(
	("url", "reason"),
	[
		("http://api.kipuapi.com", "scheme"),
		("ftp://api.kipuapi.com", "scheme"),
		("api.kipuapi.com", "scheme"),
		("", "scheme"),
		("https://elsewhere.example", "not_allowed"),
		("https://api.kipuapi.com.elsewhere.example", "not_allowed"),
		("https://127.0.0.1", "not_allowed"),
		("http://127.0.0.1:8790", "not_allowed"),
		("http://10.0.0.1", "scheme"),
		("https://api.kipuapi.com@elsewhere.example", "credentials"),
		("https://user:secret@api.kipuapi.com", "credentials"),
		("https://api.kipuapi.com/api", "path"),
		("https://api.kipuapi.com/?x=1", "path"),
		("https://api.kipuapi.com#x", "path"),
		("https://api.kipuapi.com\\.elsewhere.example", "form"),
		("https://api.kipuapi.com:no", "form"),
		("https://api.kipu api.com", "form"),
		("https://", "form"),
		("https://-.com", "host"),
	],
)
def test_any_other_address_is_refused_with_the_reason_and_without_the_address(url, reason):
	with pytest.raises(UnsafeUrlError) as caught:
		validate_base_url(url)
	assert caught.value.reason == reason
	assert str(caught.value) == reason


def test_a_subdomain_pattern_does_not_allow_a_name_that_merely_ends_alike():
	with pytest.raises(UnsafeUrlError, match="not_allowed"):
		validate_base_url("https://evilkipuapi.com", ["*.kipuapi.com"])


def test_calls_leave_evenly_at_the_budget():
	fake = FakeTime()
	pacer = RateLimiter(4, fake.clock, fake.sleep)
	for _ in range(3):
		pacer.acquire()
	fake.now += 10
	pacer.acquire()
	pacer.acquire()
	assert fake.slept == [0.25, 0.25, 0.25]


def test_a_budget_of_nothing_is_an_error():
	with pytest.raises(ValueError, match="per_second"):
		RateLimiter(0)


@pytest.mark.parametrize(
	("header", "seconds"),
	[
		("120", 120.0),
		(" 0 ", 0.0),
		("Thu, 07 Nov 2019 20:09:59 GMT", 60.0),
		("Thu, 07 Nov 2019 19:00:00 GMT", 0.0),
		("soon", None),
		("-5", None),
		("", None),
		(None, None),
		("Thu, 07 Nov", None),
	],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header, seconds, monkeypatch):
	now = email.utils.mktime_tz(email.utils.parsedate_tz("Thu, 07 Nov 2019 20:08:59 GMT"))
	monkeypatch.setattr(time, "time", lambda: float(now))
	assert parse_retry_after(header) == seconds


def test_the_request_is_sent_as_built_without_added_headers():
	with RawServer(build_http_answer(body=b"[]")) as server:
		assert fetch(server, make_quick_session(), "/a%2Fb?x=%C3%A9&y=a%20b&z=~") == b"[]"
	head = server.requests[0].decode()
	assert head.startswith("GET /a%2Fb?x=%C3%A9&y=a%20b&z=~ HTTP/1.1\r\n")
	names = {line.partition(":")[0].lower() for line in head.splitlines()[1:] if line}
	assert names == {"host", "accept-encoding", "user-agent", "authorization"}


@pytest.mark.parametrize(
	("status", "error"),
	[
		(400, InvalidConfigurationError),
		(422, InvalidConfigurationError),
		(301, InvalidConfigurationError),
		(308, InvalidConfigurationError),
		(401, InvalidAccessIdError),
		(403, AccessDeniedError),
		(404, RecordNotFoundError),
		(410, RouteDisabledError),
		(409, TerminalError),
	],
)
def test_a_status_that_needs_a_person_is_raised_at_once(status, error):
	session = make_quick_session()
	with RawServer(build_http_answer(status, b'{"errors": "CANARY-7f3a"}', Location="/elsewhere")) as server:
		with pytest.raises(error) as caught:
			fetch(server, session)
		assert type(caught.value) is error
		assert (caught.value.route, caught.value.status, caught.value.length) == ("some/route", status, 25)
		assert len(server.requests) == 1
	assert caught.value.retryable is False


def test_403_says_the_three_things_it_can_be():
	text = str(AccessDeniedError("patients/census", 403, 12))
	assert "secret key" in text
	assert "app ID" in text
	assert "permission" in text
	assert text.endswith("(patients/census, status 403, 12 bytes)")


@pytest.mark.parametrize("status", [302, 303, 307, 408, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_again(status):
	waits: list[float] = []
	with RawServer(
		build_http_answer(status), build_http_answer(status), build_http_answer(body=b"ok")
	) as server:
		assert fetch(server, make_quick_session(waits)) == b"ok"
	assert waits == [0.5, 1.0]


def test_exhausted_retries_report_the_last_response():
	waits: list[float] = []
	with RawServer(build_http_answer(503, b"123")) as server, pytest.raises(RetriesExhaustedError) as caught:
		fetch(server, make_quick_session(waits))
	assert (caught.value.status, caught.value.length, caught.value.cause) == (503, 3, "TransientError")
	assert caught.value.retryable is True
	assert waits == [0.5, 1.0]


def test_backoff_doubles_up_to_half_the_longest_wait():
	waits: list[float] = []
	with RawServer(build_http_answer(500)) as server, pytest.raises(RetriesExhaustedError):
		fetch(server, make_quick_session(waits, max_attempts=6, max_wait=6))
	assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_no_attempt_starts_after_the_longest_time():
	waits: list[float] = []
	with RawServer(build_http_answer(500)) as server, pytest.raises(RetriesExhaustedError):
		fetch(server, make_quick_session(waits, max_attempts=6, max_elapsed=0.0))
	assert waits == []


def test_jitter_spreads_the_waits():
	waits: list[float] = []
	session = HttpSession(
		Policy(requests_per_second=1e9, max_attempts=2), sleep=waits.append, jitter=lambda: 0.0
	)
	with RawServer(build_http_answer(500)) as server, pytest.raises(RetriesExhaustedError):
		fetch(server, session)
	assert waits == [0.25]


def test_retry_after_is_honoured_and_never_undercut():
	waits: list[float] = []
	with RawServer(build_http_answer(429, Retry_After="7"), build_http_answer(body=b"ok")) as server:
		assert fetch(server, make_quick_session(waits)) == b"ok"
	assert waits == [7.25]


def test_retry_after_as_a_date_is_honoured(monkeypatch):
	monkeypatch.setattr(time, "time", lambda: 1573157339.0)
	waits: list[float] = []
	session = HttpSession(Policy(requests_per_second=1e9), sleep=waits.append, jitter=lambda: 0.0)
	answer = build_http_answer(503, Retry_After="Thu, 07 Nov 2019 20:09:29 GMT")
	with RawServer(answer, build_http_answer(body=b"ok")) as server:
		assert fetch(server, session) == b"ok"
	assert waits == [30.0]


def test_a_wait_longer_than_allowed_ends_the_run_instead_of_blocking_it():
	waits: list[float] = []
	with (
		RawServer(build_http_answer(429, Retry_After="3600")) as server,
		pytest.raises(RetriesExhaustedError) as caught,
	):
		fetch(server, make_quick_session(waits, max_wait=120))
	assert caught.value.retry_after == 3600.0
	assert waits == []
	assert len(server.requests) == 1


def test_each_attempt_is_built_and_signed_again():
	built: list[int] = []
	with RawServer(build_http_answer(500), build_http_answer(body=b"ok")) as server:

		def build() -> Request:
			built.append(len(built))
			return Request(server.base_url + "/x", {"Date": f"attempt {len(built)}"})

		make_quick_session().get("r", build, lambda reply: reply.body)
	assert [b"Date: attempt 1" in server.requests[0], b"Date: attempt 2" in server.requests[1]] == [
		True,
		True,
	]


def test_a_malformed_page_is_tried_again():
	def read(reply: Reply) -> bytes:
		if reply.body == b"bad":
			raise MalformedPageError(reply.route, reply.status, len(reply.body), "json")
		return reply.body

	with RawServer(build_http_answer(body=b"bad"), build_http_answer(body=b"good")) as server:
		assert fetch(server, make_quick_session(), read=read) == b"good"


def test_a_body_shorter_than_promised_is_a_failed_page():
	short = build_http_answer(body=b"0123456789").removesuffix(b"56789")
	with RawServer(short) as server, pytest.raises(RetriesExhaustedError) as caught:
		fetch(server, make_quick_session())
	assert caught.value.cause in ("length", "IncompleteRead", "ProtocolError")
	assert len(server.requests) == 3


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
ZIPPED = gzip.compress(b"[" + b"1," * 100_000 + b"1]")


def test_a_compressed_body_is_unpacked_and_its_length_is_that_on_the_wire():
	with RawServer(build_http_answer(body=ZIPPED, Content_Encoding="gzip")) as server:
		assert len(fetch(server, make_quick_session())) == 200_003


def test_a_body_in_chunks_is_put_together_compressed_or_not():
	plain = CHUNKED + b"\r\n4\r\n[1,2\r\n3\r\n,3]\r\n0\r\n\r\n"
	zipped = CHUNKED + b"Content-Encoding: gzip\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(ZIPPED), ZIPPED)
	with RawServer(plain, zipped) as server:
		assert fetch(server, make_quick_session()) == b"[1,2,3]"
		assert len(fetch(server, make_quick_session())) == 200_003


def test_chunks_that_end_early_are_a_failed_page():
	with RawServer(CHUNKED + b"\r\n4\r\n[1,2\r\n") as server, pytest.raises(RetriesExhaustedError) as caught:
		fetch(server, make_quick_session())
	assert caught.value.cause in ("IncompleteRead", "InvalidChunkLength", "ProtocolError")
	assert len(server.requests) == 3


def test_a_small_body_that_unpacks_beyond_the_cap_is_refused():
	bomb = gzip.compress(b" " * 50_000_000)
	answer = build_http_answer(body=bomb, Content_Encoding="gzip")
	with RawServer(answer) as server, pytest.raises(ResponseTooLargeError):
		fetch(server, make_quick_session(max_body=1_000_000))


def test_a_body_with_a_wrong_encoding_is_a_failed_page():
	with (
		RawServer(build_http_answer(body=b"no gzip", Content_Encoding="gzip")) as server,
		pytest.raises(RetriesExhaustedError) as caught,
	):
		fetch(server, make_quick_session())
	assert caught.value.cause == "DecodeError"


def test_a_body_beyond_the_cap_is_not_read_to_its_end():
	with (
		RawServer(build_http_answer(body=b"x" * 300_000)) as server,
		pytest.raises(ResponseTooLargeError) as caught,
	):
		fetch(server, make_quick_session(max_body=100_000))
	assert 100_000 < caught.value.length < 300_000


def send_slowly(connection: socket.socket) -> None:
	"""Send a body that takes twenty seconds."""
	connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
	for _ in range(1000):
		connection.sendall(b"x")
		time.sleep(0.02)


def test_a_body_that_drips_meets_its_deadline():
	with RawServer(send_slowly) as server, pytest.raises(RetriesExhaustedError) as caught:
		fetch(server, make_quick_session(body_timeout=0.1, max_attempts=1))
	assert caught.value.cause == "SlowBody"


def test_who_waits_for_a_body_that_drips_may_give_up(monkeypatch):
	monkeypatch.setattr(http_session, "HEARTBEAT_AFTER_SECONDS", 0.05)

	def give_up(seconds: float) -> None:
		if seconds == 0:
			raise KeyError("given up")

	session = HttpSession(Policy(requests_per_second=1e9), sleep=give_up)
	with RawServer(send_slowly) as server, pytest.raises(KeyError, match="given up"):
		fetch(server, session)


def test_silence_times_out():
	with (
		RawServer(lambda connection: time.sleep(1)) as server,
		pytest.raises(RetriesExhaustedError) as caught,
	):
		fetch(server, make_quick_session(read_timeout=0.1, max_attempts=1))
	assert caught.value.cause == "ReadTimeout"


def test_a_reset_connection_is_tried_again():
	def reset(connection: socket.socket) -> None:
		connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

	with RawServer(reset, build_http_answer(body=b"ok")) as server:
		assert fetch(server, make_quick_session()) == b"ok"


def test_connection_refused_is_reported_by_error_class_alone():
	with socket.create_server(("127.0.0.1", 0)) as taken:
		port = taken.getsockname()[1]
	with pytest.raises(RetriesExhaustedError) as caught:
		make_quick_session().get(
			"r", lambda: Request(f"http://127.0.0.1:{port}/?q={CANARY}", {}), lambda reply: reply
		)
	assert caught.value.cause == "ConnectionError"


def test_the_remote_clock_is_noted():
	session = HttpSession(Policy(requests_per_second=1e9), now=lambda: 1573157339.0)
	assert session.clock_offset is None
	with RawServer(build_http_answer(Date="Thu, 07 Nov 2019 20:28:59 GMT")) as server:
		fetch(server, session)
	assert session.clock_offset == 1200.0


def test_no_secret_is_in_the_chain_or_frames_of_an_error():
	def read(reply: Reply) -> None:
		body = reply.body
		raise MalformedPageError(reply.route, reply.status, len(body), "json")

	with (
		RawServer(build_http_answer(body=CANARY.encode())) as server,
		pytest.raises(RetriesExhaustedError) as caught,
	):
		fetch(server, make_quick_session(), read=read)
	assert caught.value.__context__ is None
	assert caught.value.__cause__ is None
	frame = caught.value.__traceback__.tb_next.tb_next
	assert frame.tb_frame.f_code.co_name == "get"
	while frame:
		assert CANARY not in repr(frame.tb_frame.f_locals)
		frame = frame.tb_next


@pytest.mark.parametrize(
	"name",
	["SyncError", "TransientError", "RetriesExhaustedError", "AccessDeniedError", "MalformedPageError"],
)
def test_errors_survive_pickling_since_job_queues_store_them(name):
	error = getattr(errors, name)("patients/latest", 503, 12, "json")
	copy = pickle.loads(pickle.dumps(error))  # noqa: S301
	assert (type(copy), str(copy), repr(copy)) == (type(error), str(error), repr(error))
