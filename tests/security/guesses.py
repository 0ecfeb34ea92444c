"""Guesses: a request with the planted value and the same request with another value must get the same reply."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.security.canaries import Canary
from tests.security.dispatch import Request
from tests.security.planting import World

METHOD = "/api/method/"
COLUMNS = (
	("Client", "race"), ("Client", "last_name"), ("Client Stay", "diagnosis_codes"), ("Employee", "bank_ac_no"), ("Employee", "ctc"),
	("Salary Slip", "net_pay"), ("Document", "title"), ("Issue", "subject"), ("HD Ticket", "subject"), ("Sprint", "title"),
	("Orchestrator Dashboard", "title"), ("Project", "project_name"),
)  # fmt: skip
Build = Callable[[str], dict[str, str]]


@dataclass(frozen=True)
class Guess:
	"""A request that tests whether a hidden value equals the one sent."""

	canary: Canary
	label: str
	verb: str
	path: str
	build: Build

	@property
	def wrong_value(self) -> str:
		value = self.canary.value
		return value[:-3] + ("000" if value.isdigit() else "zzz")

	def request(self, value: str) -> Request:
		return Request(f"guess by {self.label}", self.canary.doctype, self.verb, self.path, self.build(value))


def find_guesses(world: World) -> Iterator[Guess]:
	"""Yield the guesses of every column worth guessing, by every way to send a filter."""
	by_place = {
		canary.place: canary
		for canary in world.canaries.by_value.values()
		if canary.record is None or canary.record.name == world.name(canary.doctype)
	}
	for doctype, column in COLUMNS:
		if world.subjects and doctype not in world.subjects:
			continue
		for label, verb, path, build in _ways(doctype, column):
			yield Guess(by_place[f"{doctype}.{column}"], label, verb, path, build)


def _ways(doctype: str, column: str) -> Iterator[tuple[str, str, str, Build]]:
	def filters(value: str) -> str:
		return json.dumps([[doctype, column, "=", value]])

	def by_filters(**form: str) -> Build:
		return lambda value: {**form, "filters": filters(value)}

	def like(value: str) -> str:
		return json.dumps([[doctype, column, "like", f"{value}%"]])

	lists, of_doctype = f"/api/resource/{doctype}", {"doctype": doctype}
	yield "list", "GET", lists, by_filters()
	yield "list v2", "GET", f"/api/v2/document/{doctype}", by_filters()
	yield "count v2", "GET", f"/api/v2/doctype/{doctype}/count", by_filters()
	yield "or_filters", "GET", lists, lambda value: {"or_filters": filters(value)}
	yield "like", "GET", lists, lambda value: {"filters": like(value)}
	yield "get_list", "GET", METHOD + "frappe.client.get_list", by_filters(**of_doctype)
	yield "get_count", "GET", METHOD + "frappe.client.get_count", by_filters(**of_doctype)
	yield "get_value", "GET", METHOD + "frappe.client.get_value", by_filters(**of_doctype, fieldname="name")
	yield (
		"get",
		"GET",
		METHOD + "frappe.client.get",
		lambda value: {**of_doctype, "filters": json.dumps({column: value})},
	)
	yield "search", "GET", METHOD + "frappe.desk.search.search_link", by_filters(**of_doctype, txt="")
	yield (
		"searchfield",
		"GET",
		METHOD + "frappe.desk.search.search_widget",
		lambda value: {**of_doctype, "txt": value, "searchfield": column},
	)
	for name in ("get_link_title", "validate_link"):
		module = "frappe.desk.search." if name == "get_link_title" else "frappe.client."
		yield (
			name,
			"POST",
			METHOD + module + name,
			lambda value: {**of_doctype, "docname": json.dumps({column: value})},
		)
	yield from _desk_ways(doctype, by_filters, filters)


def _desk_ways(
	doctype: str, by_filters: Callable[..., Build], filters: Callable[[str], str]
) -> Iterator[tuple[str, str, str, Build]]:
	of_doctype: dict[str, Any] = {"doctype": doctype}
	desk = METHOD + "frappe.desk."
	field_map = json.dumps({"start": "creation", "end": "modified", "title": "name"})
	card = json.dumps({"doctype": "Number Card", "name": "x", "document_type": doctype, "function": "Count"})
	chart = {"doctype": "Dashboard Chart", "name": "x", "chart_name": "x", "document_type": doctype, "chart_type": "Count",
		"based_on": "creation", "timespan": "Last Year", "time_interval": "Yearly", "type": "Heatmap"}  # fmt: skip
	yield "report view", "GET", desk + "reportview.get", by_filters(**of_doctype, fields='["name"]')
	yield "report view count", "GET", desk + "reportview.get_count", by_filters(**of_doctype, fields="[]")
	yield (
		"sidebar",
		"POST",
		desk + "reportview.get_sidebar_stats",
		by_filters(**of_doctype, stats='["_user_tags"]'),
	)
	yield (
		"calendar",
		"GET",
		desk + "calendar.get_events",
		by_filters(**of_doctype, start="2000-01-01", end="2100-01-01", field_map=field_map),
	)
	yield "number card", "POST", desk + "doctype.number_card.number_card.get_result", by_filters(doc=card)
	yield (
		"group by",
		"POST",
		desk + "listview.get_group_by_count",
		lambda value: {**of_doctype, "field": "owner", "current_filters": filters(value)},
	)
	yield (
		"chart", "POST", desk + "doctype.dashboard_chart.dashboard_chart.get",
		lambda value: {"chart": json.dumps({**chart, "filters_json": filters(value)}), "no_cache": "1"},
	)  # fmt: skip
