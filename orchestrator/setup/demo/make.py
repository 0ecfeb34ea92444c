"""Makes the demo out of its tables, through real documents, so that the platform's own rules hold."""

from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import frappe
from frappe import _
from frappe.desk.form import assign_to
from frappe.model.document import Document
from frappe.utils import add_days, add_to_date, getdate, now_datetime

from orchestrator.apps import is_installed
from orchestrator.docs import changes, documents, fulltext
from orchestrator.docs.versions import Incoming
from orchestrator.setup.demo import data, ledger

UNTHROTTLED = 1_000_000
MONDAY_TO_FRIDAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEK = (*MONDAY_TO_FRIDAY, "Saturday", "Sunday")


class Maker:
	"""One making of the demo. Keys of the tables lead to the names of the records made from them."""

	def __init__(self, company: str) -> None:
		self.company = company
		self.today = getdate()
		self.names: dict[tuple[str, str], str] = {}
		self.changed: list[ledger.Changed] = []

	def make_all(self) -> None:
		self.make_masters()
		self.make_users()
		self.make_leads()
		self.make_customers()
		self.make_opportunities()
		self.make_quotations()
		self.make_employees()
		self.make_leave()
		self.make_checkins()
		self.make_service_level()
		self.make_issues()
		self.make_assignment_rule()
		self.make_projects()
		self.make_documents()
		if is_installed("helpdesk"):
			self.make_tickets()
		if is_installed("gameplan"):
			self.make_team_project()

	# What the rest refers to

	def make_masters(self) -> None:
		for source in data.LEAD_SOURCES:
			ensure("Lead Source", source, source_name=source)
		ensure("Opportunity Lost Reason", data.LOST_REASON, lost_reason=data.LOST_REASON)
		ensure("Quotation Lost Reason", data.LOST_REASON, order_lost_reason=data.LOST_REASON)
		ensure(
			"Customer Group",
			data.CUSTOMER_GROUP,
			customer_group_name=data.CUSTOMER_GROUP,
			parent_customer_group=root_of("Customer Group"),
		)
		ensure(
			"Item",
			data.SERVICE_ITEM,
			item_code=data.SERVICE_ITEM,
			item_group=root_of("Item Group"),
			stock_uom=frappe.db.get_single_value("Stock Settings", "stock_uom") or "Nos",
			is_stock_item=0,
		)
		for designation in {person.designation for person in data.PEOPLE if person.designation}:
			ensure("Designation", designation, designation_name=designation)

	def make_users(self) -> None:
		# Frappe lets a site make so many users an hour; the demo's are made on purpose.
		frappe.local.conf.throttle_user_limit = UNTHROTTLED
		for person in data.PEOPLE:
			user = insert(
				"User",
				email=email_of(person.key),
				first_name=person.first_name,
				last_name=person.last_name,
				send_welcome_email=0,
				roles=[{"role": role} for role in person.roles],
			)
			self.names["User", person.key] = user.name

	# Sales

	def make_leads(self) -> None:
		by_documents = ("Opportunity", "Quotation", "Lost Quotation", "Converted")
		for row in data.LEADS:
			lead = insert(
				"Lead",
				lead_name=row.name,
				company_name=row.organisation,
				company=self.company,
				email_id=f"{row.key}@{data.EMAIL_DOMAIN}",
				phone=row.phone,
				source=row.source,
				topic=row.topic,
				probability=row.probability,
				status="Open" if row.status in by_documents else row.status,
			)
			self.names["Lead", row.key] = lead.name
			self.assign(lead, row.assignee)

	def make_customers(self) -> None:
		for row in data.CUSTOMERS:
			customer = insert(
				"Customer",
				customer_name=row.name,
				customer_type=row.type,
				customer_group=data.CUSTOMER_GROUP,
				territory=root_of("Territory"),
				lead_name=self.names["Lead", row.lead] if row.lead else None,
			)
			self.names["Customer", row.key] = customer.name

	def make_opportunities(self) -> None:
		for row in data.OPPORTUNITIES:
			opportunity = insert("Opportunity", **self.opportunity_values(row))
			self.assign(opportunity, row.owner)

	def opportunity_values(self, row: data.Opportunity) -> dict[str, Any]:
		opportunity_from, key = row.party
		currency, rate = self.currency_of(row.currency)
		values = {
			"opportunity_from": opportunity_from,
			"party_name": self.names[opportunity_from, key],
			"title": row.title,
			"company": self.company,
			"currency": currency,
			"conversion_rate": rate,
			"opportunity_amount": row.amount,
			"opportunity_owner": self.names["User", row.owner],
			"expected_closing": add_days(self.today, row.closing),
			"transaction_date": add_days(self.today, min(row.closing, 0) - 30),
			"pipeline_stage": row.stage,
			"status": data.STATUS_OF_STAGE[row.stage],
		}
		if row.stage == "Closed Lost":
			values["lost_reasons"] = [{"lost_reason": data.LOST_REASON}]
		return values

	def currency_of(self, currency: str) -> tuple[str, float]:
		"""The currency and its rate in the company's, for which an exchange rate is made. The company's own
		currency stands in where its rate is not in the table."""
		own = frappe.get_cached_value("Company", self.company, "default_currency")
		if not currency or currency == own or own not in data.DOLLARS:
			return own, 1.0
		rate = round(data.DOLLARS[currency] / data.DOLLARS[own], 4)
		pair = {"from_currency": currency, "to_currency": own, "date": self.today}
		if not frappe.db.exists("Currency Exchange", pair):
			insert("Currency Exchange", **pair, exchange_rate=rate, for_buying=1, for_selling=1)
		return currency, rate

	def make_quotations(self) -> None:
		"""One for each lead whose status comes about by a quotation."""
		for row in data.LEADS:
			if row.status not in ("Quotation", "Lost Quotation"):
				continue
			quotation = insert(
				"Quotation",
				quotation_to="Lead",
				party_name=self.names["Lead", row.key],
				company=self.company,
				order_type="Sales",
				items=[{"item_code": data.SERVICE_ITEM, "qty": 10, "rate": 150}],
			)
			quotation.submit()
			if row.status == "Lost Quotation":
				quotation.declare_enquiry_lost([{"lost_reason": data.LOST_REASON}], [])

	# People

	def make_employees(self) -> None:
		self.names["Holiday List", "all"] = self.make_holiday_list()
		for number, person in enumerate(data.PEOPLE):
			if not person.department:
				continue
			employee = insert(
				"Employee",
				first_name=person.first_name,
				last_name=person.last_name,
				gender=person.gender,
				date_of_birth=date(1980 + number, 1 + number, 10 + number),
				date_of_joining=date(self.today.year - 3, 1 + number, 1),
				company=self.company,
				department=self.department_of(person.department),
				designation=person.designation,
				holiday_list=self.names["Holiday List", "all"],
				reports_to=self.names.get(("Employee", data.MANAGERS.get(person.key, ""))),
				leave_approver=self.names["User", data.APPROVER],
				user_id=self.names["User", person.key],
				# A user permission would hide every colleague from the people who look after them.
				create_user_permission=0 if "HR User" in person.roles else 1,
				status="Active",
			)
			self.names["Employee", person.key] = employee.name

	def make_holiday_list(self) -> str:
		first, last = add_days(self.today, -366), add_days(self.today, 365)
		weekends = [day for day in days_between(first, last) if day.weekday() >= len(MONDAY_TO_FRIDAY)]
		return insert(
			"Holiday List",
			holiday_list_name=f"{data.HOLIDAY_LIST} {self.today.year}",
			from_date=first,
			to_date=last,
			holidays=[
				{"holiday_date": day, "description": day.strftime("%A"), "weekly_off": 1} for day in weekends
			],
		).name

	def department_of(self, department: str) -> str:
		values = {"department_name": department, "company": self.company}
		return frappe.db.get_value("Department", values) or insert("Department", **values).name

	def make_leave(self) -> None:
		ensure("Leave Type", data.LEAVE_TYPE, leave_type_name=data.LEAVE_TYPE)
		for person in data.PEOPLE:
			if ("Employee", person.key) in self.names:
				self.allocate_leave(person.key)
		for row in data.LEAVES:
			self.apply_for_leave(row)

	def allocate_leave(self, key: str) -> None:
		insert(
			"Leave Allocation",
			employee=self.names["Employee", key],
			leave_type=data.LEAVE_TYPE,
			from_date=add_days(self.today, -180),
			to_date=add_days(self.today, 180),
			new_leaves_allocated=data.LEAVE_DAYS,
		).submit()

	def apply_for_leave(self, row: data.Leave) -> None:
		monday = add_days(self.today, -self.today.weekday() + 7 * row.weeks)
		application = insert(
			"Leave Application",
			employee=self.names["Employee", row.employee],
			leave_type=data.LEAVE_TYPE,
			from_date=monday,
			to_date=add_days(monday, row.days - 1),
			description=row.reason,
			leave_approver=self.names["User", data.APPROVER],
			status=row.status,
		)
		if row.status != "Open":
			application.submit()

	def make_checkins(self) -> None:
		workdays = [
			day
			for day in days_between(add_days(self.today, -14), add_days(self.today, -1))
			if day.weekday() < len(MONDAY_TO_FRIDAY)
		]
		for day in workdays[-data.CHECKIN_DAYS :]:
			for number, key in enumerate(data.CHECKIN_EMPLOYEES):
				for log_type, hour, minute in data.CHECKIN_TIMES:
					insert(
						"Employee Checkin",
						employee=self.names["Employee", key],
						time=datetime.combine(day, time(hour, minute + number)),
						log_type=log_type,
						device_id=data.LOCATION,
					)

	# Support

	def make_service_level(self) -> None:
		self.change("Support Settings", "track_service_level_agreement", "1")
		for priority in data.PRIORITIES:
			ensure("Issue Priority", priority.name, __newname=priority.name)
		insert(
			"Service Level Agreement",
			document_type="Issue",
			service_level=data.SERVICE_LEVEL,
			enabled=1,
			# Bound to the demo's customers: a site's own issues keep the agreement they have.
			entity_type="Customer Group",
			entity=data.CUSTOMER_GROUP,
			holiday_list=self.names["Holiday List", "all"],
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

	def make_issues(self) -> None:
		for row in data.ISSUES:
			issue = insert(
				"Issue",
				subject=row.subject,
				description=row.description,
				customer=self.names["Customer", row.customer],
				raised_by=f"{row.customer}.desk@{data.EMAIL_DOMAIN}",
				priority=row.priority,
				company=self.company,
				service_level_agreement_creation=add_to_date(now_datetime(), hours=-row.hours_ago),
			)
			self.assign(issue, row.assignee)
			if row.reply:
				self.reply(issue, row.reply)
			if row.note and row.assignee:
				issue.add_comment("Comment", row.note, comment_email=self.names["User", row.assignee])
			if row.status != "Open":
				issue.reload()
				issue.update({"status": row.status})
				issue.save()

	def make_assignment_rule(self) -> None:
		"""After the demo's own issues, whose assignees are in the table."""
		from_the_demo = f'(raised_by or "").endswith("@{data.EMAIL_DOMAIN}")'
		insert(
			"Assignment Rule",
			__newname=data.ASSIGNMENT_RULE,
			document_type="Issue",
			description=_("Answer the customer"),
			assign_condition=f'status == "Open" and {from_the_demo}',
			unassign_condition="False",
			close_condition='status in ("Resolved", "Closed")',
			rule="Round Robin",
			users=[{"user": self.names["User", key]} for key in data.SUPPORTERS],
			assignment_days=[{"day": day} for day in WEEK],
		)

	def reply(self, issue: Document, message: str) -> None:
		insert(
			"Communication",
			communication_type="Communication",
			communication_medium="Email",
			sent_or_received="Sent",
			subject=issue.subject,
			content=message,
			sender=email_of("sam"),
			recipients=issue.raised_by,
			reference_doctype="Issue",
			reference_name=issue.name,
		)

	def make_tickets(self) -> None:
		for person in data.PEOPLE:
			if "Support Team" in person.roles and person.department:
				insert("HD Agent", user=self.names["User", person.key], agent_name=person.first_name)
		for row in data.TICKETS:
			insert(
				"HD Ticket",
				subject=row.subject,
				description=row.description,
				priority=row.priority,
				raised_by=f"{row.sender}@{data.EMAIL_DOMAIN}",
			)

	# Projects

	def make_projects(self) -> None:
		for row in data.PROJECTS:
			project = insert(
				"Project",
				project_name=row.name,
				company=self.company,
				expected_start_date=add_days(self.today, row.starts),
				expected_end_date=add_days(self.today, row.ends),
			)
			self.names["Project", row.key] = project.name
		for task in data.TASKS:
			self.make_task(task)

	def make_task(self, row: data.Task) -> None:
		task = insert(
			"Task",
			subject=row.subject,
			project=self.names["Project", row.project],
			company=self.company,
			status=row.status,
			priority=row.priority,
			exp_start_date=add_days(self.today, row.starts),
			exp_end_date=add_days(self.today, row.ends),
			expected_time=row.hours,
			progress=row.progress,
			progress_notes=row.notes,
			review_date=add_days(self.today, row.ends) if row.status == "Pending Review" else None,
			completed_on=add_days(self.today, row.ends) if row.status == "Completed" else None,
		)
		self.assign(task, row.assignee)

	def make_documents(self) -> None:
		for row in data.FOLDERS:
			folder = insert(
				"Document Folder",
				title=row.title,
				access=[
					{"grantee_type": "Role", "grantee": role, "level": level} for role, level in row.access
				],
			)
			self.names["Document Folder", row.title] = str(folder.name)
		for document in data.DOCUMENTS:
			self.make_document(document)

	def make_document(self, row: data.Document) -> None:
		folder = self.names["Document Folder", row.folder]
		document = documents.make(folder, row.title, status=row.status)
		for content, notes in row.versions:
			changes.add_version(str(document.name), Incoming(BytesIO(content.encode())), notes)
		changes.tag(str(document.name), list(row.tags))
		fulltext.read_text(str(document.name))

	def make_team_project(self) -> None:
		team = insert("GP Team", title=data.TEAM_NAME)
		project = insert("GP Project", title=data.TEAM_PROJECT, team=team.name)
		for title, status in data.TEAM_TASKS:
			insert("GP Task", title=title, description="", status=status, project=project.name)

	# Shared

	def assign(self, doc: Document, key: str | None) -> None:
		if key:
			assign_to.add(
				{"doctype": doc.doctype, "name": doc.name, "assign_to": [self.names["User", key]]},
				ignore_permissions=True,
			)

	def change(self, doctype: str, fieldname: str, value: str) -> None:
		"""Set a value of a Single and remember what it was."""
		before = frappe.db.get_single_value(doctype, fieldname)
		if str(before) != value:
			frappe.db.set_single_value(doctype, fieldname, value)
			self.changed.append(ledger.Changed(doctype, fieldname, before, value))


def make() -> list[ledger.Made]:
	"""Make the demo in one transaction. Returns its records.

	Raises frappe.ValidationError if the site has no company yet.
	"""
	maker = Maker(company())
	with ledger.one_quiet_transaction():
		with ledger.recording() as made:
			maker.make_all()
		ledger.keep(made, maker.changed)
	return made


def company() -> str:
	name = frappe.defaults.get_global_default("company")
	if not name:
		frappe.throw(_("This site has no company yet. Finish the setup wizard in Desk and try again."))
	return name


def email_of(key: str) -> str:
	person = next(person for person in data.PEOPLE if person.key == key)
	return f"{person.first_name}.{person.last_name}@{data.EMAIL_DOMAIN}".lower()


def insert(doctype: str, **values: object) -> Document:
	return frappe.get_doc({"doctype": doctype, **values}).insert()


def ensure(doctype: str, name: str, **values: object) -> None:
	"""Make a master unless the site has it. One the site had is not the demo's to remove."""
	if not frappe.db.exists(doctype, name):
		insert(doctype, **values)


def root_of(tree: str) -> str:
	"""The topmost group of a tree DocType, whatever its name in the site's language."""
	return frappe.get_all(tree, filters={"is_group": 1}, order_by="lft asc", limit=1, pluck="name")[0]


def days_between(first: date, last: date) -> list[date]:
	return [first + timedelta(days=number) for number in range((last - first).days + 1)]
