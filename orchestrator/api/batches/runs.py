"""Run the steps of a batch: all or nothing, or group by group."""

import json
from typing import Any, Final

from frappe import _

from orchestrator.api import errors
from orchestrator.api.batches.references import BatchTooLargeError
from orchestrator.api.batches.requests import BatchStep, group_steps
from orchestrator.api.batches.shared_caches import clear_after_rollback
from orchestrator.api.batches.step_requests import clear_record_caches
from orchestrator.api.batches.steps import StepError, build_dependency_result, list_gates, run_step
from orchestrator.api.call import ApiCall
from orchestrator.api.savepoints import isolate_in_savepoint
from orchestrator.api.shapes import BatchResult, BatchStepResult
from orchestrator.api.transaction_control import refuse_transaction_control
from orchestrator.exceptions import InvalidRequestError, MethodNotAllowedError, refuse

SAVEPOINT: Final = "orchestrator_batch"
SUCCEEDED: Final = range(200, 300)
# The replies are held in memory until the last step has run.
MAX_REPLY_BYTES: Final = 50 * 1024 * 1024


def execute_batch(steps: list[BatchStep], atomic: bool, call: ApiCall) -> BatchResult:
	"""Run the steps in their order, within the transaction of the request.

	Raises:
		Exception: Of an atomic batch, the error of the step that failed. The results are then in `call.error_data`.
	"""
	run = BatchRun(call)
	with refuse_transaction_control():
		for group in [steps] if atomic else group_steps(steps):
			failure = run.run_group(group)
			if failure and atomic:
				call.error_data = run.build_result()
				_raise_failure(failure)
			if failure and failure.result["status"] == errors.UNEXPECTED_STATUS:
				errors.create_error_log(failure.error, failure.call.method, call.id)
	return run.build_result()


class BatchRun:
	"""A batch while it runs: the results so far, by step."""

	def __init__(self, call: ApiCall) -> None:
		self.call = call
		self.gates = list_gates()
		self.results: dict[str, BatchStepResult] = {}
		self.replies: dict[str, Any] = {}
		self.bytes_left = MAX_REPLY_BYTES
		self.previous_kind: tuple[str, str | None] | None = None

	def run_group(self, group: list[BatchStep]) -> StepError | None:
		"""Run steps that are stored together or not at all. Return the failure of the one that failed."""
		try:
			with isolate_in_savepoint(SAVEPOINT):
				clear_after_rollback(group)
				for step in group:
					self._clear_caches(step)
					self._add(run_step(step, self.call.id, self.replies, self.gates))
		except StepError as failure:
			self._fail_group(group, failure)
			return failure
		return None

	def build_result(self) -> BatchResult:
		"""Return the data of the reply."""
		results = list(self.results.values())
		succeeded = sum(result["status"] in SUCCEEDED for result in results)
		return {"succeeded": succeeded, "failed": len(results) - succeeded, "steps": results}

	def _clear_caches(self, step: BatchStep) -> None:
		"""Begin anew where the step does something else than the one before it.

		The same method on the same DocType may use what Frappe keeps for the next record, as in an import.
		"""
		if step.doctype is None or (step.method, step.doctype) != self.previous_kind:
			clear_record_caches()
		self.previous_kind = (step.method, step.doctype)

	def _add(self, result: BatchStepResult) -> None:
		self.bytes_left -= len(json.dumps(result["body"]))
		if self.bytes_left < 0:
			refuse(_("The replies of the batch are too large. Send fewer steps at once."), BatchTooLargeError)
		self.results[result["id"]] = result
		self.replies[result["id"]] = result["body"]

	def _fail_group(self, group: list[BatchStep], failure: StepError) -> None:
		"""Give each step of the group its result."""
		failed = failure.result["id"]
		rolled_back = _("Rolled back, because step {0} failed.").format(failed)
		not_executed = _("Not executed, because step {0} failed.").format(failed)
		for step in group:
			text = rolled_back if step.id in self.results else not_executed
			self.results[step.id] = build_dependency_result(step, text)
			self.replies[step.id] = None
		self.results[failed] = failure.result


def _raise_failure(failure: StepError) -> None:
	"""Raise the error of the step as that of the batch, which rolls it back."""
	if failure.result["status"] == errors.UNEXPECTED_STATUS:
		raise failure.error
	text = failure.result["body"]["exc"].partition(": ")[2]
	# A 405 of the batch itself would tell clients that it does not answer POST.
	is_verb = isinstance(failure.error, MethodNotAllowedError)
	refuse(
		_("Step {0} failed, so nothing of the batch was stored. {1}").format(failure.result["id"], text),
		InvalidRequestError if is_verb else failure.error,
	)
