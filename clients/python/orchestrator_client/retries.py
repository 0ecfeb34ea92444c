"""Retries of calls that were not answered, or answered with 429, 502, 503 or 504.

A write gets an Idempotency-Key, the same at every attempt, so that it happens at most once.
"""

import asyncio
import random
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx

from .errors import build_error, parse_retry_after
from .statuses import ApiError, ConnectionFailedError

IDEMPOTENCY_KEY = "Idempotency-Key"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
# Sent with 409 while the first request with the same key still runs.
RETRIED_ERROR_TYPES = frozenset({"RequestRunningConflictError"})
# A mistake of the caller, which no further attempt mends.
CALLER_ERRORS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

Outcome = httpx.Response | httpx.TransportError


@dataclass(frozen=True)
class RetryPolicy:
	"""How often and how long after each other a call is attempted.

	Attributes:
		attempts: Number of attempts, the first one included.
		first_delay: Seconds before the second attempt; doubled before each further one, and shortened by chance.
		max_delay: Longest delay in seconds. A site that asks for a longer one is not called again.
	"""

	attempts: int = 5
	first_delay: float = 0.5
	max_delay: float = 30.0

	def compute_delay(self, attempt: int, outcome: Outcome) -> float | None:
		"""Return the seconds until the next attempt; None where this outcome is the last one."""
		if attempt >= self.attempts or not is_retryable(outcome):
			return None
		asked = parse_retry_after(outcome) if isinstance(outcome, httpx.Response) else None
		if asked is not None:
			return asked if asked <= self.max_delay else None
		backoff = min(self.max_delay, self.first_delay * float(2 ** (attempt - 1)))
		return backoff * random.uniform(0.5, 1.0)  # noqa: S311  # spreads callers, no secret


def is_retryable(outcome: Outcome) -> bool:
	"""Return True where another attempt may succeed."""
	if isinstance(outcome, httpx.TransportError):
		return not isinstance(outcome, CALLER_ERRORS)
	if outcome.status_code in RETRIED_STATUSES:
		return True
	return outcome.status_code == httpx.codes.CONFLICT and _get_error_type(outcome) in RETRIED_ERROR_TYPES


class RetryingClient(httpx.Client):
	"""An HTTP client that retries, and that raises the error of a refusal."""

	def __init__(self, policy: RetryPolicy, **options: Any) -> None:
		super().__init__(**options)
		self._policy = policy

	def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
		"""Send a request until it succeeds or an outcome is final."""
		request.read()  # an upload is sent again as a whole
		add_idempotency_key(request)
		attempt = 1
		while (
			delay := self._policy.compute_delay(attempt, outcome := self._attempt(request, options))
		) is not None:
			time.sleep(delay)
			attempt += 1
		return get_response(outcome, request)

	def _attempt(self, request: httpx.Request, options: dict[str, Any]) -> Outcome:
		try:
			response = super().send(request, **options)
			if not response.is_success:
				response.read()
		except httpx.TransportError as error:
			return error
		return response


class RetryingAsyncClient(httpx.AsyncClient):
	"""The same for `asyncio`."""

	def __init__(self, policy: RetryPolicy, **options: Any) -> None:
		super().__init__(**options)
		self._policy = policy

	async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
		"""Send a request until it succeeds or an outcome is final."""
		await request.aread()
		add_idempotency_key(request)
		attempt = 1
		while (
			delay := self._policy.compute_delay(attempt, outcome := await self._attempt(request, options))
		) is not None:
			await asyncio.sleep(delay)
			attempt += 1
		return get_response(outcome, request)

	async def _attempt(self, request: httpx.Request, options: dict[str, Any]) -> Outcome:
		try:
			response = await super().send(request, **options)
			if not response.is_success:
				await response.aread()
		except httpx.TransportError as error:
			return error
		return response


def add_idempotency_key(request: httpx.Request) -> None:
	"""Give a write that has no key of its own a new one."""
	if request.method not in SAFE_METHODS and IDEMPOTENCY_KEY not in request.headers:
		request.headers[IDEMPOTENCY_KEY] = uuid.uuid4().hex


def get_response(outcome: Outcome, request: httpx.Request) -> httpx.Response:
	"""Return the response of a call that succeeded.

	Raises:
		ApiError: The site refused the call.
		ConnectionFailedError: No reply arrived.
	"""
	if isinstance(outcome, httpx.Response) and outcome.is_success:
		return outcome
	error: ApiError | ConnectionFailedError
	if isinstance(outcome, httpx.Response):
		error = build_error(outcome)
	else:
		error = ConnectionFailedError(f"{type(outcome).__name__}: {outcome}")
		error.__cause__ = outcome
	error.idempotency_key = request.headers.get(IDEMPOTENCY_KEY)
	raise error


def _get_error_type(response: httpx.Response) -> str:
	return build_error(response).exc_type
