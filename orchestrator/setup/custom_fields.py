"""Fields that this app adds to DocTypes of other apps: declared once, created by install and migrate, removed
by uninstall.
"""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields

from orchestrator.access.outside_recipients import PURPOSES
from orchestrator.apps import is_installed
from orchestrator.crm.stages import OPEN, STAGES
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from frappe.core.doctype.docfield.docfield import DocField

MODULE = "Orchestrator"

Field = dict[str, Any]


def _build_assignee_field(insert_after: str) -> Field:
	"""Return the first open assignee.

	`ignore_user_permissions`: a user permission on User must not hide records by their assignee. `no_copy`: a
	copy starts unassigned. ERPNext moves a lead's assignments to its opportunity, and the field moves with
	them.
	"""
	return {
		"fieldname": "assigned_to",
		"label": "Assigned To",
		"fieldtype": "Link",
		"options": "User",
		"insert_after": insert_after,
		"description": "Follows the assignments. If there are several assignees, the first one.",
		"in_standard_filter": 1,
		"search_index": 1,
		"ignore_user_permissions": 1,
		"no_copy": 1,
	}


def _build_sprint_field(insert_after: str, **more: Any) -> Field:
	"""Return the field for sprints. `no_copy`: a copy of a task starts in the backlog."""
	return {
		"fieldname": "sprint",
		"label": "Sprint",
		"fieldtype": "Link",
		"options": "Sprint",
		"insert_after": insert_after,
		"in_standard_filter": 1,
		"search_index": 1,
		"no_copy": 1,
		**more,
	}


def _build_client_field(insert_after: str) -> Field:
	"""Return the client that a record is about."""
	return {
		"fieldname": "client",
		"label": "Client",
		"fieldtype": "Link",
		"options": "Client",
		"insert_after": insert_after,
		"in_standard_filter": 1,
		"search_index": 1,
	}


def _build_recipient_fields(insert_after: str, description: str) -> list[Field]:
	"""Return the recipient outside the organisation to whom records are sent."""
	is_outside = {"depends_on": "is_outside_recipient", "mandatory_depends_on": "is_outside_recipient"}
	return [
		{
			"fieldname": "is_outside_recipient",
			"label": "Recipient Outside the Organisation",
			"fieldtype": "Check",
			"insert_after": insert_after,
			"description": description,
		},
		{
			"fieldname": "recipient_name",
			"label": "Recipient",
			"fieldtype": "Data",
			"insert_after": "is_outside_recipient",
			"description": "The person or organisation, as consents name it.",
			**is_outside,
		},
		{
			"fieldname": "recipient_class",
			"label": "Class of Recipients",
			"fieldtype": "Data",
			"insert_after": "recipient_name",
			"depends_on": "is_outside_recipient",
			"description": "Such as Health Insurers. Consents may name a class.",
		},
		{
			"fieldname": "recipient_purpose",
			"label": "Purpose",
			"fieldtype": "Select",
			"options": "\n".join(["", *PURPOSES]),
			"insert_after": "recipient_class",
			**is_outside,
		},
	]


