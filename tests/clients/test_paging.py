"""Walks over lists with the generated clients, by cursor where the site has them and by offset otherwise."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import frappe

from tests.clients.conftest import Token
from tests.support import factories
from tests.support.api_clients import Driver
from tests.support.gateway import Exchange, Fault, Gateway

NUMBER_OF_LEADS = 20
LEADS = "orchestrator.crm.get_leads"


@pytest.fixture(scope="module")
def marked(frappe_site: str) -> Iterator[str]:
	"""The first name of twenty leads."""
	mark = frappe.generate_hash(length=10)
	for number in range(NUMBER_OF_LEADS):
		factories.make_record(
			"Lead", lead_name=f"{mark} {number % 2}", status=("Open", "Replied")[number % 2]
		)
	frappe.db.commit()
	yield mark


def list_names(mark: str) -> list[str]:
	"""Return the leads in the order of their names, as the database has them."""
	frappe.db.rollback()
	pattern = f"{mark}%"
	return [
		name
		for (name,) in frappe.db.sql(
			"select name from `tabLead` where lead_name like %s order by name", pattern
		)
	]


def has_cursors() -> bool:
	"""Return True where the site's lists take a cursor."""
	import inspect

	from orchestrator.api import generic

	return "cursor" in inspect.signature(generic.get_list).parameters


def walk(
	driver: Driver, token: Token, mark: str, page_length: int, **parameters: Any
) -> list[dict[str, Any]]:
	"""Return the rows of a walk over the marked leads."""
	filters = {"lead_name": ["like", f"{mark}%"]}
	outcome = driver.run(
		"records", token, 3, doctype="Lead", page_length=page_length,
		parameters={"fields": ["name"], "filters": filters, **parameters},
	)  # fmt: skip
	assert outcome.error is None, outcome.error
	return outcome.value


def list_parameters(exchanges: list[Exchange], name: str) -> list[Any]:
	return [json.loads(exchange.body).get(name) for exchange in exchanges]


@pytest.mark.parametrize("page_length", [1, 7, 20, 500])
def test_walk_gives_every_record_once(
	driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str, page_length: int
) -> None:
	rows = walk(driver, seller, marked, page_length)
	assert [row["name"] for row in rows] == list_names(marked)
	assert set(list_parameters(gateway.exchanges, "limit_page_length")) == {page_length}
	starts = list_parameters(gateway.exchanges, "limit_start")
	if has_cursors():
		assert (list_parameters(gateway.exchanges, "cursor")[0], set(starts)) == ("*", {None})
	else:
		assert starts == [None, *range(page_length, NUMBER_OF_LEADS + 1, page_length)]


def test_walk_from_an_offset(driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str) -> None:
	rows = walk(driver, seller, marked, 8, limit_start=5)
	assert [row["name"] for row in rows] == list_names(marked)[5:]
	assert list_parameters(gateway.exchanges, "limit_start") == [5, 13]


def test_walk_over_groups(driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str) -> None:
	fields = ["status", "count(*) as number"]
	rows = walk(driver, seller, marked, 1, fields=fields, group_by="status", order_by="status asc")
	assert rows == [{"status": "Open", "number": 10}, {"status": "Replied", "number": 10}]
	assert list_parameters(gateway.exchanges, "cursor") == [None] * 3


def test_lost_page_is_fetched_again(
	driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str
) -> None:
	gateway.reset(Fault.REPLY_LOST, Fault.REPLY_CUT)
	assert [row["name"] for row in walk(driver, seller, marked, 11)] == list_names(marked)


def test_walk_over_nothing(driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str) -> None:
	assert walk(driver, seller, mark, 10) == []
	assert len(gateway.exchanges) == 1


def test_walk_over_another_method(
	driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str
) -> None:
	filters = {"lead_name": ["like", f"{marked}%"]}
	parameters = {"filters": filters, "fields": ["name"], "order_by": "name asc"}
	outcome = driver.run("rows", seller, method=LEADS, parameters=parameters, page_length=6)
	assert [row["name"] for row in outcome.value] == list_names(marked)
	assert list_parameters(gateway.exchanges, "limit_start") == [None, 6, 12, 18]


def test_walk_without_permission_is_refused(driver: Driver, gateway: Gateway, site: str, marked: str) -> None:
	stranger = factories.get_token(factories.make_user().name)
	outcome = driver.run("records", stranger, doctype="Lead", parameters={}, page_length=10)
	assert outcome.error and outcome.error["classes"][:2] == ["PermissionError", "ForbiddenError"]
	assert (outcome.error["status"], len(gateway.exchanges)) == (403, 1)


def test_query_of_a_call_has_lists_as_json(
	driver: Driver, gateway: Gateway, site: str, seller: Token, marked: str
) -> None:
	parameters = {
		"filters": {"lead_name": f"{marked} 1"},
		"fields": ["name"],
		"limit_page_length": 3,
		"or_filters": None,
	}
	outcome = driver.run("call", seller, verb="GET", method=LEADS, parameters=parameters)
	assert (len(outcome.value["data"]["leads"]), outcome.value["data"]["total"]) == (3, 10)
	query = dict(parse_qsl(urlsplit(gateway.exchanges[0].path).query))
	assert {**query, "filters": json.loads(query["filters"]), "fields": json.loads(query["fields"])} == {
		"filters": {"lead_name": f"{marked} 1"}, "fields": ["name"], "limit_page_length": "3",
	}  # fmt: skip
