"""Webhooks whose receiver refuses for good: which deliveries fail, and when a webhook is disabled."""

from datetime import timedelta

import pytest

import frappe

from orchestrator import clock
from tests.support import factories
from tests.support.webhooks import (
	answer_status,
	change_brand,
	deliver,
	deliver_at,
	get_next_attempt,
	list_deliveries,
	make_brand,
	make_webhook,
	run_receiver,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


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
