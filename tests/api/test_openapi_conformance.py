"""Replies conform to the OpenAPI document: schemathesis generates requests from it and checks the replies.

Bounded: each operation gets a few requests. CONTRIBUTING.md has the command for a long run.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from tests.support import factories, hr_factories, kipu_site

GET_SPEC = "orchestrator.api.openapi.get_spec"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
FEW_EXAMPLES = 3
SEED = 20250219


def make_manager():
	roles = (
		"System Manager",
		"Sales Manager",
		"HR Manager",
		"Projects Manager",
		"Clinical Manager",
		"Support Team",
	)
	return factories.make_user(*roles).name


def make_employee():
	return hr_factories.make_person().user


@pytest.fixture
def unlimited(site):
	"""Switch off the rate limit, which would leave most of the API untested."""
	frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 0)
	frappe.db.commit()
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")
	yield
	frappe.db.set_single_value("Orchestrator Settings", "rate_limit_enabled", 1)
	frappe.db.commit()
	frappe.clear_document_cache("Orchestrator Settings", "Orchestrator Settings")


@pytest.fixture
def kipu(unlimited: None) -> Iterator[Simulator]:
	"""Leave one enabled connection, to a simulator. Other tests' simulators have ended."""
	enabled = frappe.get_all("Kipu Connection", filters={"enabled": 1}, pluck="name")
	set_enabled(enabled, 0)
	with Simulator(3) as running:
		connection = kipu_site.make_connection(running)
		frappe.db.commit()
		yield running
	set_enabled([connection], 0)
	set_enabled(enabled, 1)


def set_enabled(connections: list[str], value: int) -> None:
	for name in connections:
		frappe.db.set_value("Kipu Connection", name, "enabled", value)
		frappe.clear_document_cache("Kipu Connection", name)
	frappe.db.commit()


@pytest.mark.usefixtures("kipu")
@pytest.mark.parametrize("caller", [make_manager, make_employee])
def test_replies_are_as_the_document_says(api, tmp_path, pytestconfig, caller):
	client = api(caller())
	document = tmp_path / "openapi.json"
	document.write_text(json.dumps(client.get(GET_SPEC).json()["data"]))

	run = run_schemathesis(client, document, pytestconfig.getoption("--fuzz-examples"))

	assert run.returncode == 0, run.stdout[-20_000:] + run.stderr


def run_schemathesis(client, document: Path, examples: int | None):
	"""Send few requests, or a long run of so many for each operation and the corner cases of each type."""
	headers = {"Host": client.host, **client.headers}
	command = [
		str(Path(sys.executable).parent / "schemathesis"), "run", str(document), "--url", client.base,
		"--checks", CHECKS, "--phases", "coverage,fuzzing" if examples else "fuzzing", "--max-examples", str(examples or FEW_EXAMPLES), "--seed", str(SEED),
		"--generation-deterministic", "--no-shrink", "--continue-on-failure",
		"--suppress-health-check", "all", "--no-color", "--request-timeout", "60",
		*(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
	]  # fmt: skip
	return subprocess.run(command, capture_output=True, text=True, cwd=document.parent)


def test_an_upload_for_an_unknown_doctype_is_404(api):
	reply = api().request(
		"POST",
		"/api/method/upload_file",
		files={"file": ("a.txt", b"text")},
		data={"doctype": "No Such Thing", "docname": "x"},
	)

	assert (reply.status_code, reply.json()["exc_type"]) == (404, "DoesNotExistError")
