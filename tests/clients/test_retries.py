"""Retries of the generated clients: a write happens once, whatever the network loses."""

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import frappe

from tests.clients.conftest import Token
from tests.conftest import BENCH, serve
from tests.support import factories
from tests.support.api_clients import Driver, Outcome
from tests.support.gateway import Exchange, Fault, Gateway, run_gateway
from tests.support.source import ROOT

INSERT = "frappe.client.insert"
KEY = "idempotency-key"
AN_HOUR = 3600


def insert_lead(driver: Driver, token: Token, mark: str, attempts: int = 3, **command: Any) -> Outcome:
	return driver.run(
		"call", token, attempts, verb="POST", method=INSERT,
		parameters={"doctype": "Lead", "lead_name": mark}, **command,
	)  # fmt: skip


def count_leads(mark: str) -> int:
	frappe.db.rollback()
	return frappe.db.count("Lead", {"lead_name": mark})


def get_form(exchange: Exchange) -> bytes:
	"""Return an upload without its boundary, which may differ at each attempt."""
	return exchange.body.replace(exchange.headers["content-type"].partition("boundary=")[2].encode(), b"")


def get_keys(exchanges: list[Exchange]) -> set[str | None]:
	return {exchange.headers.get(KEY) for exchange in exchanges}


@pytest.mark.parametrize(
	("fault", "statuses", "is_replayed"),
	[
		(Fault.REQUEST_LOST, [None, 201], False),
		(Fault.UNAVAILABLE, [None, 201], False),
		(Fault.REPLY_LOST, [201, 201], True),
		(Fault.REPLY_CUT, [201, 201], True),
		(Fault.BAD_GATEWAY, [201, 201], True),
	],
)
def test_write_is_executed_once(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str,
	fault: Fault, statuses: list[int | None], is_replayed: bool,
) -> None:  # fmt: skip
	gateway.reset(fault)
	outcome = insert_lead(driver, seller, mark)
	assert outcome.error is None
	assert [exchange.status for exchange in gateway.exchanges] == statuses
	last = gateway.exchanges[-1]
	assert last.reply_headers and (last.reply_headers.get("Idempotency-Replayed") == "true") == is_replayed
	assert len(get_keys(gateway.exchanges)) == 1 and None not in get_keys(gateway.exchanges)
	assert count_leads(mark) == 1
	assert outcome.value["data"]["name"] == frappe.db.get_value("Lead", {"lead_name": mark})


