"""Sign requests as Kipu requires. Facts: docs/sync.md."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

Version = Literal[3, 4]

# The name of the scheme selects the digest on the server.
SCHEMES: Mapping[int, tuple[str, str]] = {3: ("APIAuth", "sha1"), 4: ("APIAuth-HMAC-SHA256", "sha256")}


def _build_accept(version: Version) -> str:
	"""Return the Accept header, which selects the API's version."""
	return f"application/vnd.kipusystems+json; version={version}"


def _compute_content_md5(body: bytes) -> str:
	"""Return Content-MD5 of RFC 1864: base64 of the raw digest."""
	return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def build_canonical_string(
	method: str, uri: str, date: str, content_type: str = "", body: bytes = b""
) -> str:
	"""Return the string to sign: `Content-Type,Content-MD5,path?query,Date`. The first two are empty for a
	GET.
	"""
	if method == "GET":
		return f",,{uri},{date}"
	return f"{content_type},{_compute_content_md5(body)},{uri},{date}"


def compute_signature(version: Version, secret: str, canonical: str) -> str:
	"""Return base64 of the HMAC of the canonical string, with the bytes of the secret as key."""
	digest = SCHEMES[version][1]
	return base64.b64encode(hmac.digest(secret.encode(), canonical.encode(), digest)).decode()


def sign(
	version: Version,
	access_id: str,
	secret: str,
	method: str,
	uri: str,
	date: str,
	content_type: str = "",
	body: bytes = b"",
) -> dict[str, str]:
	"""Return the headers of a signed request.

	`uri` is path and query exactly as sent, `date` RFC 1123 in GMT.

	A GET gets no Content-Type: the server would include it in the string to sign, and the signature would not
	match.
	"""
	signed = compute_signature(version, secret, build_canonical_string(method, uri, date, content_type, body))
	headers = {
		"Accept": _build_accept(version),
		"Authorization": f"{SCHEMES[version][0]} {access_id}:{signed}",
		"Date": date,
	}
	if method != "GET":
		headers |= {"Content-Type": content_type, "Content-MD5": _compute_content_md5(body)}
	return headers
