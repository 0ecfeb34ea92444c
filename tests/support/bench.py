"""Run commands of the bench in separate processes, and dump and restore the site's database."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe

from tests.support import snapshot

TIMEOUT = 300
# Beginning of a table's section in a dump; other sections begin differently.
SECTION = re.compile(rb"-- (?:Table structure for table|Dumping data for table|\w+ structure for) `([^`]+)`")


def run_command(*arguments: str, check: bool = True) -> subprocess.CompletedProcess:
	"""Run `bench --site <the test site> <arguments>`. The connection of the tests releases its locks first."""
	frappe.db.rollback()
	result = subprocess.run(
		[
			sys.executable,
			"-m",
			"frappe.utils.bench_helper",
			"frappe",
			"--site",
			frappe.local.site,
			*arguments,
		],
		cwd=frappe.local.sites_path,
		capture_output=True,
		text=True,
		timeout=TIMEOUT,
	)
	frappe.local.doc_events_hooks = None  # the command may have installed or removed an app
	if check and result.returncode:
		raise AssertionError(
			f"bench {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}"
		)
	return result


@contextmanager
def restore_database_after() -> Iterator[None]:
	"""Restore the site's database after the block, whatever happens to it.

	Only the site's own account is needed, so this runs wherever the site does. Most tables are as they were; to make
	those again as well would take most of the time.
	"""
	with tempfile.TemporaryDirectory() as folder, write_options_file() as options:
		dump, wanted = Path(folder) / "site.sql", Path(folder) / "changed.sql"
		with dump.open("wb") as target:
			_run_client(options, "mariadb-dump", "mysqldump", "--single-transaction", stdout=target)
		before = snapshot.capture_site()
		try:
			yield
		finally:
			write_dump_without(dump, wanted, snapshot.find_unchanged_tables(before, snapshot.capture_site()))
			frappe.db.rollback()  # releases the tables
			with wanted.open("rb") as source:
				_run_client(options, "mariadb", "mysql", stdin=source)
			frappe.db.rollback()
			frappe.clear_cache()


def write_dump_without(dump: Path, target: Path, tables: set[str]) -> None:
	"""Write the dump without the sections of these tables."""
	kept = True
	with dump.open("rb") as source, target.open("wb") as out:
		for line in source:
			if section := SECTION.match(line):
				kept = section[1].decode() not in tables
			if kept:
				out.write(line)


@contextmanager
def write_options_file() -> Iterator[Path]:
	"""Write the site's account for MariaDB's clients to a file, so that no password is on a command line."""
	conf = frappe.conf
	where = f"socket={conf.db_socket}" if conf.db_socket else f"host={conf.db_host or 'localhost'}"
	lines = ["[client]", where, f"user={conf.db_user or conf.db_name}", f"password={conf.db_password}"]
	if conf.db_port and not conf.db_socket:
		lines.append(f"port={conf.db_port}")
	with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:  # readable by its owner only
		file.write("\n".join(lines))
		file.flush()
		yield Path(file.name)


def _run_client(options: Path, *names_and_flags: str, **streams: object) -> None:
	names = [name for name in names_and_flags if not name.startswith("-")]
	flags = [flag for flag in names_and_flags if flag.startswith("-")]
	program = next(found for name in names if (found := shutil.which(name)))
	subprocess.run(
		[program, f"--defaults-extra-file={options}", *flags, frappe.conf.db_name],
		check=True,
		timeout=TIMEOUT,
		**streams,
	)
