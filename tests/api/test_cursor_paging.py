"""Keyset paging: a walk by cursor gives each record that stayed exactly once, whatever others write meanwhile."""

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"
DOCTYPE = "Cursor Test"
FIELDS = ("label", "amount", "number", "day", "moment", "hour", "is_open", "lead")
TEXTS = [
	"",
	"a",
	"A",
	"á",
	"b",
	"ß",
	"ss",
	"ﬁ",
	"fi",
	" a",
	"a ",
	"Z",
	"_",
	"\\",
	"'",
	"%s",
	"😀",
	"漢",
	None,
]
VALUES: dict[str, list[Any]] = {
	"label": TEXTS,
	"amount": [0, "0.000000001", "123456789012.123456789", "123456789012.123456788", "-5", "1e3"],
	"number": [-2, 0, 7, 2**31 - 1],
	"day": [None, "1000-01-01", "2026-02-28", "2027-01-01", "9999-12-31"],
	"moment": [None, "2026-01-01 00:00:00", "2026-01-01 00:00:00.000001", "2026-01-01 00:00:00.999999"],
	"hour": [None, "00:00:00", "09:30:00.5", "23:59:59.999999"],
	"is_open": [0, 1],
	"lead": [None, "", "L-1", "l-1", "L-2"],
}


@pytest.fixture(scope="module")
def doctype(frappe_site: str) -> Iterator[str]:
	"""A DocType with a field of each kind, one of them above permission level 0."""
	drop_doctype()
	kinds = {"label": "Data", "amount": "Float", "number": "Int", "day": "Date", "moment": "Datetime", "hour": "Time", "is_open": "Check", "notes": "Small Text"}  # fmt: skip
	fields = [{"fieldname": name, "fieldtype": kind, "label": name} for name, kind in kinds.items()]
	fields += [
		{"fieldname": "lead", "fieldtype": "Link", "options": "Lead", "label": "Lead"},
		{"fieldname": "secret", "fieldtype": "Data", "label": "Secret", "permlevel": 1},
		{"fieldname": "twin", "fieldtype": "Link", "options": DOCTYPE, "label": "Twin"},
		{"fieldname": "essay", "fieldtype": "Data", "label": "Essay", "length": 900},
	]
	permissions = [
		{"role": "Sales User", "read": 1},
		{"role": "Support Team", "read": 1, "if_owner": 1},
	]
	frappe.get_doc(
		{
			"doctype": "DocType", "name": DOCTYPE, "module": "Custom", "custom": 1, "autoname": "hash",
			"fields": fields, "permissions": permissions,
		}
	).insert()  # fmt: skip
	frappe.db.commit()
	yield DOCTYPE
	drop_doctype()


def drop_doctype() -> None:
	frappe.db.rollback()
	frappe.set_user("Administrator")
	frappe.delete_doc("DocType", DOCTYPE, force=True, ignore_missing=True)
	frappe.db.sql_ddl(f"drop table if exists `tab{DOCTYPE}`")
	frappe.db.commit()
	frappe.clear_cache()  # which names the tables


def insert_rows(rows: list[dict[str, Any]]) -> list[str]:
	"""Insert records with these values, without documents. Returns their names."""
	names = [uuid.uuid4().hex[:10] for _row in rows]
	for name, row in zip(names, rows, strict=True):
		values = {"name": name, "owner": "Administrator", **row}
		columns = ", ".join(f"`{column}`" for column in values)
		frappe.db.sql(
			f"insert into `tab{DOCTYPE}` ({columns}) values ({', '.join(['%s'] * len(values))})",  # noqa: S608
			tuple(values.values()),
		)
	return names


def walk(client: Client, doctype: str, length: int = 2, **query: Any) -> Iterator[dict[str, Any]]:
	"""Yield the replies of a walk from the first page to the last."""
	cursor: str | None = "*"
	while cursor:
		reply = client.post(LIST, doctype=doctype, cursor=cursor, limit_page_length=length, **query)
		assert reply.status_code == 200, reply.text
		page = reply.json()
		assert page["has_more"] == (page["next_cursor"] is not None)
		cursor = page["next_cursor"]
		yield page


