"""Thin bodies of webhooks: for which DocTypes they are the default, and who may have whole records sent."""

import pytest

import frappe

from orchestrator import private_doctypes
from orchestrator.api import webhook_jobs
from orchestrator.api.webhooks import create
from tests.support import clinic, factories
from tests.support.client import get_error
from tests.support.webhooks import (
	CREATE,
	PUBLIC_URL,
	build_client_webhook,
	make_brand,
	make_manager,
	make_webhook,
)

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


def test_webhooks_of_clients_send_names_of_fields_and_no_values(receiver, api):
	asked = build_client_webhook(request_url=receiver.url)
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
	reply = api().post(CREATE, **build_client_webhook(doctype=doctype))
	assert (reply.status_code, reply.json()["data"]["thin_body"]) == (201, True)


def test_system_manager_without_access_to_clients_gets_no_whole_records(api):
	asked = build_client_webhook(thin_body=False)
	reply = api(make_manager()).post(CREATE, **asked)
	assert get_error(reply) == (403, "PermissionError")
	assert "may not read Client" in reply.json()["exc"]
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


@pytest.mark.parametrize(
	"values", [{"thin_body": 0}, {"thin_body": 0, "request_url": "https://8.8.8.8/hook"}]
)
def test_system_manager_cannot_make_a_webhook_of_clients_whole_afterwards(api, values):
	asked = build_client_webhook()
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
	asked = build_client_webhook(thin_body=False)
	reply = api(make_manager("Clinical Manager")).post(CREATE, **asked)
	assert (reply.status_code, reply.json()["data"]["thin_body"]) == (201, False)


def test_reliable_delivery_turned_off_sends_no_whole_client(api):
	"""Frappe's own delivery knows no thin bodies."""
	asked = build_client_webhook()
	api(make_manager()).post(CREATE, **asked)
	template = frappe.db.get_value("Webhook", asked["webhook_name"], "webhook_json")
	client = clinic.make_client(clinic.make_connection())
	body = frappe.parse_json(frappe.render_template(template, {"doc": client}))
	assert body == {"doctype": "Client", "name": client.name}


@pytest.mark.parametrize("value", ["maybe", 2, [1]])
def test_thin_body_is_true_or_false(api, value):
	asked = build_client_webhook(thin_body=value)
	assert api().post(CREATE, **asked).status_code == 400
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


def test_another_app_declares_a_doctype_as_private(site, monkeypatch):
	hooks = frappe.get_hooks

	def with_theirs(hook=None, *arguments, **options):
		found = hooks(hook, *arguments, **options)
		return [*found, "Brand"] if hook == private_doctypes.HOOK else found

	assert create(**build_client_webhook(doctype="Brand"))["thin_body"] is False
	monkeypatch.setattr(frappe, "get_hooks", with_theirs)
	assert create(**build_client_webhook(doctype="Brand"))["thin_body"] is True
	assert create(**build_client_webhook(doctype="Note"))["thin_body"] is False
	frappe.db.rollback()
