"""The result of a call: whether it ran the method's own code, and the leaks."""

import re

from tests.security.dispatch import Reply
from tests.security.exceptions import REFUSALS

STOPPED_STATUSES = frozenset({400, 404, 405, 413, 415, 417, 422, 500})
# Errors of the sweep's own guards, or of the blocked network: the function's own code was running.
UNDER_WAY = re.compile(
	r"OutOfBoundsError|ImplicitCommitError|ConnectionError|ConnectTimeout|ProxyError|Max retries exceeded|Errno 111|"
	r"OutgoingEmailError|QueryTimeoutError|ServerNotFoundError|httplib2|gaierror"
)
MISSING_SCOPE = re.compile(r"^X-API-Key-Missing-Scope: (.+?)\r?$", re.MULTILINE)
REFUSED = re.compile("|".join(REFUSALS), re.IGNORECASE | re.DOTALL)


def is_reached(reply: Reply) -> bool:
	"""Return True if the call was not stopped by a wrong argument. A refused caller counts as reached."""
	if reply.status not in STOPPED_STATUSES:
		return True
	text = " ".join(reply.error)
	return bool(UNDER_WAY.search(text) or REFUSED.search(text))


def is_refused_by_name(reply: Reply) -> bool:
	"""Return True if the scope of an API key has no such method, so that its arguments do not matter."""
	missing = MISSING_SCOPE.search(reply.headers)
	return bool(missing) and ": " not in missing[1]
