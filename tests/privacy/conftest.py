"""Fixtures of the tests of the access log: a site that keeps it, and clients of two facilities."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
	from frappe.model.document import Document

	from tests.support.client import Client
	from tests.support.consents import Outsider


@dataclass(frozen=True)
class People:
	"""Three clients of a facility, the stay of the first one, a client of another facility, and users."""

	clients: "list[Document]"
	stay: "Document"
	stranger: "Document"
	manager: str
	facility: str

	@property
	def names(self) -> list[str]:
		return [client.name for client in self.clients]


@pytest.fixture
def logged(site: str) -> Iterator[None]:
	"""Keep the access log during a test."""
	from tests.support.helpdesk import override_settings

	with override_settings(access_log_enabled=1):
		yield


@pytest.fixture
def emergency_allowed(site: str) -> Iterator[None]:
	"""Allow emergency access during a test."""
	from tests.support.helpdesk import override_settings

	with override_settings(access_log_enabled=1, emergency_access_enabled=1, emergency_access_minutes=60):
		yield


@pytest.fixture
def consents_required(site: str) -> Iterator[None]:
	"""Require consents for recipients outside during a test."""
	from tests.support.helpdesk import override_settings

	with override_settings(access_log_enabled=1, consents_enabled=1):
		yield


@pytest.fixture
def outsider(api: "Callable[[str], Client]", people: People, consents_required: None) -> "Outsider":
	"""Return a recipient outside, who reads what the manager of the facility may read."""
	from tests.support.consents import make_outsider

	return make_outsider(api("Administrator"), people.manager)


@pytest.fixture(scope="module")
def people(frappe_site: str) -> People:
	from tests.support import clinic, factories

	connection = clinic.make_connection()
	clients = [clinic.make_client(connection) for _number in range(3)]
	stay = factories.make_record(
		"Client Stay",
		client=clients[0].name,
		connection=connection.name,
		facility=connection.default_facility,
		casefile_id=factories.make_unique("casefile"),
		status="Active",
	)
	stranger = clinic.make_client(connection, facility=clinic.make_facility().name)
	manager = clinic.make_clinical_user(
		connection.default_facility, "Clinical Manager", "Report Manager", "System Manager"
	)
	return People(clients, stay, stranger, manager, connection.default_facility)
