"""Computed values, cached in Redis per metric and scope, and computed once for concurrent callers."""

import json
import time
import traceback
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import LockError, LockNotOwnedError

import frappe
from frappe import _

from orchestrator.access.acting_user import run_as_user
from orchestrator.api import errors
from orchestrator.insights.dashboards import history
from orchestrator.insights.dashboards.scopes import Scope
from orchestrator.insights.metrics import registry
from orchestrator.insights.metrics.metrics import CARD, NUMBER, SERIES, TABLE, Metric
from orchestrator.measure_queries import Column, Figure, Number, Records, Series

TTL_SECONDS = 24 * 3600
# There are as many of them as filters.
FILTERED_TTL_SECONDS = 3600
ERROR_TTL_SECONDS = 60  # time for which a failure is cached
# Items that took no longer are computed within the request when they are due.
QUICK_SECONDS = 1.0
# Maximum time for which concurrent requests wait for a computation.
LOCK_TTL_SECONDS = 120
MAX_WAIT_SECONDS = 10
POLL_INTERVAL_SECONDS = 0.02


@dataclass(frozen=True)
class Value:
	"""A computed value.

	`at` is the time (epoch), `seconds` the duration of the computation, `id` distinguishes two computations.

	With an `error`, `value` is the last one without. `outdated`: a newer one was requested since.
	"""

	id: str
	kind: str
	value: Any
	previous: float | None
	unit: str | None
	at: float
	seconds: float
	error: dict[str, str] | None = None
	outdated: bool = False
	records: list[dict[str, Any]] | None = None


def build_key(metric: Metric, scope: Scope) -> str:
	"""Return the cache key of a value. It contains the language, because labels and errors are translated, and the
	filters that apply.
	"""
	filtered = metric.dashboard_filters.digest
	return f"orchestrator:metric:{metric.key}:{metric.version}:{scope.key}:{frappe.local.lang}:{filtered}"


def _build_mark(metric: Metric) -> str:
	return f"orchestrator:metric-asked:{metric.key}"


def get_cached_values(metrics: Iterable[tuple[Metric, Scope]]) -> list[Value | None]:
	"""Return the cached values, in one round trip."""
	cache, pairs = frappe.cache(), list(metrics)
	keys = [build_key(metric, scope) for metric, scope in pairs] + [
		_build_mark(metric) for metric, _scope in pairs
	]
	try:
		texts = cache.mget([cache.make_key(key) for key in keys]) if keys else []
	except RedisConnectionError:
		texts = [None] * len(keys)
	return [
		_parse_cached(text, outdated_at)
		for text, outdated_at in zip(texts[: len(pairs)], texts[len(pairs) :], strict=True)
	]


def _parse_cached(text: bytes | None, outdated_at: bytes | None) -> Value | None:
	"""Return a cached value, and whether a newer one was requested since."""
	if not text:
		return None
	value = Value(**json.loads(text))
	return replace(value, outdated=True) if outdated_at and value.at < float(outdated_at) else value


def mark_outdated(metrics: Iterable[Metric], asked_at: float) -> None:
	"""Mark values as outdated now. Only the caller's are computed at once; others are due."""
	cache = frappe.cache()
	for metric in metrics:
		cache.setex(cache.make_key(_build_mark(metric)), TTL_SECONDS, asked_at)


def is_due(value: Value, metric: Metric) -> bool:
	"""Return True if it is time for a newer value."""
	age = time.time() - value.at
	return value.outdated or age >= (ERROR_TTL_SECONDS if value.error else metric.stale_after * 60)


def compute_once(metric: Metric, scope: Scope, known: Value | None) -> Value | None:
	"""Return a value newer than the `known` one: computed here, or by a concurrent request that began before.

	None if the other request takes too long. Without Redis, every request computes its own.
	"""
	cache, is_filtered = frappe.cache(), bool(metric.dashboard_filters.names)
	key = build_key(metric, scope)
	lock = cache.lock(cache.make_key(f"{key}:lock"), timeout=LOCK_TTL_SECONDS, sleep=POLL_INTERVAL_SECONDS)
	try:
		if not lock.acquire(blocking_timeout=MAX_WAIT_SECONDS):
			return None
	except RedisConnectionError:
		return _compute_value(metric, scope, known)
	try:
		cached = get_cached_values([(metric, scope)])[0]
		if cached and (known is None or cached.id != known.id):
			return cached
		text = frappe.as_json(asdict(_compute_value(metric, scope, known)), indent=None)
		cache.setex(cache.make_key(key), FILTERED_TTL_SECONDS if is_filtered else TTL_SECONDS, text)
		value = Value(**json.loads(text))  # the same form as from the cache
	finally:
		_release_lock(lock)
	if not is_filtered:
		history.add_note(metric, scope, value.kind, value.value, value.error is None)
	return value


