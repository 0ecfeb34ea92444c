"""Each record that a reader gets by any route has exactly one entry in the access log; others have none."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests

import frappe

from tests.privacy.conftest import People
from tests.support import factories
from tests.support.access_log import count_records, get_last_batch, list_accesses
from tests.support.client import Client
from tests.support.helpdesk import override_settings

pytestmark = pytest.mark.usefixtures("logged")
Api = Callable[[str], Client]
Request = tuple[str, str, dict[str, Any]]


def build_filter(people: People) -> str:
	return json.dumps([["name", "in", [*people.names, people.stranger.name]]])


FIELDS = json.dumps(["full_name", "status"])
NAMED = json.dumps(["name", "full_name"])

# A request for the first client, or for a list of all: what is asked, and whether it gives all clients of the facility
ROUTES: dict[str, tuple[Callable[[People], Request], bool]] = {
	"get": (
		lambda p: ("GET", "/api/method/frappe.client.get", {"doctype": "Client", "name": p.names[0]}),
		False,
	),
	"post get": (
		lambda p: ("POST", "/api/method/frappe.client.get", {"doctype": "Client", "name": p.names[0]}),
		False,
	),
	"cmd": (
		lambda p: ("POST", "/", {"cmd": "frappe.client.get", "doctype": "Client", "name": p.names[0]}),
		False,
	),
	"v1": (lambda p: ("GET", f"/api/resource/Client/{p.names[0]}", {}), False),
	"v2": (lambda p: ("GET", f"/api/v2/document/Client/{p.names[0]}", {}), False),
	"form": (
		lambda p: (
			"GET",
			"/api/method/frappe.desk.form.load.getdoc",
			{"doctype": "Client", "name": p.names[0]},
		),
		False,
	),
	"value": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_value",
			{"doctype": "Client", "filters": json.dumps({"name": p.names[0]}), "fieldname": "full_name"},
		),
		False,
	),
	"print": (lambda p: ("GET", "/printview", {"doctype": "Client", "name": p.names[1]}), False),
	"link title": (
		lambda p: (
			"GET",
			"/api/method/frappe.desk.search.get_link_title",
			{"doctype": "Client", "docname": p.names[0]},
		),
		False,
	),
	"link search": (
		lambda p: (
			"GET",
			"/api/method/frappe.desk.search.search_link",
			{"doctype": "Client", "txt": p.clients[0].last_name},
		),
		False,
	),
	"search": (
		lambda p: (
			"POST",
			"/api/method/orchestrator.api.search.find_records",
			{"query": p.clients[0].last_name},
		),
		False,
	),
	"overview": (
		lambda p: ("GET", "/api/method/orchestrator.sync.get_client", {"client": p.names[1]}),
		False,
	),
	"list": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_list",
			{"doctype": "Client", "filters": build_filter(p), "fields": FIELDS},
		),
		True,
	),
	"cursor": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_list",
			{"doctype": "Client", "filters": build_filter(p), "fields": NAMED, "cursor": "*"},
		),
		True,
	),
	"distinct": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_list",
			{"doctype": "Client", "filters": build_filter(p), "fields": json.dumps(["distinct full_name"])},
		),
		True,
	),
	"group by name": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_list",
			{
				"doctype": "Client",
				"filters": build_filter(p),
				"fields": json.dumps(["full_name", "count(name) as many"]),
				"group_by": "full_name",
			},
		),
		True,
	),
	"largest": (
		lambda p: (
			"GET",
			"/api/method/frappe.client.get_list",
			{"doctype": "Client", "filters": build_filter(p), "fields": json.dumps(["max(full_name)"])},
		),
		True,
	),
	"v1 list": (
		lambda p: ("GET", "/api/resource/Client", {"filters": build_filter(p), "fields": FIELDS}),
		True,
	),
	"v2 list": (
		lambda p: ("GET", "/api/v2/document/Client", {"filters": build_filter(p), "fields": FIELDS}),
		True,
	),
	"desk list": (
		lambda p: (
			"POST",
			"/api/method/frappe.desk.reportview.get",
			{
				"doctype": "Client",
				"filters": build_filter(p),
				"fields": json.dumps(["`tabClient`.`full_name`"]),
			},
		),
		True,
	),
	"export": (
		lambda p: (
			"POST",
			"/api/method/frappe.desk.reportview.export_query",
			{
				"doctype": "Client",
				"filters": build_filter(p),
				"fields": json.dumps(["`tabClient`.`full_name`"]),
				"file_format_type": "CSV",
				"title": "Client",
			},
		),
		True,
	),
}


# These show the stays of a client as well; the second one has none.
WITHOUT_STAY = ("overview", "print")


def send(client: Client, request: Request) -> requests.Response:
	verb, path, values = request
	sent = {"params": values} if verb == "GET" else {"data": values}
	reply = client.request(verb, path, **sent)
	assert reply.status_code == 200, reply.text
	return reply


@pytest.mark.parametrize("route", ROUTES)
def test_each_record_of_a_reply_has_one_entry(route: str, api: Api, people: People) -> None:
	build, is_list = ROUTES[route]
	caller, before = api(people.manager), get_last_batch()
	request = build(people)
	reply = send(caller, request)
	single = people.names[1] if route in WITHOUT_STAY else people.names[0]
	names = people.names if is_list else [single]
	got = [client for client in people.clients if client.last_name in reply.text]
	assert [client.name for client in got if client.name not in names] == []
	assert count_records(before, people.manager) == Counter(("Client", name) for name in names)


@pytest.mark.parametrize("route", ROUTES)
def test_replies_are_the_same_as_without_the_log(route: str, api: Api, people: People) -> None:
	build, _is_list = ROUTES[route]
	with_log = send(api(people.manager), build(people))
	with override_settings(access_log_enabled=0):
		without = send(api(people.manager), build(people))
	assert strip_moments(with_log) == strip_moments(without)


@pytest.mark.parametrize("route", ROUTES)
def test_replies_without_any_cache_are_logged(route: str, api: Api, people: People) -> None:
	"""The log reads metadata of its own, which it must not log while it is loaded."""
	build, _is_list = ROUTES[route]
	caller, before = api(people.manager), get_last_batch()
	frappe.clear_cache()
	send(caller, build(people))
	assert {doctype for doctype, _name in count_records(before, people.manager)} == {"Client"}


def strip_moments(reply: requests.Response) -> str:
	"""Return the body without the views that the form counts, and the times that a page shows."""
	return re.sub(r'"(?:execution_time|_seen)":[^,}]*|\d\d:\d\d:\d\d(?:\.\d+)?', "", reply.text)


@pytest.mark.parametrize(
	"values",
	[
		{"fields": json.dumps(["count(name) as many"])},
		{"fields": json.dumps(["status", "count(name) as many"]), "group_by": "status"},
		{"fields": json.dumps(["facility", "count(name) as many"]), "group_by": "facility"},
	],
)
def test_statistics_have_no_entries(values: dict[str, str], api: Api, people: People) -> None:
	caller, before = api(people.manager), get_last_batch()
	values = {"doctype": "Client", "filters": build_filter(people), **values}
	send(caller, ("GET", "/api/method/frappe.client.get_list", values))
	assert list_accesses(before) == []


@pytest.mark.parametrize(
	("path", "status"),
	[
		("/api/resource/Client/{stranger}", 403),
		("/api/method/frappe.client.get?doctype=Client&name={stranger}", 404),
		("/api/v2/document/Client/{stranger}", 403),
		("/api/method/orchestrator.sync.get_client?client={stranger}", 404),
		('/api/method/frappe.client.get_list?doctype=Client&fields=["nothing"]', 400),
	],
)
def test_refusals_have_no_entries(path: str, status: int, api: Api, people: People) -> None:
	before = get_last_batch()
	reply = api(people.manager).request("GET", path.format(stranger=people.stranger.name))
	assert reply.status_code == status, reply.text
	assert list_accesses(before) == []


def test_cursor_pages_log_the_records_that_they_give(api: Api, people: People) -> None:
	caller = api(people.manager)
	values = {"doctype": "Client", "filters": build_filter(people), "fields": NAMED, "limit_page_length": 2}
	before, cursor, pages = get_last_batch(), "*", []
	while cursor:
		reply = send(caller, ("GET", "/api/method/frappe.client.get_list", {**values, "cursor": cursor}))
		names = [row["name"] for row in reply.json()["data"]]
		assert count_records(before, people.manager) == Counter(("Client", name) for name in names)
		pages.append(names)
		before, cursor = get_last_batch(), reply.json()["next_cursor"]
	assert [len(names) for names in pages] == [2, 1]


def test_linked_fields_log_the_linked_record(api: Api, people: People) -> None:
	before = get_last_batch()
	values = {
		"doctype": "Client Stay",
		"filters": json.dumps({"name": people.stay.name}),
		"fields": json.dumps(["status", "client.full_name"]),
	}
	reply = send(api(people.manager), ("GET", "/api/method/frappe.client.get_list", values))
	assert people.clients[0].last_name in reply.text
	assert count_records(before, people.manager) == Counter(
		[("Client Stay", people.stay.name), ("Client", people.names[0])]
	)


def test_expanded_links_log_the_linked_record(api: Api, people: People) -> None:
	before = get_last_batch()
	values = {"doctype": "Client Stay", "name": people.stay.name, "expand": '["client"]'}
	reply = send(api(people.manager), ("GET", "/api/method/frappe.client.get", values))
	assert people.names[0] in reply.text
	assert count_records(before, people.manager) == Counter(
		[("Client Stay", people.stay.name), ("Client", people.names[0])]
	)


@pytest.mark.parametrize("verb", ["PUT", "POST"])
def test_the_reply_to_a_write_is_logged(verb: str, api: Api, people: People) -> None:
	before = get_last_batch()
	if verb == "PUT":
		request = (
			"PUT",
			f"/api/resource/Client/{people.names[0]}",
			{"data": json.dumps({"phone": "555-0100"})},
		)
	else:
		body = {"doctype": "Client", "name": people.names[0], "fieldname": "phone", "value": "555-0101"}
		request = ("POST", "/api/method/frappe.client.set_value", body)
	reply = send(api(people.manager), request)
	assert people.clients[0].last_name in reply.text
	assert count_records(before, people.manager) == Counter([("Client", people.names[0])])


def test_not_modified_is_logged_as_well(api: Api, people: People) -> None:
	caller = api(people.manager)
	path = f"/api/method/frappe.client.get?doctype=Client&name={people.names[0]}"
	etag = caller.request("GET", path).headers["ETag"]
	before = get_last_batch()
	reply = caller.request("GET", path, headers={"If-None-Match": etag})
	assert (reply.status_code, reply.content) == (304, b"")
	assert count_records(before, people.manager) == Counter([("Client", people.names[0])])


def test_a_replay_is_logged_as_well(api: Api, people: People) -> None:
	caller = api(people.manager)
	body = {"doctype": "Client", "name": people.names[0], "fieldname": "phone", "value": "555-0102"}
	headers = {"Idempotency-Key": factories.make_unique("key")}
	caller.post("frappe.client.set_value", headers=headers, **body)
	before = get_last_batch()
	replay = caller.post("frappe.client.set_value", headers=headers, **body)
	assert replay.headers["Idempotency-Replayed"] == "true"
	assert people.clients[0].last_name in replay.text
	assert count_records(before, people.manager) == Counter([("Client", people.names[0])])


def test_a_batch_logs_the_records_of_its_steps(api: Api, people: People) -> None:
	steps = [
		{
			"id": "one",
			"method": "frappe.client.get",
			"params": {"doctype": "Client", "name": people.names[0]},
		},
		{
			"id": "two",
			"method": "frappe.client.get",
			"params": {"doctype": "Client", "name": people.names[1]},
		},
		{
			"id": "again",
			"method": "frappe.client.get",
			"params": {"doctype": "Client", "name": people.names[0]},
		},
		{
			"id": "hidden",
			"method": "frappe.client.get",
			"params": {"doctype": "Client", "name": people.stranger.name},
		},
	]
	before = get_last_batch()
	reply = api(people.manager).post("orchestrator.api.batch", steps=steps, atomic=False)
	assert [step["status"] for step in reply.json()["data"]["steps"]] == [200, 200, 200, 404], reply.text
	assert count_records(before, people.manager) == Counter(("Client", name) for name in people.names[:2])


@pytest.mark.parametrize("caller", ["manager", "Administrator"])
def test_a_private_file_is_logged_by_the_record_that_it_is_attached_to(
	caller: str, api: Api, people: People
) -> None:
	user = people.manager if caller == "manager" else caller
	content = factories.make_unique("chart")
	file = factories.make_record(
		"File",
		file_name=f"{content}.txt",
		content=content,
		is_private=1,
		attached_to_doctype="Client",
		attached_to_name=people.names[2],
	)
	before = get_last_batch()
	assert api(user).request("GET", file.file_url).text == content
	assert count_records(before, user) == Counter([("Client", people.names[2])])


def test_versions_are_logged_by_the_record_that_they_repeat(api: Api, people: People) -> None:
	client = frappe.get_doc("Client", people.names[0])
	client.phone = factories.make_unique("555")
	client.save()
	frappe.db.commit()
	before = get_last_batch()
	filters = json.dumps({"ref_doctype": "Client", "docname": client.name})
	values = {"doctype": "Version", "filters": filters, "fields": json.dumps(["data"])}
	reply = send(api(people.manager), ("GET", "/api/method/frappe.client.get_list", values))
	assert client.phone in reply.text
	assert count_records(before, people.manager) == Counter([("Client", client.name)])


def test_entries_say_who_how_and_why(api: Api, people: People) -> None:
	before = get_last_batch()
	caller = api(people.manager)
	caller.request("GET", f"/api/resource/Client/{people.names[0]}", headers={"X-Purpose-Of-Use": "treat"})
	(access,) = list_accesses(before)
	assert access == (people.manager, "Client", people.names[0], "GET /api/resource/Client", "", "", "TREAT")


def test_an_unknown_purpose_is_refused(api: Api, people: People) -> None:
	before = get_last_batch()
	path = f"/api/method/frappe.client.get?doctype=Client&name={people.names[0]}"
	reply = api(people.manager).request("GET", path, headers={"X-Purpose-Of-Use": "curiosity"})
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidRequestError")
	assert people.clients[0].last_name not in reply.text
	assert list_accesses(before) == []
