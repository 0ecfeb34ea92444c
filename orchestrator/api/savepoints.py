"""Process one record of many in a savepoint: a failure undoes its own changes only."""

import contextlib
from collections.abc import Iterator

from rq.timeouts import BaseTimeoutException

import frappe
from frappe.utils import CallbackManager

from orchestrator.api import errors

SAVEPOINT = "orchestrator_record"
# Errors that end the whole call or run: in a deadlock, the database has rolled back the transaction with its
# savepoints; a job's timeout applies to all its records.
WHOLE_CALL_ERRORS = (frappe.QueryDeadlockError, BaseTimeoutException)


@contextlib.contextmanager
def isolate_in_savepoint() -> Iterator[None]:
	"""Roll back to a savepoint on failure, and drop the record's jobs and webhooks that wait for the commit.

	Messages for Desk are dropped.
	"""
	local = frappe.local
	messages, local.message_log = local.message_log, []
	outer, frappe.db.after_commit = frappe.db.after_commit, CallbackManager()
	webhooks = len(getattr(local, "_webhook_queue", None) or ())
	had_realtime_log = hasattr(local, "_realtime_log")
	frappe.db.savepoint(SAVEPOINT)
	try:
		yield
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		if text := errors.get_logged_text():
			error.args = (text,)
		frappe.db.rollback(save_point=SAVEPOINT)
		if getattr(local, "_webhook_queue", None):
			del local._webhook_queue[webhooks:]
		if not had_realtime_log and hasattr(local, "_realtime_log"):
			del local._realtime_log  # its callback was registered within the savepoint
		raise
	else:
		frappe.db.release_savepoint(SAVEPOINT)
		outer.add(frappe.db.after_commit.run)
	finally:
		frappe.db.after_commit = outer
		local.message_log = messages
