"""Twenty writers with the same ETag at the same moment: one writes, and nineteen are told that the record has changed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

import frappe

from tests.conftest import BENCH, Callers, serve
from tests.support import docs_factories, factories
from tests.support.client import Client
from tests.support.conditional import DELETE, get_etag, get_path, get_refusal, read, write
from tests.support.parallel import send_at_once

CALLERS = 20
Api = Callable[[str], Client]
CHANGED = (412, "PreconditionFailedError")


@pytest.fixture(scope="module")
def api(frappe_site: str) -> Iterator[Api]:
	"""Clients of a server that works on twenty requests at once."""
	with serve(frappe_site, Path(str(BENCH)) / "sites", threads=CALLERS) as base:
		yield Callers(base, frappe_site).api


@pytest.fixture(scope="module")
def clients(api: Api, frappe_site: str) -> list[Client]:
	frappe.set_user("Administrator")
	return [api(factories.make_user("Sales User", "Sales Manager").name) for _ in range(CALLERS)]


def find_winner(replies: list[requests.Response]) -> int:
	"""Return the number of the writer who succeeded; all others must have got 412."""
	winners = [number for number, reply in enumerate(replies) if reply.ok]
	assert len(winners) == 1, [reply.text[:200] for reply in replies]
	assert [get_refusal(reply) for reply in replies if not reply.ok] == [CHANGED] * (CALLERS - 1)
	return winners[0]


@pytest.mark.parametrize("route", ["set_value", "v1", "v2"])
def test_parallel_writers_update_once(clients: list[Client], site: str, route: str) -> None:
	name = factories.make_lead().name
	etag = get_etag(clients[0], "Lead", name)

	def send(client: Client, number: int) -> requests.Response:
		values = {"city": f"City {number}"}
		if route == "set_value":
			return write(client, "Lead", name, etag, **values)
		return client.request("PUT", get_path("Lead", name, route), headers={"If-Match": etag}, json=values)

	winner = find_winner(send_at_once(clients, send))
	assert frappe.db.get_value("Lead", name, "city") == f"City {winner}"


def test_parallel_deletes_succeed_once(api: Api, site: str) -> None:
	name = factories.make_lead().name
	admins = [api("Administrator") for _ in range(CALLERS)]
	etag = get_etag(admins[0], "Lead", name)
	replies = send_at_once(
		admins, lambda client, _n: client.post(DELETE, headers={"If-Match": etag}, doctype="Lead", name=name)
	)
	statuses = sorted(reply.status_code for reply in replies)
	assert statuses == [200] + [404] * (CALLERS - 1)


def test_parallel_document_calls_succeed_once(clients: list[Client], api: Api, site: str) -> None:
	document = docs_factories.make_document(docs_factories.make_folder())
	admins = [api("Administrator") for _ in range(CALLERS)]
	etag = get_etag(admins[0], "Document", document)
	replies = send_at_once(
		admins,
		lambda client, number: client.post(
			f"{docs_factories.METHOD}create_version",
			headers={"If-Match": etag},
			document=document,
			file=f"content {number}",
		),
	)
	find_winner(replies)
	assert len(docs_factories.list_version_rows(document)) == 2


def test_parallel_counters_lose_no_update(clients: list[Client], site: str) -> None:
	"""Each reads, adds one and writes, until it has succeeded."""
	name = factories.make_lead(no_of_employees="1-10", annual_revenue=0).name

	def add_one(client: Client, _number: int) -> requests.Response:
		while True:
			current = read(client, "Lead", name)
			value = current.json()["data"]["annual_revenue"] + 1
			reply = write(client, "Lead", name, current.headers["ETag"], annual_revenue=value)
			if reply.status_code != 412:
				return reply

	frappe.cache().delete_keys("orchestrator:bucket")
	replies = send_at_once(clients, add_one)
	assert [reply.status_code for reply in replies] == [200] * CALLERS
	assert frappe.db.get_value("Lead", name, "annual_revenue") == CALLERS


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_writer_gets_etag_of_own_write(clients: list[Client], site: str, version: str) -> None:
	"""Of twenty writes without a condition, only the last one's ETag is that of the record now."""
	name = factories.make_lead().name
	replies = send_at_once(
		clients,
		lambda client, number: client.request(
			"PUT", get_path("Lead", name, version), json={"city": f"City {number}"}
		),
	)
	written = [reply for reply in replies if reply.ok]
	state = get_etag(clients[0], "Lead", name).split(".")[0]
	last = [reply.json()["data"]["city"] for reply in written if reply.headers["ETag"].split(".")[0] == state]
	assert last == [frappe.db.get_value("Lead", name, "city")]
	assert len({reply.headers["ETag"] for reply in written}) == len(written) > 1


def test_neighbours_do_not_wait_for_each_other_in_vain(clients: list[Client], site: str) -> None:
	"""Twenty records with child rows side by side, each written by one caller: no deadlock, no conflict."""
	names = [factories.make_lead(notes=[{"note": "first"}]).name for _ in range(CALLERS)]
	etags = [get_etag(clients[0], "Lead", name) for name in names]
	replies = send_at_once(
		clients,
		lambda client, number: write(
			client, "Lead", names[number], etags[number], notes=[{"note": f"note {row}"} for row in range(3)]
		),
	)
	assert [reply.status_code for reply in replies] == [200] * CALLERS, [
		reply.text[:200] for reply in replies
	]
