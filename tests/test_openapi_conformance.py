"""What the API answers is what its OpenAPI document says: schemathesis sends requests by the document, and looks.

Bounded: each operation gets a few requests. CONTRIBUTING.md has the command for a long run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import factories, hr_factories

GET_SPEC = "orchestrator.api.openapi.get_spec"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# ORCHESTRATOR_FUZZ_EXAMPLES asks for a long run: so many requests of each operation, and the corner cases of each type.
LONG = os.environ.get("ORCHESTRATOR_FUZZ_EXAMPLES")
MAX_EXAMPLES = LONG or "3"
PHASES = "coverage,fuzzing" if LONG else "fuzzing"
SEED = 20250219


def manager():
	roles = (
		"System Manager",
		"Sales Manager",
		"HR Manager",
		"Projects Manager",
		"Clinical Manager",
		"Support Team",
	)
	return factories.make_user(*roles).name


def employee():
	return hr_factories.make_person().user


@pytest.mark.parametrize("caller", [manager, employee])
def test_replies_are_as_the_document_says(api, tmp_path, caller):
	client = api(caller())
	document = tmp_path / "openapi.json"
	document.write_text(json.dumps(client.get(GET_SPEC).json()["data"]))

	run = run_schemathesis(client, document)

	assert run.returncode == 0, run.stdout[-20_000:] + run.stderr


def run_schemathesis(client, document: Path):
	headers = {"Host": client.host, **client.headers}
	command = [
		str(Path(sys.executable).parent / "schemathesis"), "run", str(document), "--url", client.base,
		"--checks", CHECKS, "--phases", PHASES, "--max-examples", MAX_EXAMPLES, "--seed", str(SEED),
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
