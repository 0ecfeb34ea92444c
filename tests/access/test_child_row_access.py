"""Single rows of child tables: readable and writable with the record that they belong to, by every route."""

import json
from typing import NamedTuple

import pytest

import frappe

from orchestrator.access import child_rows, switch
from tests.support import factories
from tests.support.client import Client, get_error
from tests.support.docs_factories import make_folder
from tests.support.gameplan import make_sprint
from tests.support.hr_factories import make_person


class Case(NamedTuple):
	"""Rows of a child table: one in a record that the caller may not read, and one in a record that they may
	read.
	"""

	doctype: str
	parenttype: str
	parentfield: str
	user: str
	hidden: str
	hidden_row: str
	own: str
	own_row: str
	field: str
	value: object

	def new_row(self, parent: str, **values: object) -> dict[str, object]:
		"""Return a copy of the hidden row, for another insertion."""
		row = frappe.get_doc(self.doctype, self.hidden_row).as_dict(no_nulls=True)
		kept = {
			field.fieldname: row[field.fieldname]
			for field in frappe.get_meta(self.doctype).fields
			if field.fieldname in row and not isinstance(row[field.fieldname], list)
		}
		place = {"parenttype": self.parenttype, "parent": parent, "parentfield": self.parentfield}
		return {"doctype": self.doctype, **json.loads(frappe.as_json(kept)), **place, **values}


def make_case(user, hidden, own, parentfield, field, value):
	table = frappe.get_meta(hidden.doctype).get_field(parentfield)
	rows = [doc.get(parentfield)[0].name for doc in (hidden, own)]
	return Case(
		table.options,
		hidden.doctype,
		parentfield,
		user,
		hidden.name,
		rows[0],
		own.name,
		rows[1],
		field,
		value,
	)


def make_folder_case():
	user = factories.make_user("Newsletter Manager").name
	other = factories.make_user("Newsletter Manager").name
	hidden = frappe.get_doc("Document Folder", make_folder(("User", other, "Read")))
	own = frappe.get_doc("Document Folder", make_folder(("User", user, "Manage")))
	return make_case(user, hidden, own, "access", "level", "Manage")


def make_sprint_case():
	project = factories.make_project().name
	user = factories.make_user("Projects User").name
	factories.make_record("User Permission", user=user, allow="Project", for_value=project)
	members = [{"user": user, "capacity_hours": 4}]
	return make_case(
		user,
		make_sprint(members=members),
		make_sprint(project, members=members),
		"members",
		"capacity_hours",
		9.0,
	)


def make_employee_case():
	education = [{"school_univ": "Hidden University", "qualification": "PhD"}]
	other, person = (make_person(education=education) for _ in range(2))
	hidden, own = (frappe.get_doc("Employee", each.employee) for each in (other, person))
	return make_case(person.user, hidden, own, "education", "school_univ", "Changed")


def make_dashboard_case():
	user = factories.make_user("Newsletter Manager").name
	metric = frappe.get_all("Orchestrator Metric", pluck="name", limit=1)[0]
	hidden, own = (
		factories.make_record(
			"Orchestrator Dashboard",
			dashboard_name=f"board_{frappe.generate_hash(length=8)}",
			title=factories.make_unique("Board"),
			items=[{"metric": metric}],
			roles=roles,
		)
		for roles in ([{"role": "Accounts Manager"}], [])
	)
	return make_case(user, hidden, own, "items", "width", "Half")


MAKERS = {
	"folder": make_folder_case,
	"sprint": make_sprint_case,
	"employee": make_employee_case,
	"dashboard": make_dashboard_case,
}


@pytest.fixture(scope="module", params=MAKERS)
def case(request, frappe_site):
	frappe.set_user("Administrator")
	frappe.db.rollback()
	made = MAKERS[request.param]()
	frappe.db.commit()
	return made


@pytest.fixture
def client(api, case, site) -> Client:
	return api(case.user)


