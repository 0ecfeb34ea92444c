"""HTTP for a remote that fails, throttles and holds private data.

One GET at a time, with timeouts, a rate budget, bounded retries that honour Retry-After, no redirects and a
limit on the body. Errors are those of `orchestrator.sync.errors`. They are raised from frames without body,
URL or header, and without a chain to such frames, because Frappe's error log keeps the local variables of
every frame.
"""

import email.utils
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from tenacity import RetryCallState, Retrying, retry_if_result

from orchestrator.sync.errors import (
	AccessDeniedError,
	InvalidAccessIdError,
	InvalidConfigurationError,
	MalformedPageError,
	RecordNotFoundError,
	ResponseTooLargeError,
	RetriesExhaustedError,
	RouteDisabledError,
	SyncError,
	TerminalError,
	TransientError,
)
from orchestrator.sync.http.allowed_hosts import is_loopback

T = TypeVar("T")

CHUNK_BYTES = 64 * 1024
HEARTBEAT_AFTER_SECONDS = 1.0

TERMINAL_ERRORS: Mapping[int, type[TerminalError]] = {
	301: InvalidConfigurationError,
	308: InvalidConfigurationError,
	400: InvalidConfigurationError,
	401: InvalidAccessIdError,
	403: AccessDeniedError,
	404: RecordNotFoundError,
	410: RouteDisabledError,
	422: InvalidConfigurationError,
}
# Causes that the text of a refusal may name.
REFUSAL_HINTS: Mapping[str, tuple[bytes, ...]] = {
	"signature": (b"signature", b"hmac", b"secret"),
	"app_id": (b"app_id", b"app id", b"recipient"),
	"clock": (b"clock", b"expired", b"timestamp"),
	"permission": (b"permission", b"not permitted"),
}
# A temporary redirect leads to a maintenance page; other statuses are documented as temporary.
TRANSIENT_STATUSES = frozenset({302, 303, 307, 408, 425, 429})


@dataclass(frozen=True, slots=True)
class Policy:
	"""Timeouts, retries and rate of a session. Times in seconds, sizes in bytes."""

	connect_timeout: float = 5.0
	read_timeout: float = 60.0  # between two pieces of a body
	body_timeout: float = 180.0  # for a whole body, in case it arrives too slowly
	max_body: int = 64 * 1024 * 1024
	requests_per_second: float = 4.0
	max_attempts: int = 5
	backoff: float = 0.5  # doubles with every attempt
	max_wait: float = 120.0  # a longer Retry-After ends the attempt instead
	max_elapsed: float = math.inf  # no attempt starts later than this after the first one


@dataclass(frozen=True, slots=True)
class Request:
	"""A GET request, byte for byte as it is sent. Its repr shows nothing."""

	url: str = field(repr=False)
	headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
	"""A reply with status 2xx. The body is private: `read` converts it to a safe value or raises
	`MalformedPageError`.
	"""

	route: str
	status: int
	content_type: str
	body: bytes = field(repr=False)


class RateLimiter:
	"""A rate budget: at most `per_second` calls a second, evenly spaced, whatever the replies are.

	`clock` returns monotonic seconds, `sleep` waits; both can be replaced in tests.
	"""

	def __init__(
		self,
		per_second: float,
		clock: Callable[[], float] = time.monotonic,
		sleep: Callable[[float], None] = time.sleep,
	) -> None:
		if per_second <= 0:
			raise ValueError("per_second must be more than 0")
		self._interval = 1.0 / per_second
		self._clock = clock
		self._sleep = sleep
		self._free_at = clock()

	def acquire(self) -> None:
		"""Wait until the next call is allowed."""
		now = self._clock()
		if self._free_at > now:
			self._sleep(self._free_at - now)
		self._free_at = max(now, self._free_at) + self._interval


