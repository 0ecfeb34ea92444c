"""Every way in which a caller is known to read a client leaves exactly one entry for each record that it gives."""

from collections.abc import Callable

import pytest

from tests.support.access_log import count_records, get_last_batch
from tests.support.client import Client
from tests.support.key_scopes import WAYS, Clinic, make_clinic, send

pytestmark = pytest.mark.usefixtures("logged")
Api = Callable[[str], Client]
# Numbers by facility, and a search in a table in which clients are not
WITHOUT_RECORDS = {"report", "documented report", "global search"}


@pytest.fixture(scope="module")
def people(frappe_site: str) -> Clinic:
	return make_clinic()


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_way_to_read_a_client_is_logged(way: str, api: Api, people: Clinic) -> None:
	caller, before = api(people.user), get_last_batch()
	reply = send(caller, people, WAYS[way])
	logged = count_records(before, people.user)
	assert set(logged.values()) <= {1}, logged
	if reply.status_code >= 400 or way in WITHOUT_RECORDS:
		assert logged == {}
		return
	if people.last_name in reply.text:
		assert logged["Client", people.client] == 1
	assert logged, reply.text[:500]
