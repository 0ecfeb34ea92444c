"""The two packages: the hand-written layer of clients/, with what the generators make of the document."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from contract import Contract, render_python, render_typescript
from generators import Generators
from problems import ClientsError

NAME = "frappe-orchestrator-client"
GENERATED = "generated"
NOT_COPIED = shutil.ignore_patterns(
	"__pycache__", "*.pyc", "*.egg-info", ".*", "build", "dist", GENERATED, "node_modules"
)


def build_python(clients: Path, output: Path, document: Path, contract: Contract, tools: Generators) -> Path:
	"""Write the Python package and return its folder."""
	folder = _copy(clients / "python", output / "python", "pyproject.toml")
	generated = folder / "orchestrator_client" / GENERATED
	_run(
		tools,
		tools.python / "openapi-python-client", "generate", "--path", document, "--output-path", generated,
		"--meta", "none", "--config", clients / "python" / "generator.json", "--fail-on-warning",
	)  # fmt: skip
	(generated / "contract.py").write_text(render_python(contract))
	return folder


def build_typescript(
	clients: Path, output: Path, document: Path, contract: Contract, tools: Generators
) -> Path:
	"""Write and compile the TypeScript package and return its folder."""
	folder = _copy(clients / "typescript", output / "typescript", "package.json")
	package = json.loads((folder / "package.json").read_text()) | {"version": contract.version}
	(folder / "package.json").write_text(json.dumps(package, indent="\t") + "\n")
	generated = folder / "src" / GENERATED
	generated.mkdir()
	(generated / "contract.ts").write_text(render_typescript(contract))
	_run(
		tools,
		*tools.get_node_script("openapi-typescript/bin/cli.js"),
		document,
		"-o",
		generated / "schema.ts",
	)
	_run(tools, *tools.get_node_script("typescript/bin/tsc"), "--project", folder)
	return folder


def _copy(source: Path, target: Path, manifest: str) -> Path:
	"""Copy the hand-written layer to a folder, in the place of an earlier copy and of nothing else."""
	if target.exists():
		file = target / manifest
		if not (file.is_file() and NAME in file.read_text()):
			raise ClientsError(f"{target} is there and is no client. Choose another --output.")
		shutil.rmtree(target)
	shutil.copytree(source, target, ignore=NOT_COPIED)
	return target


def _run(tools: Generators, *command: str | Path) -> None:
	"""Run a generator. What it says is shown only if it fails."""
	path = f"{tools.python}{os.pathsep}{os.environ['PATH']}"  # with ruff, which formats the Python client
	run = subprocess.run(
		list(map(str, command)), env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
	)
	if run.returncode:
		print(run.stdout + run.stderr, file=sys.stderr)
		raise ClientsError(f"{Path(command[0]).name} could not generate the client: see above.", exit_code=1)
