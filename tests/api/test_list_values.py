"""Lists over HTTP: filter values are parsed by the types of their columns; orders and groups may use linked
records.
"""

import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import frappe
from frappe.utils import get_datetime, get_system_timezone

from tests.support import factories
from tests.support.client import Client, get_data, get_error

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"
INSERT = "frappe.client.insert"


@pytest.fixture
def topic(site: str) -> str:
	"""Return the topic of three leads of probability 10, 20 and 30."""
	topic = f"Values {uuid.uuid4().hex[:8]}"
	for probability in (10, 20, 30):
		factories.make_lead(topic=topic, probability=probability)
	frappe.db.commit()
	return topic


def list_probabilities(admin: Client, topic: str, *condition: Any) -> list[float]:
	"""Return the probabilities of the topic's leads that fit the condition on it."""
	filters = [["topic", "=", topic], ["probability", *condition]]
	rows = get_data(
		admin.post(LIST, doctype="Lead", fields=["probability"], filters=filters, order_by="probability")
	)
	return [row["probability"] for row in rows]


@pytest.mark.parametrize(
	("condition", "expected"),
	[
		(["between", [15, 30]], [20, 30]),
		(["between", ["10", "20"]], [10, 20]),
		(["between", [10.5, "1,000"]], [20, 30]),
		(["in", "10, 30"], [10, 30]),
		(["in", "[10, 20]"], [10, 20]),
		(["in", [10, "20", None]], [10, 20]),
		(["not in", [10, "20"]], [30]),
		(["not in", "10,20"], [30]),
		([">", "1,000"], []),
		([">=", "2e1"], [20, 30]),
		(["=", True], []),
	],
)
def test_number_in_filter_is_read_as_number(
	admin: Client, topic: str, condition: list, expected: list
) -> None:
	assert list_probabilities(admin, topic, *condition) == expected


@pytest.mark.parametrize(
	("doctype", "condition"),
	[
		("Lead", ["probability", ">", "abc"]),
		("Lead", ["probability", "=", "5,5"]),
		("Lead", ["probability", "in", "10,abc"]),
		("Lead", ["probability", "between", ["a", 5]]),
		("Lead", ["probability", "timespan", "today"]),
		("Lead", ["docstatus", "=", "abc"]),
		("Lead", ["creation", "between", [1, 2]]),
		("Lead", ["creation", "between", ["", "2027-01-01"]]),
		("Lead", ["topic", "timespan", "today"]),
		("User", ["enabled", "=", "perhaps"]),
		("GP Task", ["name", "<", "abc"]),
	],
)
def test_filter_value_of_another_type_is_400(admin: Client, doctype: str, condition: list) -> None:
	assert get_error(admin.post(LIST, doctype=doctype, filters=[condition])) == (400, "InvalidRequestError")


def test_text_between_texts(admin: Client, site: str) -> None:
	mark = uuid.uuid4().hex[:8]
	for letter in "abc":
		factories.make_lead(topic=f"{mark} {letter}")
	frappe.db.commit()
	filters = [["topic", "between", [f"{mark} a", f"{mark} b"]]]
	rows = get_data(admin.post(LIST, doctype="Lead", fields=["topic"], filters=filters, order_by="topic"))
	assert [row["topic"] for row in rows] == [f"{mark} a", f"{mark} b"]


@pytest.mark.parametrize(("word", "expected"), [("true", 1), ("false", 0), ("1", 1), (True, 1), (0, 0)])
def test_yes_or_no_in_filter_is_read(admin: Client, site: str, word: Any, expected: int) -> None:
	rows = get_data(admin.post(LIST, doctype="Role", fields=["disabled"], filters=[["disabled", "=", word]]))
	assert {row["disabled"] for row in rows} <= {expected}
	assert len(rows) == min(20, frappe.db.count("Role", {"disabled": expected}))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
