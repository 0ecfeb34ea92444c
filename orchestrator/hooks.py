"""Hooks of this app, as tables: nothing is imported, nothing is called."""

app_name = "orchestrator"
app_title = "Frappe Orchestrator"
app_publisher = "The Frappe Orchestrator developers"
app_description = "One REST API over the Frappe suite"
app_email = "hello@orchestrator.example"
app_license = "MIT"
required_apps = ["frappe/erpnext", "frappe/hrms"]

# Set-up: creates and removes what is declared in orchestrator/setup
before_install = ["orchestrator.setup.versions.before_install", "orchestrator.setup.install.before_install"]
after_install = "orchestrator.setup.install.after_install"
after_sync = (
	"orchestrator.setup.dashboards.sync_dashboards"  # after the number cards that they show are created
)
after_migrate = [
	"orchestrator.setup.install.sync_declarations",
	"orchestrator.setup.dashboards.sync_dashboards",
]
before_uninstall = "orchestrator.setup.uninstall.before_uninstall"
after_uninstall = "orchestrator.setup.uninstall.after_uninstall"
after_app_install = "orchestrator.setup.install.after_app_install"

# Records of history do not prevent the deletion of the record that they name
ignore_links_on_delete = [
	"Bulk Operation",
	"Bulk Operation Chunk",
	"Change Feed",
	"Client Consent",
	"Dashboard Mail",
	"Emergency Access",
	"Generated Report",
	"Metric Alert Event",
	"Orchestrator Demo Record",
	"Sprint Event",
	"Sync Issue",
	"Sync Run",
	"Sync State",
	"Ticket Escalation",
	"Ticket Pause",
	"Ticket Rating",
	"Webhook Delivery",
]

# Folders whose uploads become documents: see orchestrator/api/uploads.py
orchestrator_upload_handler = {
	"accepts": "orchestrator.docs.uploads.accepts_upload",
	"store": "orchestrator.docs.uploads.store_upload",
}

# "In Progress", which ERPNext's own status lists do not know, counts as open
notification_config = "orchestrator.setup.open_counts.get_notification_config"
override_doctype_class = {
	"Auto Email Report": "orchestrator.insights.reports.report_schedules.ReportMailing",
	"Comment": "orchestrator.helpdesk.ticket_comment.TicketComment",
	"Email Digest": "orchestrator.setup.email_digest.OpenIssuesDigest",
	"File": "orchestrator.api.file_class.PrivacyParsingFile",
	"Webhook": "orchestrator.api.webhook_class.IdentifiedWebhook",
}
app_include_css = ["/assets/orchestrator/css/desk.css"]
app_include_js = [
	"/assets/orchestrator/js/script_loader.js",
	"/assets/orchestrator/js/page_title.js",
	"/assets/orchestrator/js/list_titles.js",
	"/assets/orchestrator/js/record_search.js",
]
doctype_js = {
	"Client": ["public/js/record_accesses.js", "public/js/emergency_access/form.js"],
	"Client Stay": ["public/js/record_accesses.js", "public/js/emergency_access/form.js"],
	"Document": "public/js/client_link.js",
	"Employee Checkin": "public/js/own_employee.js",
	"HD Ticket": [
		"public/js/client_link.js",
		"public/js/tickets/common.js",
		"public/js/tickets/countdowns.js",
		"public/js/tickets/messages.js",
		"public/js/tickets/pause.js",
		"public/js/tickets/macros.js",
		"public/js/tickets/form.js",
		"public/js/tickets/hd_ticket_form.js",
	],
	"Issue": [
		"public/js/issue.js",
		"public/js/client_link.js",
		"public/js/tickets/common.js",
		"public/js/tickets/countdowns.js",
		"public/js/tickets/messages.js",
		"public/js/tickets/pause.js",
		"public/js/tickets/macros.js",
		"public/js/tickets/form.js",
		"public/js/tickets/issue_form.js",
	],
	"Kipu Connection": "public/js/connections/labels.js",
	"Lead": "public/js/client_link.js",
	"Leave Application": "public/js/own_employee.js",
	"Sync Run": "public/js/connections/labels.js",
	"Task": ["public/js/task.js", "public/js/client_link.js"],
}
doctype_list_js = {
	"Client": "public/js/emergency_access/dialog.js",
	"HD Ticket": [
		"public/js/tickets/common.js",
		"public/js/tickets/countdowns.js",
		"public/js/tickets/macros.js",
		"public/js/tickets/list.js",
		"public/js/tickets/hd_ticket_list.js",
	],
	"Issue": [
		"public/js/issue_list.js",
		"public/js/tickets/common.js",
		"public/js/tickets/countdowns.js",
		"public/js/tickets/macros.js",
		"public/js/tickets/list.js",
		"public/js/tickets/issue_list.js",
	],
	"Sync Run": "public/js/connections/labels.js",
	"Task": "public/js/task_list.js",
}

