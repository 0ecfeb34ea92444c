"""Signatures of webhooks: verified by the public library, by either secret while they are rotated."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
import standardwebhooks

from orchestrator import clock
from tests.support.webhooks import (
	change_brand,
	deliver,
	deliver_at,
	get_secret,
	make_brand,
	make_webhook,
	verifies,
)

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


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


def test_headers_of_the_webhook_do_not_replace_the_signature(receiver):
	headers = [{"key": "Webhook-Signature", "value": "v1,forged"}, {"key": "X-Own", "value": "1"}]
	webhook = make_webhook(receiver.url, webhook_headers=headers)
	make_brand()
	deliver(webhook)
	(request,) = receiver.received
	assert request.headers["x-own"] == "1"
	assert verifies(get_secret(webhook), request)


def test_frappes_own_signature_is_sent_where_it_is_on(receiver):
	webhook = make_webhook(receiver.url, enable_security=1, webhook_secret="frappe-secret")
	make_brand()
	deliver(webhook)
	(request,) = receiver.received
	expected = hmac.new(b"frappe-secret", request.content, hashlib.sha256).digest()
	assert request.headers["x-frappe-webhook-signature"] == base64.b64encode(expected).decode()