class HttpSession:
	"""Sends GET requests and retries them. One session per run; not thread-safe.

	`sleep` is called for every wait (budget and backoff), with 0 between the pieces of a slow body, and may
	raise to abandon a run while it waits.
	"""

	def __init__(
		self,
		policy: Policy | None = None,
		*,
		clock: Callable[[], float] = time.monotonic,
		sleep: Callable[[float], None] = time.sleep,
		now: Callable[[], float] = time.time,
		jitter: Callable[[], float] = random.random,
	) -> None:
		self.policy = policy or Policy()
		self.requests_sent = 0
		# Seconds that the remote's clock is ahead, by its last reply: a signature is invalid with a wrong clock.
		self.clock_offset: float | None = None
		self._clock = clock
		self._sleep = sleep
		self._now = now
		self._jitter = jitter
		self._pacer = RateLimiter(self.policy.requests_per_second, clock, sleep)
		self._session = _Session()
		self._retrying = self._build_retrying()

	def get(self, route: str, build: Callable[[], Request], read: Callable[[Reply], T]) -> T:
		"""Return the result of `read` for the reply to the request of `build`, which is called, and signed,
		again for every attempt.

		`read` may raise `MalformedPageError`, which is retried like a 503. Raises a `TerminalError` at once, `RetriesExhaustedError` after
		the last attempt.
		"""
		outcome = self._retrying(self._try_request, route, build, read)
		if isinstance(outcome, TransientError):
			raise _build_exhausted_error(route, outcome)
		if isinstance(outcome, SyncError):
			raise outcome
		return outcome

	def _build_retrying(self) -> Retrying:
		"""Return the retry policy. Errors are results, because a raised one would have tenacity's frames in
		its traceback.
		"""
		return Retrying(
			retry=retry_if_result(lambda outcome: isinstance(outcome, TransientError)),
			stop=self._is_exhausted,
			wait=self._compute_wait,
			sleep=lambda seconds: self._sleep(seconds),
			retry_error_callback=_get_outcome,
		)

	def _is_exhausted(self, state: RetryCallState) -> bool:
		if state.attempt_number >= self.policy.max_attempts or self._is_wait_too_long(state):
			return True
		return (state.seconds_since_start or 0.0) > self.policy.max_elapsed

	def close(self) -> None:
		"""Close the persistent connections."""
		self._session.close()

	def _try_request(
		self, route: str, build: Callable[[], Request], read: Callable[[Reply], T]
	) -> T | SyncError:
		"""Send one request. Errors are returned, not raised: the frames below hold URL and body."""
		self._pacer.acquire()
		self.requests_sent += 1
		try:
			reply = self._send_request(route, build())
			return reply if isinstance(reply, SyncError) else read(reply)
		except SyncError as error:
			return _without_traceback(error)
		except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
			return TransientError(route, cause=type(error).__name__)

	def _send_request(self, route: str, request: Request) -> Reply | SyncError:
		with self._session.send(
			_prepare_request(request), **self._build_send_options(request.url)
		) as response:
			self.clock_offset = _compute_clock_offset(response.headers.get("Date"), self._now())
			body = self._read_body(route, response)
			if isinstance(body, SyncError):
				return body
			if 200 <= response.status_code < 300:
				return Reply(route, response.status_code, response.headers.get("Content-Type", ""), body)
			return self._build_error(route, response, body)

	def _build_send_options(self, url: str) -> dict[str, object]:
		"""Return the arguments of `Session.send`: proxies and certificates of the machine, none for
		localhost.
		"""
		self._session.trust_env = not is_loopback(urlsplit(url).hostname or "")
		options = self._session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None)
		timeout = (self.policy.connect_timeout, self.policy.read_timeout)
		return {**options, "allow_redirects": False, "timeout": timeout}

	def _read_body(self, route: str, response: requests.Response) -> bytes | SyncError:
		"""Return the whole body, or the error. It reads what has arrived, so that a slow body meets its
		deadline.
		"""
		started = self._clock()
		chunks: list[bytes] = []
		size = 0
		while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
			chunks.append(chunk)
			size += len(chunk)
			if size > self.policy.max_body:
				return ResponseTooLargeError(route, response.status_code, size)
			elapsed = self._clock() - started
			if elapsed > self.policy.body_timeout:
				return TransientError(route, response.status_code, size, "SlowBody")
			if elapsed > HEARTBEAT_AFTER_SECONDS:
				self._sleep(0.0)  # the run may have been cancelled meanwhile
		promised = response.headers.get("Content-Length", "")
		if promised.isdigit() and response.raw.tell() < int(promised):
			return MalformedPageError(route, response.status_code, size, "length")
		return b"".join(chunks)

	def _build_error(self, route: str, response: requests.Response, body: bytes) -> SyncError:
		status, length = response.status_code, len(body)
		if error := TERMINAL_ERRORS.get(status):
			return error(route, status, length, _find_hint(body) if error is AccessDeniedError else None)
		if status in TRANSIENT_STATUSES or status >= 500:
			retry_after = parse_retry_after(response.headers.get("Retry-After"))
			return TransientError(route, status, length, retry_after=retry_after)
		return TerminalError(route, status, length)

	def _is_wait_too_long(self, state: RetryCallState) -> bool:
		return (_get_outcome(state).retry_after or 0) > self.policy.max_wait

	def _compute_wait(self, state: RetryCallState) -> float:
		"""Return the seconds until the next attempt: the wait that the remote asked for, or a doubling one,
		each with jitter added.
		"""
		retry_after = _get_outcome(state).retry_after
		if retry_after is not None:
			return min(retry_after + self.policy.backoff * self._jitter(), self.policy.max_wait)
		backoff = min(self.policy.backoff * 2 ** (state.attempt_number - 1), self.policy.max_wait / 2)
		return backoff * (0.5 + self._jitter())


