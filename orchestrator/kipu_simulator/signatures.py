"""Verify a request's signature as Kipu does: rebuild the signed string from the received headers."""

import base64
import email.utils
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

AUTHORIZATION = re.compile(r"(APIAuth(?:-HMAC-SHA256)?) ([^:\s]+):(\S+)")
ACCEPT = re.compile(r"application/vnd\.kipusystems\+json; ?version=([34])")
DIGESTS = {"APIAuth": "sha1", "APIAuth-HMAC-SHA256": "sha256"}
SCHEME_OF_VERSION = {"3": "APIAuth", "4": "APIAuth-HMAC-SHA256"}
ALLOWED_SKEW = 15 * 60


@dataclass(frozen=True, slots=True)
class Keys:
	"""The credentials of the instance. The simulator's own are not secret."""

	access_id: str = "simulator-access-id"
	secret_key: str = field(default="simulator-secret-key", repr=False)
	app_id: str = "simulator-app-id"


@dataclass(frozen=True, slots=True)
class Refusal:
	"""The reason for which a request is refused. `why` is for the simulator's log; clients get less, as from
	Kipu.
	"""

	status: int
	why: str


def check(
	keys: Keys, headers: Mapping[str, str], uri: str, query: Mapping[str, str], body: bytes, now: float
) -> Refusal | None:
	"""Return None if the request is signed with the keys, for this instance, within the allowed time."""
	authorization = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
	if authorization is None or authorization[2] != keys.access_id:
		return Refusal(401, "access id")
	scheme, _, sent = authorization.groups()
	version = ACCEPT.fullmatch(headers.get("Accept", ""))
	if version is None or SCHEME_OF_VERSION[version[1]] != scheme:
		return Refusal(403, "scheme")
	date = headers.get("X-Auth-Date") or headers.get("Date") or ""
	if not _is_recent(date, now):
		return Refusal(403, "clock")
	if body and headers.get("Content-MD5") != _compute_md5(body):
		return Refusal(403, "content md5")
	text = f"{headers.get('Content-Type', '')},{headers.get('Content-MD5', '')},{uri},{date}"
	mac = hmac.new(keys.secret_key.encode(), text.encode(), getattr(hashlib, DIGESTS[scheme]))
	if not hmac.compare_digest(base64.b64encode(mac.digest()).decode(), sent):
		return Refusal(403, "signature")
	if query.get("app_id") != keys.app_id:
		return Refusal(403, "app id")
	return None


def get_version(headers: Mapping[str, str]) -> str:
	"""Return the requested API version, "3" or "4"."""
	match = ACCEPT.fullmatch(headers.get("Accept", ""))
	return match[1] if match else "3"


def _is_recent(date: str, now: float) -> bool:
	parsed = email.utils.parsedate_tz(date)
	return parsed is not None and abs(email.utils.mktime_tz(parsed) - now) <= ALLOWED_SKEW


def _compute_md5(body: bytes) -> str:
	return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
