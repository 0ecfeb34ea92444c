"""Thin bodies, rotation of secrets and replays: who may what, and what is sent."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import frappe

from orchestrator import clock
from orchestrator.api import webhook_jobs
from tests.support import clinic, factories
from tests.support.client import get_error
from tests.support.webhooks import (
	Receiver,
	allow_private_targets,
	answer_status,
	change_brand,
	delete_reliable_webhooks,
	deliver_at,
	list_deliveries,
	make_brand,
	make_webhook,
	run_receiver,
)

CREATE = "frappe.desk.doctype.webhook.create"
ROTATE = "orchestrator.api.webhooks.rotate_secret"
REPLAY = "orchestrator.api.webhooks.replay_deliveries"
DISABLED = {"enabled": 0}
PUBLIC_URL = "https://1.1.1.1/hook"


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


def make_manager(*roles: str) -> str:
	return factories.make_user("System Manager", *roles).name


def build_arguments(**values):
	return {
		"doctype": "Client",
		"webhook_name": factories.make_unique("hook"),
		"events": ["on_update"],
		"request_url": PUBLIC_URL,
		**values,
	}


# Thin bodies


def test_webhooks_of_clients_send_names_of_fields_and_no_values(receiver, api):
	asked = build_arguments(request_url=receiver.url)
	reply = api(make_manager()).post(CREATE, **asked)
	assert (reply.status_code, reply.json()["data"]["thin_body"]) == (201, True)
	frappe.local.cache.clear()  # as at the beginning of a request
	client = clinic.make_client(clinic.make_connection(), level_of_care="Detox")
	client.update({"first_name": "Mabel", "level_of_care": "Residential"}).save()
	frappe.db.commit()
	webhook_jobs.deliver_webhook(asked["webhook_name"])
	created, changed = (request.body for request in receiver.received)
	assert set(changed) == {"event", "doctype", "name", "timestamp", "changed_fields"}
	assert (changed["event"], changed["doctype"], changed["name"]) == ("on_update", "Client", client.name)
	assert set(changed["changed_fields"]) == {"first_name", "full_name", "level_of_care"}
	assert created["changed_fields"] == []
	sent = b"".join(request.content for request in receiver.received).decode()
	assert [text in sent for text in ("Mabel", client.last_name, "Residential")] == [False] * 3


def test_changed_fields_are_those_of_the_whole_transaction(receiver):
	webhook = make_webhook(receiver.url, thin_body=1)
	brand = make_brand()
	for values in ({"description": "second"}, {"image": "/files/logo.png"}):
		brand.update(values)
		brand.save()
	frappe.db.commit()
	webhook_jobs.deliver_webhook(webhook.name)
	assert receiver.received[-1].body["changed_fields"] == ["description", "image"]


def test_changed_child_rows_are_named_by_their_table(receiver):
	webhook = make_webhook(receiver.url, webhook_doctype="Note", thin_body=1, webhook_json="{}")
	note = factories.make_record("Note", title=factories.make_unique("Note"))
	note.append("seen_by", {"user": "Administrator"})
	note.save()
	frappe.db.commit()
	webhook_jobs.deliver_webhook(webhook.name)
	assert receiver.received[-1].body["changed_fields"] == ["seen_by"]


@pytest.mark.parametrize("doctype", ["Client", "Client Stay", "Document", "Employee", "Salary Slip"])
def test_private_doctypes_are_thin_for_the_administrator_too(api, doctype):
	reply = api().post(CREATE, **build_arguments(doctype=doctype))
	assert (reply.status_code, reply.json()["data"]["thin_body"]) == (201, True)


def test_system_manager_without_access_to_clients_gets_no_whole_records(api):
	asked = build_arguments(thin_body=False)
	reply = api(make_manager()).post(CREATE, **asked)
	assert get_error(reply) == (403, "PermissionError")
	assert "may not read Client" in reply.json()["exc"]
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


@pytest.mark.parametrize(
	"values", [{"thin_body": 0}, {"thin_body": 0, "request_url": "https://8.8.8.8/hook"}]
)
def test_system_manager_cannot_make_a_webhook_of_clients_whole_afterwards(api, values):
	asked = build_arguments()
	manager = api(make_manager())
	manager.post(CREATE, **asked)
	reply = manager.post(
		"frappe.client.set_value", doctype="Webhook", name=asked["webhook_name"], fieldname=values
	)
	assert get_error(reply) == (403, "PermissionError")
	assert frappe.db.get_value("Webhook", asked["webhook_name"], ["thin_body", "request_url"]) == (
		1,
		PUBLIC_URL,
	)


def test_who_may_read_clients_may_have_them_sent(api):
	asked = build_arguments(thin_body=False)
	reply = api(make_manager("Clinical Manager")).post(CREATE, **asked)
	assert (reply.status_code, reply.json()["data"]["thin_body"]) == (201, False)


def test_reliable_delivery_turned_off_sends_no_whole_client(api):
	"""Frappe's own delivery knows no thin bodies."""
	asked = build_arguments()
	api(make_manager()).post(CREATE, **asked)
	template = frappe.db.get_value("Webhook", asked["webhook_name"], "webhook_json")
	client = clinic.make_client(clinic.make_connection())
	body = frappe.parse_json(frappe.render_template(template, {"doc": client}))
	assert body == {"doctype": "Client", "name": client.name}


@pytest.mark.parametrize("value", ["maybe", 2, [1]])
def test_thin_body_is_true_or_false(api, value):
	asked = build_arguments(thin_body=value)
	assert api().post(CREATE, **asked).status_code == 400
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


# Secrets


def test_secret_is_shown_once(api):
	asked = build_arguments(doctype="Note")
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
	asked = build_arguments(thin_body=False)
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
	reply = api(make_manager()).post(REPLAY, webhook=webhook.name, delivery=first)
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
	reply = api(make_manager()).post(
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
	manager = api(make_manager())
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
	reply = api(make_manager()).post(REPLAY, webhook=webhook.name, **values)
	assert get_error(reply) == (status, exc_type)
	assert list_deliveries(webhook, "status", "replays") == [("Delivered", 0)]


def test_delivery_of_another_webhook_is_not_replayed(receiver, api):
	webhook, other = make_webhook(receiver.url), make_webhook(receiver.url, webhook_docevent="on_trash")
	make_brand()
	(delivery,) = list_deliveries(webhook, "name")
	reply = api(make_manager()).post(REPLAY, webhook=other.name, delivery=delivery)
	assert get_error(reply) == (404, "DoesNotExistError")


def test_disabled_webhook_is_not_replayed(receiver, api):
	webhook = make_webhook(receiver.url)
	make_brand()
	webhook.update(DISABLED).save()
	frappe.db.commit()
	reply = api(make_manager()).post(REPLAY, webhook=webhook.name, from_time="2020-01-01T00:00:00")
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
