"""The address of the caller of a request, as the proxies in front of the site have seen it.

Frappe's own `request_ip` is the first address of X-Forwarded-For, which a caller can write themselves wherever a proxy
adds to the header. Here it is read from the end, as far as those who wrote it are trusted.
"""

import ipaddress
from functools import lru_cache

from werkzeug.wrappers import Request

import frappe

from orchestrator.api.key_addresses import Address, Network, parse_address, parse_networks
from orchestrator.configuration import get_settings

HEADER = "X-Forwarded-For"
UNKNOWN = "127.0.0.1"
# Unless a site names its proxies, one in its own network is trusted for the address that it has added last.
LOCAL_NETWORKS = tuple(
	map(
		ipaddress.ip_network,
		("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
	)
)


def get_client_address() -> str | None:
	"""Return the address of the caller of this request, None outside a request."""
	request: Request | None = getattr(frappe.local, "request", None)
	if request is None:
		return None
	forwarded = request.headers.get(HEADER, "")
	return find_client(request.remote_addr, forwarded, get_settings().get("trusted_proxies") or "")


def find_client(peer: str | None, forwarded: str, trusted: str) -> str:
	"""Return the first address, from the end of the way, that is no trusted proxy's.

	Args:
		peer: Address of the connection; empty for a socket of this machine.
		forwarded: The header X-Forwarded-For: each proxy adds the address that its request came from.
		trusted: Addresses and networks of proxies, one per line. Empty: one proxy of the local network at most.
	"""
	way = [entry.strip() for entry in forwarded.split(",") if entry.strip()]
	networks = _parse_trusted(trusted) if trusted.strip() else LOCAL_NETWORKS
	max_proxies = len(way) if trusted.strip() else 1
	client = peer or UNKNOWN
	for entry in way[: -max_proxies - 1 : -1]:
		if not _is_within(client, networks):
			break
		client = entry
	return client


@lru_cache(maxsize=8)
def _parse_trusted(text: str) -> tuple[Network, ...]:
	return tuple(parse_networks(text))


def _is_within(text: str, networks: tuple[Network, ...]) -> bool:
	address: Address | None = parse_address(text)
	return address is not None and any(address in network for network in networks)
