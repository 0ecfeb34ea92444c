"""If-None-Match: 304 where the caller has the reply, and never where it would differ or be refused."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
import requests

import frappe

from orchestrator.api import conditional, generic
from orchestrator.api.records import check_readable
from tests.support import clinic, docs_factories, factories
from tests.support.client import Client, get_data, get_error
from tests.support.conditional import (
	GET,
	GET_LIST,
	MISSING_STATE,
	get_etag,
	get_path,
	make_item,
	make_opportunity_with_items,
	read,
)
from tests.support.helpdesk import capture_queries

Api = Callable[[str], Client]


@pytest.fixture(scope="module")
def seller(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return factories.make_user("Sales User").name


@pytest.fixture
def sales(api: Api, seller: str) -> Client:
	return api(seller)


@pytest.fixture
def opportunity(site: str) -> str:
	return make_opportunity_with_items()


def test_unchanged_record_is_304_without_a_body(sales: Client, opportunity: str) -> None:
	first = read(sales, "Opportunity", opportunity)
	again = read(sales, "Opportunity", opportunity, first.headers["ETag"])
	assert (again.status_code, again.content) == (304, b"")
	assert again.headers["ETag"] == first.headers["ETag"]
	assert again.headers["Cache-Control"] == "private, no-cache"
	assert again.headers["Vary"] == "Authorization, Cookie"
	assert "X-RateLimit-Remaining" in again.headers
	assert "Content-Type" not in again.headers


@pytest.mark.parametrize(
	("condition", "status"),
	[
		("{0}", 304),
		("W/{0}", 304),
		('"other", W/"another" ,, {0}', 304),
		("*", 304),
		('"other"', 200),
		('W/"other"', 200),
		("{0}x", 400),
		("{1}", 400),  # without quotation marks
		('"open', 400),
		("", 400),
		('w/"lower"', 400),
		('"a" "b"', 400),
		("*, {0}", 400),
		('"' + "a" * 4100 + '"', 400),
	],
)
def test_if_none_match_is_a_list_of_etags_or_a_star(
	sales: Client, opportunity: str, condition: str, status: int
) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	reply = read(sales, "Opportunity", opportunity, condition.format(etag, etag.strip('"')))
	assert reply.status_code == status, reply.text
	if status == 400:
		assert get_error(reply) == (400, "InvalidRequestError")
		assert "ETag" not in reply.headers


def save(name: str) -> None:
	frappe.get_doc("Opportunity", name).update({"opportunity_amount": 77}).save()


def set_without_modified(name: str) -> None:
	frappe.db.set_value("Opportunity", name, "opportunity_amount", 78, update_modified=False)


def set_child_without_modified(name: str) -> None:
	row = frappe.get_all("Opportunity Item", {"parent": name}, pluck="name")[0]
	frappe.db.set_value("Opportunity Item", row, "qty", 9, update_modified=False)


def delete_child(name: str) -> None:
	frappe.db.delete(
		"Opportunity Item", {"name": frappe.get_all("Opportunity Item", {"parent": name}, pluck="name")[1]}
	)


def swap_children(name: str) -> None:
	first, second = frappe.get_all("Opportunity Item", {"parent": name}, pluck="name", order_by="idx")
	frappe.db.set_value("Opportunity Item", first, "idx", 2, update_modified=False)
	frappe.db.set_value("Opportunity Item", second, "idx", 1, update_modified=False)


def empty_to_null(name: str) -> None:
	frappe.db.sql("update tabOpportunity set title = null where name = %s", name)


def move_text_to_the_next_column(name: str) -> None:
	frappe.db.sql("update tabOpportunity set city = 'a', state = 'b,c' where name = %s", name)


def tag(name: str) -> None:
	frappe.get_doc("Opportunity", name).add_tag("urgent")


def like(name: str) -> None:
	frappe.db.set_value("Opportunity", name, "_liked_by", '["someone"]', update_modified=False)


@pytest.mark.parametrize(
	"change",
	[
		save,
		set_without_modified,
		set_child_without_modified,
		delete_child,
		swap_children,
		empty_to_null,
		move_text_to_the_next_column,
		tag,
		like,
	],
)
def test_each_change_gives_the_record_again(
	sales: Client, opportunity: str, change: Callable[[str], None]
) -> None:
	frappe.db.sql(
		"update tabOpportunity set city = 'a,b', state = 'c', title = '' where name = %s", opportunity
	)
	frappe.db.commit()
	first = read(sales, "Opportunity", opportunity)
	change(opportunity)
	frappe.db.commit()
	again = read(sales, "Opportunity", opportunity, first.headers["ETag"])
	assert again.status_code == 200
	assert again.headers["ETag"] != first.headers["ETag"]
	assert again.json() != first.json()


def test_a_record_that_went_back_has_its_etag_again(sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	for amount in (78, 1000):
		frappe.db.set_value("Opportunity", opportunity, "opportunity_amount", amount, update_modified=False)
		frappe.db.commit()
	assert read(sales, "Opportunity", opportunity, etag).status_code == 304


def test_comments_and_assignments_that_no_reply_shows_change_no_etag(sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	frappe.get_doc("Opportunity", opportunity).add_comment("Comment", "called")
	frappe.db.commit()
	assert read(sales, "Opportunity", opportunity, etag).status_code == 304


def describe_refusal(reply: requests.Response) -> tuple[int, str | None, dict]:
	return reply.status_code, reply.headers.get("ETag"), reply.json()


def test_hidden_missing_and_renamed_records_are_refused_as_without_the_header(
	api: Api, sales: Client, opportunity: str, site: str
) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	stranger = api(factories.make_user().name)
	restricted = factories.make_user("Sales User").name
	factories.make_record(
		"User Permission", user=restricted, allow="Opportunity", for_value=factories.make_opportunity().name
	)
	renamed = factories.make_unique("OPP")
	old_name = factories.make_opportunity().name
	old_etag = get_etag(sales, "Opportunity", old_name)
	frappe.rename_doc("Opportunity", old_name, renamed)
	frappe.db.commit()
	cases = (
		(stranger, opportunity, etag),
		(api(restricted), opportunity, etag),
		(sales, old_name, old_etag),
		(sales, "No such opportunity", MISSING_STATE),
	)
	plain = [describe_refusal(read(client, "Opportunity", name)) for client, name, _etag in cases]
	assert [status for status, _etag, _body in plain] == [403, 404, 404, 404]
	known = [
		describe_refusal(read(client, "Opportunity", name, tag_sent)) for client, name, tag_sent in cases
	]
	any_state = [describe_refusal(read(client, "Opportunity", name, "*")) for client, name, _etag in cases]
	assert known == any_state == plain
	assert read(sales, "Opportunity", renamed, old_etag).status_code == 200


def test_lost_permission_is_no_304(api: Api, site: str) -> None:
	name, user = factories.make_opportunity().name, factories.make_user("Sales User")
	client = api(user.name)
	etag = get_etag(client, "Opportunity", name)
	user.set("roles", [])
	user.save()
	frappe.db.commit()
	assert get_error(read(client, "Opportunity", name, etag)) == (403, "PermissionError")
	raw = client.request("GET", get_path("Opportunity", name), headers={"If-None-Match": etag})
	assert raw.status_code == 403


def test_user_permissions_on_links_of_child_rows_hold_for_a_304(api: Api, site: str) -> None:
	name, user = make_opportunity_with_items(), factories.make_user("Sales User").name
	client = api(user)
	etag = get_etag(client, "Opportunity", name)
	other = make_item()
	factories.make_record("User Permission", user=user, allow="Item", for_value=other)
	assert get_error(read(client, "Opportunity", name)) == (404, "DoesNotExistError")
	assert get_error(read(client, "Opportunity", name, etag)) == (404, "DoesNotExistError")


def test_etags_follow_the_callers_permission_levels(api: Api, site: str) -> None:
	user = factories.make_user("Clinical User")
	client, name = api(user.name), clinic.make_client(clinic.make_connection(), race="Canary-Race-8801").name
	before = read(client, "Client", name)
	assert "Canary-Race-8801" not in before.text
	user.append("roles", {"role": "Clinical Manager"})
	user.save()
	frappe.db.commit()
	after = read(client, "Client", name, before.headers["ETag"])
	assert after.status_code == 200
	assert get_data(after)["race"] == "Canary-Race-8801"
	user.set("roles", [{"role": "Clinical User"}])
	user.save()
	frappe.db.commit()
	reduced = read(client, "Client", name, after.headers["ETag"])
	assert reduced.status_code == 200
	assert "Canary-Race-8801" not in reduced.text
	assert reduced.headers["ETag"] == before.headers["ETag"]


def test_callers_share_the_state_and_not_the_etag(api: Api, sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	other = get_etag(api(factories.make_user("Sales User").name), "Opportunity", opportunity)
	assert other != etag
	assert other.split(".")[0] == etag.split(".")[0]


@pytest.fixture
def changed_field(site: str) -> Iterator[None]:
	"""A level for a field of a child table, as Customize Form sets it."""
	setter = frappe.get_doc(
		{
			"doctype": "Property Setter",
			"doctype_or_field": "DocField",
			"doc_type": "Opportunity Item",
			"field_name": "qty",
			"property": "permlevel",
			"property_type": "Int",
			"value": "7",
		}
	).insert()
	frappe.db.commit()
	yield
	setter.delete()
	frappe.clear_cache(doctype="Opportunity Item")
	frappe.db.commit()


def test_levels_of_child_tables_change_the_etag(
	sales: Client, opportunity: str, request: pytest.FixtureRequest
) -> None:
	first = read(sales, "Opportunity", opportunity)
	assert [row["qty"] for row in get_data(first)["items"]] == [1, 1]
	request.getfixturevalue("changed_field")
	again = read(sales, "Opportunity", opportunity, first.headers["ETag"])
	assert again.status_code == 200
	assert not any(row.get("qty") for row in get_data(again)["items"])


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_documents_of_frappes_own_routes_have_the_same_etag(
	sales: Client, opportunity: str, version: str, verb: str
) -> None:
	etag, path = get_etag(sales, "Opportunity", opportunity), get_path("Opportunity", opportunity, version)
	full = sales.request(verb, path)
	assert (full.status_code, full.headers["ETag"]) == (200, etag)
	unchanged = sales.request(verb, path, headers={"If-None-Match": etag})
	assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", etag)
	save(opportunity)
	frappe.db.commit()
	assert sales.request(verb, path, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("method", ["", "add_tag", "no_such_method"])
def test_methods_of_documents_never_get_a_304(sales: Client, opportunity: str, method: str) -> None:
	headers = {"If-None-Match": get_etag(sales, "Opportunity", opportunity)}
	path = f"{get_path('Opportunity', opportunity)}?run_method={method}"
	reply = sales.request("GET", path, headers=headers)
	assert reply.status_code == sales.request("GET", path).status_code != 304
	assert "ETag" not in reply.headers


def test_lists_have_an_etag_of_what_they_hold(sales: Client, site: str) -> None:
	lead, path = (
		factories.make_lead(),
		'/api/resource/Lead?fields=["name","lead_name"]&filters=[["name","=","{0}"]]',
	)
	filters = f'[["name","=","{lead.name}"]]'

	def read_list(etag: str | None = None) -> list[tuple[int, str]]:
		headers = {"If-None-Match": etag} if etag else {}
		replies = [
			sales.get(
				GET_LIST, headers=headers, doctype="Lead", filters=filters, fields='["name","lead_name"]'
			),
			sales.request("GET", path.format(lead.name), headers=headers),
		]
		return [(reply.status_code, reply.headers["ETag"]) for reply in replies]

	(first, etag), (first_raw, raw_etag) = read_list()
	assert first == first_raw == 200
	assert read_list(f"{etag}, {raw_etag}") == [(304, etag), (304, raw_etag)]
	frappe.db.set_value("Lead", lead.name, "lead_name", "Another", update_modified=False)
	frappe.db.commit()
	assert [status for status, _etag in read_list(f"{etag}, {raw_etag}")] == [200, 200]


def test_get_by_filters_has_the_etag_of_the_record(sales: Client, opportunity: str) -> None:
	etag = get_etag(sales, "Opportunity", opportunity)
	reply = sales.get(
		GET, doctype="Opportunity", filters=f'{{"name": "{opportunity}"}}', headers={"If-None-Match": etag}
	)
	assert reply.status_code == 304


def test_singles_child_rows_and_virtual_doctypes_have_etags(
	admin: Client, opportunity: str, site: str
) -> None:
	row = frappe.get_all("Opportunity Item", {"parent": opportunity}, pluck="name")[0]
	cases: list[dict[str, str]] = [
		{"doctype": "System Settings"},
		{"doctype": "Opportunity Item", "name": row, "parent": "Opportunity"},
		{"doctype": "DocType", "name": "Opportunity"},
	]
	etags = [admin.get(GET, **case).headers["ETag"] for case in cases]
	again = [
		admin.get(GET, headers={"If-None-Match": etag}, **case)
		for etag, case in zip(etags, cases, strict=True)
	]
	assert [reply.status_code for reply in again] == [304] * 3
	frappe.db.set_value("Opportunity Item", row, "qty", 8, update_modified=False)
	frappe.db.commit()
	assert admin.get(GET, headers={"If-None-Match": etags[1]}, **cases[1]).status_code == 200
	assert admin.request("GET", "/api/resource/RQ Worker").headers["ETag"]


def test_reading_a_document_is_audited_also_where_it_is_304(api: Api, site: str) -> None:
	user = docs_factories.make_person("Sales User")
	name = docs_factories.make_document(docs_factories.make_folder(("User", user, "Read")))
	client = api(user)
	etag = get_etag(client, "Document", name)
	views = docs_factories.list_audit_actions(name).count("Viewed")
	assert views
	assert read(client, "Document", name, etag).status_code == 304
	frappe.db.rollback()
	assert docs_factories.list_audit_actions(name).count("Viewed") == views + 1


def test_downloads_have_the_etag_of_their_content(api: Api, site: str) -> None:
	user, content = docs_factories.make_person("Sales User"), b"\xff\xfe\x00binary"
	folder = docs_factories.make_folder(("User", user, "Read"))
	client, document = api(user), docs_factories.make_document(folder, content=content)
	etag = f'"{hashlib.sha256(content).hexdigest()}"'

	def download(**headers: str) -> requests.Response:
		return client.get("orchestrator.docs.download", headers=headers, document=document)

	first = download()
	assert (first.status_code, first.content, first.headers["ETag"]) == (200, content, etag)
	assert download(**{"If-None-Match": etag}).status_code == 304
	assert download(**{"If-Match": etag, "Range": "bytes=3-"}).content == content[3:]
	assert download(**{"If-Match": '"other"'}).status_code == 412


def test_browsers_get_no_etag(browser: Callable[[str, str], Client], seller: str, opportunity: str) -> None:
	desk = browser(seller, factories.PASSWORD)
	replies = [
		read(desk, "Opportunity", opportunity),
		read(desk, "Opportunity", opportunity, "*"),
		desk.request("GET", get_path("Opportunity", opportunity), headers={"If-None-Match": "*"}),
		desk.get("orchestrator.crm.get_leads"),
	]
	assert [reply.status_code for reply in replies] == [200] * 4
	stock = desk.get("ping").headers.get("Cache-Control")  # Frappe 16 sends one with every reply
	assert [(reply.headers.get("ETag"), reply.headers.get("Cache-Control")) for reply in replies] == [
		(None, stock)
	] * 4


def test_other_origins_may_read_the_etag(sales: Client, opportunity: str) -> None:
	reply = sales.get(GET, headers={"Origin": "https://app.example"}, doctype="Opportunity", name=opportunity)
	assert reply.headers["Access-Control-Expose-Headers"] == "ETag"


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_conditions_on_the_wrong_kind_of_request_are_refused(
	sales: Client, opportunity: str, header: str
) -> None:
	headers = {header: get_etag(sales, "Opportunity", opportunity)}
	parameters = {"doctype": "Opportunity", "name": opportunity}
	wrong = sales.get if header == "If-Match" else sales.post
	replies = [
		wrong(GET, headers=headers, **parameters),
		wrong(GET_LIST, headers=headers, doctype="Opportunity"),
		wrong("orchestrator.crm.get_leads", headers=headers),
		sales.request(
			"GET" if header == "If-Match" else "PUT",
			get_path("Opportunity", opportunity),
			headers=headers,
			json=None if header == "If-Match" else {"opportunity_amount": 3},
		),
	]
	assert [get_error(reply) for reply in replies] == [(400, "InvalidRequestError")] * 4
	assert all(f"does not support {header}" in reply.text for reply in replies)
	assert frappe.db.get_value("Opportunity", opportunity, "opportunity_amount") == 1000


def test_head_of_a_method_is_405(sales: Client, opportunity: str) -> None:
	reply = sales.request("HEAD", f"/api/method/{GET}?doctype=Opportunity&name={opportunity}")
	assert reply.status_code == 405
	assert reply.headers["Allow"] == "GET, POST"


def test_replies_with_expanded_links_follow_the_linked_records(sales: Client, site: str) -> None:
	opportunity = factories.make_opportunity()
	path = get_path("Opportunity", opportunity.name) + "?expand_links=1"
	first = sales.request("GET", path)
	assert first.status_code == 200, first.text
	assert sales.request("GET", path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
	frappe.db.set_value("Lead", opportunity.party_name, "lead_name", "Another", update_modified=False)
	frappe.db.commit()
	assert sales.request("GET", path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_304_takes_two_statements(seller: str, opportunity: str) -> None:
	frappe.set_user(seller)
	meta = frappe.get_meta("Opportunity")

	def look(name: str) -> None:
		conditional.compute_pending(meta, name)
		check_readable(meta, name)

	look(opportunity)
	generic.get("Opportunity", opportunity)
	with capture_queries() as unchanged:
		look(opportunity)
	with capture_queries() as full:
		generic.get("Opportunity", opportunity)
	assert len(unchanged) == 2
	assert len(full) == 2 + len(meta.get_table_fields())


def test_each_state_has_an_etag_of_its_own(sales: Client, opportunity: str) -> None:
	bodies: dict[str, set[str]] = {}
	for amount in range(30):
		frappe.db.set_value("Opportunity", opportunity, "opportunity_amount", amount, update_modified=False)
		frappe.db.commit()
		reply = read(sales, "Opportunity", opportunity)
		bodies.setdefault(reply.headers["ETag"], set()).add(reply.text)
	assert [len(texts) for texts in bodies.values()] == [1] * 30


def test_expanded_record_changes_with_the_linked_record(sales: Client, site: str) -> None:
	lead = factories.make_lead()
	name = factories.make_opportunity(opportunity_from="Lead", party_name=lead.name).name
	frappe.db.commit()
	params = {"doctype": "Opportunity", "name": name, "expand": '["party_name"]'}
	etag = sales.get("frappe.client.get", **params).headers["ETag"]
	headers = {"If-None-Match": etag}
	assert sales.get("frappe.client.get", headers=headers, **params).status_code == 304
	frappe.db.set_value("Lead", lead.name, "lead_name", "Renamed", update_modified=False)
	frappe.db.commit()
	reply = sales.get("frappe.client.get", headers=headers, **params)
	assert get_data(reply)["party_name"]["lead_name"] == "Renamed"
	assert reply.headers["ETag"] != etag
