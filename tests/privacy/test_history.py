"""Who got a record, what a user got, and what is unusual: entries that wait and sealed ones, page by page."""

from collections.abc import Callable
from typing import Any

import pytest

import frappe

from orchestrator.privacy import sealing
from tests.privacy.conftest import People
from tests.support import clinic, factories
from tests.support.client import Client, get_data, get_error
from tests.support.helpdesk import override_settings

pytestmark = pytest.mark.usefixtures("logged")
Api = Callable[[str], Client]
RECORD = "orchestrator.privacy.get_record_accesses"
USER = "orchestrator.privacy.get_user_accesses"
UNUSUAL = "orchestrator.privacy.get_unusual_accesses"


@pytest.fixture(scope="module")
def officer(frappe_site: str) -> str:
	return factories.make_user("Privacy Officer").name


def read(client: Client, name: str) -> None:
	assert client.request("GET", f"/api/resource/Client/{name}").status_code == 200


def list_all(client: Client, method: str, **params: Any) -> list[dict[str, Any]]:
	"""Return the accesses of all pages. What waits is sealed between the pages."""
	found: list[dict[str, Any]] = []
	cursor: str | None = None
	while True:
		page = get_data(client.get(method, **params, **({"cursor": cursor} if cursor else {})))
		found += page["accesses"]
		cursor = page["next_cursor"]
		sealing.seal_batches()
		if not cursor:
			return found


@pytest.fixture
def client(people: People, frappe_site: str) -> str:
	"""A client whom nobody has seen yet, in the facility of the users."""
	connection = frappe.get_doc("Kipu Connection", people.clients[0].connection)
	return clinic.make_client(connection).name


@pytest.mark.parametrize("sealed", [0, 2, 5])
def test_the_accesses_of_a_record_are_listed_by_pages(
	sealed: int, api: Api, people: People, officer: str, client: str
) -> None:
	readers = [people.manager, clinic.make_clinical_user(people.facility)]
	for number in range(5):
		read(api(readers[number % 2]), client)
		if number + 1 == sealed:
			sealing.seal_batches()
	found = list_all(api(officer), RECORD, name=client, limit=2)
	assert [access["user"] for access in found] == [readers[number % 2] for number in (0, 1, 0, 1, 0)]
	assert {(access["doctype"], access["name"], access["route"]) for access in found} == {
		("Client", client, "GET /api/resource/Client")
	}
	assert [access["accessed_at"] for access in found] == sorted(
		(access["accessed_at"] for access in found), reverse=True
	)


def test_the_accesses_of_a_user_are_listed_by_pages(api: Api, people: People, officer: str) -> None:
	user = clinic.make_clinical_user(people.facility)
	caller = api(user)
	assert caller.get("frappe.client.get_list", doctype="Client", fields='["name"]').status_code == 200
	read(caller, people.names[1])
	rows = get_data(caller.get("frappe.client.get_list", doctype="Client", fields='["full_name", "name"]'))
	listed = [row["name"] for row in rows]
	found = list_all(api(officer), USER, user=user, limit=2)
	assert [access["name"] for access in found] == [*listed[::-1], people.names[1], *listed[::-1]]
	assert all(access["entry"] is None or access["entry"] > 0 for access in found)


def test_a_record_that_nobody_saw_has_no_accesses(api: Api, officer: str, client: str) -> None:
	page = get_data(api(officer).get(RECORD, name=client))
	assert page == {"accesses": [], "next_cursor": None}


def test_a_name_in_another_name_is_not_confused(api: Api, people: People, officer: str, client: str) -> None:
	read(api(people.manager), client)
	assert get_data(api(officer).get(RECORD, name=client[:-1]))["accesses"] == []
	assert get_data(api(officer).get(RECORD, name=client, doctype="Client Stay"))["accesses"] == []


@pytest.mark.parametrize(
	("method", "params"),
	[
		(RECORD, {}),
		(RECORD, {"name": "x", "limit": 0}),
		(RECORD, {"name": "x", "limit": 501}),
		(RECORD, {"name": "x", "limit": "many"}),
		(RECORD, {"name": "x", "cursor": "forged"}),
		(USER, {"user": "x", "cursor": "forged"}),
		(USER, {}),
		(UNUSUAL, {"from_date": "yesterday"}),
		(UNUSUAL, {"from_date": "2026-02-02", "to_date": "2026-02-01"}),
		(UNUSUAL, {"from_date": "2025-01-01", "to_date": "2026-02-01"}),
	],
)
def test_malformed_requests_are_refused(method: str, params: dict[str, Any], api: Api, officer: str) -> None:
	assert get_error(api(officer).get(method, **params)) == (400, "InvalidRequestError")


def test_a_cursor_belongs_to_its_record(api: Api, people: People, officer: str, client: str) -> None:
	for _number in range(2):
		read(api(people.manager), client)
	cursor = get_data(api(officer).get(RECORD, name=client, limit=1))["next_cursor"]
	reply = api(officer).get(RECORD, name=people.names[0], cursor=cursor)
	assert get_error(reply) == (400, "InvalidRequestError")


def list_unusual(client: Client, user: str) -> list[tuple[str, str | None, int]]:
	sealing.seal_batches()
	days = frappe.db.sql("select max(day) from `tabAccess Log Entry`")[0][0]
	found = get_data(client.get(UNUSUAL, to_date=str(days)))
	return [
		(access["kind"], access["client"], access["clients"]) for access in found if access["user"] == user
	]


def test_own_and_colleagues_records_are_unusual(api: Api, people: People, officer: str) -> None:
	connection = frappe.get_doc("Kipu Connection", people.clients[0].connection)
	user = clinic.make_clinical_user(people.facility)
	own = factories.make_employee(user_id=user, first_name="Own", date_of_birth="1981-02-03")
	colleague = factories.make_employee(
		first_name=factories.make_unique("Colleague"), last_name="Cole", date_of_birth="1979-05-06"
	)
	clients = [
		clinic.make_client(connection, email=own.user_id).name,
		clinic.make_client(
			connection, first_name=colleague.first_name, last_name="Cole", date_of_birth="1979-05-06"
		).name,
		clinic.make_client(
			connection, first_name=colleague.first_name, last_name="Cole", date_of_birth="1979-05-07"
		).name,
	]
	for name in clients:
		read(api(user), name)
	assert sorted(list_unusual(api(officer), user)) == [
		("Colleague", clients[1], 1),
		("Own Record", clients[0], 1),
	]


def test_many_clients_in_an_hour_are_unusual(api: Api, people: People, officer: str) -> None:
	user = clinic.make_clinical_user(people.facility)
	for _round in range(2):
		for name in people.names:
			read(api(user), name)
	with override_settings(unusual_clients_per_hour=3):
		assert list_unusual(api(officer), user) == []
	with override_settings(unusual_clients_per_hour=2):
		assert list_unusual(api(officer), user) == [("Many Clients", None, 3)]


def test_clients_of_other_facilities_are_unusual(api: Api, people: People, officer: str) -> None:
	connection = frappe.get_doc("Kipu Connection", people.clients[0].connection)
	user = clinic.make_clinical_user(people.facility)
	client = clinic.make_client(connection)
	read(api(user), client.name)
	assert list_unusual(api(officer), user) == []
	client.db_set("facility", people.stranger.facility, commit=True)
	assert list_unusual(api(officer), user) == [("Other Facility", client.name, 1)]
