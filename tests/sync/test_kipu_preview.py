"""The mapping preview: the result for one record, the caller's permissions, and that nothing is stored."""

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.render import build_casefile_id, render_full_record
from orchestrator.kipu_simulator.server import Simulator
from tests.support import clinic, factories
from tests.support.client import get_error

ROLES = ("Clinical Manager", "Kipu Sync Manager")
COUNTED = (
	"Client",
	"Client Stay",
	"Facility",
	"Sync State",
	"Sync Run",
	"Sync Issue",
	"Version",
	"Error Log",
)


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture(scope="module")
def kipu():
	with Simulator(60) as running:
		yield running


@pytest.fixture(scope="module")
def manager(frappe_site) -> str:
	return factories.make_user(*ROLES).name


@pytest.fixture
def connection(site, kipu):
	rules = [
		{"source": "email", "policy": "local"},
		{"source": "phone", "policy": "review"},
		{"source": "race", "leave_out": 1},
		{"source": "maiden_name", "target": "middle_name"},
		{"source": "middle_name", "leave_out": 1},
	]
	return clinic.make_connection(kipu, field_rules=rules)


def get_preview(connection, casefile: str, user: str) -> dict:
	from orchestrator.sync.tools.mapping_preview import build_preview

	frappe.set_user(user)
	try:
		return build_preview(connection.name, casefile)
	finally:
		frappe.set_user("Administrator")


def group_by_source(result: dict) -> dict[str, dict]:
	return {row["source"]: row for row in result["fields"]}


def test_preview_of_new_record_lists_each_field_and_saves_nothing(kipu, connection, manager):
	before = {doctype: frappe.db.count(doctype) for doctype in COUNTED}
	result = get_preview(connection, build_casefile_id(kipu.world, 3), manager)
	record = render_full_record(kipu.world, 3)
	assert (result["client"], result["stay"], result["error"], result["left_out"]) == (
		None,
		None,
		None,
		False,
	)
	fields = group_by_source(result)
	assert fields["last_name"] == {
		"source": "last_name", "doctype": "Client", "target": "last_name", "label": "Last Name",
		"kipu": record["last_name"], "here": None, "policy": "source", "effect": "set", "hidden": False,
	}  # fmt: skip
	assert (fields["dob"]["target"], fields["dob"]["kipu"]) == ("date_of_birth", record["dob"])
	assert (fields["maiden_name"]["target"], "race" in fields, "middle_name" in fields) == (
		"middle_name", False, False,
	)  # fmt: skip
	assert {doctype: frappe.db.count(doctype) for doctype in COUNTED} == before


def test_what_would_become_of_an_edit_made_here_is_shown(kipu, connection, manager):
	stay = 5
	kipu.world.set_field(stay, "email", "there@example.org")
	kipu.world.set_field(stay, "phone", "212-555-0101")
	record = render_full_record(kipu.world, stay)
	client = clinic.make_client(
		connection,
		person_id=record["casefile_id"].partition(":")[2],
		last_name=record["last_name"],
		first_name="Otherwise",
		email="here@example.org",
		phone="212-555-0199",
	)
	result = get_preview(connection, record["casefile_id"], manager)
	fields = group_by_source(result)
	assert (result["client"], result["stay"]) == (client.name, None)
	shown = {
		name: (fields[name]["here"], fields[name]["effect"])
		for name in ("first_name", "last_name", "email", "phone")
	}
	assert shown == {
		"first_name": ("Otherwise", "set"),
		"last_name": (record["last_name"], "same"),
		"email": ("here@example.org", "kept"),
		"phone": ("212-555-0199", "review"),
	}
	assert frappe.db.get_value("Client", client.name, "first_name") == "Otherwise"


