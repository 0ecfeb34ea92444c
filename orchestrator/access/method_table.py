"""Methods of Frappe, ERPNext, HRMS, Helpdesk, Telephony and Gameplan that check no permission themselves, and
the check that runs before each. One line here guards one more method.
"""

from collections.abc import Callable

from orchestrator.access import insights_tables
from orchestrator.access import special_checks as special
from orchestrator.access.arguments import Arguments
from orchestrator.access.checks import (
	AnyRecordRight,
	AnyRole,
	DeletedRecordRight,
	DocTypeRight,
	EmployeeOrApprover,
	NeverAllowed,
	OwnUser,
	RecordRight,
	WholeListRight,
)
from orchestrator.access.document_methods import check_document_method

Check = Callable[[Arguments], None]
# the page itself decides who may comment
PAGES = frozenset({"Blog Post", "Web Page", "Help Article"})
AGENT = DocTypeRight("HD Ticket Comment")
EMPLOYEE = RecordRight("Employee", "employee")
APPROVED = EmployeeOrApprover("employee")
TICKET = RecordRight("HD Ticket", "ticket")
COMMUNICATION = RecordRight("Communication", "communication")
PROJECT = RecordRight("Project", "project")
VOUCHER = AnyRecordRight("dt", "dn")
DOCUMENT = AnyRecordRight("doctype", "docname")
NAMED = AnyRecordRight("doctype", "name")
CALLERS = AnyRole(("Agent", "Agent Manager", "TP Agent", "TP Manager", "System Manager"))
PARTY = AnyRecordRight("party_type", "party")
REFERENCE = AnyRecordRight("reference_doctype", "reference_name")
INVOICE = AnyRecordRight("doctype", "invoice")
NOTE = RecordRight("HD Ticket Comment", "comment")

