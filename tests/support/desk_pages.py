"""The main pages in Desk with the people of the demo who use them: for screenshots and checks of all pages."""

from typing import NamedTuple

import frappe

from orchestrator.setup.demo.clinic import CONNECTION
from orchestrator.setup.demo.maker import build_email
from tests.support.desk import Desk

CHART = ".metrics-item .frappe-chart"
THEME = "**/assets/erpnext/css/custom_theme.css*"
LIST = ".frappe-list .list-row"


class DeskPage(NamedTuple):
	"""A page, the demo's person who opens it, its route, and a selector of what appears last.

	A route may have the name of a record: see `get_route`. `root` is the page's own markup; lists and forms have none.
	"""

	name: str
	person: str
	route: str
	selector: str
	root: str = ""


PAGES = (
	DeskPage("workspace", "wren", "/app/clients", ".number-widget-box .number"),
	DeskPage("clients", "wren", "/app/client", LIST),
	DeskPage("client-360", "wren", "/app/client-360/{client}", "[data-section=activity]", "#page-client-360 .page-body"),
	DeskPage("metrics", "nora", "/app/metrics/sales_dashboard", CHART, "#page-metrics .page-body"),
	DeskPage("document-browser", "lena", "/app/document-browser/document/{document}", ".doc-text", "#page-document-browser .page-body"),
	DeskPage("sprint-board", "omar", "/app/sprint-board/{sprint}", ".sb-card", "#page-sprint-board .page-body"),
	DeskPage("sprint-burndown", "omar", "/app/sprint-board/{sprint}/burndown", ".sb-charts .frappe-chart", "#page-sprint-board .page-body"),
	DeskPage("my-day", "lena", "/app/my-day", ".my-day-punch", "#page-my-day .page-body"),
	DeskPage("api", "omar", "/app/api-docs", ".swagger-ui .opblock-tag", "#page-api-docs .page-body"),
	DeskPage("kipu-connection", "wren", "/app/kipu-connection/Kipu Simulator", ".connection-health svg"),
)  # fmt: skip


def get_route(page: DeskPage) -> str:
	"""Return the route of a page, with the name of the demo's record in it."""
	return page.route.format(client=find_client(), sprint=find_sprint(), document=_find_document())


def find_client() -> str:
	"""Return the demo's client with the most stays, who is in care; tests make others."""
	((name,),) = frappe.db.sql(
		"""SELECT client.name FROM tabClient client JOIN `tabClient Stay` stay ON stay.client = client.name
		WHERE client.status = 'Active' AND client.connection = %s
		GROUP BY client.name ORDER BY COUNT(*) DESC, client.person_id LIMIT 1""",
		(CONNECTION,),
	)
	return str(name)


def find_sprint() -> str:
	"""Return the demo's active sprint; tests make others."""
	((name,),) = frappe.db.sql(
		"""SELECT sprint.name FROM tabSprint sprint JOIN `tabOrchestrator Demo Record` demo
		ON demo.reference_doctype = 'Sprint' AND demo.reference_name = sprint.name
		WHERE sprint.state = 'Active' ORDER BY sprint.name LIMIT 1"""
	)
	return str(name)


def _find_document() -> str:
	return str(frappe.get_all("Document", {"title": ("like", "Paid time off%")}, pluck="name")[0])


def open_page(desk: Desk, page: DeskPage) -> None:
	"""Open a page in Desk's own colours, and wait until it is complete. ERPNext 15 brings a theme that colours the
	buttons and pills of all pages with too little contrast.
	"""
	desk.page.route(THEME, lambda route: route.fulfill(body="", content_type="text/css"))
	desk.open(get_route(page), page.selector)
	desk.page.wait_for_load_state("networkidle")


def get_person(page: DeskPage) -> str:
	return build_email(page.person)
