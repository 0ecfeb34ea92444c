"""The addresses from which an API key may be used: single ones and networks."""

import ipaddress

from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(text: str | None) -> list[Network]:
	"""Return the networks of a text with one address or network in CIDR notation a line.

	Raises:
		InvalidRequestError: 400, a line is neither.
	"""
	return [_parse_network(line.strip()) for line in (text or "").splitlines() if line.strip()]


def _parse_network(text: str) -> Network:
	try:
		return ipaddress.ip_network(text, strict=False)
	except ValueError:
		refuse(
			_(
				"{0} is neither an address nor a network. Enter addresses such as 203.0.113.7 or networks such as"
				" 203.0.113.0/24, one per line."
			).format(text),
			InvalidRequestError,
		)


def parse_address(text: str | None) -> Address | None:
	"""Return an address, an IPv4 one also where it is mapped to IPv6; None for anything else."""
	try:
		found = ipaddress.ip_address((text or "").strip())
	except ValueError:
		return None
	return getattr(found, "ipv4_mapped", None) or found


def is_address_allowed(address: str | None, text: str | None) -> bool:
	"""Return True where no addresses are listed, or this one is among them."""
	if not (text or "").strip():
		return True
	found = parse_address(address)
	return found is not None and any(found in network for network in parse_networks(text))
