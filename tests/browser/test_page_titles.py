"""Titles of pages: the head of a page names the record that it shows, in Frappe 15 and 16."""

from collections.abc import Callable

from tests.support import clinic, factories, gameplan
from tests.support.desk import Desk

HEAD = "#page-{page} .page-head :text-is('{title}'):visible"


def test_client_360_shows_the_name_of_the_client(open_desk: Callable[[str], Desk]) -> None:
	connection = clinic.make_connection()
	client = clinic.make_client(connection, last_name="Oak")
	desk = open_desk(clinic.make_clinical_user(connection.default_facility))
	desk.open(f"/app/client-360/{client.name}", "[data-section=activity]")
	desk.page.wait_for_selector(HEAD.format(page="client-360", title="Ada Oak"))


def test_metrics_shows_the_title_of_the_dashboard(open_desk: Callable[[str], Desk]) -> None:
	desk = open_desk(factories.make_user("Desk User", "Sales Manager", "Sales User").name)
	desk.open("/app/metrics/sales_dashboard", ".metrics-item .metrics-number")
	desk.page.wait_for_selector(HEAD.format(page="metrics", title="Sales"))


def test_the_sprint_board_shows_the_title_of_the_sprint(open_desk: Callable[[str], Desk]) -> None:
	sprint = gameplan.make_sprint(title="Oak")
	desk = open_desk(factories.make_user("Desk User", "Projects Manager", "Projects User").name)
	desk.open(f"/app/sprint-board/{sprint.name}", ".sb-column")
	desk.page.wait_for_selector(HEAD.format(page="sprint-board", title="Oak"))
