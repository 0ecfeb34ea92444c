"""Deliveries of webhooks by jobs: in order, once, and none lost when workers, Redis or receivers fail."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator import clock
from orchestrator.api import webhook_jobs, webhook_queue
from tests.support import factories
from tests.support.webhooks import (
	answer_status,
	change_brand,
	deliver,
	deliver_at,
	get_next_attempt,
	list_bodies,
	list_deliveries,
	list_texts_by_record,
	make_brand,
	make_webhook,
)

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


def test_deliveries_survive_the_loss_of_redis(receiver, worker):
	"""Jobs and marks are gone, as after a restart: the scheduled job finds what waits."""
	webhook = make_webhook(receiver.url)
	make_brand()
	for queue in get_queues():
		queue.empty()
	webhook_queue.clear_mark(webhook.name)
	webhook_jobs.enqueue_due_deliveries()
	worker()
	assert list_deliveries(webhook, "status") == ["Delivered"]


def test_full_queue_does_not_fail_the_committed_change(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	frappe.enqueue("frappe.ping")
	monkeypatch.setitem(frappe.local.conf, "max_queued_jobs", 1)
	webhook_queue.clear_mark(webhook.name)
	brand = make_brand()
	assert frappe.db.exists("Brand", brand.name)
	assert list_deliveries(webhook, "status") == ["Pending"]


def test_change_is_saved_and_stored_for_delivery_while_redis_is_down(receiver):
	webhook = make_webhook(receiver.url)
	name = factories.make_unique("Brand")
	process = start_process(
		"frappe.client.insert",
		{"doc": {"doctype": "Brand", "brand": name}},
		FRAPPE_REDIS_QUEUE="redis://127.0.0.1:9",
	)
	assert process.wait(90) == 0
	assert list_deliveries(webhook, "reference_name", "status") == [(name, "Pending")]


def start_delivery_process(webhook) -> subprocess.Popen:
	"""Start a process that delivers."""
	return start_process(webhook_queue.DELIVERY_JOB, {"webhook": webhook.name})


def start_process(method: str, arguments: dict[str, object], **environment: str) -> subprocess.Popen:
	"""Start a process that runs a function and commits."""
	command = [
		sys.executable,
		"-m",
		"frappe.utils.bench_helper",
		"frappe",
		"--site",
		os.environ["ORCHESTRATOR_SITE"],
	]
	return subprocess.Popen(
		[*command, "execute", method, "--kwargs", repr(arguments)],
		cwd=Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites",
		env={**os.environ, **environment},
	)


def test_worker_killed_after_sending_sends_again_with_the_same_id(receiver):
	webhook = make_webhook(receiver.url)
	make_brand()
	accept = receiver.answer
	receiver.answer = lambda handler, request: (accept(handler, request), process.send_signal(signal.SIGKILL))
	process = start_delivery_process(webhook)
	assert process.wait(60) == -signal.SIGKILL
	receiver.answer = accept
	assert list_deliveries(webhook, "status", "attempts") == [("Pending", 0)]
	deliver(webhook)
	assert len(receiver.received) == 2
	assert len(set(receiver.ids)) == 1
	assert receiver.received[0].content == receiver.received[1].content
	assert list_deliveries(webhook, "status", "attempts") == [("Delivered", 1)]


def test_parallel_workers_send_each_event_once(receiver):
	webhook = make_webhook(receiver.url)
	brands = [make_brand("0") for _ in range(5)]
	for text in ("1", "2", "3"):
		for brand in brands:
			change_brand(brand, text)
	processes = [start_delivery_process(webhook) for _ in range(3)]
	assert [process.wait(90) for process in processes] == [0, 0, 0]
	assert len(receiver.ids) == len(set(receiver.ids)) == 20
	assert list_texts_by_record(receiver.received) == {brand.name: ["0", "1", "2", "3"] for brand in brands}


def test_receiver_down_for_27_hours_loses_nothing(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	start = clock.get_now()
	receiver.answer = answer_status(503)
	brands = [make_brand("0") for _ in range(4)]
	for text in ("1", "2"):
		for brand in brands:
			change_brand(brand, text)
	moment = clock.get_now()
	while moment < start + 27 * HOUR:
		deliver_at(monkeypatch, webhook, moment)
		moment = get_next_attempt(webhook, moment)
	refused = len(receiver.received)
	assert {request.body["description"] for request in receiver.received} == {"0"}
	receiver.answer = answer_status(204)
	deliver_at(monkeypatch, webhook, moment)
	assert list_deliveries(webhook, "status") == ["Delivered"] * 12
	accepted = receiver.received[refused:]
	assert len({request.id for request in accepted}) == len(accepted) == 12
	assert list_texts_by_record(accepted) == {brand.name: ["0", "1", "2"] for brand in brands}


def test_later_events_of_a_record_wait_for_the_first(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	stuck, other = make_brand("stuck"), make_brand("other")
	change_brand(stuck, "second")

	def refuse_stuck(handler, request):
		answer_status(500 if request.body["description"] == "stuck" else 204)(handler, request)

	receiver.answer = refuse_stuck
	deliver(webhook)
	assert sorted(list_bodies(receiver)) == ["other", "stuck"]
	assert list_deliveries(webhook, "reference_name", "status") == [
		(stuck.name, "Pending"),
		(other.name, "Delivered"),
		(stuck.name, "Pending"),
	]
	receiver.answer = answer_status(204)
	deliver_at(monkeypatch, webhook, clock.get_now() + 2 * HOUR)
	assert list_bodies(receiver)[2:] == ["stuck", "second"]


def test_receiver_that_is_down_costs_a_job_few_requests(receiver):
	webhook = make_webhook(receiver.url)
	for _ in range(20):
		make_brand()
	receiver.answer = answer_status(500)
	deliver(webhook)
	assert len(receiver.received) == webhook_jobs.MAX_FAILURES_IN_SUCCESSION


def test_records_that_the_receiver_refuses_do_not_keep_others_waiting(receiver):
	webhook = make_webhook(receiver.url)
	for _ in range(webhook_jobs.MAX_FAILURES_IN_SUCCESSION):
		make_brand("refused")
	make_brand("fine")
	receiver.answer = lambda handler, request: answer_status(
		422 if request.body["description"] == "refused" else 204
	)(handler, request)
	deliver(webhook)
	assert list_deliveries(webhook, "status")[-1] == "Delivered"


def test_retry_after_of_the_receiver_is_respected(receiver):
	webhook = make_webhook(receiver.url)
	make_brand()
	receiver.answer = answer_status(429, Retry_After="7200")
	deliver(webhook)
	attempted, due = list_deliveries(webhook, "last_attempt_at", "next_attempt_at")[0]
	assert due - attempted == 2 * HOUR
