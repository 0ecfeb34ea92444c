"""The types of the generated clients, as strict checkers see them."""

import ast
import re
import sys
from pathlib import Path

from tests.support.api_clients import Packages, build_environment
from tests.support.source import ROOT

LAYER = sorted(
	f"orchestrator_client.{file.stem}"
	for file in (ROOT / "clients/python/orchestrator_client").glob("[!_]*.py")
)
PYTHON = """
from orchestrator_client import Client, errors, unwrap
from orchestrator_client.generated.api.crm import crm_advance_opportunity, crm_get_leads
from orchestrator_client.generated.models import CrmAdvanceOpportunityBody

client = Client("https://erp.example.com", "key", "secret")
total: int = unwrap(crm_get_leads.sync(client=client.api, limit_page_length=5)).data.total
body = CrmAdvanceOpportunityBody(opportunity="O001", new_status="Qualified")
stage: str = unwrap(crm_advance_opportunity.sync(client=client.api, body=body)).data.pipeline_stage
status: int = errors.DuplicateEntryError(409, {}).status
wait: float | None = errors.RateLimitError(429, {}).retry_after

wrong_total: str = unwrap(crm_get_leads.sync(client=client.api)).data.total  # error
crm_get_leads.sync(client=client.api, limit=5)  # error
CrmAdvanceOpportunityBody(opportunity="O001", new_status="Lost")  # error
errors.DuplicateEntryErr  # error
"""
TYPESCRIPT = """
import { Client, errors } from "frappe-orchestrator-client";

const client = new Client({ url: "https://erp.example.com", key: "key", secret: "secret", retries: { attempts: 1 } });
const leads = await client.get("orchestrator.crm.get_leads", { limit_page_length: 5, filters: { status: "Open" } });
const total: number = leads.data.total;
const moved = await client.post("orchestrator.crm.advance_opportunity", { opportunity: "O001", new_status: "Qualified" });
const stage: string = moved.data.pipeline_stage;
const profile = await client.get("orchestrator.hr.get_my_profile");
const file: Blob = await (await client.download("orchestrator.docs.download", { document: "DOC001" })).blob();
await client.upload({ file, folder: "/Documents", is_private: 1 }, { idempotencyKey: "upload-1" });
const wait: number | undefined = new errors.RateLimitError(429, {}).retryAfter;
const conflict: errors.ConflictError = new errors.DuplicateEntryError(409, {});

const wrong: string = leads.data.total; // error
await client.get("orchestrator.crm.get_lead"); // error
await client.get("orchestrator.crm.advance_opportunity", {}); // error
await client.post("orchestrator.crm.advance_opportunity", { opportunity: "O001", new_status: "Lost" }); // error
await client.post("orchestrator.crm.advance_opportunity", { opportunity: "O001" }); // error
await client.get("frappe.client.get_list"); // error
await client.get("orchestrator.crm.get_leads", { limit: 5 }); // error
console.log(profile.data.nothing_like_this); // error
new errors.DuplicateEntryErr(409, {}); // error
"""
TSCONFIG = """{"compilerOptions": {"strict": true, "noEmit": true, "target": "ES2022", "module": "NodeNext",
"lib": ["ES2023", "DOM", "DOM.Iterable"], "types": [], "skipLibCheck": true}, "files": ["sample.ts"]}"""


def list_wrong_lines(code: str) -> list[int]:
	return [number for number, line in enumerate(code.splitlines(), 1) if re.search(r"(#|//) error$", line)]


def run_checker(command: list[str | Path], folder: Path, pattern: str) -> list[int]:
	"""Return the lines of the sample with errors; there are none elsewhere."""
	import subprocess

	run = subprocess.run(
		list(map(str, command)),
		cwd=folder,
		env=build_environment(),
		capture_output=True,
		text=True,
		timeout=300,
	)
	found = [line for line in run.stdout.splitlines() if "error" in line and not line.startswith("Found")]
	assert all(re.match(pattern, line) for line in found), run.stdout + run.stderr
	return sorted({int(match[1]) for line in found if (match := re.match(pattern, line))})


def test_python_types(packages: Packages, tmp_path: Path) -> None:
	"""The hand-written layer has no error under mypy --strict, and the sample has those that it says."""
	(tmp_path / "sample.py").write_text(PYTHON)
	modules = [argument for module in ["sample", *LAYER] for argument in ("-m", module)]
	command = [
		sys.executable,
		"-m",
		"mypy",
		"--strict",
		"--no-error-summary",
		"--python-executable",
		packages.python,
	]
	lines = run_checker(
		[*command, "--cache-dir", tmp_path / "cache", *modules], tmp_path, r"sample\.py:(\d+): error"
	)
	assert lines == list_wrong_lines(PYTHON)


def test_python_functions_return_no_any(packages: Packages) -> None:
	"""With Any among its replies, a checker would accept whatever is done with any of them."""
	functions = [
		function
		for file in (packages.folder / "python/orchestrator_client/generated/api").rglob("*_*.py")
		for function in ast.walk(ast.parse(file.read_text()))
		if isinstance(function, ast.FunctionDef) and function.name == "sync"
	]
	untyped = [
		ast.unparse(function.returns)
		for function in functions
		if function.returns and re.search(r"\bAny\b", ast.unparse(function.returns))
	]
	assert (len(functions) > 60, untyped) == (True, [])


def test_typescript_types(packages: Packages, tmp_path: Path) -> None:
	(tmp_path / "node_modules").mkdir()
	(tmp_path / "node_modules/frappe-orchestrator-client").symlink_to(packages.typescript)
	(tmp_path / "package.json").write_text('{"type": "module"}')
	(tmp_path / "tsconfig.json").write_text(TSCONFIG)
	(tmp_path / "sample.ts").write_text(TYPESCRIPT)
	command = ["node", packages.get_node_script("typescript/bin/tsc"), "--pretty", "false"]
	assert run_checker(command, tmp_path, r"sample\.ts\((\d+),\d+\): error") == list_wrong_lines(TYPESCRIPT)


def test_typescript_package_has_no_runtime_dependencies(packages: Packages) -> None:
	"""npm would install none, and the code imports nothing but its own modules."""
	import json

	package = json.loads((packages.typescript / "package.json").read_text())
	assert not {"dependencies", "peerDependencies", "optionalDependencies"} & package.keys()
	imports = {
		target
		for file in (packages.typescript / "dist").rglob("*.js")
		for target in re.findall(r'(?:from|import) "([^"]+)"', file.read_text())
	}
	assert imports and all(target.startswith(("./", "../")) for target in imports)
