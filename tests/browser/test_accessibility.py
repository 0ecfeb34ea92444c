"""axe finds nothing serious in the markup of the app's own pages, on a desktop and a phone."""

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import SCREENS
from tests.support import desk_pages
from tests.support.desk import sign_in
from tests.support.desk_pages import PAGES, DeskPage
from tests.support.factories import PASSWORD

if TYPE_CHECKING:
	from playwright.sync_api import Browser

# Markup of others inside our pages; Desk's frame around them is outside of `DeskPage.root`.
EXCLUDED = (
	".swagger-ui",  # Swagger UI
	"svg.frappe-chart",  # Frappe Charts
	".frappe-control",  # Desk's controls
	".ql-editor",  # Desk's text editor
)
SEVERE = ("serious", "critical")
OWN_PAGES = [page for page in PAGES if page.root]


@pytest.mark.parametrize("page", OWN_PAGES, ids=lambda page: page.name)
def test_page_is_accessible(
	chromium: "Browser", desk_server: str, site: str, demo: None, screen: str, page: DeskPage
) -> None:
	user = desk_pages.get_person(page)
	with sign_in(chromium, desk_server, site, user, PASSWORD, SCREENS[screen]) as desk:
		desk_pages.open_page(desk, page)
		context = {"include": [[page.root]], "exclude": [[selector] for selector in EXCLUDED]}
		found = Axe().run(desk.page, context=context).response["violations"]
	assert [describe(each) for each in found if each["impact"] in SEVERE] == []


def describe(violation: dict[str, Any]) -> str:
	"""Return the rule and the first elements that break it."""
	elements = [node["html"][:200] for node in violation["nodes"][:5]]
	return f"{violation['id']} ({len(violation['nodes'])}): {elements}"
