"""Hooks of apps and rules of users that react to changes of a DocType's records."""

from collections.abc import Collection, Iterator

import frappe

# Hooks of these apps on other apps' DocTypes do not react to assignments; this app's code does that itself.
SUITE_APPS = ("orchestrator.", "erpnext.", "hrms.", "helpdesk.", "gameplan.", "insights.", "telephony.")
UPDATE_EVENTS = frozenset({"before_validate", "validate", "before_save", "on_update", "on_change"})
# Rules that look at new records only.
ENERGY_POINT_RULES = "Energy Point Rule"
INSERT_RULES = frozenset({"Document Naming Rule", "Property Setter"})

# Hooks on every DocType that do nothing without a record that names the DocType, which is checked below, or nothing
# to a record that is new and has no file, no assignment, no workflow.
IGNORED_HANDLERS = frozenset(
	{
		"erpnext.setup.doctype.transaction_deletion_record.transaction_deletion_record.check_for_running_deletion_job",
		"erpnext.support.doctype.service_level_agreement.service_level_agreement.apply",
		"frappe.automation.doctype.assignment_rule.assignment_rule.apply",
		"frappe.automation.doctype.assignment_rule.assignment_rule.update_due_date",
		"frappe.automation.doctype.milestone_tracker.milestone_tracker.evaluate_milestone",
		"frappe.core.doctype.file.utils.attach_files_to_document",
		"frappe.core.doctype.permission_log.permission_log.make_perm_log",  # acts where the class says what to log
		"frappe.core.doctype.user_type.user_type.apply_permissions_for_non_standard_user_type",
		"frappe.desk.notifications.clear_doctype_notifications",
		"frappe.search.sqlite_search.update_doc_index",
		"frappe.social.doctype.energy_point_rule.energy_point_rule.process_energy_points",
		"frappe.workflow.doctype.workflow_action.workflow_action.process_workflow_actions",
		"orchestrator.access.attachments.check_attach_fields",
		"orchestrator.api.webhook_outbox.on_event",
		"orchestrator.api.changes.events.on_change",  # feeds find bulk writes by `modified`
	}
)

# Properties of a Property Setter that affect creating or validating a record; others affect only its display.
MEANINGFUL_PROPERTIES = (
	"autoname",
	"naming_rule",
	"default",
	"reqd",
	"unique",
	"fieldtype",
	"options",
	"fetch_from",
	"mandatory_depends_on",
)

# Records by which users react to changes: their DocType, and its fields that name the DocType of the changed record.
UPDATE_RULES: tuple[tuple[str, str, dict[str, object]], ...] = (
	("Webhook", "webhook_doctype", {"enabled": 1}),
	("Notification", "document_type", {"enabled": 1}),
	("Server Script", "reference_doctype", {"disabled": 0}),
	("Assignment Rule", "document_type", {"disabled": 0}),
	("Workflow", "document_type", {"is_active": 1}),
	("Milestone Tracker", "document_type", {"disabled": 0}),
	("Energy Point Rule", "reference_doctype", {"enabled": 1}),
	("Service Level Agreement", "document_type", {"enabled": 1}),
	("Document Naming Rule", "document_type", {"disabled": 0}),
	("Property Setter", "doc_type", {"property": ("in", MEANINGFUL_PROPERTIES)}),
)


def has_update_listeners(doctype: str) -> bool:
	"""Return True if saving a record of `doctype` again could do more than write its row and run this app's
	hooks.
	"""
	handlers = (each for each in find_handlers(doctype, UPDATE_EVENTS) if not each.startswith(SUITE_APPS))
	ignored = INSERT_RULES | (set() if _are_energy_points_on() else {ENERGY_POINT_RULES})
	rules = (each for each in find_rules(doctype) if each not in ignored)
	return next(handlers, None) is not None or next(rules, None) is not None


def _are_energy_points_on() -> bool:
	"""Return True if energy points are in use. Every site has rules for them, from ERPNext."""
	settings = "Energy Point Settings"
	return bool(frappe.db.exists("DocType", settings) and frappe.db.get_single_value(settings, "enabled"))


def find_handlers(doctype: str, events: Collection[str]) -> Iterator[str]:
	"""Yield the hooks of apps on these events that could do something."""
	hooks = frappe.get_doc_hooks()
	for key in (doctype, "*"):
		for event, handlers in (hooks.get(key) or {}).items():
			if event in events:
				yield from (handler for handler in handlers if handler not in IGNORED_HANDLERS)


def find_rules(doctype: str) -> Iterator[str]:
	"""Yield the kinds of records, such as webhooks, by which users react to changes of `doctype`."""
	for rule, field, filters in UPDATE_RULES:
		if not frappe.db.table_exists(rule):
			continue
		known = frappe.get_meta(rule)
		usable = {name: value for name, value in filters.items() if known.has_field(name)}
		if frappe.db.exists(rule, {field: doctype, **usable}):
			yield rule
