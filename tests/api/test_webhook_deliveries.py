"""Webhooks with reliable delivery: stored with the change, signed, repeated, in order, and never lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import standardwebhooks

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator import clock
from orchestrator.api import webhook_deliveries, webhook_jobs, webhook_queue
from orchestrator.patches import make_webhooks_reliable
from tests.support import factories, hr_factories
from tests.support.batches import BATCH, list_statuses, step
from tests.support.conditional import SET, make_item
from tests.support.webhooks import (
	Received,
	Receiver,
	allow_private_targets,
	answer_status,
	change_brand,
	delete_reliable_webhooks,
	deliver_at,
	get_next_attempt,
	list_deliveries,
	make_brand,
	make_webhook,
	run_receiver,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module", autouse=True)
def private_targets(frappe_site: str) -> Iterator[None]:
	"""Allow webhooks to the site's own network while the tests of this file run."""
	with allow_private_targets():
		yield


@pytest.fixture(autouse=True)
def no_webhook_stays(site: str) -> Iterator[None]:
	yield
	delete_reliable_webhooks()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
	with run_receiver() as running:
		yield running


def deliver(webhook) -> None:
	webhook_jobs.deliver_webhook(webhook.name)


def list_bodies(receiver: Receiver) -> list[str]:
	"""Return the descriptions of the records received."""
	return [request.body["description"] for request in receiver.received]


# What is stored, and when


def test_delivery_is_stored_with_the_change_and_sent_once(receiver):
	webhook = make_webhook(receiver.url)
	brand = make_brand()
	assert list_deliveries(webhook, "reference_name", "status", "attempts") == [(brand.name, "Pending", 0)]
	deliver(webhook)
	deliver(webhook)
	assert [request.body for request in receiver.received] == [{"name": brand.name, "description": "first"}]
	assert list_deliveries(webhook, "status", "attempts", "last_status_code", "last_error") == [
		("Delivered", 1, 204, None)
	]
	assert list_deliveries(webhook, "message_id") == receiver.ids


def test_change_that_is_rolled_back_sends_nothing(receiver):
	webhook = make_webhook(receiver.url)
	frappe.get_doc({"doctype": "Brand", "brand": factories.make_unique("Brand")}).insert()
	frappe.db.rollback()
	frappe.get_doc({"doctype": "Note", "title": factories.make_unique("Note")}).insert()
	frappe.db.commit()
	assert list_deliveries(webhook, "name") == []


def test_changes_after_a_rollback_in_the_same_process_are_stored(receiver):
	webhook = make_webhook(receiver.url)
	frappe.get_doc({"doctype": "Brand", "brand": factories.make_unique("Brand")}).insert()
	frappe.db.rollback()
	brand = make_brand()
	assert list_deliveries(webhook, "reference_name") == [brand.name]


def test_insert_rolled_back_to_a_savepoint_sends_nothing(receiver):
	webhook = make_webhook(receiver.url)
	frappe.db.savepoint("before_brand")
	frappe.get_doc({"doctype": "Brand", "brand": factories.make_unique("Brand")}).insert()
	frappe.db.rollback(save_point="before_brand")
	kept = make_brand()
	assert list_deliveries(webhook, "reference_name") == [kept.name]


def test_values_rolled_back_to_a_savepoint_are_not_sent(receiver):
	webhook = make_webhook(receiver.url)
	brand = make_brand("committed")
	frappe.db.savepoint("before_change")
	changed = frappe.get_doc("Brand", brand.name)
	changed.description = "rolled back"
	changed.save()
	frappe.db.rollback(save_point="before_change")
	frappe.db.commit()
	deliver(webhook)
	assert set(list_bodies(receiver)) == {"committed"}


def test_deletion_rolled_back_to_a_savepoint_sends_nothing(receiver):
	webhook = make_webhook(receiver.url, webhook_docevent="on_trash")
	brand = make_brand()
	frappe.db.savepoint("before_deletion")
	brand.delete()
	frappe.db.rollback(save_point="before_deletion")
	frappe.db.commit()
	assert list_deliveries(webhook, "name") == []


