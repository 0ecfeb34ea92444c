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
