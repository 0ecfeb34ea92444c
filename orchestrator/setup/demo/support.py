"""The demo's service level, issues, tickets and their assignment."""

from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date

from orchestrator import clock
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import (
	MONDAY_TO_FRIDAY,
	WEEK,
	DemoMaker,
	build_email,
	get_or_create,
	insert_record,
)


def create_support(maker: DemoMaker) -> None:
	_create_service_level(maker)
	_create_issues(maker)
	_create_assignment_rule(maker)


def _create_service_level(maker: DemoMaker) -> None:
	maker.set_single_value("Support Settings", "track_service_level_agreement", "1")
	for priority in data.PRIORITIES:
		get_or_create("Issue Priority", priority.name, __newname=priority.name)
	insert_record(
		"Service Level Agreement",
		document_type="Issue",
		service_level=data.SERVICE_LEVEL,
		enabled=1,
		# For the demo's customers only: a site's own issues keep their agreement.
		entity_type="Customer Group",
		entity=data.CUSTOMER_GROUP,
		holiday_list=maker.names["Holiday List", "all"],
		apply_sla_for_resolution=1,
		priorities=[
			{
				"priority": priority.name,
				"response_time": priority.response_hours * 3600,
				"resolution_time": priority.resolution_hours * 3600,
				"default_priority": int(priority.default),
			}
			for priority in data.PRIORITIES
		],
		support_and_resolution=[
			{"workday": day, "start_time": "08:00:00", "end_time": "18:00:00"} for day in MONDAY_TO_FRIDAY
		],
		pause_sla_on=[{"status": "Replied"}, {"status": "On Hold"}],
		sla_fulfilled_on=[{"status": "Resolved"}, {"status": "Closed"}],
	)


def _create_issues(maker: DemoMaker) -> None:
	for row in data.ISSUES:
		issue = insert_record(
			"Issue",
			subject=row.subject,
			description=row.description,
			customer=maker.names["Customer", row.customer],
			raised_by=f"{row.customer}.desk@{data.EMAIL_DOMAIN}",
			priority=row.priority,
			company=maker.company,
			service_level_agreement_creation=add_to_date(clock.get_now(), hours=-row.hours_ago),
		)
		maker.assign(issue, row.assignee)
		if row.reply:
			_add_reply(issue, row.reply)
		if row.note and row.assignee:
			issue.add_comment("Comment", row.note, comment_email=maker.names["User", row.assignee])
		if row.status != "Open":
			issue.reload()
			issue.update({"status": row.status})
			issue.save()


def _create_assignment_rule(maker: DemoMaker) -> None:
	"""Create the assignment rule after the demo's own issues, whose assignees are in the table."""
	from_the_demo = f'(raised_by or "").endswith("@{data.EMAIL_DOMAIN}")'
	insert_record(
		"Assignment Rule",
		__newname=data.ASSIGNMENT_RULE,
		document_type="Issue",
		description=_("Answer the customer"),
		assign_condition=f'status == "Open" and {from_the_demo}',
		unassign_condition="False",
		close_condition='status in ("Resolved", "Closed")',
		rule="Round Robin",
		users=[{"user": maker.names["User", key]} for key in data.SUPPORTERS],
		assignment_days=[{"day": day} for day in WEEK],
	)


def _add_reply(issue: Document, message: str) -> None:
	insert_record(
		"Communication",
		communication_type="Communication",
		communication_medium="Email",
		sent_or_received="Sent",
		subject=issue.subject,
		content=message,
		sender=build_email("sam"),
		recipients=issue.raised_by,
		reference_doctype="Issue",
		reference_name=issue.name,
	)


def create_tickets(maker: DemoMaker) -> None:
	for person in data.PEOPLE:
		if "Support Team" in person.roles and person.department:
			insert_record("HD Agent", user=maker.names["User", person.key], agent_name=person.first_name)
	for row in data.TICKETS:
		insert_record(
			"HD Ticket",
			subject=row.subject,
			description=row.description,
			priority=row.priority,
			raised_by=f"{row.sender}@{data.EMAIL_DOMAIN}",
		)
