"""All errors of calls: those by status, and those that the site's OpenAPI document names."""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import httpx

from .generated.contract import *  # noqa: F403  # the classes that the document names
from .generated.contract import ERROR_BY_TYPE
from .statuses import *  # noqa: F403
from .statuses import ApiError, get_status_class

MAX_TEXT_LENGTH = 200


def build_error(response: httpx.Response) -> ApiError:
	"""Return the error of a reply that refuses the call, of the most precise class."""
	body = _parse_body(response)
	cls = get_status_class(response.status_code)
	named = ERROR_BY_TYPE.get(str(body.get("exc_type")))
	if named and issubclass(named, cls):
		cls = named
	return cls(response.status_code, body, parse_retry_after(response), text=_get_proxy_text(response, body))


def parse_retry_after(response: httpx.Response) -> float | None:
	"""Return the seconds of the header Retry-After, which has a number or a date; None without one."""
	text = response.headers.get("Retry-After", "")
	if text.isascii() and text.isdigit():
		return float(text)
	try:
		moment = parsedate_to_datetime(text)
	except ValueError:
		return None
	moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
	return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _parse_body(response: httpx.Response) -> Mapping[str, object]:
	"""Return the reply's JSON object; an empty one where a proxy answered with something else."""
	try:
		body = response.json()
	except (json.JSONDecodeError, UnicodeDecodeError):
		return {}
	return body if isinstance(body, dict) else {}


def _get_proxy_text(response: httpx.Response, body: Mapping[str, object]) -> str:
	"""Return the beginning of a reply that is not the site's."""
	return "" if body else response.text[:MAX_TEXT_LENGTH].strip()
