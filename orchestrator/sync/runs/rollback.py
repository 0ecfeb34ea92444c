"""Roll a run back: delete what it created, restore what it changed.

Later changes by users or runs stay and are reported.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import frappe
from frappe import _

from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.doctypes import CLIENT, CLIENT_STAY, KIPU_CONNECTION, SYNC_CHANGE, SYNC_RUN, SYNC_STATE
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.mapping import to_canonical
from orchestrator.sync.merge.three_way import MISSING
from orchestrator.sync.runs import alerts
from orchestrator.sync.runs.run_records import Run

BATCH_SIZE = 50
MAX_KEPT_RECORDS = 1000
# Records that users attach to another without changing it: DocType and the fields that name the record.
ATTACHMENT_DOCTYPES: tuple[tuple[str, str, str, dict[str, str]], ...] = (
	("Comment", "reference_doctype", "reference_name", {"comment_type": "Comment"}),
	("Communication", "reference_doctype", "reference_name", {}),
	("ToDo", "reference_type", "reference_name", {}),
	("File", "attached_to_doctype", "attached_to_name", {}),
)


@dataclass(slots=True)
class RollbackReport:
	"""The result of a rollback. `kept`: DocType, name, fields and reason; no values."""

	deleted: int = 0
	restored: set[str] = field(default_factory=set)
	kept: list[dict[str, Any]] = field(default_factory=list)
	_known: set[tuple[str, ...]] = field(default_factory=set, repr=False)

	def add_kept(self, doctype: str, name: str, reason: str, fields: Iterable[str] = ()) -> None:
		"""Add a record that stays. A continued rollback may find it again: it is listed once."""
		key = (name, reason, *sorted(fields))
		if key not in self._known:
			self._known.add(key)
			self.kept.append({"doctype": doctype, "name": name, "reason": reason, "fields": list(key[2:])})

	@classmethod
	def from_kept(cls, kept: dict[str, Any] | None) -> "RollbackReport":
		"""Return the report of an interrupted rollback, to continue it."""
		report = cls()
		if kept:
			report.deleted, report.restored = kept["deleted"], set(kept["restored"])
			for each in kept["kept"]:
				report.add_kept(each["doctype"], each["name"], each["reason"], each["fields"])
		return report

	def to_checkpoint(self) -> dict[str, Any]:
		return {"deleted": self.deleted, "restored": sorted(self.restored), "kept": self.kept}

	def to_dict(self) -> dict[str, Any]:
		"""Serialize the report for the run's row."""
		return {
			"deleted": self.deleted,
			"restored": len(self.restored),
			"kept": self.kept[:MAX_KEPT_RECORDS],
			"kept_in_all": len(self.kept),
		}


def execute_rollback(run: Run) -> None:
	"""Roll back the run that the checkpoint names, in batches.

	A restarted rollback continues where it stopped.
	"""
	target = run.checkpoint["target"]
	report = RollbackReport.from_kept(run.checkpoint.get("report"))
	_process_batches(
		run, report, _list_changes(target), lambda change: restore_record(change, run.name, report)
	)
	_process_batches(
		run, report, _list_created_groups(target), lambda group: _delete_group(group, target, report)
	)
	_restore_cursor(run.request.connection, target)
	report_text = json.dumps(report.to_dict(), indent=1)
	values = {"status": "Rolled Back", "rollback_report": report_text}
	frappe.db.set_value(SYNC_RUN, target, values, update_modified=False)
	run.tally.updated = len(report.restored)
	run.finish_run("Completed", rollback_report=report_text)
	text = _("Run {0} was rolled back. Fix the cause, then sync again to reload the data from Kipu.")
	alerts.pause_connection(run.request.connection, text.format(target))


def _process_batches(
	run: Run, report: RollbackReport, items: Iterator[Any], work: Callable[[Any], None]
) -> None:
	while some := list(islice(items, BATCH_SIZE)):
		for item in some:
			work(item)
		run.commit({**run.checkpoint, "report": report.to_checkpoint()})


def _list_changes(target: str) -> Iterator[PrivateDict]:
	names = frappe.get_all(  # users have no permission on these
		SYNC_CHANGE, filters={"sync_run": target}, pluck="name", order_by="creation desc"
	)
	for name in names:
		yield PrivateDict(frappe.db.get_value(SYNC_CHANGE, name, "*", as_dict=True))


def restore_record(change: PrivateDict, run: str, report: RollbackReport) -> None:
	"""Restore the previous values of a record, field by field, if they are still those that the run wrote."""
	doctype, name = change["reference_doctype"], change["reference_name"]
	before, after = PrivateDict(json.loads(change["before"])), PrivateDict(json.loads(change["after"]))
	frappe.db.delete(SYNC_CHANGE, {"name": change["name"]})
	if not frappe.db.exists(doctype, name):
		report.add_kept(doctype, name, "deleted")
		return
	doc = frappe.get_doc(doctype, name)
	unchanged = {each for each, value in after.items() if to_canonical(doc.get(each)) == value}
	if others := after.keys() - unchanged:
		report.add_kept(doctype, name, "edited", others)
	values = PrivateDict((each, before["values"][each]) for each in unchanged)
	if unchanged and _save_restored(doc, values, report):
		report.restored.add(name)
		_restore_state(doc, PrivateDict(before["synced"]), after.keys() - unchanged, run)


