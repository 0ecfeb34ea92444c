"""What the OpenAPI document says of parameters and refusals: a docstring's own words first, else what a name always means."""

import inspect
import re
from collections.abc import Callable
from typing import Any

SECTION = re.compile(r"^(Args|Parameters):\s*$", re.MULTILINE)
ARGUMENT = re.compile(r"^\s+(\w+):\s+(.+)$")
STATUS = re.compile(r"(\w+) \((4\d\d|5\d\d)\)")
COMMON_ERRORS = {
	"400": "A parameter is missing, unknown, or of the wrong type.",
	"401": "Nobody is signed in, or the credentials are wrong.",
	"403": "The caller may not do this.",
	"429": "Too many requests; Retry-After says when the next one is let in.",
}
# One word, one meaning: these parameters mean the same in every call.
MEANINGS = {
	"timeout": "Seconds that a delivery waits for the receiver's answer, from 1 to 60.",
	"as_dict": "true (default): rows as objects. false: rows as arrays of their values, in the order of `keys`.",
	"assigned_to": "The user whom the records are assigned to.",
	"atomic": "true: all records or none. false: each record for itself.",
	"background": "true: in a job. false: within the request. Left out: by how long it takes.",
	"base_version": "The version that the new one is made from; 409 where a newer one is there.",
	"casefile_id": "The id of a record in Kipu.",
	"connection": "The name of a Kipu Connection; the only one where it is left out.",
	"dashboard": "The name of the dashboard; of an Insights dashboard also its title.",
	"cc": "Who gets a copy, as a list of addresses; whom the customer copied where it is left out, [] for nobody.",
	"date": "A day as YYYY-MM-DD; today where it is left out.",
	"day_of_week": "The day of a weekly mail, such as Monday.",
	"days": "How many days back, from 1 to 730; 30 where it is left out.",
	"debug": "Taken from Frappe's own clients; changes nothing.",
	"doc": "The record as an object, with its doctype; or the fields stand in the body themselves.",
	"doctype": "The DocType of the record or records.",
	"document": "The name of the document.",
	"dry_run": "true: say what would change, and change nothing.",
	"employee": "The name of the employee; the caller's own where it is left out.",
	"employees": "Names of employees, as a list; all that the caller may see where it is left out.",
	"encoding": "base64 where `file` is so encoded; left out for text.",
	"events": "The document events that call the webhook, as a list.",
	"expand": "Link fields whose records are given along, as a list.",
	"fieldname": "The field to change, or an object of fields and values.",
	"fields": "The fields of each row, as a list; \"*\" for all.",
	"file": "The content: text, or base64 with encoding=base64, or a data URL.",
	"file_name": "The name of the file, with its extension.",
	"filters": "Conditions: an object of fields and values, or a list of [field, operator, value].",
	"first": "The version to compare, by its number.",
	"folder": "The name of the folder.",
	"force": "true: also where somebody else has checked the document out.",
	"format": "The format of the file: pdf, xlsx, csv, json or html.",
	"frequency": "How often: Daily, Weekdays, Weekly or Monthly.",
	"from_date": "The first day, as YYYY-MM-DD.",
	"group_by": "The field by which rows are grouped.",
	"half_day": "true: half a day.",
	"half_day_date": "The day of which half is taken, as YYYY-MM-DD.",
	"ignore_prepared_report": "true: run the report now, also where it is prepared in the background.",
	"is_internal": "true: a note among colleagues. false: a reply to the customer.",
	"issue": "The name of the ticket.",
	"issues": "Names of Sync Issues, as a list.",
	"items": "Names of metrics of the dashboard, as a list; all of them where it is left out.",
	"attachments": "Names or addresses of files that go along, as a list.",
	"latitude": "Where the punch was made: degrees from -90 to 90.",
	"leave_application": "The name of the leave application.",
	"leave_type": "The name of the leave type.",
	"limit": "How many rows at most.",
	"limit_page_length": "How many rows a page has.",
	"limit_start": "How many rows are left out before the first.",
	"location": "Where the punch was made, in words.",
	"longitude": "Where the punch was made: degrees from -180 to 180.",
	"lost_reasons": "Why the opportunity was lost, as a list.",
	"manager": "The name of the employee whose team is asked for; the caller where it is left out.",
	"message": "The text of the comment or reply.",
	"metric": "The name of the metric.",
	"name": "The name (id) of the record; of calls for many records a list of names.",
	"new_status": "The stage or status to move to.",
	"next_sprint": "The sprint that takes over what is not done.",
	"note": "A remark on the decision.",
	"notes": "A remark on the change.",
	"operation": "The name of the bulk operation.",
	"opportunity": "The name of the opportunity.",
	"or_filters": "Conditions of which one must hold, in the form of `filters`.",
	"order_by": "Fields to sort by, each with asc or desc.",
	"parent": "The DocType of the record that a child row belongs to.",
	"period": "How from_date and to_date move along: daily, weekly, monthly, quarterly, half yearly or yearly.",
	"project": "The name of the project.",
	"query": "The words to look for.",
	"reason": "Why, in words.",
	"recipients": "Users whom the report is mailed to, as a list; the caller where it is left out.",
	"relation": "How the caller is related to the tickets.",
	"report_name": "The name of the report.",
	"request_method": "The HTTP method of the webhook's requests.",
	"request_url": "The address that the webhook calls.",
	"run": "The name of the run.",
	"second": "The version to compare with, by its number.",
	"send_mail": "true: also by mail.",
	"since_date": "The day from which changes are read, as YYYY-MM-DD.",
	"sprint": "The name of the sprint.",
	"sprints": "How many sprints back.",
	"status": "The status that the records have.",
	"sync_type": "What is read: full or incremental.",
	"tags": "The tags that the document has from now on, as a list.",
	"team": "The name of the team.",
	"timestamp": "When the punch was made, as YYYY-MM-DD HH:MM:SS; now where it is left out.",
	"to_approve": "true: applications that wait for the caller's decision.",
	"to_date": "The last day, as YYYY-MM-DD.",
	"user": "The user whose records count; all that the caller may see where it is left out.",
	"value": "The new value of `fieldname`.",
	"version": "The version, by its number; the current one where it is left out.",
	"version_notes": "What is new in the version.",
	"webhook_headers": "Headers of the webhook's requests, as a list of {key, value}.",
	"webhook_name": "The name of the webhook.",
}  # fmt: skip


def descriptions_of(function: Callable[..., Any]) -> dict[str, str]:
	"""Return what each parameter of a function means."""
	return {**MEANINGS, **_arguments_of(inspect.cleandoc(function.__doc__ or ""))}


def _arguments_of(docstring: str) -> dict[str, str]:
	"""Return the lines of a docstring's Args."""
	found = SECTION.search(docstring)
	if not found:
		return {}
	block = docstring[found.end() :].split("\n\n")[0]
	return {match[1]: match[2] for line in block.splitlines() if (match := ARGUMENT.match(line))}


def errors_of(function: Callable[..., Any]) -> dict[str, str]:
	"""Return status and error classes of the refusals that a docstring names."""
	classes: dict[str, list[str]] = {}
	for name, status in STATUS.findall(" ".join((function.__doc__ or "").split())):
		classes.setdefault(status, []).append(name)
	return {status: ", ".join(dict.fromkeys(names)) for status, names in classes.items()}
