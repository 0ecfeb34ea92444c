"""Webhooks: the records that the documented call creates, allowed targets, and a delivery to a real server."""

import base64
import uuid

import pytest
import standardwebhooks

import frappe

from orchestrator.api import webhook_targets
from orchestrator.exceptions import InvalidWebhookTargetError
from tests.support import factories
from tests.support.client import get_error
from tests.support.webhooks import (
	CREATE,
	PUBLIC_URL,
	allow_private_targets,
	answer_status,
	make_manager,
	run_receiver,
)


def build_arguments(**values):
	return {
		"doctype": "Note",
		"webhook_name": factories.make_unique("hook").replace(" ", "_"),
		"events": ["after_insert"],
		"request_url": PUBLIC_URL,
		"request_method": "POST",
		"webhook_headers": [{"header_key": "Authorization", "header_value": "Bearer token123"}],
		**values,
	}


def make_brand_manager():
	"""A System Manager who may read brands."""
	return make_manager("Item Manager")


@pytest.fixture
def allow_private(site):
	"""Allow the site's own network until the test ends."""
	with allow_private_targets():
		yield


@pytest.fixture(autouse=True)
def no_webhook_stays(request):
	"""Delete webhooks after each test. A remaining one would be delivered, three times, by every later test
	with a worker.
	"""
	yield
	if "site" in request.fixturenames:
		for name in frappe.get_all("Webhook", {"public_target_only": 1}, pluck="name"):
			frappe.delete_doc("Webhook", name, force=True)
		frappe.db.commit()


def test_one_event_makes_one_webhook_of_frappes_own(api):
	asked = build_arguments()

	reply = api(make_manager()).post(CREATE, **asked)

	assert reply.status_code == 201, reply.text
	secret = reply.json()["data"]["webhooks"][0]["secret"]
	assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
	assert reply.json() == {
		"message": "Webhook created",
		"exc": "",
		"data": {
			"doctype": "Note",
			"request_url": PUBLIC_URL,
			"request_method": "POST",
			"thin_body": False,
			"webhooks": [{"name": asked["webhook_name"], "event": "after_insert", "secret": secret}],
		},
	}
	webhook = frappe.get_doc("Webhook", asked["webhook_name"])
	assert (webhook.webhook_doctype, webhook.webhook_docevent, webhook.enabled) == ("Note", "after_insert", 1)
	assert (webhook.request_structure, webhook.webhook_json) == ("JSON", "{{ doc | json }}")
	assert (webhook.public_target_only, webhook.reliable_delivery, webhook.thin_body) == (1, 1, 0)
	assert [(header.key, header.value) for header in webhook.webhook_headers] == [
		("Authorization", "Bearer token123"),
		("Content-Type", "application/json"),
	]


def test_several_events_make_one_webhook_each(api):
	asked = build_arguments(events=["after_insert", "on_update", "after_insert"])
	name = asked["webhook_name"]

	reply = api(make_manager()).post(CREATE, **asked)

	created = reply.json()["data"]["webhooks"]
	assert [(webhook["name"], webhook["event"]) for webhook in created] == [
		(f"{name}-after_insert", "after_insert"),
		(f"{name}-on_update", "on_update"),
	]
	assert len({webhook["secret"] for webhook in created}) == 2


def test_content_type_header_of_caller_is_preserved(api):
	headers = [{"header_key": "content-type", "header_value": "application/vnd.note+json"}]
	asked = build_arguments(webhook_headers=headers)

	api(make_manager()).post(CREATE, **asked)

	rows = frappe.get_doc("Webhook", asked["webhook_name"]).webhook_headers
	assert [(row.key, row.value) for row in rows] == [("content-type", "application/vnd.note+json")]


def test_one_duplicate_name_creates_no_webhook(api):
	name = build_arguments()["webhook_name"]
	api(make_manager()).post(CREATE, **build_arguments(webhook_name=f"{name}-on_update", events=["on_trash"]))

	reply = api(make_manager()).post(
		CREATE, **build_arguments(webhook_name=name, events=["after_insert", "on_update"])
	)

	assert get_error(reply) == (409, "DuplicateEntryError")
	assert not frappe.db.exists("Webhook", f"{name}-after_insert")


def test_a_guest_is_refused(guest):
	assert get_error(guest.post(CREATE, **build_arguments())) == (401, "AuthenticationError")


