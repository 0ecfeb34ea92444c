"""Rotation of secrets and replays of webhooks: who may what, and what is sent."""

from datetime import timedelta

import pytest

import frappe

from orchestrator import clock
from orchestrator.api import webhook_jobs
from tests.support import factories
from tests.support.client import get_error
from tests.support.webhooks import (
	CREATE,
	answer_status,
	build_client_webhook,
	change_brand,
	deliver_at,
	list_deliveries,
	make_brand,
	make_manager,
	make_webhook,
)

ROTATE = "orchestrator.api.webhooks.rotate_secret"
REPLAY = "orchestrator.api.webhooks.replay_deliveries"
DISABLED = {"enabled": 0}
pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


# Secrets


def test_secret_is_shown_once(api):
	asked = build_client_webhook(doctype="Note")
	manager = api(make_manager())
	manager.post(CREATE, **asked)
	name = asked["webhook_name"]
	secret = manager.post(ROTATE, webhook=name).json()["data"]["secret"]
	shown = [
		manager.request("GET", f"/api/resource/Webhook/{name}").text,
		manager.get("frappe.client.get", doctype="Webhook", name=name).text,
		manager.get("frappe.client.get_list", doctype="Webhook", fields='["*"]', limit_page_length=100).text,
		repr(frappe.db.sql("select * from tabWebhook")),
		repr(frappe.db.sql("select data from tabVersion where ref_doctype = 'Webhook'")),
	]
	assert [secret in text for text in shown] == [False] * 5
	assert frappe.get_doc("Webhook", name).get_password("signing_secret") == secret


def test_webhook_made_in_desk_gets_a_secret(receiver):
	webhook = make_webhook(receiver.url)
	assert webhook.get_password("signing_secret").startswith("whsec_")


def test_malformed_secret_is_refused(receiver):
	webhook = make_webhook(receiver.url)
	webhook.signing_secret = "too simple"
	with pytest.raises(frappe.ValidationError, match="whsec_ followed by 24 to 64 bytes"):
		webhook.save()


@pytest.mark.parametrize("hours", [-1, 169, "soon", True, 1.5])
def test_overlap_out_of_range_changes_no_secret(receiver, api, hours):
	webhook = make_webhook(receiver.url)
	before = webhook.get_password("signing_secret")
	reply = api(make_manager("Item Manager")).post(ROTATE, webhook=webhook.name, overlap_hours=hours)
	assert reply.status_code == 400
	assert frappe.get_doc("Webhook", webhook.name).get_password("signing_secret") == before


def test_manager_without_access_to_clients_may_rotate(api):
	asked = build_client_webhook(thin_body=False)
	api(make_manager("Clinical Manager")).post(CREATE, **asked)
	reply = api(make_manager()).post(ROTATE, webhook=asked["webhook_name"])
	assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("method", [ROTATE, REPLAY])
def test_who_may_not_write_webhooks_is_refused_before_the_name_is_looked_up(
	guest, api, receiver, method, exists
):
	asked = {"webhook": make_webhook(receiver.url).name if exists else "no such webhook"}
	if method == REPLAY:
		asked["from_time"] = "2026-01-01T00:00:00"
	colleague = api(factories.make_user("Sales Manager").name)
	assert get_error(guest.post(method, **asked)) == (401, "AuthenticationError")
	assert get_error(colleague.post(method, **asked)) == (403, "PermissionError")


@pytest.mark.parametrize("method", [ROTATE, REPLAY])
def test_unknown_webhook_is_404(api, method):
	asked = {"from_time": "2026-01-01T00:00:00"} if method == REPLAY else {}
	assert get_error(api(make_manager()).post(method, webhook="none", **asked)) == (404, "DoesNotExistError")


def test_webhook_of_frappes_own_has_no_secret_to_rotate(api, receiver):
	webhook = make_webhook(receiver.url, reliable_delivery=0)
	reply = api(make_manager()).post(ROTATE, webhook=webhook.name)
	assert get_error(reply) == (409, "ConflictError")
	webhook.delete()
	frappe.db.commit()


# Replays


def test_replay_of_one_delivery_sends_the_same_message(receiver, api, worker):
	webhook = make_webhook(receiver.url)
	brand = make_brand()
	change_brand(brand, "second")
	webhook_jobs.deliver_webhook(webhook.name)
	first = list_deliveries(webhook, "name")[0]
	reply = api(make_manager("Item Manager")).post(REPLAY, webhook=webhook.name, delivery=first)
	assert (reply.status_code, reply.json()["data"]) == (200, {"webhook": webhook.name, "replayed": 1})
	worker()
	again = receiver.received[2]
	assert (again.id, again.content) == (receiver.received[0].id, receiver.received[0].content)
	assert len(receiver.received) == 3
	assert list_deliveries(webhook, "status", "attempts", "replays") == [
		("Delivered", 1, 1),
		("Delivered", 1, 0),
	]


def test_replay_of_a_range_is_in_the_order_of_the_events(receiver, api, monkeypatch):
	webhook = make_webhook(receiver.url)
	receiver.answer = answer_status(400)
	brand = make_brand("0")
	for text in ("1", "2"):
		change_brand(brand, text)
	start = list_deliveries(webhook, "creation")[0].replace(microsecond=0)
	for number, name in enumerate(list_deliveries(webhook, "name")):
		happened = start + timedelta(seconds=10 * number, microseconds=999_999)
		frappe.db.set_value("Webhook Delivery", name, "creation", happened)
	frappe.db.commit()
	for _ in range(3):
		deliver_at(monkeypatch, webhook, clock.get_now() + timedelta(days=4))
	assert list_deliveries(webhook, "status") == ["Failed", "Pending", "Pending"]
	assert frappe.db.get_value("Webhook", webhook.name, "enabled") == 0
	frappe.get_doc("Webhook", webhook.name).update({"enabled": 1}).save()
	frappe.db.commit()
	receiver.answer = answer_status(204)
	sent = len(receiver.received)
	middle = start + timedelta(seconds=10)
	reply = api(make_manager("Item Manager")).post(
		REPLAY, webhook=webhook.name, from_time=start.isoformat(), to_time=middle.isoformat()
	)
	assert reply.json()["data"]["replayed"] == 2
	webhook_jobs.deliver_webhook(webhook.name)
	assert [request.body["description"] for request in receiver.received[sent:]] == ["0", "1", "2"]


