"""The earliest and the latest possible date."""

from datetime import date

import pytest

from orchestrator.kipu_simulator.server import Simulator
from tests.support.kipu_site import get_stay, make_connection, run_sync


@pytest.mark.parametrize(
	("zone", "said", "day", "status"),
	[
		("America/Los_Angeles", "9999-12-31T23:59:59", date(9999, 12, 31), "Active"),
		("Asia/Kolkata", "0001-01-01", date(1, 1, 1), "Discharged"),
	],
)
@pytest.mark.usefixtures("loopback")
def test_the_earliest_and_the_latest_date_are_imported(
	site: str, zone: str, said: str, day: date, status: str
) -> None:
	"""Both are outside the range in the site's own zone."""
	with Simulator(0) as kipu:
		stay = kipu.world.admit_new()
		kipu.world.set_field(stay, "discharge_date", said)
		connection = make_connection(kipu, default_time_zone=zone)
		run = run_sync(connection)
		assert (run["status"], run["failed"]) == ("Completed", 0)
		found = get_stay(connection, 1000)
		assert (found.discharge_date, found.status) == (day, status)
