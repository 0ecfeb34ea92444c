"""Prefetch one item: the next page is fetched and parsed in a thread while the current one is written.

Code in that thread uses neither the database nor Frappe: those belong to the run's own thread.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 2.0
HEARTBEAT_SECONDS = 20.0
# A sleep this short only releases the GIL. Without it, a computing thread delays the one that has received
# a result of the database by 5 ms, and a page needs ten results.
MAX_YIELD_SECONDS = 1e-6
YIELD_INTERVAL_ITEMS = 10  # items


class PrefetchCancelledError(Exception):
	"""The item that the thread is waiting for is not needed any more."""


class HeartbeatSleep:
	"""Waits during a run. In the run's own thread they keep its lease, by `send_heartbeat`, and end when it
	is cancelled.
	"""

	def __init__(
		self, send_heartbeat: Callable[[], None], interval_seconds: float = HEARTBEAT_SECONDS
	) -> None:
		self._beat = send_heartbeat
		self._interval = interval_seconds
		self._owner = threading.get_ident()
		self._heard = time.monotonic()
		self.given_up = threading.Event()

	def sleep(self, seconds: float) -> None:
		"""Wait. In the prefetching thread, only until it is cancelled."""
		if threading.get_ident() != self._owner:
			if self.given_up.wait(seconds):
				raise PrefetchCancelledError
			return
		until = time.monotonic() + seconds
		while (seconds_left := until - time.monotonic()) > 0:
			time.sleep(min(seconds_left, POLL_SECONDS))
			if time.monotonic() - self._heard > self._interval or seconds > POLL_SECONDS:
				self.send_heartbeat()

	def send_heartbeat(self) -> None:
		"""Record that the run is alive. Raises LeaseLostError or RunCancelledError."""
		self._heard = time.monotonic()
		self._beat()


@contextmanager
def prefetch_items(items: Iterator[T], patience: HeartbeatSleep) -> Iterator[Iterator[T]]:
	"""Yield the items, each prepared while the previous one is in use. An error while preparing one is raised
	in its place.
	"""
	patience.given_up.clear()
	executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="orchestrator-prefetch")
	waits = True
	try:
		yield _consume(items, executor, patience)
	except KeyboardInterrupt:
		waits = False  # an interrupted command must not wait for a slow remote
		raise
	finally:
		patience.given_up.set()
		executor.shutdown(wait=waits, cancel_futures=True)


def _consume(items: Iterator[T], executor: ThreadPoolExecutor, patience: HeartbeatSleep) -> Iterator[T]:
	ahead = executor.submit(_get_next, items)
	while item := _wait_for(ahead, patience):
		ahead = executor.submit(_get_next, items)
		yield from item


def _get_next(items: Iterator[T]) -> list[T]:
	"""Return the next item, or None at the end."""
	return list(itertools.islice(items, 1))


def _wait_for(future: Future[T], patience: HeartbeatSleep) -> T:
	while not wait([future], POLL_SECONDS).done:
		patience.send_heartbeat()
	return future.result()


def yield_to_main_thread(items: Iterable[T]) -> Iterator[T]:
	"""Yield the items for work in the thread, giving way to the run's own thread from time to time."""
	for number, item in enumerate(items):
		if number % YIELD_INTERVAL_ITEMS == 0:
			time.sleep(MAX_YIELD_SECONDS)
		yield item
