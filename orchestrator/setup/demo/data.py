"""The demo's people and records: a behavioural-health organisation that does not exist.

Tables only. Days count from today, so that the same command gives the same picture on any day; keys name a row for
the rows that refer to it.
"""

from typing import NamedTuple

EMAIL_DOMAIN = "harborwellness.example"
CUSTOMER_GROUP = "Care Partners"
SERVICE_ITEM = "Counselling Programme"
HOLIDAY_LIST = "Harbor Wellness Holidays"
LEAVE_TYPE = "Annual Leave"
# Fields of HR Settings -> the templates that HRMS installs for them
LEAVE_TEMPLATES = {
	"leave_approval_notification_template": "Leave Approval Notification",
	"leave_status_notification_template": "Leave Status Notification",
}
LEAVE_DAYS = 20
SERVICE_LEVEL = "Premium Support"
LEAD_SOURCES = ("Website", "Referral")
LOST_REASON = "Chose another provider"
LOCATION = "office"


class Person(NamedTuple):
	key: str
	first_name: str
	last_name: str
	gender: str
	designation: str
	department: str | None  # of the employee; None for who is no employee
	roles: tuple[str, ...]


PEOPLE = (
	Person("nora", "Nora", "Finch", "Female", "Manager", "Sales", ("Sales Manager", "Sales User")),
	Person("theo", "Theo", "Marsh", "Male", "Sales Representative", "Sales", ("Sales User",)),
	Person("ida", "Ida", "Brook", "Female", "Sales Representative", "Sales", ("Sales User",)),
	Person("lena", "Lena", "Orchard", "Female", "HR Manager", "Human Resources", ("HR Manager", "HR User", "Leave Approver")),
	Person("sam", "Sam", "Whitlow", "Male", "Customer Service Representative", "Customer Service", ("Support Team",)),
	Person("priya", "Priya", "Dale", "Female", "Customer Service Representative", "Customer Service", ("Support Team",)),
	Person("omar", "Omar", "Reed", "Male", "Project Manager", "Operations", ("Projects Manager", "Projects User")),
	Person("june", "June", "Harper", "Female", "Consultant", "Operations", ("Projects User",)),
	Person("wren", "Wren", "Calloway", "Female", "", None, ("Clinical Manager", "Kipu Sync Manager")),
	Person("api", "API", "Client", "Prefer not to say", "", None,
		("Sales Manager", "Sales User", "Support Team", "HR User", "Projects User", "Clinical Manager", "Kipu Sync Manager")),
)  # fmt: skip
# Employee -> manager; managers come first above.
MANAGERS = {"theo": "nora", "ida": "nora", "priya": "sam", "june": "omar"}
APPROVER = "lena"


class Customer(NamedTuple):
	key: str
	name: str
	type: str
	lead: str | None = None  # the lead it came from, which is then Converted


class Lead(NamedTuple):
	key: str
	name: str
	organisation: str
	phone: str
	source: str
	topic: str
	status: str  # "Opportunity", "Quotation", "Lost Quotation" and "Converted" result from documents below
	probability: int
	assignee: str | None


