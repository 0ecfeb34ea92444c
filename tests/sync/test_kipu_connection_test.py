"""The connection test of a stored connection: credentials from Password fields, time zones and locations from
its rows.
"""

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from tests.support import clinic, factories
from tests.support.client import get_error


@pytest.fixture(scope="module")
def kipu():
	with Simulator(120, settings=Settings(telling=True)) as running:
		yield running


pytestmark = pytest.mark.usefixtures("loopback")


def get_outcome(connection):
	from orchestrator.sync.tools import connection_test

	return connection_test.run_connection_test(connection)


def list_failed(result) -> list[tuple[str, str]]:
	return [(check["part"], check["found"]) for check in result["checks"] if check["level"] == "fail"]


def test_a_connection_that_is_right(kipu):
	connection = clinic.make_connection(kipu)
	result = get_outcome(connection)
	assert (result["connection"], result["ok"], result["wrong"]) == (connection.name, True, [])
	assert result["locations"][0] == {
		"location_id": "1", "location_name": "Harbor Point Recovery", "enabled": True, "time_zone": "America/New_York",
	}  # fmt: skip
	census = next(check for check in result["checks"] if check["route"] == "patients/census")
	assert (census["title"], census["level"], census["found"], census["remedy"]) == (
		"Route", "ok", "patients/census works.", "",
	)  # fmt: skip


@pytest.mark.parametrize(
	("values", "part", "found"),
	[
		({"access_id": "other"}, "access_id", "Kipu does not know this access ID."),
		({"secret_key": "other"}, "secret_key", "Kipu refuses this value."),
		({"app_id": "other"}, "app_id", "Kipu refuses this value."),
		(
			{"base_url": "http://127.0.0.1:9"},
			"network",
			"There was no usable reply (ConnectionError, status -).",
		),
		({"locations": [{"location_id": "77", "enabled": 1}]}, "locations", "Kipu has no location 77."),
	],
)
def test_failed_check_names_the_part(kipu, values, part, found):
	result = get_outcome(clinic.make_connection(kipu, **values))
	assert (result["wrong"], list_failed(result)) == ([part], [(part, found)])


def test_a_host_that_the_site_may_not_call_any_more_is_refused_without_a_request(kipu, monkeypatch):
	import frappe

	connection = clinic.make_connection(kipu)
	monkeypatch.setitem(frappe.local.conf, "kipu_allowed_hosts", [])
	answered = dict(kipu.answers)
	with pytest.raises(frappe.ValidationError, match="the host is not allowed"):
		get_outcome(connection)
	assert kipu.answers == answered


def test_a_key_that_is_not_set_is_named_without_a_request(kipu):
	import frappe

	connection = clinic.make_connection(kipu, app_id=None)
	answered = dict(kipu.answers)
	with pytest.raises(frappe.ValidationError, match="is missing: App ID"):
		get_outcome(connection)
	assert kipu.answers == answered


def test_blanks_around_a_key_do_not_matter(kipu):
	assert get_outcome(clinic.make_connection(kipu, secret_key=" simulator-secret-key\n"))["ok"]


def test_a_location_that_is_left_out_on_purpose_is_no_finding(kipu):
	rows = [{"location_id": each, "enabled": each != "4", "time_zone": "America/Chicago"} for each in "1234"]
	connection = clinic.make_connection(kipu, locations=rows)
	result = get_outcome(connection)
	assert result["ok"]
	told = [check["found"] for check in result["checks"] if check["part"] == "locations"]
	assert told == ["4 locations, all of them listed here."]


# The endpoint

TEST = "orchestrator.sync.test_connection"


def test_the_call_returns_findings_also_for_a_disabled_connection(api, kipu):
	connection = clinic.make_connection(kipu, secret_key="other", enabled=0).name
	reply = api(factories.make_user("Kipu Sync Manager").name).post(TEST, connection=connection)
	assert (reply.status_code, reply.json()["message"]) == (200, "Connection tested")
	data = reply.json()["data"]
	assert (data["connection"], data["ok"], data["wrong"]) == (connection, False, ["secret_key"])
	assert "simulator-access-id" not in reply.text


