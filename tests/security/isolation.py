"""Isolate a sweep: one transaction that is never committed, no file outside the site, no network, no job.

Everything here replaces functions of this process only; the sweep runs in a separate process.
"""

import contextlib
import logging
import logging.handlers
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import frappe

# Computed once: within the audit hook, finding it would open a file
TEMPORARY = tempfile.gettempdir()
SAVEPOINT = "sweep_call"
# Among the statements, where a transaction ends
COMMIT, ROLLBACK = "commit", "rollback"
WRITES = ("insert", "update", "replace", "delete")
COMMITTING = (
	"commit",
	"rollback",
	"start",
	"begin",
	"alter",
	"drop",
	"create",
	"truncate",
	"rename",
	"lock",
	"unlock",
)


class OutOfBoundsError(Exception):
	"""A method tried to leave the isolation: it has done all the work that it may do here."""

	http_status_code = 500


@dataclass
class Effects:
	"""The side effects of one call. A mail is a row of the Email Queue, so it is among the statements."""

	statements: list[str] = field(default_factory=list)
	jobs: list[str] = field(default_factory=list)
	messages: list[str] = field(default_factory=list)
	logs: list[str] = field(default_factory=list)
	files: list[str] = field(default_factory=list)

	def clear(self) -> None:
		for effects in (self.statements, self.jobs, self.messages, self.logs, self.files):
			effects.clear()


class Ground:
	"""The sweep's site, isolated while `within` is true."""

	def __init__(self, site_path: Path) -> None:
		self.effects = Effects()
		self.within = False
		self.savepoint = SAVEPOINT
		self.site_path = str(site_path.resolve())
		self.db = frappe.local.db
		self.db.sql("select 1")  # connects

	def install(self) -> None:
		"""Replace commit, rollback, connect, the queue, the mailer and the network."""
		self._keep_one_transaction()
		self._keep_one_connection()
		self._catch_jobs()
		self._catch_logs()
		sys.addaudithook(self._audit)

	def _keep_one_transaction(self) -> None:  # noqa: C901
		db, execute = self.db, self.db._cursor.execute

		def execute_guarded(query: str, values: Any = None) -> Any:
			word = query.lstrip(" \n\t(")[:12].split(None, 1)[0].lower() if query.strip() else ""
			if word in COMMITTING and "savepoint" not in query.lower():
				raise OutOfBoundsError(f"SQL {word}")
			if self.within and word in WRITES:
				self.effects.statements.append(f"{query} {values!r}")
			return execute(query, values)

		def commit(_db: Any, **_options: Any) -> None:
			db.before_rollback.reset()
			db.after_rollback.reset()
			db.before_commit.run()
			self.effects.statements.append(COMMIT)
			db.value_cache.clear()
			db.after_commit.run()

		def rollback(_db: Any, *, save_point: str | None = None, **_options: Any) -> None:
			if not save_point:
				db.before_commit.reset()
				db.after_commit.reset()
				db.before_rollback.run()
				self.effects.statements.append(ROLLBACK)
			if save_point or self.within:
				db.sql(f"rollback to savepoint {save_point or self.savepoint}")
			db.value_cache.clear()
			if not save_point:
				db.after_rollback.run()

		db._cursor.execute = execute_guarded
		ignored = dict.fromkeys(("begin", "close"), lambda *_args, **_options: None)
		# In the class: calls replace these in the database itself for a while, and then delete them there
		db.__class__ = type(
			"GuardedDatabase", (type(db),), {"commit": commit, "rollback": rollback, **ignored}
		)

	def _keep_one_connection(self) -> None:
		def connect(
			site: str | None = None, db_name: str | None = None, set_admin_as_user: bool = True
		) -> None:
			frappe.local.db = self.db
			if set_admin_as_user:
				frappe.set_user("Administrator")

		frappe.connect = connect
		frappe.destroy = lambda: None
		frappe.connect_replica = lambda: False

	def _catch_jobs(self) -> None:
		import rq

		def enqueue_call(_queue: Any, func: Any, *args: Any, **options: Any) -> Any:
			self.effects.jobs.append(f"{func!r} {args!r} {options!r}")
			return frappe._dict(id="captured", get_status=lambda **_: "queued")

		patch.object(rq.Queue, "enqueue_call", enqueue_call).start()
		import frappe.realtime

		frappe.realtime.emit_via_redis = lambda event, message, room: self.effects.messages.append(
			f"{room} {event} {message!r}"
		)

	def _catch_logs(self) -> None:
		def emit(handler: logging.Handler, record: logging.LogRecord) -> None:
			self.effects.logs.append(handler.format(record))

		patch.object(logging.handlers.RotatingFileHandler, "emit", emit).start()
		logging.raiseExceptions = False

	def _audit(self, event: str, arguments: tuple) -> None:
		if not self.within:
			return
		if event in FORBIDDEN:
			raise OutOfBoundsError(event)
		if event == "open":
			self._check_open(*arguments)
		elif event in ("socket.connect", "socket.getaddrinfo"):
			self._check_address(event, arguments)

	def _check_open(self, path: Any, mode: str | None, flags: int) -> None:
		if not isinstance(path, str | bytes | os.PathLike) or not flags & (
			os.O_WRONLY | os.O_RDWR | os.O_CREAT
		):
			return
		target = os.path.abspath(os.fsdecode(path))  # noqa: PTH100
		if target == os.devnull:
			return
		if Path(target).exists() and not target.endswith(".log"):
			raise OutOfBoundsError(f"overwrite {target}")
		if not target.startswith((self.site_path, TEMPORARY)) and not target.endswith(".log"):
			raise OutOfBoundsError(f"write {target}")
		if not target.endswith(".log"):
			self.effects.files.append(target)

	def _check_address(self, event: str, arguments: tuple) -> None:
		host = arguments[1] if event == "socket.connect" else arguments[0]
		if isinstance(host, tuple):
			host = host[0]
		if host not in ("127.0.0.1", "localhost", "::1") and not isinstance(host, bytes):
			raise OutOfBoundsError(f"network {host}")

	def remove_files(self) -> None:
		"""Delete what the last call wrote."""
		for path in self.effects.files:
			with contextlib.suppress(OSError):
				Path(path).unlink()


FORBIDDEN = frozenset(
	{
		"os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate",
		"os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill", "os.killpg",
		"shutil.rmtree", "shutil.move", "subprocess.Popen", "ctypes.dlopen", "pty.spawn",
	}
)  # fmt: skip


@contextlib.contextmanager
def guarded(ground: Ground) -> Iterator[Effects]:
	"""Undo everything that a call within the block does."""
	ground.effects.clear()
	ground.db.sql(f"savepoint {SAVEPOINT}")
	ground.within = True
	try:
		yield ground.effects
	finally:
		ground.within = False
		frappe.local.db = ground.db
		ground.db.before_commit.reset()
		ground.db.after_commit.reset()
		ground.db.before_rollback.reset()
		ground.db.after_rollback.reset()
		ground.db.sql(f"rollback to savepoint {SAVEPOINT}")
		ground.db.value_cache.clear()
		ground.remove_files()
