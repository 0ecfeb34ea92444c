"""The files in deploy/, beside the platform that they are for: fixtures/deploy/platform.json holds what the chart of
frappe/helm and frappe_docker had at the commits that it names.
"""

import configparser
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator import __version__
from tests.support.source import ROOT

DEPLOY = ROOT / "deploy"
PLATFORM = json.loads((ROOT / "tests" / "fixtures" / "deploy" / "platform.json").read_text())
COMPOSE_FILES = sorted(DEPLOY.glob("compose*.yaml"))
OWN_SERVICES = {"replica-settings", "db", "db-replica"}
REPLICA_SETTINGS = ("read_from_replica", "replica_host", "replica_db_port")
PINS = {"15": "apps-15.json", "16": "apps.json"}
QUEUES = {"short", "default", "long"}
LONGEST_JOB_MINUTES = 25  # Frappe's limit of the queue `long`
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def load(name: str) -> dict[str, Any]:
	return yaml.safe_load((DEPLOY / name).read_text())


def list_paths(values: dict[str, Any], parent: str = "") -> list[str]:
	"""Return the dotted path of each key."""
	paths = []
	for key, value in values.items():
		path = f"{parent}.{key}" if parent else key
		paths.append(path)
		if isinstance(value, dict):
			paths += list_paths(value, path)
	return paths


def is_known(path: str, keys: set[str]) -> bool:
	"""Return True for a key of a chart, and for one below a key whose content is free."""
	if path in keys:
		return True
	parent = path.rpartition(".")[0]
	return bool(parent) and not any(key.startswith(f"{parent}.") for key in keys) and is_known(parent, keys)


def list_installed(pins: str) -> list[str]:
	"""Return the apps that a site has besides Frappe, in the order of their installation."""
	apps = [pin["url"].rpartition("/")[2] for pin in json.loads((ROOT / pins).read_text())]
	return [*(app for app in apps if app != "frappe"), "orchestrator"]


def get_frappe_version() -> str:
	return next(
		pin["branch"]
		for pin in json.loads((ROOT / "apps.json").read_text())
		if pin["url"].endswith("/frappe/frappe")
	)


def list_commands(text: str) -> list[str]:
	return [f"{part.strip()};" for part in text.split(";") if part.strip()]


def test_values_are_keys_of_the_chart() -> None:
	subcharts = {
		name: {f"{name}.{key}" for key in PLATFORM["valkey"]["keys"]}
		for name in ("valkey-cache", "valkey-queue")
	}
	keys = set(PLATFORM["helm"]["keys"]).union(*subcharts.values())
	assert [path for path in list_paths(load("helm-values.yaml")) if not is_known(path, keys)] == []


def test_an_unknown_key_would_be_found() -> None:
	keys = set(PLATFORM["helm"]["keys"])
	assert not is_known("worker.long.replicas", keys)
	assert is_known("worker.long.resources.limits.memory", keys)


def test_image_has_the_versions_of_frappe_and_of_this_app() -> None:
	assert load("helm-values.yaml")["image"]["tag"] == f"{get_frappe_version()}-{__version__}"


def test_site_gets_the_suite_and_this_app() -> None:
	assert load("helm-values.yaml")["jobs"]["createSite"]["installApps"] == list_installed("apps.json")


def test_configuration_of_the_chart_is_whole_and_adds_the_replica() -> None:
	configure = load("helm-values.yaml")["jobs"]["configure"]
	commands = list_commands(configure["args"][0])
	assert commands[: len(PLATFORM["helm"]["configure"])] == PLATFORM["helm"]["configure"]
	added = commands[len(PLATFORM["helm"]["configure"]) :]
	assert [command.split()[3] for command in added] == list(REPLICA_SETTINGS)
	given = {variable["name"] for variable in configure["envVars"]}
	assert set(re.findall(r"\$(\w+)", " ".join(added))) == given


def test_compose_sets_the_same_settings_of_the_replica() -> None:
	service = load("compose.yaml")["services"]["replica-settings"]
	commands = list_commands(service["command"][0])
	assert [command.split()[3] for command in commands] == list(REPLICA_SETTINGS)
	assert set(re.findall(r"\$\$(\w+)", " ".join(commands))) == set(service["environment"])


def test_frappe_reads_the_settings_of_the_replica() -> None:
	frappe = pytest.importorskip("frappe")
	source = Path(frappe.__file__).read_text()
	assert [name for name in REPLICA_SETTINGS if f"conf.{name}" not in source] == []


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_services_and_volumes_are_those_of_frappe_docker(path: Path) -> None:
	known = {
		*PLATFORM["frappe_docker"]["services"],
		*PLATFORM["frappe_docker"]["redis_services"],
		*OWN_SERVICES,
	}
	content = load(path.name)
	assert set(content.get("services") or {}) <= known
	own_volumes = {"db-data", "db-replica-data"}
	assert set(content.get("volumes") or {}) <= {*PLATFORM["frappe_docker"]["volumes"], *own_volumes}


