"""Lists and page heads on a desktop and a phone: the status of each row and the buttons of a page are whole."""

from collections.abc import Callable

import pytest

from tests.support import clinic, factories
from tests.support.desk import Desk
from tests.support.docs_factories import make_document, make_folder, make_person

OpenDesk = Callable[[str], Desk]
# Statuses that do not fit between the title of their row and the edge of the list
CUT = """() => [...document.querySelectorAll(".result .list-row .indicator-pill")]
	.filter((pill) => pill.offsetWidth)
	.filter((pill) => {
		const box = pill.getBoundingClientRect();
		const title = pill.closest(".list-row").querySelector(".list-subject").getBoundingClientRect();
		const list = pill.closest(".result").getBoundingClientRect();
		const text = pill.querySelector(".ellipsis") || pill;
		return box.left < title.right || box.right > list.right || text.scrollWidth > text.clientWidth + 1;
	})
	.map((pill) => pill.innerText)"""
# Columns below a title that have no text, and separators with nothing beside them
EMPTY = """() => [...document.querySelectorAll(".list-row .mobile-layout")]
	.filter((column) => column.offsetWidth)
	.filter((column) => {
		const next = column.nextElementSibling;
		const is_last = !next?.classList.contains("mobile-layout") || !next.offsetWidth;
		const has_separator = getComputedStyle(column, "::after").content !== "none";
		return !column.innerText.trim() || (has_separator && is_last);
	}).length"""
HIDDEN_BUTTONS = """() => [...document.querySelectorAll(".page-head button")]
	.filter((button) => button.offsetWidth && button.getBoundingClientRect().right > innerWidth)
	.map((button) => button.innerText)"""


@pytest.fixture
def clinician(site: str) -> str:
	"""Return a user who sees clients and stays of one facility, with and without the columns that may be empty."""
	connection = clinic.make_connection()
	for number, status in enumerate(("Pre-Admission", "Discharged"), start=1):
		client = clinic.make_client(
			connection, status=status, last_name=factories.make_unique("Featherstonehaugh")
		)
		factories.make_record(
			"Client Stay", client=client.name, connection=connection.name, facility=connection.default_facility,
			casefile_id=factories.make_unique("casefile"), status=status,
			mr_number="" if number == 1 else factories.make_unique("MR"),
			admission_date=None if number == 1 else "2026-01-02",
		)  # fmt: skip
	return clinic.make_clinical_user(connection.default_facility)


@pytest.mark.parametrize("route", ["/app/client", "/app/client-stay"])
def test_the_status_of_a_row_is_whole(open_desk: OpenDesk, clinician: str, route: str) -> None:
	page = open_desk(clinician).open(route, ".list-row .indicator-pill:visible >> text=Pre-Admission")
	assert page.evaluate(CUT) == []
	assert page.evaluate(EMPTY) == 0


def test_a_long_status_is_whole(open_desk: OpenDesk) -> None:
	reader = make_person("Sales User")
	folder = make_folder(("User", reader, "Read"))
	make_document(folder, title="A title that is longer than a phone is wide.txt", status="Approved")
	page = open_desk(reader).open(
		f"/app/document?document_folder={folder}", ".list-row .indicator-pill:visible"
	)
	assert page.evaluate(CUT) == []


def test_runs_are_listed_by_their_type(open_desk: OpenDesk) -> None:
	connection = clinic.make_connection().name
	run = factories.make_record(
		"Sync Run",
		connection=connection,
		sync_type="full",
		status="Completed",
		imported=64,
		updated=3,
		failed=1,
	)
	user = factories.make_user("Desk User", "Kipu Sync Manager").name
	page = open_desk(user).open(f"/app/sync-run?connection={connection}", ".list-row .list-subject a")
	assert page.inner_text(f".list-subject a[data-name='{run.name}']").startswith("Full, ")
	assert page.evaluate(CUT) == []


@pytest.mark.parametrize("route", ["/app/connection-health", "/app/client-consent"])
def test_buttons_of_a_page_are_on_the_screen(open_desk: OpenDesk, route: str) -> None:
	clinic.make_connection()
	user = factories.make_user("Desk User", "Kipu Sync Manager", "Clinical Manager").name
	page = open_desk(user).open(route, ".page-head .primary-action:visible")
	assert page.evaluate(HIDDEN_BUTTONS) == []
