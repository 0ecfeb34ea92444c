"""orchestrator.api.batch over HTTP: statuses and bodies of single calls, references, all or nothing, groups, refusals."""

import json
import threading
from pathlib import Path

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from tests.support import docs_factories, factories
from tests.support.client import get_data, get_error
from tests.support.rate_limits import override_rate_limit

BATCH = "orchestrator.api.batch"
INSERT = "frappe.client.insert"
GET = "frappe.client.get"
ROLLED_BACK = "FailedDependencyError: Rolled back, because step {0} failed."
NOT_EXECUTED = "FailedDependencyError: Not executed, because step {0} failed."


@pytest.fixture
def seller(api):
	return api(factories.make_user("Sales User").name)


def step(name, method, /, group=None, verb=None, **params):
	parts = {"id": name, "method": method, "params": params, "group": group, "verb": verb}
	return {key: value for key, value in parts.items() if value is not None}


def note(name, title, **more):
	return step(name, INSERT, doctype="Note", title=title, **more)


def list_notes(mark):
	frappe.db.rollback()
	return sorted(frappe.get_all("Note", {"title": ("like", f"%{mark}%")}, pluck="title"))


def get_results(reply, status=200):
	"""The results by step: status and body."""
	assert reply.status_code == status, reply.text
	return {row["id"]: (row["status"], row["body"]) for row in reply.json()["data"]["steps"]}


def list_statuses(reply, status=200):
	return {name: result[0] for name, result in get_results(reply, status).items()}


@pytest.mark.parametrize(
	("verb", "method", "params", "status"),
	[
		(
			"GET",
			"frappe.client.get_list",
			{"doctype": "Lead", "fields": ["name"], "limit_page_length": 2},
			200,
		),
		("GET", "frappe.client.get_list", {"doctype": "Lead", "fields": ["nonsense"]}, 400),
		("GET", "frappe.client.get_list", {"doctype": "Lead", "filter": {}}, 400),
		("GET", "frappe.client.get_list", {"doctype": "Salary Slip"}, 403),
		("GET", "frappe.client.get", {"doctype": "Lead", "name": "no such lead"}, 404),
		("POST", "frappe.client.insert", {"doctype": "Lead", "nonsense": 1}, 400),
		("POST", "frappe.client.insert", {"doctype": "Lead"}, 422),
		("GET", "frappe.client.insert", {"doctype": "Lead"}, 405),
		("POST", "frappe.client.set_value", {"doctype": "Lead"}, 400),
		("DELETE", "frappe.client.delete", {"doctype": "Lead", "name": True}, 400),
		("GET", "orchestrator.crm.get_leads", {"limit": 1}, 400),
		("GET", "orchestrator.crm.get_leads", {"limit_page_length": 1}, 200),
		("GET", "orchestrator.crm.no_such_method", {}, 404),
		("POST", "frappe.desk.delete.delete_many", {"doctype": "Lead", "name": ["no such lead"]}, 403),
		("GET", "orchestrator.api.openapi.get_spec", {}, 200),
	],
)
def test_a_step_is_answered_as_the_single_call(seller, verb, method, params, status):
	if verb == "GET":
		query = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
		single = seller.get(method, **query)
	else:
		single = seller.request(verb, f"/api/method/{method}", json=params)

	reply = seller.post(BATCH, steps=[step("only", method, verb=verb, **params)], atomic=False)

	assert single.status_code == status, single.text
	assert get_results(reply) == {"only": (status, single.json())}
	headers = {"Allow": single.headers["Allow"]} if status == 405 else None
	assert get_data(reply)["steps"][0].get("headers") == headers