def test_fields_that_the_caller_may_not_see_are_hidden(kipu, connection):
	user = factories.make_user("Clinical User", "Kipu Sync Manager").name
	fields = group_by_source(get_preview(connection, build_casefile_id(kipu.world, 3), user))
	hidden = fields["diagnosis_codes"]
	assert (hidden["hidden"], hidden["kipu"], hidden["here"]) == (True, None, None)
	assert fields["last_name"]["hidden"] is False


def test_preview_of_invalid_record_names_the_field(kipu, connection, manager):
	kipu.world.set_field(7, "dob", "canaryqx7")
	result = get_preview(connection, build_casefile_id(kipu.world, 7), manager)
	assert result["error"] == {"code": "bad_date", "field": "dob"}
	assert group_by_source(result)["dob"]["effect"] == "unreadable"
	assert group_by_source(result)["last_name"]["effect"] != "unreadable"
	kipu.world.set_field(7, "admission_date", "canaryqx7")
	result = get_preview(connection, build_casefile_id(kipu.world, 7), manager)
	assert (result["error"], result["fields"]) == ({"code": "bad_date", "field": "admission_date"}, [])
	assert "canaryqx7" not in str(result)


def test_preview_reports_skipped_record_and_unknown_field(kipu, connection, manager):
	kipu.world.set_field(8, "brand_new", "x")
	kipu.world.set_field(8, "last_name", "Testperson")
	connection.db_set("left_out_names", "testperson")
	frappe.db.commit()
	result = get_preview(connection, build_casefile_id(kipu.world, 8), manager)
	assert (result["left_out"], result["fields"], result["unknown_fields"]) == (True, [], ["brand_new"])


def test_somebody_at_another_facility_is_not_there(kipu, connection):
	bound = clinic.make_clinical_user(clinic.make_facility().name, *ROLES)
	with pytest.raises(frappe.DoesNotExistError):
		get_preview(connection, build_casefile_id(kipu.world, 3), bound)
	mine = clinic.make_clinical_user(connection.default_facility, *ROLES)
	assert get_preview(connection, build_casefile_id(kipu.world, 3), mine)["fields"] != []


@pytest.mark.parametrize(
	("casefile", "error"),
	[
		("999999:550e8400-e29b-41d4-a716-446655440000", frappe.DoesNotExistError),
		("x", frappe.ValidationError),
	],
)
def test_unknown_and_malformed_casefile_ids_are_refused(connection, manager, casefile, error):
	with pytest.raises(error):
		get_preview(connection, casefile, manager)


# The endpoint

PREVIEW = "orchestrator.sync.preview_mapping"


@pytest.mark.parametrize("role", ["Clinical Manager", "Kipu Sync Manager"])
def test_the_call_requires_permission_on_connections_and_clients(api, guest, kipu, connection, manager, role):
	asked = {"connection": connection.name, "casefile_id": build_casefile_id(kipu.world, 3)}
	reply = api(manager).post(PREVIEW, **asked)
	assert (reply.status_code, reply.json()["message"]) == (200, "Mapping previewed")
	assert (
		group_by_source(reply.json()["data"])["last_name"]["kipu"]
		== render_full_record(kipu.world, 3)["last_name"]
	)
	assert get_error(guest.post(PREVIEW, **asked)) == (401, "AuthenticationError")
	assert get_error(api(factories.make_user(role).name).post(PREVIEW, **asked)) == (403, "PermissionError")
	assert get_error(api(manager).post(PREVIEW, **{**asked, "connection": "nowhere"})) == (
		404,
		"DoesNotExistError",
	)
	assert get_error(api(manager).post(PREVIEW, **{**asked, "casefile_id": "x"})) == (422, "ValidationError")


def test_preview_reports_a_refusal_by_kipu(api, kipu, connection, manager):
	kipu.faults.add(Fault("status", route="patients/{id}", status=403))
	reply = api(manager).post(
		PREVIEW, connection=connection.name, casefile_id=build_casefile_id(kipu.world, 3)
	)
	assert (reply.status_code, "Access refused." in reply.json()["exc"]) == (422, True)