def test_refused_record_of_a_bulk_call_does_not_take_the_events_of_others_along(receiver, admin):
	"""Frappe runs on_trash before it finds that a record is in use."""
	webhook = make_webhook(receiver.url, webhook_docevent="on_trash")
	deleted, used = make_brand(), make_brand()
	frappe.db.set_value("Item", make_item(), "brand", used.name)
	frappe.db.commit()
	names = [deleted.name, used.name]
	reply = admin.post("frappe.desk.delete.delete_many", doctype="Brand", name=names, atomic=False)
	assert [result["ok"] for result in reply.json()["data"]["results"]] == [True, False]
	assert list_deliveries(webhook, "reference_name") == [deleted.name]


def test_failed_step_of_a_batch_does_not_take_the_events_of_others_along(receiver, admin, worker):
	"""Neither those of Frappe's own webhooks, which wait for the commit of the whole batch."""
	kept, undone = make_brand(), make_brand()
	reliable = make_webhook(receiver.url)
	plain = make_webhook(receiver.url + "/plain", reliable_delivery=0, public_target_only=0)
	steps = [
		step("a", SET, doctype="Brand", name=kept.name, description="second"),
		step("b", SET, group="b", doctype="Brand", name=undone.name, description="second"),
		step("c", SET, group="b", doctype="Brand", name="no such brand", description="second"),
	]
	try:
		reply = admin.post(BATCH, steps=steps, atomic=False)
		assert list_statuses(reply) == {"a": 200, "b": 424, "c": 404}
		worker()
		assert sorted(request.path for request in receiver.received) == ["/hook", "/hook/plain"]
		assert list_deliveries(reliable, "reference_name", "status") == [(kept.name, "Delivered")]
	finally:
		plain.delete()
		frappe.db.commit()


@pytest.mark.parametrize("atomic", [True, False])
def test_steps_of_a_batch_have_deliveries_of_their_own_in_their_order(receiver, admin, worker, atomic):
	brand = make_brand()
	make_webhook(receiver.url)
	steps = [
		step(text, SET, doctype="Brand", name=brand.name, description=text)
		for text in ("second", "third", "fourth")
	]
	assert set(list_statuses(admin.post(BATCH, steps=steps, atomic=atomic)).values()) == {200}
	worker()
	assert list_bodies(receiver) == ["second", "third", "fourth"]


def test_several_saves_in_a_transaction_are_one_delivery_with_the_last_state(receiver):
	webhook = make_webhook(receiver.url)
	brand = frappe.get_doc({"doctype": "Brand", "brand": factories.make_unique("Brand")}).insert()
	for text in ("second", "third"):
		brand.description = text
		brand.save()
	frappe.db.commit()
	deliver(webhook)
	assert list_bodies(receiver) == ["third"]


def test_direct_changes_of_a_field_are_sent_by_on_change(receiver):
	webhook = make_webhook(receiver.url, webhook_docevent="on_change")
	brand = make_brand()
	brand.db_set("description", "set")
	frappe.db.commit()
	deliver(webhook)
	assert list_bodies(receiver) == ["set"]


def test_condition_of_the_webhook_is_evaluated_by_frappe(receiver):
	webhook = make_webhook(receiver.url, condition="doc.description == 'wanted'")
	make_brand("unwanted")
	wanted = make_brand("wanted")
	assert list_deliveries(webhook, "reference_name") == [wanted.name]


def test_body_that_cannot_be_built_does_not_undo_the_change(receiver):
	webhook = make_webhook(receiver.url, webhook_json='{"name": {{ doc.name | json }}, {{ 1 / 0 }} }')
	brand = make_brand()
	assert frappe.db.exists("Brand", brand.name)
	assert list_deliveries(webhook, "status", "last_error", "sealed_payload") == [
		("Failed", "ZeroDivisionError", None)
	]


def test_deleted_record_is_still_reported(receiver):
	webhook = make_webhook(receiver.url)
	brand = make_brand()
	brand.delete()
	frappe.db.commit()
	deliver(webhook)
	assert [request.body["name"] for request in receiver.received] == [brand.name]


def test_url_that_depends_on_the_record(receiver):
	webhook = make_webhook(receiver.url + "/{{doc.description}}", is_dynamic_url=1)
	make_brand("one")
	deliver(webhook)
	assert [request.path for request in receiver.received] == ["/hook/one"]


