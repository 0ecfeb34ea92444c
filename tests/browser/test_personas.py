"""Each persona walks through workspaces, lists, reports, dashboards and forms: nothing fails, and no dialog refuses
anything.
"""

from collections.abc import Callable

import pytest

import frappe

from tests.support import clinic, factories
from tests.support.desk import Desk

REFUSALS = ".modal.show .indicator.red, .modal.show .msgprint .text-danger"
# persona -> roles, and the pages with what must appear there
WORKSPACE = ".codex-editor .ce-block:visible"
SEARCH_BAR = "#navbar-search, .navbar-search-bar:visible"  # in the navbar of Frappe 15, in the sidebar of 16
LIST = ".frappe-list .list-row, .frappe-list .no-result:visible"
REPORT = ".report-wrapper .datatable, .report-wrapper:visible, .msg-box:visible"
PERSONAS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
	"administrator without projects": (
		("System Manager", "Orchestrator Manager"),
		(("/app/orchestrator", WORKSPACE), ("/app/clients", WORKSPACE), ("/app/metrics", ".metrics-board")),
	),
	"clinician": (
		("Clinical User",),
		(
			("/app/clients", WORKSPACE),
			("/app/client", LIST),
			("/app/query-report/Client Census", REPORT),
			("/app/metrics/clients_dashboard", ".metrics-item .metrics-number"),
		),
	),
	"seller": (
		("Sales Manager", "Sales User"),
		(
			("/app/orchestrator", WORKSPACE),
			("/app/query-report/Monthly Sales Report", REPORT),
			("/app/metrics/sales_dashboard", ".metrics-item .metrics-number"),
		),
	),
	"privacy officer": (
		("Privacy Officer",),
		(
			("/app/clients", WORKSPACE),
			("/app/emergency-access", LIST),
			("/app/disclosure", LIST),
			("/app/access-log-entry", LIST),
			("/app/access-log-day", LIST),
			("/app/client-consent", LIST),
		),
	),
	"employee": ((), (("/app/orchestrator", WORKSPACE), ("/app/document", LIST))),
}


def check_no_refusal(desk: Desk, route: str) -> None:
	"""Fail if a dialog is open."""
	desk.page.wait_for_load_state("networkidle")
	texts = desk.page.locator(".modal.show").all_inner_texts()
	assert texts == [], f"{route}: {texts}"


@pytest.mark.parametrize("persona", PERSONAS, ids=str)
def test_pages_of_a_persona_open_without_a_refusal(open_desk: Callable[[str], Desk], persona: str) -> None:
	roles, pages = PERSONAS[persona]
	desk = open_desk(factories.make_user("Desk User", *roles).name)
	for route, selector in pages:
		desk.open(route, selector)
		check_no_refusal(desk, route)


def test_an_agent_sees_the_escalations_of_an_issue(open_desk: Callable[[str], Desk]) -> None:
	issue = factories.make_issue().name
	user = factories.make_user("Desk User", "Support Team").name
	factories.make_record(
		"Ticket Escalation",
		reference_doctype="Issue",
		reference_name=issue,
		stage="Resolution Breached",
		due=frappe.utils.now(),
		escalated_to=user,
	)
	desk = open_desk(user)
	page = desk.open(
		f"/app/issue/{issue}", ".ticket-escalations:has-text('Resolution Breached: escalated to You')"
	)
	check_no_refusal(desk, "issue")
	assert page.locator(".ticket-escalations").count() == 1
	desk.open(f"/app/issue?name={issue}", ".ticket-marks:has-text('Escalated')")


def test_a_number_of_a_dashboard_opens_the_records_behind_it(open_desk: Callable[[str], Desk]) -> None:
	connection = clinic.make_connection()
	facility = connection.default_facility
	client = clinic.make_client(connection, status="Pre-Admission", last_name=factories.make_unique("Szabo"))
	page = open_desk(clinic.make_clinical_user(facility)).open(
		"/app/metrics/clients_dashboard", "[data-metric=clients_expected] .metrics-number"
	)
	assert page.inner_text("[data-metric=clients_expected] .metrics-number").strip() == "1"
	page.click("[data-metric=clients_expected]")
	page.wait_for_url("**/client/view/list**")
	page.wait_for_selector(f".list-row [data-name='{client.name}']", state="attached")
	assert page.locator(".list-row-container .list-row").count() == 1


def test_the_search_bar_finds_clients_that_the_reader_may_see(
	open_desk: Callable[[str], Desk], screen: str
) -> None:
	if screen == "phone":
		pytest.skip("Desk has no search bar on a phone")
	connection = clinic.make_connection()
	name = factories.make_unique("Szabo")
	client = clinic.make_client(connection, first_name="Zoltán", last_name=name)
	page = open_desk(clinic.make_clinical_user()).open("/app/clients", SEARCH_BAR)
	page.click(SEARCH_BAR)
	page.wait_for_selector("#navbar-search:focus")
	page.keyboard.type(f"zoltan {name.split()[1]}")
	page.wait_for_selector(f"text=Zoltán {name}")
	page.keyboard.press("ArrowDown")
	page.click(f"text=Zoltán {name}")
	page.wait_for_url(f"**/client/{client.name}")


def test_a_report_is_saved_as_a_file(open_desk: Callable[[str], Desk], screen: str) -> None:
	if screen == "phone":
		pytest.skip("Buttons of a page are in its menu on a phone")
	page = open_desk(factories.make_user("Desk User", "Clinical User").name).open(
		"/app/query-report/Client Census", "button:has-text('Save as File')"
	)
	page.click("button:has-text('Save as File')")
	page.select_option(".modal.show select[data-fieldname=format]", "csv")
	page.click(".modal.show .btn-primary")
	page.wait_for_url("**/generated-report/*")
	page.wait_for_selector("button:has-text('Download')")


def test_an_integration_engineer_is_told_what_to_do(open_desk: Callable[[str], Desk]) -> None:
	connection = clinic.make_connection().name
	factories.make_record(
		"Sync Run", connection=connection, sync_type="full", status="Completed", imported=3, dry_run=1
	)
	desk = open_desk(factories.make_user("Desk User", "Kipu Sync Manager").name)
	page = desk.open(f"/app/kipu-connection/{connection}", ".form-message:has-text('Step 1 of 3')")
	page.wait_for_selector(".connection-health .connection-runs svg")
	assert page.locator(".form-message").count() == 1
	check_no_refusal(desk, "connection")
	desk.open("/app/kipu-connection/new", ".form-message:has-text('Only a System Manager')")
	assert page.locator(".primary-action:visible").count() == 0
	issue = factories.make_record(
		"Sync Issue", connection=connection, kind="Record", status="Open", code="bad_date", field="admission_date",
		casefile_id=frappe.generate_hash(),
	)  # fmt: skip
	queued = factories.make_record(
		"Sync Run", connection=connection, sync_type="full", status="Queued", requested_at=frappe.utils.now()
	)
	with desk.page.expect_response("**get_sync_run**"):
		desk.open(f"/app/sync-run/{queued.name}", ".form-message:has-text('Waiting for a worker')")
	assert page.locator(".form-message:visible").count() == 1
	desk.open(f"/app/sync-issue/{issue.name}", ".form-message:has-text('A date cannot be read')")
	check_no_refusal(desk, "sync issue")
