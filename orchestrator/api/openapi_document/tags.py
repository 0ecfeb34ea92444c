"""The tags that group the endpoints of the document."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Tag(NamedTuple):
	"""A group of endpoints."""

	name: str
	description: str


REPORTS = Tag("Reports", "Reports as rows, as files and by mail, and dashboards with their metrics.")
BULK = Tag("Bulk operations", "Assign, delete, or create and change many records in one call.")
HR = Tag("HR", "Check-ins, leave, leave balances, and who is out.")
SYNC = Tag("Kipu sync", "Import clients from Kipu, look after runs, issues and connections.")
API = Tag("API", "This document, and the caller's own use of the API.")
# Package or module of the endpoints -> tag, in the order of the document.
TAG_BY_MODULE = {
	"orchestrator.api.generic": Tag("Records", "Read, create, change and delete the records of any DocType."),
	"orchestrator.api.batches": Tag("Batches", "Many calls in one request."),
	"orchestrator.api.bulk": BULK,
	"orchestrator.api.upserts": BULK,
	"orchestrator.api.changes": Tag("Change feed", "Keep a copy of records up to date."),
	"orchestrator.api.search": Tag(
		"Search", "Find clients, documents and records of other apps by their words."
	),
	"orchestrator.api.uploads": Tag("Files", "Upload files, also into the document library."),
	"orchestrator.crm": Tag("CRM", "Leads and the pipeline of opportunities."),
	"orchestrator.hr": HR,
	"orchestrator.hr.my_day": HR,
	"orchestrator.hr.calendar_feed": HR,
	"orchestrator.helpdesk": Tag("Helpdesk", "Tickets, their comments and their service levels."),
	"orchestrator.docs": Tag("Documents", "Documents, their versions, check-out, search and audit trail."),
	"orchestrator.gameplan": Tag(
		"Sprints", "Sprints: start, close, board, backlog, burndown, flow, capacity and velocity."
	),
	"orchestrator.insights": REPORTS,
	"orchestrator.insights.subscriptions": REPORTS,
	"orchestrator.api.reports": REPORTS,
	"orchestrator.sync": SYNC,
	"orchestrator.sync.connection_wizard": SYNC,
	"orchestrator.privacy": Tag("Access log", "Who got which private record, and what is unusual about it."),
	"orchestrator.api.webhooks": Tag(
		"Webhooks", "Have records sent to a URL when something happens to them."
	),
	"orchestrator.api.keys": Tag("API keys", "Keys of users for the API, and what each may do."),
	"orchestrator.api.openapi": API,
	"orchestrator.api.usage": API,
}


def get_tag(function: Callable[..., Any]) -> Tag:
	"""Return the tag of an endpoint."""
	return TAG_BY_MODULE[function.__module__]


def build_tags() -> list[dict[str, str]]:
	"""Return the tags, each once."""
	return [tag._asdict() for tag in dict.fromkeys(TAG_BY_MODULE.values())]
