"""The sync from the shell, as real processes: what they print, how they end."""

import json
import re

import pytest

import frappe

from orchestrator.sync.kipu.simulator.server import Simulator
from tests import bench, clinic
from tests.kipu_site import loopback_allowed


@pytest.fixture(scope="module", autouse=True)
def loopback(frappe_site):
	with loopback_allowed():
		yield


@pytest.fixture(scope="module")
def kipu():
	with Simulator(8) as running:
		yield running


@pytest.fixture(scope="module")
def right(frappe_site, kipu) -> str:
	return clinic.make_connection(kipu).name


@pytest.fixture(scope="module")
def wrong(frappe_site, kipu) -> str:
	return clinic.make_connection(kipu, secret_key="other").name


def run(*arguments: str, connections: tuple[str, ...]):
	named = [part for name in connections for part in ("--connection", name)]
	return bench.run("orchestrator", *arguments, *named, check=False)


def test_the_test_prints_a_line_per_check_and_ends_by_what_it_finds(site, right, wrong):
	result = run("kipu-test", connections=(right, wrong))
	lines = result.stdout.splitlines()
	content, refused = lines[: lines.index(wrong)], lines[lines.index(wrong) :]
	assert result.returncode == 1
	assert (content[0], "ok   Route: patients/census answers." in content) == (right, True)
	assert not any(line.startswith("fail") for line in content)
	assert [line.partition(":")[0] for line in refused if line.startswith("fail")] == [
		"fail Secret Key", "fail App ID",
	]  # fmt: skip


def test_a_run_prints_its_counts_one_that_fails_stops_no_other_and_the_history_tells_both(
	site, kipu, right, wrong
):
	people = len(kipu.world)
	line = re.compile(
		rf"Completed   (\S+)  {right}: full(, dry run)?, {people} imported, 0 updated, 0 skipped, 0 failed, [\d.]+ s, \S+"
	)
	dry = run("sync-kipu", "--full", "--dry-run", connections=(right,))
	assert (dry.returncode, line.search(dry.stdout)[2]) == (0, ", dry run")
	assert frappe.db.count("Client Stay", {"connection": right}) == 0
	real = run("sync-kipu", "--full", connections=(wrong, right))
	assert (real.returncode, line.search(real.stdout)[2]) == (1, None)
	assert re.search(rf"Failed      \S+  {wrong}: full, 0 imported.*\n +Access refused\.", real.stdout)
	frappe.db.rollback()
	assert frappe.db.count("Client Stay", {"connection": right}) == people
	told = json.loads(run("sync-history", "--limit", "2", "--json", connections=(right,)).stdout)
	assert [(each["run"], each["trigger"], each["imported"]) for each in told] == [
		(line.search(output)[1], "Command", people) for output in (real.stdout, dry.stdout)
	]
	edited = frappe.get_last_doc("Client", {"connection": right})
	edited.update({"preferred_name": "Edited"}).save()
	frappe.db.commit()
	back = bench.run("orchestrator", "sync-rollback", "--yes", line.search(real.stdout)[1])
	kept = 1 + frappe.db.count("Client Stay", {"client": edited.name})
	assert f"{kept} kept" in back.stdout
	assert f"kept Client {edited.name}: edited" in back.stdout
	frappe.db.rollback()
	assert frappe.get_all("Client", {"connection": right}, pluck="name") == [edited.name]


def test_a_day_that_is_none_ends_with_2_and_one_line(site, right):
	refused = run("sync-kipu", "--since", "2026-02-30", connections=(right,))
	assert refused.returncode == 2
	assert "since_date" in refused.stderr
	assert "Traceback" not in refused.stderr


# What the bar shows


def test_a_bar_moves_by_phases_and_within_the_history_by_days(site):
	from orchestrator.commands.sync_progress import fraction
	from orchestrator.sync.runs import Order, Run

	def done(sync_type: str, **checkpoint: str) -> float:
		order = Order("Somewhere", sync_type)
		return fraction(Run("RUN", order, "token", frappe.utils.now_datetime(), None, checkpoint))

	days = {"phase": "windows", "until": "2025-01-01"}
	shown = [
		done("full"),
		done("full", phase="due"),
		done("full", **days, end="2015-01-01"),
		done("full", **days, end="2020-01-01"),
		done("full", **days, end="2025-01-02"),
		done("full", phase="vault"),
		done("full", phase="settle"),
	]
	assert shown == sorted(shown)
	assert shown[0] == 0 < shown[2] < shown[3] < shown[4] < shown[6] < 1
	assert done("incremental", phase="windows") == done("full", phase="windows")
	assert done("retry", phase="retry") == 0
