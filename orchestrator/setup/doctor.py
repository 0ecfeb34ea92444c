"""Checks of a site's setup, with remedies. No check changes anything."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import frappe
from frappe.utils.background_jobs import get_redis_conn, get_workers
from frappe.utils.scheduler import is_scheduler_inactive

from orchestrator.apps import is_installed
from orchestrator.docs import conversion, folders, storage
from orchestrator.setup import declarations, doctor_records, document_findings, security_checks
from orchestrator.setup.access_checks import check_client_readers, check_rate_limit
from orchestrator.setup.findings import FAIL, OK, WARN, Finding
from orchestrator.setup.hook_conflicts import check_overrides, check_permission_hooks
from orchestrator.setup.versions import VERSION_BOUNDS, is_within
from orchestrator.sync.actions.staleness import list_stale_connections

APP = "orchestrator"
TITLE = "Frappe Orchestrator"

HR_ROLES = ("HR User", "HR Manager")
LEAVE_TEMPLATES = ("leave_approval_notification_template", "leave_status_notification_template")
OPTIONAL_APPS = ("helpdesk", "gameplan", "insights")


def run_checks() -> list[Finding]:
	"""Run every check. An exception in one becomes a finding."""
	return [_run_check(check) for check in CHECKS]


def _check_versions() -> Finding:
	versions = {app: frappe.get_module(app).__version__ for app in VERSION_BOUNDS if is_installed(app)}
	wrong = [
		f"{app} {versions.get(app, 'missing')}, wants {bounds}"
		for app, bounds in VERSION_BOUNDS.items()
		if app not in versions or not is_within(versions[app], bounds)
	]
	if wrong:
		return Finding("versions", FAIL, "; ".join(wrong), "Install or update these apps with bench.")
	return Finding("versions", OK, ", ".join(f"{app} {version}" for app, version in versions.items()))


def _check_optional_apps() -> Finding:
	missing = [app for app in OPTIONAL_APPS if not is_installed(app)]
	if missing:
		return Finding("optional apps", OK, f"without {', '.join(missing)}: calls that need them answer 501")
	return Finding("optional apps", OK, ", ".join(OPTIONAL_APPS))


def _check_package() -> Finding:
	"""Find another app of the same name, which a Python path may load in place of this one."""
	imported = Path(frappe.get_module(APP).__file__).resolve().parent
	expected = Path(frappe.get_app_source_path(APP), APP).resolve()
	if imported != expected or frappe.get_hooks("app_title", app_name=APP) != [TITLE]:
		return Finding(
			"package",
			FAIL,
			"another Python package or app is also named orchestrator",
			"Use separate benches for the two; they cannot share one.",
		)
	return Finding("package", OK, "no other package has this name")


def check_declarations() -> Finding:
	missing = declarations.list_all_missing()
	if missing:
		return Finding(
			"declarations",
			FAIL,
			f"missing: {', '.join(missing)}",
			f"Run bench --site {frappe.local.site} migrate.",
		)
	return Finding("declarations", OK, "all fields, options, roles and indexes exist")


def check_hr_reach() -> Finding:
	"""Warn of HR users whom HRMS limits to their own employee record, as it does by default."""
	staff = frappe.get_all(
		"Has Role", filters={"parenttype": "User", "role": ("in", HR_ROLES)}, pluck="parent", distinct=True
	)
	tied = frappe.get_all(
		"User Permission", filters={"allow": "Employee", "user": ("in", staff)}, pluck="user", distinct=True
	)
	if tied:
		return Finding(
			"HR",
			WARN,
			f"{len(tied)} users with an HR role see only the employees in their user permissions",
			"If this is not intended, switch off Create User Permission in their employee records.",
		)
	return Finding("HR", OK, "user permissions hide no employee from HR")


def check_leave_templates() -> Finding:
	"""Warn if HRMS is to send messages about leave and has no template: it then shows a warning at each save."""
	settings = frappe.get_single("HR Settings")
	missing = [name for name in LEAVE_TEMPLATES if not settings.get(name)]
	if settings.send_leave_notification and missing:
		labels = ", ".join(settings.meta.get_label(name) for name in missing)
		return Finding(
			"leave messages", WARN, f"not chosen: {labels}", "Choose e-mail templates in HR Settings."
		)
	return Finding("leave messages", OK, "templates are chosen, or no messages are sent")


def _check_redis() -> Finding:
	frappe.cache().ping()
	get_redis_conn().ping()
	return Finding("redis", OK, "cache and queue answer")


def check_scheduler() -> Finding:
	if is_scheduler_inactive(verbose=False):
		return Finding(
			"scheduler",
			WARN,
			"paused or disabled",
			f"Run bench --site {frappe.local.site} enable-scheduler. Until then, expired data is not deleted.",
		)
	return Finding("scheduler", OK, "enabled")


def check_workers() -> Finding:
	workers = get_workers()
	if not workers:
		return Finding(
			"workers",
			FAIL,
			"none is running",
			"Start them (bench start, or supervisor). Until then, webhooks and background jobs wait.",
		)
	return Finding("workers", OK, f"{len(workers)} running")


def _check_mail() -> Finding:
	if not frappe.db.exists("Email Account", {"enable_outgoing": 1, "default_outgoing": 1}):
		return Finding(
			"outgoing mail",
			WARN,
			"no default account",
			"Set a default outgoing Email Account. Until then, customers receive no replies by email.",
		)
	return Finding("outgoing mail", OK, "a default account is set")


def _check_company() -> Finding:
	company = frappe.defaults.get_global_default("company")
	currency = company and frappe.get_cached_value("Company", company, "default_currency")
	time_zone = frappe.db.get_single_value("System Settings", "time_zone")
	if not (currency and time_zone):
		return Finding(
			"company", FAIL, "no company, currency or time zone", "Finish the setup wizard in Desk."
		)
	return Finding("company", OK, f"{currency}, {time_zone}")


def _check_service_levels() -> Finding:
	if not frappe.db.get_single_value("Support Settings", "track_service_level_agreement"):
		return Finding(
			"service levels",
			WARN,
			"not tracked",
			"Switch on Track Service Level Agreement in Support Settings. Until then, issues have no due dates.",
		)
	return Finding("service levels", OK, "tracked")


def check_documents() -> Finding:
	if not frappe.db.exists("Document Folder", folders.ROOT):
		return Finding("documents", FAIL, "no root folder", f"Run bench --site {frappe.local.site} migrate.")
	root = storage.get_root()
	existing = root if root.exists() else root.parent
	if not os.access(existing, os.W_OK):
		return Finding("documents", FAIL, f"{existing} is not writable", "Make the bench's user its owner.")
	if problems := document_findings.find_problems():
		return Finding("documents", WARN, "; ".join(problems), "See docs/documents.md, Upgrades.")
	return Finding("documents", OK, "the root folder exists and files can be written")


def check_kipu() -> Finding:
	"""Return the connections to Kipu, worst first: paused, waiting for approval, stale."""
	connections = frappe.get_all(
		"Kipu Connection", {"enabled": 1}, ["name", "status", "paused_reason"], order_by="name asc"
	)
	if paused := [f"{each.name} ({each.paused_reason})" for each in connections if each.status == "Paused"]:
		return Finding(
			"kipu",
			FAIL,
			f"paused: {', '.join(paused)}",
			f"Run bench --site {frappe.local.site} orchestrator kipu-test, fix what it reports, then use Resume on the connection.",
		)
	if held := frappe.get_all("Sync Run", {"status": "Held"}, pluck="name"):
		return Finding(
			"kipu",
			WARN,
			f"waiting for approval: {', '.join(held)}",
			"Open the run in Desk. It says how many clients would be affected. Approve or cancel it.",
		)
	if stale := [row.name for row in list_stale_connections()]:
		return Finding(
			"kipu",
			WARN,
			f"not up to date: {', '.join(stale)}",
			f"Run bench --site {frappe.local.site} orchestrator sync-history to see why the last runs failed.",
		)
	return Finding(
		"kipu", OK, f"{len(connections)} connections, all up to date" if connections else "not used"
	)


def _check_pdf() -> Finding:
	if not shutil.which("wkhtmltopdf"):
		return Finding(
			"pdf",
			WARN,
			"wkhtmltopdf is missing",
			"Install wkhtmltopdf. Without it, Frappe cannot print PDFs.",
		)
	if not has_font("zh"):
		return Finding(
			"pdf",
			WARN,
			"no font for Chinese, Japanese and Korean",
			"Install one (fonts-wqy-zenhei or fonts-noto-cjk). Without it, PDFs show such text as boxes.",
		)
	return Finding("pdf", OK, "wkhtmltopdf is installed")


def _check_previews() -> Finding:
	"""Find out whether Office files can be converted for previews: the sandbox must start, too."""
	if missing := conversion.list_missing_programs():
		return Finding(
			"previews",
			OK,
			f"without {', '.join(missing)}: Office files have no preview, other files have one",
		)
	if not conversion.can_isolate():
		return Finding(
			"previews",
			WARN,
			"bwrap cannot make a sandbox, so Office files have no preview",
			"Allow unprivileged user namespaces for bwrap, see docs/documents.md.",
		)
	return Finding("previews", OK, "LibreOffice and Bubblewrap are installed")


def has_font(lang: str) -> bool:
	"""Return True if the machine has a font for the language, or cannot tell."""
	lister = shutil.which("fc-list")
	if not lister:
		return True
	return bool(subprocess.run([lister, f":lang={lang}", "family"], capture_output=True, check=False).stdout)  # noqa: S603


def _run_check(check: Callable[[], Finding]) -> Finding:
	try:
		return check()
	except Exception as error:
		name = check.__name__.removeprefix("check_").replace("_", " ")
		return Finding(name, FAIL, type(error).__name__, str(error))


CHECKS: tuple[Callable[[], Finding], ...] = (
	_check_versions,
	_check_optional_apps,
	_check_package,
	check_declarations,
	check_overrides,
	check_permission_hooks,
	_check_redis,
	check_rate_limit,
	check_scheduler,
	check_workers,
	_check_mail,
	_check_company,
	_check_service_levels,
	check_hr_reach,
	check_leave_templates,
	check_client_readers,
	check_documents,
	check_kipu,
	_check_pdf,
	_check_previews,
	*security_checks.CHECKS,
	*doctor_records.CHECKS,
)
