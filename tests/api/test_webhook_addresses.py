"""Addresses that a webhook may reach: only public ones, in whatever form they are written."""

import ipaddress

import pytest

PUBLIC = [
	"1.1.1.1",
	"8.8.8.8",
	"192.0.1.1",
	"2606:4700:4700::1111",
	"2001:4860:4860::8888",
	"2a00:1450:4001:81b::200e",
	"::ffff:8.8.8.8",
	"64:ff9b::8.8.8.8",
	"2002:808:808::1",
]
NOT_PUBLIC = [
	"0.0.0.1",
	"0.1.2.3",
	"10.0.0.1",
	"100.64.0.1",
	"100.127.255.255",
	"127.0.0.1",
	"169.254.169.254",
	"172.16.0.1",
	"192.0.0.9",
	"192.0.2.1",
	"192.88.99.1",
	"192.168.1.1",
	"198.18.0.1",
	"198.51.100.1",
	"203.0.113.1",
	"224.0.0.1",
	"240.0.0.1",
	"255.255.255.255",
	"::",
	"::1",
	"::8.8.8.8",
	"::10.0.0.1",
	"::127.0.0.1",
	"::ffff:127.0.0.1",
	"::ffff:10.0.0.1",
	"::ffff:169.254.169.254",
	"::ffff:0:10.0.0.1",
	"::ffff:0:8.8.8.8",
	"64:ff9b::127.0.0.1",
	"64:ff9b::100.64.0.1",
	"64:ff9b:1::8.8.8.8",
	"100::1",
	"2001::1",
	"2001:0:808:808:0:0:f7f7:f7f7",
	"2001:20::1",
	"2001:db8::1",
	"2002:7f00:1::",
	"2002:a00:1::",
	"2002:c0a8:101::1",
	"2002:6440:1::",
	"3fff::1",
	"5f00::1",
	"fc00::1",
	"fd00::1",
	"fe80::1",
	"fec0::1",
	"feff::1",
	"ff02::1",
	"ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_is_public(site: str, address: str) -> None:
	from orchestrator.api.webhook_targets import is_public

	assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_any_other_address_is_not(site: str, address: str) -> None:
	from orchestrator.api.webhook_targets import is_public

	assert not is_public(ipaddress.ip_address(address))
