"""Calls measured beside each other."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import frappe


def alternate(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
	"""The median of each call in ms, measured in turn so that all meet the same moments of the machine."""
	times: dict[str, list[float]] = {name: [] for name in calls}
	for call in calls.values():
		call()
	for _ in range(rounds):
		for name, call in calls.items():
			frappe.db.rollback()  # each request has a snapshot of its own
			frappe.local.request_cache.clear()
			start = time.perf_counter()
			call()
			times[name].append((time.perf_counter() - start) * 1000)
	return {name: statistics.median(taken) for name, taken in times.items()}
