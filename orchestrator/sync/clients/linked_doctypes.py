"""The DocTypes whose records refer to clients, and how they do."""

from typing import Literal, NamedTuple

from orchestrator.doctypes import APPOINTMENT, DOCUMENT, EVENT, HD_TICKET, ISSUE, TASK
from orchestrator.sync.shapes import Section

SECTIONS: tuple[Section, ...] = ("tickets", "tasks", "documents", "appointments")
LINK_FIELD = "client"


class LinkedDocType(NamedTuple):
	"""A DocType whose records refer to a client.

	Attributes:
		section: The section that lists the records.
		doctype: The DocType.
		title: The field with the title.
		due: Fields of which the first that exists holds the due date, or the date of an appointment.
		states: Fields of which the first that exists holds the state.
		closed: Values of the state in which nothing is left to do.
		overdue_at: The moment before which a due date is past, None where nothing gets overdue.
		link: The SQL condition of the records of a client.
		link_fields: The fields in that condition.
	"""

	section: Section
	doctype: str
	title: str
	due: tuple[str, ...] = ()
	states: tuple[str, ...] = ("status",)
	closed: tuple[str, ...] = ()
	overdue_at: Literal["now", "today"] | None = None
	link: str = f"{LINK_FIELD} = %(client)s"
	link_fields: tuple[str, ...] = (LINK_FIELD,)


# The first DocType of a section that the reader may create is the one that its button creates.
LINKED_DOCTYPES = (
	LinkedDocType(
		"tickets",
		ISSUE,
		"subject",
		due=("sla_resolution_by", "resolution_by"),
		closed=("Resolved", "Closed"),
		overdue_at="now",
	),
	LinkedDocType(
		"tickets",
		HD_TICKET,
		"subject",
		due=("resolution_by",),
		states=("status_category", "status"),
		closed=("Resolved", "Closed"),
		overdue_at="now",
	),
	LinkedDocType(
		"tasks",
		TASK,
		"subject",
		due=("exp_end_date",),
		closed=("Completed", "Cancelled"),
		overdue_at="today",
		link=f"{LINK_FIELD} = %(client)s AND is_template = 0",
	),
	LinkedDocType("documents", DOCUMENT, "title", closed=("Archived",)),
	LinkedDocType(
		"appointments",
		EVENT,
		"subject",
		due=("starts_on",),
		closed=("Completed", "Closed", "Cancelled"),
		link="name IN (SELECT parent FROM `tabEvent Participants` WHERE parenttype = 'Event'"
		" AND reference_doctype = 'Client' AND reference_docname = %(client)s)",
		link_fields=("event_participants",),
	),
	LinkedDocType(
		"appointments",
		APPOINTMENT,
		"customer_name",
		due=("scheduled_time",),
		closed=("Closed",),
		link="appointment_with = 'Client' AND party = %(client)s",
		link_fields=("appointment_with", "party"),
	),
)