# Whether Desk offers emergency access
extend_bootinfo = ["orchestrator.privacy.emergency.boot.extend_bootinfo"]

# Pauses and escalations in the timeline of a ticket
additional_timeline_content = {
	"HD Ticket": ["orchestrator.helpdesk.ticket_timeline.get_entries"],
	"Issue": ["orchestrator.helpdesk.ticket_timeline.get_entries"],
}

# The page on which customers rate a ticket, /ticket-rating
page_renderer = ["orchestrator.helpdesk.rating_page.RatingPage"]

# Records kept consistent: see orchestrator/crm and orchestrator/assignment.py
doc_events = {
	"Lead": {
		"before_validate": [
			"orchestrator.crm.lead.before_validate",
			"orchestrator.assignment.before_validate",
		],
		"validate": [
			"orchestrator.crm.lead.validate",
			"orchestrator.crm.lead_emails.validate",
			"orchestrator.assignment.validate",
			"orchestrator.sync.clients.links.validate",
		],
		"on_update": "orchestrator.assignment.on_update",
		"on_change": ["orchestrator.crm.lead.on_change", "orchestrator.assignment.on_change"],
		"after_rename": "orchestrator.assignment.after_rename",
	},
	"Customer": {"on_update": "orchestrator.crm.lead.on_customer_update"},
	"Opportunity": {
		"before_validate": [
			"orchestrator.crm.exchange_rate.before_validate",
			"orchestrator.assignment.before_validate",
		],
		"validate": [
			"orchestrator.crm.exchange_rate.validate",
			"orchestrator.crm.opportunity.validate",
			"orchestrator.assignment.validate",
		],
		"on_update": "orchestrator.assignment.on_update",
		"on_change": ["orchestrator.crm.opportunity.on_change", "orchestrator.assignment.on_change"],
		"after_rename": "orchestrator.assignment.after_rename",
	},
	"Issue": {
		"before_validate": "orchestrator.assignment.before_validate",
		"validate": ["orchestrator.assignment.validate", "orchestrator.sync.clients.links.validate"],
		"before_save": "orchestrator.helpdesk.due_times.before_save",
		"on_update": [
			"orchestrator.assignment.on_update",
			"orchestrator.helpdesk.pauses.on_update",
			"orchestrator.helpdesk.rating_invitations.on_update",
		],
		"on_change": "orchestrator.assignment.on_change",
		"before_rename": "orchestrator.helpdesk.escalation.before_rename",
		"after_rename": "orchestrator.assignment.after_rename",
		"on_trash": [
			"orchestrator.helpdesk.escalation.delete_escalations",
			"orchestrator.helpdesk.pauses.delete_pauses",
			"orchestrator.helpdesk.rating_invitations.delete_ratings",
		],
	},
	"HD Ticket": {
		"before_validate": "orchestrator.assignment.before_validate",
		"validate": [
			"orchestrator.helpdesk.tickets.validate",
			"orchestrator.assignment.validate",
			"orchestrator.sync.clients.links.validate",
		],
		"on_update": [
			"orchestrator.assignment.on_update",
			"orchestrator.helpdesk.pauses.on_update",
			"orchestrator.helpdesk.rating_invitations.on_update",
		],
		"on_change": "orchestrator.assignment.on_change",
		"on_trash": [
			"orchestrator.helpdesk.escalation.delete_escalations",
			"orchestrator.helpdesk.pauses.delete_pauses",
			"orchestrator.helpdesk.rating_invitations.delete_ratings",
		],
	},
	# Changes of tasks are recorded for the burndown of their sprint: see orchestrator/gameplan/events.py
	"Task": {
		"before_validate": [
			"orchestrator.assignment.before_validate",
			"orchestrator.gameplan.task.before_validate",
		],
		"validate": [
			"orchestrator.assignment.validate",
			"orchestrator.gameplan.task.validate",
			"orchestrator.gameplan.dependencies.validate",
			"orchestrator.sync.clients.links.validate",
		],
		"on_update": ["orchestrator.assignment.on_update", "orchestrator.gameplan.task.on_update"],
		"on_change": ["orchestrator.assignment.on_change", "orchestrator.gameplan.events.on_change"],
		"after_delete": "orchestrator.gameplan.events.after_delete",
		"after_rename": [
			"orchestrator.assignment.after_rename",
			"orchestrator.gameplan.events.after_rename",
		],
	},
	"Document": {"validate": "orchestrator.sync.clients.links.validate"},
	"Leave Application": {"validate": "orchestrator.hr.leave_days.validate"},
	"GP Task": {
		"validate": "orchestrator.gameplan.task.validate",
		"on_change": "orchestrator.gameplan.events.on_change",
		"after_delete": "orchestrator.gameplan.events.after_delete",
	},
	"ToDo": {
		"on_update": "orchestrator.assignment.on_todo_change",
		"on_trash": "orchestrator.assignment.on_todo_change",
	},
	# Internal notes on tickets are hidden from customers: see orchestrator/helpdesk/notes.py
	"Comment": {"on_update": "orchestrator.helpdesk.notes.on_update"},
	"HD Ticket Comment": {"validate": "orchestrator.helpdesk.notes.validate"},
	# Titles of linked records: see orchestrator/access/link_titles.py. No field leads to a private file that the user may
	# not read: see orchestrator/access/attachments.py
	"*": {
		"before_print": [
			"orchestrator.access.link_titles.before_print",
			"orchestrator.privacy.recording.before_print",
		],
		"validate": "orchestrator.access.attachments.check_attach_fields",
		# the events that call webhooks
		"after_insert": "orchestrator.api.webhook_outbox.on_event",
		"on_update": "orchestrator.api.webhook_outbox.on_event",
		"on_submit": "orchestrator.api.webhook_outbox.on_event",
		"on_cancel": "orchestrator.api.webhook_outbox.on_event",
		"on_update_after_submit": "orchestrator.api.webhook_outbox.on_event",
		"on_trash": "orchestrator.api.webhook_outbox.on_event",
		# the same, and the records that change feeds look at: see orchestrator/api/changes/events.py
		"on_change": [
			"orchestrator.api.webhook_outbox.on_event",
			"orchestrator.api.changes.events.on_change",
		],
		"after_delete": "orchestrator.api.changes.events.after_delete",
		"after_rename": "orchestrator.api.changes.events.after_rename",
	},
	"Address": {"validate": "orchestrator.access.link_titles.validate_links"},
	# A mail about a private record: see orchestrator/privacy
	"Email Queue": {"after_insert": "orchestrator.privacy.recording.on_email"},
	"Contact": {"validate": "orchestrator.access.link_titles.validate_links"},
	"Document Follow": {
		"after_insert": [
			"orchestrator.access.following.after_insert",
			"orchestrator.helpdesk.notes.after_follow",
		]
	},
	"Webhook": {
		"validate": [
			"orchestrator.api.webhook_targets.check_on_save",
			"orchestrator.api.webhook_rules.validate",
		],
		"on_update": "orchestrator.api.webhook_rules.on_update",
		"on_trash": [
			"orchestrator.privacy.consent_rules.refuse_webhook_deletion",
			"orchestrator.api.webhook_rules.on_trash",
		],
	},
	# Cached layouts and the history of metrics: see orchestrator/insights/dashboards/layout.py
	"Number Card": {
		"on_update": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
		"after_rename": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
	},
	"Dashboard Chart": {
		"on_update": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
		"after_rename": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
	},
	"Report": {
		"on_update": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
		"after_rename": [
			"orchestrator.insights.dashboards.layout.clear_layouts_after_commit",
			"orchestrator.api.api_key_rules.update_renamed",
		],
	},
	"DocType": {"after_rename": "orchestrator.api.api_key_rules.update_renamed"},
	"User": {
		"on_trash": [
			"orchestrator.api.api_key_rules.delete_user_keys",
			"orchestrator.hr.feeds.delete_user_feed",
			"orchestrator.insights.subscriptions.access.delete_user_subscriptions",
		]
	},
	"Insights Query v3": {"on_update": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit"},
	"Insights Chart v3": {"on_update": "orchestrator.insights.dashboards.layout.clear_layouts_after_commit"},
	# A version's file is immutable and has the access of its document: see orchestrator/docs/guards.py
	"File": {
		"before_validate": [
			"orchestrator.api.file_privacy.before_file_validate",
			"orchestrator.docs.guards.before_file_validate",
		],
		"on_trash": "orchestrator.docs.guards.on_file_trash",
		"validate_share": "orchestrator.docs.guards.refuse_share",
	},
	"Tag Link": {"after_insert": "orchestrator.docs.guards.after_tag_change"},
}

# Whose records self-service reaches: see orchestrator/hr/permissions.py; which documents: orchestrator/docs/access.py; whose
# sprints: orchestrator/gameplan/permissions.py
permission_query_conditions = {
	# rows of child tables by the record they belong to: see orchestrator/access/child_rows.py
	# records that the scope of an API key includes: see orchestrator/access/key_records.py
	"*": [
		"orchestrator.access.child_rows.build_conditions",
		"orchestrator.access.key_records.build_conditions",
		# records that a consent of their client covers: see orchestrator/access/consent_conditions.py
		"orchestrator.access.consent_conditions.build_conditions",
	],
	"API Key": "orchestrator.api.api_key_rules.build_conditions",
	"Client Consent": "orchestrator.privacy.consent_rules.build_conditions",
	"Dashboard Subscription": "orchestrator.insights.subscriptions.access.build_conditions",
	"Deleted Document": "orchestrator.api.deleted_documents.build_conditions",
	"Orchestrator Dashboard": "orchestrator.insights.dashboards.access.build_conditions",
	"Document": "orchestrator.docs.access.build_conditions",
	"Document Version": "orchestrator.docs.access.build_conditions",
	"Document Folder": "orchestrator.docs.access.build_conditions",
	"Document Folder Access": "orchestrator.docs.access.build_conditions",
	"File": "orchestrator.docs.access.build_file_conditions",
	"Tag Link": "orchestrator.docs.access.build_conditions",
	"Employee": "orchestrator.hr.permissions.build_conditions",
	"Attendance": "orchestrator.hr.permissions.build_conditions",
	"Attendance Request": "orchestrator.hr.permissions.build_conditions",
	"Compensatory Leave Request": "orchestrator.hr.permissions.build_conditions",
	"Employee Advance": "orchestrator.hr.permissions.build_conditions",
	"Employee Benefit Application": "orchestrator.hr.permissions.build_conditions",
	"Employee Benefit Claim": "orchestrator.hr.permissions.build_conditions",
	"Employee Checkin": "orchestrator.hr.permissions.build_conditions",
	"Employee Incentive": "orchestrator.hr.permissions.build_conditions",
	"Employee Other Income": "orchestrator.hr.permissions.build_conditions",
	"Employee Tax Exemption Declaration": "orchestrator.hr.permissions.build_conditions",
	"Employee Tax Exemption Proof Submission": "orchestrator.hr.permissions.build_conditions",
	"Expense Claim": "orchestrator.hr.permissions.build_conditions",
	"Leave Allocation": "orchestrator.hr.permissions.build_conditions",
	"Leave Application": "orchestrator.hr.permissions.build_conditions",
	"Leave Encashment": "orchestrator.hr.permissions.build_conditions",
	"Leave Ledger Entry": "orchestrator.hr.permissions.build_conditions",
	"Retention Bonus": "orchestrator.hr.permissions.build_conditions",
	"Salary Slip": "orchestrator.hr.permissions.build_conditions",
	"Salary Withholding": "orchestrator.hr.permissions.build_conditions",
	"Shift Assignment": "orchestrator.hr.permissions.build_conditions",
	"Shift Request": "orchestrator.hr.permissions.build_conditions",
	"Sprint": "orchestrator.gameplan.permissions.build_conditions",
	"Sprint Event": "orchestrator.gameplan.permissions.build_conditions",
	"Ticket Rating": "orchestrator.helpdesk.ticket_rating_rules.build_conditions",
	"Version": "orchestrator.access.versions.build_conditions",
}
has_permission = {
	"*": "orchestrator.api.replay_permissions.record_check",
	"API Key": "orchestrator.api.api_key_rules.has_permission",
	"Client Consent": "orchestrator.privacy.consent_rules.has_permission",
	"Dashboard Subscription": "orchestrator.insights.subscriptions.access.has_permission",
	"Deleted Document": "orchestrator.api.deleted_documents.has_permission",
	"Number Card": "orchestrator.insights.metrics.number_card_rules.has_permission",
	"Orchestrator Dashboard": "orchestrator.insights.dashboards.access.has_permission",
	"Document": "orchestrator.docs.access.has_permission",
	"Document Version": "orchestrator.docs.access.has_permission",
	"Document Folder": "orchestrator.docs.access.has_permission",
	"File": "orchestrator.docs.guards.has_file_permission",
	"Tag Link": "orchestrator.docs.access.has_tag_permission",
	"Employee": "orchestrator.hr.permissions.has_permission",
	"Attendance": "orchestrator.hr.permissions.has_permission",
	"Attendance Request": "orchestrator.hr.permissions.has_permission",
	"Compensatory Leave Request": "orchestrator.hr.permissions.has_permission",
	"Employee Advance": "orchestrator.hr.permissions.has_permission",
	"Employee Benefit Application": "orchestrator.hr.permissions.has_permission",
	"Employee Benefit Claim": "orchestrator.hr.permissions.has_permission",
	"Employee Checkin": "orchestrator.hr.permissions.has_permission",
	"Employee Incentive": "orchestrator.hr.permissions.has_permission",
	"Employee Other Income": "orchestrator.hr.permissions.has_permission",
	"Employee Tax Exemption Declaration": "orchestrator.hr.permissions.has_permission",
	"Employee Tax Exemption Proof Submission": "orchestrator.hr.permissions.has_permission",
	"Expense Claim": "orchestrator.hr.permissions.has_permission",
	"Leave Allocation": "orchestrator.hr.permissions.has_permission",
	"Leave Application": "orchestrator.hr.permissions.has_permission",
	"Leave Encashment": "orchestrator.hr.permissions.has_permission",
	"Leave Ledger Entry": "orchestrator.hr.permissions.has_permission",
	"Retention Bonus": "orchestrator.hr.permissions.has_permission",
	"Salary Slip": "orchestrator.hr.permissions.has_permission",
	"Salary Withholding": "orchestrator.hr.permissions.has_permission",
	"Shift Assignment": "orchestrator.hr.permissions.has_permission",
	"Shift Request": "orchestrator.hr.permissions.has_permission",
	"Sprint": "orchestrator.gameplan.permissions.has_permission",
	"Version": "orchestrator.access.versions.has_permission",
}

# The contract: see orchestrator/api
before_request = [
	"orchestrator.isolation.read_committed_rows_under_lock",
	"orchestrator.access.platform_patches.before_request",
	"orchestrator.api.pipeline.before_request",
	"orchestrator.privacy.recording.before_request",
]
auth_hooks = [
	"orchestrator.api.key_authentication.authenticate",
	"orchestrator.privacy.recording.begin_outside",
	"orchestrator.api.pipeline.authorize",
	"orchestrator.access.plain_names.check_request",
	"orchestrator.privacy.recording.authorize",
	"orchestrator.api.method_guard.check_requested_method",
	"orchestrator.access.private_files.check_request",
	"orchestrator.api.raw_conditions.authorize",
]
after_request = ["orchestrator.access.replies.after_request", "orchestrator.api.pipeline.after_request"]
override_whitelisted_methods = {
	"frappe.client.get_list": "orchestrator.api.overrides.get_list",
	"frappe.client.get": "orchestrator.api.overrides.get",
	"frappe.client.insert": "orchestrator.api.overrides.insert",
	"frappe.client.set_value": "orchestrator.api.overrides.set_value",
	"frappe.client.delete": "orchestrator.api.overrides.delete",
	"upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.handler.upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.api.v2.upload_file": "orchestrator.api.overrides.upload_file",
	# other modules' names for the same functions
	"frappe.email.inbox.set_value": "orchestrator.api.overrides.set_value",
	"helpdesk.extends.data_import.upload_file": "orchestrator.api.overrides.upload_file",
	# documented under Frappe's name, but missing in Frappe: for every caller
	"frappe.desk.bulk_assignment.set_assignment_for_many": "orchestrator.api.bulk.set_assignment_for_many",
	"frappe.desk.delete.delete_many": "orchestrator.api.bulk.delete_many",
	"frappe.desk.report.run": "orchestrator.api.reports.run",
	"frappe.desk.doctype.webhook.create": "orchestrator.api.webhooks.create",
	# this app's own, under the name of its package
	"orchestrator.api.batch": "orchestrator.api.batches.batch",
	"orchestrator.mcp": "orchestrator.api.mcp.server.handle_message",
	"orchestrator.api.get_changes": "orchestrator.api.changes.get_changes",
	"orchestrator.api.upsert_many": "orchestrator.api.upserts.upsert_many",
	# replies with internal comments: not for a customer
	"frappe.desk.form.load.getdoc": "orchestrator.helpdesk.customer_restrictions.getdoc",
	"frappe.desk.form.load.get_docinfo": "orchestrator.helpdesk.customer_restrictions.get_docinfo",
	"frappe.desk.form.save.savedocs": "orchestrator.helpdesk.customer_restrictions.savedocs",
	"frappe.realtime.can_subscribe_doc": "orchestrator.helpdesk.customer_restrictions.can_subscribe_doc",
	"frappe.realtime.has_permission": "orchestrator.helpdesk.customer_restrictions.has_permission",
	# methods that read fields, records and titles without permissions: see orchestrator/access
	"frappe.client.get_value": "orchestrator.access.native_methods.get_value",
	"frappe.client.get_single_value": "orchestrator.access.native_methods.get_single_value",
	"frappe.desk.listview.get_group_by_count": "orchestrator.access.native_methods.get_group_by_count",
	"frappe.desk.form.utils.get_next": "orchestrator.access.native_methods.get_next",
	"frappe.utils.goal.get_monthly_goal_graph_data": "orchestrator.access.native_methods.get_monthly_goal_graph_data",
	"frappe.desk.search.get_link_title": "orchestrator.access.native_methods.get_link_title",
	"frappe.desk.search.search_link": "orchestrator.access.native_methods.search_link",
	"frappe.desk.search.search_widget": "orchestrator.access.native_methods.search_widget",
	"helpdesk.api.search.search": "orchestrator.helpdesk.customer_restrictions.search",
	"helpdesk.api.search.get_filter_options": "orchestrator.helpdesk.customer_restrictions.get_filter_options",
}

before_job = [
	"orchestrator.isolation.read_committed_rows_under_lock",
	"orchestrator.access.platform_patches.before_job",
	"orchestrator.access.key_jobs.before_job",
	"orchestrator.privacy.recording.before_job",
	"orchestrator.api.webhook_targets.check_before_delivery",
	"orchestrator.api.webhook_redirects.before_job",
	"orchestrator.api.webhook_delivery.start_delivery",
]
after_job = ["orchestrator.privacy.recording.after_job"]

# Measures for metrics: a name, and a function as described in orchestrator/measure_queries.py. Other apps add theirs.
orchestrator_measures = {
	"open_pipeline_value": "orchestrator.crm.measures.open_pipeline_value",
	"pipeline_by_stage": "orchestrator.crm.measures.pipeline_by_stage",
	"win_rate": "orchestrator.crm.measures.win_rate",
	"new_leads": "orchestrator.crm.measures.new_leads",
	"new_opportunities": "orchestrator.crm.measures.new_opportunities",
	"leads_by_status": "orchestrator.crm.measures.leads_by_status",
	"opportunities_by_month": "orchestrator.crm.measures.opportunities_by_month",
	"overdue_closings": "orchestrator.crm.measures.overdue_closings",
	"next_closings": "orchestrator.crm.measures.next_closings",
	"headcount": "orchestrator.hr.measures.headcount",
	"on_leave_today": "orchestrator.hr.measures.on_leave_today",
	"leave_to_decide": "orchestrator.hr.measures.leave_to_decide",
	"checked_in_today": "orchestrator.hr.measures.checked_in_today",
	"new_employees": "orchestrator.hr.measures.new_employees",
	"employees_by_department": "orchestrator.hr.measures.employees_by_department",
	"leave_by_type": "orchestrator.hr.measures.leave_by_type",
	"joined_by_month": "orchestrator.hr.measures.joined_by_month",
	"coming_leave": "orchestrator.hr.measures.coming_leave",
	"open_tickets": "orchestrator.helpdesk.measures.open_tickets",
	"unassigned_tickets": "orchestrator.helpdesk.measures.unassigned_tickets",
	"overdue_tickets": "orchestrator.helpdesk.measures.overdue_tickets",
	"new_tickets": "orchestrator.helpdesk.measures.new_tickets",
	"first_response_hours": "orchestrator.helpdesk.measures.first_response_hours",
	"service_level_met": "orchestrator.helpdesk.measures.service_level_met",
	"tickets_by_status": "orchestrator.helpdesk.measures.tickets_by_status",
	"tickets_by_day": "orchestrator.helpdesk.measures.tickets_by_day",
	"oldest_tickets": "orchestrator.helpdesk.measures.oldest_tickets",
	"satisfaction_score": "orchestrator.helpdesk.satisfaction_measures.satisfaction_score",
	"satisfaction_response_rate": "orchestrator.helpdesk.satisfaction_measures.satisfaction_response_rate",
	"satisfaction_by_agent": "orchestrator.helpdesk.satisfaction_measures.satisfaction_by_agent",
	"satisfaction_by_month": "orchestrator.helpdesk.satisfaction_measures.satisfaction_by_month",
	"open_projects": "orchestrator.gameplan.measures.open_projects",
	"open_tasks": "orchestrator.gameplan.measures.open_tasks",
	"completed_tasks": "orchestrator.gameplan.measures.completed_tasks",
	"remaining_hours": "orchestrator.gameplan.measures.remaining_hours",
	"tasks_by_status": "orchestrator.gameplan.measures.tasks_by_status",
	"tasks_by_priority": "orchestrator.gameplan.measures.tasks_by_priority",
	"project_progress": "orchestrator.gameplan.measures.project_progress",
	"clients_in_care": "orchestrator.sync.measures.clients_in_care",
	"clients_expected": "orchestrator.sync.measures.clients_expected",
	"admissions": "orchestrator.sync.measures.admissions",
	"discharges": "orchestrator.sync.measures.discharges",
	"length_of_stay": "orchestrator.sync.measures.length_of_stay",
	"clients_by_level_of_care": "orchestrator.sync.measures.clients_by_level_of_care",
	"clients_by_facility": "orchestrator.sync.measures.clients_by_facility",
	"admissions_by_month": "orchestrator.sync.measures.admissions_by_month",
}

# Methods that a Number Card of type Custom may run on a dashboard, by GET: see orchestrator/insights/metrics/number_cards.py. Other apps add theirs.
orchestrator_card_methods = [
	"hrms.hr.doctype.job_applicant.job_applicant.get_applicant_to_hire_percentage",
	"hrms.hr.doctype.job_offer.job_offer.get_offer_acceptance_rate",
	"hrms.hr.doctype.job_requisition.job_requisition.get_avg_time_to_fill",
]

# Kinds of records in the search: see orchestrator/api/search.py. Other apps add theirs.
orchestrator_search_providers = [
	"orchestrator.sync.client_search.find_clients",
	"orchestrator.docs.document_search.find_documents",
]

scheduler_events = {
	"cron": {
		"*/5 * * * *": [
			"orchestrator.helpdesk.escalation.escalate_due_tickets",
			"orchestrator.api.webhook_jobs.enqueue_due_deliveries",
			"orchestrator.api.upserts.jobs.resume_dead_operations",
			"orchestrator.api.bulk.jobs.recover_lost_operations",
			"orchestrator.insights.dashboards.jobs.write_notes",
			"orchestrator.insights.dashboards.jobs.refresh_due_dashboards",
			"orchestrator.insights.reports.report_jobs.recover_lost_runs",
			"orchestrator.insights.subscriptions.jobs.enqueue_due_subscriptions",
			"orchestrator.sync.jobs.give_up_dead_runs",
			"orchestrator.sync.jobs.start_due_runs",
			"orchestrator.privacy.sealing.seal_batches",
			"orchestrator.privacy.emergency.notices.notify_privacy_officers",
		],
		"7,27,47 2 * * *": ["orchestrator.sync.jobs.start_census"],
		"11,31,51 3 * * 0": ["orchestrator.sync.jobs.start_reconcile"],
	},
	"hourly": ["orchestrator.sync.jobs.notify_stale_connections"],
	"daily": [
		"orchestrator.sync.jobs.delete_old_records",
		"orchestrator.api.idempotency.delete_expired_replies",
		"orchestrator.api.bulk.jobs.delete_old_operations",
		"orchestrator.api.webhook_deliveries.delete_old_deliveries",
		"orchestrator.api.changes.retention.delete_expired_feeds",
		"orchestrator.docs.conversion.delete_unused_previews",
		"orchestrator.gameplan.events.reconcile_events",
		"orchestrator.insights.dashboards.history.delete_expired_points",
		"orchestrator.insights.reports.report_jobs.delete_expired_runs",
		"orchestrator.insights.subscriptions.jobs.delete_old_mails",
	],
	"daily_long": [
		"orchestrator.docs.integrity.check_nightly",
		"orchestrator.privacy.verification.verify_nightly",
	],
	"weekly_long": ["orchestrator.docs.fulltext.rebuild_index"],
}
