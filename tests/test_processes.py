"""The site and the Redis databases that each process of a test run uses. No site needed."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from tests.support.processes import select_own_site

RUN = {
	"ORCHESTRATOR_SITE": "test.localhost",
	"FRAPPE_REDIS_CACHE": "redis://127.0.0.1:13001",
	"FRAPPE_REDIS_QUEUE": "redis://127.0.0.1:13001/1",
}


@pytest.fixture
def environment() -> Iterator[os._Environ[str]]:
	"""Yield the environment of a run, restored afterwards: this test is in a run itself."""
	with mock.patch.dict(os.environ, RUN, clear=True):
		yield os.environ


@pytest.mark.parametrize("place", [{}, {"PYTEST_XDIST_WORKER": "gw0"}])
def test_the_first_process_uses_the_environment_of_the_run(environment, place):
	environment.update(place)
	assert select_own_site() == "test.localhost"
	assert {name: environment[name] for name in RUN} == RUN


def test_a_further_process_takes_a_site_and_databases_of_its_own_and_its_children_the_same(environment):
	environment["PYTEST_XDIST_WORKER"] = "gw2"
	for _process_and_its_child in range(2):
		assert select_own_site() == "3.test.localhost"
		assert environment["FRAPPE_REDIS_CACHE"] == "redis://127.0.0.1:13001/4"
		assert environment["FRAPPE_REDIS_QUEUE"] == "redis://127.0.0.1:13001/5"


def test_a_further_process_of_a_run_without_a_site_has_none(environment):
	environment.clear()
	environment["PYTEST_XDIST_WORKER"] = "gw1"
	assert select_own_site() is None
	assert not RUN.keys() & environment.keys()
