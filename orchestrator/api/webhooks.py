"""Webhook subscriptions: Frappe's own Webhook documents, one per event."""

from typing import Annotated, Any

import frappe
from frappe import _, _lt

from orchestrator.api import webhook_targets
from orchestrator.api.endpoint import CREATE, endpoint
from orchestrator.api.lists import parse_json
from orchestrator.api.schema_types import Bounded, ListOf, OneOf
from orchestrator.api.shapes import CreatedWebhook, CreatedWebhooks
from orchestrator.exceptions import InvalidRequestError, refuse

FULL_DOCUMENT = "{{ doc | json }}"
CONTENT_TYPE = "Content-Type"
DEFAULT_TIMEOUT_SECONDS = 30
MAX_TIMEOUT_SECONDS = 60

Header = dict[str, str]


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Webhook created"), effect=CREATE)
def create(
	doctype: str,
	webhook_name: str,
	events: Annotated[str | list, ListOf(1)],
	request_url: str,
	request_method: Annotated[str, OneOf("POST", "PUT", "DELETE")] = "POST",
	webhook_headers: str | list | None = None,
	timeout: Annotated[int | None, Bounded(1, MAX_TIMEOUT_SECONDS)] = None,
) -> CreatedWebhooks:
	"""Create webhooks that send each record of a DocType as JSON when an event happens.

	All Webhooks are created or none: one per event.

	Args:
		doctype: DocType whose records are sent.
		webhook_name: Name of the webhook; with several events, `<webhook_name>-<event>` of each.
		events: Document events that call the webhook, as a list, such as after_insert.
		request_url: URL that the webhook calls. It begins with https:// and leads to a public address, unless the site allows others.
		request_method: HTTP method of the requests. Default: POST.
		webhook_headers: Headers of the requests, as a list of {header_key, header_value}.
		timeout: Seconds to wait for the receiver's response. Default: 30.

	Returns:
		The webhooks that were created, and `warnings` if the host of the URL is not known at this moment.

	Permissions:
		System Manager.

	Raises:
		PermissionError: 403. The caller may not create webhooks.
		InvalidRequestError: 400. events, webhook_headers or timeout is malformed.
		DuplicateEntryError: 409. There is a webhook of that name.
		LinkValidationError: 422. There is no such DocType.
		ValidationError: 422. The event or the HTTP method is unknown.
		InvalidWebhookTargetError: 422. The URL is not allowed.
	"""
	frappe.has_permission("Webhook", "create", throw=True)
	if not frappe.db.exists("DocType", doctype):
		refuse(_("There is no DocType {0}.").format(doctype), frappe.LinkValidationError)
	event_names = _parse_events(events)
	headers = _parse_headers(webhook_headers)
	method = _check_option("request_method", request_method.upper())
	seconds = _parse_timeout(timeout)
	webhooks: list[CreatedWebhook] = []
	for event in event_names:
		name = webhook_name if len(event_names) == 1 else f"{webhook_name}-{event}"
		_insert_webhook(name, event, doctype, request_url.strip(), method, headers, seconds)
		webhooks.append({"name": name, "event": event})
	created: CreatedWebhooks = {
		"doctype": doctype,
		"request_url": request_url,
		"request_method": method,
		"webhooks": webhooks,
	}
	if not webhook_targets.is_resolvable(request_url):
		created["warnings"] = [webhook_targets.build_unknown_host_warning(request_url)]
	return created


def _parse_timeout(timeout: int | None) -> int:
	"""Return the timeout in seconds. 400 if three attempts would exceed the time limit of Frappe's job."""
	seconds = DEFAULT_TIMEOUT_SECONDS if timeout is None else timeout
	if not 1 <= seconds <= MAX_TIMEOUT_SECONDS:
		refuse(_("timeout must be from 1 to {0} seconds.").format(MAX_TIMEOUT_SECONDS), InvalidRequestError)
	return seconds


def _parse_events(events: str | list) -> list[str]:
	"""Return the requested events, each once. 400 if it is not a list of names, 422 for an event that Frappe
	does not have.
	"""
	names = (
		parse_json("events", events)
		if isinstance(events, str) and events.lstrip().startswith("[")
		else events
	)
	if isinstance(names, str):
		names = [names]
	if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
		refuse(_("events must be a list of event names, such as after_insert."), InvalidRequestError)
	return [_check_option("webhook_docevent", name) for name in dict.fromkeys(names)]


def _check_option(fieldname: str, value: str) -> str:
	"""Return `value` if it is an option of the Webhook's field. 422 naming the options otherwise."""
	field = frappe.get_meta("Webhook").get_field(fieldname)
	options = field.options.split("\n")
	if value not in options:
		refuse(
			_("{0} is not a valid {1} of a webhook. Use one of {2}.").format(
				value, _(field.label), ", ".join(options)
			),
			frappe.ValidationError,
		)
	return value


def _parse_headers(value: Any) -> list[Header]:
	"""Return the headers as rows of a Webhook. The content type is JSON unless the caller sets another one."""
	rows = parse_json("webhook_headers", value) or []
	if not isinstance(rows, list):
		refuse(_("webhook_headers must be a list of {header_key, header_value}."), InvalidRequestError)
	headers = [_parse_header(row) for row in rows]
	if not any(header["key"].lower() == CONTENT_TYPE.lower() for header in headers):
		headers.append({"key": CONTENT_TYPE, "value": "application/json"})
	return headers


def _parse_header(row: Any) -> Header:
	"""Return one header. 400 if it is incomplete or contains a line break."""
	row = row if isinstance(row, dict) else {}
	key, value = row.get("header_key", ""), row.get("header_value", "")
	if not all(isinstance(text, str) and text.strip() and text.isprintable() for text in (key, value)):
		refuse(
			_("Each entry in webhook_headers needs a header_key and a header_value, each on a single line."),
			InvalidRequestError,
		)
	return {"key": key.strip(), "value": value.strip()}


def _insert_webhook(
	name: str, event: str, doctype: str, url: str, method: str, headers: list[Header], timeout: int
) -> None:
	"""Insert one Webhook, with Frappe's own permissions and validation."""
	frappe.get_doc(
		{
			"doctype": "Webhook",
			"__newname": name,
			"webhook_doctype": doctype,
			"webhook_docevent": event,
			"enabled": 1,
			"request_url": url,
			"request_method": method,
			"timeout": timeout,
			"request_structure": "JSON",
			"webhook_json": FULL_DOCUMENT,
			"webhook_headers": headers,
			"public_target_only": 1,
		}
	).insert()