def test_steps_refer_to_the_replies_of_earlier_ones(seller):
	mark = factories.make_unique("Batch")
	reply = seller.post(
		BATCH,
		steps=[
			step("lead", INSERT, doctype="Lead", lead_name=mark, email=factories.make_unique_email()),
			step(
				"list", "frappe.client.get_list", doctype="Lead", filters={"lead_name": mark}, fields=["name"]
			),
			step("first", GET, doctype="Lead", name={"$ref": "list.data.0.name"}),
			step(
				"chance",
				INSERT,
				doc={
					"doctype": "Opportunity",
					"opportunity_from": "Lead",
					"party_name": {"$ref": "lead.data.name"},
				},
			),
			step(
				"among",
				"frappe.client.get_list",
				doctype="Lead",
				filters=[["name", "in", [{"$ref": "first.data.name"}]]],
			),
		],
	)

	results = get_results(reply)
	assert {name: status for name, (status, _body) in results.items()} == {
		"lead": 201, "list": 200, "first": 200, "chance": 201, "among": 200,
	}  # fmt: skip
	lead = results["lead"][1]["data"]["name"]
	assert results["list"][1]["data"] == [{"name": lead}]
	assert results["first"][1]["data"]["lead_name"] == mark
	assert results["chance"][1]["data"]["party_name"] == lead
	assert results["among"][1]["data"] == [{"name": lead}]
	assert reply.json()["data"]["succeeded"] == 5
	assert frappe.db.get_value("Opportunity", results["chance"][1]["data"]["name"], "party_name") == lead


def test_a_text_that_looks_like_a_reference_stays_a_text(api, mark):
	titles = [f'{mark} {{"$ref": "one.data.name"}}', f"{mark} $ref", f"{mark} one.data.name"]
	reply = api().post(BATCH, steps=[note(str(number), title) for number, title in enumerate(titles)])
	assert [body["data"]["title"] for _status, body in get_results(reply).values()] == titles


def test_a_literal_is_no_reference(site):
	from orchestrator.api.batches.references import ReferenceResolver, list_references

	value = {"a": {"$literal": {"$ref": "one.data"}}, "b": [{"$ref": "one.data"}], "c": {"$ref": "x", "d": 1}}
	assert list(list_references(value)) == ["one"]
	assert ReferenceResolver({"one": {"data": None}}).resolve(value) == {
		"a": {"$ref": "one.data"},
		"b": [None],
		"c": {"$ref": "x", "d": 1},
	}


@pytest.mark.parametrize(
	"path",
	["note.data.nme", "note.data.name.x", "note.data.seen_by.0", "note.data.", "note.keys", "note.data.-1"],
)
def test_a_reference_to_nothing_is_400(api, mark, path):
	reply = api().post(
		BATCH, steps=[note("note", mark), step("next", GET, doctype="Note", name={"$ref": path})]
	)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert list_statuses(reply, 400) == {"note": 424, "next": 400}
	assert list_notes(mark) == []


@pytest.mark.parametrize(
	"steps",
	[
		[],
		{},
		"nonsense",
		[1],
		[{"id": "a"}],
		[{"method": INSERT}],
		[{"id": "a.b", "method": INSERT}],
		[{"id": "", "method": INSERT}],
		[{"id": 1, "method": INSERT}],
		[{"id": "a", "method": INSERT, "params": []}],
		[{"id": "a", "method": INSERT, "parms": {}}],
		[{"id": "a", "method": INSERT, "verb": "TRACE"}],
		[{"id": "a", "method": INSERT, "verb": ["POST"]}],
		[{"id": "a", "method": INSERT, "group": 1}],
		[{"id": "a", "method": INSERT, "params": {"cmd": "frappe.client.delete"}}],
		[{"id": "a", "method": "frappe.client.get_count"}],
		[{"id": "a", "method": "frappe.client.get/../x"}],
		[{"id": "a", "method": "login"}],
		[{"id": "a", "method": INSERT, "params": {"x": {"$ref": "a.data"}}}],
		[{"id": "a", "method": INSERT, "params": {"x": [{"$ref": "later.data"}]}}, {"id": "later", "method": GET}],
		[{"id": "a", "method": INSERT, "params": {"x": {"$ref": 1}}}],
		[{"id": "a", "method": INSERT, "params": {"x": {"$ref": ""}}}],
	],
)  # fmt: skip
def test_a_malformed_batch_is_400_and_runs_nothing(api, mark, steps):
	steps = [note("first", mark), *steps] if isinstance(steps, list) and steps else steps
	reply = api().post(BATCH, steps=steps)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert reply.json()["data"] is None
	assert list_notes(mark) == []


