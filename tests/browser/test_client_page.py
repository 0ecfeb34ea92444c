"""The page of a client in a browser, and the ways to it."""

from collections.abc import Callable

import pytest

import frappe
from frappe.utils import add_days, nowdate

from tests.support import clinic, docs_factories, factories
from tests.support.desk import Desk

OpenDesk = Callable[[str], Desk]
EVERY_ROLE = ("Clinical Manager", "Support Team", "Projects User", "Sales User")


@pytest.fixture(scope="module")
def client(frappe_site: str) -> str:
	"""A client with a stay, an overdue task, a ticket, a document and a comment."""
	frappe.set_user("Administrator")
	connection = clinic.make_connection()
	record = clinic.make_client(
		connection,
		first_name="Zora",
		last_name="Quill",
		date_of_birth="1990-05-04",
		level_of_care="Residential",
		admission_date="2026-01-05",
		phone="555-0100",
	)
	for status, begin, end in (("Active", "2026-01-05", None), ("Discharged", "2024-03-01", "2024-03-31")):
		factories.make_record(
			"Client Stay",
			client=record.name,
			connection=connection.name,
			facility=record.facility,
			casefile_id=frappe.generate_hash(length=10),
			status=status,
			admission_date=begin,
			discharge_date=end,
			anticipated_discharge_date=add_days(nowdate(), 9),
			level_of_care="Residential",
			room_name="Room 12",
		)
	factories.make_task(
		subject="Call <b>the family</b>", client=record.name, exp_end_date=add_days(nowdate(), -1)
	)
	factories.make_issue(subject="Lost phone", client=record.name)
	folder = docs_factories.make_folder(("Role", "Clinical Manager", "Read"))
	docs_factories.make_document(folder, title="Consent.txt", client=record.name)
	record.add_comment("Comment", "Prefers tea")
	record.reload()
	record.update({"phone": "555-0101"}).save()
	frappe.db.commit()
	return str(record.name)


def test_page_shows_the_client_and_creates_records_for_it(open_desk: OpenDesk, client: str) -> None:
	desk = open_desk(factories.make_user(*EVERY_ROLE).name)
	page = desk.open(f"/app/client-360/{client}", "[data-section=activity]")
	assert page.title() == "Zora Quill"
	assert page.locator("[data-stay]").count() == 2
	assert page.locator("[data-alert=overdue_tasks]").inner_text() == "Overdue tasks: 1"
	assert "Call <b>the family</b>" in page.locator("[data-section=tasks]").inner_text()
	assert "Lost phone" in page.locator("[data-section=tickets]").inner_text()
	assert "Consent.txt" in page.locator("[data-section=documents]").inner_text()
	assert "555-0101" in page.locator("[data-section=activity]").inner_text()
	width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
	assert width <= 0
	page.click("[data-section=tasks] button")
	page.wait_for_function("cur_frm && cur_frm.doctype === 'Task' && cur_frm.is_new()")
	assert page.evaluate("cur_frm.doc.client") == client


def test_page_of_a_clinical_user_has_no_section_without_permission(open_desk: OpenDesk, client: str) -> None:
	page = open_desk(clinic.make_clinical_user()).open(f"/app/client-360/{client}", "[data-section=activity]")
	assert page.locator("[data-section=tasks]").count() == 0
	assert "Call" not in page.locator(".client-360").inner_text()
	assert page.locator("[data-alert]").count() == 0


def test_forms_and_lists_lead_to_the_page(open_desk: OpenDesk, client: str) -> None:
	desk = open_desk(factories.make_user(*EVERY_ROLE).name)
	task = frappe.db.get_value("Task", {"client": client})
	page = desk.open(f"/app/task/{task}", ".form-page")
	page.wait_for_function("cur_frm && cur_frm.custom_buttons['Client 360']")
	page.evaluate("cur_frm.custom_buttons['Client 360'].click()")
	page.wait_for_selector("[data-section=activity]")
	desk.open("/app/client-stay", ".list-row")
	page.wait_for_selector("text=Zora Quill, admitted")
	desk.open(f"/app/client/{client}", ".form-page")
	page.wait_for_function("cur_frm && cur_frm.custom_buttons['Client 360']")
	shown = set(
		page.locator(".document-link").evaluate_all("links => links.map(link => link.dataset.doctype)")
	)
	assert shown >= {"Client Stay", "Issue", "Task", "Document", "Lead"}


def test_page_without_a_client_asks_for_one(open_desk: OpenDesk, client: str) -> None:
	page = open_desk(clinic.make_clinical_user()).open("/app/client-360", ".client-360-choose input")
	page.evaluate("name => frappe.set_route('client-360', name)", client)
	page.wait_for_selector("[data-section=activity]")
	assert page.locator(".client-360-choose").count() == 0
