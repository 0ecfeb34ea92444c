"""docs/tutorial.md is correct: its changes apply to a copy of the app, its commands run, its requests get its
replies.
"""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

import frappe

from orchestrator.kipu_simulator.server import Simulator
from tests.conftest import BENCH, serve
from tests.support import bench, factories, kipu_site, reference
from tests.support.client import Client, get_data
from tests.support.pages import FENCE, Block, list_blocks
from tests.support.reference import Bindings, Example
from tests.support.source import ROOT
from tests.support.stock_bench import EditedBench, make_edited_bench

PAGE = ROOT / "docs" / "tutorial.md"
ROLES = ("Sales User", "Sales Manager", "Clinical Manager", "Kipu Sync Manager")
NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", "node_modules", ".*cache")
METRIC, FIELD = "unassigned_leads", "veteran_status"
NUMBER_OF_CLIENTS = 3
CONTROL = "/_control/"


@dataclass
class Tutorial:
	"""The served copy of the app after the changes of the page, and the values of the page's placeholders."""

	bench: EditedBench
	client: Client
	simulator: Simulator
	placeholders: dict[str, str]
	bound: Bindings = field(default_factory=dict)

	def run_commands(self, heading: str) -> None:
		"""Run the section's `bench` commands."""
		for block in list_section_blocks(heading, "sh"):
			for line in block.text.splitlines():
				words = [self.placeholders.get(word, word) for word in shlex.split(line)]
				if words[0] == "bench":
					self.bench.run_bench(*words[1:])

	def send_requests(self, heading: str, *, to_simulator: bool = False) -> None:
		"""Send the section's requests to the site, or those to the simulator, and compare the replies."""
		for example in parse_section_examples(heading):
			if example.path.startswith(CONTROL) != to_simulator:
				continue
			reply = self.send(example)
			assert reply.status_code == example.status, reply.text
			assert list(reference.find_differences(example.reply, reply.json(), self.bound)) == []

	def send(self, example: Example) -> requests.Response:
		headers = reference.substitute_all(example.headers, self.bound)
		content = {"headers": headers, "data": reference.substitute(example.body, self.bound)}
		if example.path.startswith(CONTROL):
			url = self.simulator.base_url + example.path
			return requests.request(example.verb, url, timeout=10, **content)
		query = reference.substitute_all(example.query, self.bound)
		return self.client.request(example.verb, example.path, params=query, **content)


def list_section_blocks(heading: str, *languages: str) -> list[Block]:
	"""Return the blocks of a section, in order; of the whole page without a heading."""
	section, found = "", []
	for block in list_blocks(PAGE):
		for line in block.introduction.splitlines():
			section = line.removeprefix("## ") if line.startswith("## ") else section
		if block.language in languages and section.startswith(heading):
			found.append(block)
	return found


def parse_section_examples(heading: str) -> Iterator[Example]:
	text = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
	return reference.parse_examples("\n".join(block[0] for block in FENCE.finditer(text)))


@pytest.fixture(scope="module")
def edited_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
	"""Return a copy of the app with every change of the page."""
	app = tmp_path_factory.mktemp("tutorial") / "orchestrator"
	shutil.copytree(ROOT, app, ignore=NOT_COPIED)
	for block in list_section_blocks("", "diff", "sh"):
		if block.language == "diff":
			run_in(app, "git", "apply", "-", text=block.text)
		elif block.text.startswith("sed "):
			run_in(app, "sh", "-ec", block.text)
	return app


def run_in(folder: Path, *command: str, text: str = "") -> None:
	"""Run a command in the copy. Raises AssertionError with its output."""
	done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True)
	assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def tutorial(frappe_site: str, edited_app: Path) -> Iterator[Tutorial]:
	"""Yield the served copy, with a connection to a simulator. Afterwards the site is restored."""
	frappe.set_user("Administrator")
	key, secret = factories.get_token(str(factories.make_user(*ROLES).name))
	with (
		Simulator(NUMBER_OF_CLIENTS) as simulator,
		kipu_site.set_loopback_allowed(),
		make_edited_bench(Path(str(BENCH)), edited_app) as bench,
		serve(frappe_site, bench.sites, **bench.environment) as base,
	):
		connection = kipu_site.make_connection(simulator)
		client = Client(base, frappe_site, headers={"Authorization": f"token {key}:{secret}"})
		placeholders = {"SITE": frappe_site, "CONNECTION": connection}
		bound = {"<connection>": connection, "<control token>": simulator.control_token}
		frappe.db.commit()
		try:
			yield Tutorial(bench, client, simulator, placeholders, bound)
		finally:
			restore_site()


def restore_site() -> None:
	"""Remove the declarations of the copy, with the code of this checkout."""
	bench.run_command("execute", "orchestrator.setup.dashboards.sync_dashboards")
	for doctype in ("client", "kipu_field_rule"):
		bench.run_command("reload-doc", "orchestrator", "doctype", doctype)
	frappe.db.delete("Orchestrator Metric", {"name": METRIC})
	frappe.db.delete("Orchestrator Metric Value", {"metric": METRIC})
	frappe.db.commit()
	if FIELD in frappe.db.get_table_columns("Client"):
		frappe.db.sql_ddl(f"ALTER TABLE `tabClient` DROP COLUMN `{FIELD}`")
	frappe.clear_cache()


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=" ".join)
def test_edited_code_passes_ruff(edited_app: Path, check: tuple[str, ...]) -> None:
	run_in(edited_app, sys.executable, "-m", "ruff", *check, "--no-cache", "orchestrator", "tests/crm")


def test_endpoint_answers_as_shown(tutorial: Tutorial, site: str) -> None:
	factories.make_lead()
	tutorial.send_requests("Add an endpoint")
	method = "orchestrator.crm.get_unassigned_leads"
	expected = frappe.db.count("Lead", {"assigned_to": ("is", "not set")})
	assert get_data(tutorial.client.get(method))["total"] == expected


def test_tests_of_the_endpoint_pass(tutorial: Tutorial, site: str) -> None:
	app = tutorial.bench.app
	options = ("-q", "-p", "no:cacheprovider", "-c", str(app / "pyproject.toml"), "--rootdir", str(app))
	tutorial.bench.run_command(
		sys.executable, "-m", "pytest", *options, str(app / "tests/crm/test_unassigned.py")
	)


def test_metric_shows_the_number_of_the_endpoint(tutorial: Tutorial, site: str) -> None:
	factories.make_lead()
	tutorial.run_commands("Add a metric")
	tutorial.send_requests("Add a metric")
	counted = get_data(tutorial.client.get("orchestrator.crm.get_unassigned_leads"))["total"]
	dashboard = get_data(
		tutorial.client.get("orchestrator.insights.get_dashboard", dashboard="sales_dashboard")
	)
	assert counted > 0
	assert {item["name"]: item["value"] for item in dashboard["items"]}[METRIC] == counted


def test_mapped_field_is_synced(tutorial: Tutorial, site: str) -> None:
	tutorial.send_requests("Add a field mapping", to_simulator=True)
	tutorial.run_commands("Add a field mapping")
	tutorial.send_requests("Add a field mapping")
	values = frappe.db.sql(
		f"SELECT {FIELD} FROM `tabClient` WHERE connection = %s",  # noqa: S608
		tutorial.placeholders["CONNECTION"],
		pluck=True,
	)
	assert values == ["Yes"] * NUMBER_OF_CLIENTS
