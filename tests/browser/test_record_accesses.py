"""Who saw a client, on the form of the client in a browser."""

from collections.abc import Callable

from tests.support import clinic, factories
from tests.support.client import Client
from tests.support.desk import Desk
from tests.support.helpdesk import override_settings

OpenDesk = Callable[[str], Desk]


def test_the_form_shows_a_privacy_officer_who_saw_the_client(
	open_desk: OpenDesk, api: Callable[[str], Client]
) -> None:
	connection = clinic.make_connection()
	client = clinic.make_client(connection).name
	reader = clinic.make_clinical_user(connection.default_facility)
	officer = factories.make_user("Clinical User", "Privacy Officer").name
	with override_settings(access_log_enabled=1):
		caller, path = api(reader), f"/api/resource/Client/{client}"
		assert {caller.request("GET", path).status_code for _number in range(60)} == {200}
		page = open_desk(officer).open(f"/app/client/{client}", ".form-layout")
		page.evaluate(f"orchestrator.show_record_accesses('Client', '{client}')")
		page.wait_for_selector(".modal.show tbody tr:nth-child(50)")
		page.click(".modal.show .btn-primary >> text=Show More")
		page.wait_for_selector(".modal.show tbody tr:nth-child(61)")
		rows = page.locator(".modal.show tbody tr")
		assert reader in rows.nth(60).inner_text()
		assert "GET /api/resource/Client" in rows.nth(60).inner_text()


def test_the_form_offers_it_to_privacy_officers_only(open_desk: OpenDesk) -> None:
	connection = clinic.make_connection()
	client = clinic.make_client(connection).name
	reader = clinic.make_clinical_user(connection.default_facility)
	page = open_desk(reader).open(f"/app/client/{client}", ".form-layout")
	page.wait_for_function("cur_frm && Object.keys(cur_frm.custom_buttons).length > 0")
	assert page.evaluate("Object.keys(cur_frm.custom_buttons)") == ["Client 360"]
