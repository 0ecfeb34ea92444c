"""Where a delivery by Frappe's own Webhook may lead, redirects included.

Frappe sends with `requests.request`, which follows redirects and resolves the host again. Within a delivery, a session
takes its place that checks each request on the way.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import BaseAdapter

import frappe

from orchestrator.access.platform_patches import install
from orchestrator.api.webhook_delivery import DELIVERY_METHOD
from orchestrator.api.webhook_targets import build_address_check, check_url
from orchestrator.api.webhook_transport import build_adapter
from orchestrator.doctypes import WEBHOOK

# On frappe.local: whether the webhook that is being delivered may only be sent to allowed addresses
IS_RESTRICTED = "orchestrator_webhook_is_restricted"


class DeliverySession(requests.Session):
	"""A session for one delivery: a request that leads away from the webhook's own server needs an allowed address.

	The webhook's own address is free where a System Manager has chosen it in Desk.
	"""

	def __init__(self, url: str, *, is_restricted: bool) -> None:
		super().__init__()
		self._url = url
		self._is_restricted = is_restricted

	def get_adapter(self, url: str | bytes) -> BaseAdapter:
		"""Return what sends a request to `url`. Raises InvalidWebhookTargetError for an address that is not allowed."""
		url = str(url)
		if self._is_restricted or self.should_strip_auth(self._url, url):  # another host, port or scheme
			check_url(url)
			self.mount(url, build_adapter(build_address_check(url)))
		return super().get_adapter(url)


def before_job(method: str, kwargs: dict[str, Any] | None, transaction_type: str) -> None:
	"""Handle the hook before_job: check where the request of a delivery leads."""
	if transaction_type != "job" or method != DELIVERY_METHOD or not kwargs:
		return
	_begin(kwargs["webhook"].get("name"))


@contextlib.contextmanager
def check_requests(webhook: str) -> Iterator[None]:
	"""Check where the requests within the block lead, which deliver a webhook."""
	_begin(webhook)
	try:
		yield
	finally:
		delattr(frappe.local, IS_RESTRICTED)


def _begin(webhook: str) -> None:
	install([(requests, "request", _send_checked)], _is_delivering)
	is_restricted = bool(frappe.db.get_value(WEBHOOK, webhook, "public_target_only"))
	setattr(frappe.local, IS_RESTRICTED, is_restricted)


def _is_delivering() -> bool:
	return hasattr(frappe.local, IS_RESTRICTED)


def _send_checked(
	_native: Callable[..., requests.Response], method: str, url: str, **options: Any
) -> requests.Response:
	"""Do what `requests.request` does, in a session that checks addresses."""
	with DeliverySession(url, is_restricted=getattr(frappe.local, IS_RESTRICTED)) as session:
		return session.request(method=method, url=url, **options)
