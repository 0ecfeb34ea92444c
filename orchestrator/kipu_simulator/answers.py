"""A reply as bytes, complete or damaged by a fault."""

import email.utils
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.queries import Call, Queries
from orchestrator.kipu_simulator.signatures import Refusal

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
MAINTENANCE = b"<!DOCTYPE html><html><body><h1>We'll be back soon</h1></body></html>"
EVERYTHING = "1000000000"
REFUSALS = {401: "Unauthorized", 403: "Forbidden"}
STATUS_TEXTS = {
	400: "Bad Request",
	410: "This API endpoint is disabled",
	422: "Unprocessable",
	429: "Too Many Requests",
}


@dataclass(frozen=True, slots=True)
class Answer:
	"""A status, a body, and headers beside the usual ones."""

	status: int
	body: bytes
	content_type: str = JSON
	headers: Mapping[str, str] = field(default_factory=dict)


def build_error(status: int, text: str) -> Answer:
	"""Return Kipu's error object."""
	return Answer(status, json.dumps({"errors": text, "status_code": status}).encode())


def build_refusal(refused: Refusal, telling: bool) -> Answer:
	"""Return the reply to a refused request."""
	text = f"Invalid {refused.why}" if telling else REFUSALS[refused.status]
	return build_error(refused.status, text)


def build_answer(queries: Queries, call: Call, version: str, fault: Fault | None) -> Answer:
	"""Return the reply to a call, damaged by the fault. Raises `RejectedRequestError`."""
	kind = fault.kind if fault else ""
	if fault and kind in ("status", "throttle", "html", "html_error"):
		return _build_fault_answer(fault, queries.world.get_now())
	payload = _build_payload(queries, call, version, fault)
	body = json.dumps(payload).encode()
	if kind == "truncated_json":
		body = body[: len(body) // 2]
	return Answer(200, body)


def _build_fault_answer(fault: Fault, now: float) -> Answer:
	"""Return a reply that does not depend on the call."""
	if fault.kind == "html":
		return Answer(200, MAINTENANCE, HTML)
	if fault.kind == "html_error":
		return Answer(fault.status, MAINTENANCE, HTML)
	if fault.kind == "throttle":
		return replace(build_error(429, STATUS_TEXTS[429]), headers=_build_retry_after(fault, now))
	plain = build_error(fault.status, STATUS_TEXTS.get(fault.status, f"Error {fault.status}"))
	if 300 <= fault.status < 400:
		return replace(plain, headers={"Location": "/maintenance"})
	return plain


def _build_retry_after(fault: Fault, now: float) -> dict[str, str]:
	if fault.retry_after == "date":
		return {"Retry-After": email.utils.formatdate(now + fault.value, usegmt=True)}
	if fault.retry_after == "none":
		return {}
	return {"Retry-After": str(int(fault.value))}


def _build_payload(queries: Queries, call: Call, version: str, fault: Fault | None) -> dict[str, Any]:
	kind = fault.kind if fault else ""
	if kind == "no_pagination":
		everything = Call(call.route, call.chart, {**call.parameters, "page": "1", "per": EVERYTHING})
		payload = queries.build_answer(everything, version, per_cap=int(EVERYTHING))
		payload.pop("pagination", None)
		return payload
	if kind == "wrong_page":
		call = Call(call.route, call.chart, {**call.parameters, "page": str(call.page + 1)})
	if fault and kind in ("endless", "announced"):
		return _build_first_page(
			queries, call, version, int(fault.value) if kind == "announced" else call.page + 1
		)
	shift = call.page - 1 if kind == "shifting" else 0
	per_cap = int(fault.value) if fault and kind == "per_cap" else 0
	payload = queries.build_answer(call, version, shift, per_cap)
	return _apply_fault(payload, kind)


def _build_first_page(queries: Queries, call: Call, version: str, pages: int) -> dict[str, Any]:
	"""Return the first page, labelled as the requested one of `pages`."""
	payload = queries.build_answer(Call(call.route, call.chart, {**call.parameters, "page": "1"}), version)
	labels = {"current_page": str(call.page), "total_pages": str(pages)}
	return {**payload, "pagination": {**payload["pagination"], **labels}}


def _remove_records(payload: dict[str, Any]) -> dict[str, Any]:
	"""Return a list without records."""
	empty: dict[str, Any] = {key: [] for key, value in payload.items() if isinstance(value, list)}
	if "pagination" in payload:
		none = {"total_pages": "0", "total_records": "0"}
		return {**empty, "pagination": {**payload["pagination"], **none}}
	return empty or payload


def _apply_fault(payload: dict[str, Any], kind: str) -> dict[str, Any]:
	if kind == "nobody":
		return _remove_records(payload)
	if kind == "missing_key":
		return {"status": "ok"}
	if kind == "garbage_pagination":
		return {
			**payload,
			"pagination": {"current_page": "one", "total_pages": None, "total_records": "many"},
		}
	key, records = next((key, value) for key, value in payload.items() if key != "pagination")
	if not isinstance(records, list) or not records:
		return payload
	if kind == "lost_page":
		return {**payload, key: []}
	if kind == "missing_record":
		return {**payload, key: records[:-1]}
	if kind == "repeated_record":
		return {**payload, key: [*records[:-1], records[0]]}
	return payload
