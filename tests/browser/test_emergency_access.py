"""Emergency access in a browser: the dialog of the list of clients, the form that it opens, and the review."""

from collections.abc import Callable

from tests.support import factories
from tests.support.desk import Desk, click_action
from tests.support.emergency import REASON, end_accesses, list_stored, make_emergency
from tests.support.helpdesk import override_settings

OpenDesk = Callable[[str], Desk]
DIALOG = ".modal.show"


def test_a_client_is_opened_by_the_dialog_and_reviewed_on_the_form(open_desk: OpenDesk) -> None:
	people = make_emergency()
	with override_settings(access_log_enabled=1, emergency_access_enabled=1, emergency_access_minutes=60):
		page = open_desk(people.user).open("/app/client", ".menu-btn-group:visible > button")
		page.click(".menu-btn-group:visible > button")
		page.click(".menu-btn-group:visible >> text=Emergency Access…")
		page.fill(f"{DIALOG} [data-fieldname=client] input", people.mr_number)
		page.fill(f"{DIALOG} [data-fieldname=reason] textarea", REASON)
		password = f"{DIALOG} [data-fieldname=password] input"
		assert page.get_attribute(password, "type") == "password"
		page.fill(password, factories.PASSWORD)
		page.click(f"{DIALOG} .btn-primary:visible >> text=Open Client")
		page.wait_for_url(f"**/{people.client}")
		page.wait_for_selector("text=You read this record by emergency access until")
		assert page.evaluate("cur_frm.doc.last_name") == people.last_name
		assert page.evaluate("cur_frm.save_disabled")
		assert page.evaluate("cur_frm.fields_dict.last_name.disp_status") == "Read"
		[stored] = list_stored(people.user)
		assert (stored.client, stored.reason) == (people.client, REASON)

		# Frappe 15 answers the counts of a form with 500, as soon as its reader may not read it any more.
		page.close()
		end_accesses(people.user)
		officer = factories.make_user("Privacy Officer").name
		page = open_desk(officer).open(f"/app/emergency-access/{stored.name}", ".form-layout")
		page.wait_for_function("cur_frm?.custom_buttons['Review…']")
		click_action(page, "Review…")
		page.fill(f"{DIALOG} [data-fieldname=finding] textarea", "Justified.")
		page.click(f"{DIALOG} .btn-primary:visible >> text=Save Review")
		page.wait_for_function("cur_frm.doc.finding === 'Justified.'")
		assert list_stored(people.user)[0].reviewed_by == officer


def test_sites_that_do_not_allow_it_do_not_offer_it(open_desk: OpenDesk) -> None:
	people = make_emergency()
	page = open_desk(people.user).open("/app/client", ".menu-btn-group:visible > button")
	page.click(".menu-btn-group:visible > button")
	assert page.locator(".menu-btn-group:visible >> text=Emergency Access…").count() == 0
