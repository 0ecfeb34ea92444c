"""The result of a call: whether it ran the method's own code, and the leaks."""

import re

from tests.security.dispatch import Reply
from tests.security.exceptions import REFUSALS

STOPPED_STATUSES = frozenset({400, 404, 405, 413, 415, 417, 422, 500})
# The sweep's own guards, or the network that is not there: the work was under way.
UNDER_WAY = re.compile(
	r"OutOfBoundsError|ImplicitCommitError|ConnectionError|ConnectTimeout|ProxyError|Max retries exceeded|Errno 111|"
	r"OutgoingEmailError|QueryTimeoutError|ServerNotFoundError|httplib2|gaierror"
)
REFUSED = re.compile("|".join(REFUSALS), re.IGNORECASE | re.DOTALL)


def is_reached(reply: Reply) -> bool:
	"""True if the call was not stopped by a wrong argument. A refusal of the caller has reached the work."""
	if reply.status not in STOPPED_STATUSES:
		return True
	text = " ".join(reply.error)
	return bool(UNDER_WAY.search(text) or REFUSED.search(text))
