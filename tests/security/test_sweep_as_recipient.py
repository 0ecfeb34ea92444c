"""The sweep as a recipient outside the organisation: see sweeps.py and recipients.py."""

import sys
from pathlib import Path

import pytest

from tests.security.recipients import NEEDED, RECIPIENT
from tests.security.sweeps import assert_is_tight, describe, sweep

pytestmark = pytest.mark.security


def test_nothing_comes_out_without_a_consent_and_a_disclosure(
	frappe_site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
	report = sweep(RECIPIENT, tmp_path)
	with capsys.disabled():
		sys.stdout.write(f"\n{describe(report)}\n")
	assert set(report["disclosed"]) == set(NEEDED), "not each kind of record was disclosed"
	assert_is_tight(report)
