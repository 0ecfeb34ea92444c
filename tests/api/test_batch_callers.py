"""Who sends a batch: permissions of each step, the rate limit, retries, and what a step leaves behind."""

import json
import threading

import pytest

import frappe

from tests.support import factories
from tests.support.batches import BATCH, GET, INSERT, get_results, list_notes, list_statuses, note, step
from tests.support.client import get_data, get_error
from tests.support.rate_limits import override_rate_limit


def test_a_guest_is_401(guest, mark):
	assert get_error(guest.post(BATCH, steps=[note("a", mark)])) == (401, "AuthenticationError")
	assert list_notes(mark) == []


def test_each_step_has_the_permissions_of_its_caller(api, mark):
	other = factories.make_record("ToDo", description=mark, owner="Administrator")
	lead = factories.make_lead()
	user = factories.make_user("Sales User").name
	reply = api(user).post(
		BATCH,
		atomic=False,
		steps=[
			step("own", INSERT, doctype="ToDo", description=mark, allocated_to=user),
			step("other", GET, doctype="ToDo", name=other.name),
			step("change", "frappe.client.set_value", doctype="ToDo", name=other.name, description="x"),
			step("delete", "frappe.client.delete", doctype="Lead", name=lead.name),
			step("salary", "frappe.client.get_list", doctype="Salary Slip"),
			step("filter", GET, doctype="Lead", name={"$literal": {"name": lead.name}}),
		],
	)
	assert list_statuses(reply) == {
		"own": 201, "other": 404, "change": 404, "delete": 403, "salary": 403, "filter": 400,
	}  # fmt: skip
	frappe.db.rollback()
	assert frappe.db.exists("Lead", lead.name)
	assert frappe.db.get_value("ToDo", other.name, "description") == mark


def test_a_right_that_a_step_takes_away_is_gone_for_the_next(api, mark):
	"""Permissions are not those of the beginning of the batch."""
	manager = factories.make_user("System Manager", "Sales User").name
	lead, other = factories.make_lead(), factories.make_lead()
	reply = api(manager).post(
		BATCH,
		atomic=False,
		steps=[
			step("before", GET, doctype="Lead", name=other.name),
			step("limit", INSERT, doctype="User Permission", user=manager, allow="Lead", for_value=lead.name),
			step("after", GET, doctype="Lead", name=other.name),
			step("own", GET, doctype="Lead", name=lead.name),
		],
	)
	assert list_statuses(reply) == {"before": 200, "limit": 201, "after": 404, "own": 200}


def test_the_fields_above_the_callers_level_stay_hidden(api):
	"""The salary of an employee is above level 0 for whoever may read employees only."""
	client = api(factories.make_user("HR User").name)
	employee = factories.make_employee().name
	single = get_data(client.get(GET, doctype="Employee", name=employee))
	reply = client.post(BATCH, steps=[step("one", GET, doctype="Employee", name=employee)])
	assert get_results(reply)["one"][1]["data"] == single


def test_the_user_and_the_state_of_a_step_end_with_it(site):
	from werkzeug.test import EnvironBuilder
	from werkzeug.wrappers import Request

	from orchestrator.api.batches.step_requests import isolate_request_state, set_request
	from orchestrator.api.call import ApiCall, get_current_call

	user = factories.make_user().name
	frappe.set_user(user)
	frappe.local.message_log = []
	frappe.local.session.sid = "the session"
	frappe.local.request = Request(EnvironBuilder().get_environ())
	frappe.local.response, frappe.local.form_dict = frappe._dict(kept=1), frappe._dict(kept=1)
	with isolate_request_state(ApiCall("x", from_browser=False)):
		set_request(Request(EnvironBuilder(method="POST", json={"a": 1}).get_environ()))
		assert (frappe.form_dict.a, frappe.response.get("kept"), frappe.message_log) == (1, None, [])
		frappe.flags.ignore_permissions = True
		frappe.msgprint("of the step")
		frappe.set_user("Administrator")
	assert (frappe.session.user, frappe.session.sid) == (user, "the session")
	assert frappe.flags.ignore_permissions is None
	assert frappe.message_log == []
	assert (frappe.response, frappe.form_dict) == ({"kept": 1}, {"kept": 1})
	assert get_current_call() is None
	del frappe.local.request


