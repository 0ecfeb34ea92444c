"""Deliveries of webhooks that are renamed, deleted, old or of an earlier version."""

from datetime import timedelta

import pytest

import frappe

from orchestrator import clock
from orchestrator.api import webhook_deliveries
from orchestrator.patches import make_webhooks_reliable
from tests.support import factories
from tests.support.webhooks import (
	change_brand,
	deliver,
	get_secret,
	list_bodies,
	list_deliveries,
	make_brand,
	make_webhook,
	verifies,
)

DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


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
