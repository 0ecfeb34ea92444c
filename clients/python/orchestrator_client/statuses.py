"""Errors of calls, by HTTP status. The classes that the OpenAPI document names derive from these."""

from collections.abc import Mapping


class OrchestratorError(Exception):
	"""A call that did not succeed.

	Attributes:
		idempotency_key: The key that the call was sent with. Sent again with it, a write happens at most once.
	"""

	idempotency_key: str | None = None


class ConnectionFailedError(OrchestratorError):
	"""No reply arrived. Whether a write was executed is unknown: repeat it with its `idempotency_key`."""


class ApiError(OrchestratorError):
	"""A call that was refused.

	Attributes:
		status: The HTTP status.
		exc_type: The class of the error on the site; empty where a proxy refused the call.
		message: What happened and what to do.
		request_id: Finds the Error Log of the site, after an unexpected error.
		retry_after: Seconds to wait before the next call, if the site says so.
	"""

	def __init__(
		self, status: int, body: Mapping[str, object], retry_after: float | None = None, text: str = ""
	) -> None:
		self.status = status
		self.exc_type = str(body.get("exc_type") or "")
		self.message = str(body.get("exc") or text or f"HTTP status {status}").removeprefix(
			f"{self.exc_type}: "
		)
		request_id = body.get("request_id")
		self.request_id = None if request_id is None else str(request_id)
		self.retry_after = retry_after
		super().__init__(self.message)


class NotModifiedError(ApiError):
	"""304: the reply would be the one whose ETag was sent in If-None-Match."""


class BadRequestError(ApiError):
	"""400: the request is malformed."""


class UnauthorizedError(ApiError):
	"""401: no or wrong credentials."""


class ForbiddenError(ApiError):
	"""403: no permission for the DocType or the action."""


class NotFoundError(ApiError):
	"""404: no such method, DocType or record, or none that the caller may read."""


class MethodNotAllowedError(ApiError):
	"""405: the method answers other verbs."""


class ConflictError(ApiError):
	"""409: the present state of the record forbids the change."""


class PreconditionFailedError(ApiError):
	"""412: the record has changed since it was read."""


class ContentTooLargeError(ApiError):
	"""413: the file is larger than the site allows."""


class UnsupportedMediaTypeError(ApiError):
	"""415: the site does not accept this type of body."""


class UnprocessableContentError(ApiError):
	"""422: validation refused the data."""


class RateLimitError(ApiError):
	"""429: too many requests."""


class ServerError(ApiError):
	"""5xx: the site could not do the work. With 502 and 504, of a proxy, whether a write was executed is unknown."""


class ServiceUnavailableError(ServerError):
	"""503: the site is busy or in maintenance; nothing was written."""


ERROR_BY_STATUS: dict[int, type[ApiError]] = {
	304: NotModifiedError,
	400: BadRequestError,
	401: UnauthorizedError,
	403: ForbiddenError,
	404: NotFoundError,
	405: MethodNotAllowedError,
	409: ConflictError,
	412: PreconditionFailedError,
	413: ContentTooLargeError,
	415: UnsupportedMediaTypeError,
	422: UnprocessableContentError,
	429: RateLimitError,
	503: ServiceUnavailableError,
}
FIRST_SERVER_ERROR = 500


def get_status_class(status: int) -> type[ApiError]:
	"""Return the class of a status."""
	return ERROR_BY_STATUS.get(status, ServerError if status >= FIRST_SERVER_ERROR else ApiError)
