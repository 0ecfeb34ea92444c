"""The API page in a browser."""

from collections.abc import Callable

from tests.support import factories
from tests.support.desk import Desk


def test_api_page_shows_the_reference_and_the_callers_use(open_desk: Callable[[str], Desk]) -> None:
	user = factories.make_user("Sales User").name
	page = open_desk(user).open("/app/api-docs", ".swagger-ui .opblock-tag")
	page.click("#api-tab-usage")
	page.wait_for_selector("#api-panel-usage h3")
	assert page.locator("#api-tab-usage").get_attribute("aria-selected") == "true"


def test_an_operation_shows_its_parameters_and_the_schema_of_its_reply(
	open_desk: Callable[[str], Desk],
) -> None:
	user = factories.make_user("Sales User").name
	page = open_desk(user).open("/app/api-docs", ".swagger-ui .opblock-tag")
	page.click("#operations-tag-Search, .opblock-tag:has-text('Search')")
	page.click(".opblock:has-text('orchestrator.api.search.find_records') .opblock-summary-control")
	body = page.locator(".opblock-body")
	body.locator(".responses-table").wait_for()
	body.locator(
		":text('snippet')"
	).first.wait_for()  # of the records, which the schema of the reply refers to
	assert page.locator(".errors-wrapper").count() == 0
