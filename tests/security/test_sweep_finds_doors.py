"""The sweep finds a leak after each fix is removed, and none with the fix."""

import json
from pathlib import Path

import pytest

from tests.security.doors import DOORS, Door
from tests.security.processes import run_module

Found = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def found(frappe_site: str, tmp_path_factory: pytest.TempPathFactory) -> Found:
	report = Path(tmp_path_factory.mktemp("doors")) / "report.json"
	run_module("doors", str(report))
	leaks: Found = json.loads(report.read_text())
	return leaks


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_sweep_finds_the_door_that_is_opened(found: Found, door: Door) -> None:
	leaks = found[door.name]
	assert not leaks["closed"], leaks["closed"][:5]
	assert leaks["open"]
