"""What Frappe calls in this app, and when. Tables only: nothing is imported, nothing is called."""

app_name = "orchestrator"
app_title = "Frappe Orchestrator"
app_publisher = "The Frappe Orchestrator developers"
app_description = "One REST API over the Frappe suite"
app_email = "hello@orchestrator.example"
app_license = "MIT"
required_apps = ["frappe/erpnext", "frappe/hrms"]

# Set-up: what is declared in orchestrator/setup, made and taken back
before_install = "orchestrator.setup.install.before_install"
after_install = "orchestrator.setup.install.after_install"
after_migrate = ["orchestrator.setup.install.sync"]
before_uninstall = "orchestrator.setup.uninstall.before_uninstall"
after_uninstall = "orchestrator.setup.uninstall.after_uninstall"

# What only remembers a record does not stand in the way of its deletion
ignore_links_on_delete = [
	"Bulk Operation",
	"Generated Report",
	"Orchestrator Demo Record",
	"Ticket Escalation",
]

# "In Progress", which ERPNext's own status lists do not know, counts as open
notification_config = "orchestrator.setup.open_counts.get_notification_config"
override_doctype_class = {
	"Auto Email Report": "orchestrator.insights.report_schedules.ReportMailing",
	"Email Digest": "orchestrator.setup.email_digest.DigestOfOpenIssues",
}
doctype_list_js = {"Issue": "public/js/issue_list.js", "Task": "public/js/task_list.js"}

# Records kept consistent: see orchestrator/crm and orchestrator/assignment.py
doc_events = {
	"Lead": {
		"before_validate": [
			"orchestrator.crm.lead.before_validate",
			"orchestrator.assignment.before_validate",
		],
		"validate": ["orchestrator.crm.lead.validate", "orchestrator.assignment.validate"],
		"on_update": "orchestrator.assignment.on_update",
		"on_change": ["orchestrator.crm.lead.on_change", "orchestrator.assignment.on_change"],
		"after_rename": "orchestrator.assignment.after_rename",
	},
	"Opportunity": {
		"before_validate": "orchestrator.assignment.before_validate",
		"validate": ["orchestrator.crm.opportunity.validate", "orchestrator.assignment.validate"],
		"on_update": "orchestrator.assignment.on_update",
		"on_change": ["orchestrator.crm.opportunity.on_change", "orchestrator.assignment.on_change"],
		"after_rename": "orchestrator.assignment.after_rename",
	},
	"Issue": {
		"before_validate": "orchestrator.assignment.before_validate",
		"validate": "orchestrator.assignment.validate",
		"on_update": "orchestrator.assignment.on_update",
		"on_change": "orchestrator.assignment.on_change",
		"before_rename": "orchestrator.helpdesk.escalation.before_rename",
		"after_rename": "orchestrator.assignment.after_rename",
		"on_trash": "orchestrator.helpdesk.escalation.forget",
	},
	"HD Ticket": {"on_trash": "orchestrator.helpdesk.escalation.forget"},
	"Task": {
		"before_validate": "orchestrator.assignment.before_validate",
		"validate": "orchestrator.assignment.validate",
		"on_update": "orchestrator.assignment.on_update",
		"on_change": "orchestrator.assignment.on_change",
		"after_rename": "orchestrator.assignment.after_rename",
	},
	"ToDo": {
		"on_update": "orchestrator.assignment.on_todo_change",
		"on_trash": "orchestrator.assignment.on_todo_change",
	},
	# What colleagues say on a ticket stays among them: see orchestrator/helpdesk/notes.py
	"Comment": {"on_update": "orchestrator.helpdesk.notes.on_update"},
	"Webhook": {"validate": "orchestrator.api.webhook_targets.check_on_save"},
}

