"""How far the setup of a connection is, so that it can be continued at any time by anybody who may."""

from typing import TYPE_CHECKING

import frappe
from frappe.utils import get_datetime

from orchestrator.doctypes import CLIENT, SYNC_RUN
from orchestrator.period import to_iso
from orchestrator.sync import connection as connections
from orchestrator.sync.actions import history
from orchestrator.sync.runs import run_queue
from orchestrator.sync.shapes import RunStanding
from orchestrator.sync.wizard import background_test, locations
from orchestrator.sync.wizard.shapes import ConnectionSetup, KeyStatus, Step

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection

IMPORTING_TYPES = ("full", "incremental", "backfill")


def get_setup(doc: "KipuConnection") -> ConnectionSetup:
	"""Return the state of the setup, without any credential."""
	name = str(doc.name)
	test = background_test.get_test(name)
	keys = _find_stored_keys(name)
	dry_run, first_import = _find_latest_run(name, dry_run=True), _find_latest_run(name, dry_run=False)
	return {
		"connection": name,
		"step": _find_step(doc, keys, dry_run, first_import),
		"base_url": doc.base_url,
		"api_version": doc.api_version,
		"enabled": bool(doc.enabled),
		"status": doc.status,
		"keys": keys,
		"tested_at": to_iso(get_datetime(doc.tested_at)) if doc.tested_at else None,
		"default_time_zone": doc.default_time_zone,
		"utc_midnight_is_date": bool(doc.utc_midnight_is_date),
		"schedule_enabled": bool(doc.schedule_enabled),
		"interval_minutes": doc.interval_minutes,
		"locations": locations.list_locations(doc, test["locations"] if test else []),
		"test": test,
		"dry_run": dry_run,
		"first_import": first_import,
		"live_run": run_queue.get_live_run(name),
		"can_preview": bool(frappe.has_permission(CLIENT)),
	}


def _find_stored_keys(name: str) -> KeyStatus:
	missing = connections.list_missing_credentials(name)
	return {
		"access_id": "access_id" not in missing,
		"secret_key": "secret_key" not in missing,
		"app_id": "app_id" not in missing,
	}


def _find_latest_run(name: str, *, dry_run: bool) -> RunStanding | None:
	filters = {"connection": name, "dry_run": int(dry_run), "sync_type": ("in", IMPORTING_TYPES)}
	run = frappe.db.get_value(SYNC_RUN, filters, "name", order_by="creation desc, name desc")
	return history.get_run(run) if run else None


def _find_step(
	doc: "KipuConnection", keys: KeyStatus, dry_run: RunStanding | None, first_import: RunStanding | None
) -> Step:
	"""Return the first step that is not done."""
	if not all(keys.values()):
		return "keys"
	if not doc.tested_at:
		return "test"
	if doc.last_success:
		return "done"
	if not doc.locations:
		return "locations"
	is_tried = first_import or (dry_run and dry_run["status"] == "Completed")
	return "import" if is_tried else "preview"