@pytest.mark.parametrize("role", ["Clinical Manager", "Sales User"])
def test_who_may_test_and_what(api, guest, kipu, role):
	connection = clinic.make_connection(kipu).name
	answered = dict(kipu.answers)
	assert get_error(guest.post(TEST, connection=connection)) == (401, "AuthenticationError")
	assert get_error(api(factories.make_user(role).name).post(TEST, connection=connection)) == (
		403,
		"PermissionError",
	)
	manager = api(factories.make_user("Kipu Sync Manager").name)
	assert get_error(manager.post(TEST, connection="nowhere")) == (404, "DoesNotExistError")
	assert get_error(manager.post(TEST)) == (400, "InvalidRequestError")
	assert get_error(manager.get(TEST, connection=connection)) == (405, "MethodNotAllowedError")
	assert kipu.answers == answered


# The schedule, which may be turned on after a test


SET_VALUE = "frappe.client.set_value"


def turn_on(client, connection):
	return client.post(
		SET_VALUE, doctype="Kipu Connection", name=connection, fieldname="schedule_enabled", value=1
	)


def get_stored(connection, *fields):
	frappe.db.rollback()
	return frappe.db.get_value("Kipu Connection", connection, fields)


def test_a_new_connection_is_not_scheduled_and_cannot_be_before_a_test(api):
	values = {
		"doctype": "Kipu Connection",
		"connection_name": factories.make_unique("Kipu"),
		"default_time_zone": "America/New_York",
		"tested_at": "2026-01-01 00:00:00",
	}
	client = api(factories.make_user("System Manager").name)
	refused = client.post("frappe.client.insert", doc={**values, "schedule_enabled": 1})
	assert get_error(refused) == (422, "InvalidSettingsError")
	assert not frappe.db.exists("Kipu Connection", values["connection_name"])

	created = client.post("frappe.client.insert", doc=values)
	assert created.status_code == 201, created.text
	assert get_stored(values["connection_name"], "schedule_enabled", "tested_at") == (0, None)


def test_a_schedule_is_refused_until_a_test_has_succeeded(api, kipu):
	connection = clinic.make_connection(kipu, secret_key="other").name
	client = api(factories.make_user("Kipu Sync Manager").name)
	forged = client.post(
		SET_VALUE,
		doctype="Kipu Connection",
		name=connection,
		fieldname={"tested_at": "2026-01-01 00:00:00", "schedule_enabled": 1},
	)
	assert get_error(forged) == (422, "InvalidSettingsError")
	assert client.post(TEST, connection=connection).json()["data"]["ok"] is False
	assert get_error(turn_on(client, connection)) == (422, "InvalidSettingsError")
	assert get_stored(connection, "schedule_enabled", "tested_at") == (0, None)

	key = client.post(
		SET_VALUE,
		doctype="Kipu Connection",
		name=connection,
		fieldname="secret_key",
		value="simulator-secret-key",
	)
	assert key.status_code == 200, key.text
	assert client.post(TEST, connection=connection).json()["data"]["ok"] is True
	assert turn_on(client, connection).status_code == 200
	scheduled, tested_at = get_stored(connection, "schedule_enabled", "tested_at")
	assert (scheduled, bool(tested_at)) == (1, True)


@pytest.mark.parametrize(
	("field", "value", "kept"),
	[
		("secret_key", "another", False),
		("api_version", "4", False),
		("interval_minutes", 30, True),
	],
)
def test_a_change_of_the_credentials_needs_another_test(api, kipu, field, value, kept):
	connection = clinic.make_connection(kipu).name
	client = api(factories.make_user("Kipu Sync Manager").name)
	assert client.post(TEST, connection=connection).json()["data"]["ok"] is True

	changed = client.post(SET_VALUE, doctype="Kipu Connection", name=connection, fieldname=field, value=value)

	assert changed.status_code == 200, changed.text
	assert (get_stored(connection, "tested_at") is not None) is kept
	assert (turn_on(client, connection).status_code == 200) is kept


def test_a_change_of_the_credentials_leaves_a_running_schedule_on(api, kipu):
	connection = clinic.make_connection(kipu, schedule_enabled=1).name
	client = api(factories.make_user("Kipu Sync Manager").name)
	changed = client.post(
		SET_VALUE, doctype="Kipu Connection", name=connection, fieldname="secret_key", value="another"
	)
	assert changed.status_code == 200, changed.text
	assert get_stored(connection, "schedule_enabled", "tested_at") == (1, None)