def list_names(pages: Iterator[dict[str, Any]]) -> list[str]:
	return [row["name"] for page in pages for row in page["data"]]


# Any order, any values, any writer


ROW = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
ORDER = st.lists(
	st.tuples(st.sampled_from([*FIELDS, "name"]), st.sampled_from(["asc", "desc"])), min_size=1, max_size=3
)
WRITE = st.tuples(st.sampled_from(["insert", "delete", "change", "move"]), st.integers(0, 50), ROW)
HYPOTHESIS = settings(
	deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def get_pages(order: str, length: int, between: Callable[[], None] = lambda: None) -> list[str]:
	"""The names that a walk in this process gives; `between` runs after each page."""
	from orchestrator.api import generic

	names: list[str] = []
	cursor: str | None = "*"
	while cursor:
		page = generic.get_list(DOCTYPE, order_by=order, cursor=cursor, limit_page_length=length)
		names += [row["name"] for row in page.rows]
		assert len(page.rows) == length or not page.page["has_more"]
		cursor = page.page["next_cursor"]
		between()
	return names


@settings(HYPOTHESIS, max_examples=150)
@given(rows=st.lists(ROW, max_size=14), order=ORDER, length=st.integers(1, 5))
def test_walk_is_the_list_in_one(site: str, doctype: str, rows: list, order: list, length: int) -> None:
	"""Brute force is the database's own sort of everything at once."""
	insert_rows(rows)
	last = order[-1][1]
	terms = ", ".join(f"`{name}` {direction}" for name, direction in [*order, ("name", last)])
	expected = [name for (name,) in frappe.db.sql(f"select name from `tab{DOCTYPE}` order by {terms}")]  # noqa: S608
	assert get_pages(", ".join(" ".join(term) for term in order), length) == expected
	frappe.db.rollback()


@pytest.mark.parametrize("order", ["label", "label desc"])
def test_texts_that_differ_behind_what_mariadb_sorts_by(site: str, doctype: str, order: str) -> None:
	names = insert_rows([{"label": "ﷺ" * 139 + letter} for letter in "abcdefgh" * 3])
	assert sorted(get_pages(order, 2)) == sorted(names)
	frappe.db.rollback()


@settings(HYPOTHESIS, max_examples=100)
@given(
	rows=st.lists(ROW, min_size=4, max_size=14), order=ORDER, length=st.integers(1, 4),
	writes=st.lists(st.lists(WRITE, max_size=3), max_size=14),
)  # fmt: skip
def test_walk_gives_each_record_that_stayed_once(
	site: str, doctype: str, rows: list, order: list, length: int, writes: list
) -> None:
	names = insert_rows(rows)
	stayed, others, steps = set(names), set(), iter(writes)
	sorted_by = {name for name, _direction in order} - {"name"}

	def write() -> None:
		for kind, index, row in next(steps, ()):
			name = names[index % len(names)]
			if kind == "insert":
				others.update(insert_rows([row]))
			elif kind == "delete":
				frappe.db.sql(f"delete from `tab{DOCTYPE}` where name = %s", name)  # noqa: S608
				stayed.discard(name)
			else:  # another field, or one that the walk is sorted by
				changed = {key: value for key, value in row.items() if (key in sorted_by) == (kind == "move")}
				if kind == "move" and changed:
					stayed.discard(name)
				for key, value in changed.items():
					frappe.db.sql(f"update `tab{DOCTYPE}` set `{key}` = %s where name = %s", (value, name))  # noqa: S608

	seen = get_pages(", ".join(" ".join(term) for term in order), length, write)
	assert sorted(name for name in seen if name in stayed) == sorted(stayed)
	inserted = [name for name in seen if name in others]
	assert len(inserted) == len(set(inserted))
	frappe.db.rollback()


def test_walk_while_others_write(admin: Client, api: Api, doctype: str) -> None:
	"""Writers over HTTP insert, delete and change records during the walk; what stayed is given once."""
	label = uuid.uuid4().hex[:8]
	rows = [{"label": label, "number": index % 5, "moment": "2026-01-01"} for index in range(120)]
	names = insert_rows(rows)
	frappe.db.commit()
	victims, stop = names[::6], threading.Event()
	writer = threading.Thread(target=write_until, args=(admin, doctype, label, list(victims), stop))
	writer.start()
	try:
		caller = api(factories.make_user("Sales User").name)
		seen = list_names(
			walk(caller, doctype, 7, filters={"label": label}, order_by="number desc, moment asc")
		)
	finally:
		stop.set()
		writer.join()
	assert len(seen) == len(set(seen))
	assert set(names) - set(victims) <= set(seen)


def write_until(client: Client, doctype: str, label: str, victims: list[str], stop: threading.Event) -> None:
	while not stop.is_set():
		client.post("frappe.client.insert", doctype=doctype, label=label, number=2, moment="2026-01-01")
		if victims:
			client.post("frappe.client.delete", doctype=doctype, name=victims.pop())


# The reply


@pytest.fixture
def labelled(site: str, doctype: str) -> str:
	"""The label of seven records, two by two with the same number."""
	label = uuid.uuid4().hex[:8]
	insert_rows([{"label": label, "number": index // 2, "secret": f"s{index}"} for index in range(7)])
	frappe.db.commit()
	return label


def test_reply_tells_of_the_next_page_and_the_total(admin: Client, labelled: str) -> None:
	query = {"filters": {"label": labelled}, "order_by": "number", "fields": ["number"], "with_total": True}
	pages = list(walk(admin, DOCTYPE, 3, **query))
	assert [[row["number"] for row in page["data"]] for page in pages] == [[0, 0, 1], [1, 2, 2], [3]]
	assert [page["total"] for page in pages] == [7, 7, 7]
	assert [page["has_more"] for page in pages] == [True, True, False]
	assert pages[-1]["next_cursor"] is None
	assert all(page["keys"] == ["number"] and page["message"] == page["data"] for page in pages)


def test_last_page_that_is_full_is_the_last(admin: Client, labelled: str) -> None:
	assert [len(page["data"]) for page in walk(admin, DOCTYPE, 7, filters={"label": labelled})] == [7]


def test_walk_over_nothing_has_one_page(admin: Client, doctype: str) -> None:
	[page] = walk(admin, doctype, filters={"label": "nobody has this"}, with_total=True)
	assert (page["data"], page["has_more"], page["total"]) == ([], False, 0)


def test_walk_without_an_order_goes_by_name(admin: Client, labelled: str) -> None:
	names = list_names(walk(admin, DOCTYPE, filters={"label": labelled}))
	assert names == sorted(names)
	assert len(names) == 7


def test_lists_without_a_cursor_stay_as_they_are(admin: Client, labelled: str) -> None:
	reply = admin.post(LIST, doctype=DOCTYPE, filters={"label": labelled}).json()
	assert sorted(reply) == ["data", "exc", "keys", "message"]
	reply = admin.post(
		LIST, doctype=DOCTYPE, filters={"label": labelled}, limit_page_length=2, with_total=1
	).json()
	assert (reply["total"], len(reply["data"])) == (7, 2)
	assert "next_cursor" not in reply


@pytest.mark.parametrize("fields", ['["*"]', '["name", "label as x"]', '["lead.lead_name"]', '["secret"]'])
@pytest.mark.parametrize("as_dict", [True, False])
def test_rows_hold_what_they_hold_without_a_cursor(
	admin: Client, labelled: str, fields: str, as_dict: bool
) -> None:
	query = {"doctype": DOCTYPE, "filters": {"label": labelled}, "order_by": "number, name", "fields": fields, "as_dict": as_dict}  # fmt: skip
	plain = admin.post(LIST, **query).json()
	page = admin.post(LIST, cursor="*", **query).json()
	assert (page["data"], page["keys"]) == (plain["data"], plain["keys"])


@pytest.mark.parametrize(
	"path", [f"/api/method/{LIST}", f"/api/v1/method/{LIST}", f"/api/v2/method/{LIST}", f"/?cmd={LIST}"]
)
def test_every_route_of_the_method_knows_cursors(admin: Client, labelled: str, path: str) -> None:
	params = {"doctype": DOCTYPE, "filters": json.dumps({"label": labelled}), "limit_page_length": 4}
	first = admin.request("GET", path, params={**params, "cursor": "*"}).json()
	rest = admin.request("GET", path, params={**params, "cursor": first["next_cursor"]}).json()
	assert (len(first["data"]), len(rest["data"]), rest["has_more"]) == (4, 3, False)


def test_pages_may_differ_in_fields_and_length(admin: Client, labelled: str) -> None:
	query = {"doctype": DOCTYPE, "filters": json.dumps({"label": labelled}), "order_by": "number desc"}
	first = admin.post(LIST, cursor="*", limit_page_length=2, **query).json()
	query["filters"] = {"label": labelled}  # the same, as an object
	rest = admin.post(
		LIST, cursor=first["next_cursor"], limit_page_length=9, fields=["number", "name"], **query
	).json()
	assert [row["number"] for row in rest["data"]] == [2, 1, 1, 0, 0]


# What may change between pages


def test_the_record_at_the_end_of_a_page_may_be_deleted(admin: Client, labelled: str) -> None:
	pages = walk(admin, DOCTYPE, 3, filters={"label": labelled}, order_by="number")
	first = [row["name"] for row in next(pages)["data"]]
	admin.post("frappe.client.delete", doctype=DOCTYPE, name=first[-1])
	assert len({*first, *list_names(pages)}) == 7


def test_a_renamed_record_is_given_once_where_the_order_is_not_by_name(admin: Client, labelled: str) -> None:
	pages = walk(admin, DOCTYPE, 3, filters={"label": labelled}, order_by="number, creation desc")
	first = [row["name"] for row in next(pages)["data"]]
	frappe.rename_doc(DOCTYPE, first[0], f"zz{labelled}", force=True)
	frappe.db.commit()
	assert len([*first, *list_names(pages)]) == 7


def test_a_right_that_is_lost_ends_the_walk(api: Api, labelled: str) -> None:
	user = factories.make_user("Sales User").name
	caller = api(user)
	pages = walk(caller, DOCTYPE, 3, filters={"label": labelled})
	cursor = next(pages)["next_cursor"]
	frappe.get_doc("User", user).remove_roles("Sales User")
	frappe.db.commit()
	reply = caller.post(LIST, doctype=DOCTYPE, filters={"label": labelled}, cursor=cursor)
	assert get_error(reply) == (403, "PermissionError")


def test_walk_gives_and_counts_readable_records_only(api: Api, labelled: str) -> None:
	user = factories.make_user("Support Team").name
	own = insert_rows([{"label": labelled, "number": 9 - index, "owner": user} for index in range(3)])
	frappe.db.commit()
	query = {"filters": {"label": labelled}, "order_by": "number", "with_total": True}
	pages = list(walk(api(user), DOCTYPE, 2, **query))
	assert list_names(iter(pages)) == own[::-1]
	assert {page["total"] for page in pages} == {3}


# Cursors


def get_cursor(client: Client, label: str, **query: Any) -> str:
	query = {"doctype": DOCTYPE, "filters": {"label": label}, "order_by": "secret", **query}
	return str(client.post(LIST, cursor="*", limit_page_length=2, **query).json()["next_cursor"])


def test_cursor_hides_the_values_it_holds(admin: Client, labelled: str) -> None:
	cursor = get_cursor(admin, labelled)
	content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
	assert b"s1" not in content
	assert labelled not in cursor
	assert len(cursor) < 300


@pytest.mark.parametrize(
	"change",
	[
		{"filters": {"label": "other"}},
		{"filters": None},
		{"or_filters": {"number": 1}},
		{"order_by": "secret desc"},
		{"order_by": "secret, number"},
		{"order_by": None},
		{"doctype": "Lead", "filters": None, "order_by": None},
	],
)
def test_cursor_of_another_request_is_400(admin: Client, labelled: str, change: dict) -> None:
	cursor = get_cursor(admin, labelled)
	query = {"doctype": DOCTYPE, "filters": {"label": labelled}, "order_by": "secret", **change}
	reply = admin.post(LIST, cursor=cursor, **query)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert "cursor belongs to another request" in reply.json()["exc"]


@pytest.mark.parametrize("text", ["", " ", "0", "abc", "**", "ü", "gAAAAA", "null", "x" * 5000])
def test_cursor_that_is_none_is_400(admin: Client, labelled: str, text: str) -> None:
	reply = admin.post(LIST, doctype=DOCTYPE, cursor=text)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert "cursor is not valid" in reply.json()["exc"]


@pytest.mark.parametrize("position", [0, 10, 40, 100, -3])
def test_cursor_that_was_changed_is_400(admin: Client, labelled: str, position: int) -> None:
	cursor = list(get_cursor(admin, labelled))
	cursor[position] = "B" if cursor[position] != "B" else "C"
	query = {"doctype": DOCTYPE, "filters": {"label": labelled}, "order_by": "secret"}
	reply = admin.post(LIST, cursor="".join(cursor), **query)
	assert get_error(reply) == (400, "InvalidRequestError")


def test_cursor_of_another_user_is_400(admin: Client, api: Api, labelled: str) -> None:
	cursor = get_cursor(admin, labelled, order_by="number")
	query = {"doctype": DOCTYPE, "filters": {"label": labelled}, "order_by": "number"}
	other = api(factories.make_user("Sales User").name)
	assert get_error(other.post(LIST, cursor=cursor, **query)) == (400, "InvalidRequestError")
	assert len(get_data(admin.post(LIST, cursor=cursor, **query))) == 5


def test_guest_gets_no_page(guest: Client, doctype: str) -> None:
	assert get_error(guest.post(LIST, doctype=doctype, cursor="*")) == (401, "AuthenticationError")


# Lists without a keyset


@pytest.mark.parametrize(
	"query",
	[
		{"limit_start": 20},
		{"limit_start": 0},
		{"fields": ["count(name) as n"]},
		{"fields": ["name", "sum(number) as n"]},
		{"fields": ["distinct number"]},
		{"fields": ["number"], "group_by": "number"},
		{"order_by": "notes"},
		{"order_by": "essay"},
		{"order_by": "_user_tags"},
		{"order_by": "count(name)"},
		{"fields": ["notes as note"], "order_by": "note"},
		{"doctype": "Selling Settings"},
		{"doctype": "User", "fields": ["roles.role"]},
		{"doctype": "User", "order_by": "`tabHas Role`.role"},
		{"doctype": "RQ Job"},
		{"cursor": ["*"]},
		{"cursor": True},
		{"with_total": "perhaps"},
	],
)
def test_list_without_a_keyset_is_400(admin: Client, doctype: str, query: dict) -> None:
	reply = admin.post(LIST, **{"doctype": doctype, "cursor": "*", **query})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text


@pytest.mark.parametrize(
	"query",
	[
		{"fields": ["count(name) as n"]},
		{"fields": ["distinct number"]},
		{"fields": ["number"], "group_by": "number"},
		{"doctype": "RQ Job"},
	],
)
def test_total_of_rows_that_are_no_records_is_400(admin: Client, doctype: str, query: dict) -> None:
	reply = admin.post(LIST, **{"doctype": doctype, "with_total": True, **query})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text


def test_order_by_an_unreadable_field_is_403(api: Api, labelled: str) -> None:
	caller = api(factories.make_user("Sales User").name)
	reply = caller.post(LIST, doctype=DOCTYPE, filters={"label": labelled}, order_by="secret", cursor="*")
	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize("page", [{"cursor": "*"}, {}])
def test_order_by_an_unreadable_field_of_a_linked_record_is_403(
	api: Api, labelled: str, page: dict[str, str]
) -> None:
	caller = api(factories.make_user("Sales User").name)
	query = {"doctype": DOCTYPE, "filters": {"label": labelled}, "order_by": "twin.secret"}
	assert get_error(caller.post(LIST, **query, **page)) == (403, "PermissionError")


# Other tables than the list's own


@pytest.mark.parametrize(
	("direction", "expected"), [("asc", ["Ada", "Bea", "Bea"]), ("desc", ["Bea", "Bea", "Ada"])]
)
def test_walk_in_the_order_of_a_linked_record(
	admin: Client, labelled: str, direction: str, expected: list[str]
) -> None:
	leads = {name: factories.make_lead(lead_name=f"{name} {labelled}").name for name in ("Ada", "Bea")}
	names = insert_rows(
		[{"label": labelled, "lead": lead} for lead in (leads["Bea"], leads["Ada"], leads["Bea"])]
	)
	frappe.db.commit()
	query = {"filters": {"label": labelled, "lead": ["is", "set"]}, "fields": ["name", "lead"]}
	pages = list(walk(admin, DOCTYPE, 1, order_by=f"lead.lead_name {direction}", **query))
	assert [page["data"][0]["lead"] for page in pages] == [leads[name] for name in expected]
	assert sorted(list_names(iter(pages))) == sorted(names)


def test_linked_records_that_are_hidden_sort_as_empty(api: Api, labelled: str) -> None:
	leads = [factories.make_lead(lead_name=f"{name} {labelled}").name for name in ("Ada", "Bea")]
	insert_rows([{"label": labelled, "lead": lead} for lead in leads])
	user = factories.make_user("Sales User").name
	factories.make_record("User Permission", user=user, allow="Lead", for_value=leads[1], applicable_for="Lead", apply_to_all_doctypes=0)  # fmt: skip
	query = {"filters": {"label": labelled, "lead": ["is", "set"]}, "fields": ["name", "lead.lead_name"]}
	pages = list(walk(api(user), DOCTYPE, 1, order_by="lead.lead_name asc", **query))
	assert [page["data"][0]["lead_name"] for page in pages] == [None, f"Bea {labelled}"]


def test_record_with_several_rows_that_fit_is_given_once(admin: Client) -> None:
	users = [factories.make_user("Sales User", "Sales Manager", "Support Team").name for _ in range(3)]
	filters = [
		["Has Role", "role", "in", ["Sales User", "Sales Manager", "Support Team"]],
		["name", "in", users],
	]
	query = {"filters": filters, "order_by": "creation", "with_total": True, "expand": ["roles"]}
	pages = list(walk(admin, "User", 1, **query))
	assert list_names(iter(pages)) == users
	assert {page["total"] for page in pages} == {3}
	rows = [sorted(row["role"] for row in page["data"][0]["roles"]) for page in pages]
	assert rows == [["Sales Manager", "Sales User", "Support Team"]] * 3


def test_walk_over_a_child_table(admin: Client, api: Api) -> None:
	users = [factories.make_user("Sales User", "Support Team").name for _ in range(3)]
	query = {"parent": "User", "filters": {"parent": ["in", users]}, "fields": ["parent", "role"]}
	pages = list(walk(admin, "Has Role", 4, order_by="role, parent desc", with_total=True, **query))
	found = [(row["role"], row["parent"]) for page in pages for row in page["data"]]
	assert found == [(r, user) for r in ("Sales User", "Support Team") for user in sorted(users)[::-1]]
	assert {page["total"] for page in pages} == {6}
	[page] = walk(api(users[0]), "Has Role", 4, with_total=True, **query)
	assert (page["data"], page["total"]) == ([], 0)  # of users that this one may not read


def test_walk_over_names_that_are_numbers(admin: Client) -> None:
	mark = uuid.uuid4().hex[:8]
	frappe.db.sql(
		"insert into `tabBisect Nodes` (name, owner) select seq, %s from seq_999995_to_1000006", mark
	)
	frappe.db.commit()
	names = list_names(walk(admin, "Bisect Nodes", 5, filters={"owner": mark}))
	frappe.db.delete("Bisect Nodes", {"owner": mark})
	frappe.db.commit()
	assert names == list(range(999_995, 1_000_007))
