"""The sweep as desk, employee, clinical, kipu: see sweeps.py."""

import sys
from pathlib import Path

import pytest

from tests.security.sweeps import assert_is_tight, describe, sweep

pytestmark = pytest.mark.security


def test_nothing_planted_comes_out(
	frappe_site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
	report = sweep("desk,employee,clinical,kipu", tmp_path)
	with capsys.disabled():
		sys.stdout.write(f"\n{describe(report)}\n")
	assert report["logged"], "nobody got a client, so the access log was not tested"
	assert_is_tight(report)
