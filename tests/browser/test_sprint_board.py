"""The sprint board in a browser: moves, estimates, filters, charts, closing; and the Sprint form and list."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import frappe
from frappe.utils import add_days, getdate

from tests.support import factories
from tests.support.desk import Desk, click_action
from tests.support.gameplan import make_gp_task, make_sprint, make_task, save

if TYPE_CHECKING:
	from playwright.sync_api import Page


@pytest.fixture
def user(site: str) -> str:
	return factories.make_user("Projects User", "Projects Manager", "Gameplan Member").name


@pytest.fixture
def sprint(site: str, user: str):
	sprint = make_sprint(title="Harbour sign-in", members=[{"user": user, "capacity_hours": 0}])
	make_task(sprint, 8, subject="Draw the screens", assigned_to=user, priority="High")
	make_task(sprint, 5, subject="Write the form", status="Working", progress=40)
	make_task(sprint, 3, subject="Review the wording", status="Pending Review")
	save(make_task(sprint, 2, subject="Set up the project"), status="Completed")
	factories.make_task(project=sprint.project, subject="Print the letter", expected_time=4)
	make_gp_task(sprint, 1, title="Call the printer", status="Todo")
	frappe.db.commit()
	return sprint


def get_card(subject: str) -> str:
	return f'.sb-card:has-text("{subject}")'


def wait_for_column(page: "Page", subject: str, column: str) -> None:
	page.wait_for_selector(f'[data-column="{column}"] {get_card(subject)}:not(.is-saving)')


def get_value(subject: str, field: str):
	frappe.db.rollback()
	return frappe.db.get_value("Task", {"subject": subject}, field, order_by="creation desc")


def test_tasks_move_by_menu_keyboard_and_mouse(
	open_desk: Callable[[str], Desk], user, sprint, screen
) -> None:
	page = open_desk(user).open(f"/app/sprint-board/{sprint.name}", get_card("Draw the screens"))
	assert page.locator('[data-column="to_do"] .sb-count').inner_text() == "2"
	page.click(f"{get_card('Draw the screens')} .sb-menu-button")
	page.keyboard.press("Enter")  # the first entry: In Progress
	wait_for_column(page, "Draw the screens", "in_progress")
	assert get_value("Draw the screens", "status") == "In Progress"
	page.focus(get_card("Draw the screens"))
	page.keyboard.press("Shift+ArrowRight")
	wait_for_column(page, "Draw the screens", "in_review")
	page.wait_for_function(
		"document.querySelector('.sb-page [role=status]').textContent.includes('In Review')"
	)
	assert page.evaluate("document.activeElement.dataset.name") == get_value("Draw the screens", "name")
	if screen == "desktop":
		page.wait_for_selector(f".sb-backlog {get_card('Print the letter')}")
		drag(page, get_card("Print the letter"), '[data-column="to_do"] .sb-cards')
	else:
		page.click('.sb-filters button:has-text("Backlog")')
		page.click(f"{get_card('Print the letter')} .sb-menu-button")
		page.click('.sb-menu button:has-text("To Do")')
	wait_for_column(page, "Print the letter", "to_do")
	assert get_value("Print the letter", "sprint") == sprint.name


def test_task_of_gameplan_is_done_and_a_new_task_is_created(
	open_desk: Callable[[str], Desk], user, sprint
) -> None:
	page = open_desk(user).open(f"/app/sprint-board/{sprint.name}", get_card("Call the printer"))
	page.click(f"{get_card('Call the printer')} .sb-menu-button")
	assert page.locator(".sb-menu button").all_inner_texts() == [
		"In Progress",
		"Done",
		"Cancelled",
		"Backlog",
	]
	page.click('.sb-menu button:has-text("Done")')
	wait_for_column(page, "Call the printer", "done")
	page.click(".page-actions .primary-action")
	page.fill('.modal.show [data-fieldname="title"] input', "Order <b>paper</b>")
	page.click(".modal.show .btn-modal-primary")
	wait_for_column(page, "Order", "to_do")
	task = frappe.get_last_doc("Task", {"sprint": sprint.name})
	assert (task.project, task.priority, task.status) == (sprint.project, "Medium", "Open")


def drag(page: "Page", source: str, target: str) -> None:
	"""Drag a card with the mouse, as Sortable needs it: in steps."""
	page.drag_and_drop(source, target, target_position={"x": 40, "y": 40}, source_position={"x": 20, "y": 60})


def test_estimate_is_edited_in_place_and_cards_are_filtered(
	open_desk: Callable[[str], Desk], user, sprint
) -> None:
	page = open_desk(user).open(f"/app/sprint-board/{sprint.name}", get_card("Draw the screens"))
	page.click(f"{get_card('Draw the screens')} .sb-estimate")
	page.fill(".sb-estimate-input", "6.5")
	page.keyboard.press("Enter")
	page.wait_for_selector(f'{get_card("Draw the screens")} .sb-estimate:has-text("6.5")')
	assert get_value("Draw the screens", "expected_time") == 6.5
	page.fill(".sb-filters input", "draw")
	page.wait_for_selector(get_card("Write the form"), state="hidden")
	assert page.locator('[data-column="in_progress"] .sb-count').inner_text() == "0 of 1"
	page.fill(".sb-filters input", "")
	page.select_option(".sb-assignees select", "-")
	page.wait_for_selector(get_card("Draw the screens"), state="hidden")
	assert page.locator(get_card("Write the form")).is_visible()


def test_charts_of_the_sprint(open_desk: Callable[[str], Desk], user, sprint) -> None:
	page = open_desk(user).open(f"/app/sprint-board/{sprint.name}/burndown", ".sb-charts .frappe-chart")
	open_view(page, "flow", "Cumulative Flow")
	open_view(page, "cycle", "Completed Tasks")
	open_view(page, "velocity", "closed sprints")
	assert page.locator('[data-view="velocity"]').get_attribute("aria-selected") == "true"


def open_view(page: "Page", view: str, text: str) -> None:
	"""Open a view of the board, and see that it has the text and fits the screen."""
	page.click(f'[data-view="{view}"]')
	page.wait_for_selector(f'.sb-charts:has-text("{text}")')
	assert_fits(page)


def assert_fits(page: "Page") -> None:
	content, screen = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
	assert content <= screen


def test_closing_dialog_sends_each_task_where_it_is_told(
	open_desk: Callable[[str], Desk], user, sprint
) -> None:
	following = make_sprint(
		sprint.project, title="Next", start_date=add_days(getdate(), 14), end_date=add_days(getdate(), 27)
	)
	frappe.db.set_value("Sprint", sprint.name, {"state": "Active", "started_at": frappe.utils.now_datetime()})
	frappe.db.commit()
	page = open_desk(user).open(f"/app/sprint-board/{sprint.name}", get_card("Draw the screens"))
	click_action(page, "Close Sprint")
	page.wait_for_selector(".sb-closing-tasks li")
	assert page.locator(".sb-closing-tasks li").count() == 4
	page.select_option('.sb-closing-tasks li:has-text("Write the form") select', "stays")
	page.select_option('.sb-closing-tasks li:has-text("Review the wording") select', "backlog")
	page.click(".modal.show .btn-modal-primary")
	page.wait_for_selector('.sb-summary:has-text("–"):not(:has-text("left"))')
	found = {
		name: get_value(name, "sprint")
		for name in ("Draw the screens", "Write the form", "Review the wording")
	}
	assert found == {
		"Draw the screens": following.name,
		"Write the form": sprint.name,
		"Review the wording": None,
	}


def test_sprint_form_and_list(open_desk: Callable[[str], Desk], user, sprint, screen) -> None:
	desk = open_desk(user)
	page = desk.open(f"/app/sprint/{sprint.name}", ".sb-figures")
	page.wait_for_selector('[data-fieldname="load"] td')
	table = page.locator('[data-fieldname="load"]')
	assert [cell.strip() for cell in table.locator("tbody tr").first.locator("td").all_inner_texts()] == [
		frappe.db.get_value("User", user, "full_name"),
		"–",
		"8 h",
		"–",
		"1",
	]
	assert "Unassigned" in table.inner_text()
	assert_fits(page)
	page = desk.open("/app/sprint", ".list-row-container:not(.list-row-head)")
	if screen == "desktop":
		head = page.locator(".list-row-head").inner_text()
		assert "State" not in head
		assert "Status" in head
