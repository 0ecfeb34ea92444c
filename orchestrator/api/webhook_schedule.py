"""When a failed delivery of a webhook is repeated. No Frappe."""

from datetime import datetime, timedelta

# After the first, second, … failed attempt; 72 hours in all.
BACKOFF_MINUTES = (5, 10, 15, 30, 60, 120, 240, 480, 720, 720, 720, 720, 480)
RETRY_WINDOW = timedelta(minutes=sum(BACKOFF_MINUTES))


def compute_next_attempt(
	attempts: int, queued_at: datetime, now: datetime, retry_after_seconds: int | None = None
) -> datetime | None:
	"""Return when a delivery is attempted again, None where three days of attempts have failed.

	Args:
		attempts: The attempts so far, all of which failed.
		queued_at: When the delivery was queued. The last attempt is made at the end of three days from then.
		now: The time of the latest attempt.
		retry_after_seconds: How long the receiver asked to wait at least.
	"""
	end = queued_at + RETRY_WINDOW
	if now >= end:
		return None
	pause = timedelta(minutes=BACKOFF_MINUTES[min(attempts, len(BACKOFF_MINUTES)) - 1])
	if retry_after_seconds:
		pause = max(pause, timedelta(seconds=retry_after_seconds))
	return min(now + pause, end)
