"""A Kipu that announces endless pages: every read is bounded."""

from collections.abc import Iterator
from datetime import date

import pytest

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.errors import EndlessPaginationError
from orchestrator.sync.kipu.pages import Page, PageBudget
from tests.support.kipu_wire import make_kipu_client

LONG_AGO, FAR_AHEAD = date(2000, 1, 1), date(2100, 1, 1)


@pytest.fixture
def kipu() -> Iterator[Simulator]:
	with Simulator(120) as running:
		yield running


@pytest.mark.parametrize("first_page", [1, 7])
def test_pages_that_grow_for_ever_end_in_an_error(kipu: Simulator, first_page: int) -> None:
	kipu.faults.add(Fault("endless", times=None))
	pages = make_kipu_client(kipu, per=10).list_census(LONG_AGO, FAR_AHEAD, first_page=first_page)
	numbers: list[int] = []
	with pytest.raises(EndlessPaginationError) as caught:
		numbers.extend(page.number for page in pages)
	assert numbers == list(range(first_page, first_page + 21))
	assert (caught.value.route, caught.value.cause) == ("patients/census", "growing")
	assert "more and more pages" in str(caught.value)


def test_more_pages_than_a_read_can_have_are_refused_at_once(kipu: Simulator) -> None:
	kipu.faults.add(Fault("announced", value=50_001, times=None))
	with pytest.raises(EndlessPaginationError) as caught:
		next(make_kipu_client(kipu).list_census(LONG_AGO, FAR_AHEAD))
	assert caught.value.cause == "total"


@pytest.mark.parametrize(
	("first", "later", "is_allowed"), [(3, 23, True), (3, 24, False), (400, 500, True), (400, 501, False)]
)
def test_a_read_may_grow_while_it_is_read(first: int, later: int, is_allowed: bool) -> None:
	budget = PageBudget("patients/census")
	budget.check(build_page(first))
	if is_allowed:
		budget.check(build_page(later))
		return
	with pytest.raises(EndlessPaginationError):
		budget.check(build_page(later))


def build_page(total_pages: int) -> Page:
	return Page(1, total_pages, total_pages, [], paginated=True)