LEADS = (
	Lead("calder", "Mina Calder", "Calder Family Practice", "555-0101", "Referral", "Intensive outpatient referrals", "Lead", 10, None),
	Lead("ashby", "Rowan Ashby", "Ashby Schools Trust", "555-0102", "Website", "Counselling for students", "Open", 20, "theo"),
	Lead("lowell", "Greta Lowell", "Lowell Logistics", "555-0103", "Website", "Employee assistance programme", "Open", 25, "ida"),
	Lead("pryce", "Dorian Pryce", "Pryce Legal", "555-0104", "Referral", "Stress workshops", "Open", 30, None),
	Lead("vance", "Elin Vance", "Vance Hospitality", "555-0105", "Website", "Crisis line for staff", "Replied", 35, "theo"),
	Lead("moss", "Tobias Moss", "Moss & Daughters", "555-0106", "Referral", "Grief support group", "Interested", 45, "ida"),
	Lead("kerr", "Sunniva Kerr", "Kerr Community College", "555-0107", "Website", "Campus clinic", "Qualified", 60, "theo"),
	Lead("dunn", "Felix Dunn", "Dunn Manufacturing", "555-0108", "Referral", "Substance use screening", "Qualified", 65, "ida"),
	Lead("hale", "Odette Hale", "Hale Senior Living", "555-0109", "Website", "Memory care counselling", "Opportunity", 50, "theo"),
	Lead("stroud", "Ivo Stroud", "Stroud Fire District", "555-0110", "Referral", "First responder programme", "Opportunity", 70, "ida"),
	Lead("wick", "Maren Wick", "Wick Credit Union", "555-0111", "Website", "Financial stress seminars", "Opportunity", 55, "theo"),
	Lead("teague", "Anselm Teague", "Teague Youth Centre", "555-0112", "Referral", "Family therapy block", "Quotation", 75, "ida"),
	Lead("ward", "Linnea Ward", "Ward Aviation", "555-0113", "Website", "Fitness-for-duty reviews", "Lost Quotation", 5, "theo"),
	Lead("birch", "Jonas Birch", "Birch County Health", "555-0114", "Referral", "Tele-counselling contract", "Converted", 100, "ida"),
	Lead("frost", "Petra Frost", "Frost Housing Association", "555-0115", "Website", "Resident wellbeing", "Converted", 100, "theo"),
	Lead("noname", "Casper Lind", "Lind Print", "555-0116", "Website", "Newsletter sign-up", "Do Not Contact", 0, None),
)  # fmt: skip

CUSTOMERS = (
	Customer("birch", "Birch County Health", "Company", lead="birch"),
	Customer("frost", "Frost Housing Association", "Company", lead="frost"),
	Customer("meadow", "Meadow Valley Clinic", "Company"),
	Customer("lantern", "Lantern Recovery House", "Company"),
)


class Opportunity(NamedTuple):
	title: str
	party: tuple[str, str]  # ("Lead" or "Customer", key)
	stage: str
	amount: int
	currency: str  # "" is the company's own
	owner: str
	closing: int  # days from today


OPPORTUNITIES = (
	Opportunity("Memory care counselling", ("Lead", "hale"), "Open", 18_000, "", "theo", 45),
	Opportunity("Extra evening groups", ("Customer", "meadow"), "Open", 9_500, "", "ida", 60),
	Opportunity("First responder programme", ("Lead", "stroud"), "Qualified", 42_000, "", "ida", 30),
	Opportunity("Staff training in Dublin", ("Customer", "frost"), "Qualified", 15_000, "EUR", "theo", 50),
	Opportunity("Financial stress seminars", ("Lead", "wick"), "In Progress", 12_500, "", "theo", 20),
	Opportunity("Tele-counselling extension", ("Customer", "birch"), "In Progress", 64_000, "", "ida", 15),
	Opportunity("Tele-counselling contract", ("Customer", "birch"), "Closed Won", 120_000, "", "ida", -20),
	Opportunity("Resident wellbeing", ("Customer", "frost"), "Closed Won", 30_000, "GBP", "theo", -35),
	Opportunity("Weekend retreat", ("Customer", "lantern"), "Closed Lost", 8_000, "", "nora", -12),
	Opportunity("Outreach van", ("Customer", "meadow"), "Closed Lost", 22_000, "EUR", "nora", -50),
)  # fmt: skip
# What one unit is worth in US dollars, for the demo's exchange rates.
DOLLARS = {"USD": 1.0, "EUR": 1.09, "GBP": 1.27, "CAD": 0.73, "AUD": 0.66, "INR": 0.012, "CHF": 1.13}
STATUS_OF_STAGE = {
	"Open": "Open",
	"Qualified": "Open",
	"In Progress": "Open",
	"Closed Won": "Converted",
	"Closed Lost": "Lost",
}


class Leave(NamedTuple):
	employee: str
	weeks: int  # from this week's Monday
	days: int
	status: str
	reason: str


LEAVES = (
	Leave("theo", -4, 5, "Approved", "Family vacation"),
	Leave("ida", -3, 2, "Approved", "Moving house"),
	Leave("sam", -2, 1, "Rejected", "Long weekend"),
	Leave("june", 2, 3, "Approved", "Conference and rest"),
	Leave("theo", 3, 2, "Open", "School holidays"),
	Leave("priya", 4, 5, "Open", "Travel"),
)
CHECKIN_DAYS = 5
CHECKIN_TIMES = (("IN", 9, 0), ("OUT", 17, 30))
CHECKIN_EMPLOYEES = ("theo", "ida", "sam", "june")


