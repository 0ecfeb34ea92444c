"""Edge cases of lists: ties, empty values, labels, aggregates and requests of Frappe's own clients."""

import json
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frappe

from orchestrator import compat
from tests.support import factories
from tests.support.client import Client, get_data, get_error

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"


@pytest.fixture(scope="module")
def tied(frappe_site: str) -> list[str]:
	"""Return leads of one topic that were all changed at one moment."""
	topic = f"Tied {uuid.uuid4().hex[:8]}"
	names = [factories.make_lead(topic=topic, probability=index % 3).name for index in range(23)]
	frappe.db.sql("update tabLead set modified = '2027-01-01 00:00:00' where topic = %s", topic)
	frappe.db.commit()
	return [topic, *names]


@pytest.mark.parametrize(
	"order_by", [None, "modified desc", "probability", "topic asc", "topic desc, probability desc", "status"]
)
@pytest.mark.parametrize("length", [1, 4, 7])
def test_pages_over_ties_give_each_record_once(
	admin: Client, tied: list[str], order_by: str | None, length: int
) -> None:
	topic, *names = tied
	seen: list[str] = []
	for start in range(0, len(names), length):
		page = {"limit_start": start, "limit_page_length": length, "filters": [["topic", "=", topic]]}
		rows = get_data(
			admin.post(LIST, doctype="Lead", **page, **({"order_by": order_by} if order_by else {}))
		)
		seen += [row["name"] for row in rows]
	assert sorted(seen) == sorted(names)


