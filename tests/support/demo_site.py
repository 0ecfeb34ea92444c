"""The demo on the test site: created for screenshots, with clients from a simulator, and removed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe.utils.password import update_password

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.setup.demo import data
from orchestrator.setup.demo.clinic import CONNECTION
from orchestrator.setup.demo.maker import build_email
from tests.support import bench
from tests.support.factories import PASSWORD
from tests.support.kipu_site import run_sync, set_loopback_allowed

CLIENTS = 60


@contextmanager
def create_demo() -> Iterator[None]:
	"""Create the demo with clients, and passwords for its people."""
	with Simulator(CLIENTS) as kipu, set_loopback_allowed():
		bench.run_command("orchestrator", "demo", "--kipu", kipu.base_url)
		frappe.db.rollback()
		try:
			run_sync(CONNECTION, "full")
			for person in data.PEOPLE:
				update_password(build_email(person.key), PASSWORD)
			frappe.db.commit()
			yield
		finally:
			bench.run_command("orchestrator", "demo", "--remove")