@pytest.mark.parametrize(
	("operator", "count"), [("=", 3), (">=", 3), ("<=", 3), (">", 0), ("<", 0), ("in", 3)]
)
def test_zone_in_filter_counts(admin: Client, topic: str, zone: str, operator: str, count: int) -> None:
	frappe.db.sql("update tabLead set creation = '2027-01-01 12:00:00.5' where topic = %s", topic)
	frappe.db.commit()
	moment = get_datetime("2027-01-01 12:00:00.5").replace(tzinfo=ZoneInfo(get_system_timezone()))
	text = moment.astimezone(ZoneInfo(zone)).isoformat()
	value = [text] if operator == "in" else text
	filters = [["topic", "=", topic], ["creation", operator, value]]
	assert len(get_data(admin.post(LIST, doctype="Lead", filters=filters))) == count


def test_text_is_no_name_that_is_counted(admin: Client, site: str) -> None:
	if not (name := frappe.db.get_value("GP Task", {}, "name")):
		project = frappe.get_doc({"doctype": "GP Project", "title": f"P {uuid.uuid4().hex[:8]}"})
		project.insert(ignore_permissions=True)
		task = frappe.get_doc(
			{"doctype": "GP Task", "title": "T", "description": "x", "project": project.name}
		)
		name = task.insert(ignore_permissions=True).name
		frappe.db.commit()
	names = [f"{name}abc", str(name)]
	found = [get_data(admin.post(LIST, doctype="GP Task", filters=[["name", "=", text]])) for text in names]
	assert found == [[], [{"name": name}]]
	assert get_data(admin.post(LIST, doctype="GP Task", filters=[["name", "in", names]])) == [{"name": name}]
	page = {"doctype": "GP Task", "filters": [["name", "between", [name, str(name)]]]}
	assert get_data(admin.post(LIST, **page)) == [{"name": name}]


@pytest.mark.parametrize("field", ["roles.role", "`tabHas Role`.`role`"])
def test_group_by_column_of_child_table(admin: Client, site: str, field: str) -> None:
	fields = ["count(name) as users", f"{field} as role"]
	body = {"fields": fields, "group_by": field, "order_by": "users desc, role", "limit_page_length": 500}
	rows = get_data(admin.post(LIST, doctype="User", **body))
	expected = dict(
		frappe.db.sql("select role, count(*) from `tabHas Role` where parenttype = 'User' group by role")
	)
	assert {row["role"]: row["users"] for row in rows if row["role"]} == expected


def test_pages_over_child_rows_give_each_once(admin: Client, site: str) -> None:
	body = {"fields": ["name", "roles.role"], "filters": {"name": "Administrator"}, "order_by": "name"}
	seen = [
		row["role"]
		for start in range(0, 200, 7)
		for row in get_data(admin.post(LIST, doctype="User", limit_start=start, limit_page_length=7, **body))
	]
	expected = frappe.get_all("Has Role", {"parent": "Administrator", "parenttype": "User"}, pluck="role")
	assert sorted(seen) == sorted(expected)


def test_order_and_group_by_column_of_linked_record(admin: Client, site: str) -> None:
	parent = frappe.get_doc("Territory", {"is_group": 1, "parent_territory": ["is", "not set"]})
	names = [f"T {uuid.uuid4().hex[:8]}" for _index in range(3)]
	for name in names:
		frappe.get_doc(
			{"doctype": "Territory", "territory_name": name, "parent_territory": parent.name}
		).insert()
	frappe.db.commit()
	filters = [["name", "in", names]]
	ordered = admin.post(
		LIST, doctype="Territory", filters=filters, order_by="parent_territory.territory_name, name desc"
	)
	assert get_data(ordered) == [{"name": name} for name in sorted(names, reverse=True)]
	body = {"fields": ["count(name) as n"], "group_by": "parent_territory.territory_name"}
	assert get_data(admin.post(LIST, doctype="Territory", filters=filters, **body)) == [{"n": 3}]
	body = {"fields": ["count(name) as n", "parent_territory as p"], "group_by": "p", "order_by": "p"}
	assert get_data(admin.post(LIST, doctype="Territory", filters=filters, **body)) == [
		{"n": 3, "p": parent.name}
	]


def test_label_beside_all_fields(admin: Client, site: str) -> None:
	body = {"fields": ["*", "name as value"], "filters": {"name": "Guest"}}
	(row,) = get_data(admin.post(LIST, doctype="User", **body))
	assert (row["name"], row["value"]) == ("Guest", "Guest")
	assert not [key for key in row if key.startswith("col_")]


