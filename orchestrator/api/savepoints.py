"""Process one record of many in a savepoint: a failure undoes its own changes only."""

import contextlib
from collections.abc import Iterator

from rq.timeouts import BaseTimeoutException

import frappe
from frappe.utils import CallbackManager

from orchestrator.api import errors
from orchestrator.api.lost_connection import DatabaseUnavailableError

SAVEPOINT = "orchestrator_record"
REALTIME_LOG = "_realtime_log"
# What Frappe keeps on frappe.local until the commit
QUEUES = ("_webhook_queue", REALTIME_LOG)
# Errors that end the whole call or run: in a deadlock or after a lost connection, the database has rolled back the
# transaction with its savepoints; a job's timeout applies to all its records.
WHOLE_CALL_ERRORS = (frappe.QueryDeadlockError, DatabaseUnavailableError, BaseTimeoutException)


@contextlib.contextmanager
def isolate_in_savepoint(savepoint: str = SAVEPOINT) -> Iterator[None]:
	"""Roll back to a savepoint on failure: also the files written, and what waits for the commit (jobs, webhooks, events).

	Messages for Desk are dropped.

	Args:
		savepoint: Its name. Blocks within each other need different ones.
	"""
	local, database = frappe.local, frappe.local.db
	messages, local.message_log = local.message_log, []
	outer = database.after_commit, database.after_rollback
	database.after_commit, database.after_rollback = CallbackManager(), CallbackManager()
	queues = {name: len(getattr(local, name, None) or ()) for name in QUEUES}
	had_realtime_log = hasattr(local, REALTIME_LOG)
	database.savepoint(savepoint)
	try:
		yield
	except WHOLE_CALL_ERRORS:
		outer[1].add(database.after_rollback.run)
		raise
	except Exception as error:
		if text := errors.get_logged_text():
			error.args = (text,)
		database.rollback(save_point=savepoint)
		database.after_rollback.run()
		_truncate_queues(queues)
		if not had_realtime_log and hasattr(local, REALTIME_LOG):
			delattr(local, REALTIME_LOG)  # its callback was registered within the savepoint
		raise
	else:
		database.release_savepoint(savepoint)
		outer[0].add(database.after_commit.run)
		outer[1].add(database.after_rollback.run)
	finally:
		database.after_commit, database.after_rollback = outer
		local.message_log = messages


def _truncate_queues(lengths: dict[str, int]) -> None:
	"""Drop what was added to Frappe's queues since they had these lengths."""
	for name, length in lengths.items():
		if queue := getattr(frappe.local, name, None):
			del queue[length:]
