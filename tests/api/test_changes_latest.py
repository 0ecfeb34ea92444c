"""The token `latest` of get_changes: what happens from now on, without the records that are there already."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.api.changes import get_changes, pages
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.feed_doctype import ROLE, delete_doctype, make_doctype
from tests.support.replica import GET_CHANGES, Replica

Api = Callable[[str], Client]
DOCTYPE = "Latest Thing"


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	make_doctype(DOCTYPE)
	yield
	delete_doctype(DOCTYPE)


@pytest.fixture
def reader(site: str) -> str:
	return str(factories.make_user(ROLE).name)


def make_thing(title: str = "first") -> str:
	return str(factories.make_record(DOCTYPE, __newname=frappe.generate_hash(length=10), title=title).name)


def save(name: str, title: str) -> None:
	frappe.get_doc(DOCTYPE, name).update({"title": title}).save()
	frappe.db.commit()


def start_now(client: Client, **values: Any) -> Replica:
	"""Return a copy that has the changes from now on."""
	copy = Replica(client, DOCTYPE, ["name", "title"], token="latest", **values)
	assert copy.pull() == []
	return copy


def test_latest_gives_nothing_that_is_there_and_what_comes(api: Api, reader: str) -> None:
	changed, deleted, renamed, kept = (make_thing() for _ in range(4))
	copy = start_now(api(reader))
	assert copy.pull() == []
	save(changed, "second")
	frappe.delete_doc(DOCTYPE, deleted, delete_permanently=True)
	frappe.rename_doc(DOCTYPE, renamed, f"{renamed}-b")
	created = make_thing("new")
	assert copy.list_kinds() == sorted(
		[("changed", changed), ("deleted", deleted), ("renamed", f"{renamed}-b"), ("created", created)]
	)
	assert kept not in copy.records
	assert copy.records[changed] == {"name": changed, "title": "second"}
	assert copy.pull() == []


def test_latest_beside_another_token_of_the_same_reader(api: Api, reader: str) -> None:
	"""Both share a feed; each gets what came after its own token."""
	client = api(reader)
	early = start_now(client)
	between = make_thing()
	late = start_now(client)
	after = make_thing()
	assert early.list_kinds() == sorted([("created", between), ("created", after)])
	assert late.list_kinds() == [("created", after)]
	save(between, "second")
	assert (early.list_kinds(), late.list_kinds()) == ([("changed", between)],) * 2


def test_record_that_came_and_went_after_latest_is_left_out(api: Api, reader: str) -> None:
	make_thing()
	copy = start_now(api(reader))
	frappe.delete_doc(DOCTYPE, make_thing(), delete_permanently=True)
	frappe.db.commit()
	assert copy.pull() == []


def test_names_that_the_reader_never_saw_are_not_given(api: Api, reader: str) -> None:
	from frappe.permissions import add_user_permission

	seen, hidden = factories.make_customer().name, factories.make_customer().name
	things = {
		customer: factories.make_record(
			DOCTYPE, __newname=frappe.generate_hash(length=10), customer=customer
		).name
		for customer in (seen, hidden)
	}
	add_user_permission("Customer", seen, reader)
	frappe.db.commit()
	copy = start_now(api(reader))
	for thing in things.values():
		frappe.delete_doc(DOCTYPE, thing, delete_permanently=True)
	frappe.db.commit()
	assert copy.list_kinds() == [("deleted", things[seen])]


def test_copy_read_by_pages_after_latest_equals_the_table(api: Api, reader: str) -> None:
	"""The token first, then the records: what changes while they are read comes with the changes."""
	names = [make_thing() for _ in range(5)]
	client = api(reader)
	copy = start_now(client)
	save(names[0], "changed before it is read")
	rows = get_data(
		client.get(
			"frappe.client.get_list", doctype=DOCTYPE, fields='["name", "title"]', limit_page_length=500
		)
	)
	save(names[1], "changed after it was read")
	frappe.delete_doc(DOCTYPE, names[2], delete_permanently=True)
	frappe.db.commit()
	copy.records = {row["name"]: row for row in rows}
	assert copy.pull_records() == {
		row.name: dict(row) for row in frappe.get_all(DOCTYPE, fields=["name", "title"])
	}


def test_many_records_are_skipped_in_several_calls(
	site: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	for _ in range(7):
		make_thing()
	# else found by that first
	frappe.db.set_value(DOCTYPE, {"name": ("is", "set")}, {"modified": "2026-01-01"}, update_modified=False)
	monkeypatch.setattr(pages, "MAX_DIFFERENCES", 3)
	frappe.set_user(reader)
	token, replies = "latest", []
	while not replies or replies[-1]["has_more"]:
		replies.append(get_changes(DOCTYPE, token=token))
		token = replies[-1]["token"]
		frappe.db.commit()
	assert len(replies) > 2
	assert [reply["changes"] for reply in replies] == [[]] * len(replies)
	name = make_thing()
	assert [change["name"] for change in get_changes(DOCTYPE, token=token)["changes"]] == [name]


def test_token_of_latest_belongs_to_its_caller_and_fields(api: Api, reader: str) -> None:
	copy = start_now(api(reader))
	asked = {"doctype": DOCTYPE, "token": copy.token, "fields": ["name", "title"]}
	other = api(factories.make_user(ROLE).name)
	assert get_error(other.post(GET_CHANGES, **asked)) == (400, "InvalidRequestError")
	assert get_error(api(reader).post(GET_CHANGES, **asked | {"fields": ["name"]})) == (
		400,
		"InvalidRequestError",
	)


@pytest.mark.parametrize("token", ["LATEST", "latest ", "now", ""])
def test_nothing_else_stands_for_latest(api: Api, reader: str, token: str) -> None:
	name = make_thing()
	reply = api(reader).post(GET_CHANGES, doctype=DOCTYPE, token=token, limit_page_length=500)
	if token:
		assert get_error(reply) == (400, "InvalidRequestError")
	else:
		assert name in {change["name"] for change in get_data(reply)["changes"]}


def test_latest_is_refused_to_whoever_may_not_read(api: Api, guest: Client) -> None:
	asked = {"doctype": DOCTYPE, "token": "latest"}
	assert get_error(guest.post(GET_CHANGES, **asked)) == (401, "AuthenticationError")
	stranger = factories.make_user("Sales User").name
	assert get_error(api(stranger).post(GET_CHANGES, **asked)) == (403, "PermissionError")
	assert not frappe.db.exists("Change Feed", {"user": stranger, "reference_doctype": DOCTYPE})
