"""Process one record of many in a savepoint: a failure undoes its own changes only."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from rq.timeouts import BaseTimeoutException

import frappe
from frappe.utils import CallbackManager

from orchestrator.api import errors
from orchestrator.api.lost_connection import DatabaseUnavailableError

SAVEPOINT = "orchestrator_record"
# What Frappe and orchestrator/api/webhook_outbox.py keep on frappe.local until the commit
QUEUES = ("_webhook_queue", "_realtime_log", "orchestrator_webhook_former_records")
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
	queues = {name: copy.copy(getattr(local, name)) for name in QUEUES if hasattr(local, name)}
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
		_restore_queues(queues)
		raise
	else:
		database.release_savepoint(savepoint)
		outer[0].add(database.after_commit.run)
		outer[1].add(database.after_rollback.run)
	finally:
		database.after_commit, database.after_rollback = outer
		local.message_log = messages


def _restore_queues(queues: dict[str, Any]) -> None:
	"""Put the queues back as they were: callbacks of a rollback may have emptied them.

	A queue that is new is removed, since its callbacks were registered within the savepoint.
	"""
	for name in QUEUES:
		if name in queues:
			setattr(frappe.local, name, queues[name])
		elif hasattr(frappe.local, name):
			delattr(frappe.local, name)