# Whose records self-service reaches: see orchestrator/hr/reach.py
permission_query_conditions = {
	"Employee": "orchestrator.hr.reach.conditions",
	"Attendance": "orchestrator.hr.reach.conditions",
	"Attendance Request": "orchestrator.hr.reach.conditions",
	"Compensatory Leave Request": "orchestrator.hr.reach.conditions",
	"Employee Advance": "orchestrator.hr.reach.conditions",
	"Employee Benefit Application": "orchestrator.hr.reach.conditions",
	"Employee Benefit Claim": "orchestrator.hr.reach.conditions",
	"Employee Checkin": "orchestrator.hr.reach.conditions",
	"Employee Incentive": "orchestrator.hr.reach.conditions",
	"Employee Other Income": "orchestrator.hr.reach.conditions",
	"Employee Tax Exemption Declaration": "orchestrator.hr.reach.conditions",
	"Employee Tax Exemption Proof Submission": "orchestrator.hr.reach.conditions",
	"Expense Claim": "orchestrator.hr.reach.conditions",
	"Leave Allocation": "orchestrator.hr.reach.conditions",
	"Leave Application": "orchestrator.hr.reach.conditions",
	"Leave Encashment": "orchestrator.hr.reach.conditions",
	"Leave Ledger Entry": "orchestrator.hr.reach.conditions",
	"Retention Bonus": "orchestrator.hr.reach.conditions",
	"Salary Slip": "orchestrator.hr.reach.conditions",
	"Salary Withholding": "orchestrator.hr.reach.conditions",
	"Shift Assignment": "orchestrator.hr.reach.conditions",
	"Shift Request": "orchestrator.hr.reach.conditions",
}
has_permission = {
	"Employee": "orchestrator.hr.reach.has_permission",
	"Attendance": "orchestrator.hr.reach.has_permission",
	"Attendance Request": "orchestrator.hr.reach.has_permission",
	"Compensatory Leave Request": "orchestrator.hr.reach.has_permission",
	"Employee Advance": "orchestrator.hr.reach.has_permission",
	"Employee Benefit Application": "orchestrator.hr.reach.has_permission",
	"Employee Benefit Claim": "orchestrator.hr.reach.has_permission",
	"Employee Checkin": "orchestrator.hr.reach.has_permission",
	"Employee Incentive": "orchestrator.hr.reach.has_permission",
	"Employee Other Income": "orchestrator.hr.reach.has_permission",
	"Employee Tax Exemption Declaration": "orchestrator.hr.reach.has_permission",
	"Employee Tax Exemption Proof Submission": "orchestrator.hr.reach.has_permission",
	"Expense Claim": "orchestrator.hr.reach.has_permission",
	"Leave Allocation": "orchestrator.hr.reach.has_permission",
	"Leave Application": "orchestrator.hr.reach.has_permission",
	"Leave Encashment": "orchestrator.hr.reach.has_permission",
	"Leave Ledger Entry": "orchestrator.hr.reach.has_permission",
	"Retention Bonus": "orchestrator.hr.reach.has_permission",
	"Salary Slip": "orchestrator.hr.reach.has_permission",
	"Salary Withholding": "orchestrator.hr.reach.has_permission",
	"Shift Assignment": "orchestrator.hr.reach.has_permission",
	"Shift Request": "orchestrator.hr.reach.has_permission",
}

# The contract: see orchestrator/api
before_request = ["orchestrator.api.pipeline.before_request"]
auth_hooks = ["orchestrator.api.pipeline.authorize"]
after_request = ["orchestrator.api.pipeline.after_request"]
override_whitelisted_methods = {
	"frappe.client.get_list": "orchestrator.api.overrides.get_list",
	"frappe.client.get": "orchestrator.api.overrides.get",
	"frappe.client.insert": "orchestrator.api.overrides.insert",
	"frappe.client.set_value": "orchestrator.api.overrides.set_value",
	"frappe.client.delete": "orchestrator.api.overrides.delete",
	"upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.handler.upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.api.v2.upload_file": "orchestrator.api.overrides.upload_file",
	# documented under Frappe's name, but Frappe has no such methods: for every caller
	"frappe.desk.bulk_assignment.set_assignment_for_many": "orchestrator.api.bulk.set_assignment_for_many",
	"frappe.desk.delete.delete_many": "orchestrator.api.bulk.delete_many",
	"frappe.desk.report.run": "orchestrator.api.reports.run",
	"frappe.desk.doctype.webhook.create": "orchestrator.api.webhooks.create",
	# with the form come the comments of colleagues: not for a customer
	"frappe.desk.form.load.getdoc": "orchestrator.helpdesk.desk_forms.getdoc",
	"frappe.desk.form.load.get_docinfo": "orchestrator.helpdesk.desk_forms.get_docinfo",
}

before_job = ["orchestrator.api.webhook_targets.check_before_delivery"]

scheduler_events = {
	"cron": {"*/5 * * * *": ["orchestrator.helpdesk.escalation.escalate_due_tickets"]},
	"hourly": [
		"orchestrator.api.bulk.jobs.fail_dead_operations",
		"orchestrator.insights.report_jobs.fail_dead_runs",
	],
	"daily": [
		"orchestrator.api.idempotency.delete_expired",
		"orchestrator.api.bulk.jobs.delete_old_operations",
		"orchestrator.insights.report_jobs.delete_expired",
	],
}