def _save_restored(doc: Any, values: PrivateDict, report: RollbackReport) -> bool:
	doc.update(values)
	try:
		with isolate_in_savepoint():
			doc.save(ignore_permissions=True, ignore_version=False)
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		report.add_kept(doc.doctype, doc.name, type(error).__name__, values)
		return False
	return True


def _restore_state(doc: Any, synced: PrivateDict, edited: Collection[str], run: str) -> None:
	"""Restore the last synced source values, so that the next run sees the change; except for edited fields."""
	stored = frappe.db.get_value(SYNC_STATE, doc.name, "synced")
	known = PrivateDict(json.loads(stored or "{}"))
	for name, value in synced.items():
		if name in edited:
			continue
		if value == MISSING:
			known.pop(name, None)
		else:
			known[name] = value
	values = {
		"synced": json.dumps(known, ensure_ascii=False), "hashes": None, "written_by_run": run, "written_at": doc.modified,
	}  # fmt: skip
	frappe.db.set_value(SYNC_STATE, doc.name, values, update_modified=False)
	if doc.doctype == CLIENT:
		# The hash of each stay includes the client's values.
		stays = frappe.get_all(CLIENT_STAY, filters={"client": doc.name}, pluck="name")
		frappe.db.set_value(SYNC_STATE, {"name": ("in", stays)}, "hashes", None, update_modified=False)


def _list_created_groups(target: str) -> Iterator[list[tuple[str, str]]]:
	"""Yield the records that the run created, in groups to be kept or deleted together: a client with its
	stays, or a stay of an older client.
	"""
	clients = dict.fromkeys(_list_created(target, CLIENT))
	of_client: dict[str, list[str]] = {}
	for some in _split_batches(_list_created(target, CLIENT_STAY)):
		# get_all: a run acts for all users
		for row in frappe.get_all(
			CLIENT_STAY, filters={"name": ("in", some)}, fields=["name", "client"], order_by="name"
		):
			of_client.setdefault(row.client, []).append(row.name)
	for client, stays in of_client.items():
		if client not in clients:
			yield from ([(CLIENT_STAY, stay)] for stay in stays)
	for client in clients:
		yield [*((CLIENT_STAY, stay) for stay in of_client.get(client, ())), (CLIENT, client)]


def _delete_group(group: list[tuple[str, str]], target: str, report: RollbackReport) -> None:
	"""Delete the records that the run created, unless one of them was edited."""
	reasons = {name: _get_edit_reason(doctype, name, target) for doctype, name in group}
	if any(reasons.values()):
		for doctype, name in group:
			report.add_kept(doctype, name, reasons[name] or "belongs to one that is kept")
		return
	try:
		with isolate_in_savepoint():
			for doctype, name in group:
				_delete_record(doctype, name)
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		for doctype, name in group:
			report.add_kept(doctype, name, type(error).__name__)
		return
	report.deleted += len(group)


def _get_edit_reason(doctype: str, name: str, target: str) -> str | None:
	"""Return why a record differs from what the run wrote, None if it does not."""
	modified = frappe.db.get_value(doctype, name, "modified")
	state = frappe.db.get_value(SYNC_STATE, name, ["written_by_run", "written_at"], as_dict=True)
	if modified is None or state is None:
		return None
	if state.written_by_run != target:
		return "changed by a later run"
	if modified != state.written_at:
		return "edited"
	for other, of_doctype, of_name, filters in ATTACHMENT_DOCTYPES:
		if frappe.db.exists(other, {of_doctype: doctype, of_name: name, **filters}):
			return f"has a {other}"
	return None


def _delete_record(doctype: str, name: str) -> None:
	# Permanently: a Deleted Document would keep the person's data.
	frappe.delete_doc(doctype, name, ignore_permissions=True, ignore_missing=True, delete_permanently=True)
	frappe.db.delete(SYNC_STATE, {"name": name})
	frappe.db.delete("Version", {"ref_doctype": doctype, "docname": name})


def _list_created(target: str, doctype: str) -> list[str]:
	return frappe.get_all(  # users have no permission on these
		SYNC_STATE,
		filters={"created_by_run": target, "reference_doctype": doctype},
		pluck="name",
		order_by="name",
	)


def _restore_cursor(connection: str, target: str) -> None:
	"""Reset the cursor, so that the run's records are read again."""
	run = frappe.db.get_value(SYNC_RUN, target, ["cursor_before", "cursor_after"], as_dict=True)
	cursor = frappe.db.get_value(KIPU_CONNECTION, connection, "cursor")
	if run.cursor_after and cursor and (not run.cursor_before or run.cursor_before < cursor):
		frappe.db.set_value(KIPU_CONNECTION, connection, "cursor", run.cursor_before, update_modified=False)


def _split_batches(names: list[str], size: int = 1000) -> Iterator[list[str]]:
	return (names[start : start + size] for start in range(0, len(names), size))
