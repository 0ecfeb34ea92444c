"""Batches: up to 500 calls of the API in one request and one transaction. Callers name it `orchestrator.api.batch`."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api import charges
from orchestrator.api.batches import runs
from orchestrator.api.batches.requests import MAX_STEPS, parse_steps
from orchestrator.api.call import ApiCall, get_current_call
from orchestrator.api.endpoint import WRITE, endpoint
from orchestrator.api.schema_types import ListOfObjects
from orchestrator.api.shapes import BatchResult, BatchStepRequest


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Batch carried out"), effect=WRITE)
def batch(
	steps: Annotated[str | list, ListOfObjects(BatchStepRequest, 1, MAX_STEPS)], atomic: bool = True
) -> BatchResult:
	"""Carry out up to 500 calls of this API in one request.

	The steps run in their order, each with the checks, permissions, status and body of a single call. A step costs as
	much of the rate limit as a single call.

	Args:
		steps: Calls to carry out, as a list of objects: `id`, `method` and `params`; `verb` where a method answers several; `group` without `atomic`. `{"$ref": "lead.data.name"}` in params is a value from the reply of an earlier step, `{"$literal": …}` an object that is no reference.
		atomic: true: store all steps or none. false: store each step or each group of steps independently. Default: true.

	Returns:
		The status and the body of each step, in the order of the steps, and how many succeeded.

	Permissions:
		Every user who is signed in. Each step has the permissions of its own call.

	Raises:
		InvalidRequestError: 400. A step is malformed, or a method cannot be a step.
		PermissionError: 403. A step of an atomic batch is not permitted.
		DoesNotExistError: 404. A step of an atomic batch names a record or method that is missing or hidden.
		ConflictError: 409. The state of a record forbids a step of an atomic batch.
		BatchTooLargeError: 413. The replies, or the values that a step refers to, are too large.
		ValidationError: 422. Validation refuses a step of an atomic batch.
		TooManyRequestsError: 429. The rate limit does not allow that many steps.
	"""
	call = get_current_call() or ApiCall(method="orchestrator.api.batch", from_browser=False)
	parsed = parse_steps(steps, bool(atomic))
	charges.charge_further_calls(len(parsed) - 1)
	return runs.execute_batch(parsed, bool(atomic), call)
