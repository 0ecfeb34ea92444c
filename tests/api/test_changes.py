"""The change feed: what get_changes gives, in which order, to whom, and what it refuses."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import frappe
from frappe.share import add_docshare

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.feed_doctype import ROLE, delete_doctype, make_doctype
from tests.support.replica import GET_CHANGES, RefusedError, Replica

Api = Callable[[str], Client]
DOCTYPE = "Feed Thing"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	make_doctype(DOCTYPE)
	yield
	delete_doctype(DOCTYPE)


@pytest.fixture
def reader(site: str) -> str:
	return str(factories.make_user(ROLE).name)


@pytest.fixture
def replica(api: Api, reader: str) -> Replica:
	"""An up-to-date copy of somebody who may read all records."""
	copy = Replica(api(reader), DOCTYPE, ["name", "title"])
	copy.pull()
	copy.pull()
	return copy


def make_thing(title: str = "first", **values: Any) -> str:
	name = frappe.generate_hash(length=10)
	return str(factories.make_record(DOCTYPE, __newname=name, title=title, **values).name)


def save(name: str, **values: Any) -> None:
	frappe.get_doc(DOCTYPE, name).update(values).save()
	frappe.db.commit()


def list_table() -> dict[str, dict[str, Any]]:
	rows = frappe.get_all(DOCTYPE, fields=["name", "title"])
	return {row.name: dict(row) for row in rows}


def test_first_call_gives_all_records_page_by_page(api: Api, reader: str) -> None:
	names = {make_thing() for _ in range(7)}
	copy = Replica(api(reader), DOCTYPE, ["name", "title"], length=3)
	first = copy.pull_page()
	assert [change["change"] for change in first["changes"]] == ["created"] * 3
	assert first["has_more"] is True
	copy.pull()
	assert names <= copy.records.keys()
	assert copy.records == list_table()
	assert copy.pull() == []


def test_insert_save_and_delete(replica: Replica) -> None:
	name = make_thing("new")
	assert replica.pull() == [
		{"change": "created", "name": name, "previous_name": None, "record": {"name": name, "title": "new"}}
	]
	save(name, title="newer")
	assert replica.pull() == [
		{"change": "changed", "name": name, "previous_name": None, "record": {"name": name, "title": "newer"}}
	]
	frappe.delete_doc(DOCTYPE, name, delete_permanently=True)
	frappe.db.commit()
	assert replica.pull() == [{"change": "deleted", "name": name, "previous_name": None, "record": None}]
	assert replica.pull() == []


def test_record_that_came_and_went_between_calls_is_left_out(replica: Replica) -> None:
	name = make_thing()
	frappe.delete_doc(DOCTYPE, name)
	frappe.db.commit()
	assert replica.pull() == []


def test_rename_gives_the_previous_name(replica: Replica) -> None:
	name = make_thing("same")
	replica.pull()
	middle, last = f"{name}-b", f"{name}-c"
	frappe.rename_doc(DOCTYPE, name, middle)
	frappe.rename_doc(DOCTYPE, middle, last)
	frappe.db.commit()
	assert replica.pull() == [
		{"change": "renamed", "name": last, "previous_name": name, "record": {"name": last, "title": "same"}}
	]


def test_names_that_are_swapped_and_used_again(replica: Replica) -> None:
	one, two = make_thing("one"), make_thing("two")
	replica.pull()
	for old, new in ((one, "swap"), (two, one), ("swap", two)):
		frappe.rename_doc(DOCTYPE, old, new)
	frappe.db.commit()
	assert replica.list_kinds() == sorted([("changed", one), ("changed", two)])
	assert [replica.records[name]["title"] for name in (one, two)] == ["two", "one"]
	moved = f"{one}-moved"
	frappe.rename_doc(DOCTYPE, one, moved)
	factories.make_record(DOCTYPE, __newname=one, title="again")
	assert replica.list_kinds() == sorted([("changed", one), ("created", moved)])
	assert [replica.records[name]["title"] for name in (one, moved)] == ["again", "two"]


def test_feed_of_a_deleted_doctype_is_in_nobodys_way(admin: Client, replica: Replica) -> None:
	doctype = make_doctype("Feed Gone")
	Replica(admin, doctype).pull()
	frappe.delete_doc("DocType", doctype)
	frappe.db.commit()
	name = make_thing()
	frappe.rename_doc(DOCTYPE, name, f"{name}-b")
	frappe.db.commit()
	assert replica.list_kinds() == [("created", f"{name}-b")]
	assert get_error(admin.post(GET_CHANGES, doctype=doctype)) == (404, "DoesNotExistError")


def test_rename_in_upper_case(replica: Replica) -> None:
	name = make_thing()
	replica.pull()
	frappe.rename_doc(DOCTYPE, name, name.upper(), force=True)
	frappe.db.commit()
	save(name.upper(), title="also changed")
	replica.pull()
	assert replica.records == list_table()


def test_merge(replica: Replica) -> None:
	one, two = make_thing("one"), make_thing("two")
	replica.pull()
	frappe.rename_doc(DOCTYPE, one, two, merge=True)
	frappe.db.commit()
	assert replica.list_kinds() == [("changed", two), ("deleted", one)]


def test_rename_of_a_linked_record_changes_those_that_link_to_it(api: Api, reader: str) -> None:
	customer = factories.make_customer().name
	name = make_thing(customer=customer)
	copy = Replica(api(reader), DOCTYPE, ["customer"])
	copy.pull()
	frappe.rename_doc("Customer", customer, f"{customer} renamed")
	frappe.db.commit()
	copy.pull()
	assert copy.records[name] == {"customer": f"{customer} renamed"}


@pytest.mark.parametrize(
	"write",
	[
		lambda name: frappe.get_doc(DOCTYPE, name).db_set("title", "changed"),
		lambda name: frappe.get_doc(DOCTYPE, name).db_set("title", "changed", update_modified=False),
		lambda name: frappe.db.set_value(DOCTYPE, name, "title", "changed"),
		lambda name: frappe.db.sql(
			f"update `tab{DOCTYPE}` set title = 'changed', modified = now(6) where name = %s",  # noqa: S608
			name,
		),
	],
	ids=["db_set", "db_set_without_modified", "set_value", "sql_with_modified"],
)
def test_writes_past_save(replica: Replica, write: Callable[[str], Any]) -> None:
	name = make_thing()
	replica.pull()
	write(name)
	frappe.db.commit()
	assert replica.list_kinds() == [("changed", name)]
	assert replica.records[name]["title"] == "changed"


def test_bulk_insert(replica: Replica) -> None:
	from orchestrator.rows import insert_rows

	names = [frappe.generate_hash(length=10) for _ in range(3)]
	insert_rows(DOCTYPE, [{"name": name, "title": "bulk"} for name in names])
	frappe.db.commit()
	assert replica.list_kinds() == sorted(("created", name) for name in names)


def test_rolled_back_writes_are_no_changes(replica: Replica) -> None:
	name = make_thing()
	replica.pull()
	frappe.get_doc(DOCTYPE, name).update({"title": "never"}).save()
	frappe.rename_doc(DOCTYPE, name, f"{name}-never")
	frappe.db.rollback()
	assert replica.pull() == []


def test_lost_reply_is_given_again(replica: Replica) -> None:
	kept, gone, renamed = make_thing(), make_thing(), make_thing()
	replica.pull()
	before, token = dict(replica.records), replica.token
	created = make_thing("created")
	save(kept, title="changed")
	frappe.delete_doc(DOCTYPE, gone)
	frappe.rename_doc(DOCTYPE, renamed, f"{renamed}-b")
	frappe.db.commit()
	expected = replica.pull()
	assert len(expected) == 4
	replica.records, replica.token = before, token
	assert replica.pull() == expected
	assert replica.records == list_table()
	assert created in replica.records


def test_old_token_continues_after_others_have_read_on(api: Api, reader: str, replica: Replica) -> None:
	name, gone = make_thing("one"), make_thing("gone")
	replica.pull()
	other = Replica(api(reader), DOCTYPE, ["name", "title"])
	other.pull()
	for title in ("two", "three"):
		save(name, title=title)
		other.pull()
	frappe.rename_doc(DOCTYPE, name, f"{name}-b")
	frappe.db.commit()
	other.pull()
	frappe.delete_doc(DOCTYPE, gone)
	factories.make_record(DOCTYPE, __newname=name, title="again")
	other.pull()
	save(f"{name}-b", title="four")
	other.pull()
	replica.length = 1
	replica.pull()
	assert replica.records == other.records == list_table()


def test_old_token_learns_of_a_record_that_went_came_back_and_went(
	api: Api, reader: str, replica: Replica
) -> None:
	name = make_thing()
	replica.pull()
	other = Replica(api(reader), DOCTYPE)
	for _time in range(2):
		frappe.delete_doc(DOCTYPE, name)
		frappe.db.commit()
		other.pull()
		factories.make_record(DOCTYPE, __newname=name, title="again")
		other.pull()
	frappe.delete_doc(DOCTYPE, name)
	frappe.db.commit()
	assert replica.list_kinds() == [("deleted", name)]


def test_reader_waits_for_no_writer_and_no_writer_for_a_reader(
	api: Api, reader: str, replica: Replica
) -> None:
	names = [make_thing() for _ in range(3)]
	replica.pull()
	save(names[0], title="committed")
	frappe.get_doc(DOCTYPE, names[1]).update({"title": "not yet"}).save()
	frappe.get_doc(DOCTYPE, names[2]).delete()
	assert replica.list_kinds() == [("changed", names[0])]
	frappe.db.commit()
	assert replica.list_kinds() == [("changed", names[1]), ("deleted", names[2])]


# Permissions


def test_user_permission_takes_records_out_of_the_view(api: Api, reader: str) -> None:
	mine, other = factories.make_customer().name, factories.make_customer().name
	shown, hidden = make_thing(customer=mine), make_thing(customer=other)
	copy = Replica(api(reader), DOCTYPE, ["customer"])
	copy.pull()
	permission = factories.make_record("User Permission", user=reader, allow="Customer", for_value=mine)
	assert ("left", hidden) in copy.list_kinds()
	assert shown in copy.records
	never = make_thing(customer=other)
	save(hidden, title="unseen")
	frappe.rename_doc(DOCTYPE, never, f"{never}-b")
	frappe.delete_doc(DOCTYPE, f"{never}-b")
	frappe.db.commit()
	assert copy.pull() == []
	save(shown, customer=other)
	assert copy.pull() == [{"change": "left", "name": shown, "previous_name": None, "record": None}]
	permission.delete()
	frappe.db.commit()
	copy.pull()
	assert {shown, hidden} <= copy.records.keys()


def test_record_that_leaves_the_view_by_a_rename_keeps_its_new_name_to_itself(api: Api, reader: str) -> None:
	mine, other = factories.make_customer().name, factories.make_customer().name
	factories.make_record("User Permission", user=reader, allow="Customer", for_value=mine)
	name = make_thing(customer=mine)
	copy = Replica(api(reader), DOCTYPE, ["name"])
	copy.pull()
	save(name, customer=other)
	frappe.rename_doc(DOCTYPE, name, f"{name}-b")
	frappe.db.commit()
	page = copy.pull_page()
	assert page["changes"] == [{"change": "deleted", "name": name, "previous_name": None, "record": None}]


def test_shares_come_and_go(api: Api, site: str) -> None:
	stranger = str(factories.make_user("Employee").name)
	first, second = make_thing(), make_thing()
	client = api(stranger)
	assert get_error(client.post(GET_CHANGES, doctype=DOCTYPE)) == (403, "PermissionError")
	add_docshare(DOCTYPE, first, stranger, read=1, flags={"ignore_share_permission": True})
	frappe.db.commit()
	copy = Replica(client, DOCTYPE)
	assert copy.list_kinds() == [("created", first)]
	add_docshare(DOCTYPE, second, stranger, read=1, flags={"ignore_share_permission": True})
	frappe.db.commit()
	assert copy.list_kinds() == [("created", second)]
	frappe.share.remove(DOCTYPE, first, stranger)
	frappe.db.commit()
	assert copy.list_kinds() == [("left", first)]


def test_fields_of_a_permission_level(api: Api, reader: str) -> None:
	name = make_thing(secret="hush")
	copy = Replica(api(reader), DOCTYPE, ["*"])
	copy.pull()
	assert "secret" not in copy.records[name]
	assert copy.records[name]["title"] == "first"
	from frappe.permissions import add_permission

	add_permission(DOCTYPE, ROLE, 1)
	frappe.db.commit()
	try:
		reply = api(reader).post(GET_CHANGES, doctype=DOCTYPE, fields=["*"], token=copy.token)
		assert get_error(reply) == (410, "ExpiredTokenError")
		copy.token = None
		copy.pull()
		assert copy.records[name]["secret"] == "hush"
	finally:
		frappe.db.delete("Custom DocPerm", {"parent": DOCTYPE})
		frappe.clear_cache(doctype=DOCTYPE)
		frappe.db.commit()


def test_conditions_on_other_records_are_compared_in_each_call(api: Api, site: str) -> None:
	from tests.support.gameplan import make_sprint

	user = str(factories.make_user("Projects User").name)
	project = factories.make_project()
	sprint = make_sprint(project=project.name)
	copy = Replica(api(user), "Sprint")
	copy.pull()
	before = set(frappe.get_list("Sprint", pluck="name", limit=0))
	assert sprint.name in before
	assert copy.records.keys() <= before


def test_regained_permission_brings_the_copy_up_to_date(api: Api, site: str) -> None:
	user = factories.make_user(ROLE)
	gone, kept = make_thing(), make_thing()
	copy = Replica(api(str(user.name)), DOCTYPE, ["name", "title"])
	copy.pull()
	user.remove_roles(ROLE)
	frappe.delete_doc(DOCTYPE, gone)
	save(kept, title="meanwhile")
	with pytest.raises(RefusedError):
		copy.pull()
	user.add_roles(ROLE)
	frappe.db.commit()
	assert copy.list_kinds() == [("changed", kept), ("deleted", gone)]


def test_feed_is_no_link_that_keeps_its_user(api: Api, reader: str) -> None:
	Replica(api(reader), DOCTYPE).pull()
	frappe.delete_doc("User", reader)
	frappe.db.commit()
	assert not frappe.db.exists("User", reader)


@pytest.mark.parametrize(
	"name", ["50% o'clock", 'a "quoted" name', "back\\slash", "%s %(name)s", "Zoë 😀", "`tick`"]
)
def test_names_with_special_characters(replica: Replica, name: str, mark: str) -> None:
	name = f"{name} {mark}"
	factories.make_record(DOCTYPE, __newname=name, title="first")
	assert replica.list_kinds() == [("created", name)]
	save(name, title="second")
	assert replica.list_kinds() == [("changed", name)]
	frappe.delete_doc(DOCTYPE, name)
	frappe.db.commit()
	assert replica.list_kinds() == [("deleted", name)]


@pytest.mark.parametrize(
	"path", [f"/api/v1/method/{GET_CHANGES}", f"/api/v2/method/{GET_CHANGES}", f"/?cmd={GET_CHANGES}"]
)
def test_every_route_answers(replica: Replica, path: str) -> None:
	name = make_thing()
	body = {"doctype": DOCTYPE, "fields": ["name", "title"], "token": replica.token}
	page = get_data(replica.client.request("POST", path, data={**body, "fields": json.dumps(body["fields"])}))
	assert [change["name"] for change in page["changes"]] == [name]


def test_parallel_first_calls_share_one_feed(api: Api, site: str) -> None:
	user = str(factories.make_user(ROLE).name)
	clients = [api(user) for _ in range(8)]
	with ThreadPoolExecutor(len(clients)) as pool:
		copies = list(
			pool.map(lambda client: Replica(client, DOCTYPE, ["name", "title"]).pull_records(), clients)
		)
	assert copies == [list_table()] * len(clients)
	assert frappe.db.count("Change Feed", {"user": user}) == 1


@pytest.mark.parametrize("doctype", ["Change Feed Record", "Change Feed Event"])
def test_nobody_reads_what_feeds_know(api: Api, doctype: str) -> None:
	manager = api(str(factories.make_user("System Manager").name))
	assert get_error(manager.get("frappe.client.get_list", doctype=doctype)) == (403, "PermissionError")


# Refusals


def test_guest_is_refused(guest: Client) -> None:
	assert get_error(guest.post(GET_CHANGES, doctype=DOCTYPE)) == (401, "AuthenticationError")


@pytest.mark.parametrize(
	("doctype", "error"),
	[
		("No Such DocType", (404, "DoesNotExistError")),
		("System Settings", (400, "InvalidRequestError")),
		("Has Role", (400, "InvalidRequestError")),
		("RQ Job", (400, "InvalidRequestError")),
	],
)
def test_doctypes_without_records_of_their_own(admin: Client, doctype: str, error: tuple[int, str]) -> None:
	assert get_error(admin.post(GET_CHANGES, doctype=doctype)) == error


@pytest.mark.parametrize(
	"fields",
	[["count(name)"], ["distinct title"], ["customer.customer_name"], ["nothing"], "[", [1], {"a": 1}],
)
def test_fields_that_are_not_the_records_own(admin: Client, fields: Any) -> None:
	reply = admin.post(GET_CHANGES, doctype=DOCTYPE, fields=fields)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_table_fields_are_refused(admin: Client) -> None:
	reply = admin.post(GET_CHANGES, doctype="User", fields=["roles.role"])
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("length", [0, 501, -1, "many"])
def test_page_length_out_of_range(admin: Client, length: Any) -> None:
	reply = admin.post(GET_CHANGES, doctype=DOCTYPE, limit_page_length=length)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	"change", [lambda t: t[:-3] + "AAA", lambda _: "nonsense", lambda t: t + "=", lambda _: "ä"]
)
def test_tampered_token(replica: Replica, change: Callable[[str], str]) -> None:
	reply = replica.client.post(GET_CHANGES, doctype=DOCTYPE, token=change(str(replica.token)))
	assert get_error(reply) == (400, "InvalidRequestError")


def test_token_of_another_user(admin: Client, replica: Replica) -> None:
	reply = admin.post(GET_CHANGES, doctype=DOCTYPE, fields=["name", "title"], token=replica.token)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_token_of_other_fields(replica: Replica) -> None:
	reply = replica.client.post(GET_CHANGES, doctype=DOCTYPE, fields=["title"], token=replica.token)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_token_of_another_doctype(admin: Client) -> None:
	copy = Replica(admin, "ToDo")
	copy.pull_page()
	reply = admin.post(GET_CHANGES, doctype=DOCTYPE, token=copy.token)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_token_of_a_deleted_feed_has_expired(replica: Replica, reader: str) -> None:
	from orchestrator.api.changes.retention import delete_expired_feeds

	frappe.db.set_value("Change Feed", {"user": reader}, "used_at", "2020-01-01")
	feed = frappe.db.get_value("Change Feed", {"user": reader})
	frappe.db.commit()
	delete_expired_feeds()
	assert not frappe.db.exists("Change Feed", feed)
	assert not frappe.db.exists("Change Feed Record", {"feed": feed})
	assert not frappe.db.exists("Change Feed Event", {"feed": feed})
	reply = replica.client.post(GET_CHANGES, doctype=DOCTYPE, fields=["name", "title"], token=replica.token)
	assert get_error(reply) == (410, "ExpiredTokenError")
	assert "without a token" in reply.json()["exc"]


def test_token_from_before_a_forgotten_deletion_has_expired(replica: Replica, reader: str) -> None:
	from orchestrator.api.changes.retention import delete_expired_feeds

	name = make_thing()
	replica.pull()
	old = replica.token
	frappe.delete_doc(DOCTYPE, name)
	frappe.db.commit()
	assert replica.list_kinds() == [("deleted", name)]
	frappe.db.sql("update `tabChange Feed Record` set removed_at = '2020-01-01' where docname = %s", name)
	frappe.db.commit()
	delete_expired_feeds()
	assert replica.pull() == []
	replica.token = old
	reply = replica.client.post(GET_CHANGES, doctype=DOCTYPE, fields=["name", "title"], token=old)
	assert get_error(reply) == (410, "ExpiredTokenError")


def test_get_answers_as_post_does(replica: Replica) -> None:
	name = make_thing("got")
	page = get_data(
		replica.client.get(
			GET_CHANGES, doctype=DOCTYPE, fields='["name","title"]', token=replica.token, limit_page_length=1
		)
	)
	assert [change["name"] for change in page["changes"]] == [name]
	replica.token = page["token"]
	assert replica.pull() == []


def test_numbered_names(admin: Client) -> None:
	doctype = make_doctype("Feed Number", autoname="autoincrement")
	try:
		copy = Replica(admin, doctype, ["name", "title"], length=2)
		names = [factories.make_record(doctype, title="one").name for _ in range(5)]
		copy.pull()
		assert list(copy.records) == names == sorted(names)
		frappe.db.set_value(doctype, names[1], "title", "two")
		frappe.delete_doc(doctype, names[0])
		frappe.db.commit()
		assert copy.list_kinds() == [("changed", names[1]), ("deleted", names[0])]
		frappe.db.sql(f"delete from `tab{doctype}` where name = %s", names[2])  # noqa: S608
		frappe.db.set_value("Change Feed", {"reference_doctype": doctype}, "next_comparison_at", "2020-01-01")
		frappe.db.commit()
		assert copy.list_kinds() == [("deleted", names[2])]
	finally:
		delete_doctype(doctype)


def test_aliases(admin: Client) -> None:
	copy = Replica(admin, "Lead", ["email", "lead_name as who"])
	copy.pull()
	lead = factories.make_lead(lead_name="Ann Harbor")
	copy.pull()
	assert copy.records[lead.name] == {"email": lead.email_id, "who": "Ann Harbor"}