def test_replay_may_choose_a_status(receiver, api):
	webhook = make_webhook(receiver.url)
	make_brand()
	webhook_jobs.deliver_webhook(webhook.name)
	asked = {"webhook": webhook.name, "from_time": "2020-01-01T00:00:00Z"}
	manager = api(make_manager("Item Manager"))
	assert manager.post(REPLAY, **asked, status="Failed").json()["data"]["replayed"] == 0
	assert manager.post(REPLAY, **asked, status="Delivered").json()["data"]["replayed"] == 1


@pytest.mark.parametrize(
	("values", "status", "exc_type"),
	[
		({}, 400, "InvalidRequestError"),
		({"delivery": 1, "from_time": "2026-01-01T00:00:00"}, 400, "InvalidRequestError"),
		({"delivery": 1, "status": "Failed"}, 400, "InvalidRequestError"),
		({"to_time": "2026-01-01T00:00:00"}, 400, "InvalidRequestError"),
		({"from_time": "yesterday"}, 400, "InvalidRequestError"),
		({"from_time": "2026-01-02"}, 400, "InvalidRequestError"),
		({"from_time": "2026-01-02T00:00:00", "to_time": "2026-01-01T00:00:00"}, 400, "InvalidRequestError"),
		({"from_time": "2026-01-02T00:00:00", "status": "Lost"}, 400, "InvalidRequestError"),
		({"delivery": 2_000_000_000}, 404, "DoesNotExistError"),
		({"delivery": 0}, 404, "DoesNotExistError"),
		({"delivery": "first"}, 400, "InvalidRequestError"),
		({"delivery": [1]}, 400, "InvalidRequestError"),
	],
)
def test_malformed_replay_changes_nothing(receiver, api, values, status, exc_type):
	webhook = make_webhook(receiver.url)
	make_brand()
	webhook_jobs.deliver_webhook(webhook.name)
	reply = api(make_manager("Item Manager")).post(REPLAY, webhook=webhook.name, **values)
	assert get_error(reply) == (status, exc_type)
	assert list_deliveries(webhook, "status", "replays") == [("Delivered", 0)]


def test_delivery_of_another_webhook_is_not_replayed(receiver, api):
	webhook, other = make_webhook(receiver.url), make_webhook(receiver.url, webhook_docevent="on_trash")
	make_brand()
	(delivery,) = list_deliveries(webhook, "name")
	reply = api(make_manager("Item Manager")).post(REPLAY, webhook=other.name, delivery=delivery)
	assert get_error(reply) == (404, "DoesNotExistError")


def test_disabled_webhook_is_not_replayed(receiver, api):
	webhook = make_webhook(receiver.url)
	make_brand()
	webhook.update(DISABLED).save()
	frappe.db.commit()
	reply = api(make_manager("Item Manager")).post(
		REPLAY, webhook=webhook.name, from_time="2020-01-01T00:00:00"
	)
	assert get_error(reply) == (409, "ConflictError")
	assert list_deliveries(webhook, "replays") == [0]


# The log


def test_only_system_managers_read_the_log(receiver, api):
	webhook = make_webhook(receiver.url)
	make_brand()
	asked = {"doctype": "Webhook Delivery", "filters": {"webhook": webhook.name}}
	found = api(make_manager()).post("frappe.client.get_list", **asked, fields=["status", "event"])
	assert found.json()["data"] == [{"status": "Pending", "event": "on_update"}]
	refused = api(factories.make_user("Sales Manager", "Orchestrator Manager").name)
	assert get_error(refused.post("frappe.client.get_list", **asked)) == (403, "PermissionError")


@pytest.mark.parametrize("method", ["insert", "set_value", "delete"])
def test_nobody_writes_the_log(receiver, api, method):
	webhook = make_webhook(receiver.url)
	make_brand()
	(name,) = list_deliveries(webhook, "name")
	values = {
		"insert": {"webhook": webhook.name, "status": "Pending"},
		"set_value": {"name": name, "fieldname": "status", "value": "Delivered"},
		"delete": {"name": name},
	}[method]
	reply = api(make_manager()).post(f"frappe.client.{method}", doctype="Webhook Delivery", **values)
	assert get_error(reply) == (403, "PermissionError")
	assert list_deliveries(webhook, "status") == ["Pending"]


def test_sealed_payload_is_hidden_from_the_readers_of_the_log(receiver, api):
	webhook = make_webhook(receiver.url)
	make_brand()
	(name,) = list_deliveries(webhook, "name")
	manager = api(make_manager())
	asked = {"doctype": "Webhook Delivery", "filters": {"webhook": webhook.name}}
	listed = manager.post("frappe.client.get_list", **asked, fields=["name", "sealed_payload"]).json()["data"]
	assert [(row["name"], row.get("sealed_payload")) for row in listed] == [(name, None)]
	shown = manager.get("frappe.client.get", doctype="Webhook Delivery", name=name).json()["data"]
	assert (shown["status"], shown.get("sealed_payload")) == ("Pending", None)
