"""Rehearse the upgrade of a site from one bench to another: `script/upgrade OLD_BENCH NEW_BENCH`.

The site is backed up with its files, restored on the new bench under another name, migrated, and compared. The site
itself and the old bench are only read. Without `--site` a site of the demo with a Kipu history is made for it first.
Ends with 1 where something is lost; `--json` prints what was compared.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import comparison
from benches import Bench, Row, UpgradeError, find_free_port, redis_servers, running
from report import Report, print_report

HERE = Path(__file__).resolve().parent
MADE_SITE, UPGRADED_SITE = "upgrade-from.localhost", "upgrade-to.localhost"
HISTORY_DAYS = 30
# Checks of the doctor about running processes, which the copy does not have
PROCESS_CHECKS = frozenset({"workers", "scheduler"})
# The copy must not send anything, and may be created again
REHEARSAL = {"mute_emails": 1, "pause_scheduler": 1, "upgrade_rehearsal": 1}
SERVER_SETTINGS = frozenset(
	{
		"db_name",
		"db_password",
		"db_type",
		"db_host",
		"db_port",
		"db_user",
		"db_socket",
		"host_name",
		"domains",
	}
)


def parse_arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(prog="script/upgrade", description=(__doc__ or "").split("\n\n", 1)[1])
	parser.add_argument("old_bench", type=Path, help="the bench with Frappe 15")
	parser.add_argument("new_bench", type=Path, help="the bench with Frappe 16, with the same apps")
	parser.add_argument("--site", help="the site of the old bench; without it one is made for the rehearsal")
	parser.add_argument(
		"--as", dest="name", default=UPGRADED_SITE, help="its name on the new bench (%(default)s)"
	)
	parser.add_argument("--json", action="store_true", help="print what was compared as JSON")
	return parser.parse_args()


def main() -> None:
	options = parse_arguments()
	try:
		with redis_servers() as redis:
			report = upgrade(options, Bench(options.old_bench, redis), Bench(options.new_bench, redis))
	except UpgradeError as error:
		sys.exit(f"Error: {error}")
	if options.json:
		print(json.dumps(vars(report) | {"complete": report.is_complete()}, indent=1, default=str))
	else:
		print_report(report)
	sys.exit(0 if report.is_complete() else 1)


def upgrade(options: argparse.Namespace, old: Bench, new: Bench) -> Report:
	"""Copy the site to the new bench, upgrade and compare it."""
	check_benches(old, new, options.name)
	with contextlib.ExitStack() as stack:
		kipu = None
		if options.site is None:
			kipu = find_free_port()
			make_site(old, kipu)
			stack.enter_context(simulator(old, kipu, date.today()))
			sync(old, MADE_SITE, "--full")
			sync(old, MADE_SITE)
			old.work_off_queue()
		site = options.site or MADE_SITE
		report_progress(f"Reading {site}")
		before = comparison.read_tables(old, site)
		singles, files = comparison.read_singles(old, site), comparison.read_files(old, site)
		restore(old, site, new, options.name)
		report_progress(f"Migrating {options.name}")
		new.frappe(options.name, "migrate")
		report = compare(before, singles, files, new, options.name)
		if kipu:
			report.syncs = [sync(new, options.name), sync(new, options.name, "--full")]
	return report


def check_benches(old: Bench, new: Bench, name: str) -> None:
	"""Raise UpgradeError if the new bench is not newer, or has a site of that name that a rehearsal did not
	make.
	"""
	before, after = old.major(), new.major()
	if after <= before:
		raise UpgradeError(
			f"{new.folder} has Frappe {after}, {old.folder} has {before}: name the older bench first."
		)
	if (new.sites / name / "site_config.json").exists() and not new.site_config(name).get(
		"upgrade_rehearsal"
	):
		raise UpgradeError(f"{new.folder} has a site {name} already. Choose another name with --as.")


# A site for the rehearsal


def make_site(old: Bench, kipu: int) -> None:
	"""Create a site of the demo, with permissions, a schedule, and a sync of some weeks ago."""
	report_progress(f"Making {MADE_SITE}")
	dumps = sorted((old.folder / "base").glob("site-*.sql.gz"), key=lambda path: path.stat().st_mtime)
	if not dumps:
		raise UpgradeError(
			f"{old.folder} has no base site. Run script/server or script/test for it, or name a --site."
		)
	settings = {"kipu_allowed_hosts": ["127.0.0.1"], **REHEARSAL}
	load(old, MADE_SITE, dumps[-1], settings)
	old.frappe(MADE_SITE, "install-app", "orchestrator")
	old.frappe(MADE_SITE, "orchestrator", "demo", "--kipu", f"http://127.0.0.1:{kipu}")
	old.run(str(HERE / "records.py"), MADE_SITE)
	with simulator(old, kipu, date.today() - timedelta(days=HISTORY_DAYS)):
		sync(old, MADE_SITE, "--full")


def simulator(bench: Bench, port: int, day: date) -> contextlib.AbstractContextManager[None]:
	"""Run the Kipu simulator, whose history ends on a day."""
	module = ("-m", "orchestrator.kipu_simulator", "--port", str(port), "--as-of", day.isoformat())
	return running(str(bench.python), *module, port=port)


def sync(bench: Bench, site: str, *options: str) -> Row:
	"""Run the Kipu sync. Return its output."""
	printed = bench.frappe(site, "orchestrator", "sync-kipu", "--json", *options)
	run: Row = json.loads(printed)[0]
	if run["status"] != "Completed":
		raise UpgradeError(f"The sync of {site} ended as {run['status']}: {run['errors']}")
	return run


# The way over


def restore(old: Bench, site: str, new: Bench, name: str) -> None:
	"""Back the site up as bench does, and restore it on the new bench."""
	with tempfile.TemporaryDirectory(prefix="upgrade-", dir=new.folder) as scratch:
		report_progress(f"Backing up {site}")
		old.frappe(site, "backup", "--with-files", "--backup-path", scratch)
		report_progress(f"Restoring it as {name}")
		database, public, private, config = (
			_find_one(Path(scratch), ending)
			for ending in ("-database.sql.gz", "-files.tar", "-private-files.tar", "-site_config_backup.json")
		)
		kept = {
			key: value for key, value in json.loads(config.read_text()).items() if key not in SERVER_SETTINGS
		}
		load(new, name, database, {**kept, **REHEARSAL}, public, private)


def load(bench: Bench, site: str, dump: Path, settings: Row, *files: Path) -> None:
	"""Restore a dump and its files under a new site's name, with `bench restore`."""
	folder = bench.sites / site
	shutil.rmtree(folder, ignore_errors=True)
	for part in ("public/files", "private/files", "private/backups", "logs", "locks"):
		(folder / part).mkdir(parents=True)
	secret = os.urandom(12).hex()
	database = "u_" + re.sub(r"[^a-z0-9]", "", f"{bench.folder.name}{site}")[:30]
	config = {**settings, "db_name": database, "db_password": secret, "db_type": "mariadb"}
	(folder / "site_config.json").write_text(json.dumps(config, indent=1))
	bench.drop_database(database)
	user, password = bench.database_account()
	options = [
		f"--with-{kind}-files={path}" for kind, path in zip(("public", "private"), files, strict=False)
	]
	account = ("--db-root-username", user, "--db-root-password", password)
	bench.frappe(
		site, "--force", "restore", str(dump), *account, "--admin-password", os.urandom(12).hex(), *options
	)


