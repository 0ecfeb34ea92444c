"""One thing ahead: what comes next is fetched and understood in a thread, while what came is written.

Whatever runs in that thread touches no database and nothing of Frappe: those belong to the run's own thread.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")

POLL_SECONDS = 2.0
HEARTBEAT_SECONDS = 20.0
# A sleep this short is a mere handing over of the interpreter. Without it, a thread that computes keeps whoever has got
# an answer of the database waiting 5 ms more, and a page takes ten answers.
MAX_YIELD_SECONDS = 1e-6
YIELD_INTERVAL_ITEMS = 10  # items


class PrefetchCancelledError(Exception):
	"""Nobody wants what the thread is waiting for."""


class HeartbeatSleep:
	"""Waits of a run. In its own thread they keep its lease, by `send_heartbeat`, and end when it is cancelled."""

	def __init__(self, send_heartbeat: Callable[[], None]) -> None:
		self._beat = send_heartbeat
		self._owner = threading.get_ident()
		self._heard = time.monotonic()
		self.given_up = threading.Event()

	def sleep(self, seconds: float) -> None:
		"""Wait. In another thread than the run's, no longer than that is wanted."""
		if threading.get_ident() != self._owner:
			if self.given_up.wait(seconds):
				raise PrefetchCancelledError
			return
		until = time.monotonic() + seconds
		while (left := until - time.monotonic()) > 0:
			time.sleep(min(left, POLL_SECONDS))
			if time.monotonic() - self._heard > HEARTBEAT_SECONDS or seconds > POLL_SECONDS:
				self.send_heartbeat()

	def send_heartbeat(self) -> None:
		"""Say that the run is alive. Raises LeaseLostError or RunCancelledError."""
		self._heard = time.monotonic()
		self._beat()


class _PrefetchedItem(Generic[T]):
	"""What the thread hands over: an item, or how it ended."""

	__slots__ = ("error", "items")

	def __init__(self, *items: T, error: BaseException | None = None) -> None:
		self.items = items
		self.error = error


@contextmanager
def prefetch_items(items: Iterator[T], patience: HeartbeatSleep) -> Iterator[Iterator[T]]:
	"""The items, each made while the one before is in use. What making one raises is raised in its place."""
	made: Queue[_PrefetchedItem[T]] = Queue(maxsize=1)
	patience.given_up.clear()
	thread = threading.Thread(target=_produce, args=(items, made, patience.given_up), daemon=True)
	thread.start()
	waits = True
	try:
		yield _consume(made, patience, thread)
	except KeyboardInterrupt:
		waits = False  # whoever sits at the terminal does not wait for a slow remote
		raise
	finally:
		patience.given_up.set()
		if waits:
			thread.join()


def _produce(items: Iterator[T], made: "Queue[_PrefetchedItem[T]]", given_up: threading.Event) -> None:
	error: BaseException | None = None
	try:
		for item in items:
			if not _put_item(made, _PrefetchedItem(item), given_up):
				return
	except BaseException as raised:
		error = raised
	_put_item(made, _PrefetchedItem(error=error), given_up)


def _put_item(made: "Queue[_PrefetchedItem[T]]", what: _PrefetchedItem[T], given_up: threading.Event) -> bool:
	while not given_up.is_set():
		try:
			made.put(what, timeout=0.1)
		except Full:
			continue
		return True
	return False


def _consume(
	made: "Queue[_PrefetchedItem[T]]", patience: HeartbeatSleep, thread: threading.Thread
) -> Iterator[T]:
	while True:
		try:
			what = made.get(timeout=POLL_SECONDS)
		except Empty:
			patience.send_heartbeat()
			if not thread.is_alive() and made.empty():
				raise RuntimeError("the thread that reads ahead is gone") from None
			continue
		if what.error:
			raise what.error
		if not what.items:
			return
		yield from what.items


def yield_to_main_thread(items: Iterable[T]) -> Iterator[T]:
	"""The items, for work in the thread: now and then the run's own thread goes first."""
	for number, item in enumerate(items):
		if number % YIELD_INTERVAL_ITEMS == 0:
			time.sleep(MAX_YIELD_SECONDS)
		yield item
