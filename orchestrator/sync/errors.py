"""Errors between the app and a remote, which contain none of its text.

Each error has a route's name, a status, a length and the class of its cause: never a body, URL, query or
header. A `TransientError` may disappear by itself; a `TerminalError` needs a person.
"""

from typing import ClassVar


class SyncError(Exception):
	"""A request without a usable reply.

	`route` is a name such as "patients/census" (never with an ID), `status` the HTTP status if there was a
	reply, `length` the number of bytes of its body if known, `cause` the class name of a lower error.
	"""

	retryable: ClassVar[bool] = False
	explanation: ClassVar[str] = "There was no usable reply from Kipu."

	def __init__(
		self, route: str, status: int | None = None, length: int | None = None, cause: str | None = None
	) -> None:
		super().__init__(route, status, length, cause)
		self.route = route
		self.status = status
		self.length = length
		self.cause = cause

	def __str__(self) -> str:
		facts = [
			f"status {self.status}" if self.status else "",
			f"{self.length} bytes" if self.length else "",
		]
		shown = ", ".join(fact for fact in [self.route, *facts, self.cause or ""] if fact)
		return f"{self.explanation} ({shown})"

	def __repr__(self) -> str:
		return f"{type(self).__name__}({self.route!r}, {self.status!r}, {self.length!r}, {self.cause!r})"


class TransientError(SyncError):
	"""The same request may succeed later. `retry_after`: seconds to wait that the remote asked for."""

	retryable = True
	explanation = "Kipu is busy or cannot be reached. Nothing to do: the next run tries again."

	def __init__(
		self,
		route: str,
		status: int | None = None,
		length: int | None = None,
		cause: str | None = None,
		retry_after: float | None = None,
	) -> None:
		super().__init__(route, status, length, cause)
		self.args = (route, status, length, cause, retry_after)
		self.retry_after = retry_after


class MalformedPageError(TransientError):
	"""A reply with status 200 that is not the requested page: HTML, truncated JSON, no records key, an
	unreadable pagination.

	Never "no records". `cause` says which: "html", "json", "shape", "pagination", "empty", "length".
	"""

	explanation = "The reply was not the requested page."


class RetriesExhaustedError(TransientError):
	"""The request failed after the allowed attempts, or the remote asked for a longer wait than allowed.

	`cause`: class of the last error.
	"""

	explanation = "Kipu kept failing and this run gave up. The next run continues where this one stopped."


class TerminalError(SyncError):
	"""A retry fails the same way until a person changes something."""


class InvalidConfigurationError(TerminalError):
	"""400, 422, a permanent redirect, or 404 for a list: a parameter, the address or the API version is wrong."""

	explanation = (
		"Kipu rejects the form of the request. Check the base URL, the API version and the page size."
	)


class InvalidAccessIdError(TerminalError):
	"""401: the remote does not know the access ID."""

	explanation = "The access ID is unknown. Check the access ID of the connection."


class AccessDeniedError(TerminalError):
	"""403: the signature, secret or scheme is wrong, or the app ID, or a permission is missing. The remote
	mostly does not say which; if it does, `cause` is "signature", "app_id", "clock" or "permission".
	"""

	explanation = (
		"Access refused. There are three possible reasons: the secret key (or the API version) is wrong; the app ID is unknown or "
		"belongs to another instance; the owner of the key has no permission for this route."
	)


class RouteDisabledError(TerminalError):
	"""410: the route is disabled for this instance. A run continues without it and records that."""

	explanation = "This route is switched off for your Kipu instance. Ask Kipu to enable it."


class RecordNotFoundError(TerminalError):
	"""404 of a single record. It concerns that record only."""

	explanation = "The record no longer exists."


class ResponseTooLargeError(TerminalError):
	"""The body is larger than the limit. Request fewer records per page."""

	explanation = "The reply is larger than allowed. Lower the page size of the connection."


class EndlessPaginationError(TerminalError):
	"""The remote announces more pages than a read may have. `cause`: "growing" with each page, or "total" at
	once.
	"""

	explanation = (
		"Kipu announced more and more pages, or too many, so the read was stopped. Check the page size of the "
		"connection; if it is right, ask Kipu's support what is wrong with this route."
	)


class UnsafeUrlError(ValueError):
	"""A base URL that must not be called. `reason`: "scheme", "host", "not_allowed", "credentials", "path" or
	"form".

	The URL itself is not in the text, because people paste credentials into URLs.
	"""

	def __init__(self, reason: str) -> None:
		super().__init__(reason)
		self.reason = reason
