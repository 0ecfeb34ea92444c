"""Number cards of the workspaces: what they count in Desk, which changes the stored filters before it sends them."""

from collections.abc import Callable

from tests.support import clinic
from tests.support.desk import Desk


def get_number(desk: Desk, card: str) -> str:
	"""Return the number that a card shows."""
	return desk.page.inner_text(f'.number-widget-box:has-text("{card}") .number').strip()


def test_cards_of_clients_count_those_of_their_status(open_desk: Callable[[str], Desk]) -> None:
	connection = clinic.make_connection()
	for status in ("Active", "Active", "Pre-Admission", "Discharged"):
		clinic.make_client(connection, status=status)
	desk = open_desk(clinic.make_clinical_user(connection.default_facility))
	desk.open("/app/clients", ".number-widget-box .number")
	desk.page.wait_for_load_state("networkidle")
	assert get_number(desk, "Clients in Care") == "2"
	assert get_number(desk, "Expected Admissions") == "1"