def test_changes_of_a_single_doctype_are_sent(receiver):
	webhook = make_webhook(
		receiver.url, webhook_doctype="Orchestrator Settings", webhook_json='{"limit": {{ doc.bulk_limit }} }'
	)
	frappe.get_doc("Orchestrator Settings").save()
	frappe.db.commit()
	deliver(webhook)
	assert [request.body for request in receiver.received] == [{"limit": 500}]
	assert list_deliveries(webhook, "reference_name") == ["Orchestrator Settings"]


def test_deletion_is_sent_with_the_last_state(receiver):
	webhook = make_webhook(receiver.url, webhook_docevent="on_trash")
	brand = make_brand("last")
	brand.delete()
	frappe.db.commit()
	deliver(webhook)
	assert list_bodies(receiver) == ["last"]


def test_cancelled_and_submitted_documents_have_events_of_their_own(receiver):
	values = {"webhook_doctype": "Leave Allocation", "webhook_json": '{"docstatus": {{ doc.docstatus }} }'}
	webhooks = [
		make_webhook(receiver.url, webhook_docevent=event, **values) for event in ("on_submit", "on_cancel")
	]
	person = hr_factories.make_person()
	allocation = hr_factories.make_allocation(person.employee, hr_factories.make_leave_type())
	allocation.reload()
	allocation.cancel()
	frappe.db.commit()
	for webhook in webhooks:
		deliver(webhook)
	assert [request.body["docstatus"] for request in receiver.received] == [1, 2]


def test_webhooks_of_frappe_and_reliable_ones_work_side_by_side(receiver, worker):
	reliable = make_webhook(receiver.url)
	plain = make_webhook(receiver.url + "/plain", reliable_delivery=0, public_target_only=0)
	try:
		brand = make_brand()
		worker()
		assert sorted(request.path for request in receiver.received) == ["/hook", "/hook/plain"]
		assert list_deliveries(plain, "name") == []
		assert list_deliveries(reliable, "status") == ["Delivered"]
		assert frappe.get_all("Webhook Request Log", {"reference_document": brand.name}, pluck="webhook") == [
			plain.name
		]
	finally:
		plain.delete()
		frappe.db.commit()


def test_log_holds_no_content(receiver):
	secret_text = factories.make_unique("diagnosis")
	webhook = make_webhook(receiver.url)
	make_brand(secret_text)
	deliver(webhook)
	(row,) = frappe.db.sql("select * from `tabWebhook Delivery` where webhook=%s", webhook.name, as_dict=True)
	assert secret_text in receiver.received[0].content.decode()
	assert secret_text not in repr(row)
	assert frappe.get_all("Webhook Request Log", {"webhook": webhook.name}) == []


def test_digest_is_that_of_the_body_received(receiver):
	import hashlib

	webhook = make_webhook(receiver.url)
	make_brand()
	deliver(webhook)
	assert list_deliveries(webhook, "payload_digest") == [
		hashlib.sha256(receiver.received[0].content).hexdigest()
	]


# What is lost, and what is not


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


def list_texts_by_record(requests: list[Received]) -> dict[str, list[str]]:
	"""Return the descriptions received of each record, in the order of their arrival."""
	texts: dict[str, list[str]] = {}
	for request in requests:
		texts.setdefault(request.body["name"], []).append(request.body["description"])
	return texts


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


# Failure for good