def _find_one(folder: Path, ending: str) -> Path:
	"""Return the file of a backup with this ending."""
	found = [path for path in folder.iterdir() if path.name.endswith(ending)]
	if ending == "-files.tar":
		found = [path for path in found if not path.name.endswith("-private-files.tar")]
	if len(found) != 1:
		raise UpgradeError(f"The backup has {len(found)} files that end in {ending}.")
	return found[0]


# The comparison


def compare(
	before: dict[str, comparison.Table], singles: comparison.Table, files: Row, new: Bench, name: str
) -> Report:
	"""Compare the upgraded site with its former content."""
	report_progress(f"Comparing {name}")
	after = comparison.read_tables(new, name)
	there = comparison.read_files(new, name)
	report = Report(
		subjects={
			doctype: {"before": len(rows), "after": len(after.get(doctype, {}))}
			for doctype, rows in before.items()
		},
		lost=comparison.find_lost(before, after),
		changed=comparison.find_changed(before, after),
		files_lost=sorted(path for path, digest in files.items() if there.get(path) != digest),
	)
	report.subjects["files"] = {"before": len(files), "after": len(there)}
	report.changed |= comparison.find_changed(
		{"Singles": singles}, {"Singles": comparison.read_singles(new, name)}
	)
	printed = new.frappe(name, "orchestrator", "doctor", "--json", may_fail=True)
	findings = json.loads(printed[printed.index("[") :])
	report.doctor = [finding for finding in findings if finding["check"] not in PROCESS_CHECKS]
	return report


def report_progress(text: str) -> None:
	"""Print a progress message to standard error; standard output has the report."""
	print(f"{text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
	main()
