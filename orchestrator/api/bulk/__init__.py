"""Bulk calls of the API reference: assign or delete up to 500 records in one request or in a job.

Both answer `{"doctype", "total", "succeeded", "failed", "results"}`, where `results` holds, in the order asked
for, one `{"name", "ok", "error"}` per record and `error` is null or `{"type", "text"}`. With `background` they
answer `{"operation", "status"}` instead, and `get_operation` tells how it goes.
"""

import frappe
from frappe import _lt

from orchestrator.api.bulk import jobs, runs
from orchestrator.api.bulk.requests import BulkRequest, parse_names
from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.shapes import BulkResult, OperationProgress, QueuedOperation


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Assignment carried out"), effect=WRITE)
def set_assignment_for_many(
	doctype: str, name: str | int | list, assigned_to: str, atomic: bool = True, background: bool = False
) -> BulkResult | QueuedOperation:
	"""Assign records to a user; other assignees stay.

	Nothing is shared silently: the assignee must be permitted to read the records.

	Args:
		doctype: DocType of the records.
		name: Names of the records, as a list; 500 at most unless the site allows another number.
		assigned_to: User to whom the records are assigned.
		atomic: true: assign all records or none. false: assign each record independently. Default: true.
		background: true: run in a background job. false: wait for the result. Default: false.

	Returns:
		A result per record, in the order asked for; with `background` the name of the bulk operation.

	Permissions:
		Whoever may read the records.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. A record is missing or hidden.
		InvalidRequestError: 400. name is not a list of names, or is too long.
		LinkValidationError: 422. There is no such user.
		InvalidAssigneeError: 422. The user is disabled, or may not read a record.
		BulkOperationError: 422. Records failed for different reasons.
	"""
	request = BulkRequest("Assign", doctype, parse_names(name), bool(atomic), assigned_to)
	return jobs.enqueue_bulk(request) if background else runs.execute_bulk(request)


@frappe.whitelist(methods=["POST", "DELETE"])
@endpoint(_lt("Deletion carried out"), effect=WRITE)
def delete_many(
	doctype: str, name: str | int | list, atomic: bool = True, background: bool = False
) -> BulkResult | QueuedOperation:
	"""Delete records, each with all that Frappe does and checks for a single deletion.

	Args:
		doctype: DocType of the records.
		name: Names of the records, as a list; 500 at most unless the site allows another number.
		atomic: true: delete all records or none. false: delete each record independently. Default: true.
		background: true: run in a background job. false: wait for the result. Default: false.

	Returns:
		A result per record, in the order asked for; with `background` the name of the bulk operation.

	Permissions:
		Whoever may delete the records.

	Raises:
		PermissionError: 403. The caller may not delete the records.
		DoesNotExistError: 404. A record is missing or hidden.
		InvalidRequestError: 400. name is not a list of names, or is too long.
		LinkExistsError: 409. Other records refer to one of them.
		ConflictError: 409. The state of a record forbids it.
		BulkOperationError: 422. Records failed for different reasons.
	"""
	request = BulkRequest("Delete", doctype, parse_names(name), bool(atomic))
	return jobs.enqueue_bulk(request) if background else runs.execute_bulk(request)


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("Bulk operation fetched"), effect=READ)
def get_operation(operation: str) -> OperationProgress:
	"""Return the progress of a bulk operation in the background.

	Args:
		operation: Name of the bulk operation.

	Returns:
		The status, the counts, and at the end a result per record as in a direct call.

	Permissions:
		Whoever started the operation, and System Managers.

	Raises:
		DoesNotExistError: 404. The operation is missing or was started by someone else.
	"""
	return jobs.serialize_operation(operation)
