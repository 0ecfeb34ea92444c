"""Screenshots of the main pages for the documentation, of the demo on the test site: run `script/screenshots`."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.browser.conftest import SCREENS
from tests.support import desk_pages
from tests.support.desk import sign_in
from tests.support.desk_pages import PAGES, DeskPage
from tests.support.factories import PASSWORD

if TYPE_CHECKING:
	from playwright.sync_api import Browser

ON_PHONE = {"clients", "client-360", "my-day", "document-browser", "sprint-board"}
MAX_BYTES = 150_000
DESKTOP_HEIGHT = 900
ANIMATION = 1500  # milliseconds: charts and numbers move into place
# Blinking, moving and relative things differ from one run to the next.
STILL = """
*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important }
.list-row .frappe-timestamp, #alert-container, .desk-alert { visibility: hidden !important }
"""
CASES = [
	(page, screen) for page in PAGES for screen in SCREENS if screen == "desktop" or page.name in ON_PHONE
]


@pytest.fixture(scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
	chosen = request.config.getoption("--screenshots")
	return Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")


@pytest.mark.parametrize(("page", "screen"), CASES, ids=[f"{page.name}-{screen}" for page, screen in CASES])
def test_take_screenshot(
	chromium: "Browser", desk_server: str, site: str, demo: None, folder: Path, page: DeskPage, screen: str
) -> None:
	size = SCREENS[screen]
	size = {**size, "height": min(size["height"], DESKTOP_HEIGHT)}
	with sign_in(chromium, desk_server, site, desk_pages.get_person(page), PASSWORD, size) as desk:
		desk_pages.open_page(desk, page)
		desk.page.add_style_tag(content=STILL)
		desk.page.mouse.move(0, 0)
		desk.page.wait_for_timeout(ANIMATION)
		picture = Image.open(io.BytesIO(desk.page.screenshot()))
	path = folder / f"{page.name}{'-phone' if screen == 'phone' else ''}.webp"
	picture.convert("RGB").save(path, "WEBP", quality=80, method=6)
	assert path.stat().st_size < MAX_BYTES
