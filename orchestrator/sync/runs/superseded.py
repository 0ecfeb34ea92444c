"""Stays whose chart number now belongs to another person, as after a merge of two master records in Kipu."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import frappe

from orchestrator import clock
from orchestrator.sync.connection import Source
from orchestrator.sync.merge.three_way import IN_CARE_STATUSES, Person, update_client_status
from orchestrator.sync.storage.store import Store


class ChartHolder(NamedTuple):
	"""A stay with a given chart number."""

	chart_id: str
	client: str
	stay: str
	casefile_id: str
	status: str


def find_chart_holders(connection: str, charts: Collection[str]) -> list[ChartHolder]:
	"""Return the stays with one of these chart numbers."""
	if not charts:
		return []
	rows = frappe.db.sql(
		"select chart_id, client, name, casefile_id, status from `tabClient Stay`"
		" where connection=%(connection)s and chart_id in %(charts)s",
		{"connection": connection, "charts": tuple(charts)},
	)
	return [ChartHolder(*row) for row in rows]


def mark_superseded(
	holders: Iterable[ChartHolder], store: Store, source: Source
) -> tuple[int, list[tuple[Person, Exception]]]:
	"""Mark these stays as Absent: in Kipu, their charts belong to other people.

	Return the number of them that were in care, and the persons that could not be written, each with the
	error.
	"""
	stays = {holder.stay: holder.client for holder in holders}
	persons = store.get_persons(list(dict.fromkeys(stays.values())))
	deactivated = 0
	for name, client in stays.items():
		stay = persons[client].stays[name]
		deactivated += stay.row.get("status") in IN_CARE_STATUSES
		stay.set_value("status", "Absent")
		stay.set_value("absent_since", clock.get_now_to_second())
		stay.clear_hashes()
	for person in persons.values():
		update_client_status(person, source, allow_discharge=False)
	return deactivated, store.write(persons.values())
