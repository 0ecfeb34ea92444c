"""The comparison of `script/upgrade`: lost and changed records, and refusals before any change."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pymysql  # noqa: F401 - without a bench there is none, and these tests are left out
import pytest

from tests.support.source import ROOT

SCRIPT = ROOT / "script" / "upgrade"


@pytest.fixture
def comparison(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
	monkeypatch.syspath_prepend(str(ROOT / "script" / "lib" / "python" / "upgrade"))
	import comparison

	return comparison


@pytest.fixture
def report(comparison: ModuleType) -> ModuleType:
	import report

	return report


def build_rows(**values: object) -> dict[str, dict[str, object]]:
	return {"first": {"name": "first", **values}}


def test_missing_record_and_missing_table_are_lost(comparison: ModuleType) -> None:
	before = {"Client": {**build_rows(), "second": {}}, "Sync State": build_rows(), "Lead": build_rows()}
	lost = comparison.find_lost(before, {"Client": build_rows(), "Lead": build_rows()})
	assert lost == {"Client": ["second"], "Sync State": ["first"]}


@pytest.mark.parametrize(
	("before", "after", "changed"),
	[
		("Kept", "Kept", False),
		("Kept", "Another", True),
		("Kept", None, True),
		("Kept", "", True),
		(5, 0, True),
		(1, 0, True),
		(0, None, False),
		(None, "", False),
		(None, "Filled by a patch", False),
		(7, "7", False),
		("2026-03-01", "2026-03-01 00:00:00", False),
		("2026-03-01", "2026-03-02 00:00:00", True),
	],
)
def test_values_are_compared_past_their_types(
	comparison: ModuleType, before: object, after: object, changed: bool
) -> None:
	found = comparison.find_changed({"Client": build_rows(value=before)}, {"Client": build_rows(value=after)})
	assert bool(found) is changed


def test_renamed_field_must_hold_the_value(comparison: ModuleType) -> None:
	before = {"Lead": build_rows(source="Referral")}
	assert comparison.find_changed(before, {"Lead": build_rows(source=None, utm_source="Referral")}) == {}
	assert comparison.find_changed(before, {"Lead": build_rows(utm_source="Referral")}) == {}


@pytest.mark.parametrize("wrong", [{"utm_source": "Fair"}, {"utm_source": None}, {"source": None}])
def test_other_value_of_renamed_field_is_a_change(
	comparison: ModuleType, wrong: dict[str, str | None]
) -> None:
	before = {"Lead": build_rows(source="Referral")}
	assert list(comparison.find_changed(before, {"Lead": build_rows(**wrong)})) == ["Lead.source"]


def test_dropped_column_is_a_change(comparison: ModuleType) -> None:
	found = comparison.find_changed({"Client": build_rows(value="Kept")}, {"Client": build_rows()})
	assert found["Client.value"]["example"] == ["first", "Kept", "(no such column)"]


@pytest.mark.parametrize("arguments", [[], ["/nowhere"], ["--site", "x"], ["/nowhere", "/elsewhere"]])
def test_wrong_benches_are_refused_with_2(arguments: list[str]) -> None:
	result = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, check=False)
	assert (result.returncode, result.stdout) == (2, "")
	assert ("is no bench" in result.stderr) or result.stderr.startswith("Usage: script/upgrade")


def test_bench_that_is_not_newer_is_refused(frappe_site: str) -> None:
	bench = Path(sys.prefix).parent
	result = subprocess.run([SCRIPT, bench, bench], capture_output=True, text=True, check=False)
	assert (result.returncode, result.stdout) == (1, "")
	assert "name the older bench first" in result.stderr


def test_each_difference_and_each_failed_check_is_one_line(report: ModuleType) -> None:
	finding = {"check": "roles", "found": "One is missing.", "remedy": "Run migrate."}
	found = report.Report(
		lost={"Client": ["C-1", "C-2"]},
		changed={"Lead.source": "1 of 2"},
		files_lost=["private/files/a.pdf"],
		doctor=[{**finding, "level": "fail"}, {**finding, "level": "warn"}],
	)
	assert report.describe_differences(found) == [
		"Lost: Client: C-1, C-2",
		"Changed: Lead.source: 1 of 2",
		"Lost or changed: private/files/a.pdf",
		"Doctor: roles: One is missing. Run migrate.",
	]
	assert not found.is_complete()


@pytest.mark.parametrize(
	("level", "imported", "complete"), [("warn", 0, True), ("fail", 0, False), ("ok", 1, False)]
)
def test_failed_check_or_written_record_makes_the_upgrade_incomplete(
	report: ModuleType, level: str, imported: int, complete: bool
) -> None:
	run = {"imported": imported, "updated": 0, "failed": 0}
	assert report.Report(syncs=[run], doctor=[{"level": level}]).is_complete() is complete