def test_two_steps_of_one_id_are_400(api, mark):
	assert get_error(api().post(BATCH, steps=[note("a", mark), note("a", mark)])) == (
		400,
		"InvalidRequestError",
	)
	assert list_notes(mark) == []


def test_500_steps_run_and_501_do_not(api):
	ping = [step(str(n), "frappe.client.get_list", doctype="Role", limit_page_length=1) for n in range(501)]
	with override_rate_limit(rate_limit_enabled=0):
		assert get_data(api().post(BATCH, steps=ping[:500]))["succeeded"] == 500
		assert get_error(api().post(BATCH, steps=ping)) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	"method",
	[
		BATCH,
		"orchestrator.api.batches.batch",
		"upload_file",
		"frappe.handler.upload_file",
		"orchestrator.api.uploads.upload_file",
		"orchestrator.api.overrides.upload_file",
		"orchestrator.docs.download",
		"orchestrator.helpdesk.customer_restrictions.getdoc",
	],
)
def test_what_is_no_step_is_400(api, mark, method):
	params = {"steps": [note("inner", mark)]} if "batch" in method else {}
	reply = api().post(BATCH, steps=[note("note", mark), step("bad", method, **params)])
	assert reply.status_code in (400, 404)
	assert list_notes(mark) == []


def test_an_atomic_batch_stores_all_or_nothing(api, mark):
	reply = api().post(
		BATCH,
		steps=[note("one", mark), step("two", INSERT, doctype="Note"), note("three", mark)],
	)

	assert get_error(reply) == (422, "MandatoryError")
	body = reply.json()
	assert body["exc"].startswith("MandatoryError: Step two failed, so nothing of the batch was stored. ")
	assert body["message"] is None
	results = get_results(reply, 422)
	assert {name: result[0] for name, result in results.items()} == {"one": 424, "two": 422, "three": 424}
	assert results["one"][1]["exc"] == ROLLED_BACK.format("two")
	assert results["three"][1]["exc"] == NOT_EXECUTED.format("two")
	assert (body["data"]["succeeded"], body["data"]["failed"]) == (0, 3)
	assert list_notes(mark) == []


def test_the_error_of_a_verb_is_400_for_the_batch(api):
	reply = api().post(BATCH, steps=[step("a", INSERT, verb="GET", doctype="Note")])
	assert get_error(reply) == (400, "InvalidRequestError")
	assert list_statuses(reply, 400) == {"a": 405}


def test_groups_are_stored_each_by_itself(api, mark):
	reply = api().post(
		BATCH,
		atomic=False,
		steps=[
			note("a1", f"{mark} a1", group="a"),
			note("a2", f"{mark} a2", group="a"),
			note("b1", f"{mark} b1", group="b"),
			step("b2", GET, group="b", doctype="Note", name="no such note"),
			note("b3", f"{mark} b3", group="b"),
			note("c", f"{mark} c"),
			step("d", GET, doctype="Note", name={"$ref": "b1.data.name"}),
			step("e", GET, doctype="Note", name={"$ref": "a2.data.name"}),
		],
	)

	results = get_results(reply)
	assert list_statuses(reply) == {
		"a1": 201, "a2": 201, "b1": 424, "b2": 404, "b3": 424, "c": 201, "d": 424, "e": 200,
	}  # fmt: skip
	assert list(results) == ["a1", "a2", "b1", "b2", "b3", "c", "d", "e"]
	assert results["b1"][1]["exc"] == ROLLED_BACK.format("b2")
	assert "b1" in results["d"][1]["exc"]
	assert list_notes(mark) == [f"{mark} a1", f"{mark} a2", f"{mark} c"]


@pytest.mark.parametrize(
	("atomic", "groups"), [(True, ["a"]), (False, ["a", "b", "a"]), (False, ["a", None, "a"])]
)
def test_misplaced_groups_are_400(api, mark, atomic, groups):
	steps = [note(str(number), mark, group=group) for number, group in enumerate(groups)]
	assert get_error(api().post(BATCH, steps=steps, atomic=atomic)) == (400, "InvalidRequestError")
	assert list_notes(mark) == []


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


