"""If-Match: a write happens if the record is still as the caller read it, and else is refused with 412."""

import json
from collections.abc import Callable

import pytest
import requests

import frappe

from tests.support import docs_factories, factories, gameplan, hr_factories
from tests.support.client import Client, get_data
from tests.support.conditional import (
	DELETE,
	GET,
	INSERT,
	MISSING_STATE,
	SET,
	get_etag,
	get_path,
	get_refusal,
	read,
	write,
)

Api = Callable[[str], Client]
Send = Callable[[Client, str, dict[str, str]], requests.Response]
CHANGED = (412, "PreconditionFailedError")
INVALID = (400, "InvalidRequestError")
MOVE = "orchestrator.crm.advance_opportunity"


@pytest.fixture(scope="module")
def seller(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return factories.make_user("Sales User", "Sales Manager").name


@pytest.fixture
def sales(api: Api, seller: str) -> Client:
	return api(seller)


@pytest.fixture
def opportunity(site: str) -> str:
	return str(factories.make_opportunity().name)


def get_amount(name: str) -> float | None:
	frappe.db.rollback()
	return frappe.db.get_value("Opportunity", name, "opportunity_amount")


def change(name: str, amount: float = 55) -> None:
	"""What another caller writes meanwhile."""
	frappe.get_doc("Opportunity", name).update({"opportunity_amount": amount}).save()
	frappe.db.commit()


BODY = {"opportunity_amount": 7}
WRITES: dict[str, Send] = {
	"set_value": lambda c, n, h: c.post(SET, headers=h, doctype="Opportunity", name=n, **BODY),
	"set_value by cmd": lambda c, n, h: c.request(
		"POST", "/", headers=h, json={"cmd": SET, "doctype": "Opportunity", "name": n, **BODY}
	),
	"set_value by v2": lambda c, n, h: c.request(
		"PUT", f"/api/v2/method/{SET}", headers=h, json={"doctype": "Opportunity", "name": n, **BODY}
	),
	"set_value by another name": lambda c, n, h: c.post(
		"frappe.email.inbox.set_value", headers=h, doctype="Opportunity", name=n, **BODY
	),
	"set_value by our name": lambda c, n, h: c.post(
		"orchestrator.api.generic.set_value", headers=h, doctype="Opportunity", name=n, **BODY
	),
	"PUT of v1": lambda c, n, h: c.request("PUT", get_path("Opportunity", n), headers=h, json=BODY),
	"PUT of v2": lambda c, n, h: c.request("PUT", get_path("Opportunity", n, "v2"), headers=h, json=BODY),
	"PATCH of v2": lambda c, n, h: c.request("PATCH", get_path("Opportunity", n, "v2"), headers=h, json=BODY),
}
DELETIONS: dict[str, Send] = {
	"delete": lambda c, n, h: c.post(DELETE, headers=h, doctype="Opportunity", name=n),
	"DELETE of v1": lambda c, n, h: c.request("DELETE", get_path("Opportunity", n), headers=h),
	"DELETE of v2": lambda c, n, h: c.request("DELETE", get_path("Opportunity", n, "v2"), headers=h),
}


@pytest.mark.parametrize("route", WRITES)
def test_each_write_is_refused_when_stale_and_gives_the_next_etag(
	sales: Client, opportunity: str, route: str
) -> None:
	send, etag = WRITES[route], get_etag(sales, "Opportunity", opportunity)
	change(opportunity)
	assert get_refusal(send(sales, opportunity, {"If-Match": etag})) == CHANGED
	assert get_amount(opportunity) == 55
	current = get_etag(sales, "Opportunity", opportunity)
	first = send(sales, opportunity, {"If-Match": current})
	assert first.status_code == 200, first.text
	assert get_amount(opportunity) == 7
	change(opportunity, 56)
	assert get_refusal(send(sales, opportunity, {"If-Match": first.headers["ETag"]})) == CHANGED
	change(opportunity, 57)
	unconditional = send(sales, opportunity, {})
	assert unconditional.status_code == 200
	assert send(sales, opportunity, {"If-Match": unconditional.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("route", DELETIONS)
def test_each_deletion_is_refused_when_stale(sales: Client, opportunity: str, route: str) -> None:
	send, etag = DELETIONS[route], get_etag(sales, "Opportunity", opportunity)
	change(opportunity)
	assert get_refusal(send(sales, opportunity, {"If-Match": etag})) == CHANGED
	assert get_amount(opportunity) == 55
	reply = send(sales, opportunity, {"If-Match": get_etag(sales, "Opportunity", opportunity)})
	assert reply.status_code in (200, 202), reply.text
	assert "ETag" not in reply.headers
	assert get_amount(opportunity) is None
	assert send(sales, opportunity, {"If-Match": etag}).status_code == 404
	assert send(sales, opportunity, {"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize(
	("condition", "error"),
	[
		("{0}", None),
		('"other", {0}', None),
		("*", None),
		("W/{0}", CHANGED),
		('"other"', CHANGED),
		("{1}", INVALID),
		("", INVALID),
		(MISSING_STATE, CHANGED),
		('"{2}"', None),  # the state is what counts
		('"{2}.other"', None),
		('"x{2}"', CHANGED),
	],
)
@pytest.mark.parametrize("route", ["set_value", "PUT of v1"])
def test_if_match_compares_strongly(
	sales: Client, opportunity: str, route: str, condition: str, error: tuple[int, str] | None
) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	value = etag.strip('"')
	headers = {"If-Match": condition.format(etag, value, value.split(".")[0])}
	reply = WRITES[route](sales, opportunity, headers)
	if error is None:
		assert reply.status_code == 200, reply.text
		assert get_amount(opportunity) == 7
	else:
		assert get_refusal(reply) == error
		assert get_amount(opportunity) == 1000


def test_a_weak_etag_is_explained(sales: Client, opportunity: str) -> None:
	reply = write(
		sales, "Opportunity", opportunity, f"W/{get_etag(sales, 'Opportunity', opportunity)}", **BODY
	)
	assert "Accept-Encoding: identity" in reply.json()["exc"]


def test_the_etag_of_a_write_gives_no_304(sales: Client, opportunity: str) -> None:
	"""The reply to a write holds the record as it was saved. What hooks have stored beside it, only a read gives."""
	written = write(sales, "Opportunity", opportunity, None, **BODY).headers["ETag"]
	reply = read(sales, "Opportunity", opportunity, written)
	assert reply.status_code == 200
	assert reply.headers["ETag"].split(".")[0] == written.split(".")[0]


@pytest.mark.parametrize("route", ["insert", "v1", "v2"])
def test_insert_gives_an_etag_to_write_with(sales: Client, site: str, route: str) -> None:
	values = {"lead_name": factories.make_unique("Lead"), "email_id": factories.make_unique_email()}
	reply = {
		"insert": lambda: sales.post(INSERT, doctype="Lead", **values),
		"v1": lambda: sales.request("POST", "/api/resource/Lead", json=values),
		"v2": lambda: sales.request("POST", "/api/v2/document/Lead", json=values),
	}[route]()
	assert reply.status_code in (200, 201), reply.text
	name, etag = get_data(reply, reply.status_code)["name"], reply.headers["ETag"]
	assert write(sales, "Lead", name, etag, first_name="Ada").status_code == 200
	assert get_refusal(write(sales, "Lead", name, etag, first_name="Eve")) == CHANGED


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_insert_takes_no_conditions(sales: Client, site: str, header: str) -> None:
	before = frappe.db.count("Lead")
	replies = [
		sales.post(INSERT, headers={header: "*"}, doctype="Lead", lead_name="Jane"),
		sales.request("POST", "/api/resource/Lead", headers={header: "*"}, json={"lead_name": "Jane"}),
		sales.request("POST", "/api/v2/document/Lead", headers={header: "*"}, json={"lead_name": "Jane"}),
	]
	assert [get_refusal(reply) for reply in replies] == [INVALID] * 3
	assert frappe.db.count("Lead") == before


UNCHECKED: dict[str, Callable[[Client, str, dict[str, str]], requests.Response]] = {
	"a method of Frappe": lambda c, n, h: c.post(
		"frappe.client.bulk_update",
		headers=h,
		docs=json.dumps([{"doctype": "Opportunity", "docname": n, **BODY}]),
	),
	"save": lambda c, n, h: c.post(
		"frappe.client.save", headers=h, doc={"doctype": "Opportunity", "name": n}
	),
	"a call for many": lambda c, n, h: c.post(
		"frappe.desk.delete.delete_many", headers=h, doctype="Opportunity", name=[n]
	),
	"a call that creates": lambda c, n, h: c.post(
		"orchestrator.helpdesk.add_issue_comment", headers=h, issue=n, message="x"
	),
	"run_doc_method": lambda c, n, h: c.request(
		"POST", "/api/v2/method/run_doc_method", headers=h, json={"method": "x", "document": {}}
	),
	"cmd": lambda c, n, h: c.request(
		"POST",
		"/",
		headers=h,
		json={"cmd": "frappe.client.submit", "doc": {"doctype": "Opportunity", "name": n}},
	),
	"cmd on the path of a record": lambda c, n, h: c.request(
		"PUT", get_path("Opportunity", n), headers=h, json={"cmd": "frappe.client.save", "doc": {}}
	),
	"an upload": lambda c, n, h: c.request(
		"POST", "/api/method/upload_file", headers=h, files={"file": ("a.txt", b"a")}
	),
}


@pytest.mark.parametrize("route", UNCHECKED)
def test_writes_that_cannot_check_refuse_the_header(sales: Client, opportunity: str, route: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	reply = UNCHECKED[route](sales, opportunity, {"If-Match": etag})
	assert get_refusal(reply) == INVALID
	assert "If-Match" in reply.text
	assert get_etag(sales, "Opportunity", opportunity) == etag


def test_a_browsers_condition_is_not_ignored_either(
	browser: Callable[[str, str], Client], seller: str, opportunity: str
) -> None:
	desk = browser(seller, factories.PASSWORD)
	replies = [
		write(desk, "Opportunity", opportunity, MISSING_STATE, **BODY),
		desk.request(
			"PUT", get_path("Opportunity", opportunity), headers={"If-Match": MISSING_STATE}, json=BODY
		),
		desk.post(MOVE, headers={"If-Match": MISSING_STATE}, opportunity=opportunity, new_status="Qualified"),
	]
	invalid, changed = (417, INVALID[1]), (417, CHANGED[1])
	assert [get_refusal(reply) for reply in replies] == [invalid, invalid, changed]
	assert get_amount(opportunity) == 1000


# Permission comes first


def share(opportunity: str, write: int) -> str:
	"""A user without a role for opportunities, with whom this one is shared."""
	user = factories.make_user().name
	factories.make_record(
		"DocShare", share_doctype="Opportunity", share_name=opportunity, user=user, read=1, write=write
	)
	return user


@pytest.mark.parametrize("route", [*WRITES, *DELETIONS])
def test_refusals_are_those_without_the_header(api: Api, guest: Client, opportunity: str, route: str) -> None:
	send = (WRITES | DELETIONS)[route]
	stranger, reader = factories.make_user().name, share(opportunity, write=0)
	restricted = factories.make_user("Sales Manager").name
	factories.make_record(
		"User Permission", user=restricted, allow="Opportunity", for_value=factories.make_opportunity().name
	)
	clients = [guest, api(stranger), api(reader), api(restricted)]
	if route in DELETIONS:
		clients.append(api(share(opportunity, write=1)))
	plain = [get_refusal(send(client, opportunity, {})) for client in clients]
	assert all(status in (401, 403, 404) for status, _error in plain)
	any_state = [get_refusal(send(client, opportunity, {"If-Match": "*"})) for client in clients]
	stale = [get_refusal(send(client, opportunity, {"If-Match": MISSING_STATE})) for client in clients]
	assert any_state == stale == plain
	assert get_amount(opportunity) == 1000


@pytest.mark.parametrize("condition", ["*", MISSING_STATE])
@pytest.mark.parametrize("route", [*WRITES, *DELETIONS])
def test_a_missing_record_is_404(sales: Client, route: str, condition: str) -> None:
	reply = (WRITES | DELETIONS)[route](sales, "No such opportunity", {"If-Match": condition})
	assert get_refusal(reply) == (404, "DoesNotExistError")


def test_an_unknown_doctype_is_404(sales: Client) -> None:
	assert write(sales, "No Such DocType", "x", "*", **BODY).status_code == 404
	raw = sales.request("PUT", get_path("No Such DocType", "x"), headers={"If-Match": "*"}, json=BODY)
	assert raw.status_code == sales.request("PUT", get_path("No Such DocType", "x"), json=BODY).status_code


# Records of other kinds


def test_a_change_without_modified_is_noticed(sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	frappe.db.set_value("Opportunity", opportunity, "city", "Springfield", update_modified=False)
	frappe.db.commit()
	assert get_refusal(write(sales, "Opportunity", opportunity, etag, **BODY)) == CHANGED


def test_a_child_row_is_compared_by_its_own_state(admin: Client, site: str) -> None:
	user = factories.make_user("Sales User")
	row = frappe.get_all("Has Role", {"parent": user.name, "parenttype": "User"}, pluck="name")[0]
	reply = admin.get(GET, doctype="Has Role", name=row, parent="User")
	etag = reply.headers["ETag"]
	frappe.db.set_value("User", user.name, "bio", "changed", update_modified=False)
	frappe.db.commit()
	assert write(admin, "Has Role", row, etag, role="Sales Manager").status_code == 200
	assert get_refusal(write(admin, "Has Role", row, etag, role="Sales User")) == CHANGED
	assert write(admin, "Has Role", "no such row", "*", role="Sales User").status_code == 404


@pytest.mark.parametrize("path", ["", "v1", "v2"])
def test_a_single_is_compared_by_its_values(admin: Client, site: str, path: str) -> None:
	single = "Website Script"

	def send(etag: str, text: str) -> requests.Response:
		if not path:
			return write(admin, single, single, etag, javascript=text)
		return admin.request(
			"PUT", get_path(single, single, path), headers={"If-Match": etag}, json={"javascript": text}
		)

	etag = admin.get(GET, doctype=single).headers["ETag"]
	first = send(etag, f"// {factories.make_unique('one')}")
	assert first.status_code == 200, first.text
	assert get_refusal(send(etag, "// two")) == CHANGED
	assert send(first.headers["ETag"], "// three").status_code == 200


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_virtual_doctype_refuses_the_header(admin: Client, site: str, version: str) -> None:
	reply = admin.request("PUT", get_path("RQ Worker", "x", version), headers={"If-Match": "*"}, json={})
	assert reply.status_code in (400, 404)


def test_a_record_that_shows_more_than_its_row_can_be_written(admin: Client, site: str) -> None:
	document = docs_factories.make_document(docs_factories.make_folder())
	etag = get_etag(admin, "Document", document)
	first = write(admin, "Document", document, etag, title=factories.make_unique("Title"))
	assert first.status_code == 200, first.text
	assert get_refusal(write(admin, "Document", document, etag, title="Other")) == CHANGED


# Calls that change one record


def test_own_calls_check_their_record(sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	change(opportunity)
	body = {"opportunity": opportunity, "new_status": "Qualified"}
	assert get_refusal(sales.post(MOVE, headers={"If-Match": etag}, **body)) == CHANGED
	assert frappe.db.get_value("Opportunity", opportunity, "pipeline_stage") == "Open"
	current = get_etag(sales, "Opportunity", opportunity)
	moved = sales.post(MOVE, headers={"If-Match": current}, **body)
	assert moved.status_code == 200, moved.text
	assert write(sales, "Opportunity", opportunity, moved.headers["ETag"], **BODY).status_code == 200
	assert "ETag" not in sales.post(MOVE, **{**body, "new_status": "In Progress"}).headers


def make_document_call(admin: Client) -> tuple[str, str, list[tuple[str, dict]]]:
	folder = docs_factories.make_folder()
	document = docs_factories.make_document(folder)
	methods = [
		("check_out", {}),
		("check_in", {"file": "second"}),
		("create_version", {"file": "third"}),
		("restore_version", {"version": 1}),
		("approve_version", {}),
		("move", {"folder": docs_factories.make_folder()}),
		("set_tags", {"tags": ["a"]}),
	]
	calls = [(f"{docs_factories.METHOD}{name}", {"document": document, **body}) for name, body in methods]
	return "Document", document, calls


def make_sprint_call(admin: Client) -> tuple[str, str, list[tuple[str, dict]]]:
	sprint = gameplan.make_sprint().name
	methods = ("start_sprint", "close_sprint")
	return "Sprint", sprint, [(f"orchestrator.gameplan.{name}", {"sprint": sprint}) for name in methods]


@pytest.mark.parametrize("make_calls", [make_document_call, make_sprint_call])
def test_calls_on_documents_and_sprints_go_on_from_etag_to_etag(
	admin: Client, site: str, make_calls: Callable[[Client], tuple[str, str, list[tuple[str, dict]]]]
) -> None:
	doctype, name, calls = make_calls(admin)
	first = etag = get_etag(admin, doctype, name)
	replies, stale = [], []
	for method, body in calls:
		replies.append(admin.post(method, headers={"If-Match": etag}, **body))
		etag = replies[-1].headers.get("ETag", MISSING_STATE)
		stale.append(admin.post(method, headers={"If-Match": first}, **body))
	assert [reply.text[:200] for reply in replies if not reply.ok] == []
	assert [get_refusal(reply) for reply in stale] == [CHANGED] * len(calls)


def test_leave_is_decided_as_it_was_read(api: Api, site: str) -> None:
	person, leave_type = hr_factories.make_person(), hr_factories.make_leave_type()
	hr_factories.make_allocation(person.employee, leave_type)
	leave = hr_factories.make_leave(person.employee, leave_type, "2026-12-07", "2026-12-08").name
	hr = api(hr_factories.make_hr())
	etag = get_etag(hr, "Leave Application", leave)
	frappe.db.set_value("Leave Application", leave, "description", "longer", update_modified=False)
	frappe.db.commit()
	stale = hr.post("orchestrator.hr.reject_leave", headers={"If-Match": etag}, leave_application=leave)
	assert get_refusal(stale) == CHANGED
	etag = get_etag(hr, "Leave Application", leave)
	assert hr.post("orchestrator.hr.reject_leave", headers={"If-Match": etag}, leave_application=leave).ok


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_methods_of_documents_check_their_record(admin: Client, site: str, version: str) -> None:
	lead = factories.make_lead().name
	path = (
		f"{get_path('Lead', lead)}?run_method=add_tag"
		if version == "v1"
		else f"{get_path('Lead', lead, 'v2')}/method/add_comment"
	)
	etag = get_etag(admin, "Lead", lead)
	frappe.db.set_value("Lead", lead, "city", "Springfield", update_modified=False)
	frappe.db.commit()
	reply = admin.request("POST", path, headers={"If-Match": etag}, json={"tag": "a", "text": "x"})
	assert get_refusal(reply) == CHANGED


# Retries


@pytest.mark.parametrize("route", ["set_value", "PUT of v1"])
def test_a_retry_replays_the_reply_although_the_etag_is_old_by_then(
	sales: Client, opportunity: str, route: str
) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	headers = {"If-Match": etag, "Idempotency-Key": factories.make_unique("key")}
	first, again = (WRITES[route](sales, opportunity, headers) for _ in range(2))
	assert (first.status_code, again.status_code) == (200, 200), again.text
	assert again.headers["Idempotency-Replayed"] == "true"
	assert again.text == first.text
	assert ("ETag" in first.headers, "ETag" in again.headers) == (True, False)


@pytest.mark.parametrize("route", ["set_value", "PUT of v1"])
def test_a_stale_write_frees_its_idempotency_key(sales: Client, opportunity: str, route: str) -> None:
	key = {"Idempotency-Key": factories.make_unique("key")}
	stale = WRITES[route](sales, opportunity, {**key, "If-Match": MISSING_STATE})
	assert get_refusal(stale) == CHANGED
	etag = get_etag(sales, "Opportunity", opportunity)
	reply = WRITES[route](sales, opportunity, {**key, "If-Match": etag})
	assert reply.status_code == 200, reply.text
	assert "Idempotency-Replayed" not in reply.headers
