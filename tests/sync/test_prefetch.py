"""Prefetching: items made in a thread are the same as items made on demand."""

import threading
from collections.abc import Callable, Iterator

import pytest

from orchestrator.sync.runs import prefetch
from orchestrator.sync.runs.prefetch import HeartbeatSleep, PrefetchCancelledError, prefetch_items


def nobody() -> None:
	"""Ignore a heartbeat."""


def threads() -> int:
	return threading.active_count()


def test_items_are_in_order_and_the_thread_ends():
	before = threads()
	with prefetch_items(iter(range(5)), HeartbeatSleep(nobody)) as items:
		assert list(items) == [0, 1, 2, 3, 4]
	assert threads() == before


def test_an_item_is_made_while_the_one_before_is_in_use_and_not_earlier():
	made: list[int] = []
	second = threading.Event()

	def make() -> Iterator[int]:
		for number in range(5):
			made.append(number)
			if number == 1:
				second.set()
			yield number

	with prefetch_items(make(), HeartbeatSleep(nobody)) as items:
		assert next(items) == 0
		assert second.wait(10)  # prepared, although not requested yet
		assert next(items) == 1
	assert not {3, 4} & set(made)  # one ahead, no more


def test_an_error_comes_in_its_place_as_it_was_raised():
	raised = ValueError("third")

	def make() -> Iterator[int]:
		yield 1
		yield 2
		raise raised

	with (
		pytest.raises(ValueError, match="third") as caught,
		prefetch_items(make(), HeartbeatSleep(nobody)) as items,
	):
		assert [next(items), next(items)] == [1, 2]
		next(items)
	assert caught.value is raised


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_who_stops_half_way_leaves_no_thread_waiting(error: type[BaseException]):
	before = set(threading.enumerate())
	with pytest.raises(error), prefetch_items(iter(range(100)), HeartbeatSleep(nobody)) as items:
		next(items)
		raise error
	for thread in set(threading.enumerate()) - before:
		thread.join(10)
	assert set(threading.enumerate()) <= before


def test_a_wait_in_the_thread_ends_when_the_run_ends():
	patience = HeartbeatSleep(nobody)
	waiting = threading.Event()
	ended: list[type[BaseException]] = []

	def make() -> Iterator[int]:
		yield 1
		waiting.set()
		try:
			patience.sleep(3600)
		except PrefetchCancelledError as error:
			ended.append(type(error))
			raise

	with prefetch_items(make(), patience) as items:
		assert next(items) == 1
		assert waiting.wait(10)
	assert ended == [PrefetchCancelledError]


def test_lease_is_renewed_while_waiting_for_a_page(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(prefetch, "POLL_SECONDS", 0.001)
	alive = threading.Event()

	def make() -> Iterator[bool]:
		yield alive.wait(10)

	with prefetch_items(make(), HeartbeatSleep(alive.set)) as items:
		assert list(items) == [True]


def test_a_cancelled_run_stops_waiting_for_its_page(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(prefetch, "POLL_SECONDS", 0.001)
	patience = HeartbeatSleep(refuse)

	def make() -> Iterator[int]:
		patience.sleep(3600)
		yield 1

	with pytest.raises(RuntimeError, match="cancelled"), prefetch_items(make(), patience) as items:
		next(items)


def refuse() -> None:
	raise RuntimeError("cancelled")


@pytest.mark.parametrize(("seconds", "beats"), [(0.004, True), (0.0, False)])
def test_a_long_wait_of_the_run_itself_keeps_the_lease(
	monkeypatch: pytest.MonkeyPatch, seconds: float, beats: bool
):
	monkeypatch.setattr(prefetch, "POLL_SECONDS", 0.002)
	heard: list[bool] = []
	beat: Callable[[], None] = lambda: heard.append(True)  # noqa: E731
	HeartbeatSleep(beat).sleep(seconds)
	assert bool(heard) is beats