def _release_lock(lock: Any) -> None:
	"""Release the lock. A computation that took longer than the lock does not hold it any more."""
	try:
		lock.release()
	except (LockNotOwnedError, LockError):
		return


def _compute_value(metric: Metric, scope: Scope, known: Value | None) -> Value:
	"""Compute the value now. A failure is a value too: it has the reason, and the last value."""
	start, messages = time.perf_counter(), frappe.local.message_log
	frappe.local.message_log = []
	figure, error = None, None
	try:
		with run_as_user(scope.user):
			figure = registry.compute_metric(metric)
	except Exception as problem:
		error = _build_item_error(problem, metric)
	finally:
		frappe.local.message_log = messages
	fields = (
		{**_build_figure(figure), "records": _build_records(figure)}
		if figure
		else _build_failed_value(metric, known, error)
	)
	if figure and fields["kind"] == NUMBER:
		fields["previous"] = _get_previous(metric, scope, fields["previous"])
	return Value(
		id=frappe.generate_hash(length=10),
		at=time.time(),
		seconds=round(time.perf_counter() - start, 4),
		error=error,
		**fields,
	)


def _get_previous(metric: Metric, scope: Scope, from_source: float | None) -> float | None:
	"""Return the previous value: from its source, otherwise from its history.

	For a card, the history comes first: Desk's previous value counts how many of today's records existed
	then, not what the card showed.
	"""
	if metric.dashboard_filters.names:
		return from_source  # the history has values without filters
	is_cards = metric.source_type == CARD and metric.key == metric.name
	if from_source is not None and not is_cards:
		return from_source
	known = history.get_previous(metric, scope)
	return from_source if known is None else known


def _build_figure(figure: Figure) -> dict[str, Any]:
	"""Return a figure's part of a value."""
	if isinstance(figure, Number):
		return {
			"kind": NUMBER,
			"value": figure.value,
			"previous": figure.previous,
			"unit": figure.unit,
		}
	if isinstance(figure, Series):
		datasets = [dataset._asdict() for dataset in figure.datasets]
		value: dict[str, Any] = {"labels": figure.labels, "datasets": datasets}
		return {"kind": SERIES, "value": value, "previous": None, "unit": figure.unit}
	columns = [Column(*column)._asdict() for column in figure.columns]
	value = {"columns": columns, "rows": figure.rows, "total": figure.total}
	return {"kind": TABLE, "value": value, "previous": None, "unit": None}


def _build_records(figure: Figure) -> list[dict[str, Any]] | None:
	return [Records(*records)._asdict() for records in figure.records] or None


def _build_failed_value(metric: Metric, known: Value | None, error: dict[str, str] | None) -> dict[str, Any]:
	"""Return the value to show with an error: the last one, unless the caller may not see it."""
	if known is None or (error or {}).get("type") == frappe.PermissionError.__name__:
		return {"kind": metric.kind, "value": None, "previous": None, "unit": None}
	return {"kind": known.kind, "value": known.value, "previous": known.previous, "unit": known.unit}


def _build_item_error(problem: Exception, metric: Metric) -> dict[str, str]:
	"""Return the error of an item. An unexpected one has a general text: its own may quote records."""
	status = errors.get_status(problem)
	if status != errors.UNEXPECTED_STATUS:
		text = errors.get_error_text(problem) or errors.get_default_text(status)
		return {"type": type(problem).__name__, "message": text}
	frames = "".join(traceback.format_list(traceback.extract_tb(problem.__traceback__)))
	title = f"Metric {metric.key}: {type(problem).__name__}"[:140]
	# deferred, because a read is rolled back and the log has to stay
	frappe.log_error(title, f"{title}\n\n{frames}", defer_insert=True)
	return {
		"type": "InternalServerError",
		"message": _(
			"This figure could not be computed. Your administrator can find the reason in the Error Log."
		),
	}
