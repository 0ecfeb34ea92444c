"""Clients of one facility, and a clinical user of another who opens one of them in an emergency."""

from dataclasses import dataclass
from typing import Any

import requests

import frappe

from tests.support import clinic, factories
from tests.support.client import Client

OPEN = "orchestrator.privacy.open_emergency_access"
REASON = "Unconscious in the lobby, medication unknown"


@dataclass(frozen=True)
class Emergency:
	"""A client with a stay, another client that the user may not read either, and the user."""

	client: str
	last_name: str
	person_id: str
	stay: str
	mr_number: str
	other: str
	user: str


def make_emergency(*roles: str) -> Emergency:
	"""Create the clients and a user with these roles, by default Clinical User, who is limited to another facility."""
	connection = clinic.make_connection()
	client, other = clinic.make_client(connection), clinic.make_client(connection)
	mr_number = factories.make_unique("MR")
	stay = factories.make_record(
		"Client Stay",
		client=client.name,
		connection=connection.name,
		facility=connection.default_facility,
		casefile_id=factories.make_unique("casefile"),
		mr_number=mr_number,
		status="Active",
	)
	user = clinic.make_clinical_user(clinic.make_facility().name, *roles)
	return Emergency(client.name, client.last_name, client.person_id, stay.name, mr_number, other.name, user)


def open_access(caller: Client, client: str, **values: Any) -> requests.Response:
	"""Open a client, by default with a reason and the right password."""
	return caller.post(OPEN, **{"client": client, "reason": REASON, "password": factories.PASSWORD, **values})


def list_stored(user: str) -> list[Any]:
	"""Return the emergency accesses of a user."""
	frappe.db.rollback()
	return frappe.db.sql(
		"select * from `tabEmergency Access` where user = %s order by opened_at", user, as_dict=True
	)


def end_accesses(user: str) -> None:
	"""Let the time of a user's emergency accesses end now."""
	frappe.db.sql("update `tabEmergency Access` set expires_at = utc_timestamp(6) where user = %s", user)
	frappe.db.commit()