def test_a_guest_is_401(guest, mark):
	assert get_error(guest.post(BATCH, steps=[note("a", mark)])) == (401, "AuthenticationError")
	assert list_notes(mark) == []


def test_only_post(api):
	assert get_error(api().get(BATCH, steps="[]")) == (405, "MethodNotAllowedError")


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


def test_a_change_shows_in_the_next_step_as_after_a_commit(api):
	"""The field assigned_to follows an assignment when its transaction ends."""
	lead = factories.make_lead().name
	user = factories.make_user("Sales User").name
	todo = {"doctype": "ToDo", "reference_type": "Lead", "reference_name": lead, "allocated_to": user, "description": "x"}  # fmt: skip
	reply = api().post(
		BATCH, steps=[step("todo", INSERT, doc=todo), step("lead", GET, doctype="Lead", name=lead)]
	)
	assert get_results(reply)["lead"][1]["data"]["assigned_to"] == user


@pytest.mark.parametrize("atomic", [True, False])
def test_what_commits_is_refused_and_rolled_back(api, mark, atomic):
	"""A custom field changes the table, which commits."""
	field = {"doctype": "Custom Field", "dt": "Note", "label": f"F {mark}", "fieldname": f"f_{mark}", "fieldtype": "Data"}  # fmt: skip
	reply = api().post(
		BATCH, atomic=atomic, steps=[note("note", f"{mark} 1", group=None), step("field", INSERT, doc=field)]
	)
	if atomic:
		assert get_error(reply) == (400, "InvalidRequestError")
	results = get_results(reply, 400 if atomic else 200)
	assert results["field"][0] == 400
	assert "cannot be a step of a batch" in results["field"][1]["exc"]
	assert list_notes(mark) == ([] if atomic else [f"{mark} 1"])
	assert not frappe.db.exists("Custom Field", {"fieldname": f"f_{mark}"})
	assert f"f_{mark}" not in frappe.db.get_table_columns("Note")


def file(name, content, **more):
	doc = {"doctype": "File", "file_name": f"{content}.txt", "is_private": 1, "content": content}
	return step(name, INSERT, doc=doc, **more)


def find_files(mark):
	return sorted(path.name for path in Path(frappe.get_site_path("private", "files")).glob(f"*{mark}*"))


@pytest.mark.parametrize("atomic", [True, False])
def test_the_file_of_a_failed_step_leaves_the_disk(api, mark, atomic):
	group = None if atomic else "a"
	steps = [file("file", f"{mark}a", group=group), step("bad", INSERT, group=group, doctype="Note")]
	reply = api().post(BATCH, atomic=atomic, steps=steps + ([] if atomic else [file("other", f"{mark}b")]))
	assert list_statuses(reply, 422 if atomic else 200)["file"] == 424
	assert find_files(mark) == ([] if atomic else [f"{mark}b.txt"])


@pytest.mark.parametrize("fails", [True, False])
def test_a_deleted_file_leaves_the_disk_with_the_commit(api, mark, fails):
	doc = {"doctype": "File", "file_name": f"{mark}.txt", "is_private": 1, "content": mark}
	name = factories.make_record(**doc).name
	steps = [step("delete", "frappe.client.delete", doctype="File", name=name)]
	api().post(BATCH, steps=steps + ([step("bad", INSERT, doctype="Note")] if fails else []))
	frappe.db.rollback()
	assert find_files(mark) == ([f"{mark}.txt"] if fails else [])
	assert bool(frappe.db.exists("File", name)) is fails


