"""Redirects of Frappe's own webhook deliveries: followed on the webhook's server, and to allowed addresses alone."""

from collections.abc import Callable, Iterator

import pytest
import requests

import frappe
from frappe.model.document import Document

from orchestrator.api.webhook_redirects import check_requests
from orchestrator.exceptions import InvalidWebhookTargetError
from tests.support.webhooks import (
	Receiver,
	allow_private_targets,
	answer_status,
	make_brand,
	make_webhook,
	run_receiver,
)

# A public address, which http may not reach: nothing is sent to it
ELSEWHERE = "http://8.8.8.8/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
	with run_receiver() as running:
		yield running


@pytest.fixture
def inside() -> Iterator[Receiver]:
	"""A service of the site's own network that no webhook names."""
	with run_receiver() as running:
		yield running


@pytest.fixture
def make_plain_webhook(site: str) -> Iterator[Callable[..., Document]]:
	"""Return a function that makes a webhook without reliable delivery, as in Desk unless told otherwise."""
	made: list[Document] = []

	def make(receiver: Receiver, public_target_only: int = 0) -> Document:
		made.append(make_webhook(receiver.url, reliable_delivery=0, public_target_only=public_target_only))
		return made[-1]

	yield make
	for webhook in made:
		webhook.delete()
	frappe.db.commit()


def request(receiver: Receiver, webhook: Document) -> int:
	"""Send what Frappe sends in a delivery. Return the status of the last response."""
	with check_requests(webhook.name):
		return requests.request("POST", url=receiver.url, data=b"{}", timeout=5).status_code


def redirect_once(location: str) -> Callable[..., None]:
	"""Redirect what comes to /hook, and accept the rest."""
	return lambda handler, received: (
		answer_status(307, Location=location)(handler, received)
		if received.path == "/hook"
		else answer_status(204)(handler, received)
	)


def test_delivery_is_not_redirected_into_the_network(receiver, inside, make_plain_webhook, worker):
	webhook = make_plain_webhook(receiver)
	receiver.answer = answer_status(307, Location=inside.url)
	make_brand()
	worker()
	frappe.db.rollback()
	errors = frappe.get_all("Webhook Request Log", {"webhook": webhook.name}, pluck="error")
	assert [request.path for request in receiver.received] == ["/hook"] * 3
	assert inside.received == []
	assert len(errors) == 3
	assert all("InvalidWebhookTargetError" in error for error in errors)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_into_the_network(receiver, inside, make_plain_webhook, status):
	receiver.answer = answer_status(status, Location=inside.url)
	with pytest.raises(InvalidWebhookTargetError):
		request(receiver, make_plain_webhook(receiver))
	assert (len(receiver.received), inside.received) == (1, [])


def test_redirect_on_the_same_server_is_followed(receiver, make_plain_webhook):
	receiver.answer = redirect_once("/moved")
	assert request(receiver, make_plain_webhook(receiver)) == 204
	assert [request.path for request in receiver.received] == ["/hook", "/moved"]


def test_redirect_after_a_redirect_is_checked(receiver, inside, make_plain_webhook):
	receiver.answer = lambda handler, received: answer_status(
		307, Location=inside.url if received.path == "/moved" else "/moved"
	)(handler, received)
	with pytest.raises(InvalidWebhookTargetError):
		request(receiver, make_plain_webhook(receiver))
	assert [request.path for request in receiver.received] == ["/hook", "/moved"]
	assert inside.received == []


def test_restricted_webhook_is_redirected_to_allowed_addresses_alone(receiver, inside, make_plain_webhook):
	with allow_private_targets():
		webhook = make_plain_webhook(receiver, public_target_only=1)
		receiver.answer = answer_status(307, Location=inside.url)
		assert request(receiver, webhook) == 204
		receiver.answer = answer_status(307, Location=ELSEWHERE)
		with pytest.raises(InvalidWebhookTargetError):
			request(receiver, webhook)
	assert [request.path for request in inside.received] == ["/hook"]
	with pytest.raises(InvalidWebhookTargetError):
		request(receiver, webhook)  # its own address is not allowed any more


@pytest.mark.parametrize(
	"location",
	["file:///etc/passwd", "https://user:secret@example.com/", "//[::1]/hook", "https://localhost/hook"],
)
def test_redirect_to_anything_else_is_refused(receiver, make_plain_webhook, location):
	receiver.answer = answer_status(307, Location=location)
	with pytest.raises((InvalidWebhookTargetError, requests.exceptions.InvalidSchema)):
		request(receiver, make_plain_webhook(receiver))
	assert len(receiver.received) == 1


def test_requests_outside_a_delivery_are_not_checked(receiver, inside, make_plain_webhook):
	receiver.answer = answer_status(307, Location=inside.url)
	with pytest.raises(InvalidWebhookTargetError):
		request(receiver, make_plain_webhook(receiver))
	assert requests.request("POST", receiver.url, data=b"{}", timeout=5).status_code == 204
	assert [request.path for request in inside.received] == ["/hook"]
