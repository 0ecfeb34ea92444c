"""Fields of a linked record only for users who may read that record, in lists, orders and expanded links."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import frappe

from orchestrator import compat
from tests.support import clinic, factories
from tests.support.client import Client, get_data

CTC = 73019.0

Api = Callable[[str], Client]


def make_phone() -> str:
	"""Return a phone number that no other user has."""
	return f"+1555{int(frappe.generate_hash(length=8), 36) % 10_000_000:07d}"


@dataclass(frozen=True)
class Staff:
	user: str
	employee: str
	manager: str


@pytest.fixture(scope="module")
def staff(frappe_site: str) -> Staff:
	"""Return an employee who reports to a manager with a known pay."""
	frappe.set_user("Administrator")
	user = factories.make_user("Employee", "Employee Self Service").name
	manager = factories.make_employee(ctc=CTC, salary_currency="USD").name
	employee = factories.make_employee(user_id=user, reports_to=manager, ctc=1000, salary_currency="USD").name
	return Staff(user, employee, manager)


PATHS = ("/api/resource", "/api/v1/resource", "/api/v2/document")


@pytest.mark.parametrize("path", PATHS)
def test_field_of_an_unreadable_record(staff: Staff, api: Api, path: str) -> None:
	query = {
		"fields": json.dumps(["name", "reports_to", "reports_to.ctc as pay", "reports_to.date_of_birth"]),
		"filters": json.dumps({"name": staff.employee}),
	}
	rows = api(staff.user).request("GET", f"{path}/Employee", params=query).json()["data"]
	assert rows == [{"name": staff.employee, "reports_to": staff.manager, "pay": None, "date_of_birth": None}]
	hr = factories.make_user("HR Manager").name
	rows = api(hr).request("GET", f"{path}/Employee", params=query).json()["data"]
	assert rows[0]["pay"] == CTC


def test_field_of_an_unreadable_record_by_the_contract(staff: Staff, api: Api) -> None:
	reply = api(staff.user).post(
		"frappe.client.get_list",
		doctype="Employee",
		fields=["name", "reports_to.ctc"],
		filters={"name": staff.employee},
	)
	assert get_data(reply) == [{"name": staff.employee, "ctc": None}]


def test_own_linked_record(staff: Staff, api: Api) -> None:
	frappe.db.rollback()
	punch = factories.make_record(
		"Employee Checkin", employee=staff.employee, log_type="IN", time="2026-11-02 08:00:00"
	)
	query = {"fields": json.dumps(["name", "employee.ctc"]), "filters": json.dumps({"name": punch.name})}
	rows = api(staff.user).request("GET", "/api/resource/Employee Checkin", params=query).json()["data"]
	assert rows == [{"name": punch.name, "ctc": 1000.0}]


def test_order_by_a_hidden_field_of_a_linked_record(staff: Staff, api: Api) -> None:
	table = "allocated_to" if compat.QUERY_BUILDER_CHECKS_PERMISSIONS else "tabUser_1"
	query = {"fields": '["name", "allocated_to.full_name"]', "order_by": f"{table}.api_key asc"}
	reply = api(staff.user).request("GET", "/api/resource/ToDo", params=query)
	assert reply.status_code == 403, reply.text
	assert "api_key" in reply.text


def test_hidden_fields_of_linked_users(staff: Staff, api: Api) -> None:
	"""Frappe excepts User from permission levels, and lets every Desk user choose, not read, every user."""
	frappe.db.rollback()
	portal = factories.make_user(user_type="Website User").name
	desk = factories.make_user("Desk User").name
	other = factories.make_user("System Manager", mobile_no=make_phone()).name
	for user in (portal, desk):
		mine = factories.make_record(
			"ToDo", description="Mine", allocated_to=other, assigned_by=user, owner=user
		).name
		frappe.db.set_value("ToDo", mine, "owner", user)
		frappe.db.set_value("ToDo", mine, "assigned_by", user)
		frappe.db.commit()
		fields = ["name", "allocated_to.api_key", "allocated_to.mobile_no", "allocated_to.reset_password_key"]
		query = {"fields": json.dumps(fields), "filters": json.dumps({"name": mine})}
		for path in PATHS:
			rows = api(user).request("GET", f"{path}/ToDo", params=query).json()["data"]
			assert [value for row in rows for key, value in row.items() if key != "name" and value] == []


@pytest.mark.parametrize("path", ["/api/resource", "/api/v1/resource"])
def test_expanded_link_to_a_user(staff: Staff, api: Api, path: str) -> None:
	frappe.db.rollback()
	desk = factories.make_user("Desk User").name
	other = factories.make_user("System Manager", mobile_no=make_phone()).name
	mine = factories.make_record("ToDo", description="Mine", allocated_to=other).name
	own = factories.make_record("ToDo", description="Mine", allocated_to=desk).name
	for name, user in ((mine, desk), (own, other)):
		frappe.db.set_value("ToDo", name, "assigned_by", user)
	frappe.db.commit()
	query = {
		"fields": '["name", "allocated_to"]', "expand": '["allocated_to"]',
		"filters": json.dumps({"name": ["in", [mine, own]]}), "order_by": "name asc",
	}  # fmt: skip
	rows = {
		row["name"]: row["allocated_to"]
		for row in api(desk).request("GET", f"{path}/ToDo", params=query).json()["data"]
	}
	assert rows[mine] == other
	assert rows[own]["name"] == desk
	assert {"api_key", "reset_password_key"}.isdisjoint(rows[own])


def test_expanded_links_by_the_contract(staff: Staff, api: Api) -> None:
	frappe.db.rollback()
	client = clinic.make_client(clinic.make_connection())
	todo = factories.make_record(
		"ToDo", description="x", allocated_to=staff.user, reference_type="Client", reference_name=client.name
	)
	parameters = {
		"doctype": "ToDo", "fields": ["name", "reference_type", "reference_name"], "expand": ["reference_name"],
		"filters": {"name": todo.name},
	}  # fmt: skip
	row = get_data(api(staff.user).post("frappe.client.get_list", **parameters))[0]
	assert row["reference_name"] == client.name
	row = get_data(
		api(clinic.make_clinical_user(None, "Clinical User", "System Manager")).post(
			"frappe.client.get_list", **parameters
		)
	)[0]
	assert row["reference_name"]["full_name"] == client.full_name
	assert "race" not in row["reference_name"]


def test_expanded_form(staff: Staff, api: Api) -> None:
	"""`expand_links` requires a check that this Frappe does not make."""
	reply = api(staff.user).request(
		"GET", f"/api/resource/Employee/{staff.employee}", params={"expand_links": "True"}
	)
	assert reply.status_code == 200, reply.text
	data = reply.json()["data"]
	assert data["reports_to"] == staff.manager
	assert str(int(CTC)) not in reply.text
	hr = factories.make_user("HR Manager").name
	data = (
		api(hr)
		.request("GET", f"/api/resource/Employee/{staff.employee}", params={"expand_links": "True"})
		.json()["data"]
	)
	assert data["reports_to"]["ctc"] == CTC


def test_goal_graph_of_readable_records(staff: Staff, api: Api) -> None:
	"""Frappe alone sums the records of everybody."""
	parameters: dict[str, Any] = {
		"title": "x", "doctype": "User", "docname": staff.user, "goal_value_field": "name", "goal_total_field": "name",
		"goal_history_field": "bio", "goal_doctype": "Employee", "goal_doctype_link": "owner", "goal_field": "ctc",
		"date_field": "creation", "aggregation": "max", "filters": json.dumps({"name": staff.manager}),
	}  # fmt: skip
	reply = api(staff.user).post("frappe.utils.goal.get_monthly_goal_graph_data", **parameters)
	assert str(int(CTC)) not in reply.text


def test_next_record_is_readable(staff: Staff, api: Api) -> None:
	"""Frappe alone names the next record of any DocType that matches any filter."""
	parameters = {
		"doctype": "Employee",
		"value": staff.employee,
		"sort_field": "creation",
		"filters": [["Employee", "ctc", "=", CTC]],
	}
	replies = [
		api(staff.user).post("frappe.desk.form.utils.get_next", prev=prev, **parameters) for prev in (0, 1)
	]
	assert staff.manager not in "".join(reply.text for reply in replies)
	hr = api(factories.make_user("HR Manager").name)
	found = {
		hr.post(
			"frappe.desk.form.utils.get_next",
			prev=prev,
			**{**parameters, "filters": [["Employee", "name", "=", staff.manager]]},
		)
		.json()
		.get("message")
		for prev in (0, 1)
	}
	assert staff.manager in found
	portal = api(factories.make_user(user_type="Website User").name)
	assert (
		portal.post("frappe.desk.form.utils.get_next", prev=0, doctype="Client", value="x").status_code == 403
	)