@settings(
	max_examples=25, deadline=None, derandomize=True,
	suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(keys=st.lists(st.integers(0, 2), min_size=1, max_size=12), length=st.integers(1, 5), data=st.data())
def test_pages_over_random_ties_give_each_record_once(
	site: str, keys: list[int], length: int, data: st.DataObject
) -> None:
	from orchestrator.api import generic

	topic = f"Random {uuid.uuid4().hex[:8]}"
	names = [f"T-{uuid.uuid4().hex[:10]}" for _ in keys]
	rows = [(name, key, topic) for name, key in zip(names, keys, strict=True)]
	random.Random(len(keys)).shuffle(rows)
	frappe.db.bulk_insert("Lead", ["name", "probability", "topic"], rows)
	order = data.draw(st.sampled_from(["probability asc", "probability desc", "topic", "modified", None]))
	seen: list[str] = []
	for start in range(0, len(names) + length, length):
		page = generic.get_list(
			"Lead", filters={"topic": topic}, order_by=order, limit_start=start, limit_page_length=length
		)
		seen += [row["name"] for row in page.rows]
	assert sorted(seen) == sorted(names)
	frappe.db.rollback()


@pytest.mark.parametrize(
	("operator", "value", "found"),
	[
		("<", "2027-02-01", ["early"]),
		("<=", "2027-01-10", ["early"]),
		(">", "2000-01-01", ["early", "late"]),
		(">=", "1000-01-01", ["early", "late"]),
		("between", ["1900-01-01", "2027-01-31"], ["early"]),
		("!=", "2027-01-10", ["late", "none"]),
		("is", "not set", ["none"]),
	],
)
@pytest.mark.parametrize("parameter", ["filters", "or_filters"])
def test_empty_date_is_before_and_after_nothing(
	admin: Client, operator: str, value: Any, found: list[str], parameter: str
) -> None:
	mark = uuid.uuid4().hex[:8]
	for label, day in {"early": "2027-01-10", "late": "2027-03-10", "none": None}.items():
		factories.make_task(subject=f"{label} {mark}", exp_end_date=day)
	conditions = {"filters": [["task_name", "like", f"%{mark}"]]}
	extra = [["due_date", operator, value]]
	conditions = (
		{"filters": [*conditions["filters"], *extra]}
		if parameter == "filters"
		else {**conditions, "or_filters": extra}
	)
	rows = get_data(admin.post(LIST, doctype="Task", fields=["task_name"], **conditions))
	assert sorted(row["task_name"].split()[0] for row in rows) == found


@pytest.mark.parametrize(
	("operator", "value", "found"),
	[
		("=", "2027-01-10", ["evening", "midnight"]),
		("!=", "2027-01-10", ["later", "none"]),
		("in", ["2027-01-10", "2027-05-01"], ["evening", "midnight"]),
		("in", ["2027-03-10"], ["later"]),
		("in", ["2027-05-01"], []),
		("not in", ["2027-01-10"], ["later", "none"]),
		("not in", ["2027-01-10", "2027-03-10"], ["none"]),
		("<=", "2027-01-10", ["evening", "midnight"]),
		(">", "2027-01-10", ["later"]),
		("between", ["2027-01-10", "2027-01-10"], ["evening", "midnight"]),
	],
)
@pytest.mark.parametrize("parameter", ["filters", "or_filters"])
@pytest.mark.skipif(compat.FRAPPE_MAJOR < 16, reason="ERPNext 15 keeps a Task's days without a time")
def test_a_day_is_compared_as_a_day_where_the_field_has_a_time(
	admin: Client, operator: str, value: Any, found: list[str], parameter: str
) -> None:
	mark = uuid.uuid4().hex[:8]
	moments = {
		"midnight": "2027-01-10",
		"evening": "2027-01-10 23:59:59",
		"later": "2027-03-10 08:00:00",
		"none": None,
	}
	for label, moment in moments.items():
		factories.make_task(subject=f"{label} {mark}", exp_end_date=moment)
	conditions = {"filters": [["task_name", "like", f"%{mark}"]], "or_filters": []}
	conditions[parameter].append(["due_date", operator, value])
	rows = get_data(admin.post(LIST, doctype="Task", fields=["task_name"], **conditions))
	assert sorted(row["task_name"].split()[0] for row in rows) == found


def test_empty_text_is_before_nothing(admin: Client) -> None:
	mark = uuid.uuid4().hex[:8]
	for index, city in enumerate(["Aachen", "Zürich", "", None]):
		factories.make_lead(lead_name=f"{mark} {index}", city=city)
	filters = [["lead_name", "like", f"{mark}%"], ["city", "<", "M"]]
	rows = get_data(admin.post(LIST, doctype="Lead", fields=["lead_name"], filters=filters))
	assert [row["lead_name"] for row in rows] == [f"{mark} 0"]


@pytest.mark.parametrize(
	"label", ["order", "select", "`group`", "'Total of all'", '"Größe"', "`名前`", "name", "count", "key"]
)
@pytest.mark.parametrize(
	("field", "get_value"),
	[("lead_name", lambda lead: lead.lead_name), ("count(name)", lambda _lead: 1)],
	ids=["field", "function"],
)
def test_any_label_is_possible(admin: Client, label: str, field: str, get_value: Any) -> None:
	lead = factories.make_lead()
	reply = admin.post(
		LIST, doctype="Lead", fields=[f"{field} as {label}"], filters=[["name", "=", lead.name]]
	)
	assert get_data(reply) == [{label.strip("`'\""): get_value(lead)}]


def test_fields_of_one_name_from_two_tables_do_not_mix(admin: Client) -> None:
	task = factories.make_task(project=factories.make_project().name)
	fields = ["status", "project.status as project_status", "project.name as project_name", "name"]
	[row] = get_data(admin.post(LIST, doctype="Task", fields=fields, filters={"name": task.name}))
	assert row == {
		"status": "Open", "project_status": "Open", "project_name": task.project, "name": task.name,
	}  # fmt: skip


@pytest.mark.parametrize(
	("body", "expected"),
	[
		(
			{"fields": ["probability", "count(name) as n"], "group_by": "probability", "order_by": "n desc"},
			None,
		),
		({"fields": ["probability"], "group_by": "probability", "order_by": "count(name) desc"}, None),
		({"fields": ["distinct probability"]}, [0, 1, 2]),
		({"fields": ["distinct probability"], "order_by": "probability desc"}, [2, 1, 0]),
		({"fields": ["count(distinct probability) as probability"]}, [3]),
		({"fields": ["count(name) as probability"]}, [23]),
		({"fields": '"*"'}, None),
		({"fields": '["*"]', "limit_page_length": 1}, None),
		({"filters": [["Lead", "topic", "=", "TOPIC", False]]}, None),
		({"filters": [["topic", "in", ["TOPIC", None]]], "limit_page_length": 1}, None),
		({"order_by": "`tabLead`.`modified` desc"}, None),
		({"order_by": "email desc"}, None),
		({"debug": False}, None),
	],
)
def test_list_requests_of_frappes_own_clients_are_accepted(
	admin: Client, tied: list[str], body: dict, expected: list | None
) -> None:
	topic = tied[0]
	body = json.loads(json.dumps({"filters": [["topic", "=", "TOPIC"]], **body}).replace("TOPIC", topic))
	rows = get_data(admin.post(LIST, doctype="Lead", **body))
	assert rows
	if expected is not None:
		assert [row["probability"] for row in rows] == expected


@pytest.mark.parametrize(
	"body",
	[
		{"doctype": "Selling Settings"},
		{"limit_start": 2**64},
		{"limit_start": "1_0"},
		{"limit_page_length": "２０"},
		{"filters": [["creation", "like", "2027%"]]},
		{"filters": [["date_of_joining", "like", "2027%"]], "doctype": "Employee"},
		{"filters": [["creation", "<", "0001-01-01"]]},
		{"filters": [["creation", "<", "soon"]]},
		{"filters": [["creation", "<", 5]]},
		{"filters": [["creation", "between", ["2027-01-01", "soon"]]]},
		{"filters": [["creation", "in", ["soon"]]]},
		{"filters": "[" * 5000},
		{"fields": ["name", "distinct status"]},
		{"fields": ["lead_name as a b"]},
		{"order_by": "count(select) desc"},
		{"order_by": "sleep(1)"},
		{"filters": [["name", "=", "x", "y", "z", "u"]]},
	],
)
def test_malformed_lists_are_400(admin: Client, body: dict) -> None:
	reply = admin.post(LIST, **{"doctype": "Lead", **body})
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_filter_value_that_is_not_finite_is_400(admin: Client, text: str) -> None:
	reply = admin.get(LIST, doctype="Lead", filters=f'[["probability", "<", {text}]]')
	assert get_error(reply) == (400, "InvalidRequestError")