def test_every_service_of_frappe_docker_runs_this_image() -> None:
	services = load("compose.yaml")["services"]
	assert set(PLATFORM["frappe_docker"]["services"]) <= set(services)
	assert {service["image"] for service in services.values()} == {services["backend"]["image"]}


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_variables_are_known_or_documented(path: Path) -> None:
	used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", path.read_text()))
	new = used - set(PLATFORM["frappe_docker"]["variables"])
	assert [name for name in sorted(new) if f"`{name}`" not in OPERATIONS] == []


@pytest.mark.parametrize(
	"path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_files_are_documented(path: Path) -> None:
	assert f"deploy/{path.relative_to(DEPLOY)}" in OPERATIONS


def test_every_queue_of_the_app_has_workers() -> None:
	used = set()
	for path in (ROOT / "orchestrator").rglob("*.py"):
		used |= set(re.findall(r"\bqueue=\"(\w+)\"|\b(?:DEFAULT_)?QUEUE = \"(\w+)\"", path.read_text()))
	assert {name for pair in used for name in pair if name} <= QUEUES
	worker = load("helm-values.yaml")["worker"]
	assert all(worker[queue]["replicaCount"] > 0 for queue in QUEUES)


def test_there_is_one_scheduler() -> None:
	assert load("helm-values.yaml")["worker"]["scheduler"]["replicaCount"] == 1
	assert load("compose.yaml")["services"]["scheduler"]["deploy"]["replicas"].endswith(":-1}")


def test_a_worker_may_finish_its_job_when_it_is_stopped() -> None:
	grace = load("compose.yaml")["services"]["queue-long"]["stop_grace_period"]
	assert int(grace.removesuffix("m")) > LONGEST_JOB_MINUTES


@pytest.mark.parametrize("role", ["server", "primary", "replica"])
def test_settings_of_mariadb_can_be_read(role: str) -> None:
	parser = configparser.ConfigParser(allow_no_value=True)
	parser.read(DEPLOY / "mariadb" / f"{role}.cnf")
	assert parser.sections() == ["mysqld"]


def test_primary_and_replica_are_different_servers() -> None:
	numbers = re.findall(
		r"^server_id = (\d+)$", "".join(path.read_text() for path in (DEPLOY / "mariadb").iterdir()), re.M
	)
	assert len(set(numbers)) == len(numbers) == 2


@pytest.mark.parametrize("frappe", sorted(PINS))
def test_image_is_built_from_the_pinned_apps(frappe: str) -> None:
	printed = subprocess.run(
		[DEPLOY / "build-image", "--apps", "https://git.example/orchestrator", "main"],
		env={"PATH": "/usr/bin:/bin:/usr/local/bin", "ORCHESTRATOR_FRAPPE": frappe},
		capture_output=True, text=True, check=True,
	).stdout  # fmt: skip
	pins = [
		{"url": pin["url"], "branch": pin["branch"]}
		for pin in json.loads((ROOT / PINS[frappe]).read_text())
		if not pin["url"].endswith("/frappe/frappe")
	]
	assert json.loads(printed) == [*pins, {"url": "https://git.example/orchestrator", "branch": "main"}]


@pytest.mark.parametrize(
	("arguments", "settings"), [([], {}), (["folder"], {}), (["--apps"], {"ORCHESTRATOR_FRAPPE": "14"})]
)
def test_image_is_not_built_without_what_it_needs(arguments: list[str], settings: dict[str, str]) -> None:
	done = subprocess.run(
		[DEPLOY / "build-image", *arguments],
		env={"PATH": "/usr/bin:/bin:/usr/local/bin", **settings},
		capture_output=True, text=True,
	)  # fmt: skip
	assert (done.returncode, done.stdout, bool(done.stderr)) == (2, "", True)


def test_arguments_of_the_build_are_those_of_frappe_docker() -> None:
	used = set(re.findall(r"--build-arg (\w+)=", (DEPLOY / "build-image").read_text()))
	assert used <= set(PLATFORM["frappe_docker"]["dockerfile_arguments"])


def test_keepalive_ends_lost_connections_soon() -> None:
	text = (DEPLOY / "mariadb" / "server.cnf").read_text()
	time, interval, probes = (
		int(re.search(rf"^tcp_keepalive_{name} = (\d+)$", text, re.M)[1])
		for name in ("time", "interval", "probes")
	)
	assert time + interval * probes <= 120
