"""Who does not get emergency access. Before the password is right, no refusal tells whether a client exists."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

import frappe

from tests.support import clinic, factories, oauth
from tests.support.client import Client, get_data, get_error
from tests.support.emergency import OPEN, Emergency, end_accesses, list_stored, make_emergency, open_access
from tests.support.keys import KeyMaker
from tests.support.parallel import send_at_once

pytestmark = pytest.mark.usefixtures("emergency_allowed")
Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]
WRONG = "Not-The-Password-7"
NOBODY = "CL-NOBODY"


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Emergency:
	return make_emergency()


@pytest.fixture
def caller(people: Emergency, browser: Browser) -> Client:
	return browser(people.user, factories.PASSWORD)


def check_refused(reply: requests.Response, error: str, status: int, user: str) -> None:
	assert get_error(reply) == (status, error), reply.text
	assert list_stored(user) == []


def get_text(reply: requests.Response) -> str:
	"""Return a refusal without the ID of its message."""
	return str(reply.json()["exc"])


def test_tokens_are_refused(people: Emergency, api: Api) -> None:
	check_refused(open_access(api(people.user), people.client), "PermissionError", 403, people.user)


def test_a_token_beside_a_session_is_refused(people: Emergency, api: Api, caller: Client) -> None:
	both = Client(caller.base, caller.host, headers=api(people.user).headers, session=caller.session)
	check_refused(open_access(both, people.client), "PermissionError", 403, people.user)


def test_a_forged_session_beside_a_token_is_refused(people: Emergency, api: Api) -> None:
	token = api(people.user)
	token.session.cookies.set("sid", people.user)
	check_refused(open_access(token, people.client), "PermissionError", 403, people.user)


def test_api_keys_are_refused(people: Emergency, api: Api) -> None:
	key = KeyMaker(api(people.user)).client(full_access=True)
	check_refused(open_access(key, people.client), "PermissionError", 403, people.user)


def test_bearers_are_refused(people: Emergency, guest: Client) -> None:
	token = make_bearer(people.user)
	bearer = Client(guest.base, guest.host, headers={"Authorization": f"Bearer {token}"})
	assert bearer.get("frappe.auth.get_logged_user").json()["message"] == people.user
	check_refused(open_access(bearer, people.client), "PermissionError", 403, people.user)


def make_bearer(user: str) -> str:
	"""Return an access token of OAuth."""
	application = oauth.make_application()
	token = frappe.generate_hash(length=30)
	factories.make_record(
		"OAuth Bearer Token",
		client=application.name,
		user=user,
		scopes="all openid",
		access_token=token,
		refresh_token=frappe.generate_hash(length=30),
		expires_in=3600,
		status="Active",
	)
	return token


def test_guests_are_refused(people: Emergency, guest: Client) -> None:
	assert open_access(guest, people.client).status_code in (401, 403)


@pytest.mark.parametrize("client", ["client", "nobody"])
def test_a_wrong_password_tells_nothing_of_the_client(client: str, browser: Browser) -> None:
	people = make_emergency()
	name = people.client if client == "client" else NOBODY
	reply = open_access(browser(people.user, factories.PASSWORD), name, password=WRONG)
	check_refused(reply, "WrongPasswordError", 403, people.user)
	assert "The password is not right. Enter the password that you sign in with." in get_text(reply)
	assert WRONG not in reply.text
	assert name not in reply.text


def test_an_unknown_client_is_not_found(people: Emergency, caller: Client) -> None:
	check_refused(open_access(caller, NOBODY), "DoesNotExistError", 404, people.user)


@pytest.mark.parametrize("part", ["Alder%", "%", "CL-%", "Ada"])
def test_names_and_patterns_find_nobody(part: str, people: Emergency, caller: Client) -> None:
	check_refused(open_access(caller, part), "DoesNotExistError", 404, people.user)


def test_a_number_of_several_clients_opens_none(people: Emergency, caller: Client) -> None:
	number = factories.make_unique("MR")
	frappe.db.sql("update `tabClient Stay` set mr_number = %s where name = %s", (number, people.stay))
	other = make_emergency()
	frappe.db.sql("update `tabClient Stay` set mr_number = %s where name = %s", (number, other.stay))
	frappe.db.commit()
	check_refused(open_access(caller, number), "EmergencyAccessConflictError", 417, people.user)


@pytest.mark.parametrize(
	"values",
	[{"reason": " "}, {"reason": "x" * 1001}, {"client": " "}],
	ids=["no reason", "long reason", "no client"],
)
def test_incomplete_requests_are_refused(values: dict[str, Any], people: Emergency, caller: Client) -> None:
	sent = {"client": people.client, **values}
	check_refused(open_access(caller, **sent), "InvalidRequestError", 417, people.user)


@pytest.fixture
def locked_out(browser: Browser) -> tuple[Emergency, Client]:
	"""Return an emergency, and the browser of its user, who has sent one wrong password more than is allowed."""
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	limit = int(frappe.db.get_single_value("System Settings", "allow_consecutive_login_attempts"))
	errors = [get_error(open_access(caller, people.client, password=WRONG)) for _number in range(limit + 1)]
	assert limit > 0
	assert errors == [(403, "WrongPasswordError")] * (limit + 1)
	return people, caller


@pytest.mark.parametrize("password", [WRONG, factories.PASSWORD], ids=["wrong", "right"])
def test_too_many_wrong_passwords_lock_the_account(
	password: str, locked_out: tuple[Emergency, Client]
) -> None:
	people, caller = locked_out
	reply = open_access(caller, people.client, password=password)
	check_refused(reply, "LockedAccountError", 403, people.user)


def test_they_lock_the_sign_in_as_well(locked_out: tuple[Emergency, Client], guest: Client) -> None:
	people, _caller = locked_out
	data = {"usr": people.user, "pwd": factories.PASSWORD}
	reply = guest.request("POST", "/api/method/login", data=data)
	assert reply.json()["exc_type"] == "SecurityException"  # Frappe's own


def test_parallel_guesses_are_counted_one_by_one(browser: Browser) -> None:
	people = make_emergency()
	callers = [browser(people.user, factories.PASSWORD) for _number in range(3)]
	send_at_once(callers, lambda caller, _number: open_access(caller, people.client, password=WRONG))
	assert frappe.cache().hget("login_failed_count", people.user) == 3


def test_the_right_password_forgets_wrong_ones(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	open_access(caller, people.client, password=WRONG)
	get_data(open_access(caller, people.client))
	assert not frappe.cache().hget("login_failed_count", people.user)


@pytest.mark.parametrize(
	("doctype", "column"),
	[("Error Log", "error"), ("Activity Log", "content"), ("Idempotency Record", "reply")],
)
def test_the_password_is_nowhere_kept(doctype: str, column: str, browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	password = f"Secret-{frappe.generate_hash(length=12)}"
	reply = open_access(caller, people.client, password=password)
	assert password not in reply.text
	frappe.db.rollback()
	assert frappe.get_all(doctype, filters={column: ("like", f"%{password}%")}) == []


def test_other_roles_are_refused(browser: Browser) -> None:
	people = make_emergency("Privacy Officer")
	reply = open_access(browser(people.user, factories.PASSWORD), people.client)
	check_refused(reply, "PermissionError", 403, people.user)


def test_disabled_users_are_refused(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	frappe.db.set_value("User", people.user, "enabled", 0)  # while the session goes on
	frappe.db.commit()
	reply = open_access(caller, people.client)
	assert not reply.ok  # on Frappe 15 the session is refused already
	assert list_stored(people.user) == []


def test_what_is_open_closes_when_the_user_is_disabled(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	get_data(open_access(caller, people.client))
	frappe.db.set_value("User", people.user, "enabled", 0)
	frappe.db.commit()
	reply = caller.request("GET", f"/api/resource/Client/{people.client}")
	assert not reply.ok  # on Frappe 15 the session is refused already
	assert people.last_name not in reply.text


@pytest.mark.parametrize("setting", ["emergency_access_enabled", "access_log_enabled"])
def test_sites_that_do_not_allow_it_refuse(setting: str, people: Emergency, caller: Client) -> None:
	frappe.db.set_single_value("Orchestrator Settings", setting, 0)
	frappe.db.commit()
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")
	try:
		check_refused(open_access(caller, people.client), "PermissionError", 403, people.user)
	finally:
		frappe.db.set_single_value("Orchestrator Settings", setting, 1)
		frappe.db.commit()
		frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")


def test_readable_clients_need_no_emergency(browser: Browser) -> None:
	people = make_emergency()
	facility = frappe.db.get_value("Client", people.client, "facility")
	reader = clinic.make_clinical_user(facility)
	reply = open_access(browser(reader, factories.PASSWORD), people.client)
	check_refused(reply, "EmergencyAccessConflictError", 417, reader)


def test_an_open_client_is_not_opened_twice(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	get_data(open_access(caller, people.client))
	reply = open_access(caller, people.client)
	assert get_error(reply) == (417, "EmergencyAccessConflictError")
	assert len(list_stored(people.user)) == 1


def test_reading_methods_are_the_only_way_in(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	assert caller.get(OPEN, client=people.client, reason="x", password=factories.PASSWORD).status_code in (
		403,
		405,
	)
	assert list_stored(people.user) == []


def test_ended_accesses_do_not_break_other_forms(browser: Browser) -> None:
	people = make_emergency()
	caller = browser(people.user, factories.PASSWORD)
	get_data(open_access(caller, people.client))
	end_accesses(people.user)
	reply = caller.get("orchestrator.sync.get_client", client=people.other)
	assert get_error(reply) == (404, "DoesNotExistError")
	reply = caller.get("orchestrator.sync.get_client", client=people.client)
	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize(
	("values", "message"),
	[
		({"access_log_enabled": 0}, "needs the access log"),
		({"emergency_access_minutes": 0}, "must be between 1 and 1440"),
		({"emergency_access_minutes": 1441}, "must be between 1 and 1440"),
	],
)
def test_settings_are_checked(values: dict[str, int], message: str) -> None:
	doc = frappe.get_doc("Orchestrator Settings").update(values)
	with pytest.raises(frappe.ValidationError, match=message):
		doc.save()
	frappe.db.rollback()
