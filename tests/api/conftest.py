"""Fixtures of webhooks."""

from collections.abc import Iterator

import pytest

from tests.support.webhooks import Receiver, allow_private_targets, delete_reliable_webhooks, run_receiver


@pytest.fixture(scope="module")
def private_targets(frappe_site: str) -> Iterator[None]:
	"""Allow webhooks to the site's own network while the tests of a file run."""
	with allow_private_targets():
		yield


@pytest.fixture
def no_webhook_stays(site: str) -> Iterator[None]:
	"""Delete the webhooks with reliable delivery, which later tests would call."""
	yield
	delete_reliable_webhooks()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
	"""A receiver of webhooks on this machine."""
	with run_receiver() as running:
		yield running
