"""The connection test: sends requests to Kipu, changes nothing, and names the part that is wrong."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import frappe

from orchestrator.doctypes import KIPU_CONNECTION
from orchestrator.sync import connection as connections
from orchestrator.sync import kipu_connection_rules
from orchestrator.sync.http.http_session import HttpSession
from orchestrator.sync.kipu.auth import Version
from orchestrator.sync.kipu.client import Credentials
from orchestrator.sync.kipu.examination import RETRY_POLICY, Target, run_examination
from orchestrator.sync.kipu.findings import Examination, Finding
from orchestrator.sync.shapes import CheckShape, ConnectionTest, LocationShape
from orchestrator.sync.tools.connection_test_messages import get_title, render_finding

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection


def run_connection_test(
	connection: "KipuConnection", report: Callable[[Finding], None] | None = None
) -> ConnectionTest:
	"""Test a connection with about ten requests at its own rate; nothing is written. `report` is called with
	each finding at once.

	Raises InvalidSettingsError (422) for a missing key and for an invalid setting.
	"""
	connections.validate_credentials(str(connection.name))
	policy = dataclasses.replace(RETRY_POLICY, requests_per_second=connection.requests_per_second)
	examined = run_examination(_build_target(connection), HttpSession(policy), report=report)
	return {
		"connection": str(connection.name),
		"ok": examined.ok,
		"wrong": examined.wrong_parts,
		"checks": [build_check(finding) for finding in examined.findings],
		"locations": _build_locations(examined),
		"requests": examined.requests,
	}


def run_connection_test_by_name(name: str, report: Callable[[Finding], None] | None = None) -> ConnectionTest:
	"""Test a connection by its name, and save the time if it works. Raises DoesNotExistError (404) if there is
	none.
	"""
	connection = cast("KipuConnection", frappe.get_doc(KIPU_CONNECTION, name))
	result = run_connection_test(connection, report)
	if result["ok"]:
		kipu_connection_rules.record_test(name, connection.modified)
	return result


def _build_target(connection: "KipuConnection") -> Target:
	"""Return the stored connection as the target of an examination."""
	source = connections.get_source(str(connection.name))
	locations = source.facilities_by_location.values()
	return Target(
		credentials=_get_trimmed_credentials(connection),
		base_url=connection.base_url,
		api_version=cast(Version, int(connection.api_version)),
		zones=source.zones,
		locations=frozenset(location.location_id for location in locations if location.enabled),
		left_out=frozenset(location.location_id for location in locations if not location.enabled),
		allowed_hosts=connections.get_allowed_hosts(),
		per=connection.page_size,
	)


def _get_trimmed_credentials(connection: "KipuConnection") -> Credentials:
	"""Return the credentials as a run uses them: without surrounding blanks."""
	stored = (
		connection.get_password(field, raise_exception=False) or "" for field in connections.CREDENTIAL_FIELDS
	)
	return Credentials(*(key.strip() for key in stored))


def build_check(finding: Finding) -> CheckShape:
	"""Return a finding in the caller's language."""
	found, remedy = render_finding(finding)
	return {
		"part": finding.part,
		"title": get_title(finding.part),
		"level": finding.level,
		"code": finding.code,
		"route": finding.route,
		"found": found,
		"remedy": remedy,
	}


def _build_locations(examined: Examination) -> list[LocationShape]:
	return [
		{
			"location_id": str(location.get("location_id") or ""),
			"location_name": str(location.get("location_name") or ""),
			"enabled": bool(location.get("enabled", True)),
			"time_zone": examined.time_zones.get(str(location.get("location_id") or "")),
		}
		for location in examined.locations
	]
