"""The endpoints of the connection wizard. The address and the credentials are saved as any record: no endpoint takes them."""

from typing import TYPE_CHECKING, Annotated, cast

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.records import get_readable
from orchestrator.api.schema_types import ListOfObjects
from orchestrator.doctypes import CLIENT, KIPU_CONNECTION
from orchestrator.sync.roles import SYNC_ROLES
from orchestrator.sync.tools import sample_records
from orchestrator.sync.wizard import background_test, setup
from orchestrator.sync.wizard import locations as location_choices
from orchestrator.sync.wizard.shapes import (
	ConnectionSetup,
	ConnectionTestProgress,
	LocationChoice,
	SampleRecord,
)

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Setup fetched"), effect=READ)
def get_setup(connection: str) -> ConnectionSetup:
	"""Return how far the setup of a connection is, to continue it.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The first step that is not done, which credentials are stored (never their values), the locations with suggested facilities and time zones, the latest test, dry run and import.

	Permissions:
		System Manager and Kipu Sync Manager, with read permission on the connection.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection, or it is hidden from the caller.
	"""
	frappe.only_for(SYNC_ROLES)
	return setup.get_setup(_get_connection(connection))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Connection test started"), effect=WRITE)
def start_test(connection: str) -> ConnectionTestProgress:
	"""Test a connection in a job, whose checks can be followed. A test of the same settings that is active is returned instead.

	The job ends after two minutes at most. Only the time of a successful test is saved.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The test, without checks at first.

	Permissions:
		System Manager and Kipu Sync Manager, with read permission on the connection.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection, or it is hidden from the caller.
		InvalidSettingsError: 422. A setting is missing or contradicts itself.
	"""
	frappe.only_for(SYNC_ROLES)
	return background_test.start_test(_get_connection(connection))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Connection test fetched"), effect=READ)
def get_test(connection: str) -> ConnectionTestProgress | None:
	"""Return the latest test that start_test began, with the checks so far.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		The test; null if there was none in the last day.

	Permissions:
		System Manager and Kipu Sync Manager, with read permission on the connection.

	Raises:
		PermissionError: 403. The caller has neither role.
		DoesNotExistError: 404. There is no such connection, or it is hidden from the caller.
	"""
	frappe.only_for(SYNC_ROLES)
	return background_test.get_test(str(_get_connection(connection).name))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Locations saved"), effect=WRITE)
def save_locations(
	connection: str,
	locations: Annotated[str | list, ListOfObjects(LocationChoice, 1, location_choices.MAX_LOCATIONS)],
) -> ConnectionSetup:
	"""Save locations of a connection with their time zones. An enabled location without a facility gets a new one.

	Locations of the connection that are not in the list stay as they are.

	Args:
		connection: Name of the Kipu Connection.
		locations: 1 to 500 locations, each with location_id, location_name, enabled, facility (null for a new one) and time_zone ("" for the default).

	Returns:
		The setup, as get_setup returns it.

	Permissions:
		System Manager and Kipu Sync Manager, with write permission on the connection and permission to create facilities.

	Raises:
		PermissionError: 403. The caller has neither role, or may not write the connection or create a facility.
		DoesNotExistError: 404. There is no such connection, or it is hidden from the caller.
		InvalidRequestError: 400. locations is malformed or names a location twice.
		InvalidSettingsError: 422. There is no such facility or time zone.
		RunConflictError: 409. A run of the connection is active.
	"""
	frappe.only_for(SYNC_ROLES)
	doc = _get_connection(connection)
	location_choices.save_locations(doc, location_choices.parse_choices(locations))
	return setup.get_setup(_get_connection(connection))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sample records fetched"), effect=READ)
def list_sample_records(connection: str) -> list[SampleRecord]:
	"""Return casefile IDs of current clients in Kipu, to preview the mapping with.

	Args:
		connection: Name of the Kipu Connection.

	Returns:
		Up to ten records on the first page of Kipu's census that the caller may see, of different facilities and statuses.

	Permissions:
		System Manager and Kipu Sync Manager, who may read clients as well.

	Raises:
		PermissionError: 403. The caller has neither role, or may not read Clients.
		DoesNotExistError: 404. There is no such connection, or it is hidden from the caller.
		ValidationError: 422. Kipu gives no usable answer.
	"""
	frappe.only_for(SYNC_ROLES)
	frappe.has_permission(CLIENT, throw=True)
	records = sample_records.list_visible_samples(str(_get_connection(connection).name))
	return [
		{
			"casefile_id": record.casefile_id,
			"facility": record.derived["facility"],
			"status": record.stay.status,
		}
		for record in records
	]


def _get_connection(name: str) -> "KipuConnection":
	return cast("KipuConnection", get_readable(frappe.get_meta(KIPU_CONNECTION), name))
