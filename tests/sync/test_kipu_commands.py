"""The commands of the sync: their output and exit codes."""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext

import pytest
from click.testing import CliRunner, Result

import frappe

from orchestrator.kipu_simulator.server import Simulator
from tests.support import bench, clinic

pytestmark = pytest.mark.usefixtures("loopback")


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


def build_options(*connections: str) -> list[str]:
	return [part for name in connections for part in ("--connection", name)]


@pytest.fixture
def here(site, monkeypatch) -> Callable[..., Result]:
	"""Return a function that runs a sync command in this process, with its connection to the site."""
	from orchestrator.commands import sync

	monkeypatch.setattr(sync, "open_site", lambda _context: nullcontext())

	def run(*arguments: str) -> Result:
		command = next(each for each in sync.COMMANDS if each.name == arguments[0])
		# Frappe 15 looks into a dict, Frappe 16 at attributes
		context = frappe._dict(profile=False, sites=[frappe.local.site], force=False, verbose=False)
		return CliRunner().invoke(command, arguments[1:], obj=context)

	return run


def test_kipu_test_prints_a_line_per_check_and_exits_by_the_result(here, right, wrong):
	result = here("kipu-test", *build_options(right, wrong))
	lines = result.stdout.splitlines()
	content, refused = lines[: lines.index(wrong)], lines[lines.index(wrong) :]
	assert result.exit_code == 1
	assert (content[0], "ok   Route: patients/census works." in content) == (right, True)
	assert not any(line.startswith("fail") for line in content)
	assert [line.partition(":")[0] for line in refused if line.startswith("fail")] == [
		"fail Secret Key", "fail App ID",
	]  # fmt: skip
	(told,) = json.loads(here("kipu-test", "--json", *build_options(wrong)).stdout)
	assert told["wrong"] == ["secret_key", "app_id"]
	keyless = clinic.make_connection(access_id=None).name
	both = here("kipu-test", *build_options(keyless, right))
	missing = f"{keyless}: Connection {keyless} is missing: Access ID."
	assert (both.exit_code, missing in both.stderr) == (1, True)
	assert right in both.stdout.splitlines()


def test_a_run_prints_its_counts_one_that_fails_stops_no_other_and_the_history_tells_both(
	here, kipu, right, wrong
):
	people = len(kipu.world)
	line = re.compile(
		rf"Completed   (\S+)  {right}: full(, dry run)?, {people} imported, 0 updated, 0 skipped, 0 failed, [\d.]+ s, \S+"
	)
	dry = here("sync-kipu", "--full", "--dry-run", *build_options(right))
	assert (dry.exit_code, line.search(dry.stdout)[2]) == (0, ", dry run")
	assert frappe.db.count("Client Stay", {"connection": right}) == 0
	real = bench.run_command("orchestrator", "sync-kipu", "--full", *build_options(wrong, right), check=False)
	assert (real.returncode, line.search(real.stdout)[2]) == (1, None)
	assert re.search(rf"Failed      \S+  {wrong}: full, 0 imported.*\n +Access refused\.", real.stdout)
	frappe.db.rollback()
	assert frappe.db.count("Client Stay", {"connection": right}) == people
	told = json.loads(here("sync-history", "--limit", "2", "--json", "--connection", right).stdout)
	assert [(each["run"], each["trigger"], each["imported"]) for each in told] == [
		(line.search(output)[1], "Command", people) for output in (real.stdout, dry.stdout)
	]
	edited = frappe.get_last_doc("Client", {"connection": right})
	edited.update({"preferred_name": "Edited"}).save()
	frappe.db.commit()
	back = here("sync-rollback", "--yes", line.search(real.stdout)[1])
	kept = 1 + frappe.db.count("Client Stay", {"client": edited.name})
	assert (back.exit_code, f"{kept} kept" in back.stdout) == (0, True)
	assert f"kept Client {edited.name}: edited" in back.stdout
	assert frappe.get_all("Client", {"connection": right}, pluck="name") == [edited.name]


def test_rollback_asks_for_confirmation(here, kipu):
	connection = clinic.make_connection(kipu).name
	run = json.loads(here("sync-kipu", "--json", *build_options(connection)).stdout)[0]
	assert here("sync-rollback", run["run"]).exit_code == 1
	assert frappe.db.get_value("Sync Run", run["run"], "status") == "Completed"


def test_a_connection_where_another_run_is_at_work_ends_with_4_and_its_id(here, right):
	from orchestrator.sync.runs import run_queue, run_records

	first = run_queue.begin_run(run_records.RunRequest(right, "incremental"))
	try:
		busy = here("sync-kipu", *build_options(right))
	finally:
		frappe.db.set_value("Sync Run", first.name, "status", "Cancelled")
		frappe.db.commit()
	assert (busy.exit_code, first.name in busy.stderr) == (4, True)


@pytest.mark.parametrize(
	"build_arguments",
	[
		lambda connection: ("sync-kipu", "--since", "2026-02-30", *build_options(connection)),
		lambda _connection: ("sync-kipu", *build_options("nowhere")),
		lambda _connection: ("sync-history", "--limit", "0"),
		lambda _connection: ("sync-rollback", "nothing", "--yes"),
	],
	ids=["since", "connection", "limit", "run"],
)
def test_invalid_arguments_exit_with_2_and_one_line(here, right, build_arguments):
	rejected = here(*build_arguments(right))
	assert (rejected.exit_code, len(rejected.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
	"name", ["sync-kipu", "kipu-test", "sync-history", "sync-rollback", "kipu-simulator"]
)
def test_the_commands_are_there_for_bench(site, name):
	"""They run in a separate process, as users start them."""
	told = bench.run_command("orchestrator", "--help").stdout
	assert f"  {name} " in told


# The progress bar


def test_a_bar_moves_by_phases_and_within_the_history_by_days(site):
	from orchestrator.commands.sync_progress import compute_fraction
	from orchestrator.sync.runs.run_records import Run, RunRequest

	def done(sync_type: str, **checkpoint: str) -> float:
		order = RunRequest("Somewhere", sync_type)
		return compute_fraction(Run("RUN", order, "token", frappe.utils.now_datetime(), None, checkpoint))

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