def test_jobs_and_webhooks_are_those_of_what_is_stored(api, mark):
	webhook = factories.make_record(
		"Webhook", __newname=mark, webhook_doctype="Note", webhook_docevent="after_insert", request_url="https://hook.example/x",
		request_structure="JSON", webhook_json="{}", enabled=1,
	)  # fmt: skip
	for queue in get_queues():
		queue.empty()
	try:
		reply = api().post(
			BATCH,
			atomic=False,
			steps=[
				note("a", f"{mark} a", group="x"),
				step("bad", INSERT, group="x", doctype="Note"),
				note("b", f"{mark} b"),
			],
		)
		assert list_statuses(reply) == {"a": 424, "bad": 422, "b": 201}
		assert list_delivered() == [f"{mark} b"]
	finally:
		frappe.delete_doc("Webhook", webhook.name, force=True)
		frappe.db.commit()
		for queue in get_queues():
			queue.empty()


def list_delivered():
	"""The titles of the notes that a job is to send."""
	jobs = [job.kwargs for queue in get_queues() for job in queue.jobs]
	sent = [job["kwargs"] for job in jobs if str(job.get("method")).endswith("enqueue_webhook")]
	return sorted(row["doc"].title for row in sent)


def test_a_desk_gets_its_statuses_and_is_not_charged(browser, mark):
	user = factories.make_user("Sales User")
	desk = browser(user.name, factories.PASSWORD)
	with override_rate_limit(rate_limit_user_capacity=2):
		lead = [step(str(number), INSERT, doctype="Lead", lead_name=mark) for number in range(3)]
		done = desk.post(BATCH, steps=lead)
		failed = desk.post(BATCH, steps=[*lead, step("bad", INSERT, doctype="Lead")])
	assert list_statuses(done) == {"0": 201, "1": 201, "2": 201}
	assert failed.status_code == 417
	assert {row["id"]: row["status"] for row in failed.json()["data"]["steps"]} == {
		"0": 424, "1": 424, "2": 424, "bad": 422,
	}  # fmt: skip
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": mark}) == 3


@pytest.mark.parametrize("path", [f"/api/v1/method/{BATCH}", f"/api/v2/method/{BATCH}", f"/?cmd={BATCH}"])
def test_every_route_leads_to_the_same(api, mark, path):
	reply = api().request("POST", path, data={"steps": json.dumps([note("a", mark)])})
	assert list_statuses(reply) == {"a": 201}
	assert list_notes(mark) == [mark]


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


def test_references_cannot_swell_a_step(site):
	from orchestrator.api.batches.references import BatchTooLargeError, ReferenceResolver

	resolver = ReferenceResolver({"a": {"data": "x" * 1_000_000}})
	with pytest.raises(BatchTooLargeError):
		resolver.resolve([{"$ref": "a.data"}] * 30)


def test_a_bulk_deletion_as_a_step_is_rolled_back_with_its_files(api, mark):
	notes = [factories.make_record("Note", title=f"{mark} {number}").name for number in range(2)]
	doc = {"doctype": "File", "file_name": f"{mark}.txt", "is_private": 1, "content": mark}
	factories.make_record(**doc, attached_to_doctype="Note", attached_to_name=notes[0])
	delete = step(
		"delete", "frappe.desk.delete.delete_many", doctype="Note", name=[*notes, "no such"], atomic=False
	)

	failed = api().post(BATCH, steps=[delete, step("bad", INSERT, doctype="Note")])
	assert list_statuses(failed, 422) == {"delete": 424, "bad": 422}
	assert len(list_notes(mark)) == 2
	assert find_files(mark) == [f"{mark}.txt"]

	done = api().post(BATCH, steps=[delete])
	data = get_results(done)["delete"][1]["data"]
	assert (data["succeeded"], data["failed"]) == (2, 1)
	assert list_notes(mark) == []
	assert find_files(mark) == []


def test_an_unforeseen_error_in_a_group_is_logged_and_leaves_the_others(api, mark, broken_doctype):
	"""The table of the DocType is gone."""
	broken = step("broken", INSERT, doctype=broken_doctype, secret_note=f"canary {mark}")
	reply = api().post(BATCH, atomic=False, steps=[note("a", mark), broken, note("b", mark)])
	assert list_statuses(reply) == {"a": 201, "broken": 500, "b": 201}
	assert list_notes(mark) == [mark, mark]
	request_id = get_results(reply)["broken"][1]["request_id"]
	(log,) = frappe.get_all("Error Log", {"error": ("like", f"%{request_id}%")}, ["error", "method"])
	assert "frappe.client.insert" in log.method
	assert mark not in log.error + reply.text.replace(mark, "", reply.text.count(f'"{mark}"'))


