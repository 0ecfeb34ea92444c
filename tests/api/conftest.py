"""Fixtures of webhooks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
	from tests.support.webhooks import Receiver


@pytest.fixture(scope="module")
def private_targets(frappe_site: str) -> Iterator[None]:
	"""Allow webhooks to the site's own network while the tests of a file run."""
	from tests.support.webhooks import allow_private_targets

	with allow_private_targets():
		yield


@pytest.fixture
def no_webhook_stays(site: str) -> Iterator[None]:
	"""Delete the webhooks with reliable delivery, which later tests would call."""
	from tests.support.webhooks import delete_reliable_webhooks

	yield
	delete_reliable_webhooks()


@pytest.fixture
def receiver() -> Iterator["Receiver"]:
	"""A receiver of webhooks on this machine."""
	from tests.support.webhooks import run_receiver

	with run_receiver() as running:
		yield running
