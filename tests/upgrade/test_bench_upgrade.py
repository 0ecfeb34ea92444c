"""`script/upgrade` moves a site from a bench with Frappe 15 to one with Frappe 16 without losing data.

ORCHESTRATOR_UPGRADE_FROM and ORCHESTRATOR_UPGRADE_TO name the benches; without them this is left out.
"""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.conftest import UPGRADE_BENCHES
from tests.support.source import ROOT

pytestmark = pytest.mark.upgrade

TIMEOUT_SECONDS = 3600
# Records that the site of the rehearsal must have, so that finding them again proves something.
EXPECTED = {
	"Client": 100, "Client Stay": 100, "Sync State": 200, "Sync Run": 3, "Kipu Connection": 1, "Facility": 3,
	"Document Version": 3, "Sprint Event": 10, "Lead": 5, "HD Ticket": 1, "Leave Application": 1, "Custom DocPerm": 1,
	"User Permission": 1, "DocShare": 1, "Has Role": 10, "Auto Email Report": 1, "Orchestrator Dashboard": 2,
	"Orchestrator Metric": 10, "files": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
	"""Return the report of script/upgrade on a demo site."""
	benches = [os.environ[name] for name in UPGRADE_BENCHES]
	result = subprocess.run(
		[str(ROOT / "script" / "upgrade"), *benches, "--json"],
		capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
	)  # fmt: skip
	assert result.stdout, result.stderr
	report: dict[str, Any] = json.loads(result.stdout)
	return report


@pytest.mark.parametrize("doctype", EXPECTED)
def test_records_of_each_kind_are_as_many_as_before(report: dict[str, Any], doctype: str) -> None:
	counts = report["subjects"][doctype]
	assert counts["before"] >= EXPECTED[doctype]
	assert counts["after"] >= counts["before"]


def test_no_record_is_lost(report: dict[str, Any]) -> None:
	assert report["lost"] == {}


def test_no_value_is_changed(report: dict[str, Any]) -> None:
	assert report["changed"] == {}


def test_files_have_the_same_bytes(report: dict[str, Any]) -> None:
	assert report["files_lost"] == []


def test_next_syncs_write_nothing(report: dict[str, Any]) -> None:
	written = [(run["imported"], run["updated"], run["failed"]) for run in report["syncs"]]
	assert written == [(0, 0, 0), (0, 0, 0)]
	assert report["syncs"][1]["skipped"] >= EXPECTED["Client Stay"]


def test_doctor_finds_no_failure(report: dict[str, Any]) -> None:
	assert [finding for finding in report["doctor"] if finding["level"] == "fail"] == []