def test_an_unforeseen_error_of_an_atomic_batch_is_500_and_logged(api, mark, broken_doctype):
	broken = step("broken", INSERT, doctype=broken_doctype, secret_note="canary-7141")
	reply = api().post(BATCH, steps=[note("a", mark), broken])
	assert get_error(reply) == (500, "InternalServerError")
	assert list_statuses(reply, 500) == {"a": 424, "broken": 500}
	assert list_notes(mark) == []
	(log,) = frappe.get_all("Error Log", {"error": ("like", f"%{reply.json()['request_id']}%")}, ["error"])
	assert "orchestrator/api/generic.py" in log.error
	assert "canary" not in log.error + reply.text


@pytest.mark.parametrize("atomic", [True, False])
def test_a_deadlock_ends_one_batch_as_a_whole(api, mark, atomic):
	"""Two batches change two records in opposite orders, until both hold the record that the other one wants."""
	names = [factories.make_record("Note", title=f"{mark} {number}").name for number in range(2)]
	lost = provoke_deadlock([api(), api()], names, atomic)
	assert get_error(lost) == (409, "QueryDeadlockError")
	assert lost.json()["data"] is None


def provoke_deadlock(clients, names, atomic):
	"""The reply to the batch that lost. Every other one is 200."""
	for turn in range(50):
		bodies = [build_changes(order, turn, atomic) for order in (names, names[::-1])]
		replies = sorted(send_together(clients, bodies), key=lambda reply: reply.status_code)
		if [reply.status_code for reply in replies] != [200, 200]:
			return replies[1]
	raise AssertionError("no deadlock came about")


def build_changes(names, turn, atomic):
	"""The change of both records, with work in between."""
	first, second = (
		step(f"change{n}", "frappe.client.set_value", doctype="Note", name=name, content=f"{turn} {names}")
		for n, name in enumerate(names)
	)
	between = [step(f"look{n}", "frappe.client.get_list", doctype="Role", fields=["*"]) for n in range(8)]
	return {"steps": [first, *between, second], "atomic": atomic}


def send_together(clients, bodies):
	replies = []
	threads = [
		threading.Thread(target=lambda client=client, body=body: replies.append(client.post(BATCH, **body)))
		for client, body in zip(clients, bodies, strict=True)
	]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	return replies


@pytest.mark.parametrize("depth", [60, 500])
@pytest.mark.parametrize("shape", ["list", "object", "literal"])
def test_params_that_are_nested_too_deeply_are_400(api, mark, depth, shape):
	value = "x"
	for _ in range(depth):
		value = [value] if shape == "list" else {"a": value}
	value = {"$literal": value} if shape == "literal" else value
	deep = step("deep", "frappe.client.get_list", doctype="Note", filters=value)
	reply = api().post(BATCH, steps=[note("a", mark), deep], atomic=False)
	assert get_error(reply) == (400, "InvalidRequestError")
	assert list_notes(mark) == []


@pytest.mark.parametrize("fails", [True, False])
def test_the_bytes_of_a_version_are_stored_with_its_step(api, fails):
	document = docs_factories.make_document(docs_factories.make_folder())
	before = docs_factories.list_keys_on_disk()
	steps = [
		step("version", "orchestrator.docs.create_version", document=document, file="second", file_name="a.txt", encoding="text"),
		step("get", "orchestrator.docs.get_versions", document=document),
	]  # fmt: skip
	reply = api().post(BATCH, steps=steps + ([step("bad", INSERT, doctype="Note")] if fails else []))
	assert list_statuses(reply, 422 if fails else 200)["version"] == (424 if fails else 201)
	assert len(docs_factories.list_keys_on_disk() - before) == (0 if fails else 1)
	frappe.db.rollback()
	assert len(docs_factories.list_version_rows(document)) == (1 if fails else 2)


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
