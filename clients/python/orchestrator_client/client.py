"""The client of one site for one user."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from . import paging
from .generated.client import AuthenticatedClient
from .generated.models.error import Error
from .paging import DEFAULT_PAGE_LENGTH, LIST_METHOD
from .retries import IDEMPOTENCY_KEY, SAFE_METHODS, RetryingAsyncClient, RetryingClient, RetryPolicy

DEFAULT_TIMEOUT_SECONDS = 60.0
# Without it, Frappe answers errors of undocumented methods with pages.
ACCEPT = "application/json, */*;q=0.5"
QUERY_VERBS = frozenset({*SAFE_METHODS, "DELETE"})

T = TypeVar("T")


class Client:
	"""Calls a site with an API key.

	Attributes:
		api: What the generated functions take as `client`. It retries, and raises the errors of `errors`.
	"""

	def __init__(
		self,
		url: str,
		key: str,
		secret: str,
		*,
		retries: RetryPolicy | None = None,
		timeout: float = DEFAULT_TIMEOUT_SECONDS,
		**httpx_options: Any,
	) -> None:
		"""Connect to a site. No request is sent yet.

		Args:
			url: Address of the site, such as https://erp.example.com.
			key: API key of the user.
			secret: API secret of the user.
			retries: How often to attempt a call.
			timeout: Seconds to wait for each reply.
			httpx_options: Further arguments of httpx.Client, such as `verify` or `proxy`.
		"""
		policy = retries or RetryPolicy()
		options: dict[str, Any] = {"base_url": url.rstrip("/"), "timeout": timeout, **httpx_options}
		headers = {"Authorization": f"token {key}:{secret}", "Accept": ACCEPT}
		options["headers"] = {**headers, **options.get("headers", {})}
		self._http = RetryingClient(policy, **options)
		# Without the token, which the generated class would show when printed.
		self.api = AuthenticatedClient(base_url=options["base_url"], token="")
		self.api.set_httpx_client(self._http)
		self.api.set_async_httpx_client(RetryingAsyncClient(policy, **options))

	def __enter__(self) -> Self:
		"""Return the client."""
		return self

	def __exit__(
		self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
	) -> None:
		"""Close the connections."""
		self.close()

	def close(self) -> None:
		"""Close the connections."""
		self._http.close()

	def call(
		self,
		method: str,
		parameters: Mapping[str, Any] | None = None,
		*,
		verb: str = "POST",
		idempotency_key: str | None = None,
	) -> dict[str, Any]:
		"""Call any method by its name and return the whole reply, as untyped JSON.

		Args:
			method: The method, such as orchestrator.crm.get_leads.
			parameters: Its parameters: the query of GET and DELETE, the JSON body of other verbs.
			verb: The HTTP method.
			idempotency_key: A key of the caller's own for a write; a new one by default.

		Raises:
			ApiError: The site refused the call.
			ConnectionFailedError: No reply arrived.
		"""
		headers = {IDEMPOTENCY_KEY: idempotency_key} if idempotency_key else {}
		values = dict(parameters or {})
		content: dict[str, Any] = (
			{"params": _build_query(values)} if verb in QUERY_VERBS else {"json": values}
		)
		response = self._http.request(verb, f"/api/method/{method}", headers=headers, **content)
		reply: dict[str, Any] = response.json()
		return reply

	def iterate_records(
		self, doctype: str, *, page_length: int = DEFAULT_PAGE_LENGTH, **parameters: Any
	) -> Iterator[Any]:
		"""Yield the records of a DocType that the caller may read, by name unless `order_by` is given.

		Args:
			doctype: The DocType.
			page_length: Records to fetch with each request.
			parameters: Further parameters of frappe.client.get_list, such as `fields` and `filters`. With
				`limit_start`, pages are counted by offset even where the site gives cursors.
		"""
		if not parameters.get("group_by"):
			parameters.setdefault("order_by", "name asc")
		return self.iterate_rows(LIST_METHOD, {"doctype": doctype, **parameters}, page_length=page_length)

	def iterate_rows(
		self,
		method: str,
		parameters: Mapping[str, Any] | None = None,
		*,
		page_length: int = DEFAULT_PAGE_LENGTH,
	) -> Iterator[Any]:
		"""Yield the rows of all pages of a method that takes `limit_start` and `limit_page_length`."""
		for page in self.iterate_pages(method, parameters, page_length=page_length):
			yield from paging.find_rows(page)

	def iterate_pages(
		self,
		method: str,
		parameters: Mapping[str, Any] | None = None,
		*,
		page_length: int = DEFAULT_PAGE_LENGTH,
	) -> Iterator[dict[str, Any]]:
		"""Yield the whole reply of each page."""
		return paging.iterate_pages(self.call, method, parameters or {}, page_length)


def _build_query(values: Mapping[str, Any]) -> dict[str, Any]:
	"""Return parameters as they stand in a query: lists and objects as JSON text, nothing for None."""
	return {
		key: json.dumps(value) if isinstance(value, list | tuple | dict) else value
		for key, value in values.items()
		if value is not None
	}


def unwrap(reply: T | Error | None) -> T:
	"""Return the reply of a generated function with its precise type: a refusal was raised before.

	Raises:
		TypeError: The reply is none of the call's own.
	"""
	if reply is None or isinstance(reply, Error):
		raise TypeError(
			"The site's reply is none that its OpenAPI document describes. Generate the client anew."
		)
	return reply