FRAPPE: dict[str, tuple[Check, ...]] = {
	"frappe.automation.doctype.auto_repeat.auto_repeat.make_auto_repeat": (DOCUMENT,),
	"frappe.client.get_password": (special.check_password,),
	"frappe.client.validate_link_and_fetch": (special.check_choice,),
	"frappe.contacts.doctype.address.address.get_default_address": (NAMED,),
	"frappe.core.api.file.get_attached_images": (AnyRecordRight("doctype", "names[]"),),
	"frappe.core.api.file.unzip_file": (RecordRight("File", "name"),),
	"frappe.core.doctype.deleted_document.deleted_document.bulk_restore": (DeletedRecordRight("docnames[]"),),
	"frappe.core.doctype.deleted_document.deleted_document.restore": (DeletedRecordRight("name"),),
	"frappe.core.doctype.sms_settings.sms_settings.get_contact_number": (
		RecordRight("Contact", "contact_name"),
	),
	"frappe.core.doctype.submission_queue.submission_queue.get_latest_submissions": (DOCUMENT,),
	"frappe.core.doctype.user.user.get_email_awaiting": (OwnUser("user"),),
	"frappe.core.doctype.user_permission.user_permission.get_user_permissions": (OwnUser("user"),),
	"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": (special.check_chart,),
	"frappe.desk.doctype.event.event.get_events": (OwnUser("user"),),
	"frappe.desk.doctype.note.note.mark_as_seen": (RecordRight("Note", "note"),),
	"frappe.desk.doctype.notification_log.notification_log.mark_as_read": (
		RecordRight("Notification Log", "docname"),
	),
	"frappe.desk.doctype.notification_settings.notification_settings.set_seen_value": (OwnUser("user"),),
	"frappe.desk.form.assign_to.add": (NAMED, AnyRecordRight("args.doctype", "args.name")),
	"frappe.desk.form.assign_to.close": (NAMED,),
	"frappe.desk.form.assign_to.remove": (NAMED,),
	"frappe.desk.form.assign_to.remove_multiple": (AnyRecordRight("doctype", "names[]"),),
	"frappe.desk.form.document_follow.follow_document": (AnyRecordRight("doctype", "doc_name"),),
	"frappe.desk.form.document_follow.get_follow_users": (AnyRecordRight("doctype", "doc_name"),),
	"frappe.desk.form.document_follow.unfollow_document": (OwnUser("user"),),
	"frappe.desk.form.document_follow.update_follow": (AnyRecordRight("doctype", "doc_name"),),
	"frappe.desk.like.toggle_like": (NAMED,),
	"frappe.email.doctype.auto_email_report.auto_email_report.download": (
		DocTypeRight("Auto Email Report"),
		special.check_schedule,
	),
	"frappe.email.doctype.auto_email_report.auto_email_report.send_now": (
		DocTypeRight("Auto Email Report"),
		special.check_schedule,
	),
	"frappe.email.inbox.create_email_flag_queue": (RecordRight("Communication", "names[]"),),
	"frappe.email.relink": (RecordRight("Communication", "name", "write"), REFERENCE),
	"frappe.handler.run_doc_method": (check_document_method,),
	"frappe.model.document.unlock_document": (
		AnyRecordRight("doctype", "name", "write"),
		AnyRecordRight("args.doctype", "args.name", "write"),
	),
	"frappe.model.workflow.bulk_workflow_approval": (AnyRecordRight("doctype", "docnames[]"),),
	"frappe.printing.page.print.print.get_print_settings_to_show": (DOCUMENT,),
	"frappe.share.get_users": (NAMED,),
	"frappe.social.doctype.energy_point_log.energy_point_log.get_reviews": (DOCUMENT,),
	"frappe.templates.includes.comments.comments.add_comment": (
		AnyRecordRight("reference_doctype", "reference_name", free=PAGES),
	),
	"frappe.templates.includes.likes.likes.like": (
		AnyRecordRight("reference_doctype", "reference_name", free=PAGES),
	),
	"frappe.utils.file_manager.add_attachments": (
		AnyRecordRight("doctype", "name", "write"),
		RecordRight("File", "attachments[]"),
	),
}
ERPNEXT: dict[str, tuple[Check, ...]] = {
	"erpnext.accounts.doctype.journal_entry.journal_entry.get_payment_entry_against_invoice": (VOUCHER,),
	"erpnext.accounts.doctype.journal_entry.journal_entry.get_payment_entry_against_order": (VOUCHER,),
	"erpnext.accounts.doctype.payment_entry.payment_entry.get_outstanding_reference_documents": (
		AnyRecordRight("args.party_type", "args.party"),
	),
	"erpnext.accounts.doctype.payment_entry.payment_entry.get_party_details": (PARTY,),
	"erpnext.accounts.doctype.payment_entry.payment_entry.get_payment_entry": (VOUCHER,),
	"erpnext.accounts.doctype.payment_entry.payment_entry.get_reference_details": (REFERENCE,),
	"erpnext.accounts.doctype.payment_request.payment_request.get_available_payment_schedules": (REFERENCE,),
	"erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry.get_invoices": (
		DocTypeRight("POS Closing Entry"),
	),
	"erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.download_statements": (
		RecordRight("Process Statement Of Accounts", "document_name"),
	),
	"erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.get_customer_emails": (
		RecordRight("Customer", "customer_name"),
	),
	"erpnext.accounts.doctype.process_statement_of_accounts.process_statement_of_accounts.send_emails": (
		RecordRight("Process Statement Of Accounts", "document_name"),
	),
	"erpnext.accounts.doctype.sales_invoice.sales_invoice.create_dunning": (
		RecordRight("Sales Invoice", "source_name"),
	),
	"erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment.get_linked_payments_for_doc": (
		DOCUMENT,
	),
	"erpnext.accounts.party.get_party_bank_account": (PARTY,),
	"erpnext.accounts.party.get_party_details": (PARTY,),
	"erpnext.controllers.accounts_controller.get_missing_company_details": (DOCUMENT,),
	"erpnext.controllers.accounts_controller.update_company_master_and_address": (
		RecordRight("Company", "company", "write"),
		AnyRecordRight("current_doctype", "name", "write"),
	),
	"erpnext.controllers.sales_and_purchase_return.get_invoice_item_returned_qty": (INVOICE,),
	"erpnext.controllers.sales_and_purchase_return.is_invoice_returnable": (INVOICE,),
	"erpnext.controllers.stock_controller.show_accounting_ledger_preview": (DOCUMENT,),
	"erpnext.controllers.stock_controller.show_stock_ledger_preview": (DOCUMENT,),
	"erpnext.crm.doctype.lead.lead.add_lead_to_prospect": (
		RecordRight("Lead", "lead"),
		RecordRight("Prospect", "prospect", "write"),
	),
	"erpnext.crm.doctype.lead.lead.get_lead_details": (RecordRight("Lead", "lead"),),
	"erpnext.crm.doctype.lead.lead.make_lead_from_communication": (COMMUNICATION,),
	"erpnext.crm.doctype.opportunity.opportunity.make_opportunity_from_communication": (COMMUNICATION,),
	"erpnext.crm.doctype.prospect.prospect.get_opportunities": (RecordRight("Prospect", "prospect"),),
	"erpnext.crm.doctype.utils.get_last_interaction": (
		RecordRight("Contact", "contact"),
		RecordRight("Lead", "lead"),
	),
	"erpnext.crm.frappe_crm_api.create_customer": (DocTypeRight("Customer", "create"),),
	"erpnext.crm.frappe_crm_api.create_prospect_against_crm_deal": (DocTypeRight("Prospect", "create"),),
	"erpnext.crm.utils.get_open_activities": (AnyRecordRight("ref_doctype", "ref_docname"),),
	"erpnext.manufacturing.doctype.master_production_schedule.master_production_schedule.get_mps_details": (
		RecordRight("Master Production Schedule", "mps"),
	),
	"erpnext.manufacturing.doctype.workstation.workstation.get_raw_materials": (
		RecordRight("Job Card", "job_card"),  # ERPNext 16
		RecordRight("Job Card", "job_cards[]"),  # ERPNext 15
	),
	"erpnext.manufacturing.doctype.workstation.workstation.update_job_card": (
		RecordRight("Job Card", "job_card", "write"),
	),
	"erpnext.projects.doctype.project.project.create_duplicate_project": (
		RecordRight("Project", "prev_doc.name"),
		WholeListRight("Task", equal={"project": "prev_doc.name"}),
	),
	"erpnext.projects.doctype.project.project.get_cost_center_name": (PROJECT,),
	"erpnext.projects.doctype.project.project.update_costing_and_billing": (
		RecordRight("Project", "project", "write"),
	),
	"erpnext.projects.doctype.project_update.project_update.daily_reminder": (
		DocTypeRight("Project", "write"),
	),
	"erpnext.projects.doctype.task.task.check_if_child_exists": (RecordRight("Task", "name"),),
	"erpnext.projects.doctype.task.task.make_timesheet": (RecordRight("Task", "source_name"),),
	"erpnext.projects.doctype.timesheet.timesheet.get_activity_cost": (EMPLOYEE,),
	"erpnext.projects.doctype.timesheet.timesheet.get_projectwise_timesheet_data": (
		DocTypeRight("Timesheet"),
		PROJECT,
		RecordRight("Timesheet", "parent"),
	),
	"erpnext.projects.doctype.timesheet.timesheet.get_timesheet": (DocTypeRight("Timesheet"),),
	"erpnext.projects.doctype.timesheet.timesheet.get_timesheet_data": (
		RecordRight("Timesheet", "name"),
		PROJECT,
	),
	"erpnext.projects.doctype.timesheet.timesheet.get_timesheet_detail_rate": (DocTypeRight("Timesheet"),),
	"erpnext.projects.doctype.timesheet.timesheet.make_sales_invoice": (
		RecordRight("Timesheet", "source_name"),
	),
	"erpnext.selling.doctype.sales_order.sales_order.make_sales_invoice": (
		RecordRight("Sales Order", "source_name"),
	),
	"erpnext.selling.page.point_of_sale.point_of_sale.set_customer_info": (
		RecordRight("Customer", "customer", "write"),
	),
	"erpnext.setup.doctype.email_digest.email_digest.get_digest_msg": (RecordRight("Email Digest", "name"),),
	"erpnext.setup.doctype.employee.employee.create_user": (RecordRight("Employee", "employee", "write"),),
	"erpnext.setup.doctype.employee.employee.deactivate_sales_person": (
		RecordRight("Employee", "employee", "write"),
	),
	"erpnext.stock.doctype.delivery_trip.delivery_trip.get_contact_and_address": (
		RecordRight("Customer", "name"),
	),
	"erpnext.stock.doctype.delivery_trip.delivery_trip.get_contact_display": (
		RecordRight("Contact", "contact"),
	),
	"erpnext.stock.doctype.delivery_trip.delivery_trip.get_driver_email": (RecordRight("Driver", "driver"),),
	"erpnext.stock.doctype.repost_item_valuation.repost_item_valuation.bulk_restart_reposting": (
		RecordRight("Repost Item Valuation", "names[]", "write"),
	),
	"erpnext.stock.doctype.shipment.shipment.get_address_name": (AnyRecordRight("ref_doctype", "docname"),),
	"erpnext.stock.doctype.shipment.shipment.get_company_contact": (OwnUser("user"),),
	"erpnext.stock.doctype.shipment.shipment.get_contact_name": (AnyRecordRight("ref_doctype", "docname"),),
	"erpnext.subcontracting.doctype.subcontracting_inward_order.subcontracting_inward_order.update_subcontracting_inward_order_status": (
		RecordRight("Subcontracting Inward Order", "scio", "write"),
	),
	"erpnext.support.doctype.issue.issue.make_issue_from_communication": (COMMUNICATION,),
	"erpnext.support.doctype.issue.issue.set_multiple_status": (RecordRight("Issue", "names[]", "write"),),
	"erpnext.support.doctype.issue.issue.set_status": (RecordRight("Issue", "name", "write"),),
	"erpnext.support.doctype.service_level_agreement.service_level_agreement.reset_service_level_agreement": (
		AnyRecordRight("doctype", "docname", "write"),
	),
	"erpnext.templates.pages.projects.get_task_html": (special.check_project_page,),
	"erpnext.templates.pages.projects.get_timesheet_html": (special.check_project_page,),
}
SUPPORT: dict[str, tuple[Check, ...]] = {
	"gameplan.api.active_projects": (DocTypeRight("GP Project"),),
	"gameplan.api.change_user_role": (AnyRole(special.GAMEPLAN_ADMINS),),
	"gameplan.api.get_unread_items_by_project": (DocTypeRight("GP Project"),),
	"gameplan.api.invite_by_email": (special.check_gameplan_invitation,),
	"gameplan.api.remove_user": (AnyRole(special.GAMEPLAN_ADMINS),),
	"gameplan.api.search": (DocTypeRight("GP Discussion"),),
	"gameplan.api.get_search_filter_options": (DocTypeRight("GP Discussion"),),
	"gameplan.api.search_sqlite": (DocTypeRight("GP Discussion"),),
	"gameplan.command_palette.search": (DocTypeRight("GP Discussion"),),
	"gameplan.command_palette.search_sqlite": (DocTypeRight("GP Discussion"),),
	"gameplan.extends.client.get_list": (special.check_gameplan_list,),
	"gameplan.gameplan.doctype.gp_project.gp_project.mark_all_as_read": (
		RecordRight("GP Project", "spaces[]"),
	),
	"gameplan.gameplan.doctype.gp_unread_record.gp_unread_record.get_unread_count": (
		DocTypeRight("GP Project"),
	),
	"helpdesk.api.article.search": (AGENT,),
	"helpdesk.api.article.get_article_stats": (RecordRight("HD Article", "article_name"),),
	"helpdesk.api.assignment_rule.duplicate_assignment_rule": (RecordRight("Assignment Rule", "docname"),),
	"helpdesk.api.assignment_rule.get_assignment_rules_list": (DocTypeRight("Assignment Rule"),),
	"helpdesk.api.doc.remove_assignments": (NAMED,),
	"helpdesk.api.saved_replies.get_rendered_saved_reply": (
		RecordRight("HD Ticket", "ticket_id"),
		RecordRight("HD Saved Reply", "saved_reply_id"),
	),
	"helpdesk.api.settings.field_dependency.get_field_dependency": (RecordRight("HD Form Script", "name"),),
	"helpdesk.api.sla.get_sla": (RecordRight("HD Service Level Agreement", "docname"),),
	"helpdesk.helpdesk.doctype.hd_team.hd_team.get_team_members": (RecordRight("HD Team", "team"),),
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_navigation_tickets": (AGENT, TICKET),
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_recent_similar_tickets": (AGENT, TICKET),
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_activities": (AGENT, TICKET),
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_assignees": (AGENT, TICKET),
	"helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_contact": (AGENT, TICKET),
	"helpdesk.helpdesk.doctype.hd_ticket.api.show_outside_hours_banner": (
		RecordRight("HD Ticket", "ticket_name"),
	),
	"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.get_reactions": (NOTE,),
	"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.toggle_reaction": (NOTE,),
	"helpdesk.search.build_index": (AGENT,),
	"helpdesk.search.search": (AGENT,),
	"helpdesk.templates.components.search.search.search_text": (
		NeverAllowed("This search is switched off. Search in the knowledge base."),
	),
	"insights.api.data_sources.fetch_column_values": (insights_tables.check_preview,),
	"insights.api.data_sources.get_data_source_table": (insights_tables.check_preview,),
	"insights.api.data_sources.get_data_source_table_row_count": (insights_tables.check_preview,),
	"insights.api.run_doc_method": (check_document_method,),
	"telephony.api.get_call_log": (CALLERS,),
	"telephony.api.get_contact_by_phone_number": (CALLERS,),
	"telephony.twilio.api.fetch_applications": (DocTypeRight("TP Twilio Settings", "write"),),
}