def list_rows(case: Case, parent: str) -> list[tuple[str, str]]:
	frappe.db.rollback()
	rows = frappe.get_all(
		case.doctype, {"parent": parent, "parenttype": case.parenttype}, ["name", case.field], order_by="name"
	)
	return [(row.name, str(row[case.field])) for row in rows]


@pytest.fixture
def unchanged(case, site):
	"""Assert that the rows of the hidden record are the same after the test."""
	before = list_rows(case, case.hidden)
	yield
	assert list_rows(case, case.hidden) == before


LISTS = {
	"get_list": lambda case, fields: (
		"GET",
		"/api/method/frappe.client.get_list",
		{"doctype": case.doctype, "parent": case.parenttype, "fields": fields, "limit_page_length": 500},
	),
	"reportview": lambda case, fields: (
		"GET",
		"/api/method/frappe.desk.reportview.get_list",
		{
			"doctype": case.doctype,
			"parent_doctype": case.parenttype,
			"fields": fields,
			"page_length": 500,
		},
	),
	"resource": lambda case, fields: (
		"GET",
		f"/api/resource/{case.doctype}",
		{"parent": case.parenttype, "fields": fields, "limit_page_length": 500},
	),
	"v2": lambda case, fields: (
		"GET",
		f"/api/v2/document/{case.doctype}",
		{"parent": case.parenttype, "fields": fields, "limit": 500},
	),
}


@pytest.mark.parametrize("route", LISTS)
def test_lists_hold_the_rows_of_readable_records_only(client, case, route):
	verb, path, params = LISTS[route](case, '["name", "parent"]')
	reply = client.request(verb, path, params=params)
	assert case.hidden_row not in reply.text
	assert case.hidden not in reply.text
	if reply.ok:
		assert case.own_row in reply.text
	else:
		assert reply.status_code in (403, 417)
	if route in ("get_list", "reportview"):
		assert reply.ok, reply.text


def test_counts_and_values_are_of_readable_records_only(client, case):
	filters = json.dumps({"name": case.hidden_row})
	listed = {"doctype": case.doctype, "parent": case.parenttype, "filters": filters}
	count = client.get("frappe.desk.reportview.get_count", parent_doctype=case.parenttype, **listed)
	assert count.json().get("message", 0) == 0
	value = client.get("frappe.client.get_value", fieldname=f'["{case.field}"]', **listed)
	assert not value.json().get("message")
	found = client.get("frappe.client.get", **listed)
	assert found.status_code == 404
	search = client.get(
		"frappe.desk.search.search_link", doctype=case.doctype, txt="", reference_doctype=case.parenttype
	)
	assert case.hidden_row not in search.text


READS = {
	"get": lambda case: (
		"/api/method/frappe.client.get",
		{"doctype": case.doctype, "parent": case.parenttype},
	),
	"getdoc": lambda case: ("/api/method/frappe.desk.form.load.getdoc", {"doctype": case.doctype}),
	"resource": lambda case: (f"/api/resource/{case.doctype}/{{name}}", {}),
	"v1": lambda case: (f"/api/v1/resource/{case.doctype}/{{name}}", {}),
	"v2": lambda case: (f"/api/v2/document/{case.doctype}/{{name}}", {}),
	"has_permission": lambda case: (
		"/api/method/frappe.client.has_permission",
		{"doctype": case.doctype, "perm_type": "read"},
	),
}


@pytest.mark.parametrize(("row", "readable"), [("hidden_row", False), ("own_row", True)])
@pytest.mark.parametrize("route", READS)
def test_a_row_is_read_where_its_record_is(client, case, route, row, readable):
	name = getattr(case, row)
	path, params = READS[route](case)
	named = {"docname" if route == "has_permission" else "name": name, **params}
	reply = client.request("GET", path.format(name=name), params=named)
	if route == "has_permission":
		assert bool(reply.json()["message"]["has_permission"]) is readable
	else:
		assert reply.ok is readable, reply.text
		assert readable or reply.status_code in (403, 404)


