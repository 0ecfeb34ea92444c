"""What webhooks with reliable delivery store: in the transaction of the change, and nothing of one that is undone."""

import hashlib

import pytest

import frappe

from tests.support import factories, hr_factories
from tests.support.batches import BATCH, list_statuses, step
from tests.support.conditional import SET, make_item
from tests.support.webhooks import deliver, list_bodies, list_deliveries, make_brand, make_webhook

pytestmark = pytest.mark.usefixtures("private_targets", "no_webhook_stays")


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
	webhook = make_webhook(receiver.url)
	make_brand()
	deliver(webhook)
	assert list_deliveries(webhook, "payload_digest") == [
		hashlib.sha256(receiver.received[0].content).hexdigest()
	]
