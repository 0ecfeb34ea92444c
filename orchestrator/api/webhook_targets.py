"""Allowed targets of webhooks made by the API: https, at public addresses, unless the site allows its own
network.

Checked when a webhook is saved and before each delivery, because a name may resolve to another address by
then, or to none yet: the webhook is saved with a warning. Reliable delivery checks each connection as well, and follows
no redirect. Frappe's own delivery, which a site may choose for a webhook, follows redirects.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import frappe
from frappe import _
from frappe.integrations.doctype.webhook.webhook import Webhook, log_request
from frappe.model.document import Document

from orchestrator.api.webhook_delivery import DELIVERY_METHOD
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidWebhookTargetError, refuse

NAT64_NETWORK = ipaddress.IPv6Network("64:ff9b::/96")
# Networks without public servers that Python, or some of its versions, counts as global.
SPECIAL_NETWORKS = tuple(
	ipaddress.ip_network(block)
	for block in (
		"::/96",  # IPv4-compatible, deprecated: the last 32 bits are an IPv4 address
		"::ffff:0:0:0/96",  # IPv4-translated
		"64:ff9b:1::/48",  # NAT64 of a local network
		"100::/64",  # discard only
		"2001::/23",  # protocol assignments, Teredo among them
		"2001:db8::/32",  # documentation
		"3fff::/20",  # documentation
		"5f00::/16",  # segment routing
		"fec0::/10",  # site-local, deprecated
		"0.0.0.0/8",
		"100.64.0.0/10",  # shared by the customers of a carrier
		"192.0.0.0/24",  # protocol assignments
		"192.88.99.0/24",  # relays of 6to4, deprecated
		"198.18.0.0/15",  # benchmarks
		"240.0.0.0/4",  # reserved
	)
)
ALLOWED_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_on_save(webhook: Webhook, _method: str | None = None) -> None:
	"""Handle the hook Webhook.validate. Webhooks made in Desk are not checked."""
	if not is_restricted(webhook):
		return
	if is_resolvable(webhook.request_url):
		check_url(webhook.request_url)
	else:
		frappe.msgprint(build_unknown_host_warning(webhook.request_url), indicator="orange")


def is_restricted(webhook: Webhook) -> bool:
	"""Return True for a webhook that may only be sent to an allowed address."""
	return bool(webhook.public_target_only or webhook.get("reliable_delivery"))


def is_resolvable(url: str) -> bool:
	"""Return True if the host of a well-formed `url` resolves at this moment. Raises
	InvalidWebhookTargetError (422) for any other URL, and for one whose scheme or name no delivery could use.
	"""
	parts = _parse_url(url)
	if parts.scheme != "https" and not get_settings().allow_private_webhook_targets:
		_refuse_scheme()
	try:
		socket.getaddrinfo(parts.hostname, parts.port or ALLOWED_PORTS[parts.scheme], type=socket.SOCK_STREAM)
	except OSError:
		return False
	except UnicodeError:
		_refuse_unknown_host(parts)
	return True


def build_unknown_host_warning(url: str) -> str:
	"""Return the warning about a host that does not resolve at this moment."""
	return _(
		"The host {0} of request_url cannot be found at the moment. Check its name: it is looked up again for each delivery, and nothing is sent while it cannot be found."
	).format(_parse_url(url).hostname)


def check_before_delivery(method: str, kwargs: dict[str, Any] | None, transaction_type: str) -> None:
	"""Handle the hook before_job: end the job of a delivery to a private address, and log that."""
	if transaction_type != "job" or method != DELIVERY_METHOD or not kwargs:
		return
	try:
		check_target(kwargs["webhook"].get("name"), kwargs["doc"])
	except InvalidWebhookTargetError:
		frappe.db.commit()  # the job ends here
		raise


def check_target(webhook: str, doc: Document) -> None:
	"""Raise InvalidWebhookTargetError (422), and log the delivery of `doc`, if a webhook made by the API may
	not be sent to its address.
	"""
	url = frappe.db.get_value("Webhook", {"name": webhook, "public_target_only": 1}, "request_url")
	if not url:
		return
	try:
		check_url(url)
	except InvalidWebhookTargetError:
		_log_refusal(webhook, doc, url)
		raise


def _log_refusal(webhook: str, doc: Document, url: str) -> None:
	"""Write the refused delivery into Frappe's log. frappe.call drops `doctype`, which Frappe 15 does not
	accept.
	"""
	record = {"doctype": doc.doctype, "docname": doc.name}
	frappe.call(log_request, webhook=webhook, url=url, headers={}, data={}, **record)


def check_url(url: str) -> None:
	"""Raise InvalidWebhookTargetError (422) for a URL that is not a public https address. If the site allows
	private ones, https anywhere and http within the site's own network are accepted.
	"""
	parts = _parse_url(url)
	private_allowed = get_settings().allow_private_webhook_targets
	if parts.scheme == "https" and private_allowed:
		return
	if parts.scheme != "https" and not private_allowed:
		_refuse_scheme()
	for address in _resolve_host(parts):
		if is_public(address) != (parts.scheme == "https"):
			_refuse_address(parts)


def build_address_check(url: str) -> Callable[[Address], bool]:
	"""Return a check of the address that a connection for `url` has reached, by the rules of `check_url`. It needs no site."""
	is_secure = urlsplit(url.strip()).scheme == "https"
	if is_secure and get_settings().allow_private_webhook_targets:
		return lambda _address: True
	return lambda address: is_public(address) == is_secure


def _parse_url(url: str) -> SplitResult:
	"""Return the parts of `url`.

	Raises InvalidWebhookTargetError if it is no http address of a host, or carries a login.
	"""
	try:
		parts = urlsplit(url.strip())
		valid = (
			parts.scheme in ALLOWED_PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
		)
	except ValueError:
		valid = False
	# a backslash or blank in the host is read one way here and another way by an HTTP client
	if not valid or any(character in url.strip() for character in "\\ \t\r\n"):
		refuse(
			_("request_url must be a complete address such as https://example.com/hook."),
			InvalidWebhookTargetError,
		)
	if parts.username is not None or parts.password is not None:
		refuse(
			_(
				"request_url must not contain a user name or password. Send them in webhook_headers, as Authorization."
			),
			InvalidWebhookTargetError,
		)
	return parts


def _resolve_host(parts: SplitResult) -> list[Address]:
	"""Return all addresses of the host."""
	try:
		address_infos = socket.getaddrinfo(
			parts.hostname, parts.port or ALLOWED_PORTS[parts.scheme], type=socket.SOCK_STREAM
		)
	except (OSError, UnicodeError):
		_refuse_unknown_host(parts)
	return [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in address_infos]


def _refuse_scheme() -> NoReturn:
	refuse(_("The webhook's request_url must begin with https://."), InvalidWebhookTargetError)


def _refuse_unknown_host(parts: SplitResult) -> NoReturn:
	refuse(
		_("The host {0} of request_url cannot be found.").format(parts.hostname), InvalidWebhookTargetError
	)


def is_public(address: Address) -> bool:
	"""Return True for a public address, also if it is an IPv4 address embedded in IPv6."""
	if isinstance(address, ipaddress.IPv6Address) and (carried := _get_embedded_address(address)):
		return is_public(carried)
	return address.is_global and not address.is_multicast and not _is_in_special_block(address)


def _is_in_special_block(address: Address) -> bool:
	return any(block.version == address.version and address in block for block in SPECIAL_NETWORKS)


def _get_embedded_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
	"""Return the IPv4 address within a mapped, 6to4 or NAT64 one.

	A Teredo address is a private host behind a relay: not public.
	"""
	if address in NAT64_NETWORK:
		return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
	return address.ipv4_mapped or address.sixtofour


def _refuse_address(parts: SplitResult) -> None:
	"""Refuse a target by the address of its host. The message does not name the address."""
	if parts.scheme == "https":
		text = _(
			"The host {0} of request_url has a private address. Use a public one, or ask a System Manager to allow"
			" webhooks to private addresses in Orchestrator Settings."
		)
	else:
		text = _("The host {0} of request_url has a public address: use https.")
	refuse(text.format(parts.hostname), InvalidWebhookTargetError)
