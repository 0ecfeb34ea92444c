"""A clinical user opens one client outside their facility in an emergency, for a limited time and for reading only."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import frappe

from tests.support import clinic, factories
from tests.support.access_log import get_last_batch, list_accesses
from tests.support.client import Client, get_data, get_error
from tests.support.emergency import (
	REASON,
	Emergency,
	end_accesses,
	list_stored,
	make_emergency,
	open_access,
)
from tests.support.helpdesk import override_settings
from tests.support.parallel import send_at_once

pytestmark = pytest.mark.usefixtures("emergency_allowed")
Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]
METHOD = "/api/method/"

# verb, path, parameters. {client} and {stay} are names.
READING_A_CLIENT: dict[str, tuple[str, str, dict[str, Any]]] = {
	"form": ("GET", METHOD + "frappe.desk.form.load.getdoc", {"doctype": "Client", "name": "{client}"}),
	"resource": ("GET", "/api/resource/Client/{client}", {}),
	"v1": ("GET", "/api/v1/resource/Client/{client}", {}),
	"v2": ("GET", "/api/v2/document/Client/{client}", {}),
	"get": ("GET", METHOD + "frappe.client.get", {"doctype": "Client", "name": "{client}"}),
	"get by POST": ("POST", METHOD + "frappe.client.get", {"doctype": "Client", "name": "{client}"}),
	"get_value": (
		"GET",
		METHOD + "frappe.client.get_value",
		{"doctype": "Client", "filters": "{client}", "fieldname": "last_name"},
	),
	"Client 360": ("GET", METHOD + "orchestrator.sync.get_client", {"client": "{client}"}),
}
LISTING_CLIENTS: dict[str, tuple[str, str, dict[str, Any]]] = {
	"resource list": ("GET", "/api/resource/Client", {"fields": '["name", "last_name"]', "limit": 100}),
	"v2 list": ("GET", "/api/v2/document/Client", {"fields": '["name", "last_name"]', "limit": 100}),
	"get_list": (
		"GET",
		METHOD + "frappe.client.get_list",
		{"doctype": "Client", "fields": '["name", "last_name"]', "limit_page_length": 100},
	),
	"Desk's list": (
		"POST",
		METHOD + "frappe.desk.reportview.get",
		{"doctype": "Client", "fields": '["name", "last_name"]', "page_length": 100, "start": 0},
	),
}
READING_A_STAY: dict[str, tuple[str, str, dict[str, Any]]] = {
	"stay's form": (
		"GET",
		METHOD + "frappe.desk.form.load.getdoc",
		{"doctype": "Client Stay", "name": "{stay}"},
	),
	"stay": ("GET", "/api/resource/Client Stay/{stay}", {}),
	"stay v2": ("GET", "/api/v2/document/Client Stay/{stay}", {}),
	"stays": ("GET", "/api/resource/Client Stay", {"fields": '["name", "mr_number"]', "limit": 100}),
}
LISTS = {*LISTING_CLIENTS, "stays", "get_value"}
READING = {**READING_A_CLIENT, **LISTING_CLIENTS, **READING_A_STAY}
# What emergency access does not give, and what would have to be in the reply or in the database if it did.
REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
	"change": ("PUT", "/api/resource/Client/{client}", {"phone": "555-0100"}),
	"change v2": ("PATCH", "/api/v2/document/Client/{client}", {"phone": "555-0100"}),
	"set_value": (
		"POST",
		METHOD + "frappe.client.set_value",
		{"doctype": "Client", "name": "{client}", "fieldname": "phone", "value": "555-0100"},
	),
	"save in Desk": (
		"POST",
		METHOD + "frappe.desk.form.save.savedocs",
		{"doc": '{"doctype": "Client", "name": "{client}", "phone": "555-0100"}', "action": "Save"},
	),
	"delete": ("DELETE", "/api/resource/Client/{client}", {}),
	"print": ("GET", "/printview", {"doctype": "Client", "name": "{client}"}),
	"PDF": (
		"GET",
		METHOD + "frappe.utils.print_format.download_pdf",
		{"doctype": "Client", "name": "{client}"},
	),
	"export": (
		"POST",
		METHOD + "frappe.desk.reportview.export_query",
		{
			"doctype": "Client",
			"fields": '["`tabClient`.`name`", "`tabClient`.`last_name`"]',
			"file_format_type": "CSV",
			"title": "Client",
		},
	),
	"share": (
		"POST",
		METHOD + "frappe.share.add",
		{"doctype": "Client", "name": "{client}", "user": "Administrator", "read": 1},
	),
	"mail": (
		"POST",
		METHOD + "frappe.core.doctype.communication.email.make",
		{
			"doctype": "Client",
			"name": "{client}",
			"content": "x",
			"subject": "x",
			"recipients": "x@harbor.example",
			"send_email": 1,
		},
	),
	"assign": (
		"POST",
		METHOD + "frappe.desk.form.assign_to.add",
		{"doctype": "Client", "name": "{client}", "assign_to": '["Administrator"]'},
	),
	"comment": (
		"POST",
		METHOD + "frappe.desk.form.utils.add_comment",
		{
			"reference_doctype": "Client",
			"reference_name": "{client}",
			"content": "x",
			"comment_email": "x@harbor.example",
			"comment_by": "x",
		},
	),
	"tag": (
		"POST",
		METHOD + "frappe.desk.doctype.tag.tag.add_tag",
		{"tag": "x", "dt": "Client", "dn": "{client}"},
	),
	"follow": (
		"POST",
		METHOD + "frappe.desk.form.document_follow.follow_document",
		{"doctype": "Client", "doc_name": "{client}"},
	),
	"link search": (
		"POST",
		METHOD + "frappe.desk.search.search_link",
		{"doctype": "Client", "txt": "{client}"},
	),
	"search": ("POST", METHOD + "orchestrator.api.search.search", {"query": "{name}"}),
}


@pytest.fixture(scope="module")
def opened(frappe_site: str, callers: Any) -> tuple[Emergency, Client]:
	"""Return an emergency, and the browser in which its user has opened the client."""
	return make_opened(callers)


@pytest.fixture(scope="module")
def opened_by_manager(frappe_site: str, callers: Any) -> tuple[Emergency, Client]:
	"""Return an emergency of a Clinical Manager, and the browser in which they have opened the client."""
	return make_opened(callers, "Clinical Manager")


def make_opened(callers: Any, *roles: str) -> tuple[Emergency, Client]:
	people = make_emergency(*roles)
	caller = callers.browser(people.user, factories.PASSWORD)
	with override_settings(access_log_enabled=1, emergency_access_enabled=1, emergency_access_minutes=60):
		get_data(open_access(caller, people.client))
	return people, caller


def sign_in(browser: Browser, people: Emergency) -> Client:
	return browser(people.user, factories.PASSWORD)


def send(caller: Client, people: Emergency, request: tuple[str, str, dict[str, Any]]) -> Any:
	verb, path, values = request
	text = json.dumps(values)
	for key in ("client", "stay"):
		text = text.replace(f"{{{key}}}", getattr(people, key))
		path = path.replace(f"{{{key}}}", getattr(people, key))
	values = json.loads(text.replace("{name}", people.last_name))
	sent = {"params": values} if verb in ("GET", "DELETE") else {"json": values}
	return caller.request(verb, path, **sent)


def get_secret(people: Emergency, way: str) -> str:
	"""Return what stands in the record that a way of reading gives."""
	return people.mr_number if way in READING_A_STAY else people.last_name


def test_opening_gives_the_time_at_which_it_ends(browser: Browser) -> None:
	people = make_emergency()
	opened = get_data(open_access(sign_in(browser, people), people.client))
	[stored] = list_stored(people.user)
	assert (stored.client, stored.reason, stored.reviewed_at) == (people.client, REASON, None)
	assert stored.expires_at - stored.opened_at == timedelta(minutes=60)
	assert opened == {
		"name": stored.name,
		"client": people.client,
		"opened_at": f"{stored.opened_at.isoformat(timespec='milliseconds')}Z",
		"expires_at": f"{stored.expires_at.isoformat(timespec='milliseconds')}Z",
	}
	now = frappe.db.sql("select utc_timestamp(6)")[0][0]
	assert timedelta(0) <= now - stored.opened_at < timedelta(minutes=5)


def test_the_setting_decides_for_how_long(browser: Browser) -> None:
	people = make_emergency()
	with override_settings(emergency_access_minutes=7):
		get_data(open_access(sign_in(browser, people), people.client))
	[stored] = list_stored(people.user)
	assert stored.expires_at - stored.opened_at == timedelta(minutes=7)


@pytest.mark.parametrize("number", ["person_id", "mr_number"])
def test_a_client_is_found_by_exact_numbers(number: str, browser: Browser) -> None:
	people = make_emergency()
	opened = get_data(open_access(sign_in(browser, people), getattr(people, number)))
	assert opened["client"] == people.client


@pytest.mark.parametrize("number", ["É1 {0}", "é1 {0}"])
def test_numbers_are_found_in_either_case(number: str, browser: Browser) -> None:
	people = make_emergency()
	set_mr_number(people, f"É1 {people.mr_number}")
	opened = get_data(open_access(sign_in(browser, people), number.format(people.mr_number)))
	assert opened["client"] == people.client


@pytest.mark.parametrize("number", ["E1 {0}", "É１ {0}", "É1\u200b {0}"])
def test_similar_numbers_find_nobody(number: str, browser: Browser) -> None:
	people = make_emergency()
	set_mr_number(people, f"É1 {people.mr_number}")
	reply = open_access(sign_in(browser, people), number.format(people.mr_number))
	assert get_error(reply) == (404, "DoesNotExistError")
	assert list_stored(people.user) == []


def set_mr_number(people: Emergency, number: str) -> None:
	frappe.db.set_value("Client Stay", people.stay, "mr_number", number)
	frappe.db.commit()


@pytest.mark.parametrize("way", READING)
def test_the_client_and_its_stays_are_readable(way: str, opened: tuple[Emergency, Client]) -> None:
	people, caller = opened
	reply = send(caller, people, READING[way])
	assert reply.status_code == 200, reply.text
	assert get_secret(people, way) in reply.text
	assert people.other not in reply.text


@pytest.mark.parametrize("way", READING)
def test_nothing_is_readable_before(way: str, browser: Browser) -> None:
	people = make_emergency()
	reply = send(sign_in(browser, people), people, READING[way])
	assert get_secret(people, way) not in reply.text
	assert reply.status_code in ((200,) if way in LISTS else (403, 404))


@pytest.mark.parametrize("way", READING)
def test_nothing_is_readable_after_the_time(way: str, browser: Browser) -> None:
	people = make_emergency()
	caller = sign_in(browser, people)
	get_data(open_access(caller, people.client))
	before = [send(caller, people, READING[way]).text for _number in range(4)]  # so that caches are warm
	assert [get_secret(people, way) in text for text in before] == [True] * 4
	end_accesses(people.user)
	after = [send(caller, people, READING[way]) for _number in range(4)]
	assert [reply.status_code for reply in after] == [200 if way in LISTS else 403] * 4
	assert [reply.text for reply in after if get_secret(people, way) in reply.text] == []


def test_a_known_etag_gives_nothing_after_the_time(browser: Browser) -> None:
	people = make_emergency()
	caller = sign_in(browser, people)
	get_data(open_access(caller, people.client))
	path = f"/api/resource/Client/{people.client}"
	before = caller.request("GET", path)
	end_accesses(people.user)
	tag = before.headers.get("ETag", "*")
	assert caller.request("GET", path, headers={"If-None-Match": tag}).status_code == 403


@pytest.mark.parametrize("way", REFUSED)
def test_emergency_access_is_for_reading_alone(way: str, opened: tuple[Emergency, Client], site: str) -> None:
	people, caller = opened
	frappe.db.rollback()
	before = frappe.get_doc("Client", people.client).as_dict()
	reply = send(caller, people, REFUSED[way])
	assert people.last_name not in reply.text
	assert not reply.content.startswith(b"%PDF")
	frappe.db.rollback()
	assert frappe.get_doc("Client", people.client).as_dict() == before
	about = {"reference_doctype": "Client", "reference_name": people.client}
	assert frappe.get_all("Comment", {**about, "owner": people.user}) == []
	assert frappe.get_all("Communication", about) == []
	assert frappe.get_all("ToDo", {"reference_type": "Client", "reference_name": people.client}) == []
	assert frappe.get_all("DocShare", {"share_name": people.client}) == []
	assert frappe.get_all("Document Follow", {"ref_docname": people.client}) == []


@pytest.mark.parametrize("way", ["export", "print", "PDF", "delete", "share", "change"])
def test_a_manager_gets_no_more_than_reading(way: str, opened_by_manager: tuple[Emergency, Client]) -> None:
	people, caller = opened_by_manager
	assert people.last_name not in send(caller, people, REFUSED[way]).text
	assert send(caller, people, READING["resource"]).status_code == 200
	assert frappe.get_all("DocShare", {"share_name": people.client}) == []


@pytest.mark.parametrize("path", ["/api/resource/Client", "/api/v2/document/Client"])
def test_the_other_client_stays_closed(path: str, opened: tuple[Emergency, Client]) -> None:
	people, caller = opened
	assert caller.request("GET", f"{path}/{people.other}").status_code == 403


def test_the_client_stays_closed_for_colleagues(opened: tuple[Emergency, Client], browser: Browser) -> None:
	people, _caller = opened
	colleague = clinic.make_clinical_user(clinic.make_facility().name)
	reply = send(browser(colleague, factories.PASSWORD), people, READING["resource"])
	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize("way", READING)
def test_a_token_of_the_user_gives_nothing(way: str, opened: tuple[Emergency, Client], api: Api) -> None:
	people, _caller = opened
	assert get_secret(people, way) not in send(api(people.user), people, READING[way]).text


@pytest.mark.parametrize("way", READING)
def test_a_token_beside_the_session_gives_nothing(
	way: str, opened: tuple[Emergency, Client], api: Api
) -> None:
	people, caller = opened
	both = Client(caller.base, caller.host, headers=api(people.user).headers, session=caller.session)
	assert get_secret(people, way) not in send(both, people, READING[way]).text


def test_levels_of_fields_still_count(opened: tuple[Emergency, Client]) -> None:
	people, caller = opened
	frappe.db.set_value("Client", people.client, "race", "secret of level 1")
	frappe.db.commit()
	assert "secret of level 1" not in send(caller, people, READING["resource"]).text


@pytest.mark.parametrize("form", ["form", "stay's form"])
def test_the_form_says_until_when(form: str, opened: tuple[Emergency, Client]) -> None:
	people, caller = opened
	[stored] = list_stored(people.user)
	[doc] = send(caller, people, READING[form]).json()["docs"]
	expected = f"{stored.expires_at.isoformat(timespec='milliseconds')}Z"
	assert doc["__onload"]["emergency_access_until"] == expected


def test_entries_of_the_access_log_tell_emergencies_apart(browser: Browser) -> None:
	people = make_emergency()
	facility = frappe.db.get_value("User Permission", {"user": people.user}, "for_value")
	connection = frappe.db.get_value("Client", people.client, "connection")
	own = clinic.make_client(frappe.get_doc("Kipu Connection", connection), facility=facility).name
	caller, before = sign_in(browser, people), get_last_batch()
	get_data(open_access(caller, people.client))
	assert list_accesses(before) == []
	get_data(caller.request("GET", "/api/resource/Client", headers={"X-Purpose-Of-Use": "TREAT"}))
	send(caller, people, READING["stay"])
	logged = {
		(access.doctype, access.name): access.purpose
		for access in list_accesses(before)
		if access.user == people.user
	}
	assert logged == {
		("Client", people.client): "BTG",
		("Client", own): "TREAT",
		("Client Stay", people.stay): "BTG",
	}


def test_callers_cannot_claim_an_emergency(api: Api) -> None:
	reply = api("Administrator").get(
		"frappe.client.get_list", doctype="Client", headers={"X-Purpose-Of-Use": "BTG"}
	)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_parallel_openings_are_one(browser: Browser) -> None:
	people = make_emergency()
	callers = [sign_in(browser, people) for _number in range(4)]
	replies = send_at_once(callers, lambda caller, _number: open_access(caller, people.client))
	assert sorted(reply.status_code for reply in replies) == [200, 417, 417, 417]
	refusals = [reply for reply in replies if reply.status_code != 200]
	assert {get_error(reply)[1] for reply in refusals} == {"EmergencyAccessConflictError"}
	assert (len(refusals), len(list_stored(people.user))) == (3, 1)


def test_a_client_can_be_opened_again_after_the_time(browser: Browser) -> None:
	people = make_emergency()
	caller = sign_in(browser, people)
	get_data(open_access(caller, people.client))
	end_accesses(people.user)
	get_data(open_access(caller, people.client))
	assert len(list_stored(people.user)) == 2
	assert send(caller, people, READING["resource"]).status_code == 200


def test_it_ends_with_the_clinical_role(browser: Browser) -> None:
	people = make_emergency("Clinical User", "Desk User")
	caller = sign_in(browser, people)
	get_data(open_access(caller, people.client))
	assert send(caller, people, READING["resource"]).status_code == 200
	frappe.get_doc("User", people.user).remove_roles("Clinical User")
	frappe.db.commit()
	assert send(caller, people, READING["resource"]).status_code == 403


def test_it_ends_when_the_site_stops_to_allow_it(browser: Browser) -> None:
	people = make_emergency()
	caller = sign_in(browser, people)
	get_data(open_access(caller, people.client))
	with override_settings(emergency_access_enabled=0):
		assert send(caller, people, READING["resource"]).status_code == 403
	assert send(caller, people, READING["resource"]).status_code == 200
