"""The clients that script/clients generates for the site, built once. Frappe is imported by what needs a site only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api_clients import Driver, Packages, build_packages
from tests.support.gateway import Gateway, run_gateway

Token = tuple[str, str]


@pytest.fixture(scope="session")
def session_gateway(server: str, frappe_site: str) -> Iterator[Gateway]:
	with run_gateway(server, frappe_site) as gateway:
		yield gateway


@pytest.fixture
def gateway(session_gateway: Gateway) -> Gateway:
	"""The proxy in front of the site, which all clients of these tests call."""
	session_gateway.reset()
	return session_gateway


@pytest.fixture(scope="session")
def packages(session_gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Packages:
	if sys.version_info < (3, 11) or get_node_major() < 20:
		pytest.skip("script/clients needs Python 3.11 and Node 20")
	from tests.support import factories

	token = factories.get_token(factories.make_user().name)
	return build_packages(session_gateway.base, token, get_shared_folder(tmp_path_factory))


def get_node_major() -> int:
	version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
	return int(version.removeprefix("v").split(".")[0])


def get_shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
	"""Return the folder of this run, which all its processes have in common."""
	folder = tmp_path_factory.getbasetemp()
	return (folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder) / "clients"


@pytest.fixture(scope="session")
def drivers(packages: Packages, session_gateway: Gateway) -> Iterator[dict[str, Driver]]:
	"""Both clients, ready for commands."""
	started = {
		name: Driver(name, command, session_gateway.base)
		for name, command in packages.build_commands().items()
	}
	yield started
	for driver in started.values():
		driver.close()


@pytest.fixture(params=["python", "typescript"])
def driver(request: pytest.FixtureRequest, drivers: dict[str, Driver]) -> Driver:
	"""Each of the clients."""
	return drivers[request.param]


@pytest.fixture(scope="module")
def seller(frappe_site: str) -> Token:
	"""API key and secret of a user who may write leads."""
	from tests.support import factories

	return factories.get_token(factories.make_user("Sales User", "Sales Manager").name)
