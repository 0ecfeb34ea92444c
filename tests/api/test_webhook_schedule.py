"""When failed deliveries are repeated, and how messages are signed. No site needed."""

from datetime import datetime, timedelta

import pytest
import standardwebhooks

from orchestrator.api import webhook_signatures
from orchestrator.api.webhook_schedule import compute_next_attempt

QUEUED = datetime(2026, 3, 28, 12, 0)  # the clocks change in the night after


def minutes(count: float) -> datetime:
	return QUEUED + timedelta(minutes=count)


@pytest.mark.parametrize(
	("attempts", "now", "expected"),
	[
		(1, 0, 5),
		(2, 5, 15),
		(3, 15, 30),
		(4, 30, 60),
		(5, 60, 120),
		(6, 120, 240),
		(7, 240, 480),
		(8, 480, 960),
		(9, 960, 1680),
		(10, 1680, 2400),
		(11, 2400, 3120),
		(12, 3120, 3840),
		(13, 3840, 4320),
		(1, 4319, 4320),  # a delivery that waited behind another one has its last attempt at the end as well
		(40, 4000, 4320),
	],
)
def test_attempts_are_repeated_for_three_days(attempts: int, now: int, expected: int) -> None:
	assert compute_next_attempt(attempts, QUEUED, minutes(now)) == minutes(expected)


@pytest.mark.parametrize("now", [4320, 4321, 100_000])
def test_no_attempt_follows_the_end_of_three_days(now: int) -> None:
	assert compute_next_attempt(3, QUEUED, minutes(now)) is None


@pytest.mark.parametrize(("seconds", "expected"), [(None, 5), (0, 5), (60, 5), (3600, 60), (9_999_999, 4320)])
def test_receiver_may_ask_for_a_longer_pause(seconds: int | None, expected: int) -> None:
	assert compute_next_attempt(1, QUEUED, QUEUED, seconds) == minutes(expected)


def test_signature_of_the_specification() -> None:
	"""The example of the Standard Webhooks repository."""
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	signature = webhook_signatures.compute_signature(
		secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
	)
	assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_generated_secret_signs_for_the_public_library() -> None:
	secret = webhook_signatures.generate_secret()
	assert webhook_signatures.is_valid_secret(secret)
	now = int(datetime.now().timestamp())
	body = '{"name": "Köln ☕"}'.encode()
	headers = webhook_signatures.build_signature_headers([secret], "id-1", now, body)
	assert standardwebhooks.Webhook(secret).verify(body, headers) == {"name": "Köln ☕"}


@pytest.mark.parametrize(
	"secret",
	[
		"",
		"whsec_",
		"whsec_c2hvcnQ=",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_" + "A" * 92,
		"whsec_ä" + "A" * 31,
	],
)
def test_other_texts_are_no_secrets(secret: str) -> None:
	assert not webhook_signatures.is_valid_secret(secret)
