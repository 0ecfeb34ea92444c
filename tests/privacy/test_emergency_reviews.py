"""Privacy officers are told of emergency accesses, and review each one that is not their own."""

from collections.abc import Callable
from typing import Any

import pytest

import frappe

from orchestrator.privacy.emergency import notices
from tests.privacy.test_immutability import CHANGES
from tests.support import factories
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
LIST = "orchestrator.privacy.list_emergency_accesses"
REVIEW = "orchestrator.privacy.review_emergency_access"
FINDING = "Justified: the client was brought in by ambulance."
EDITS = {
	way: change
	for way, change in CHANGES.items()
	if way not in ("create batch", "create day", "tag", "bulk update", "delete items")
}


@pytest.fixture
def officer(site: str) -> str:
	return str(factories.make_user("Privacy Officer").name)


def make_access(browser: Browser, *roles: str) -> tuple[Emergency, str]:
	"""Return an emergency whose access is over, and the name of the access."""
	people = make_emergency(*roles)
	opened = get_data(open_access(browser(people.user, factories.PASSWORD), people.client))
	end_accesses(people.user)
	return people, opened["name"]


@pytest.fixture(scope="module")
def access(frappe_site: str, callers: Any) -> tuple[Emergency, str]:
	"""Return an emergency whose access is over and not reviewed, and the name of the access."""
	with override_settings(access_log_enabled=1, emergency_access_enabled=1, emergency_access_minutes=60):
		return make_access(callers.browser)


def find(caller: Client, name: str, **params: Any) -> list[Any]:
	page = get_data(caller.get(LIST, limit=500, **params))
	return [access for access in page["accesses"] if access["name"] == name]


def test_officers_are_told_once_without_the_client(browser: Browser, officer: str) -> None:
	people, name = make_access(browser)
	disabled = factories.make_user("Privacy Officer", enabled=0).name
	for _number in range(2):
		notices.notify_privacy_officers()
	about = {"document_type": "Emergency Access", "document_name": name}
	[told] = frappe.get_all("Notification Log", {**about, "for_user": officer}, ["subject", "email_content"])
	assert told.subject == f"{people.user} has opened a client in an emergency. Please review it."
	assert people.client not in f"{told.subject} {told.email_content}"
	assert frappe.get_all("Notification Log", {**about, "for_user": disabled}) == []


def test_the_job_is_scheduled() -> None:
	jobs = frappe.get_hooks("scheduler_events")["cron"]["*/5 * * * *"]
	assert "orchestrator.privacy.emergency.notices.notify_privacy_officers" in jobs


def test_accesses_are_listed_until_they_are_reviewed(browser: Browser, officer: str, api: Api) -> None:
	people, name = make_access(browser)
	caller = api(officer)
	[stored] = list_stored(people.user)
	waiting = {
		"name": name,
		"user": people.user,
		"client": people.client,
		"reason": REASON,
		"opened_at": f"{stored.opened_at.isoformat(timespec='milliseconds')}Z",
		"expires_at": f"{stored.expires_at.isoformat(timespec='milliseconds')}Z",
		"reviewed_by": None,
		"reviewed_at": None,
		"finding": None,
	}
	assert find(caller, name) == [waiting]
	reviewed = get_data(caller.post(REVIEW, name=name, finding=FINDING))
	assert reviewed == {
		**waiting,
		"reviewed_by": officer,
		"reviewed_at": reviewed["reviewed_at"],
		"finding": FINDING,
	}
	assert find(caller, name) == []
	assert find(caller, name, status="Reviewed") == find(caller, name, status="All") == [reviewed]


def test_reasons_and_findings_have_no_html(browser: Browser, officer: str, api: Api) -> None:
	"""Desk shows them to the officer as HTML."""
	people = make_emergency()
	text = "BP <90, <img src=x onerror=alert(1)></p><!-- <SCRIPT>"
	plain = "BP <90, < img src=x onerror=alert(1)>< /p>< !-- < SCRIPT>"
	opened = get_data(open_access(browser(people.user, factories.PASSWORD), people.client, reason=text))
	end_accesses(people.user)
	get_data(api(officer).post(REVIEW, name=opened["name"], finding=text))
	[stored] = list_stored(people.user)
	assert (stored.reason, stored.finding) == (plain, plain)