def test_each_write_has_a_key_of_its_own(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	names = {insert_lead(driver, seller, mark).value["data"]["name"] for _ in range(2)}
	assert (len(names), len(get_keys(gateway.exchanges)), count_leads(mark)) == (2, 2, 2)


def test_parallel_writes_are_executed_once_each(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	gateway.reset(*[Fault.REPLY_LOST, Fault.REQUEST_LOST, Fault.REPLY_CUT, Fault.BAD_GATEWAY] * 2)
	calls = [
		{"verb": "POST", "method": INSERT, "parameters": {"doctype": "Lead", "lead_name": f"{mark} {number}"}}
		for number in range(6)
	]
	outcome = driver.run("parallel", seller, 10, calls=calls)
	assert [reply["data"]["lead_name"] for reply in outcome.value] == [
		f"{mark} {number}" for number in range(6)
	]
	assert (len(gateway.exchanges), len(get_keys(gateway.exchanges))) == (14, 6)
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": ("like", f"{mark}%")}) == 6


def test_upload_is_sent_again_as_a_whole(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	gateway.reset(Fault.REPLY_LOST)
	outcome = driver.run(
		"operation", seller, 3, verb="POST", method="upload_file", operation="upload_file",
		query={}, body={"file": mark, "is_private": 1}, is_upload=True,
	)  # fmt: skip
	first, second = gateway.exchanges
	assert (first.status, second.status) == (201, 201)
	assert mark.encode() in first.body and get_form(first) == get_form(second)
	assert frappe.get_doc("File", outcome.value["data"]["name"]).get_content() == mark
	assert frappe.db.count("File", {"content_hash": outcome.value["data"]["content_hash"]}) == 1


def test_reads_are_retried_without_a_key(driver: Driver, gateway: Gateway, site: str, seller: Token) -> None:
	gateway.reset(Fault.REPLY_LOST, Fault.BAD_GATEWAY)
	outcome = driver.run(
		"operation", seller, 3, verb="GET", method="orchestrator.crm.get_leads",
		operation="crm_get_leads", query={"limit_page_length": 1},
	)  # fmt: skip
	assert outcome.error is None
	assert [exchange.status for exchange in gateway.exchanges] == [200, 200, 200]
	assert get_keys(gateway.exchanges) == {None}


def test_given_up_write_can_be_continued_with_its_key(
	driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str
) -> None:
	gateway.reset(Fault.REPLY_LOST, Fault.REPLY_LOST)
	error = insert_lead(driver, seller, mark, attempts=2).error
	assert error and error["classes"] == ["ConnectionFailedError", "OrchestratorError"]
	assert get_keys(gateway.exchanges) == {error["idempotency_key"]}
	gateway.reset()
	outcome = insert_lead(driver, seller, mark, idempotency_key=error["idempotency_key"])
	assert outcome.value["data"]["lead_name"] == mark
	assert count_leads(mark) == 1


def test_refusals_are_final(driver: Driver, gateway: Gateway, site: str, seller: Token, mark: str) -> None:
	outcome = driver.run(
		"call", seller, 5, verb="POST", method=INSERT, parameters={"doctype": "Lead", "lead_nam": mark}
	)
	assert outcome.error and outcome.error["exc_type"] == "InvalidRequestError"
	assert [exchange.status for exchange in gateway.exchanges] == [400]


def drain_bucket(key: str, seconds: float) -> None:
	"""Leave the user of a key no request for so long."""
	user = frappe.db.get_value("User", {"api_key": key})
	cache = frappe.cache()
	bucket = cache.make_key(f"orchestrator:bucket:user:{user}")
	cache.execute_command("HSET", bucket, "tokens", 0, "at", time.time() + seconds)


@pytest.fixture
def busy(site: str) -> Token:
	"""API key and secret of a user of whom no other test spends requests."""
	return factories.get_token(factories.make_user("Sales User").name)


def test_rate_limit_is_waited_for(driver: Driver, gateway: Gateway, busy: Token, mark: str) -> None:
	drain_bucket(busy[0], 2)
	outcome = insert_lead(driver, busy, mark, attempts=10)
	assert outcome.error is None
	*refused, created = [exchange.status for exchange in gateway.exchanges]
	assert (set(refused), created) == ({429}, 201)
	assert count_leads(mark) == 1


def test_longer_wait_than_allowed_is_an_error(
	driver: Driver, gateway: Gateway, busy: Token, mark: str
) -> None:
	drain_bucket(busy[0], AN_HOUR)
	error = insert_lead(driver, busy, mark, max_delay=0.5).error
	assert error and error["classes"][:2] == ["TooManyRequestsError", "RateLimitError"]
	assert (error["status"], error["retry_after"], len(gateway.exchanges)) == (429, 1, 1)
	assert count_leads(mark) == 0


@pytest.fixture(scope="module")
def impatient_gateway(frappe_site: str) -> Iterator[Gateway]:
	sites = Path(str(BENCH)) / "sites"
	with (
		serve(
			frappe_site, sites, "tests.support.impatient_app:application", PYTHONPATH=str(ROOT)
		) as upstream,
		run_gateway(upstream, frappe_site) as gateway,
	):
		yield gateway


def test_write_that_still_runs_is_waited_for(
	driver: Driver, impatient_gateway: Gateway, seller: Token, site: str, mark: str
) -> None:
	"""The first request holds its key longer than the second one waits for it."""
	impatient_gateway.reset()
	user = frappe.db.get_value("User", {"api_key": seller[0]})
	name = hashlib.sha256(f"{user}\0{mark}".encode()).hexdigest()
	lock = hashlib.sha256(f"{frappe.conf.db_name}\0{name}".encode()).hexdigest()
	assert frappe.db.sql("select get_lock(%s, 0)", lock) == ((1,),)
	with ThreadPoolExecutor(1) as pool:
		running = pool.submit(
			insert_lead, driver, seller, mark, 5, idempotency_key=mark, url=impatient_gateway.base
		)
		wait_for_exchange(impatient_gateway)
		frappe.db.sql("select release_lock(%s)", lock)
		outcome = running.result()
	assert outcome.value["data"]["lead_name"] == mark
	refused, created = impatient_gateway.exchanges
	assert json.loads(refused.reply)["exc_type"] == "RequestRunningConflictError"
	assert (refused.status, created.status, count_leads(mark)) == (409, 201, 1)


def wait_for_exchange(gateway: Gateway) -> None:
	deadline = time.monotonic() + 30
	while not gateway.exchanges and time.monotonic() < deadline:
		time.sleep(0.02)
