"""The title of a linked record, such as a patient's name, only for users who may read the record; others get
its name.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

import frappe

from orchestrator import compat
from tests.support import clinic, factories, gameplan
from tests.support.client import Client, get_error

SURNAME = "Canary-Alderbourne-6620"
TITLE = f"Ada {SURNAME}"
METHOD = "frappe.desk.search.get_link_title"

Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]


@pytest.fixture(scope="module")
def patient(frappe_site: str) -> Any:
	frappe.set_user("Administrator")
	return clinic.make_client(clinic.make_connection(), last_name=SURNAME)


@pytest.fixture(scope="module")
def strangers(frappe_site: str) -> dict[str, str]:
	"""Return users who may not read clients."""
	frappe.set_user("Administrator")
	employee = factories.make_user("Employee", "Employee Self Service").name
	factories.make_employee(user_id=employee)
	return {
		"portal": factories.make_user(user_type="Website User").name,
		"desk": factories.make_user("Desk User").name,
		"kipu": factories.make_user("Kipu Sync Manager").name,
		"system manager": factories.make_user("System Manager").name,
		"employee": employee,
	}


KINDS = ("portal", "desk", "kipu", "system manager", "employee")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
	"path",
	[f"/api/method/{METHOD}", f"/api/v1/method/{METHOD}", f"/api/v2/method/{METHOD}", "/"],
)
def test_title_of_a_stranger(patient: Any, strangers: dict[str, str], api: Api, kind: str, path: str) -> None:
	parameters = {"doctype": "Client", "docname": patient.name, **({"cmd": METHOD} if path == "/" else {})}
	reply = api(strangers[kind]).request("POST", path, json=parameters)
	assert reply.status_code == 200, reply.text
	assert list(reply.json().values()) == [patient.name]


@pytest.mark.parametrize(
	"docname",
	[{"full_name": ["like", "Ada%"]}, ["full_name", "like", "Ada%"], [["full_name", "like", "Ada%"]], None],
)
def test_title_by_filters(patient: Any, strangers: dict[str, str], api: Api, docname: Any) -> None:
	for user in (strangers["portal"], strangers["desk"], clinic.make_clinical_user()):
		reply = api(user).post(METHOD, doctype="Client", docname=docname)
		assert get_error(reply) == (400, "InvalidNameError")
		assert SURNAME not in reply.text
	as_text = json.dumps(docname)
	reply = api(strangers["desk"]).request(
		"POST", f"/api/method/{METHOD}", data={"doctype": "Client", "docname": as_text}
	)
	assert reply.json()["message"] == as_text


def test_title_for_a_reader(patient: Any, api: Api, browser: Browser) -> None:
	user = clinic.make_clinical_user()
	for caller in (api(user), browser(user, factories.PASSWORD)):
		assert caller.get(METHOD, doctype="Client", docname=patient.name).json() == {"message": TITLE}
	near = clinic.make_clinical_user(patient.facility)
	assert api(near).get(METHOD, doctype="Client", docname=patient.name).json()["message"] == TITLE


def test_title_follows_user_permissions(patient: Any, api: Api) -> None:
	elsewhere = clinic.make_clinical_user(clinic.make_facility().name)
	assert (
		api(elsewhere).get(METHOD, doctype="Client", docname=patient.name).json()["message"] == patient.name
	)
	missing = api(elsewhere).get(METHOD, doctype="Client", docname="CL-NONE").json()["message"]
	assert missing == "CL-NONE"


def test_title_of_a_shared_record(patient: Any, api: Api) -> None:
	reader = factories.make_user("Desk User").name
	frappe.share.add("Client", patient.name, reader, read=1)
	frappe.db.commit()
	assert api(reader).get(METHOD, doctype="Client", docname=patient.name).json()["message"] == TITLE


def make_todo_about(patient: Any, user: str) -> str:
	"""Create a ToDo on the client for the user, whoever creates it."""
	frappe.db.rollback()
	values = {"description": "x", "reference_type": "Client", "reference_name": patient.name}
	return str(factories.make_record("ToDo", allocated_to=user, **values).name)


@pytest.mark.parametrize("kind", KINDS)
def test_form_with_a_link(patient: Any, strangers: dict[str, str], api: Api, kind: str) -> None:
	caller = api(strangers[kind])
	name = make_todo_about(patient, strangers[kind])
	form = caller.get("frappe.desk.form.load.getdoc", doctype="ToDo", name=name)
	assert form.status_code == 200, form.text
	assert form.json()["_link_titles"] == {f"Client::{patient.name}": patient.name}
	doc = {**form.json()["docs"][0], "description": "Changed"}
	saved = caller.request(
		"POST", "/api/method/frappe.desk.form.save.savedocs", data={"doc": json.dumps(doc), "action": "Save"}
	)
	docinfo = caller.get("frappe.desk.form.load.get_docinfo", doctype="ToDo", name=name)
	for reply in (form, saved, docinfo):
		assert reply.status_code == 200, reply.text
		assert SURNAME not in reply.text


def test_form_with_a_link_for_a_reader(patient: Any, api: Api, browser: Browser) -> None:
	user = clinic.make_clinical_user()
	name = make_todo_about(patient, user)
	form = browser(user, factories.PASSWORD).get("frappe.desk.form.load.getdoc", doctype="ToDo", name=name)
	assert form.json()["_link_titles"] == {f"Client::{patient.name}": TITLE}


def test_print_with_a_link(api: Api, site: str) -> None:
	"""A task may be printed by a user who may not read its sprint."""
	hidden, other = gameplan.make_sprint(title=f"{SURNAME} sprint"), gameplan.make_sprint()
	task = gameplan.make_task(hidden)
	reader, stranger = (factories.make_user("Projects User").name for _number in range(2))
	factories.make_record(
		"User Permission", user=stranger, allow="Sprint", for_value=other.name, apply_to_all_doctypes=0,
		applicable_for="Sprint",
	)  # fmt: skip
	for user, shown, withheld in ((reader, SURNAME, "nothing is"), (stranger, hidden.name, SURNAME)):
		caller = api(user)
		html = caller.get("frappe.www.printview.get_html_and_style", doc="Task", name=task.name)
		page = caller.request("GET", "/printview", params={"doctype": "Task", "name": task.name})
		for reply in (html, page):
			assert reply.status_code == 200, reply.text
			assert shown in reply.text
			assert withheld not in reply.text


def test_title_is_not_copied_into_contacts(patient: Any, api: Api) -> None:
	"""Frappe copies the title of each linked record into the rows of contacts and addresses."""
	for user in (
		factories.make_user("Sales User").name,
		clinic.make_clinical_user(None, "Clinical User", "Sales User"),
	):
		link = {"link_doctype": "Client", "link_name": patient.name}
		contact = api(user).request(
			"POST", "/api/resource/Contact", json={"first_name": factories.make_unique("C"), "links": [link]}
		)
		address = api(user).request(
			"POST", "/api/resource/Address",
			json={"address_title": factories.make_unique("A"), "address_line1": "1", "city": "X", "country": "United States", "links": [link]},
		)  # fmt: skip
		for reply in (contact, address):
			assert reply.status_code == 200, reply.text
			assert [row["link_title"] for row in reply.json()["data"]["links"]] == [patient.name]
			assert SURNAME not in reply.text


def test_title_of_a_readable_record_is_copied(api: Api, site: str) -> None:
	lead = factories.make_lead()
	caller = api(factories.make_user("Sales User").name)
	link = {"link_doctype": "Lead", "link_name": lead.name}
	reply = caller.request(
		"POST", "/api/resource/Contact", json={"first_name": factories.make_unique("C"), "links": [link]}
	)
	assert reply.json()["data"]["links"][0]["link_title"] == lead.get_title()


@pytest.mark.parametrize("method", ["search_link", "search_widget"])
@pytest.mark.parametrize("reference", [None, "ToDo", "Client Stay", "Employee"])
def test_search_does_not_ignore_permissions(
	patient: Any, api: Api, reference: str | None, method: str
) -> None:
	"""`ignore_user_permissions` makes Frappe ignore every permission of records."""
	reply = api(clinic.make_clinical_user(clinic.make_facility().name)).post(
		f"frappe.desk.search.{method}",
		doctype="Client",
		txt="Canary",
		ignore_user_permissions=1,
		reference_doctype=reference,
	)
	assert (reply.status_code, reply.json()["message"]) == (200, []), reply.text


def test_search_finds_records_of_the_own_facility(patient: Any, api: Api) -> None:
	here = api(clinic.make_clinical_user(patient.facility))
	found = here.post(
		"frappe.desk.search.search_link", doctype="Client", txt="Canary", ignore_user_permissions=1
	)
	assert patient.name in [row["value"] for row in found.json()["message"]]


@pytest.mark.parametrize("reference", ["Employee", "Leave Application"])
def test_search_of_employees_by_an_employee(
	strangers: dict[str, str], api: Api, site: str, reference: str
) -> None:
	colleague = factories.make_employee(first_name=factories.make_unique("Colleague"))
	reply = api(strangers["employee"]).post(
		"frappe.desk.search.search_link", doctype="Employee", txt=colleague.name, ignore_user_permissions=1,
		reference_doctype=reference, filters={"ctc": [">=", 0]},
	)  # fmt: skip
	assert reply.json()["message"] == [], reply.text


@pytest.mark.parametrize("kind", ["Sprint", "Orchestrator Dashboard", "Orchestrator Metric"])
def test_titles_of_other_doctypes(strangers: dict[str, str], api: Api, kind: str) -> None:
	frappe.db.rollback()
	title_field = frappe.get_meta(kind).title_field
	row = next(iter(frappe.get_all(kind, fields=["name", title_field], limit=1)), None)
	if row is None:
		row = factories.make_record(
			"Sprint", title=factories.make_unique("Sprint"), start_date="2026-11-02", end_date="2026-11-13"
		)
	reply = api(strangers["portal"]).get(METHOD, doctype=kind, docname=row.name)
	assert reply.json() == {"message": row.name}


def test_search_that_may_ignore_user_permissions(api: Api, site: str) -> None:
	"""The link from an employee to a superior has the property; HR may see every employee."""
	chosen, own = (factories.make_employee() for _number in range(2))
	hr = factories.make_user("HR Manager").name
	factories.make_record("User Permission", user=hr, allow="Employee", for_value=own.name)
	search = {
		"doctype": "Employee", "txt": chosen.name, "ignore_user_permissions": 1, "link_fieldname": "reports_to"
	}  # fmt: skip
	with_property = api(hr).post("frappe.desk.search.search_link", **search, reference_doctype="Employee")
	assert [row["value"] for row in with_property.json()["message"]] == [chosen.name]
	search["link_fieldname"] = "employee"
	without = api(hr).post("frappe.desk.search.search_link", **search, reference_doctype="Leave Application")
	if compat.SEARCH_CHECKS_LINK_FIELD:  # refused by Frappe
		assert (without.status_code, chosen.name in without.text.replace(f'"{chosen.name}"', "")) == (
			417,
			False,
		)
	else:
		assert without.json()["message"] == []


@pytest.mark.parametrize("reference", [None, "ToDo"])
def test_search_of_users_by_their_type(strangers: dict[str, str], api: Api, reference: str | None) -> None:
	"""Desk searches users to assign to and to share with in this way."""
	wanted = strangers["kipu"]
	reply = api(strangers["desk"]).post(
		"frappe.desk.search.search_link", doctype="User", txt=wanted, reference_doctype=reference,
		filters={"user_type": "System User", "enabled": 1}, ignore_user_permissions=1,
	)  # fmt: skip
	assert [row["value"] for row in reply.json()["message"]] == [wanted], reply.text
