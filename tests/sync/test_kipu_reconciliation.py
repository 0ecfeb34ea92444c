"""Clients in care in Kipu and on this site: every kind of difference, and the caller's permissions."""

import json
import re
from datetime import date, datetime, timedelta, timezone

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.render import build_casefile_id
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.kipu.client import KipuClient
from tests.support import clinic, factories
from tests.support.client import get_error

REPORT = "Kipu Reconciliation"


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture(scope="module")
def kipu():
	with Simulator(150) as running:
		yield running


@pytest.fixture(scope="module")
def facilities(frappe_site) -> list[str]:
	return [clinic.make_facility(time_zone=place.zone.key).name for place in PLACES]


@pytest.fixture
def connection(site, kipu, facilities):
	"""Return a connection, with exactly the clients on the site who are in care in Kipu."""
	rows = [
		{"location_id": place.location_id, "facility": facility, "time_zone": place.zone.key}
		for place, facility in zip(PLACES, facilities, strict=True)
	]
	made = clinic.make_connection(kipu, facility=facilities[0], locations=rows)
	bring_everybody(made)
	return made


def bring_everybody(connection) -> None:
	"""Create the clients and stays of the census."""
	from orchestrator.sync import connection as connections
	from orchestrator.sync.merge.fingerprints import fingerprint_record, parse_fingerprinted

	source = connections.get_source(connection.name)
	client, session = connections.open_client(connection.name)
	for page in client.list_census():
		for raw in page.records:
			incoming = parse_fingerprinted(
				fingerprint_record(raw, source), source, datetime.now(timezone.utc)
			)
			common = {"connection": connection.name, "facility": incoming.derived["facility"]}
			person = {**common, "person_id": incoming.mapped.person_id, "status": incoming.stay.status}
			named = frappe.get_doc({"doctype": "Client", **person}).insert().name
			frappe.get_doc(
				{
					"doctype": "Client Stay",
					**common,
					"client": named,
					"casefile_id": incoming.casefile_id,
					"status": incoming.stay.status,
					"admission_date": incoming.stay.admission_date,
					"discharge_date": incoming.stay.discharge_date,
				}
			).insert()
	session.close()
	frappe.db.commit()


def find_stay_in_care(kipu, place: int | None = None) -> int:
	"""Return a stay in care at a place without a planned discharge."""
	world = kipu.world
	return next(
		stay
		for stay in range(len(world))
		if world.is_in_care(stay)
		and not world.discharged[stay]
		and not world.edits.get(stay)
		and (place is None or world.location[stay] == place)
	)


def find_differences(connection, user: str = "Administrator") -> list[tuple]:
	from orchestrator.sync.tools.reconciliation import build_reconciliation

	frappe.set_user(user)
	try:
		result = build_reconciliation(connection.name)
	finally:
		frappe.set_user("Administrator")
	assert result.complete
	return [(each.kind, each.casefile_id, each.field, each.here, each.there) for each in result.differences]


def stay_of(connection, casefile: str) -> str:
	return frappe.db.get_value("Client Stay", {"connection": connection.name, "casefile_id": casefile})


def test_where_both_agree_there_is_nothing(connection):
	assert find_differences(connection) == []


def test_who_was_admitted_meanwhile_is_missing_here(kipu, connection):
	stay = kipu.world.admit_new(day=kipu.world.get_today() - 1)
	assert find_differences(connection) == [
		("missing here", build_casefile_id(kipu.world, stay), "", None, None)
	]


def test_who_was_discharged_meanwhile_is_missing_there(kipu, connection):
	stay = find_stay_in_care(kipu)
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	assert find_differences(connection) == [
		("missing at Kipu", build_casefile_id(kipu.world, stay), "", None, None)
	]


def test_a_discharge_that_was_undone_and_a_transfer_differ(kipu, connection, facilities):
	back, moved = find_stay_in_care(kipu, 1), find_stay_in_care(kipu, 2)
	returned = build_casefile_id(kipu.world, back)
	day = date.today() - timedelta(3)
	frappe.db.set_value(
		"Client Stay", stay_of(connection, returned), {"status": "Discharged", "discharge_date": day}
	)
	kipu.world.location[moved] = 3
	kipu.world.touch(moved)
	frappe.db.commit()
	assert sorted(find_differences(connection), key=str) == sorted(
		[
			("differs", returned, "status", "Discharged", "Active"),
			("differs", returned, "discharge_date", day, None),
			("differs", build_casefile_id(kipu.world, moved), "facility", facilities[2], facilities[3]),
		],
		key=str,
	)


