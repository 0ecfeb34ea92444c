"""Webhooks and records that their manager may not read: replays ask again for each record, and no address leads them away."""

from collections.abc import Callable
from typing import Any

import pytest

import frappe

from orchestrator.api import webhook_jobs
from tests.support import clinic, factories
from tests.support.client import Client, get_error
from tests.support.webhooks import (
	Receiver,
	deliver,
	list_deliveries,
	make_webhook,
	run_receiver,
)

Api = Callable[[str], Client]
REPLAY = "orchestrator.api.webhooks.replay_deliveries"
SET = "frappe.client.set_value"
START = "2026-01-01T00:00:00"
NOTE_BODY = '{"title": {{ doc.title | json }} }'
pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


def make_note(public: int = 1) -> str:
	"""A note of the Administrator's: hidden from others unless it is public."""
	return str(factories.make_record("Note", title=factories.make_unique("Note"), public=public).name)


def make_note_webhook(receiver: Receiver, **values: Any) -> Any:
	return make_webhook(receiver.url, webhook_doctype="Note", webhook_json=NOTE_BODY, **values)


@pytest.fixture
def manager(api: Api) -> Client:
	return api(factories.make_user("System Manager").name)


def list_titles(receiver: Receiver) -> list[str]:
	return [request.body["title"] for request in receiver.received]


def test_replay_of_one_delivery_asks_for_its_record(receiver: Receiver, manager: Client) -> None:
	webhook = make_note_webhook(receiver)
	shown, hidden = make_note(), make_note(public=0)
	deliver(webhook)
	deliveries = dict(list_deliveries(webhook, "reference_name", "name"))
	reply = manager.post(REPLAY, webhook=webhook.name, delivery=deliveries[hidden])
	assert get_error(reply) == (403, "PermissionError")
	assert manager.post(REPLAY, webhook=webhook.name, delivery=deliveries[shown]).status_code == 200
	assert list_deliveries(webhook, "reference_name", "status") == [
		(shown, "Pending"),
		(hidden, "Delivered"),
	]


def test_range_leaves_out_records_that_are_hidden_or_gone(
	receiver: Receiver, manager: Client, api: Api
) -> None:
	webhook = make_note_webhook(receiver)
	shown, hidden, deleted = make_note(), make_note(public=0), make_note()
	frappe.delete_doc("Note", deleted)
	frappe.db.commit()
	deliver(webhook)
	reply = manager.post(REPLAY, webhook=webhook.name, from_time=START)
	assert (reply.status_code, reply.json()["data"]["replayed"]) == (200, 1)
	webhook_jobs.deliver_webhook(webhook.name)
	assert list_titles(receiver)[3:] == [frappe.db.get_value("Note", shown, "title")]
	everything = api("Administrator").post(REPLAY, webhook=webhook.name, from_time=START)
	assert everything.json()["data"]["replayed"] == 3
	assert hidden


def test_permission_that_is_taken_away_counts(receiver: Receiver, manager: Client) -> None:
	webhook = make_note_webhook(receiver)
	note = make_note()
	deliver(webhook)
	(delivery,) = list_deliveries(webhook, "name")
	assert manager.post(REPLAY, webhook=webhook.name, delivery=delivery).status_code == 200
	frappe.get_doc("Note", note).update({"public": 0}).save()
	frappe.db.commit()
	reply = manager.post(REPLAY, webhook=webhook.name, delivery=delivery)
	assert get_error(reply) == (403, "PermissionError")


def test_names_of_changed_fields_may_be_replayed(receiver: Receiver, manager: Client) -> None:
	webhook = make_note_webhook(receiver, thin_body=1)
	make_note(public=0)
	deliver(webhook)
	reply = manager.post(REPLAY, webhook=webhook.name, from_time=START)
	assert reply.json()["data"]["replayed"] == 1


@pytest.fixture
def client_webhook(receiver: Receiver) -> Any:
	"""A webhook with whole clients that somebody made who may read them, with a delivery."""
	webhook = make_webhook(
		receiver.url, webhook_doctype="Client", webhook_json='{"name": {{ doc.name | json }} }'
	)
	clinic.make_client(clinic.make_connection())
	return webhook


def test_manager_cannot_lead_pending_clients_elsewhere(client_webhook: Any, manager: Client) -> None:
	"""By a thin body, which is no reason to refuse by itself."""
	with run_receiver() as elsewhere:
		asked = {"doctype": "Webhook", "name": client_webhook.name}
		values = {"thin_body": 1, "request_url": elsewhere.url}
		assert get_error(manager.post(SET, **asked, fieldname=values)) == (403, "PermissionError")
		deliver(client_webhook)
		assert manager.post(SET, **asked, fieldname=values).status_code == 200
		reply = manager.post(REPLAY, webhook=client_webhook.name, from_time=START)
		assert (reply.status_code, reply.json()["data"]["replayed"]) == (200, 0)
		webhook_jobs.deliver_webhook(client_webhook.name)
		assert elsewhere.received == []


def test_address_of_a_thin_webhook_has_no_values(client_webhook: Any, manager: Client) -> None:
	deliver(client_webhook)
	values = {"thin_body": 1, "is_dynamic_url": 1, "request_url": "https://1.1.1.1/{{doc.last_name}}"}
	reply = manager.post(SET, doctype="Webhook", name=client_webhook.name, fieldname=values)
	assert get_error(reply) == (403, "PermissionError")
	assert frappe.db.get_value("Webhook", client_webhook.name, "is_dynamic_url") == 0


def test_whole_private_records_need_permission_for_all_of_them(api: Api) -> None:
	"""Whoever may read some clients would otherwise have the others sent."""
	from frappe.permissions import add_user_permission

	connection = clinic.make_connection()
	restricted = factories.make_user("System Manager", "Clinical Manager").name
	add_user_permission("Client", clinic.make_client(connection).name, restricted)
	frappe.db.commit()
	asked = {
		"doctype": "Client",
		"webhook_name": factories.make_unique("hook"),
		"events": ["on_update"],
		"request_url": "https://1.1.1.1/hook",
	}
	reply = api(restricted).post("frappe.desk.doctype.webhook.create", **asked, thin_body=False)
	assert get_error(reply) == (403, "PermissionError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])
	assert api(restricted).post("frappe.desk.doctype.webhook.create", **asked).status_code == 201