CUSTOM_FIELDS: dict[str, list[Field]] = {
	"Lead": [
		_build_assignee_field(insert_after="lead_owner"),
		_build_client_field(insert_after="assigned_to"),
		{
			"fieldname": "topic",
			"label": "Topic",
			"fieldtype": "Data",
			"insert_after": "status",
			"description": "What the person is asking about.",
		},
		{
			"fieldname": "probability",
			"label": "Probability (%)",
			"fieldtype": "Percent",
			"insert_after": "topic",
			"non_negative": 1,
			# An Opportunity has its own probability, which follows its stage, not the lead's.
			"no_copy": 1,
		},
	],
	"Opportunity": [
		{
			"fieldname": "pipeline_stage",
			"label": "Pipeline Stage",
			"fieldtype": "Select",
			"options": "\n".join(STAGES),
			"default": OPEN,
			"insert_after": "status",
			"in_list_view": 1,
			"in_standard_filter": 1,
			"no_copy": 1,
		},
		_build_assignee_field(insert_after="opportunity_owner"),
	],
	"Issue": [
		_build_assignee_field(insert_after="priority"),
		_build_client_field(insert_after="customer"),
		{
			"fieldname": "sla_paused_working_seconds",
			"label": "Paused Working Time (Seconds)",
			"fieldtype": "Int",
			"insert_after": "total_hold_time",
			"hidden": 1,
			"read_only": 1,
			"no_copy": 1,
		},
	],
	"Task": [
		_build_assignee_field(insert_after="priority"),
		_build_client_field(insert_after="project"),
		{
			"fieldname": "progress_notes",
			"label": "Progress Notes",
			"fieldtype": "Small Text",
			"insert_after": "progress",
			"description": "The latest note on progress. Earlier ones are in the timeline.",
			"no_copy": 1,
		},
		_build_sprint_field(insert_after="project", in_list_view=1, allow_in_quick_entry=1),
		{
			"fieldname": "progress_before_completion",
			"label": "Progress before Completion",
			"fieldtype": "Percent",
			"insert_after": "progress_notes",
			"description": "The progress that is restored when the task is reopened.",
			"hidden": 1,
			"read_only": 1,
			"no_copy": 1,
		},
	],
	"Auto Email Report": [
		{
			"fieldname": "api_format",
			"label": "File Format",
			"fieldtype": "Select",
			"options": "\npdf\nxlsx\ncsv\njson\nhtml",
			"insert_after": "format",
			"description": "Set by the API: the report is emailed as a file in this format, with the rows that the user may see, to the recipients who may see the report.",
			"read_only": 1,
			"no_copy": 1,
		},
		*_build_recipient_fields(
			insert_after="description",
			description="Only records of clients who consent to it are mailed, with the notice. For reports of the Report Builder.",
		),
	],
	"Webhook": [
		{
			"fieldname": "public_target_only",
			"label": "Public Targets Only",
			"fieldtype": "Check",
			"insert_after": "request_url",
			"description": "Set by the API: a target with a private address is refused when this webhook is saved and before each delivery, unless Orchestrator Settings allow it.",
			"read_only": 1,
		},
		{
			"fieldname": "reliable_delivery",
			"label": "Reliable Delivery",
			"fieldtype": "Check",
			"insert_after": "public_target_only",
			"description": "Failed requests are repeated for three days, the events of a record arrive in their order, and each request has a Standard Webhooks signature.",
		},
		{
			"fieldname": "thin_body",
			"label": "Thin Body",
			"fieldtype": "Check",
			"insert_after": "reliable_delivery",
			"depends_on": "reliable_delivery",
			"description": "Send the event, the name of the record and the names of the changed fields, but no values.",
		},
		{
			"fieldname": "disabled_reason",
			"label": "Disabled Because",
			"fieldtype": "Small Text",
			"insert_after": "thin_body",
			"read_only": 1,
			"no_copy": 1,
			"depends_on": "disabled_reason",
		},
		{
			"fieldname": "signing_secret",
			"label": "Signing Secret",
			"fieldtype": "Password",
			"length": 255,
			"insert_after": "webhook_secret",
			"no_copy": 1,
			"depends_on": "reliable_delivery",
			"description": "Signs each request: whsec_ followed by base64. Leave it empty to get one.",
		},
		{
			"fieldname": "previous_signing_secret",
			"label": "Previous Signing Secret",
			"fieldtype": "Password",
			"length": 255,
			"insert_after": "signing_secret",
			"no_copy": 1,
			"hidden": 1,
		},
		{
			"fieldname": "previous_secret_expires_at",
			"label": "Previous Secret Signs Until",
			"fieldtype": "Datetime",
			"insert_after": "previous_signing_secret",
			"read_only": 1,
			"no_copy": 1,
			"depends_on": "previous_secret_expires_at",
		},
		*_build_recipient_fields(
			insert_after="thin_body",
			description="Only records of clients who consent to it are sent. Needs Reliable Delivery.",
		),
	],
}