def test_pages_follow_each_other(browser: Browser, officer: str, api: Api) -> None:
	names = [make_access(browser)[1] for _number in range(3)]
	caller, cursor, found = api(officer), None, []
	while len(found) < 3:
		page = get_data(caller.get(LIST, limit=1, **({"cursor": cursor} if cursor else {})))
		found += [access["name"] for access in page["accesses"]]
		cursor = page["next_cursor"]
	assert found == names[::-1]


def test_nobody_reviews_their_own_access(browser: Browser, api: Api) -> None:
	people, name = make_access(browser, "Clinical User", "Privacy Officer")
	reply = api(people.user).post(REVIEW, name=name, finding=FINDING)
	assert get_error(reply) == (403, "PermissionError")
	assert list_stored(people.user)[0].reviewed_at is None


def test_an_access_is_reviewed_once(browser: Browser, officer: str, api: Api) -> None:
	people, name = make_access(browser)
	callers = [api(officer) for _number in range(3)]
	replies = send_at_once(
		callers, lambda caller, number: caller.post(REVIEW, name=name, finding=f"No. {number}")
	)
	assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
	[done] = [number for number, reply in enumerate(replies) if reply.status_code == 200]
	assert list_stored(people.user)[0].finding == f"No. {done}"


def test_an_access_is_reviewed_when_it_is_over(browser: Browser, officer: str, api: Api) -> None:
	people = make_emergency()
	opened = get_data(open_access(browser(people.user, factories.PASSWORD), people.client))
	reply = api(officer).post(REVIEW, name=opened["name"], finding=FINDING)
	assert get_error(reply) == (409, "EmergencyAccessConflictError")


@pytest.mark.parametrize(
	("values", "status", "error"),
	[
		({"finding": " "}, 400, "InvalidRequestError"),
		({"finding": "x" * 2001}, 400, "InvalidRequestError"),
		({"name": "nothing"}, 404, "DoesNotExistError"),
	],
)
def test_reviews_are_checked(
	values: dict[str, str], status: int, error: str, browser: Browser, officer: str, api: Api
) -> None:
	_people, name = make_access(browser)
	reply = api(officer).post(REVIEW, **{"name": name, "finding": FINDING, **values})
	assert get_error(reply) == (status, error)


@pytest.mark.parametrize("roles", [(), ("System Manager",), ("Clinical Manager",), ("Orchestrator Manager",)])
@pytest.mark.parametrize(
	"request_of",
	[
		lambda caller, _name: caller.get(LIST),
		lambda caller, name: caller.post(REVIEW, name=name, finding=FINDING),
		lambda caller, _name: caller.request("GET", "/api/resource/Emergency Access"),
		lambda caller, name: caller.request("GET", f"/api/resource/Emergency Access/{name}"),
	],
	ids=["list", "review", "resource list", "resource"],
)
def test_only_privacy_officers_list_and_review(
	request_of: Any, roles: tuple[str, ...], access: tuple[Emergency, str], api: Api
) -> None:
	people, name = access
	reply = request_of(api(factories.make_user(*roles).name), name)
	assert get_error(reply) == (403, "PermissionError")
	assert list_stored(people.user)[0].reviewed_at is None


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("by", ["Administrator", "officer"])
def test_nobody_changes_an_access(
	edit: str, by: str, access: tuple[Emergency, str], officer: str, api: Api
) -> None:
	people, name = access
	verb, path, values = EDITS[edit]
	before = list_stored(people.user)
	body = {
		key: value.replace("Access Log Entry", "Emergency Access").replace("{name}", name)
		if isinstance(value, str)
		else value
		for key, value in values.items()
	}
	path = path.replace("Access Log Entry", "Emergency Access").replace("{name}", name)
	reply = api(officer if by == "officer" else by).request(verb, path, json=body)
	assert reply.status_code >= 400, reply.text
	assert list_stored(people.user) == before


@pytest.mark.parametrize("method", ["save", "delete", "insert"])
def test_documents_refuse_changes(method: str, access: tuple[Emergency, str]) -> None:
	_people, name = access
	doc = frappe.get_doc("Emergency Access", name)
	with pytest.raises(frappe.ValidationError, match="Emergency accesses are recorded by the app"):
		getattr(doc, method)()
	frappe.db.rollback()


def test_the_client_can_be_deleted_and_the_access_stays(browser: Browser) -> None:
	people, name = make_access(browser)
	frappe.delete_doc("Client Stay", people.stay)
	frappe.delete_doc("Client", people.client)
	frappe.db.commit()
	assert [access.name for access in list_stored(people.user)] == [name]