def _get_outcome(state: RetryCallState) -> TransientError:
	assert state.outcome  # noqa: S101 - there is one after each attempt
	return cast(TransientError, state.outcome.result())


def parse_retry_after(value: str | None) -> float | None:
	"""Return the seconds to wait from a Retry-After header, in seconds or as an HTTP date; None if it is
	missing or invalid.

	A date in the past is 0.
	"""
	try:
		return float(urllib3.Retry().parse_retry_after(value)) if value else None
	except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
		return None


def _compute_clock_offset(value: str | None, now: float) -> float | None:
	"""Return the seconds from `now` to an HTTP date, None if it is invalid."""
	parsed = email.utils.parsedate_tz(value) if value else None
	if parsed is None:
		return None
	try:
		return email.utils.mktime_tz(parsed) - now
	except (ValueError, OverflowError):
		return None


class _Session(requests.Session):
	"""Does not follow redirects or look at their targets: the signature is valid for one URL only."""

	def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - as requests calls it
		return None


def _prepare_request(request: Request) -> requests.PreparedRequest:
	"""Return a request that the requests library does not change: nothing re-encoded, no header added."""
	prepared = requests.PreparedRequest()
	prepared.method = "GET"
	prepared.url = request.url
	prepared.headers = CaseInsensitiveDict(request.headers)
	prepared.hooks = {"response": []}
	return prepared


def _without_traceback(error: SyncError) -> SyncError:
	"""Return the error without its traceback and its cause."""
	error.__cause__ = error.__context__ = None
	return error.with_traceback(None)


def _find_hint(body: bytes) -> str | None:
	"""Return the cause of a refusal, if its text names exactly one known cause. The text itself is not passed
	on.
	"""
	text = body[:CHUNK_BYTES].lower()
	hints = [hint for hint, words in REFUSAL_HINTS.items() if any(word in text for word in words)]
	return hints[0] if len(hints) == 1 else None


def _build_exhausted_error(route: str, last: TransientError) -> RetriesExhaustedError:
	cause = last.cause or type(last).__name__
	return RetriesExhaustedError(route, last.status, last.length, cause, last.retry_after)
