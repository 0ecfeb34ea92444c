"""Number cards of the workspaces: what they count in Desk, which changes the stored filters before it sends them."""

from collections.abc import Callable

import frappe

from orchestrator.rows import insert_rows
from tests.support import clinic, factories
from tests.support.desk import Desk
from tests.support.emergency import REASON


def get_number(desk: Desk, card: str) -> str:
	"""Return the number that a card shows."""
	return desk.page.inner_text(f'.number-widget-box:has-text("{card}") .number').strip()


def test_cards_of_clients_count_those_of_their_status(open_desk: Callable[[str], Desk]) -> None:
	connection = clinic.make_connection()
	for status in ("Active", "Active", "Pre-Admission", "Discharged"):
		clinic.make_client(connection, status=status)
	desk = open_desk(clinic.make_clinical_user(connection.default_facility))
	desk.open("/app/clients", ".number-widget-box .number")
	desk.page.wait_for_load_state("networkidle")
	assert get_number(desk, "Clients in Care") == "2"
	assert get_number(desk, "Expected Admissions") == "1"


def test_the_card_of_a_privacy_officer_counts_and_opens_the_accesses_to_review(
	open_desk: Callable[[str], Desk],
) -> None:
	client = clinic.make_client(clinic.make_connection()).name
	officer = factories.make_user("Desk User", "Privacy Officer").name
	((now,),) = frappe.db.sql("SELECT utc_timestamp()")  # the list shows the latest
	values = {"user": officer, "client": client, "reason": REASON, "opened_at": now, "expires_at": now}
	to_review, reviewed = insert_access(**values), insert_access(**values, reviewed_at=now)
	desk = open_desk(officer)
	page = desk.open("/app/clients", ".number-widget-box .number")
	page.wait_for_load_state("networkidle")
	expected = frappe.db.count("Emergency Access", {"reviewed_at": ("is", "not set")})
	assert get_number(desk, "Emergency Access to Review") == str(expected)
	assert page.locator(".number-widget-box:visible").count() == 1
	assert page.locator(".links-widget-box a:visible >> text=Emergency Access").count() == 1
	page.click(".number-widget-box .widget-body")
	page.wait_for_selector(f".list-row [data-name='{to_review}']", state="attached")
	assert page.locator(f".list-row [data-name='{reviewed}']").count() == 0


def insert_access(**values: object) -> str:
	"""Insert an emergency access, which no form may create, and return its name."""
	name = frappe.generate_hash(length=10)
	insert_rows("Emergency Access", [{"name": name, **values}])
	frappe.db.commit()
	return name
