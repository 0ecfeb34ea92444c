"""orchestrator.api.batch over HTTP: statuses and bodies of single calls, references, malformed batches."""

import json

import pytest

import frappe

from tests.support import factories
from tests.support.batches import BATCH, GET, INSERT, get_results, list_notes, list_statuses, note, step
from tests.support.client import get_data, get_error
from tests.support.rate_limits import override_rate_limit


@pytest.fixture
def seller(api):
	return api(factories.make_user("Sales User").name)


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


def test_references_cannot_swell_a_step(site):
	from orchestrator.api.batches.references import BatchTooLargeError, ReferenceResolver

	resolver = ReferenceResolver({"a": {"data": "x" * 1_000_000}})
	with pytest.raises(BatchTooLargeError):
		resolver.resolve([{"$ref": "a.data"}] * 30)


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


@pytest.mark.parametrize("path", [f"/api/v1/method/{BATCH}", f"/api/v2/method/{BATCH}", f"/?cmd={BATCH}"])
def test_every_route_leads_to_the_same(api, mark, path):
	reply = api().request("POST", path, data={"steps": json.dumps([note("a", mark)])})
	assert list_statuses(reply) == {"a": 201}
	assert list_notes(mark) == [mark]


def test_only_post(api):
	assert get_error(api().get(BATCH, steps="[]")) == (405, "MethodNotAllowedError")


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