def test_methods_of_a_hidden_row_do_not_run(client, case, unchanged):
	body = {"dt": case.doctype, "dn": case.hidden_row, "method": "get_title"}
	reply = client.request("POST", "/api/method/run_doc_method", json=body)
	assert get_error(reply) == (403, "PermissionError")


INSERTS = {
	"insert": lambda row: ("/api/method/frappe.client.insert", {"doc": row}),
	"insert_many": lambda row: ("/api/method/frappe.client.insert_many", {"docs": [row]}),
	"save": lambda row: ("/api/method/frappe.client.save", {"doc": row}),
	"savedocs": lambda row: (
		"/api/method/frappe.desk.form.save.savedocs",
		{"doc": json.dumps({**row, "__islocal": 1, "name": "new-row-1"}), "action": "Save"},
	),
	"resource": lambda row: (f"/api/resource/{row['doctype']}", row),
	"v1": lambda row: (f"/api/v1/resource/{row['doctype']}", row),
	"v2": lambda row: (f"/api/v2/document/{row['doctype']}", row),
}


@pytest.mark.parametrize("route", INSERTS)
def test_no_row_is_added_to_a_record_that_the_caller_may_not_write(client, case, route, unchanged):
	path, body = INSERTS[route](case.new_row(case.hidden))
	reply = client.request("POST", path, json=body)
	assert reply.status_code in (403, 404), reply.text


@pytest.mark.parametrize("parent", ["no such record", ""])
def test_no_row_is_added_to_an_invented_record(client, case, parent):
	before = frappe.db.count(case.doctype)
	reply = client.request("POST", f"/api/resource/{case.doctype}", json=case.new_row(parent))
	assert reply.status_code in (403, 404, 417), reply.text
	frappe.db.rollback()
	assert frappe.db.count(case.doctype) == before


def test_no_row_is_moved(client, case, unchanged):
	"""Rows cannot be moved out of a hidden record or into one."""
	path = f"/api/resource/{case.doctype}"
	taken = client.request("PUT", f"{path}/{case.hidden_row}", json={"parent": case.own})
	assert taken.status_code in (403, 404), taken.text
	given = client.request("PUT", f"{path}/{case.own_row}", json={"parent": case.hidden})
	assert given.status_code in (403, 404), given.text
	whole = {**case.new_row(case.own), "name": case.hidden_row, case.field: case.value}
	assert client.post("frappe.client.save", doc=whole).status_code in (403, 404, 417)
	assert case.own_row in dict(list_rows(case, case.own))


SAVES = {
	"set_value": lambda case, rows: (
		"POST",
		"/api/method/frappe.client.set_value",
		{"doctype": case.parenttype, "name": case.own, "fieldname": {case.parentfield: rows}},
	),
	"save": lambda case, rows: (
		"POST",
		"/api/method/frappe.client.save",
		{"doc": {**json.loads(frappe.get_doc(case.parenttype, case.own).as_json()), case.parentfield: rows}},
	),
	"resource": lambda case, rows: (
		"PUT",
		f"/api/resource/{case.parenttype}/{case.own}",
		{case.parentfield: rows},
	),
	"v2": lambda case, rows: (
		"PUT",
		f"/api/v2/document/{case.parenttype}/{case.own}",
		{case.parentfield: rows},
	),
}


@pytest.mark.parametrize("route", SAVES)
def test_no_row_of_a_hidden_record_is_saved_with_another(client, case, route, unchanged):
	before = list_rows(case, case.own)
	row = {**case.new_row(case.own), "name": case.hidden_row, case.field: case.value}
	verb, path, body = SAVES[route](case, [row])
	reply = client.request(verb, path, json=body)
	error = reply.json()["errors"][0]["type"] if route == "v2" else reply.json()["exc_type"]
	assert (reply.status_code, error) == (403, "PermissionError"), reply.text
	assert list_rows(case, case.own) == before


