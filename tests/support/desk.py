"""Desk in headless Chromium: pages of signed-in users, and what goes wrong in them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.client import Client

if TYPE_CHECKING:
	from playwright.sync_api import Browser, Page, Response

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
SWITCHES = (
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
)
LIVE_UPDATES = "/socket.io/"  # no server for them runs beside the tests
FRONT_END_OF_HELPDESK = "/assets/helpdesk/desk/"  # Desk needs its icon alone: it is not built for the tests
# Frappe names the variables of its templates at random: one in thousands of pages gets a reserved word and breaks.
SAME_RANDOM_NUMBERS = (
	"let state = 1; Math.random = () => (state = (state * 16807) % 2147483647) / 2147483647;"
)
PAGE_TIMEOUT = 60_000  # milliseconds: the first page of a site compiles templates and builds the boot info


@dataclass
class Desk:
	"""One user's Desk on one screen."""

	page: "Page"
	base: str
	faults: list[str] = field(default_factory=list)

	def open(self, route: str, wait_for: str) -> "Page":
		"""Open a route such as `/app/client` and wait until the selector `wait_for` is visible."""
		self.page.goto(self.base + route, wait_until="domcontentloaded")
		self.page.wait_for_selector(wait_for)
		return self.page

	def watch(self) -> None:
		"""Record errors of the console, uncaught exceptions, and requests that fail."""
		self.page.on(
			"console", lambda message: self.note_console(message.type, message.text, message.location)
		)
		self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
		self.page.on("response", self.note_response)

	def note_console(self, kind: str, text: str, location: Any) -> None:
		"""Record an error of the console, unless it repeats a failed request or is about live updates."""
		about_requests = text.startswith("Failed to load resource") or "socket.io" in text
		if kind == "error" and not about_requests and LIVE_UPDATES not in str(location):
			self.faults.append(f"console: {text[:300]}")

	def note_response(self, response: "Response") -> None:
		"""Record a reply of an error's status."""
		path = urlsplit(response.url).path
		if response.status >= 400 and not path.startswith((LIVE_UPDATES, FRONT_END_OF_HELPDESK)):
			self.faults.append(f"{response.status}: {path}")


def close_dialog(page: "Page") -> None:
	"""Press Escape in an open dialog. It ignores the key while it is still moving in."""
	page.wait_for_function("$('.modal.show').last().data('bs.modal')?._isTransitioning === false")
	page.keyboard.press("Escape")


@contextmanager
def sign_in(
	browser: "Browser", server: str, site: str, user: str, password: str, screen: dict[str, int]
) -> Iterator[Desk]:
	"""Yield the Desk of a user who has signed in."""
	port = urlsplit(server).port
	base = f"http://{site}:{port}"
	context = browser.new_context(viewport=screen, locale="en-US", timezone_id="UTC")  # type: ignore[arg-type]
	context.set_default_timeout(PAGE_TIMEOUT)
	context.add_init_script(SAME_RANDOM_NUMBERS)
	cookies = Client(server, site).login(user, password).session.cookies
	context.add_cookies(
		[{"name": cookie.name, "value": str(cookie.value), "url": base} for cookie in cookies]
	)
	desk = Desk(context.new_page(), base)
	desk.watch()
	yield desk
	context.close()


def click_action(page: "Page", label: str) -> None:
	"""Click a button in the head of a page, which a phone has in a menu."""
	button = page.locator(f'.page-actions button:visible:has-text("{label}")')
	if not button.count():
		page.click(
			".page-actions .menu-btn-group:visible button, .page-actions .menu-btn-group-label:visible"
		)
		button = page.locator(f'.page-actions a:visible:has-text("{label}")')
	button.first.click()
