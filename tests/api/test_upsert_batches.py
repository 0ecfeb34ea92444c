"""Records that are written at once are the same as if each had been saved by itself, and where something listens, each is."""

import json
from collections.abc import Callable, Iterator

import pytest

import frappe

from orchestrator.api.upserts import batched_save
from orchestrator.api.upserts.record_save import find_names, save_record
from orchestrator.api.upserts.record_values import UpsertTarget, parse_record
from orchestrator.api.upserts.save_effects import can_write_many
from tests.support import factories, upserts
from tests.support.client import Client
from tests.support.upserts import DOCTYPE, LINKED, ROLE

Api = Callable[[str], Client]
Worker = Callable[[], None]
# What differs between two records that are otherwise the same
OWN_COLUMNS = {"name", "external_id", "creation", "modified"}


@pytest.fixture(scope="module", autouse=True)
def things(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	upserts.make_doctype(track_changes=1)
	factories.make_record(LINKED, name="Blue")
	yield
	upserts.delete_doctypes(DOCTYPE)


RECORDS = [
	{"title": "plain"},
	{
		"title": "all",
		"amount": "1,250.5",
		"units": 3,
		"size": "Large",
		"is_active": False,
		"due_on": "2027-02-28",
	},
	{"title": " blanks ", "notes": "two\nlines", "seen_at": "2027-02-28T09:00:00", "category": "Blue"},
	{"title": "<b>mark-up</b>", "notes": "<script>alert(1)</script>1 < 2", "badge": "7"},
	{"title": "empty", "amount": None, "due_on": "", "size": "", "category": None, "badge": None},
	{"title": "text of digits", "badge": 12, "units": "4", "is_active": "0", "amount": 0.1234567891},
]


def build_target() -> UpsertTarget:
	return UpsertTarget(frappe.get_meta(DOCTYPE), "external_id")


def save_both_ways(values: dict, key: str) -> list[str]:
	"""Save the values at once, and by themselves. Return the statuses."""
	target = build_target()
	statuses = []
	for side in ("batch", "single"):
		record = parse_record(target, 1, {**values, "external_id": f"{key}-{side}"})
		names = find_names(target, [record.key])
		if side == "batch":
			outcomes = batched_save.save_batch(target, [record], names, all_or_none=False)
			assert len(outcomes) == 1, "refused"
			statuses.append(outcomes[0].status)
		else:
			statuses.append(save_record(target, record, names.get(str(record.key))).status)
	return statuses


def get_columns(key: str) -> dict:
	row = frappe.db.get_value(DOCTYPE, {"external_id": key}, "*", as_dict=True)
	return {column: value for column, value in row.items() if column not in OWN_COLUMNS}


def get_versions(key: str) -> list[dict]:
	name = frappe.db.get_value(DOCTYPE, {"external_id": key})
	rows = frappe.get_all("Version", {"docname": name}, ["data", "owner", "ref_doctype", "docstatus"])
	return [{**row, "data": json.loads(row.data)} for row in rows]


@pytest.mark.parametrize("values", RECORDS, ids=[record["title"].strip() for record in RECORDS])
def test_a_batch_writes_the_rows_of_single_saves(site: str, mark: str, values: dict) -> None:
	assert can_write_many(frappe.get_meta(DOCTYPE))
	assert save_both_ways(values, mark) == ["created", "created"]
	assert get_columns(f"{mark}-batch") == get_columns(f"{mark}-single")
	assert get_versions(f"{mark}-batch") == []

	change = {"title": "changed", "amount": 7, "size": "Large", "due_on": "2028-02-29", "notes": None}
	assert save_both_ways(change, mark) == ["updated", "updated"]
	assert get_columns(f"{mark}-batch") == get_columns(f"{mark}-single")
	assert get_versions(f"{mark}-batch") == get_versions(f"{mark}-single") != []
	assert save_both_ways(change, mark) == ["unchanged", "unchanged"]
	assert save_both_ways({"title": "changed"}, mark) == ["unchanged", "unchanged"]


def make_rule(doctype: str, **values: object) -> None:
	"""Insert a rule without its own checks: only that it exists counts."""
	rule = frappe.get_doc({"doctype": doctype, "name": frappe.generate_hash(length=8), **values})
	rule.flags.name_set = True
	rule.db_insert()


RULES = {
	"Webhook": {"webhook_doctype": DOCTYPE, "enabled": 1},
	"Notification": {"document_type": DOCTYPE, "enabled": 1},
	"Server Script": {"reference_doctype": DOCTYPE, "disabled": 0},
	"Assignment Rule": {"document_type": DOCTYPE, "disabled": 0},
	"Workflow": {"document_type": DOCTYPE, "is_active": 1},
	"Milestone Tracker": {"document_type": DOCTYPE, "disabled": 0},
}


@pytest.mark.parametrize("doctype", RULES)
def test_a_rule_has_each_record_saved_by_itself(site: str, doctype: str) -> None:
	assert can_write_many(frappe.get_meta(DOCTYPE))
	make_rule(doctype, **RULES[doctype])
	assert not can_write_many(frappe.get_meta(DOCTYPE))


def test_a_rule_on_versions_has_each_record_saved_by_itself(site: str) -> None:
	make_rule("Webhook", webhook_doctype="Version", enabled=1)
	assert not can_write_many(frappe.get_meta(DOCTYPE))


def test_users_who_follow_what_they_create(site: str) -> None:
	user = factories.make_user(ROLE, follow_created_documents=1)
	frappe.set_user(str(user.name))
	assert not can_write_many(frappe.get_meta(DOCTYPE))


def test_hooks_of_apps(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
	hooks = {**frappe.get_doc_hooks(), DOCTYPE: {"on_update": ["other_app.tasks.on_update"]}}
	monkeypatch.setattr(frappe, "get_doc_hooks", lambda: hooks)
	assert not can_write_many(frappe.get_meta(DOCTYPE))


@pytest.mark.parametrize(
	"doctype",
	["Lead", "ToDo", "Note", "User", "Client", "Client Stay", "Sales Order", "File", "Task", "Comment"],
)
def test_doctypes_with_code_of_their_own(site: str, doctype: str) -> None:
	assert not can_write_many(frappe.get_meta(doctype))


def test_hooks_run_for_each_record_as_for_a_single_insert(api: Api, worker: Worker, mark: str) -> None:
	"""ERPNext names a Lead itself, and refuses the email of another one."""
	email = f"{mark}@example.com"
	factories.make_lead(email_id=f"first.{email}")
	client = api(str(factories.make_user("Sales User", "Sales Manager").name))
	records = [
		{"name": "none", "lead_name": "a"},
		{"lead_name": "b", "email": email},
	]
	results = upserts.upsert(client, worker, records, doctype="Lead", key_field="name")
	assert upserts.list_statuses(results) == ["failed: InvalidRequestError"] * 2
	lead = factories.make_lead(email_id=email)
	changes = [
		{"name": lead.name, "email": f"first.{email}"},
		{"name": str(lead.name).lower(), "lead_name": "c"},
	]
	results = upserts.upsert(client, worker, changes, doctype="Lead", key_field="name")
	assert [result["status"] for result in results] == ["failed", "failed"]
	results = upserts.upsert(
		client, worker, [{"name": lead.name, "email": f"x.{email}"}], doctype="Lead", key_field="name"
	)
	assert upserts.list_statuses(results) == ["updated"]
	assert upserts.list_rows("Lead", "email_id", "lead_name", name=lead.name) == [
		{"email_id": f"x.{email}", "lead_name": lead.lead_name}
	]