CHANGES = {
	"set_value": lambda case: (
		"POST",
		"/api/method/frappe.client.set_value",
		{"doctype": case.doctype, "name": case.hidden_row, "fieldname": case.field, "value": case.value},
	),
	"resource": lambda case: (
		"PUT",
		f"/api/resource/{case.doctype}/{case.hidden_row}",
		{case.field: case.value},
	),
	"v2": lambda case: (
		"PUT",
		f"/api/v2/document/{case.doctype}/{case.hidden_row}",
		{case.field: case.value},
	),
	"save": lambda case: (
		"POST",
		"/api/method/frappe.client.save",
		{"doc": {**case.new_row(case.hidden), "name": case.hidden_row, case.field: case.value}},
	),
	"bulk_update": lambda case: (
		"POST",
		"/api/method/frappe.client.bulk_update",
		{"docs": json.dumps([{"doctype": case.doctype, "docname": case.hidden_row, case.field: case.value}])},
	),
	"delete": lambda case: (
		"POST",
		"/api/method/frappe.client.delete",
		{"doctype": case.doctype, "name": case.hidden_row},
	),
	"delete_items": lambda case: (
		"POST",
		"/api/method/frappe.desk.reportview.delete_items",
		{"doctype": case.doctype, "items": json.dumps([case.hidden_row])},
	),
	"resource_delete": lambda case: ("DELETE", f"/api/resource/{case.doctype}/{case.hidden_row}", {}),
	"v2_delete": lambda case: ("DELETE", f"/api/v2/document/{case.doctype}/{case.hidden_row}", {}),
	"rename": lambda case: (
		"POST",
		"/api/method/frappe.client.rename_doc",
		{"doctype": case.doctype, "old_name": case.hidden_row, "new_name": "another"},
	),
}


@pytest.mark.parametrize("route", CHANGES)
def test_no_row_of_a_hidden_record_is_changed_or_deleted(client, case, route, unchanged):
	verb, path, body = CHANGES[route](case)
	reply = client.request(verb, path, json=body)
	if route not in ("bulk_update", "delete_items"):  # which answer 200 and name what failed
		refused = (417,) if route == "rename" else (403, 404)
		assert reply.status_code in refused, reply.text


@pytest.mark.parametrize("maker", [make_folder_case, make_sprint_case])
def test_rows_of_own_record_are_written(api, site, maker):
	case = maker()
	frappe.db.commit()
	client = api(case.user)
	assert client.request(
		"PUT", f"/api/resource/{case.doctype}/{case.own_row}", json={case.field: case.value}
	).ok
	assert (case.own_row, str(case.value)) in list_rows(case, case.own)
	assert client.request("POST", f"/api/resource/{case.doctype}", json=case.new_row(case.own)).ok
	assert len(list_rows(case, case.own)) == 2


@pytest.mark.parametrize("parent", ["Report", "Page", "Orchestrator Dashboard", "User"])
def test_a_row_belongs_to_the_doctype_that_it_names(api, site, parent):
	"""`Has Role` is a table of users, reports and dashboards: a dashboard's row is not read as that of a report."""
	hidden = factories.make_record(
		"Orchestrator Dashboard",
		dashboard_name=f"board_{frappe.generate_hash(length=8)}",
		title=factories.make_unique("Board"),
		items=[{"metric": frappe.get_all("Orchestrator Metric", pluck="name", limit=1)[0]}],
		roles=[{"role": "Accounts Manager"}],
	)
	user = factories.make_user("Newsletter Manager").name
	reply = api(user).get(
		"frappe.client.get_list",
		doctype="Has Role",
		parent=parent,
		fields='["name", "parent"]',
		filters=json.dumps({"parent": ["in", [hidden.name, "Administrator"]]}),
	)
	assert hidden.name not in reply.text
	assert "Administrator" not in reply.text


