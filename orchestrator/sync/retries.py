"""Records that could not be taken, read once more one by one."""

import frappe
from frappe.utils import now_datetime

from orchestrator.sync import issues
from orchestrator.sync.errors import RecordGone
from orchestrator.sync.kipu.records import UNKNOWN_CASEFILE
from orchestrator.sync.tally import Outcomes
from orchestrator.sync.work import Work


def retry(work: Work) -> None:
	"""Take each open issue's record anew. One that Kipu has no more is resolved with that."""
	rows = frappe.get_all(  # chosen by whoever may
		issues.DOCTYPE,
		filters={"name": ("in", work.run.checkpoint["issues"]), "status": "Open", "kind": "Record"},
		fields=["name", "casefile_id"],
	)
	of_casefile: dict[str, list[str]] = {}
	for row in rows:
		of_casefile.setdefault(row.casefile_id or UNKNOWN_CASEFILE, []).append(row.name)
	of_casefile.pop(UNKNOWN_CASEFILE, None)  # of a record without an identity there is nothing to ask for
	for casefile, names in of_casefile.items():
		work.take(lambda casefile=casefile, names=names: _once(work, casefile, names), work.run.checkpoint)  # type: ignore[misc]


def _once(work: Work, casefile: str, names: list[str]) -> Outcomes:
	try:
		page = next(work.client.patient(casefile))
	except RecordGone:
		work.issues.taken([casefile])
		return Outcomes()
	work.count(page)
	outcomes = work.applier.apply(page.records)
	still = frappe.get_all(
		issues.DOCTYPE, filters={"name": ("in", names), "status": "Open"}, fields=["name", "attempts"]
	)
	for row in still:
		values = {"attempts": (row.attempts or 0) + 1, "last_seen": now_datetime(), "sync_run": work.run.name}
		frappe.db.set_value(issues.DOCTYPE, row.name, values, update_modified=False)
	return outcomes