def test_webhook_that_fails_for_three_days_is_disabled_with_an_alert(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	manager = factories.make_user("System Manager").name
	brand = make_brand()
	change_brand(brand, "second")
	receiver.answer = answer_status(500)
	queued = list_deliveries(webhook, "queued_at")[0]
	moments = []
	while frappe.db.get_value("Webhook", webhook.name, "enabled"):
		moments.append(get_next_attempt(webhook, moments[-1]) if moments else clock.get_now())
		deliver_at(monkeypatch, webhook, moments[-1])
		frappe.db.rollback()
	assert len(receiver.received) == 14
	assert timedelta(0) <= moments[-1] - queued - 3 * DAY <= timedelta(minutes=1)
	assert list_deliveries(webhook, "status") == ["Failed", "Pending"]
	reason = frappe.db.get_value("Webhook", webhook.name, "disabled_reason")
	assert reason == "The receiver has accepted nothing for three days."
	alerts = frappe.get_all(
		"Notification Log",
		{"document_type": "Webhook", "document_name": webhook.name},
		["for_user", "subject"],
	)
	assert {manager, "Administrator"} <= {alert.for_user for alert in alerts}
	assert {alert.subject for alert in alerts} == {
		f"Webhook {webhook.name} was disabled. {reason} 1 deliveries are pending."
	}


def test_one_record_that_fails_does_not_disable_a_webhook_that_works(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	make_brand("refused")
	receiver.answer = lambda handler, request: answer_status(
		422 if request.body["description"] == "refused" else 204
	)(handler, request)
	make_brand("fine")
	deliver(webhook)
	deliver_at(monkeypatch, webhook, clock.get_now() + 4 * DAY)
	assert list_deliveries(webhook, "status") == ["Failed", "Delivered"]
	assert frappe.db.get_value("Webhook", webhook.name, "enabled") == 1


def test_receiver_that_is_gone_disables_the_webhook_at_once(receiver):
	webhook = make_webhook(receiver.url)
	brand = make_brand()
	receiver.answer = answer_status(410)
	deliver(webhook)
	deliver(webhook)
	assert len(receiver.received) == 1
	enabled, reason = frappe.db.get_value("Webhook", webhook.name, ["enabled", "disabled_reason"])
	assert (enabled, "410" in reason) == (0, True)
	change_brand(brand, "after")
	assert len(list_deliveries(webhook, "name")) == 1


def test_enabled_again_the_webhook_sends_what_is_pending(receiver, worker, monkeypatch):
	webhook = make_webhook(receiver.url)
	make_brand()
	receiver.answer = answer_status(410)
	deliver(webhook)
	receiver.answer = answer_status(204)
	webhook.reload()
	webhook.enabled = 1
	webhook.save()
	frappe.db.commit()
	assert webhook.disabled_reason is None
	deliver_at(monkeypatch, webhook, clock.get_now() + HOUR)
	assert list_deliveries(webhook, "status") == ["Delivered"]


def test_redirect_is_a_failure_and_is_not_followed(receiver):
	with run_receiver() as inside:
		webhook = make_webhook(receiver.url)
		receiver.answer = answer_status(307, Location=inside.url)
		make_brand()
		deliver(webhook)
		assert inside.received == []
	assert list_deliveries(webhook, "status", "last_status_code", "last_error") == [
		("Pending", 307, "Redirect")
	]


def test_payload_of_another_encryption_key_fails(receiver, monkeypatch):
	webhook = make_webhook(receiver.url)
	make_brand()
	frappe.db.set_value("Webhook Delivery", {"webhook": webhook.name}, "message_id", "another")
	frappe.db.commit()
	deliver(webhook)
	assert receiver.received == []
	assert list_deliveries(webhook, "status", "last_error") == [("Failed", "UnreadablePayload")]


# Signatures


def get_secret(webhook, field="signing_secret") -> str:
	return frappe.get_doc("Webhook", webhook.name).get_password(field)


def test_public_library_verifies_a_delivery(receiver):
	webhook = make_webhook(receiver.url)
	make_brand("naïve ☕")
	deliver(webhook)
	(request,) = receiver.received
	body = standardwebhooks.Webhook(get_secret(webhook)).verify(request.content, request.headers)
	assert body["description"] == "naïve ☕"
	with pytest.raises(standardwebhooks.WebhookVerificationError):
		standardwebhooks.Webhook(get_secret(webhook)).verify(request.content + b" ", request.headers)


def test_both_secrets_sign_while_they_are_rotated(receiver, api, monkeypatch):
	webhook = make_webhook(receiver.url)
	old = get_secret(webhook)
	reply = api().post("orchestrator.api.webhooks.rotate_secret", webhook=webhook.name, overlap_hours=2)
	assert reply.status_code == 200, reply.text
	new = reply.json()["data"]["secret"]
	assert new != old
	brand = make_brand("during")
	deliver(webhook)
	change_brand(brand, "after")
	deliver_at(monkeypatch, webhook, clock.get_now() + 2 * HOUR)
	during, after = receiver.received
	assert [verifies(secret, during) for secret in (old, new)] == [True, True]
	assert [verifies(secret, after) for secret in (old, new)] == [False, True]


def verifies(secret, request) -> bool:
	try:
		standardwebhooks.Webhook(secret).verify(request.content, request.headers)
	except standardwebhooks.WebhookVerificationError:
		return False
	return True


def test_headers_of_the_webhook_do_not_replace_the_signature(receiver):
	headers = [{"key": "Webhook-Signature", "value": "v1,forged"}, {"key": "X-Own", "value": "1"}]
	webhook = make_webhook(receiver.url, webhook_headers=headers)
	make_brand()
	deliver(webhook)
	(request,) = receiver.received
	assert request.headers["x-own"] == "1"
	assert verifies(get_secret(webhook), request)


def test_frappes_own_signature_is_sent_where_it_is_on(receiver):
	import base64
	import hashlib
	import hmac

	webhook = make_webhook(receiver.url, enable_security=1, webhook_secret="frappe-secret")
	make_brand()
	deliver(webhook)
	(request,) = receiver.received
	expected = hmac.new(b"frappe-secret", request.content, hashlib.sha256).digest()
	assert request.headers["x-frappe-webhook-signature"] == base64.b64encode(expected).decode()


# Housekeeping


def test_deliveries_go_with_their_webhook(receiver):
	webhook = make_webhook(receiver.url)
	make_brand()
	webhook.delete()
	frappe.db.commit()
	assert list_deliveries(webhook, "name") == []
	deliver(webhook)
	assert receiver.received == []


def test_renamed_records_keep_their_deliveries_and_order(receiver):
	webhook = make_webhook(receiver.url)
	brand = make_brand("before")
	renamed = factories.make_unique("Renamed")
	frappe.local.dynamic_link_map = None  # as at the beginning of a request
	frappe.rename_doc("Brand", brand.name, renamed)
	frappe.db.commit()
	change_brand(frappe.get_doc("Brand", renamed), "after")
	assert set(list_deliveries(webhook, "reference_name")) == {renamed}
	deliver(webhook)
	assert list_bodies(receiver)[0] == "before"
	assert list_bodies(receiver)[-1] == "after"
	assert set(list_deliveries(webhook, "status")) == {"Delivered"}


def test_old_deliveries_are_deleted(receiver, monkeypatch):
	webhook, disabled = make_webhook(receiver.url), make_webhook(receiver.url)
	brand = make_brand()
	deliver(webhook)
	change_brand(brand, "pending")
	disabled.db_set("enabled", 0)
	frappe.db.commit()
	moment = clock.get_now() + timedelta(days=13, hours=23)
	assert count_left_at(monkeypatch, moment, webhook, disabled) == (2, 2)
	assert count_left_at(monkeypatch, moment + DAY, webhook, disabled) == (1, 0)


def count_left_at(monkeypatch, moment, *webhooks) -> tuple[int, ...]:
	"""Run the daily job as if it were `moment`. Return how many deliveries of each webhook are left."""
	with monkeypatch.context() as patched:
		patched.setattr(clock, "get_now", lambda: moment)
		webhook_deliveries.delete_old_deliveries()
	frappe.db.commit()
	return tuple(len(list_deliveries(webhook, "name")) for webhook in webhooks)


def test_webhooks_made_by_earlier_versions_become_reliable(receiver):
	webhook = make_webhook(receiver.url, reliable_delivery=0)
	plain = make_webhook(receiver.url, reliable_delivery=0, public_target_only=0)
	make_webhooks_reliable.execute()
	frappe.db.commit()
	try:
		webhook.reload()
		assert (webhook.reliable_delivery, webhook.thin_body) == (1, 0)
		assert frappe.db.get_value("Webhook", plain.name, "reliable_delivery") == 0
		make_brand()
		deliver(webhook)
		assert verifies(get_secret(webhook), receiver.received[0])
	finally:
		plain.delete()
		frappe.db.commit()
