"""Reading ahead: what is made in a thread comes out as if it had been made when it was asked for."""

import threading
from collections.abc import Callable, Iterator

import pytest

from orchestrator.sync import ahead
from orchestrator.sync.ahead import Patience, PrefetchCancelledError, read_ahead


def nobody() -> None:
	"""Nobody hears that the run is alive."""


def threads() -> int:
	return threading.active_count()


def test_items_come_in_order_and_the_thread_is_gone_afterwards():
	before = threads()
	with read_ahead(iter(range(5)), Patience(nobody)) as items:
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

	with read_ahead(make(), Patience(nobody)) as items:
		assert next(items) == 0
		assert second.wait(10)  # made, though nobody has asked for it
		assert next(items) == 1
	assert 4 not in made  # one waits to be taken, one to be handed over


def test_an_error_comes_in_its_place_as_it_was_raised():
	raised = ValueError("third")

	def make() -> Iterator[int]:
		yield 1
		yield 2
		raise raised

	with pytest.raises(ValueError, match="third") as caught, read_ahead(make(), Patience(nobody)) as items:
		assert [next(items), next(items)] == [1, 2]
		next(items)
	assert caught.value is raised


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_who_stops_half_way_leaves_no_thread_waiting(error: type[BaseException]):
	before = set(threading.enumerate())
	with pytest.raises(error), read_ahead(iter(range(100)), Patience(nobody)) as items:
		next(items)
		raise error
	for thread in set(threading.enumerate()) - before:
		thread.join(10)
	assert set(threading.enumerate()) <= before


def test_a_wait_in_the_thread_ends_when_the_run_ends():
	patience = Patience(nobody)
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

	with read_ahead(make(), patience) as items:
		assert next(items) == 1
		assert waiting.wait(10)
	assert ended == [PrefetchCancelledError]


def test_the_lease_is_kept_while_a_page_is_waited_for(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(ahead, "NAP_SECONDS", 0.001)
	alive = threading.Event()

	def make() -> Iterator[bool]:
		yield alive.wait(10)

	with read_ahead(make(), Patience(alive.set)) as items:
		assert list(items) == [True]


def test_a_thread_that_is_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(ahead, "NAP_SECONDS", 0.001)
	monkeypatch.setattr(ahead, "_make", lambda *_: None)
	with pytest.raises(RuntimeError, match="gone"), read_ahead(iter([1]), Patience(nobody)) as items:
		next(items)


def test_a_cancelled_run_stops_waiting_for_its_page(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(ahead, "NAP_SECONDS", 0.001)
	patience = Patience(refuse)

	def make() -> Iterator[int]:
		patience.sleep(3600)
		yield 1

	with pytest.raises(RuntimeError, match="cancelled"), read_ahead(make(), patience) as items:
		next(items)


def refuse() -> None:
	raise RuntimeError("cancelled")


@pytest.mark.parametrize(("seconds", "beats"), [(0.004, True), (0.0, False)])
def test_a_long_wait_of_the_run_itself_keeps_the_lease(
	monkeypatch: pytest.MonkeyPatch, seconds: float, beats: bool
):
	monkeypatch.setattr(ahead, "NAP_SECONDS", 0.002)
	heard: list[bool] = []
	beat: Callable[[], None] = lambda: heard.append(True)  # noqa: E731
	Patience(beat).sleep(seconds)
	assert bool(heard) is beats
