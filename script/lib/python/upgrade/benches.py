"""The benches of an upgrade: their commands, their sites' databases and files, and Redis in the meantime."""

import configparser
import contextlib
import itertools
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors

COMMAND_SECONDS = 3600
START_SECONDS = 20
Row = dict[str, Any]


class UpgradeError(Exception):
	"""The reason for which the upgrade cannot continue, as a message for the user."""


class Bench:
	"""A bench, by its folder."""

	def __init__(self, folder: Path, redis: tuple[int, int]) -> None:
		self.folder = folder
		self.sites = folder / "sites"
		self.python = folder / "env" / "bin" / "python"
		if not self.python.exists():
			raise UpgradeError(f"{folder} is no bench: it has no env/bin/python.")
		cache, queue = (f"redis://127.0.0.1:{port}" for port in redis)
		self.environment = {**os.environ, "FRAPPE_REDIS_CACHE": cache, "FRAPPE_REDIS_QUEUE": queue}
		self.config: Row = json.loads((self.sites / "common_site_config.json").read_text())

	def run(self, *arguments: str, may_fail: bool = False) -> str:
		"""Run Python of the bench in its sites folder. Return its output."""
		result = subprocess.run(
			[str(self.python), *arguments], cwd=self.sites, env=self.environment, capture_output=True, text=True,
			timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL, check=False,
		)  # fmt: skip
		if result.returncode and not may_fail:
			shown = f"{result.stdout[-3000:]}\n{result.stderr[-6000:]}".strip()
			# Options may contain passwords: only the words before them are shown.
			words = itertools.takewhile(lambda word: not word.startswith("--d"), arguments)
			raise UpgradeError(f"{self.folder}: {' '.join(words)} failed:\n{shown}")
		return result.stdout

	def frappe(self, site: str, *arguments: str, may_fail: bool = False) -> str:
		"""Run a bench command on a site."""
		command = ("-m", "frappe.utils.bench_helper", "frappe", "--site", site)
		return self.run(*command, *arguments, may_fail=may_fail)

	def work_off_queue(self) -> None:
		"""Run all queued jobs."""
		self.run("-m", "frappe.utils.bench_helper", "frappe", "worker", "--burst", "--quiet")

	def major(self) -> int:
		"""Return the major version of the bench's Frappe."""
		return int(self.run("-c", "import frappe; print(frappe.__version__)").split(".")[0])

	def site_config(self, site: str) -> Row:
		config: Row = json.loads((self.sites / site / "site_config.json").read_text())
		return config

	def query(self, site: str, statement: str, *values: Any) -> list[Row]:
		"""Return the rows of a statement on a site's database."""
		config = self.config | self.site_config(site)
		user = config.get("db_user") or config["db_name"]
		with _connect(config, user, config["db_password"], config["db_name"]) as cursor:
			cursor.execute(statement, values)
			return list(cursor.fetchall())

	def drop_database(self, name: str) -> None:
		"""Drop the database of an earlier rehearsal, and its user, whose password would remain."""
		with _connect(self.config, *self.database_account()) as cursor:
			cursor.execute(f"drop database if exists `{name}`")
			for host in ("localhost", "%"):
				cursor.execute("drop user if exists %s@%s", (name, host))

	def database_account(self) -> tuple[str, str]:
		"""Return the account that may create databases: from the environment, otherwise the one that
		script/server keeps.
		"""
		if password := os.environ.get("ORCHESTRATOR_DB_ROOT_PASSWORD"):
			return os.environ.get("ORCHESTRATOR_DB_ROOT_USER") or "root", password
		parser = configparser.ConfigParser(interpolation=None)
		if not parser.read(self.folder / ".orchestrator" / "mariadb.cnf"):
			raise UpgradeError(
				f"Set ORCHESTRATOR_DB_ROOT_PASSWORD, and ORCHESTRATOR_DB_ROOT_USER if it is not root: {self.folder} has no"
				" account that may create databases."
			)
		return parser["client"]["user"], parser["client"]["password"]


@contextlib.contextmanager
def running(*command: str, port: int, **environment: str) -> Iterator[None]:
	"""Run a service for this upgrade only, from its first reply to the end of the context."""
	process = subprocess.Popen(
		command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
	)
	try:
		deadline = time.monotonic() + START_SECONDS
		while not _answers(port):
			if process.poll() is not None or time.monotonic() > deadline:
				raise UpgradeError(f"{command[0]} did not start on port {port}.")
			time.sleep(0.1)
		yield
	finally:
		process.terminate()
		process.wait(timeout=30)


@contextlib.contextmanager
def redis_servers() -> Iterator[tuple[int, int]]:
	"""Run two Redis servers, so that no worker of a running bench takes the jobs of the upgrade."""
	with contextlib.ExitStack() as stack:
		ports = (find_free_port(), find_free_port())
		for port in ports:
			options = (
				"--bind",
				"127.0.0.1",
				"--port",
				str(port),
				"--save",
				"",
				"--dir",
				tempfile.gettempdir(),
			)
			stack.enter_context(running("redis-server", *options, port=port))
		yield ports


def find_free_port() -> int:
	with contextlib.closing(socket.socket()) as listener:
		listener.bind(("127.0.0.1", 0))
		return int(listener.getsockname()[1])


@contextlib.contextmanager
def _connect(config: Row, user: str, password: str, database: str | None = None) -> Iterator[Any]:
	"""Yield a cursor on the server that a configuration names."""
	with (
		pymysql.connect(
			host=config.get("db_host") or "127.0.0.1",
			port=int(config.get("db_port") or 3306),
			user=user,
			password=password,
			database=database,
			cursorclass=pymysql.cursors.DictCursor,
		) as connection,
		connection.cursor() as cursor,
	):
		yield cursor


def _answers(port: int) -> bool:
	with contextlib.closing(socket.socket()) as client:
		return client.connect_ex(("127.0.0.1", port)) == 0