class Issue(NamedTuple):
	subject: str
	description: str
	customer: str
	priority: str
	status: str
	hours_ago: int  # when the clock of its service level started
	assignee: str | None
	reply: str | None = None  # public
	note: str | None = None  # internal


ISSUES = (
	Issue("Cannot log in to the partner portal", "I get an authorisation error when I try to log in.", "birch", "High", "Open", 1, "sam"),
	Issue("Appointment reminders arrive twice", "Each client gets the same text message two times.", "meadow", "Medium", "In Progress", 2, "priya",
		reply="Thank you, we can see the duplicates and are looking into the cause."),
	Issue("Invoice shows last month's rate", "The new rate was agreed from the first of the month.", "frost", "Medium", "Replied", 30, "sam",
		reply="We have corrected the rate. Could you check the new invoice?"),
	Issue("Group room is double-booked", "Two groups were given the same room on Thursday.", "lantern", "Low", "On Hold", 26, "priya",
		reply="We are waiting for the facility to confirm a second room.", note="Ask the front desk about room 4."),
	Issue("Video session drops after ten minutes", "Every session ends at the same point.", "birch", "Urgent", "Resolved", 50, "sam",
		reply="A time limit was set too low. It is raised now."),
	Issue("New therapist missing from the directory", "She started on Monday.", "meadow", "Low", "Closed", 72, "priya",
		reply="She is listed now."),
	Issue("Report export is empty", "The spreadsheet has headings but no rows.", "frost", "High", "Open", 96, None),
)  # fmt: skip


# New issues from the demo's addresses are assigned to these in turn; a site's own issues are not.
ASSIGNMENT_RULE = "Harbor Wellness Support Rotation"
SUPPORTERS = ("sam", "priya")


class Priority(NamedTuple):
	name: str
	response_hours: int
	resolution_hours: int
	default: bool = False


PRIORITIES = (
	Priority("Low", 24, 72),
	Priority("Medium", 8, 48, default=True),
	Priority("High", 4, 24),
	Priority("Urgent", 1, 8),
)


class Project(NamedTuple):
	key: str
	name: str
	starts: int
	ends: int


class Task(NamedTuple):
	subject: str
	project: str
	status: str
	priority: str
	starts: int
	ends: int
	hours: int
	progress: int
	assignee: str | None
	notes: str = ""


PROJECTS = (
	Project("intake", "Digital Intake Rollout", -30, 45),
	Project("telehealth", "Telehealth Rooms", -14, 60),
)
TASKS = (
	Task("Map the present intake forms", "intake", "Completed", "Medium", -30, -20, 12, 100, None, "All eleven forms mapped."),
	Task("Choose the consent wording", "intake", "Completed", "High", -20, -12, 8, 100, None),
	Task("Build the online form", "intake", "In Progress", "High", -10, 10, 40, 50, "june", "Unit tests done, integration testing in progress."),
	Task("Train the front desk", "intake", "Open", "Medium", 12, 20, 16, 0, "omar"),
	Task("Review accessibility", "intake", "Pending Review", "Medium", -5, 5, 10, 90, "june"),
	Task("Retire the paper forms", "intake", "Cancelled", "Low", 20, 30, 4, 0, None),
	Task("Order cameras and microphones", "telehealth", "Overdue", "High", -14, -3, 6, 40, "omar", "The supplier is late."),
	Task("Sound-proof two rooms", "telehealth", "Working", "Medium", -7, 14, 30, 35, "omar"),
	Task("Write the emergency procedure", "telehealth", "In Progress", "Urgent", -2, 7, 12, 25, "june"),
	Task("Pilot with three clinicians", "telehealth", "Open", "Medium", 15, 35, 24, 0, None),
)  # fmt: skip


class SprintEvent(NamedTuple):
	"""A past event of a sprint: the state of a task from that day on."""

	day: int  # from today
	task: str
	kind: str
	hours: int
	progress: int


