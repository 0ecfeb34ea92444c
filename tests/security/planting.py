"""The planted records, with a value that nobody can guess in each text field."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import frappe
from frappe.model.document import Document

from tests.security.canaries import Canaries
from tests.support import clinic, docs_factories, factories, gameplan

TEXTS = frozenset({"Data", "Small Text", "Text", "Long Text", "Text Editor", "HTML Editor", "Code"})
MONEY = frozenset({"Currency"})
# Set by the controller, or checked against a list
NOT_PLANTED = {
	"Client": {"full_name", "person_id", "email", "phone", "alternate_phone"},
	"Client Stay": {"casefile_id", "chart_id", "location_id"},
	"Employee": {
		"employee",
		"employee_name",
		"cell_number",
		"emergency_phone_number",
		"iban",
		"old_parent",
		"attendance_device_id",
	},
	"Salary Slip": {"total_in_words", "base_total_in_words", "salary_withholding_cycle"},
	"Issue": {"raised_by", "content_type", "customer_name"},
	"HD Ticket": {"raised_by", "content_type", "key", "status_category"},
}


@dataclass
class World:
	"""The planted records by DocType, and their canaries."""

	canaries: Canaries
	records: dict[str, Document] = field(default_factory=dict)
	files: dict[str, Document] = field(default_factory=dict)
	# The DocTypes of the records that calls are about, empty for all of them
	subjects: tuple[str, ...] = ()

	@cached_property
	def children(self) -> set[str]:
		"""Return the child tables of the planted records."""
		return {df.options for doctype in self.records for df in frappe.get_meta(doctype).get_table_fields()}

	def snapshot(self) -> list[str]:
		"""Return all planted records as they are in their tables now."""
		rows = [frappe.db.get_value(dt, doc.name, "*", as_dict=True) for dt, doc in self.records.items()]
		return [frappe.as_json(row) for row in rows]

	def name(self, doctype: str) -> Any:
		return self.records[doctype].name


def plant() -> World:
	"""Create every record. The caller ensures that nothing is committed."""
	frappe.set_user("Administrator")
	frappe.flags.mute_emails = True
	world = World(Canaries())
	for step in (_clients, _staff, _pay, _documents, _tickets, _projects, _dashboards, _files):
		step(world)
	frappe.flags.mute_emails = False
	return world


def fill(world: World, doctype: str) -> dict[str, Any]:
	"""Return a canary for every text and money field of a DocType."""
	values: dict[str, Any] = {}
	for df in frappe.get_meta(doctype).fields:
		if df.fieldname in NOT_PLANTED.get(doctype, ()) or df.options in ("Phone", "URL", "IBAN", "Name"):
			continue
		value: str | float
		if df.fieldtype in TEXTS and df.options == "Email":
			value = f"{world.canaries.text(doctype, df.fieldname, df.permlevel)}@{factories.EMAIL_DOMAIN}"
		elif df.fieldtype in TEXTS:
			value = world.canaries.text(doctype, df.fieldname, df.permlevel)
		elif df.fieldtype in MONEY:
			value = world.canaries.amount(doctype, df.fieldname, df.permlevel)
		elif df.fieldname in ("date_of_birth", "date_of_death"):
			value = world.canaries.date(doctype, df.fieldname, df.permlevel)
		else:
			continue
		values[df.fieldname] = value
	return values


def overwrite(world: World, doc: Document) -> Document:
	"""Write canaries into a saved record's row, without its controller."""
	values = fill(world, doc.doctype)
	frappe.db.set_value(doc.doctype, doc.name, values, update_modified=False)
	frappe.clear_document_cache(doc.doctype, doc.name)
	world.records[doc.doctype] = frappe.get_doc(doc.doctype, doc.name)
	return world.records[doc.doctype]


def _clients(world: World) -> None:
	connection = clinic.make_connection()
	world.records["Kipu Connection"] = connection
	plant_client(world)
	issue = {"connection": connection.name, "kind": "Record", "status": "Open", "reference_doctype": "Client"}
	issue["reference_name"] = world.name("Client")
	world.records["Sync Issue"] = factories.make_record("Sync Issue", **issue)


def plant_client(world: World) -> None:
	"""Create a client of the planted connection with a stay, a version, a comment and a ToDo."""
	connection = world.records["Kipu Connection"]
	client = overwrite(world, clinic.make_client(connection))
	full_name = world.canaries.text("Client", "full_name")
	client.db_set("full_name", full_name, update_modified=False)
	stay = frappe.get_doc(
		{
			"doctype": "Client Stay",
			"client": client.name,
			"facility": client.facility,
			"connection": connection.name,
			"casefile_id": frappe.generate_hash(),
			"status": "Active",
		}
	).insert()
	overwrite(world, stay)
	client.reload()
	client.race = world.canaries.text(
		"Client", "race", 1
	)  # a change, which creates a version with both values
	client.save()
	comment = client.add_comment("Comment", world.canaries.text("Client", "comment"))
	world.records["Comment"] = comment
	todo = {"reference_type": "Client", "reference_name": client.name, "allocated_to": "Administrator"}
	world.records["ToDo"] = factories.make_record(
		"ToDo", description=world.canaries.text("Client", "todo"), **todo
	)


def _staff(world: World) -> None:
	user = factories.make_user("Employee").name
	chart = {"education": [{"school_univ": world.canaries.text("Employee", "education.school_univ")}]}
	history = {"external_work_history": [{"company_name": world.canaries.text("Employee", "external_work_history.company_name"),
		"salary": world.canaries.amount("Employee", "external_work_history.salary")}]}  # fmt: skip
	employee = overwrite(world, factories.make_employee(user_id=user, **chart, **history))
	name = world.canaries.text("Employee", "employee_name")
	employee.db_set("employee_name", name, update_modified=False)
	world.records["Employee"] = employee


