"""Run one step of a batch through the gates of a single call, and build its status and body."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from werkzeug.wrappers import Response

import frappe
import frappe.handler
from frappe import _
from frappe.utils.response import build_response

from orchestrator.access import disclosures, replies
from orchestrator.access.method_guards import get_function_name
from orchestrator.api import errors, file_privacy, key_guard
from orchestrator.api.batches.references import FailedDependencyError, ReferenceResolver
from orchestrator.api.batches.requests import COMMAND_PARAMETER, BatchStep
from orchestrator.api.batches.step_requests import build_request, isolate_request_state, set_request
from orchestrator.api.call import ApiCall
from orchestrator.api.endpoint import get_documented_types, get_effect
from orchestrator.api.parameter_names import PARAMETERS_READ_FROM_REQUEST
from orchestrator.api.preflight import check_call, find_whitelisted_function
from orchestrator.api.savepoints import WHOLE_CALL_ERRORS
from orchestrator.api.shapes import BatchStepResult
from orchestrator.exceptions import InvalidRequestError, UnexpectedError, refuse

BATCH_METHOD: Final = "orchestrator.api.batches.batch"
# The caller of a batch has signed in already. The parts of the other hook are run here one by one: the rate limit charges
# a batch for all its steps at once.
OMITTED_HOOKS: Final = frozenset(
	{"orchestrator.api.key_authentication.authenticate", "orchestrator.api.pipeline.authorize"}
)
FIRST_ERROR: Final = 400

Gate = Callable[[], Any]


class StepError(Exception):
	"""A step that failed: its result, and the error."""

	def __init__(self, result: BatchStepResult, error: Exception, call: ApiCall) -> None:
		super().__init__()
		self.result = result
		self.error = error
		self.call = call


def list_gates() -> list[Gate]:
	"""Return the checks that this app makes of a request once its caller is known."""
	hooks = frappe.get_hooks("auth_hooks", app_name="orchestrator")
	return [frappe.get_attr(hook) for hook in hooks if hook not in OMITTED_HOOKS]


def run_step(
	step: BatchStep, request_id: str, replies_by_id: Mapping[str, Any], gates: list[Gate]
) -> BatchStepResult:
	"""Run a step.

	Args:
		step: The step.
		request_id: The ID of the batch, which an unexpected error is logged under.
		replies_by_id: The bodies of earlier steps, None for those that failed.
		gates: The checks of `list_gates`.

	Raises:
		StepError: The step failed.
	"""
	call = ApiCall(method=step.method, from_browser=False, id=request_id)
	batch = frappe.local.request
	position = disclosures.get_position()
	with isolate_request_state(call):
		try:
			params = _resolve_params(step, replies_by_id)
			function = find_whitelisted_function(step.method)
			set_request(build_request(batch, call, step.verb or _get_usual_verb(function), params))
			_check_gates(call, gates)
			_check_batchable(call, function)
			response = _answer(call)
		except Exception as error:
			disclosures.discard_after(position)  # its reply has no records
			# An unforeseen error arrives as UnexpectedError
			cause = call.error if isinstance(call.error, Exception) else error
			if isinstance(cause, WHOLE_CALL_ERRORS):
				raise cause from None
			raise _build_step_error(step, call, cause) from error
	return {"id": step.id, "status": response.status_code, "body": json.loads(response.get_data())}


def build_dependency_result(step: BatchStep, text: str) -> BatchStepResult:
	"""Return the result of a step that was not executed, or rolled back, because another one failed."""
	status = errors.STATUS_BY_NAME[FailedDependencyError.__name__]
	body = errors.ErrorReply(status, FailedDependencyError.__name__, text).build_body()
	return {"id": step.id, "status": status, "body": body}


def _resolve_params(step: BatchStep, replies_by_id: Mapping[str, Any]) -> dict[str, Any]:
	"""Return the parameters of a step, in which a reference or a literal may have the place of the whole object.

	Raises:
		InvalidRequestError: 400. They are no object, or name another method, which would be checked instead of the step's.
	"""
	params = ReferenceResolver(replies_by_id).resolve(step.params)
	if not isinstance(params, dict):
		refuse(_("params must be an object."), InvalidRequestError)
	if COMMAND_PARAMETER in params:
		refuse(_("{0} is not a parameter of a step.").format(COMMAND_PARAMETER), InvalidRequestError)
	return params


def _get_usual_verb(function: Callable[..., Any] | None) -> str:
	return frappe.allowed_http_methods_for_whitelisted_func[function][0] if function else "POST"


def _check_gates(call: ApiCall, gates: list[Gate]) -> None:
	"""Check the step's request as a single call's, in the same order."""
	key_guard.begin_check()
	key_guard.check_request(frappe.local.request)
	file_privacy.normalize_parameter(call.method)
	check_call(call)
	for gate in gates:
		gate()


def _check_batchable(call: ApiCall, function: Any) -> None:
	"""Refuse (400) a method that is no call of the API, reads files from its request or answers with one, and a batch."""
	if not can_be_step(function):
		refuse(
			_("{0} cannot be a step of a batch. Send it on its own.").format(call.method), InvalidRequestError
		)


def can_be_step(function: Any) -> bool:
	"""Return True for an endpoint that takes parameters and answers with data."""
	return not (
		get_effect(function) is None
		or get_function_name(function) in {BATCH_METHOD, *PARAMETERS_READ_FROM_REQUEST}
		or _returns_bytes(function)
	)


def _returns_bytes(function: Callable[..., Any]) -> bool:
	result = get_documented_types(function).get("return", inspect.Parameter.empty)
	return Response in (result, *get_args(result))


def _answer(call: ApiCall) -> Response:
	"""Let Frappe run the method, do what waits for its commit, and build the reply that a single call gets."""
	frappe.local.form_dict.cmd = call.method
	sent = frappe.handler.handle()
	frappe.db.before_commit.run()
	response = sent or build_response("json")
	replies.after_request(response)
	if sent or response.mimetype != "application/json":
		refuse(_("{0} answers with a file. Send it on its own.").format(call.method), InvalidRequestError)
	if response.status_code >= FIRST_ERROR:
		raise UnexpectedError
	return response


def _build_step_error(step: BatchStep, call: ApiCall, error: Exception) -> StepError:
	failure = key_guard.explain_failure(errors.build_error_reply(error, call.id))
	body = failure.build_body()
	if failure.is_logged:
		body["request_id"] = call.id
	result: BatchStepResult = {"id": step.id, "status": failure.status, "body": body}
	if call.headers:
		result["headers"] = call.headers
	return StepError(result, error, call)
