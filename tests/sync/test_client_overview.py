"""One client in one call: what each reader sees of it, and what is refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

import frappe
from frappe.utils import add_days, add_to_date, add_years, getdate, now_datetime, nowdate

from orchestrator.apps import is_installed
from orchestrator.sync import get_client
from tests.support import clinic, docs_factories, factories, helpdesk
from tests.support.client import Client, get_data, get_error
from tests.support.keys import KeyMaker

METHOD = "orchestrator.sync.get_client"
MAX_STATEMENTS = 12
SECTIONS = ("tickets", "tasks", "documents", "appointments")
EVERY_ROLE = ("Clinical Manager", "Support Team", "Projects User", "Sales User", "Kipu Sync Manager")
Api = Callable[[str], Client]
Browser = Callable[[str, str], Client]


@dataclass(frozen=True)
class World:
	"""A client with two stays and one record or more of each kind, and its readers."""

	client: str
	current: str
	former: str
	facility: str
	other_facility: str
	folder: str
	all_roles: str
	clinical_user: str
	manager: str


def make_stay(client: Any, **values: Any) -> Any:
	defaults = {
		"client": client.name,
		"connection": client.connection,
		"facility": client.facility,
		"casefile_id": frappe.generate_hash(length=10),
		"status": "Active",
	}
	return factories.make_record("Client Stay", **{**defaults, **values})


def make_event(client: str, **values: Any) -> Any:
	participants = [{"reference_doctype": "Client", "reference_docname": client}]
	defaults = {
		"subject": factories.make_unique("Visit"),
		"event_type": "Public",
		"event_participants": participants,
	}
	return factories.make_record("Event", **{**defaults, **values})


def make_linked_records(client: str, folder: str) -> None:
	"""Two tickets, one closed; three tasks, one overdue; a document; an appointment to come."""
	factories.make_issue(subject="Lost phone", client=client)
	factories.make_issue(subject="Room too cold", client=client, status="Closed")
	factories.make_task(subject="Call the family", client=client, exp_end_date=add_days(nowdate(), -1))
	factories.make_task(subject="Order supplies", client=client, exp_end_date=nowdate())
	factories.make_task(
		subject="Greet", client=client, status="Completed", exp_end_date=add_days(nowdate(), -9)
	)
	docs_factories.make_document(folder, title="Consent.txt", client=client)
	make_event(client, subject="Family meeting", starts_on=add_days(nowdate(), 3))


@pytest.fixture(scope="module")
def world(frappe_site: str) -> World:
	frappe.set_user("Administrator")
	connection = clinic.make_connection()
	client = clinic.make_client(
		connection,
		first_name="Zora",
		last_name="Quill",
		date_of_birth=add_days(add_years(nowdate(), -30), 1),  # thirty tomorrow
		admission_date="2026-01-05",
		level_of_care="Residential",
		race="Canary-Race",
		date_of_death=None,
	)
	other = clinic.make_facility().name
	former = make_stay(
		client, status="Discharged", admission_date="2024-03-01", discharge_date="2024-03-31", facility=other
	)
	current = make_stay(
		client,
		admission_date="2026-01-05",
		anticipated_discharge_date=add_days(nowdate(), -2),
		discharge_type="Canary-Discharge",
		building_name="East",
		room_name="12",
	)
	folder = docs_factories.make_folder(("Role", "Clinical Manager", "Read"))
	make_linked_records(client.name, folder)
	client.add_comment("Comment", "<p>Prefers <b>tea</b></p>")
	client.reload()
	client.update({"race": "Canary-Other-Race", "phone": "555-0100"}).save()
	frappe.db.commit()
	return World(
		client.name,
		current.name,
		former.name,
		client.facility,
		other,
		folder,
		factories.make_user(*EVERY_ROLE).name,
		clinic.make_clinical_user(),
		clinic.make_clinical_user(None, "Clinical Manager"),
	)


def fetch(api: Api, user: str, world: World) -> dict[str, Any]:
	return get_data(api(user).get(METHOD, client=world.client))


def get_counts(section: dict[str, Any]) -> tuple[int, int, int]:
	return section["total"], section["open"], section["overdue"]


def test_header_has_state_and_age(world: World, api: Api, site: str) -> None:
	header = fetch(api, world.clinical_user, world)["client"]
	assert (header["full_name"], header["status"], header["facility"]) == (
		"Zora Quill",
		"Active",
		world.facility,
	)
	assert (header["age"], header["level_of_care"]) == (29, "Residential")
	assert header["expected_discharge_date"] == add_days(nowdate(), -2)
	assert not [name for name in header if name in ("race", "ethnicity", "person_id", "contacts")]


def test_stays_are_newest_first_with_their_days(world: World, api: Api, site: str) -> None:
	stays = fetch(api, world.clinical_user, world)["stays"]
	assert [stay["name"] for stay in stays] == [world.current, world.former]
	assert [stay["days"] for stay in stays] == [(getdate() - getdate("2026-01-05")).days, 30]
	assert stays[0]["bed"] == "East, 12"


def test_reader_of_everything_gets_every_section(world: World, api: Api, site: str) -> None:
	found = fetch(api, world.all_roles, world)
	assert {name: get_counts(found[name]) for name in SECTIONS} == {
		"tickets": (2, 1, 0),
		"tasks": (3, 2, 1),
		"documents": (1, 1, 0),
		"appointments": (1, 1, 0),
	}
	assert [row["title"] for row in found["tasks"]["records"]] == [
		"Call the family",
		"Order supplies",
		"Greet",
	]
	assert [row["is_overdue"] for row in found["tasks"]["records"]] == [True, False, False]
	assert [row["title"] for row in found["tickets"]["records"]] == ["Lost phone", "Room too cold"]
	assert found["can_create"] == {
		"tickets": "Issue", "tasks": "Task", "documents": "Document", "appointments": "Event",
	}  # fmt: skip


def test_alerts_name_what_is_overdue(world: World, api: Api, site: str) -> None:
	alerts = fetch(api, world.all_roles, world)["alerts"]
	assert [(alert["code"], alert["count"]) for alert in alerts] == [
		("discharge_overdue", None),
		("overdue_tasks", 1),
	]


def test_sections_without_permission_are_null(world: World, api: Api, site: str) -> None:
	found = fetch(api, world.clinical_user, world)
	assert (found["tasks"], get_counts(found["documents"])) == (None, (0, 0, 0))
	assert "Issue" not in (found["tickets"] or {"doctypes": []})["doctypes"]
	assert [alert["code"] for alert in found["alerts"]] == ["discharge_overdue"]
	assert {"tasks", "tickets"}.isdisjoint(
		set(found["can_create"]) - ({"tickets"} if is_installed("helpdesk") else set())
	)
	assert "Call the family" not in str(found)
	assert "Lost phone" not in str(found)


def test_documents_are_those_of_readable_folders(world: World, api: Api, site: str) -> None:
	found = fetch(api, world.manager, world)["documents"]
	assert [row["title"] for row in found["records"]] == ["Consent.txt"]


def test_record_shared_with_a_reader_without_role_is_listed(world: World, api: Api, site: str) -> None:
	user = clinic.make_clinical_user()
	task = factories.make_task(subject="Shared with you", client=world.client)
	frappe.share.add("Task", task.name, user, read=1)
	frappe.db.commit()
	try:
		assert get_counts(fetch(api, user, world)["tasks"]) == (1, 1, 0)
	finally:
		frappe.delete_doc("Task", task.name, force=True)
		frappe.db.commit()


def test_fields_above_the_readers_level_are_left_out(world: World, api: Api, site: str) -> None:
	for_user, for_manager = (str(fetch(api, user, world)) for user in (world.clinical_user, world.manager))
	assert "Canary" not in for_user
	assert "Canary-Discharge" in for_manager
	assert "Canary-Other-Race" in for_manager
	assert "555-0100" in for_user


def test_activity_has_comments_and_changes_newest_first(world: World, api: Api, site: str) -> None:
	activity = fetch(api, world.clinical_user, world)["activity"]
	assert [(entry["kind"], entry["text"]) for entry in activity] == [
		("change", ""),
		("comment", "Prefers tea"),
	]
	assert [change["field"] for change in activity[0]["changes"]] == ["phone"]


@contextmanager
def set_level(doctype: str, fieldname: str, level: int) -> Iterator[None]:
	"""Move a field to a permission level that nobody but the Administrator has."""
	setter = frappe.make_property_setter(
		{
			"doctype": doctype,
			"fieldname": fieldname,
			"property": "permlevel",
			"value": level,
			"property_type": "Int",
		},
		is_system_generated=False,
	)
	frappe.db.commit()
	try:
		yield
	finally:
		name = (
			setter.name
			if setter
			else frappe.db.exists(
				"Property Setter", {"doc_type": doctype, "field_name": fieldname, "property": "permlevel"}
			)
		)
		frappe.delete_doc("Property Setter", name, force=True)
		frappe.clear_cache(doctype=doctype)
		frappe.db.commit()


def test_title_above_the_readers_level_is_replaced_by_the_name(world: World, api: Api, site: str) -> None:
	with set_level("Task", "subject", 5):
		found = fetch(api, world.all_roles, world)["tasks"]
	assert [row["title"] for row in found["records"]] == [row["name"] for row in found["records"]]


def test_section_is_null_if_the_link_is_above_the_readers_level(world: World, api: Api, site: str) -> None:
	with set_level("Task", "client", 5):
		assert fetch(api, world.all_roles, world)["tasks"] is None


def test_client_of_another_facility_is_hidden(world: World, api: Api, site: str) -> None:
	user = clinic.make_clinical_user(world.other_facility)
	assert get_error(api(user).get(METHOD, client=world.client)) == (404, "DoesNotExistError")


def test_stay_of_another_facility_is_left_out(world: World, api: Api, site: str) -> None:
	found = fetch(api, clinic.make_clinical_user(world.facility), world)
	assert [stay["name"] for stay in found["stays"]] == [world.current]


def test_callers_without_permission_are_refused(world: World, api: Api, guest: Client, site: str) -> None:
	assert get_error(guest.get(METHOD, client=world.client)) == (401, "AuthenticationError")
	for_sync = factories.make_user("Kipu Sync Manager", "System Manager").name
	assert get_error(api(for_sync).get(METHOD, client=world.client)) == (403, "PermissionError")
	assert get_error(api(for_sync).get(METHOD, client="CL-UNKNOWN")) == (403, "PermissionError")
	assert get_error(api(world.clinical_user).get(METHOD, client="CL-UNKNOWN")) == (404, "DoesNotExistError")


@pytest.mark.parametrize("client", ["%", "' or 1=1 -- "])
def test_other_text_is_no_client(world: World, api: Api, site: str, client: str) -> None:
	assert get_error(api(world.clinical_user).post(METHOD, client=client)) == (404, "DoesNotExistError")


@pytest.mark.parametrize("client", ["", ["x"], {"name": ["like", "%"]}, 5, None])
def test_client_must_be_a_name(world: World, api: Api, site: str, client: Any) -> None:
	assert api(world.clinical_user).post(METHOD, client=client).status_code in (400, 404)


def make_limited_agent(world: World) -> str:
	"""Create a reader of everything who is limited to a facility and a company, and belongs to a department."""
	user = factories.make_user(
		"Clinical User", "Support Team", "Projects User", "Sales User", "Employee"
	).name
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Ward"), company=factories.get_company()
	).name
	factories.make_employee(user_id=user, department=department, create_user_permission=0)
	for allow, value in (("Facility", world.facility), ("Company", factories.get_company())):
		factories.make_record("User Permission", user=user, allow=allow, for_value=value)
	return user


@pytest.mark.parametrize("records", [0, 30])
@pytest.mark.parametrize("reader", ["all roles", "clinical user", "limited agent"])
def test_at_most_twelve_statements_whatever_the_client_has(
	world: World, site: str, reader: str, records: int
) -> None:
	user = {"all roles": world.all_roles, "clinical user": world.clinical_user}.get(
		reader
	) or make_limited_agent(world)
	client = clinic.make_client(
		frappe.get_doc("Kipu Connection", frappe.db.get_value("Client", world.client, "connection")),
		facility=world.facility,
	)
	for number in range(records):
		factories.make_task(client=client.name)
		factories.make_issue(client=client.name)
		make_stay(client, admission_date=add_days("2020-01-01", number))
		client.add_comment("Comment", str(number))
	frappe.db.commit()
	frappe.set_user(user)
	get_client(client.name)  # Frappe's own caches are filled from here on
	frappe.local.document_access = None
	with helpdesk.capture_queries() as sent:
		found = get_client(client.name)
	assert len(found["stays"]) == records
	assert len(sent) <= MAX_STATEMENTS, "\n".join(sent)


def test_sections_show_twenty_records_and_count_all(world: World, api: Api, site: str) -> None:
	client = clinic.make_client(clinic.make_connection())
	for _number in range(23):
		factories.make_task(client=client.name)
	found = get_data(api(world.all_roles).get(METHOD, client=client.name))["tasks"]
	assert (len(found["records"]), found["total"], found["open"]) == (20, 23, 23)


def test_absent_client_and_its_sync_issues_are_alerts(world: World, api: Api, site: str) -> None:
	connection = clinic.make_connection()
	client = clinic.make_client(connection, status="Absent")
	stay = make_stay(client, status="Absent", absent_since="2026-05-06 07:08:09")
	factories.make_record(
		"Sync Issue",
		connection=connection.name,
		kind="Record",
		status="Open",
		code="bad_type",
		reference_doctype="Client Stay",
		reference_name=stay.name,
	)
	for_all = get_data(api(world.all_roles).get(METHOD, client=client.name))["alerts"]
	assert [(alert["code"], alert["count"]) for alert in for_all] == [("absent", None), ("sync_issues", 1)]
	assert "05-06-2026" in for_all[0]["message"] or "2026-05-06" in for_all[0]["message"]
	for_clinic = get_data(api(world.clinical_user).get(METHOD, client=client.name))["alerts"]
	assert [alert["code"] for alert in for_clinic] == ["absent"]


def test_private_event_of_another_user_is_left_out(world: World, api: Api, site: str) -> None:
	client = clinic.make_client(clinic.make_connection())
	make_event(
		client.name,
		subject="Private talk",
		event_type="Private",
		starts_on=add_to_date(now_datetime(), hours=3),
	)
	make_event(client.name, subject="Yesterday", starts_on=add_days(nowdate(), -1))
	found = get_data(api(world.manager).get(METHOD, client=client.name))["appointments"]
	assert ([row["title"] for row in found["records"]], get_counts(found)) == (["Yesterday"], (1, 0, 0))


def test_key_sees_what_its_scope_includes(world: World, api: Api, site: str) -> None:
	keys = KeyMaker(api(world.all_roles))
	scope = {"doctypes": {"Client": ["read"], "Task": ["read"]}, "methods": [METHOD]}
	found = get_data(keys.client(**scope).get(METHOD, client=world.client))
	assert [name for name in SECTIONS if found[name]] == ["tasks"]
	assert (found["stays"], found["activity"], found["can_create"]) == (None, [], {})
	refused = keys.client(doctypes={"Task": ["read"]}, methods=[METHOD])
	assert get_error(refused.get(METHOD, client=world.client)) == (403, "PermissionError")


def test_printed_client_has_no_sensitive_fields(world: World, browser: Browser, site: str) -> None:
	printed = browser(world.manager, factories.PASSWORD).get(
		"frappe.www.printview.get_html_and_style", doc="Client", name=world.client
	)
	html = printed.json()["message"]["html"]
	assert "Zora Quill" in html
	assert "555-0100" in html
	assert "Canary" not in html
	assert frappe.db.get_value("Client", world.client, "person_id") not in html
	assert world.other_facility in html  # the former stay


def test_client_is_printed_with_the_letter_head(world: World, browser: Browser, site: str) -> None:
	head = factories.make_record(
		"Letter Head",
		letter_head_name=factories.make_unique("Head"),
		source="HTML",
		content="<b>Harbor Clinic</b>",
	)
	printed = browser(world.clinical_user, factories.PASSWORD).get(
		"frappe.www.printview.get_html_and_style", doc="Client", name=world.client, letterhead=head.name
	)
	assert "<b>Harbor Clinic</b>" in printed.json()["message"]["html"]