def _pay(world: World) -> None:
	employee = world.records["Employee"]
	slip = frappe.new_doc("Salary Slip")
	slip.update(
		{
			"employee": employee.name,
			"employee_name": employee.employee_name,
			"company": employee.company,
			"posting_date": "2026-01-31",
			"start_date": "2026-01-01",
			"end_date": "2026-01-31",
			"currency": "USD",
			"status": "Submitted",
			"docstatus": 1,
		}
	)
	component = frappe.db.get_value("Salary Component", {"type": "Earning"})
	slip.append(
		"earnings",
		{"salary_component": component, "amount": world.canaries.amount("Salary Slip", "earnings.amount")},
	)
	slip.set_new_name()
	slip.db_insert()
	for row in slip.get_all_children():
		row.db_insert()
	overwrite(world, slip)


def _documents(world: World) -> None:
	folder = docs_factories.make_folder(("Role", "HR Manager", "Read"))
	plant_document(world, folder)
	world.records["Document Folder"] = frappe.get_doc("Document Folder", folder)


def plant_document(world: World, folder: str, **values: Any) -> None:
	"""Create a document with a version in a folder."""
	title = world.canaries.text("Document", "title") + ".txt"
	content = world.canaries.text("Document", "bytes")
	name = docs_factories.make_document(folder, content.encode(), title=title, **values)
	described = {"description": world.canaries.text("Document", "description")}
	frappe.db.set_value("Document", name, described)
	world.records["Document"] = frappe.get_doc("Document", name)
	version = frappe.get_last_doc("Document Version", {"document": name})
	version.db_set("notes", world.canaries.text("Document", "version.notes"))
	world.canaries.register(version.storage_key, "Document", "version.storage_key")
	world.records["Document Version"] = version
	world.files["Document"] = frappe.get_doc("File", version.file)
	if frappe.db.exists("Document Text", name):
		frappe.db.set_value("Document Text", name, "content", world.canaries.text("Document", "text inside"))


def _tickets(world: World) -> None:
	values = {"raised_by": factories.make_unique_email("caller")}
	issue = overwrite(world, factories.make_issue(**values))
	issue.add_comment("Comment", world.canaries.text("Issue", "internal note"))
	_mail(world, issue)
	ticket = overwrite(
		world, factories.make_record("HD Ticket", subject="Broken", description="Broken", **values)
	)
	note = {"reference_ticket": ticket.name, "commented_by": "Administrator"}
	note["content"] = world.canaries.text("HD Ticket", "internal note")
	world.records["HD Ticket Comment"] = factories.make_record("HD Ticket Comment", **note)
	_mail(world, ticket)


def _mail(world: World, ticket: Document) -> None:
	world.records["Communication"] = factories.make_record(
		"Communication",
		communication_type="Communication",
		sent_or_received="Received",
		sender=ticket.raised_by,
		subject=world.canaries.text(ticket.doctype, "mail.subject"),
		content=world.canaries.text(ticket.doctype, "mail.content"),
		reference_doctype=ticket.doctype,
		reference_name=ticket.name,
	)


def _projects(world: World) -> None:
	name = world.canaries.text("Project", "project_name")
	project = factories.make_project(project_name=name, notes=world.canaries.text("Project", "notes"))
	world.records["Project"] = project
	member = factories.make_user("Desk User").name
	world.records["User"] = frappe.get_doc("User", member)
	values: dict[str, Any] = {
		"title": world.canaries.text("Sprint", "title"),
		"goal": world.canaries.text("Sprint", "goal"),
	}
	values["members"] = [
		{"user": member, "capacity_hours": world.canaries.amount("Sprint", "members.capacity_hours")}
	]
	sprint = gameplan.make_sprint(project.name, **values)
	world.records["Sprint"] = sprint
	world.canaries.register(sprint.members[0].name, "Sprint", "members.name")
	subject = world.canaries.text("Task", "subject")
	world.records["Task"] = gameplan.make_task(
		sprint, subject=subject, description=world.canaries.text("Task", "description")
	)


def _dashboards(world: World) -> None:
	metric = frappe.get_doc(
		{
			"doctype": "Orchestrator Metric",
			"metric_name": frappe.scrub(factories.make_unique("metric")),
			"label": "Things",
			"source_type": "Measure",
			"measure": "headcount",
		}
	).insert()
	world.records["Orchestrator Metric"] = metric
	dashboard = factories.make_record(
		"Orchestrator Dashboard",
		dashboard_name=world.canaries.text("Orchestrator Dashboard", "dashboard_name").lower(),
		title=world.canaries.text("Orchestrator Dashboard", "title"),
		items=[{"metric": metric.name}],
		roles=[{"role": "Accounts Manager"}],
	)
	world.canaries.register(dashboard.items[0].name, "Orchestrator Dashboard", "items.name")
	world.records["Orchestrator Dashboard"] = dashboard


def _files(world: World) -> None:
	for doctype in ("Client", "Client Stay", "Employee", "Salary Slip", "Issue", "HD Ticket", "Sprint"):
		plant_file(world, doctype)
	world.records["File"] = world.files["Employee"]


def plant_file(world: World, doctype: str) -> None:
	"""Attach a private file to the planted record of a DocType."""
	world.files[doctype] = factories.make_record(
		"File",
		file_name=world.canaries.text(doctype, "file.file_name") + ".txt",
		content=world.canaries.text(doctype, "file.bytes"),
		is_private=1,
		attached_to_doctype=doctype,
		attached_to_name=world.name(doctype),
	)
