"""Walks over lists, page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .generated.contract import LISTS_HAVE_CURSORS

LIST_METHOD = "frappe.client.get_list"
FIRST_CURSOR = "*"
DEFAULT_PAGE_LENGTH = 100

Reply = dict[str, Any]
Call = Callable[[str, Mapping[str, Any]], Reply]


def iterate_pages(
	call: Call, method: str, parameters: Mapping[str, Any], page_length: int = DEFAULT_PAGE_LENGTH
) -> Iterator[Reply]:
	"""Yield the reply of each page: by cursor where the site gives one, by offset otherwise."""
	request = {**parameters, "limit_page_length": page_length}
	if _has_cursor(method, parameters):
		request["cursor"] = FIRST_CURSOR
	while True:
		reply = call(method, request)
		yield reply
		if (following := _build_next_request(request, reply)) is None:
			return
		request = following


def find_rows(reply: Reply) -> list[Any]:
	"""Return the rows of a page: `data`, or the one list in it.

	Raises:
		ValueError: The reply has no list, or several.
	"""
	data = reply["data"]
	lists = (
		[data] if isinstance(data, list) else [value for value in data.values() if isinstance(value, list)]
	)
	if len(lists) != 1:
		raise ValueError(
			"This reply is no page of a list: use iterate_pages and take the rows from its data."
		)
	return lists[0]


def _has_cursor(method: str, parameters: Mapping[str, Any]) -> bool:
	"""Return True for a list to walk by cursor. Groups have no names, and so no cursors."""
	return (
		LISTS_HAVE_CURSORS
		and method == LIST_METHOD
		and not parameters.get("group_by")
		and "limit_start" not in parameters
	)


def _build_next_request(request: Mapping[str, Any], reply: Reply) -> dict[str, Any] | None:
	"""Return the request of the next page; None after the last one."""
	if cursor := reply.get("next_cursor"):
		return {**request, "cursor": cursor}
	if "cursor" in request or len(find_rows(reply)) < request["limit_page_length"]:
		return None
	return {**request, "limit_start": int(request.get("limit_start") or 0) + request["limit_page_length"]}
