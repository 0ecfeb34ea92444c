"""The endpoints of the sync: clients from Kipu, and what somebody who looks after it needs."""

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.sync.actions import history, run_actions, run_requests
from orchestrator.sync.shapes import ConnectionTest, MappingPreview, RunStanding, SyncResult
from orchestrator.sync.tools import connection_test, mapping_preview

RUNS = ("System Manager", "Kipu Sync Manager")


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync finished or started"), effect=WRITE)
def sync_kipu_clients(
	sync_type: str = "incremental",
	dry_run: bool = False,
	since_date: str | None = None,
	connection: str | None = None,
	background: bool | None = None,
) -> SyncResult:
	"""Bring clients in step with Kipu.

	`sync_type`: "incremental" reads what changed since the last run, "full" everything. `since_date` (YYYY-MM-DD) reads
	what changed since that day and leaves the incremental cursor alone. `dry_run` says what would happen and writes
	nothing but its line in the history. `connection` names one; without it all enabled ones are read. `background`: true
	leaves the work to a job, false waits for it; left out, more than 1,000 records go to a job.

	Who may: System Manager, Kipu Sync Manager. Returns the counts (imported: created, updated: changed and written,
	skipped: unchanged or left out), `errors` by casefile id without values, seconds, the run's id, its status
	(Completed, Queued, Running, Held, Failed, Cancelled), the cursor before and after.

	Errors: 400 unknown sync_type or bad date, 404 unknown connection, 409 another run is at work (its id is in the
	message), 422 a setting of the connection is missing or wrong."""
	frappe.only_for(RUNS)
	order = run_requests.parse_request(sync_type, dry_run, since_date)
	names = run_requests.list_connections(connection)
	return run_requests.execute_requests(order, names, background)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection tested"), effect=READ)
def test_connection(connection: str) -> ConnectionTest:
	"""Ask Kipu whether a connection is right, and which part is wrong if not. Takes some ten requests, writes nothing.

	Who may: System Manager, Kipu Sync Manager. Returns `ok`, `wrong` (base_url, network, access_id, secret_key, app_id,
	clock, api_version, permission, route, locations), `checks` in words with what to do, and Kipu's `locations`.

	Errors: 404 unknown connection, 422 a setting makes no sense by itself."""
	frappe.only_for(RUNS)
	return connection_test.run_connection_test_by_name(connection)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Mapping previewed"), effect=READ)
def preview_mapping(connection: str, casefile_id: str) -> MappingPreview:
	"""How one record of Kipu's would be taken: field by field what is here, what Kipu says, what a run would do. The
	record is fetched now and kept nowhere.

	Who may: whoever may read Kipu Connection and Client; fields they may not read are hidden. Errors: 404 for an unknown
	connection, and for a record that Kipu does not have or that is not the caller's to see; 422 for a malformed casefile
	id, or if Kipu gives no usable answer."""
	for doctype in ("Kipu Connection", "Client"):
		frappe.has_permission(doctype, throw=True)
	return mapping_preview.build_preview(connection, casefile_id)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Sync history fetched"), effect=READ)
def get_sync_history(
	limit: int = 20, limit_start: int = 0, connection: str | None = None
) -> list[RunStanding]:
	"""The last runs, newest first: status, counts, duration, window, cursor before and after, errors by casefile id.

	Who may: whoever may read Sync Run. Errors: 400 for a limit outside 1 to 500."""
	frappe.has_permission("Sync Run", throw=True)
	return history.list_runs(limit, limit_start, connection)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Sync run fetched"), effect=READ)
def get_sync_run(run: str) -> RunStanding:
	"""One run as it stands now; while it is at work, how far it is.

	Who may: whoever may read Sync Run. Errors: 404 for an unknown run."""
	frappe.has_permission("Sync Run", throw=True)
	return history.get_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run cancelled"), effect=WRITE)
def cancel_sync(run: str) -> RunStanding:
	"""Stop a run. One at work stops before its next page; what it has stored stays, and the next run goes on from there.

	Who may: System Manager, Kipu Sync Manager. Errors: 404 for an unknown run, 409 if it is over."""
	frappe.only_for(RUNS)
	return run_actions.cancel_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run approved"), effect=WRITE)
def approve_sync_run(run: str) -> RunStanding:
	"""Let a held run go on, however many it takes out of care or fields it blanks. A job does it.

	Who may: System Manager, Kipu Sync Manager. Errors: 404 for an unknown run, 409 if it is not held or another is at
	work."""
	frappe.only_for(RUNS)
	return run_actions.approve_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync run rolled back"), effect=WRITE)
def rollback_sync_run(run: str) -> RunStanding:
	"""Take a run back: delete what it made, give what it changed its value back. What was edited since is kept and named
	in the run's `rollback`. The connection pauses: its next run would bring the data again.

	Who may: System Manager, Kipu Sync Manager. Returns the run that does it, at work in a job if there is much to take
	back. Errors: 404 for an unknown run, 409 if it is a dry run, not over, or another is at work."""
	frappe.only_for(RUNS)
	return run_actions.roll_back_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync issues retried"), effect=WRITE)
def retry_sync_issues(connection: str, issues: str | list[str] | None = None) -> RunStanding:
	"""Read records that could not be taken once more, all of them (500 at most) or those of `issues`. Of a conflict named
	in `issues`, Kipu's value is taken; to keep ours, discard it.

	Who may: System Manager, Kipu Sync Manager. Returns the run. Errors: 404 for an unknown connection or issue, 409 if
	none is open or another run is at work, 422 for bad settings."""
	frappe.only_for(RUNS)
	(name,) = run_requests.list_connections(connection)
	return run_actions.retry_issues(name, run_actions.parse_names(issues) if issues else None)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sync issues discarded"), effect=WRITE)
def discard_sync_issues(issues: str | list[str]) -> dict[str, int]:
	"""Leave these records, conflicts or news alone from now on. Returns how many were open.

	Who may: System Manager, Kipu Sync Manager. Errors: 400 for none or more than 500, 404 for an unknown one."""
	frappe.only_for(RUNS)
	return {"discarded": run_actions.discard_issues(run_actions.parse_names(issues))}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection resumed"), effect=WRITE)
def resume_connection(connection: str) -> dict[str, str]:
	"""Let the schedule run a paused connection again.

	Who may: System Manager, Kipu Sync Manager. Errors: 404 for an unknown connection."""
	frappe.only_for(RUNS)
	run_actions.resume_connection(connection)
	return {"connection": connection, "status": "Active"}