# The same for DocTypes of optional apps, created when the app is installed.
CUSTOM_FIELDS_OF_APPS: dict[str, dict[str, list[Field]]] = {
	"helpdesk": {
		"HD Ticket": [
			_build_assignee_field(insert_after="priority"),
			_build_client_field(insert_after="customer"),
		]
	},
	"gameplan": {
		"GP Task": [
			_build_sprint_field(insert_after="project"),
			{
				"fieldname": "expected_time",
				"label": "Expected Time (in hours)",
				"fieldtype": "Float",
				"insert_after": "sprint",
				"non_negative": 1,
				"description": "Total hours that the task takes. The burndown of its sprint counts them.",
			},
			{
				"fieldname": "progress",
				"label": "% Progress",
				"fieldtype": "Percent",
				"insert_after": "expected_time",
				"no_copy": 1,
			},
		],
	},
}


def check_conflicts() -> None:
	"""Stop before anything is changed if a site's own field has a name of this app's fields but another type."""
	conflicts = [
		f"{doctype}.{field['fieldname']} ({existing.fieldtype})"
		for doctype, field in list_declared_fields()
		if (existing := _find_foreign_field(doctype, field["fieldname"]))
		and not _is_same_storage(existing, field)
	]
	if conflicts:
		refuse(
			_(
				"These fields already exist with another type: {0}. Rename or remove them and try again."
			).format(", ".join(conflicts)),
			frappe.ValidationError,
		)


def sync_custom_fields() -> None:
	"""Create the declared fields, or update those that this app has created. A site's own field of the same
	name and type is used as it is.
	"""
	missing: dict[str, list[Field]] = {}
	for doctype, field in list_declared_fields():
		if not _find_foreign_field(doctype, field["fieldname"]):
			missing.setdefault(doctype, []).append(_complete_field(field))
	create_custom_fields(missing)


def delete_custom_fields() -> None:
	"""Delete the fields that this app has created, with their columns."""
	for doctype, field in list_declared_fields():
		name = frappe.db.get_value(
			"Custom Field", {"dt": doctype, "fieldname": field["fieldname"], "module": MODULE}
		)
		if name:
			frappe.delete_doc(
				"Custom Field", name, force=True, ignore_permissions=True, delete_permanently=True
			)
			_drop_column(doctype, field["fieldname"])


def list_missing_fields() -> list[str]:
	"""Return `DocType.fieldname` of each declared field that this site lacks."""
	return [
		f"{doctype}.{field['fieldname']}"
		for doctype, field in list_declared_fields()
		if not frappe.get_meta(doctype).has_field(field["fieldname"])
	]


def list_declared_fields() -> list[tuple[str, Field]]:
	"""Return the declared fields for this site."""
	of_apps = [tables for app, tables in CUSTOM_FIELDS_OF_APPS.items() if is_installed(app)]
	tables = [CUSTOM_FIELDS, *of_apps]
	return [(doctype, field) for table in tables for doctype, fields in table.items() for field in fields]


def _complete_field(field: Field) -> Field:
	return {"module": MODULE, "is_system_generated": 1, "translatable": 0, **field}


def _find_foreign_field(doctype: str, fieldname: str) -> "DocField | None":
	"""Return the DocField or Custom Field of that name which this app did not create."""
	field = frappe.get_meta(doctype).get_field(fieldname)
	if field and field.get("is_custom_field"):
		is_own = frappe.db.get_value("Custom Field", field.name, "module") == MODULE
		return None if is_own else field
	return field


def _is_same_storage(existing: "DocField", field: Field) -> bool:
	return existing.fieldtype == field["fieldtype"] and (existing.options or "") == field.get("options", "")


def _drop_column(doctype: str, fieldname: str) -> None:
	if frappe.db.has_column(doctype, fieldname):
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP COLUMN `{fieldname}`")
		frappe.clear_cache(doctype=doctype)
