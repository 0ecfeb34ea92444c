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

NAP_SECONDS = 2.0
HEARTBEAT_SECONDS = 20.0
# A sleep this short is a mere handing over of the interpreter. Without it, a thread that computes keeps whoever has got
# an answer of the database waiting 5 ms more, and a page takes ten answers.
HAND_OVER_SECONDS = 1e-6
HANDED_OVER_EVERY = 10  # items


class PrefetchCancelledError(Exception):
	"""Nobody wants what the thread is waiting for."""


class Patience:
	"""Waits of a run. In its own thread they keep its lease, by `beat`, and end when it is cancelled."""

	def __init__(self, beat: Callable[[], None]) -> None:
		self._beat = beat
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
			time.sleep(min(left, NAP_SECONDS))
			if time.monotonic() - self._heard > HEARTBEAT_SECONDS or seconds > NAP_SECONDS:
				self.beat()

	def beat(self) -> None:
		"""Say that the run is alive. Raises LeaseLostError or RunCancelledError."""
		self._heard = time.monotonic()
		self._beat()


class _Made(Generic[T]):
	"""What the thread hands over: an item, or how it ended."""

	__slots__ = ("error", "items")

	def __init__(self, *items: T, error: BaseException | None = None) -> None:
		self.items = items
		self.error = error


@contextmanager
def read_ahead(items: Iterator[T], patience: Patience) -> Iterator[Iterator[T]]:
	"""The items, each made while the one before is in use. What making one raises is raised in its place."""
	made: Queue[_Made[T]] = Queue(maxsize=1)
	patience.given_up.clear()
	thread = threading.Thread(target=_make, args=(items, made, patience.given_up), daemon=True)
	thread.start()
	waits = True
	try:
		yield _taken(made, patience, thread)
	except KeyboardInterrupt:
		waits = False  # whoever sits at the terminal does not wait for a slow remote
		raise
	finally:
		patience.given_up.set()
		if waits:
			thread.join()


def _make(items: Iterator[T], made: "Queue[_Made[T]]", given_up: threading.Event) -> None:
	error: BaseException | None = None
	try:
		for item in items:
			if not _put(made, _Made(item), given_up):
				return
	except BaseException as raised:
		error = raised
	_put(made, _Made(error=error), given_up)


def _put(made: "Queue[_Made[T]]", what: _Made[T], given_up: threading.Event) -> bool:
	while not given_up.is_set():
		try:
			made.put(what, timeout=0.1)
		except Full:
			continue
		return True
	return False


def _taken(made: "Queue[_Made[T]]", patience: Patience, thread: threading.Thread) -> Iterator[T]:
	while True:
		try:
			what = made.get(timeout=NAP_SECONDS)
		except Empty:
			patience.beat()
			if not thread.is_alive() and made.empty():
				raise RuntimeError("the thread that reads ahead is gone") from None
			continue
		if what.error:
			raise what.error
		if not what.items:
			return
		yield from what.items


def giving_way(items: Iterable[T]) -> Iterator[T]:
	"""The items, for work in the thread: now and then the run's own thread goes first."""
	for number, item in enumerate(items):
		if number % HANDED_OVER_EVERY == 0:
			time.sleep(HAND_OVER_SECONDS)
		yield item
