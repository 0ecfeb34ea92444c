"""The bench as it would be without this app, over the same sites and databases."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import redis

import frappe

from tests.support.processes import offset_database

APP = "orchestrator"
DATABASES_AFTER = 8  # beyond those of all processes of a test run


@contextlib.contextmanager
def make_stock_sites(bench: Path) -> Iterator[Path]:
	"""A `sites` folder whose apps.txt lacks this app and whose cache, where hooks are kept, is its own."""
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
		apps = (bench / "sites" / "apps.txt").read_text().split()
		(folder / "apps.txt").write_text("\n".join(app for app in apps if app != APP) + "\n")
		config = json.loads((bench / "sites" / "common_site_config.json").read_text())
		config["redis_cache"] = offset_database(frappe.conf.redis_cache, DATABASES_AFTER)
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
