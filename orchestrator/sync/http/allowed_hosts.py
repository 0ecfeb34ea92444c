"""URLs that may be called: https to allowed hosts, http to localhost only."""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from orchestrator.sync.errors import UnsafeUrlError

DEFAULT_ALLOWED_HOSTS = frozenset({"api.kipuapi.com"})

URL_PATTERN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:@%+_~]+/?")
HOST_PATTERN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*")


def validate_base_url(url: str, allowed_hosts: Collection[str] = DEFAULT_ALLOWED_HOSTS) -> str:
	"""Return the normalized base URL, `scheme://host[:port]` without a trailing slash.

	`allowed_hosts` has host names, `*.example.com` for any subdomain. Loopback addresses must be listed too:
	the administrator of the machine decides whether a site may call it. Raises `UnsafeUrlError` with the
	reason: scheme, credentials, path, form, host, not_allowed.
	"""
	url = url.strip()
	if not url.lower().startswith(("https://", "http://")):
		raise UnsafeUrlError("scheme")
	parts = _split_url(url)
	if "@" in parts.netloc:
		raise UnsafeUrlError("credentials")
	if parts.path not in ("", "/") or parts.query or parts.fragment:
		raise UnsafeUrlError("path")
	if not URL_PATTERN.fullmatch(url):
		raise UnsafeUrlError("form")
	host = _parse_host(parts)
	if parts.scheme == "http" and not is_loopback(host):
		raise UnsafeUrlError("scheme")
	if not _is_allowed(host, allowed_hosts):
		raise UnsafeUrlError("not_allowed")
	return _build_url(parts, host)


def is_loopback(host: str) -> bool:
	"""Return True for `localhost` and loopback addresses; no name is resolved."""
	if host == "localhost":
		return True
	try:
		return ipaddress.ip_address(host).is_loopback
	except ValueError:
		return False


def _split_url(url: str) -> SplitResult:
	try:
		parts = urlsplit(url)
		parts.port  # noqa: B018 - raises for a port that is no number
	except ValueError:
		raise UnsafeUrlError("form") from None
	return parts


def _parse_host(parts: SplitResult) -> str:
	host = (parts.hostname or "").lower()
	if ":" in host:
		return str(_parse_ip_or_reject(host))
	if not HOST_PATTERN.fullmatch(host):
		raise UnsafeUrlError("host")
	return host


def _parse_ip_or_reject(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
	try:
		return ipaddress.ip_address(host)
	except ValueError:
		raise UnsafeUrlError("host") from None


def _is_allowed(host: str, allowed_hosts: Collection[str]) -> bool:
	return any(
		host == allowed.lower() or (allowed.startswith("*.") and host.endswith(allowed[1:].lower()))
		for allowed in allowed_hosts
	)


def _build_url(parts: SplitResult, host: str) -> str:
	shown = f"[{host}]" if ":" in host else host
	default = {"https": 443, "http": 80}[parts.scheme]
	port = "" if parts.port in (None, default) else f":{parts.port}"
	return f"{parts.scheme}://{shown}{port}"