@pytest.mark.parametrize("atomic", [True, False])
def test_no_cache_keeps_a_permission_that_was_rolled_back(api, mark, atomic):
	"""Reads within the batch fill the caches that all requests share."""
	supporter, seller = (api(factories.make_user(role).name) for role in ("Support Team", "Sales User"))
	user = factories.make_user("System Manager", "Sales User", "Support Team").name
	lead = factories.make_lead().name
	permission = {
		"doctype": "Custom DocPerm",
		"parent": "Lead",
		"role": "Support Team",
		"read": 1,
		"permlevel": 0,
	}
	group = None if atomic else "a"
	steps = [
		step("permit", INSERT, group, doc=permission),
		step("limit", INSERT, group, doctype="User Permission", user=user, allow="Lead", for_value=lead),
		step("hook", INSERT, group, doc=build_webhook(mark)),
		step("read", "frappe.client.get_list", group, doctype="Lead"),
		step("save", INSERT, group, doctype="Note", title=mark),
		step("bad", GET, group, doctype="Note", name="no such note"),
	]
	reply = api(user).post(BATCH, atomic=atomic, steps=steps)
	assert list_statuses(reply, 404 if atomic else 200)["bad"] == 404
	assert [result[0] for result in get_results(reply, reply.status_code).values()][:5] == [424] * 5

	assert get_error(supporter.get("frappe.client.get_list", doctype="Lead")) == (403, "PermissionError")
	assert len(get_data(seller.get("frappe.client.get_list", doctype="Lead"))) > 0
	assert get_data(api(user).get(GET, doctype="Lead", name=factories.make_lead().name))
	assert mark not in json.dumps(frappe.cache().get_value("webhooks", shared=False) or {}, default=str)


def build_webhook(name):
	return {
		"doctype": "Webhook", "name": name, "webhook_doctype": "Note", "webhook_docevent": "after_insert", "enabled": 1,
		"request_url": "https://hook.example/x", "request_structure": "JSON", "webhook_json": "{}",
	}  # fmt: skip


def test_a_batch_costs_its_steps(api):
	client = api(factories.make_user("Sales User").name)
	look = [step(str(n), "frappe.client.get_list", doctype="Lead", limit_page_length=1) for n in range(4)]
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=10):
		assert client.post(BATCH, steps=look).headers["X-RateLimit-Remaining"] == "6"
		assert client.post(BATCH, steps=look[:1]).headers["X-RateLimit-Remaining"] == "5"
		assert client.post(BATCH, steps=look).headers["X-RateLimit-Remaining"] == "1"
		refused = client.post(BATCH, steps=[step("x", INSERT, doctype="Lead", lead_name="x"), *look[1:]])
	assert get_error(refused) == (429, "TooManyRequestsError")
	assert refused.headers["X-RateLimit-Remaining"] == "0"
	assert 120 < int(refused.headers["Retry-After"]) <= 180  # three further tokens at one a minute


def test_a_batch_beyond_the_whole_bucket_is_400(api):
	look = [step(str(n), "frappe.client.get_list", doctype="Lead") for n in range(4)]
	with override_rate_limit(rate_limit_user_capacity=3):
		assert get_error(api().post(BATCH, steps=look)) == (400, "InvalidRequestError")


def test_one_key_covers_the_whole_batch(api, mark):
	headers, steps = {"Idempotency-Key": mark}, [note("one", mark), note("two", mark)]
	first = api().post(BATCH, headers=headers, steps=steps)
	again = api().post(BATCH, headers=headers, steps=steps)
	other = api().post(BATCH, headers=headers, steps=steps[:1])
	assert first.status_code == 200, first.text
	assert again.json() == first.json()
	assert again.headers["Idempotency-Replayed"] == "true"
	assert get_error(other) == (409, "ConflictError")
	assert list_notes(mark) == [mark, mark]


def test_a_failed_batch_frees_its_key(api, mark):
	headers = {"Idempotency-Key": mark}
	failed = api().post(BATCH, headers=headers, steps=[note("a", mark), step("b", INSERT, doctype="Note")])
	assert failed.status_code == 422
	assert get_data(api().post(BATCH, headers=headers, steps=[note("a", mark)]))["succeeded"] == 1
	assert list_notes(mark) == [mark]


def test_parallel_retries_of_a_batch_run_once(api, mark):
	clients, replies = [api() for _ in range(4)], []

	def send(client):
		body = {"steps": [note("one", mark), note("two", mark)]}
		replies.append(client.post(BATCH, headers={"Idempotency-Key": mark}, **body).json())

	threads = [threading.Thread(target=send, args=[client]) for client in clients]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert all(reply == replies[0] for reply in replies)
	assert list_notes(mark) == [mark, mark]


def test_a_replay_needs_the_permissions_of_every_step(api, mark):
	user = factories.make_user("Sales User")
	client = api(user.name)
	steps = [step("lead", INSERT, doctype="Lead", lead_name=mark)]
	get_data(client.post(BATCH, headers={"Idempotency-Key": mark}, steps=steps))
	user.reload()
	user.remove_roles("Sales User")
	frappe.db.commit()
	reply = client.post(BATCH, headers={"Idempotency-Key": mark}, steps=steps)
	assert get_error(reply) == (403, "PermissionError")