def test_a_portal_user_reads_no_roles_of_others(api, site):
	portal = factories.make_user(user_type="Website User").name
	other = factories.make_user("Accounts User")
	client = api(portal)
	listed = client.get(
		"frappe.client.get_list",
		doctype="Has Role",
		parent="User",
		fields='["role"]',
		filters=json.dumps({"parent": other.name}),
	)
	assert "Accounts User" not in listed.text
	row = other.roles[0].name
	assert client.get("frappe.client.get", doctype="Has Role", name=row, parent="User").status_code in (
		403,
		404,
	)


def test_records_reached_by_a_share_bring_their_rows(api, site):
	"""Without any role for projects, only the shared sprint is readable."""
	user = factories.make_user("Newsletter Manager").name
	members = [{"user": user, "capacity_hours": 4}]
	shared, other = (make_sprint(members=members) for _ in range(2))
	frappe.share.add_docshare(
		"Project", shared.project, user, read=1, flags={"ignore_share_permission": True}
	)
	frappe.share.add_docshare("Sprint", shared.name, user, read=1, flags={"ignore_share_permission": True})
	frappe.db.commit()
	reply = api(user).get(
		"frappe.client.get_list", doctype="Sprint Member", parent="Sprint", fields='["name"]'
	)  # Frappe 16.9 returns no other fields of rows to users with only a share, Frappe 15.105 does
	assert {row["name"] for row in reply.json()["data"]} == {shared.members[0].name}
	client = api(user)
	assert client.get(
		"frappe.client.get", doctype="Sprint Member", name=shared.members[0].name, parent="Sprint"
	).ok
	hidden = client.get(
		"frappe.client.get", doctype="Sprint Member", name=other.members[0].name, parent="Sprint"
	)
	assert hidden.status_code in (403, 404)


def test_rows_of_a_submitted_record_are_changed_with_it_only(api, site):
	"""Single rows would bypass the validation of the record."""
	project = factories.make_project().name
	user = factories.make_user("Projects User", "Employee").name
	sprint = make_sprint(project, members=[{"user": user, "capacity_hours": 4}])
	frappe.db.set_value("Sprint", sprint.name, "docstatus", 1)
	frappe.db.commit()
	row = sprint.members[0].name
	reply = api(user).request("PUT", f"/api/resource/Sprint Member/{row}", json={"capacity_hours": 9})
	assert reply.status_code == 403
	frappe.db.rollback()
	assert frappe.db.get_value("Sprint Member", row, "capacity_hours") == 4


def test_lists_of_parents_filter_by_their_rows(api, site):
	case = make_sprint_case()
	frappe.db.commit()
	rows = api(case.user).get(
		"frappe.client.get_list",
		doctype="Sprint",
		filters=json.dumps([["Sprint Member", "user", "=", case.user]]),
		fields='["name", "members.capacity_hours"]',
	)
	assert rows.json()["data"] == [{"name": case.own, "capacity_hours": 4}]


def test_other_doctypes_get_no_condition_of_this(site):
	user = factories.make_user("Sales User").name
	assert child_rows.build_conditions(user, "Lead") == ""
	assert child_rows.build_conditions("Administrator", "Sprint Member") == ""
	assert child_rows.build_conditions(user, "Sprint Member") == "1 = 0"


def test_own_child_tables_are_guarded_even_with_the_switch_off(site):
	"""Document Folder Access decides who reads documents."""
	assert child_rows.build_conditions("nobody@example.com", "Document Folder Access")
	switch.begin()
	frappe.local.orchestrator_switch.guarded = False
	try:
		assert child_rows.build_conditions("nobody@example.com", "Document Folder Access")
		assert child_rows.build_conditions("nobody@example.com", "Sales Order Item") == ""
	finally:
		del frappe.local.orchestrator_switch
