"""Bulk calls of the API reference: assign or delete up to 500 records in one request or in a job.

Both answer `{"doctype", "total", "succeeded", "failed", "results"}`, where `results` holds, in the order asked
for, one `{"name", "ok", "error"}` per record and `error` is null or `{"type", "text"}`. With `background` they
answer `{"operation", "status"}` instead, and `get_operation` tells how it goes."""

from typing import Any

import frappe
from frappe import _lt

from orchestrator.api.bulk import jobs, runs
from orchestrator.api.bulk.requests import BulkRequest, parse_names
from orchestrator.api.endpoint import READ, WRITE, endpoint


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Assignment carried out"), effect=WRITE)
def set_assignment_for_many(
	doctype: str, name: str | int | list, assigned_to: str, atomic: bool = True, background: bool = False
) -> dict[str, Any]:
	"""Assign records to a user, as Desk's Assign To does: other assignees stay, who is assigned already stays so.
	Unlike there, nothing is shared behind the caller's back: an assignee must be able to read the record.

	For whoever may read the records. Any failure undoes everything and names the records that failed; with
	`atomic` false each record stands for itself. Raises InvalidRequestError (400) for the names, PermissionError (403),
	DoesNotExistError (404) for a record that is missing or hidden, LinkValidationError or
	InvalidAssigneeError (422) for the user, BulkOperationError (422) where records failed for several reasons."""
	request = BulkRequest("Assign", doctype, parse_names(name), bool(atomic), assigned_to)
	return jobs.enqueue_bulk(request) if background else runs.execute_bulk(request)


@frappe.whitelist(methods=["POST", "DELETE"])
@endpoint(_lt("Deletion carried out"), effect=WRITE)
def delete_many(
	doctype: str, name: str | int | list, atomic: bool = True, background: bool = False
) -> dict[str, Any]:
	"""Delete records, each with all that Frappe does and checks when one is deleted.

	For whoever may delete them. Any failure undoes everything and names the records that failed; with `atomic`
	false each record stands for itself. Raises InvalidRequestError (400) for the names, PermissionError (403),
	DoesNotExistError (404) for a record that is missing or hidden, LinkExistsError (409) for one that others
	refer to, BulkOperationError (422) where records failed for several reasons."""
	request = BulkRequest("Delete", doctype, parse_names(name), bool(atomic))
	return jobs.enqueue_bulk(request) if background else runs.execute_bulk(request)


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("Bulk operation fetched"), effect=READ)
def get_operation(operation: str) -> dict[str, Any]:
	"""How a bulk call in the background goes.

	For who asked for it, and for System Managers; DoesNotExistError (404) for everybody else. Returns
	`{"operation", "type", "doctype", "status", "atomic", "total", "done", "failed", "started_at", "finished_at",
	"results"}`; `status` is Queued, Running, Completed or Failed, `done` counts the records worked on, `results`
	is as in a direct call and null until the end."""
	return jobs.serialize_operation(operation)
