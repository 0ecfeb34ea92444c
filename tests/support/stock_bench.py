"""The bench over the same sites and databases, but with other code: without this app, or with an edited copy of it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

import frappe

from tests.support.processes import offset_database

APP = "orchestrator"
# Redis databases beyond those of all processes of a test run
STOCK_DATABASE, EDITED_DATABASE = 8, 9
COMMAND_TIMEOUT_SECONDS = 300


@contextlib.contextmanager
def make_stock_sites(bench: Path) -> Iterator[Path]:
	"""Create a `sites` folder whose apps.txt lacks this app, with its own cache, because hooks are cached."""
	apps = (bench / "sites" / "apps.txt").read_text().split()
	with _make_sites_with_own_cache(bench, [app for app in apps if app != APP], STOCK_DATABASE) as folder:
		yield folder


@dataclass(frozen=True)
class EditedBench:
	"""A bench that runs a copy of the app, with a cache of its own."""

	sites: Path
	app: Path
	environment: dict[str, str]

	def run_command(self, *command: str) -> None:
		"""Run a command with the copy's code, without locks of the tests. Raises AssertionError with its
		output.
		"""
		frappe.db.commit()
		done = subprocess.run(
			command,
			cwd=self.sites,
			env={**os.environ, **self.environment},
			capture_output=True,
			text=True,
			timeout=COMMAND_TIMEOUT_SECONDS,
		)
		assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"

	def run_bench(self, *arguments: str) -> None:
		"""Run `bench <arguments>`."""
		self.run_command(sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *arguments)


@contextlib.contextmanager
def make_edited_bench(bench: Path, app: Path) -> Iterator[EditedBench]:
	"""Create the bench with `app`, a checkout's copy, in place of this app."""
	apps = (bench / "sites" / "apps.txt").read_text().split()
	with _make_sites_with_own_cache(bench, apps, EDITED_DATABASE) as sites:
		cache = offset_database(frappe.conf.redis_cache, EDITED_DATABASE)
		names = {
			"PYTHONPATH": str(app),
			"FRAPPE_REDIS_CACHE": cache,
			"ORCHESTRATOR_BENCH": str(sites.parent),
		}
		yield EditedBench(sites, app, names)


@contextlib.contextmanager
def _make_sites_with_own_cache(bench: Path, apps: list[str], database: int) -> Iterator[Path]:
	with tempfile.TemporaryDirectory(prefix="stock-bench-") as name:
		folder = Path(name) / "sites"
		folder.mkdir()
		for entry in (bench / "sites").iterdir():
			if entry.name not in ("apps.txt", "common_site_config.json"):
				(folder / entry.name).symlink_to(entry)
		for shared in ("apps", "env", "config"):
			if (bench / shared).exists():
				(Path(name) / shared).symlink_to(bench / shared)
		(Path(name) / "logs").mkdir()
		(folder / "apps.txt").write_text("\n".join(apps) + "\n")
		config = json.loads((bench / "sites" / "common_site_config.json").read_text())
		config["redis_cache"] = offset_database(frappe.conf.redis_cache, database)
		(folder / "common_site_config.json").write_text(json.dumps(config))
		clear_cache(config["redis_cache"])
		try:
			yield folder
		finally:
			clear_cache(config["redis_cache"])


def clear_cache(url: str) -> None:
	"""Drop this site's keys in the stock bench's Redis database, those of an earlier run or of this one."""
	connection = redis.from_url(url)
	for key in connection.scan_iter(f"{frappe.conf.db_name}|*"):
		connection.delete(key)
