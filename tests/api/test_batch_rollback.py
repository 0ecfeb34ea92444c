"""What a batch stores: all or nothing, groups, files, jobs, deadlocks, and calls that commit."""

import threading
from pathlib import Path

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from tests.support import docs_factories, factories
from tests.support.batches import BATCH, GET, INSERT, get_results, list_notes, list_statuses, note, step
from tests.support.client import get_error

ROLLED_BACK = "FailedDependencyError: Rolled back, because step {0} failed."
NOT_EXECUTED = "FailedDependencyError: Not executed, because step {0} failed."


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
	"""The reply to the batch that lost. Every other one is 200, or came after the other batch and was stale."""
	for turn in range(50):
		bodies = [build_changes(order, turn, atomic) for order in (names, names[::-1])]
		replies = sorted(send_together(clients, bodies), key=lambda reply: reply.status_code)
		is_stale = "TimestampMismatchError" in replies[1].text
		if replies[1].status_code != 200 and not is_stale:
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