def test_a_record_that_cannot_be_read_is_named_with_its_field_and_not_its_value(kipu, connection):
	stay = find_stay_in_care(kipu)
	kipu.world.set_field(stay, "discharge_date", "canaryqx7")
	try:
		found = find_differences(connection)
	finally:
		kipu.world.edits.clear()
	assert found == [("unreadable", build_casefile_id(kipu.world, stay), "discharge_date", None, None)]
	assert "canaryqx7" not in str(found)


def test_who_is_bound_to_a_facility_learns_of_nobody_elsewhere(kipu, connection, facilities):
	there = kipu.world.admit_new(location=1, day=kipu.world.get_today() - 1)
	elsewhere = kipu.world.admit_new(location=2, day=kipu.world.get_today() - 1)
	gone = find_stay_in_care(kipu, 3)
	kipu.world.discharge(gone, kipu.world.get_today(gone) - 1)
	user = clinic.make_clinical_user(facilities[1])
	assert find_differences(connection, user) == [
		("missing here", build_casefile_id(kipu.world, there), "", None, None)
	]
	told = {row[1] for row in find_differences(connection)}
	assert told == {build_casefile_id(kipu.world, stay) for stay in (there, elsewhere, gone)}


# The report


def run(client, **filters):
	return client.get("frappe.desk.report.run", report_name=REPORT, filters=json.dumps(filters))


@pytest.mark.parametrize("role", ["Kipu Sync Manager", "Sales User"])
def test_the_report_shows_the_differences_to_clinical_roles_alone(api, kipu, connection, role):
	stay = kipu.world.admit_new(day=kipu.world.get_today() - 1)
	reply = run(api(clinic.make_clinical_user()), connection=connection.name)
	assert reply.status_code == 200, reply.text
	(row,) = reply.json()["data"]["rows"]
	assert (row["kind"], row["casefile_id"]) == (
		"In care in Kipu, not on this site", build_casefile_id(kipu.world, stay),
	)  # fmt: skip
	assert get_error(run(api(factories.make_user(role).name), connection=connection.name)) == (
		403,
		"PermissionError",
	)


def test_a_report_without_differences_says_so(api, connection):
	data = run(api(clinic.make_clinical_user()), connection=connection.name).json()["data"]
	assert data["rows"] == []
	assert re.fullmatch(r"Kipu and this site agree, checked at \d\d:\d\d\.", data["message"])


def test_missing_connection_and_refusal_by_kipu_are_reported(api, kipu, connection):
	user = api(clinic.make_clinical_user())
	assert get_error(run(user, connection="nowhere")) == (422, "ValidationError")
	kipu.faults.add(Fault("status", route="patients/census", status=403, times=1))
	refused = run(user, connection=connection.name)
	assert (refused.status_code, "Access refused" in refused.json()["exc"]) == (422, True)
	assert KipuClient.__name__ not in refused.text


@pytest.mark.parametrize("fields", [["name", "base_url"], ["access_id"], ["*"]])
def test_clinical_roles_may_choose_a_connection_and_read_nothing_of_it(browser, connection, fields):
	user = browser(clinic.make_clinical_user(), factories.PASSWORD)
	found = user.get("frappe.desk.search.search_link", doctype="Kipu Connection", txt=connection.name)
	assert found.ok, found.text
	assert [row["value"] for row in found.json()["message"]] == [connection.name]
	assert get_error(user.get("frappe.client.get", doctype="Kipu Connection", name=connection.name)) == (
		403,
		"PermissionError",
	)
	reply = user.get("frappe.client.get_list", doctype="Kipu Connection", fields=frappe.as_json(fields))
	shown = str(reply.json().get("message"))
	assert [private for private in ("base_url", "access_id", "secret_key") if private in shown] == []
