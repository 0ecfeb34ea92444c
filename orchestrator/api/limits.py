"""The rate limit's token buckets in Redis, one per caller, charged in one round trip.

`charges` decides which caller a request is charged to.
"""

import hashlib
import math
import time
from dataclasses import dataclass

import redis.exceptions

import frappe

from orchestrator.configuration import get_settings

# Refills the bucket for the time elapsed, takes one token if there is one, and returns what is left.
# KEYS[1] bucket; ARGV[1] tokens per second, ARGV[2] capacity. Returns taken (1 or 0), tokens left, the time.
BUCKET_SCRIPT = """
local rate, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate)
local taken = 0
if tokens >= 1 then tokens, taken = tokens - 1, 1 end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil((capacity - tokens) / rate) + 1)
return {taken, string.format('%.6f', tokens), string.format('%.6f', now)}
"""
BUCKET_SCRIPT_SHA = hashlib.sha1(BUCKET_SCRIPT.encode(), usedforsecurity=False).hexdigest()
BUCKET_PREFIX = "orchestrator:bucket:"
SECONDS_PER_MINUTE = 60
last_warning = 0.0


@dataclass(frozen=True)
class Allowance:
	"""The tokens left in a bucket after one request.

	`limit` is the refill in tokens per minute, `reset` the epoch second at which the bucket is full,
	`retry_after` the seconds until the next token.
	"""

	granted: bool
	limit: int
	remaining: int
	reset: int
	retry_after: int

	def build_headers(self) -> dict[str, str]:
		"""Return the headers of the API reference, with Retry-After on a refusal."""
		headers = {
			"X-RateLimit-Limit": str(self.limit),
			"X-RateLimit-Remaining": str(self.remaining),
			"X-RateLimit-Reset": str(self.reset),
		}
		if not self.granted:
			headers["Retry-After"] = str(self.retry_after)
		return headers


def charge_token(caller: str, capacity: int) -> Allowance | None:
	"""Take one token from the bucket of `caller`. None if limits are off or Redis is unavailable."""
	settings = get_settings()
	if not settings.rate_limit_enabled:
		return None
	per_minute = settings.rate_limit_per_minute
	rate = per_minute / SECONDS_PER_MINUTE
	try:
		taken, tokens, now = run_script(caller, rate, capacity)
	except redis.exceptions.RedisError as error:
		_log_limit_failure(error)
		return None
	return compute_allowance(bool(taken), float(tokens), float(now), per_minute, capacity)


def read_allowance(caller: str, capacity: int) -> Allowance | None:
	"""Return what is left in the bucket of `caller`, without taking a token. None where limits are off or Redis is away."""
	settings = get_settings()
	if not settings.rate_limit_enabled:
		return None
	per_minute = settings.rate_limit_per_minute
	cache = frappe.cache()
	try:
		stored = cache.hmget(cache.make_key(f"{BUCKET_PREFIX}{caller}"), ["tokens", "at"])
		seconds, microseconds = cache.time()
	except redis.exceptions.RedisError as error:
		_log_limit_failure(error)
		return None
	now = seconds + microseconds / 1_000_000
	tokens, at = (
		float(value) if value else default for value, default in zip(stored, (capacity, now), strict=True)
	)
	refilled = min(capacity, tokens + max(0.0, now - at) * per_minute / SECONDS_PER_MINUTE)
	return compute_allowance(refilled >= 1, refilled, now, per_minute, capacity)


def compute_allowance(granted: bool, tokens: float, now: float, per_minute: int, capacity: int) -> Allowance:
	"""Compute the allowance of a caller with `tokens` left at epoch second `now`."""
	rate = per_minute / SECONDS_PER_MINUTE
	return Allowance(
		granted=granted,
		limit=per_minute,
		remaining=math.floor(tokens),
		reset=math.ceil(now + (capacity - tokens) / rate),
		retry_after=0 if granted else max(1, math.ceil((1 - tokens) / rate)),
	)


def run_script(caller: str, rate: float, capacity: int) -> list[bytes]:
	"""Run SCRIPT by its digest; its text is sent to Redis only if it is not cached there."""
	cache = frappe.cache()
	key = cache.make_key(f"{BUCKET_PREFIX}{caller}")
	try:
		return cache.evalsha(BUCKET_SCRIPT_SHA, 1, key, rate, capacity)
	except redis.exceptions.NoScriptError:
		return cache.eval(BUCKET_SCRIPT, 1, key, rate, capacity)


def _log_limit_failure(error: Exception) -> None:
	"""Log that limits are not enforced, without filling the log while Redis is down."""
	global last_warning
	if time.monotonic() - last_warning > SECONDS_PER_MINUTE:
		last_warning = time.monotonic()
		frappe.logger("orchestrator").warning("rate limit not enforced: %s", type(error).__name__)
