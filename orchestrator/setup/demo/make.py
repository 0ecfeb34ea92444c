"""Create the demo from its tables, through real documents, so that the platform's own rules apply."""

import frappe
from frappe import _

from orchestrator.apps import is_installed
from orchestrator.exceptions import refuse
from orchestrator.setup.demo import (
	clinic,
	ledger,
	library,
	masters,
	people,
	projects,
	sales,
	support,
)
from orchestrator.setup.demo.maker import DemoMaker


def create_demo(kipu: str = clinic.BASE_URL) -> list[ledger.CreatedRecord]:
	"""Create the demo in one transaction. Return its records. `kipu` is the URL of the Kipu simulator; a site
	that may not call it gets no connection.

	Raises frappe.ValidationError if the site has no company yet.
	"""
	maker = DemoMaker(_get_company())
	with ledger.open_silent_transaction():
		with ledger.record_inserts() as made:
			_create_all(maker)
			if clinic.is_allowed_address(kipu):
				clinic.create_clinic(kipu)
		ledger.store_demo(made, maker.changed)
	return made


def _create_all(maker: DemoMaker) -> None:
	"""Create all records, in an order in which each finds those it refers to."""
	masters.create_masters_and_users(maker)
	sales.create_sales(maker)
	people.create_people(maker)
	support.create_support(maker)
	projects.create_projects(maker)
	library.create_library(maker)
	if is_installed("helpdesk"):
		support.create_tickets(maker)
	if is_installed("gameplan"):
		projects.create_team_project()


def _get_company() -> str:
	name = frappe.defaults.get_global_default("company")
	if not name:
		refuse(
			_("This site has no company yet. Finish the setup wizard in Desk and try again."),
			frappe.ValidationError,
		)
	return name
