"""Measure calls in time and memory."""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import frappe


def measure_in_turn(
	calls: dict[str, Callable[[], Any]],
	rounds: int,
	warm_up_rounds: int = 1,
	prepare: Callable[[], Any] | None = None,
) -> dict[str, float]:
	"""Return the median of each call in ms. They run in turn, so that other load on the machine affects all.

	`prepare` runs before each call and is not measured.
	"""
	times: dict[str, list[float]] = {name: [] for name in calls}
	for number in range(warm_up_rounds + rounds):
		for name, call in calls.items():
			frappe.db.rollback()  # each request has a snapshot of its own
			frappe.local.request_cache.clear()
			if prepare:
				prepare()
			start = time.perf_counter()
			call()
			if number >= warm_up_rounds:
				times[name].append((time.perf_counter() - start) * 1000)
	return {name: statistics.median(taken) for name, taken in times.items()}


def measure_peak_kb(call: Callable[[], Any]) -> float:
	"""Return the peak of the call's Python memory."""
	tracemalloc.start()
	call()
	_now, peak = tracemalloc.get_traced_memory()
	tracemalloc.stop()
	return peak / 1024
