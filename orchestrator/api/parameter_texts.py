"""What the OpenAPI document says of parameters and refusals: a docstring's own words first, else what a name always means."""

import inspect
import re
from collections.abc import Callable
from typing import Any

SECTION_PATTERN = re.compile(r"^(Args|Parameters):\s*$", re.MULTILINE)
ARGUMENT_PATTERN = re.compile(r"^\s+(\w+):\s+(.+)$")
STATUS_PATTERN = re.compile(r"(\w+) \((4\d\d|5\d\d)\)")
COMMON_ERRORS = {
	"400": "A parameter is missing, unknown, or of the wrong type.",
	"401": "The caller is not signed in, or the credentials are wrong.",
	"403": "The caller may not do this.",
	"429": "Too many requests. Retry-After gives the seconds to wait.",
}
# One word, one meaning: these parameters mean the same in every call.
DESCRIPTIONS = {
	"timeout": "Seconds to wait for the receiver's response, from 1 to 60.",
	"as_dict": "true (default): rows as objects. false: rows as arrays of their values, in the order of `keys`.",
	"assigned_to": "The user whom the records are assigned to.",
	"atomic": "true: change all records or none. false: change each record independently.",
	"background": "true: run in a background job. false: run within the request. Default: by expected duration.",
	"base_version": "The version on which the new one is based; 409 if there is a newer one.",
	"casefile_id": "The casefile ID of a record in Kipu.",
	"connection": "The name of a Kipu Connection; may be omitted if there is only one.",
	"dashboard": "The name of the dashboard, or the title of an Insights dashboard.",
	"cc": "Addresses that receive a copy, as a list. If omitted, those whom the customer copied; [] for nobody.",
	"date": "A date as YYYY-MM-DD. Default: today.",
	"day_of_week": "The day of a weekly email, such as Monday.",
	"days": "Number of days back, from 1 to 730. Default: 30.",
	"debug": "Accepted for Frappe's own clients; has no effect.",
	"doc": "The record as an object with its doctype. Alternatively, send the fields in the body itself.",
	"doctype": "The DocType of the record or records.",
	"document": "The name of the document.",
	"dry_run": "true: report what would change, and change nothing.",
	"employee": "The name of the employee. Default: the caller's own employee record.",
	"employees": "Names of employees, as a list. Default: all that the caller may see.",
	"encoding": "base64 if `file` is encoded so; omit for text.",
	"events": "The document events that call the webhook, as a list.",
	"expand": "Link fields whose linked records are included, as a list.",
	"fieldname": "The field to change, or an object of fields and values.",
	"fields": "The fields of each row, as a list; \"*\" for all.",
	"file": "The content: text, or base64 with encoding=base64, or a data URL.",
	"file_name": "The name of the file, with its extension.",
	"filters": "Conditions: an object of fields and values, or a list of [field, operator, value].",
	"first": "The number of the version to compare.",
	"folder": "The name of the folder.",
	"force": "true: also if somebody else has checked the document out.",
	"format": "The format of the file: pdf, xlsx, csv, json or html.",
	"frequency": "How often: Daily, Weekdays, Weekly or Monthly.",
	"from_date": "The first day, as YYYY-MM-DD.",
	"group_by": "The field by which rows are grouped.",
	"half_day": "true: half a day.",
	"half_day_date": "The date of the half day, as YYYY-MM-DD.",
	"ignore_prepared_report": "true: run the report now, even if it is normally prepared in the background.",
	"is_internal": "true: an internal note. false: a reply to the customer.",
	"issue": "The name of the ticket.",
	"issues": "Names of Sync Issues, as a list.",
	"items": "Names of metrics of the dashboard, as a list. Default: all.",
	"attachments": "Names or URLs of files to attach, as a list.",
	"latitude": "Latitude of the check-in or check-out, from -90 to 90 degrees.",
	"leave_application": "The name of the leave application.",
	"leave_type": "The name of the leave type.",
	"limit": "Maximum number of rows.",
	"limit_page_length": "Number of rows per page.",
	"limit_start": "Number of rows to skip.",
	"location": "Place of the check-in or check-out, as text or as an object with latitude and longitude.",
	"longitude": "Longitude of the check-in or check-out, from -180 to 180 degrees.",
	"lost_reasons": "Reasons why the opportunity was lost, as a list.",
	"manager": "The name of the employee whose team is requested. Default: the caller.",
	"message": "The text of the comment or reply.",
	"metric": "The name of the metric.",
	"name": "The name (ID) of the record; a list of names in bulk calls.",
	"new_status": "The stage or status to move to.",
	"next_sprint": "The sprint to which unfinished tasks move.",
	"note": "A remark on the decision.",
	"notes": "A remark on the change.",
	"operation": "The name of the bulk operation.",
	"opportunity": "The name of the opportunity.",
	"or_filters": "Conditions of which at least one must hold, in the form of `filters`.",
	"order_by": "Fields to sort by, each with asc or desc.",
	"parent": "The DocType of the record to which a child row belongs.",
	"period": "How from_date and to_date advance: daily, weekly, monthly, quarterly, half yearly or yearly.",
	"project": "The name of the project.",
	"query": "The search terms.",
	"reason": "The reason, as text.",
	"recipients": "Users to whom the report is emailed, as a list. Default: the caller.",
	"relation": "How the caller is related to the tickets.",
	"report_name": "The name of the report.",
	"request_method": "The HTTP method of the webhook's requests.",
	"request_url": "The URL that the webhook calls.",
	"run": "The name of the run.",
	"second": "The number of the version to compare with.",
	"send_mail": "true: also send the report by email.",
	"since_date": "The date from which changes are read, as YYYY-MM-DD.",
	"sprint": "The name of the sprint.",
	"sprints": "Number of latest sprints.",
	"status": "The status to filter by.",
	"sync_type": "full (all records) or incremental (changes since the last sync).",
	"tags": "All tags that the document is to have, as a list.",
	"team": "The name of the team.",
	"timestamp": "Time of the check-in or check-out, as YYYY-MM-DD HH:MM:SS. Default: now.",
	"to_approve": "true: applications that wait for the caller's approval.",
	"to_date": "The last day, as YYYY-MM-DD.",
	"user": "The user whose records are included. Default: all that the caller may see.",
	"value": "The new value of `fieldname`.",
	"version": "The version number. Default: the current version.",
	"version_notes": "What changed in this version.",
	"webhook_headers": "Headers of the webhook's requests, as a list of {key, value}.",
	"webhook_name": "The name of the webhook.",
}  # fmt: skip


def get_descriptions(function: Callable[..., Any]) -> dict[str, str]:
	"""Return what each parameter of a function means."""
	return {**DESCRIPTIONS, **_parse_arguments(inspect.cleandoc(function.__doc__ or ""))}


def _parse_arguments(docstring: str) -> dict[str, str]:
	"""Return the lines of a docstring's Args."""
	found = SECTION_PATTERN.search(docstring)
	if not found:
		return {}
	block = docstring[found.end() :].split("\n\n")[0]
	return {match[1]: match[2] for line in block.splitlines() if (match := ARGUMENT_PATTERN.match(line))}


def parse_errors(function: Callable[..., Any]) -> dict[str, str]:
	"""Return status and error classes of the refusals that a docstring names."""
	classes: dict[str, list[str]] = {}
	for name, status in STATUS_PATTERN.findall(" ".join((function.__doc__ or "").split())):
		classes.setdefault(status, []).append(name)
	return {status: ", ".join(dict.fromkeys(names)) for status, names in classes.items()}
