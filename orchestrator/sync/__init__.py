"""The endpoints of the sync: clients from Kipu, runs, and tools for administrators."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.schema_types import Bounded, ListOf, OneOf, OptionalDay
from orchestrator.sync.actions import health, history, run_actions, run_requests
from orchestrator.sync.clients import overview
from orchestrator.sync.roles import SYNC_ROLES
from orchestrator.sync.shapes import (
	ClientOverview,
	ConnectionHealth,
	ConnectionSummary,
	ConnectionTest,
	DiscardedIssues,
	MappingPreview,
	PausedConnection,
	ResumedConnection,
	RollbackPreview,
	RunStanding,
	SyncResult,
)
from orchestrator.sync.tools import connection_test, mapping_preview


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync finished or started"), effect=WRITE)
def sync_kipu_clients(
	sync_type: Annotated[str, OneOf(*run_requests.SYNC_TYPES)] = "incremental",
	dry_run: bool = False,
	since_date: OptionalDay = None,
	connection: str | None = None,
	background: bool | None = None,
) -> SyncResult:
	"""Import clients and stays from Kipu.

	Args:
		sync_type: incremental: changes since the last run. full: all records. Default: incremental.
		dry_run: true: count the changes and save nothing but an entry in the history. Default: false.
		since_date: Import the changes since this day, YYYY-MM-DD, and leave the incremental cursor alone.
		connection: Name of a Kipu Connection. Default: all that are enabled.
		background: true: run in a background job. false: wait for the result. Default: a job for more than 1,000 records, and if Kipu is slow or not reached.

	Returns:
		The counts, the errors by casefile ID without values, the duration, the run and its status, the cursor before and after.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		InvalidRequestError: 400. sync_type is unknown, or since_date is not a day from 2000-01-01 to today.
		DoesNotExistError: 404. There is no such connection.
		RunConflictError: 409. Another run of the connection is running; the message has its ID.
		InvalidSettingsError: 422. A setting of the connection is missing or wrong, or no connection is enabled.
	"""
	frappe.only_for(SYNC_ROLES)
	order = run_requests.parse_request(sync_type, dry_run, since_date)
	names = run_requests.list_connections(connection)
	return run_requests.execute_requests(order, names, background)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection tested"), effect=WRITE)
def test_connection(connection: str) -> ConnectionTest:
	"""Check a connection to Kipu and name the parts that are wrong.

	About ten requests are sent to Kipu. Only the time of a successful test is saved: the schedule can be turned on after one.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		Whether the connection works, the wrong parts, each check with a remedy, and Kipu's locations.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection.
		InvalidSettingsError: 422. A setting is missing or contradicts itself.
	"""
	frappe.only_for(SYNC_ROLES)
	return connection_test.run_connection_test_by_name(connection)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Mapping previewed"), effect=READ)
def preview_mapping(connection: str, casefile_id: str) -> MappingPreview:
	"""Show how one Kipu record would be imported.

	The record is fetched from Kipu for the reply and stored nowhere.

	Args:
		connection: Name of the Kipu Connection.
		casefile_id: Casefile ID of the record in Kipu.

	Returns:
		For each field the value here, the value in Kipu and the effect that a run would have. Fields that the caller may not see are hidden.

	Permissions:
		Whoever may read Kipu Connections and Clients.

	Raises:
		PermissionError: 403. The caller may not read Kipu Connections or Clients.
		DoesNotExistError: 404. There is no such connection or record, or the record is hidden from the caller.
		ValidationError: 422. The casefile ID is malformed, or Kipu gives no usable answer.
	"""
	for doctype in ("Kipu Connection", "Client"):
		frappe.has_permission(doctype, throw=True)
	return mapping_preview.build_preview(connection, casefile_id)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Sync history fetched"), effect=READ)
def get_sync_history(
	limit: Annotated[int, Bounded(1, history.MAX_LIMIT)] = 20,
	limit_start: Annotated[int, Bounded(0)] = 0,
	connection: str | None = None,
) -> list[RunStanding]:
	"""Return the latest runs, newest first.

	Args:
		limit: Number of runs. Default: 20.
		limit_start: Number of runs to skip. Default: 0.
		connection: Name of a Kipu Connection. Default: all.

	Returns:
		Each run's status, counts, duration, cursor before and after, and errors by casefile ID.

	Permissions:
		Whoever may read Sync Runs.

	Raises:
		PermissionError: 403. The caller may not read Sync Runs.
		InvalidRequestError: 400. limit or limit_start is out of bounds.
	"""
	frappe.has_permission("Sync Run", throw=True)
	return history.list_runs(limit, limit_start, connection)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Connection health fetched"), effect=READ)
def get_connection_health(connection: str) -> ConnectionHealth:
	"""Return the state of a connection at a glance.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The latest 20 runs, the time since the last success, open issues by kind, and the next scheduled run.

	Permissions:
		Whoever may read Kipu Connections, Sync Runs and Sync Issues.

	Raises:
		PermissionError: 403. The caller may not read connections, runs or issues.
		DoesNotExistError: 404. There is no such connection.
	"""
	for doctype in ("Kipu Connection", "Sync Run", "Sync Issue"):
		frappe.has_permission(doctype, throw=True)
	return health.get_health(connection)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Connections fetched"), effect=READ)
def list_connections(connection: str | None = None) -> list[ConnectionSummary]:
	"""Return the connections that the caller may read, with the state of each.

	Args:
		connection: Name of the only Kipu Connection to return. Default: all.

	Returns:
		For each connection whether it is paused, the time since the last success, the number of open issues, the next scheduled run, and the run that is active.

	Permissions:
		Whoever may read Kipu Connections, Sync Runs and Sync Issues.

	Raises:
		PermissionError: 403. The caller may not read connections, runs or issues.
	"""
	for doctype in ("Kipu Connection", "Sync Run", "Sync Issue"):
		frappe.has_permission(doctype, throw=True)
	return health.list_summaries(connection)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Sync run fetched"), effect=READ)
def get_sync_run(run: str) -> RunStanding:
	"""Return one run as it is now.

	Args:
		run: Name of the Sync Run.

	Returns:
		The run's status and counts, which show the progress while it is running.

	Permissions:
		Whoever may read Sync Runs.

	Raises:
		PermissionError: 403. The caller may not read Sync Runs.
		DoesNotExistError: 404. There is no such run.
	"""
	frappe.has_permission("Sync Run", throw=True)
	return history.get_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run cancelled"), effect=WRITE)
def cancel_sync(run: str) -> RunStanding:
	"""Cancel a run.

	A running one stops before its next page. What it has saved stays, and the next run continues from there.

	Args:
		run: Name of the Sync Run.

	Returns:
		The run as it is now.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such run.
		ConflictError: 409. The run has ended.
	"""
	frappe.only_for(SYNC_ROLES)
	return run_actions.cancel_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run approved"), effect=WRITE)
def approve_sync_run(run: str) -> RunStanding:
	"""Approve a held run, which then continues in a background job.

	Args:
		run: Name of the Sync Run.

	Returns:
		The run as it is now.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such run.
		ConflictError: 409. The run is not held.
		RunConflictError: 409. Another run of the connection is running.
	"""
	frappe.only_for(SYNC_ROLES)
	return run_actions.approve_run(run)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Rollback previewed"), effect=READ)
def preview_rollback(run: str) -> RollbackPreview:
	"""Count the records that a rollback of a run would delete and restore.

	Args:
		run: Name of the Sync Run.

	Returns:
		The numbers of clients and stays that the run created, and of records that it changed.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such run.
	"""
	frappe.only_for(SYNC_ROLES)
	return run_actions.preview_rollback(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run rolled back"), effect=WRITE)
def rollback_sync_run(run: str) -> RunStanding:
	"""Roll a run back: delete what it created and restore what it changed.

	Records that were edited since are kept and named in the run's `rollback`. The connection pauses, since its next run would import the data again.

	Args:
		run: Name of the Sync Run to roll back.

	Returns:
		The run that rolls back, in a background job where there is much to undo.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such run.
		ConflictError: 409. The run is a dry run or a rollback, or has not ended.
		RunConflictError: 409. Another run of the connection is running.
	"""
	frappe.only_for(SYNC_ROLES)
	return run_actions.roll_back_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync issues retried"), effect=WRITE)
def retry_sync_issues(
	connection: str, issues: Annotated[str | list[str] | None, ListOf(maximum=run_actions.MAX_ISSUES)] = None
) -> RunStanding:
	"""Retry records that could not be imported.

	Of a conflict named in `issues`, Kipu's value is saved; to keep the value here, discard the issue.

	Args:
		connection: Name of the Kipu Connection.
		issues: Names of Sync Issues, as a list. Default: all open ones of records, 500 at most.

	Returns:
		The run that retries them.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		InvalidRequestError: 400. issues is not a list of names.
		DoesNotExistError: 404. There is no such connection or issue.
		ConflictError: 409. There is no open issue to retry.
		RunConflictError: 409. Another run of the connection is running.
		InvalidSettingsError: 422. A setting of the connection is missing or wrong.
	"""
	frappe.only_for(SYNC_ROLES)
	(name,) = run_requests.list_connections(connection)
	return run_actions.retry_issues(name, run_actions.parse_names(issues) if issues else None)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync issues discarded"), effect=WRITE)
def discard_sync_issues(
	issues: Annotated[str | list[str], ListOf(1, run_actions.MAX_ISSUES)],
) -> DiscardedIssues:
	"""Discard sync issues, so that they are ignored from now on.

	Args:
		issues: Names of Sync Issues, as a list of 1 to 500.

	Returns:
		The number of issues that were open.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		InvalidRequestError: 400. issues is not a list of 1 to 500 names.
		DoesNotExistError: 404. There is no such issue.
	"""
	frappe.only_for(SYNC_ROLES)
	return {"discarded": run_actions.discard_issues(run_actions.parse_names(issues))}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection paused"), effect=WRITE)
def pause_connection(connection: str) -> PausedConnection:
	"""Pause the scheduled runs of a connection, until somebody resumes it.

	A run that is active goes on. Runs that somebody starts are possible, and do not end the pause.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The connection and its status.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection.
		ConflictError: 409. The connection is paused already.
	"""
	frappe.only_for(SYNC_ROLES)
	run_actions.pause_connection(connection)
	return {"connection": connection, "status": "Paused"}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection resumed"), effect=WRITE)
def resume_connection(connection: str) -> ResumedConnection:
	"""Resume the scheduled runs of a paused connection.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The connection and its status.

	Permissions:
		System Manager and Kipu Sync Manager.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection.
	"""
	frappe.only_for(SYNC_ROLES)
	run_actions.resume_connection(connection)
	return {"connection": connection, "status": "Active"}


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Client fetched"), effect=READ)
def get_client(client: str) -> ClientOverview:
	"""Return a client with its stays, tickets, tasks, documents, appointments and activity.

	Args:
		client: Name of the Client.

	Returns:
		State, age and expected discharge of the client, alerts, and sections of records. Records, counts and fields are those that the caller may read; a section that the caller may not read at all is null.

	Permissions:
		Read permission on the client. Each section needs read permission on its own DocTypes.

	Raises:
		PermissionError: 403. The caller may not read Clients, or their emergency access to the client has ended.
		DoesNotExistError: 404. There is no such client, or it is hidden from the caller.
	"""
	return overview.get_overview(client)