class Sprint(NamedTuple):
	key: str
	title: str
	project: str
	state: str
	starts: int
	ends: int
	goal: str
	members: tuple[tuple[str, int], ...]  # hours for the sprint
	committed: int
	history: tuple[SprintEvent, ...]  # the last one of each task equals its row in the table above


SPRINTS = (
	Sprint(
		"words", "Forms and wording", "intake", "Closed", -26, -13, "Know every form and what it must say.",
		(("june", 20), ("omar", 10)), 19,
		(
			SprintEvent(-27, "Map the present intake forms", "Joined", 12, 0),
			SprintEvent(-27, "Choose the consent wording", "Joined", 7, 0),
			SprintEvent(-24, "Map the present intake forms", "Progressed", 12, 50),
			SprintEvent(-21, "Choose the consent wording", "Estimated", 8, 0),
			SprintEvent(-20, "Map the present intake forms", "Completed", 12, 100),
			SprintEvent(-18, "Choose the consent wording", "Progressed", 8, 50),
			SprintEvent(-14, "Choose the consent wording", "Completed", 8, 100),
		),
	),
	Sprint(
		"rooms", "Rooms ready", "telehealth", "Active", -8, 5, "Two rooms in which a call can be held.",
		(("omar", 30), ("june", 8)), 42,
		(
			SprintEvent(-9, "Sound-proof two rooms", "Joined", 36, 0),
			SprintEvent(-9, "Order cameras and microphones", "Joined", 6, 0),
			SprintEvent(-6, "Sound-proof two rooms", "Progressed", 36, 10),
			SprintEvent(-5, "Order cameras and microphones", "Progressed", 6, 40),
			SprintEvent(-4, "Write the emergency procedure", "Joined", 12, 0),
			SprintEvent(-3, "Sound-proof two rooms", "Estimated", 30, 10),
			SprintEvent(-2, "Write the emergency procedure", "Progressed", 12, 25),
			SprintEvent(-1, "Sound-proof two rooms", "Progressed", 30, 35),
		),
	),
)  # fmt: skip


class Ticket(NamedTuple):
	subject: str
	description: str
	priority: str
	sender: str  # local part of the address


TICKETS = (
	Ticket("Password reset link has expired", "The link in the mail no longer works.", "High", "front.desk"),
	Ticket(
		"Where do I change my opening hours?",
		"Our clinic opens later from next month.",
		"Low",
		"clinic.manager",
	),
	Ticket("Insurance field does not save", "It is empty again after I save.", "Medium", "billing.office"),
)


class Folder(NamedTuple):
	title: str
	access: tuple[tuple[str, str], ...]  # (role, level)


class Document(NamedTuple):
	title: str
	folder: str
	status: str
	tags: tuple[str, ...]
	versions: tuple[tuple[str, str], ...]  # (content, notes)


FOLDERS = (
	Folder("Staff Handbook", (("Desk User", "Read"), ("HR Manager", "Manage"))),
	Folder("Partner Contracts", (("Sales User", "Read"), ("Sales Manager", "Manage"))),
)
DOCUMENTS = (
	Document("Paid time off.txt", "Staff Handbook", "Approved", ("leave",),
		(("Everyone has 20 days of annual leave.", "First edition"),
		("Everyone has 20 days of annual leave.\nUp to five unused days move to the next year.", "Carry-over agreed in May"))),
	Document("Crisis line procedure.txt", "Staff Handbook", "In Review", ("safety", "on call"),
		(("Stay on the line. Call the clinician on duty. Write down the time.", ""),)),
	Document("Tele-counselling agreement.txt", "Partner Contracts", "Approved", ("birch", "signed"),
		(("Between the parties: forty sessions a month.", "Draft from their lawyer"),
		("Between the parties: fifty sessions a month.", "As signed"))),
	Document("Resident wellbeing terms.txt", "Partner Contracts", "Draft", ("frost",),
		(("Two groups a week in the common room.", ""),)),
)  # fmt: skip
TEAM_NAME = "Care Operations"
TEAM_PROJECT = "Admissions Redesign"
TEAM_TASKS = (
	("Sketch the first-call script", "Done"),
	("Shadow two admissions", "In Progress"),
	("Draft the welcome letter", "Todo"),
	("Measure time to first appointment", "Backlog"),
)
