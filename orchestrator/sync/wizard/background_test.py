"""A connection test in a job, whose checks can be read while it runs. They are kept in the cache for a day."""

import dataclasses
from typing import TYPE_CHECKING, Any, cast

from rq.timeouts import BaseTimeoutException

import frappe
from frappe import _
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.api import errors as api_errors
from orchestrator.doctypes import KIPU_CONNECTION
from orchestrator.period import to_iso
from orchestrator.sync import connection as connections
from orchestrator.sync.kipu.findings import Finding
from orchestrator.sync.tools import connection_test
from orchestrator.sync.wizard.shapes import ConnectionTestProgress

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection

MAX_TEST_SECONDS = 120
# After this, a worker that has not reported the end is taken for lost.
LOST_AFTER_SECONDS = MAX_TEST_SECONDS + 30
STORED_SECONDS = 24 * 60 * 60
TEST_EVENT = "orchestrator_connection_test"
UNFINISHED = ("Queued", "Running")
TIMEOUT, UNEXPECTED = "timeout", "unexpected"


def start_test(connection: "KipuConnection") -> ConnectionTestProgress:
	"""Queue a test of the connection. Return the one that is waiting or running, if there is one of the same settings.

	Raises InvalidSettingsError (422) for a missing key and for an invalid setting.
	"""
	name = str(connection.name)
	connections.get_source(name)
	connections.validate_credentials(name)
	state = _load(name)
	settings = str(connection.modified)
	if state and state["settings"] == settings and _get_status(state) in UNFINISHED:
		return _serialize(state)
	state = _build_state(name, settings)
	_save(state)
	frappe.enqueue(
		"orchestrator.sync.jobs.run_connection_test",
		queue="short",
		timeout=MAX_TEST_SECONDS,
		at_front=True,
		connection=name,
		test=state["test"],
	)
	return _serialize(state)


def _build_state(name: str, settings: str) -> dict[str, Any]:
	return {
		"connection": name,
		"test": frappe.generate_hash(length=12),
		"settings": settings,
		"status": "Queued",
		"requested_at": to_iso(clock.get_now()),
		"began_at": None,
		"findings": [],
		"ok": None,
		"wrong": [],
		"locations": [],
		"failure": None,
	}


def get_test(name: str) -> ConnectionTestProgress | None:
	"""Return the latest test of the connection, None if there was none in the last day."""
	state = _load(name)
	return _serialize(state) if state else None


def run_test(name: str, test: str) -> None:
	"""Run as a job: execute a queued test. One that a later test has replaced does nothing."""
	recorder = _Recorder(name, test)
	if not recorder.update(status="Running", began_at=to_iso(clock.get_now())):
		return
	try:
		result = connection_test.run_connection_test_by_name(name, recorder.add_finding)
		frappe.db.commit()  # whoever reads the result reads the time of the test as well
	except (connections.InvalidSettingsError, frappe.DoesNotExistError) as error:
		recorder.update(status="Failed", failure=str(error))
	except BaseTimeoutException:
		recorder.update(status="Failed", failure=TIMEOUT)
	except Exception as error:
		api_errors.create_error_log(error, "connection test", name)
		recorder.update(status="Failed", failure=UNEXPECTED)
	else:
		recorder.update(
			status="Finished", ok=result["ok"], wrong=result["wrong"], locations=result["locations"]
		)


class _Recorder:
	"""Stores what a test finds, and notifies those who look at the connection."""

	def __init__(self, name: str, test: str) -> None:
		self.name = name
		self.test = test
		self.findings: list[dict[str, Any]] = []

	def add_finding(self, finding: Finding) -> None:
		self.findings.append(dataclasses.asdict(finding))
		self.update(findings=self.findings)

	def update(self, **values: Any) -> bool:
		"""Store the values, unless a later test has begun. The event has no content: readers fetch what they may see."""
		state = _load(self.name)
		if not state or state["test"] != self.test:
			return False
		_save({**state, **values})
		try:
			frappe.publish_realtime(
				TEST_EVENT, {"connection": self.name}, doctype=KIPU_CONNECTION, docname=self.name
			)
		except BaseTimeoutException:
			raise
		except Exception:  # noqa: S110 - the test goes on even if nobody can watch it
			pass
		return True


def _build_key(name: str) -> str:
	return f"orchestrator:connection-test:{name}"


def _load(name: str) -> dict[str, Any] | None:
	return frappe.cache().get_value(_build_key(name), expires=True)


def _save(state: dict[str, Any]) -> None:
	frappe.cache().set_value(_build_key(state["connection"]), state, expires_in_sec=STORED_SECONDS)


def _get_status(state: dict[str, Any]) -> str:
	"""Return the status, Failed for a test whose worker is lost."""
	began = state["began_at"]
	if state["status"] == "Running" and _compute_age(began) > LOST_AFTER_SECONDS:
		return "Failed"
	if state["status"] == "Queued" and _compute_age(state["requested_at"]) > LOST_AFTER_SECONDS:
		return "Failed"
	return str(state["status"])


def _compute_age(moment: str) -> float:
	return (clock.get_now() - get_datetime(moment).replace(tzinfo=None)).total_seconds()


def _serialize(state: dict[str, Any]) -> ConnectionTestProgress:
	"""Return the test with its checks in the caller's language, which a job does not know."""
	status = _get_status(state)
	kept = {key: state[key] for key in ("connection", "test", "requested_at", "ok", "wrong", "locations")}
	checks = [connection_test.build_check(Finding(**finding)) for finding in state["findings"]]
	error = _describe_failure(state) if status == "Failed" else None
	return cast(ConnectionTestProgress, {**kept, "status": status, "checks": checks, "error": error})


def _describe_failure(state: dict[str, Any]) -> str:
	if not state["began_at"]:
		return _(
			"No worker has begun the test. Ask your administrator whether background workers are running."
		)
	if state["failure"] in (None, TIMEOUT):
		text = _(
			"The test took longer than {0} seconds and was stopped. Kipu is too slow, or does not answer."
		)
		return text.format(MAX_TEST_SECONDS)
	if state["failure"] == UNEXPECTED:
		return _("The test failed unexpectedly. The Error Log has the details.")
	return str(state["failure"])