def test_virtual_doctype_is_ordered_by_standard_field(admin: Client) -> None:
	reply = admin.post(LIST, doctype="RQ Job", order_by="creation desc", filters={"queue": "default"})
	assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
	("doctype", "field", "value", "stored"),
	[
		("Event", "all_day", "true", 1),
		("Event", "all_day", "False", 0),
		("Event", "starts_on", "2027-01-02 10:00", "2027-01-02 10:00:00"),
		("ToDo", "date", "2027-01-02T23:30:00", "2027-01-02"),
		("Lead", "probability", "1,0", None),
		("Lead", "probability", "1.000,5", None),
		("Lead", "annual_revenue", "1,234,567.5", 1234567.5),
		("Lead", "annual_revenue", "12,34,567", 1234567.0),
		("Event", "ends_on", "0001-01-01 00:00:00", None),
		("Shift Type", "begin_check_in_before_shift_start_time", 5.5, None),
	],
)
def test_value_is_stored_as_sent_or_refused(
	admin: Client, site: str, doctype: str, field: str, value: Any, stored: Any
) -> None:
	mark = f"X {uuid.uuid4().hex[:8]}"
	record = {
		"Event": {"subject": mark, "starts_on": "2027-01-01 10:00:00", "event_type": "Private"},
		"ToDo": {"description": mark},
		"Lead": {"first_name": mark},
		"Shift Type": {"name": mark, "start_time": "09:00:00", "end_time": "17:00:00"},
	}[doctype]
	reply = admin.post(INSERT, doc={"doctype": doctype, **record, field: value})
	if stored is None:
		assert get_error(reply) == (400, "InvalidRequestError")
		assert field in reply.json()["exc"]
		return
	name = get_data(reply, 201)["name"]
	assert str(frappe.db.get_value(doctype, name, field)) == str(stored)


@pytest.mark.parametrize("word", ["Today", "now"])
def test_frappes_relative_dates_are_accepted(admin: Client, site: str, word: str) -> None:
	made = get_data(admin.post(INSERT, doc={"doctype": "ToDo", "description": "x", "date": word}), 201)
	assert made["date"] == frappe.utils.nowdate()


@pytest.mark.parametrize(
	"place", [{"parenttype": ["User"]}, {"parenttype": "User", "parentfield": "nothing"}]
)
def test_child_row_without_place_is_400(admin: Client, site: str, place: dict) -> None:
	row = {"doctype": "Has Role", "role": "System Manager", "parent": "Guest", "parentfield": "roles"}
	assert get_error(admin.post(INSERT, doc={**row, **place})) == (400, "InvalidRequestError")


@pytest.mark.parametrize("name", ["flags", "ignore_permissions"])
@pytest.mark.parametrize("method", [INSERT, LIST])
def test_parameter_that_frappe_drops_is_refused(admin: Client, name: str, method: str) -> None:
	reply = admin.post(method, doctype="ToDo", **{name: 1})
	assert get_error(reply) == (400, "InvalidRequestError")
	assert name in reply.json()["exc"]


def test_number_of_too_many_digits_is_400(admin: Client) -> None:
	body = f'{{"doctype": "User", "limit_start": {"9" * 5000}}}'
	headers = {"Content-Type": "application/json"}
	reply = admin.request("POST", f"/api/method/{LIST}", data=body, headers=headers)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize("rows", [True, -1, 1.5, "x", {"role": "System Manager"}])
def test_table_that_is_no_list_is_400(admin: Client, site: str, rows: Any) -> None:
	doc = {"doctype": "Lead", "first_name": "x", "notes": rows}
	assert get_error(admin.post(INSERT, doc=doc)) == (400, "InvalidRequestError")


@pytest.mark.parametrize("source", [True, "TODO-1", ["a"]])
def test_amendment_of_unsubmittable_record_is_400(admin: Client, site: str, source: Any) -> None:
	doc = {"doctype": "ToDo", "description": "x", "amended_from": source}
	assert get_error(admin.post(INSERT, doc=doc)) == (400, "InvalidRequestError")
