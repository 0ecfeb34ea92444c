"""Webhook subscriptions: Frappe's own Webhook documents, one per event."""

from typing import Annotated, Any

import frappe
from frappe import _, _lt

from orchestrator.api import webhook_replays, webhook_secrets, webhook_targets
from orchestrator.api.endpoint import CREATE, WRITE, endpoint
from orchestrator.api.lists import parse_json
from orchestrator.api.schema_types import Bounded, Formatted, ListOf, OneOf
from orchestrator.api.shapes import CreatedWebhook, CreatedWebhooks, ReplayedDeliveries, RotatedSecret
from orchestrator.api.webhook_deliveries import STATUSES
from orchestrator.api.webhook_requests import DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS
from orchestrator.api.webhook_signatures import generate_secret
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.private_doctypes import get_private_doctypes

FULL_DOCUMENT = "{{ doc | json }}"
# What a webhook with a thin body sends where a site turns reliable delivery off.
NAME_ALONE = '{"doctype": {{ doc.doctype | json }}, "name": {{ doc.name | json }}}'
CONTENT_TYPE = "Content-Type"
DEFAULT_OVERLAP_HOURS = 24
MAX_OVERLAP_HOURS = 168

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
	thin_body: bool | None = None,
) -> CreatedWebhooks:
	"""Create webhooks that send each record of a DocType as JSON when an event happens.

	All Webhooks are created or none: one per event. Deliveries are signed as Standard Webhooks specifies; those that fail are repeated for three days, and the events of a record are delivered in their order.

	Args:
		doctype: DocType whose records are sent.
		webhook_name: Name of the webhook; with several events, `<webhook_name>-<event>` of each.
		events: Document events that call the webhook, as a list, such as after_insert.
		request_url: URL that the webhook calls. It begins with https:// and leads to a public address, unless the site allows others.
		request_method: HTTP method of the requests. Default: POST.
		webhook_headers: Headers of the requests, as a list of {header_key, header_value}.
		timeout: Seconds to wait for the receiver's response. Default: 30.
		thin_body: true: send the event, the record's name and the names of its changed fields, but no values. false: send the whole record. Default: true for private DocTypes such as Client and Client Stay and for those that the caller may not read, otherwise false.

	Returns:
		The webhooks that were created, each with the secret that signs its deliveries, and `warnings` if the host of the URL is not known at this moment.

	Permissions:
		System Manager. With whole records, also permission to read the DocType.

	Raises:
		PermissionError: 403. The caller may not create webhooks, or not send whole records of the DocType.
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
	is_thin = _is_thin(doctype) if thin_body is None else bool(thin_body)
	values: dict[str, Any] = {
		"webhook_doctype": doctype,
		"request_url": request_url.strip(),
		"request_method": _check_option("request_method", request_method.upper()),
		"timeout": _parse_timeout(timeout),
		"webhook_headers": _parse_headers(webhook_headers),
		"thin_body": int(is_thin),
	}
	created: CreatedWebhooks = {
		"doctype": doctype,
		"request_url": request_url,
		"request_method": values["request_method"],
		"thin_body": is_thin,
		"webhooks": [
			_insert_webhook(
				webhook_name if len(event_names) == 1 else f"{webhook_name}-{event}", event, values
			)
			for event in event_names
		],
	}
	if not webhook_targets.is_resolvable(request_url):
		created["warnings"] = [webhook_targets.build_unknown_host_warning(request_url)]
	return created


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Secret rotated"), effect=WRITE)
def rotate_secret(
	webhook: str,
	overlap_hours: Annotated[int, Bounded(0, MAX_OVERLAP_HOURS)] = DEFAULT_OVERLAP_HOURS,
) -> RotatedSecret:
	"""Give a webhook a new signing secret.

	During the overlap, deliveries have a signature by each of the two secrets, so that the receiver can change to the new one.

	Args:
		webhook: Name of the webhook.
		overlap_hours: Hours during which the previous secret signs as well. Default: 24.

	Returns:
		The new secret, and until when the previous one signs.

	Permissions:
		Whoever may write the webhook.

	Raises:
		PermissionError: 403. The caller may not write webhooks.
		DoesNotExistError: 404. There is no such webhook.
		InvalidRequestError: 400. overlap_hours is out of range.
		ConflictError: 409. The webhook does not have reliable delivery.
	"""
	doc = webhook_replays.get_writable_webhook(webhook)
	if not 0 <= overlap_hours <= MAX_OVERLAP_HOURS:
		refuse(_("overlap_hours must be from 0 to {0}.").format(MAX_OVERLAP_HOURS), InvalidRequestError)
	secret, expiry = webhook_secrets.rotate_secret(doc, overlap_hours)
	return {"webhook": doc.name, "secret": secret, "previous_valid_until": expiry}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Deliveries queued again"), effect=WRITE)
def replay_deliveries(
	webhook: str,
	delivery: int | None = None,
	from_time: Annotated[str | None, Formatted("date-time")] = None,
	to_time: Annotated[str | None, Formatted("date-time")] = None,
	status: Annotated[str | None, OneOf(*STATUSES)] = None,
) -> ReplayedDeliveries:
	"""Send deliveries of a webhook again: one of them, or those of a range of time.

	Each is sent with its original id and body, in the order of the events, and repeated for three days if it fails.

	Args:
		webhook: Name of the webhook.
		delivery: Name of one Webhook Delivery.
		from_time: Beginning of the range in which the events happened, with or without a zone.
		to_time: End of the range. Default: now.
		status: Only deliveries with this status. Default: all.

	Returns:
		The number of deliveries that are sent again.

	Permissions:
		Whoever may write the webhook.

	Raises:
		PermissionError: 403. The caller may not write webhooks.
		DoesNotExistError: 404. There is no such webhook, or it has no such delivery.
		InvalidRequestError: 400. Neither delivery nor from_time was sent, or both, or a value is malformed.
		ConflictError: 409. The webhook is disabled, or the payload of the delivery is no longer available.
		ValidationError: 422. The range holds more than 10000 deliveries.
	"""
	doc = webhook_replays.get_writable_webhook(webhook)
	names = webhook_replays.find_deliveries(doc, delivery, from_time, to_time, status)
	return {"webhook": doc.name, "replayed": webhook_replays.replay(doc, names)}


def _is_thin(doctype: str) -> bool:
	"""Return whether webhooks of a DocType send no values unless the caller asks for them."""
	return doctype in get_private_doctypes() or not frappe.has_permission(doctype, "read")


def _parse_timeout(timeout: int | None) -> int:
	"""Return the seconds a receiver may take. 400 for a number out of range."""
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


def _insert_webhook(name: str, event: str, values: dict[str, Any]) -> CreatedWebhook:
	"""Insert one Webhook, with Frappe's own permissions and validation."""
	secret = generate_secret()
	frappe.get_doc(
		{
			"doctype": "Webhook",
			"__newname": name,
			**values,
			"webhook_docevent": event,
			"enabled": 1,
			"request_structure": "JSON",
			"webhook_json": NAME_ALONE if values["thin_body"] else FULL_DOCUMENT,
			"public_target_only": 1,
			"reliable_delivery": 1,
			"signing_secret": secret,
		}
	).insert()
	return {"name": name, "event": event, "secret": secret}