def test_only_system_managers_may(api):
	asked = build_arguments()

	reply = api(factories.make_user("Sales Manager").name).post(CREATE, **asked)

	assert get_error(reply) == (403, "PermissionError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


@pytest.mark.parametrize(
	("values", "status", "exc_type", "words"),
	[
		({"events": []}, 400, "InvalidRequestError", "events must be a list"),
		({"events": [1]}, 400, "InvalidRequestError", "events must be a list"),
		({"events": ["after_insert", "on_whim"]}, 422, "ValidationError", "on_whim is not a valid Doc Event"),
		({"events": ["on_submit"]}, 422, "ValidationError", "must be Submittable"),
		({"request_method": "GET"}, 422, "ValidationError", "GET is not a valid Request Method"),
		({"request_url": "https:///hook"}, 422, "ValidationError", "Check Request URL"),
		({"doctype": "Noot"}, 422, "LinkValidationError", "There is no DocType Noot."),
		({"webhook_name": ""}, 400, "InvalidRequestError", "Missing parameter: webhook_name."),
		(
			{"webhook_headers": [{"header_key": "X"}]},
			400,
			"InvalidRequestError",
			"header_key and a header_value",
		),
		({"webhook_headers": {"X": "1"}}, 400, "InvalidRequestError", "webhook_headers"),
		(
			{"webhook_headers": [{"header_key": "X", "header_value": "1\r\nHost: other"}]},
			400,
			"InvalidRequestError",
			"each on a single line",
		),
	],
)
def test_a_bad_argument_is_refused_with_the_reason(api, values, status, exc_type, words):
	asked = build_arguments(**values)

	reply = api(make_manager()).post(CREATE, **asked)

	assert get_error(reply) == (status, exc_type)
	assert words in reply.json()["exc"]
	assert not frappe.db.exists("Webhook", {"name": ("like", f"{asked['webhook_name'] or 'none'}%")})


@pytest.mark.parametrize(
	"url",
	[
		"http://1.1.1.1/hook",
		"https://127.0.0.1/hook",
		"https://127.1/hook",
		"https://2130706433/hook",
		"https://0x7f000001/hook",
		"https://0.0.0.0/hook",
		"https://10.0.0.8/hook",
		"https://172.16.4.4/hook",
		"https://192.168.1.1/hook",
		"https://100.64.0.1/hook",
		"https://169.254.169.254/latest/meta-data",
		"https://224.0.0.1/hook",
		"https://240.0.0.1/hook",
		"https://localhost/hook",
		"https://[::1]/hook",
		"https://[::]/hook",
		"https://[fe80::1]/hook",
		"https://[fd00::1]/hook",
		"https://[::ffff:127.0.0.1]/hook",
		"https://[::ffff:a00:1]/hook",
		"https://[64:ff9b::7f00:1]/hook",
		"https://[2002:7f00:1::]/hook",
		"https://user:secret@1.1.1.1/hook",
		"https://1.1.1.1\\@127.0.0.1/hook",
		"https://" + "x" * 64 + ".example/hook",
		"https://1.1.1.1:99999/hook",
		"ftp://1.1.1.1/hook",
		"//1.1.1.1/hook",
	],
)
def test_a_target_that_is_no_public_https_address_is_refused(api, url):
	asked = build_arguments(request_url=url)

	reply = api(make_manager()).post(CREATE, **asked)

	assert get_error(reply) == (422, "InvalidWebhookTargetError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


def test_one_private_address_among_public_ones_is_enough_to_refuse(site, monkeypatch):
	addresses = [(2, 1, 6, "", ("1.1.1.1", 443)), (10, 1, 6, "", ("fd00::5", 443, 0, 0))]
	monkeypatch.setattr(webhook_targets.socket, "getaddrinfo", lambda *_args, **_kwargs: addresses)

	with pytest.raises(InvalidWebhookTargetError):
		webhook_targets.check_url("https://example.com/hook")


def test_orchestrator_webhook_is_validated_again_on_edit(api):
	asked = build_arguments()
	api(make_manager()).post(CREATE, **asked)
	webhook = frappe.get_doc("Webhook", asked["webhook_name"])
	webhook.request_url = "https://10.0.0.8/hook"

	with pytest.raises(InvalidWebhookTargetError):
		webhook.save()


def test_a_webhook_made_in_desk_is_left_alone(site):
	webhook = frappe.get_doc(
		{
			"doctype": "Webhook",
			"__newname": factories.make_unique("desk"),
			"webhook_doctype": "Note",
			"webhook_docevent": "on_trash",
			"request_url": "http://127.0.0.1:9/hook",
			"request_method": "POST",
			"enabled": 0,
		}
	).insert()

	assert webhook.public_target_only == 0


def test_a_site_that_allows_its_network_still_wants_https_beyond_it(api, allow_private):
	inside = api(make_manager()).post(
		CREATE, **build_arguments(request_url="http://10.0.0.8/hook", events=["on_trash"])
	)
	beyond = api(make_manager()).post(CREATE, **build_arguments(request_url="http://1.1.1.1/hook"))

	assert inside.status_code == 201
	assert get_error(beyond) == (422, "InvalidWebhookTargetError")
	assert "has a public address: use https." in beyond.json()["exc"]


def insert_brand(client, details=""):
	"""Return a record of a DocType that no other test hooks, inserted over HTTP."""
	name = factories.make_unique("Fair Köln")
	reply = client.post("frappe.client.insert", doctype="Brand", brand=name, description=details)
	assert reply.status_code == 201, reply.text
	return reply.json()["data"]


def test_the_whole_document_reaches_the_receiver_with_the_headers(api, worker, allow_private):
	client = api(make_brand_manager())
	details = """<p>"Quoted" &amp; 'single' \\ back, {{ doc.name }}, naïve ☕</p>"""
	with run_receiver() as receiver:
		asked = build_arguments(doctype="Brand", request_url=receiver.url)
		assert client.post(CREATE, **asked).status_code == 201
		inserted = insert_brand(api(), details)
		worker()

	(received,) = receiver.received
	assert received.path == "/hook"
	assert (received.headers["authorization"], received.headers["content-type"]) == (
		"Bearer token123",
		"application/json",
	)
	stored = frappe.get_doc("Brand", inserted["name"]).as_dict(convert_dates_to_str=True)
	assert received.body == stored
	assert (stored.brand, received.body["description"]) == (inserted["brand"], stored.description)
	assert "{{ doc.name }}" in received.body["description"]


def test_a_record_that_was_rolled_back_out_of_a_bulk_call_sends_nothing(api, worker, allow_private):
	"""Of two brands deleted record by record, the one in use stays and its webhook with it."""
	used, free = (frappe.get_doc("Brand", insert_brand(api())["name"]) for _ in "ab")
	factories.make_record(
		"Item",
		item_code=factories.make_unique("Kit"),
		item_group=frappe.db.get_value("Item Group", {"is_group": 0}),
		stock_uom="Nos",
		is_stock_item=0,
		brand=used.name,
	)
	with run_receiver() as receiver:
		asked = build_arguments(doctype="Brand", request_url=receiver.url, events=["on_trash"])
		assert api(make_manager()).post(CREATE, **asked).status_code == 201
		reply = api().post(
			"frappe.desk.delete.delete_many", doctype="Brand", name=[used.name, free.name], atomic=False
		)
		worker()

	assert [result["ok"] for result in reply.json()["data"]["results"]] == [False, True]
	assert [received.body["name"] for received in receiver.received] == [free.name]


def get_delivery(webhook):
	"""Return the only delivery of a webhook: its record, status and error."""
	fields = ["reference_name", "status", "last_error"]
	(found,) = frappe.get_all("Webhook Delivery", {"webhook": webhook}, fields, as_list=True)
	return found


def test_a_delivery_to_a_private_address_is_stopped_and_logged(api, worker):
	"""This happens if a name resolves to another address after the webhook was created."""
	with run_receiver() as receiver:
		asked = build_arguments(doctype="Brand")
		api(make_manager()).post(CREATE, **asked)
		url = receiver.url.replace("http:", "https:")
		frappe.db.set_value("Webhook", asked["webhook_name"], "request_url", url)
		frappe.db.commit()
		brand = insert_brand(api())
		worker()

	assert receiver.received == []
	assert get_delivery(asked["webhook_name"]) == (brand["name"], "Pending", "InvalidWebhookTargetError")


@pytest.mark.parametrize(
	"url", ["https://no-such-host.invalid/hook", "https://bücher.invalid/hook", "https://a.b.c.invalid:8443/"]
)
def test_a_host_that_is_not_known_now_is_accepted_with_a_warning(api, url):
	asked = build_arguments(request_url=url)
	reply = api(make_manager()).post(CREATE, **asked)
	assert reply.status_code == 201, reply.text
	(warning,) = reply.json()["data"]["warnings"]
	assert "cannot be found at the moment" in warning
	assert frappe.db.get_value("Webhook", asked["webhook_name"], "request_url") == url


def test_plain_http_to_an_unknown_host_is_still_refused(api):
	reply = api(make_manager()).post(
		CREATE, **build_arguments(request_url="http://no-such-host.invalid/hook")
	)
	assert get_error(reply) == (422, "InvalidWebhookTargetError")


def test_a_delivery_to_an_unknown_host_is_stopped_and_logged(api, worker):
	asked = build_arguments(doctype="Brand", request_url="https://no-such-host.invalid/hook")
	assert api(make_manager()).post(CREATE, **asked).status_code == 201
	brand = insert_brand(api())
	worker()
	assert get_delivery(asked["webhook_name"]) == (brand["name"], "Pending", "InvalidWebhookTargetError")


@pytest.mark.parametrize(("sent", "kept"), [(None, 30), (1, 1), (60, 60), ("45", 45)])
def test_the_timeout_can_be_set(api, sent, kept):
	asked = build_arguments(**({} if sent is None else {"timeout": sent}))
	assert api(make_manager()).post(CREATE, **asked).status_code == 201
	assert frappe.db.get_value("Webhook", asked["webhook_name"], "timeout") == kept


@pytest.mark.parametrize("sent", [0, -1, 61, "soon", True, 10**30])
def test_a_timeout_out_of_range_is_400(api, sent):
	asked = build_arguments(timeout=sent)
	assert get_error(api(make_manager()).post(CREATE, **asked)) == (400, "InvalidRequestError")
	assert not frappe.db.exists("Webhook", asked["webhook_name"])


def test_a_webhook_of_frappes_own_delivery_has_an_id_that_its_attempts_share(api, worker, allow_private):
	"""Where a site has turned reliable delivery off, Frappe makes three attempts in a row."""
	with run_receiver(answer_status(500)) as receiver:
		asked = build_arguments(doctype="Brand", request_url=receiver.url)
		assert api(make_manager()).post(CREATE, **asked).status_code == 201
		webhook = frappe.get_doc("Webhook", asked["webhook_name"])
		webhook.update({"reliable_delivery": 0}).save()
		frappe.db.commit()
		insert_brand(api())
		worker()
	assert len(receiver.ids) == 3
	assert uuid.UUID(*set(receiver.ids))
	assert frappe.get_all("Webhook Delivery", {"webhook": webhook.name}) == []
	stored = frappe.get_doc("Webhook", asked["webhook_name"])
	assert "Webhook-Id" not in [header.key for header in stored.webhook_headers]


def test_a_task_of_a_workflow_is_not_delivered_to_a_private_address(api):
	"""Frappe 16 sends webhooks as tasks of a workflow's transition, without the usual job."""
	with run_receiver() as receiver:
		asked = build_arguments(doctype="Brand")
		api(make_manager()).post(CREATE, **asked)
		url = receiver.url.replace("http:", "https:")
		frappe.db.set_value("Webhook", asked["webhook_name"], "request_url", url)
		frappe.db.commit()
		brand = frappe.get_doc("Brand", insert_brand(api())["name"])
		with pytest.raises(InvalidWebhookTargetError):
			frappe.get_doc("Webhook", asked["webhook_name"]).execute_for_doc(brand)

	assert receiver.received == []


def test_a_task_of_a_workflow_is_signed_and_thin(api, allow_private):
	with run_receiver() as receiver:
		asked = build_arguments(doctype="Brand", request_url=receiver.url)
		secret = api(make_manager()).post(CREATE, **asked).json()["data"]["webhooks"][0]["secret"]
		brand = frappe.get_doc("Brand", insert_brand(api())["name"])
		frappe.get_doc("Webhook", asked["webhook_name"]).execute_for_doc(brand)

	(received,) = receiver.received
	assert uuid.UUID(received.id)
	body = standardwebhooks.Webhook(secret).verify(received.content, received.headers)
	assert (body["name"], "description" in body) == (brand.name, False)


def test_a_task_of_a_workflow_fails_where_the_receiver_refuses(api, allow_private):
	with run_receiver(answer_status(500)) as receiver:
		asked = build_arguments(doctype="Brand", request_url=receiver.url)
		api(make_manager()).post(CREATE, **asked)
		brand = frappe.get_doc("Brand", insert_brand(api())["name"])
		with pytest.raises(frappe.ValidationError, match="HTTPError 500"):
			frappe.get_doc("Webhook", asked["webhook_name"]).execute_for_doc(brand)

	assert len(receiver.received) == 1
