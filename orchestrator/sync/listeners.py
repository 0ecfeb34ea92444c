"""Whether anything on this site listens to a DocType's records being made. If nothing does, many may be written at once:
nobody can tell the difference. If anything might, each is saved as anybody's."""

from collections.abc import Collection, Iterator

import frappe
from frappe.core.doctype.docfield.docfield import DocField
from frappe.model.base_document import get_controller

EVENTS = frozenset(
	{
		"before_insert", "before_naming", "autoname", "before_validate", "validate", "before_save", "after_insert",
		"on_update", "on_change",
	}
)  # fmt: skip

# Hooks on every DocType that do nothing without a record that names the DocType, which is asked for below, or nothing
# to a record that is new and has no file, no assignment, no workflow.
INERT = frozenset(
	{
		"erpnext.setup.doctype.transaction_deletion_record.transaction_deletion_record.check_for_running_deletion_job",
		"erpnext.support.doctype.service_level_agreement.service_level_agreement.apply",
		"frappe.automation.doctype.assignment_rule.assignment_rule.apply",
		"frappe.automation.doctype.assignment_rule.assignment_rule.update_due_date",
		"frappe.automation.doctype.milestone_tracker.milestone_tracker.evaluate_milestone",
		"frappe.core.doctype.file.utils.attach_files_to_document",
		"frappe.core.doctype.user_type.user_type.apply_permissions_for_non_standard_user_type",
		"frappe.desk.notifications.clear_doctype_notifications",
		"frappe.search.sqlite_search.update_doc_index",
		"frappe.social.doctype.energy_point_rule.energy_point_rule.process_energy_points",
		"frappe.workflow.doctype.workflow_action.workflow_action.process_workflow_actions",
		"orchestrator.access.attachments.check_attach_fields",
	}
)

# What a Property Setter may change that a new record is made or checked by; the rest is how it looks.
MEANINGFUL = (
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

# Kinds of fields of which saving refuses some values.
CHECKED = frozenset({"Select", "Phone", "Link"})

# Records by which a site's people listen: the DocType, and which of its fields name the one listened to.
RULES: tuple[tuple[str, str, dict[str, object]], ...] = (
	("Webhook", "webhook_doctype", {"enabled": 1}),
	("Notification", "document_type", {"enabled": 1}),
	("Server Script", "reference_doctype", {"disabled": 0}),
	("Assignment Rule", "document_type", {"disabled": 0}),
	("Workflow", "document_type", {"is_active": 1}),
	("Milestone Tracker", "document_type", {"disabled": 0}),
	("Energy Point Rule", "reference_doctype", {"enabled": 1}),
	("Service Level Agreement", "document_type", {"enabled": 1}),
	("Document Naming Rule", "document_type", {"disabled": 0}),
	("Property Setter", "doc_type", {"property": ("in", MEANINGFUL)}),
)


def listens(doctype: str, written: Collection[str] = ()) -> bool:
	"""True if saving a new record of `doctype` could do more than write its row. `written`: the fields that get a value."""
	return next(reasons(doctype, written), None) is not None


def reasons(doctype: str, written: Collection[str] = ()) -> Iterator[str]:
	"""What listens, one by one."""
	yield from _hooks(doctype)
	yield from _rules(doctype)
	if any(_is_checked(field, written) for field in frappe.get_meta(doctype).fields):
		yield "Custom Field"
	for check in (_own_controller, _global_search, _followed):
		if reason := check(doctype):
			yield reason


def _hooks(doctype: str) -> Iterator[str]:
	hooks = frappe.get_doc_hooks()
	for key in (doctype, "*"):
		for event, handlers in (hooks.get(key) or {}).items():
			if event in EVENTS:
				yield from (handler for handler in handlers if handler not in INERT)


def _rules(doctype: str) -> Iterator[str]:
	for rule, field, filters in RULES:
		if not frappe.db.table_exists(rule):
			continue
		known = frappe.get_meta(rule)
		usable = {name: value for name, value in filters.items() if known.has_field(name)}
		if frappe.db.exists(rule, {field: doctype, **usable}):
			yield rule


def _own_controller(doctype: str) -> str | None:
	"""Another app may have put its own class in the place of ours."""
	module = get_controller(doctype).__module__
	return None if module.startswith("orchestrator.") else module


def _is_checked(field: DocField, written: Collection[str]) -> bool:
	"""True of a field of the site's own that saving looks at. Defaults are written like any other value."""
	if not field.get("is_custom_field"):
		return False
	if field.reqd or field.fetch_from or field.unique or field.fieldtype == "Rating":
		return True
	if field.default and field.fieldtype in ("Link", "Dynamic Link", "Password"):
		return True  # it has to be there, or goes elsewhere
	return field.fieldname in written and (field.fieldtype in CHECKED or bool(field.options))


def _global_search(doctype: str) -> str | None:
	return "global search" if frappe.get_meta(doctype).get_global_search_fields() else None


def _followed(_doctype: str) -> str | None:
	"""Who makes a record may want to follow it."""
	follows = frappe.get_cached_value("User", frappe.session.user, "follow_created_documents")
	return "document follow" if follows else None
