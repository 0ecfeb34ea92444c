"""The pinned generators: openapi-python-client, openapi-typescript and the TypeScript compiler.

They are installed once into the user's cache, in a folder named after their pins.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from problems import EXIT_NODE, EXIT_REGISTRY, ClientsError

PYTHON_PINS = "python/generator-requirements.txt"
NODE_PINS = ("typescript/package.json", "typescript/package-lock.json")
MIN_NODE_MAJOR = 20


@dataclass(frozen=True)
class Generators:
	"""The folder of the installed generators."""

	folder: Path

	@property
	def python(self) -> Path:
		"""The folder of Python's programs."""
		return self.folder / "python" / "bin"

	def get_node_script(self, path: str) -> list[str]:
		"""Return the command that runs a script of an npm package."""
		return ["node", str(self.folder / "node" / "node_modules" / path)]


def install(clients: Path) -> Generators:
	"""Return the generators, installed if they are not there yet.

	Args:
		clients: The folder with the pins.
	"""
	_check_node()
	folder = _get_cache_folder() / f"client-generators-{_compute_key(clients)}"
	folder.mkdir(parents=True, exist_ok=True)
	complete = folder / "complete"
	with (folder / "lock").open("w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		if not complete.exists():
			_install_python(folder / "python", clients / PYTHON_PINS)
			_install_node(folder / "node", [clients / name for name in NODE_PINS])
		complete.touch()
	return Generators(folder)


def _get_cache_folder() -> Path:
	return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "frappe-orchestrator"


def _compute_key(clients: Path) -> str:
	"""Return a digest of the pins and of this Python, of which the environment is made."""
	digest = hashlib.sha256(f"{sys.version} {sys.prefix}".encode())
	for name in (PYTHON_PINS, *NODE_PINS):
		digest.update((clients / name).read_bytes())
	return digest.hexdigest()[:12]


def _check_node() -> None:
	try:
		version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S607
		major = int(version.removeprefix("v").split(".")[0])
	except (OSError, ValueError, subprocess.CalledProcessError):
		major = 0
	if major < MIN_NODE_MAJOR or not shutil.which("npm"):
		raise ClientsError(f"This needs node {MIN_NODE_MAJOR} or later, and npm. Install them.", EXIT_NODE)


def _install_python(folder: Path, pins: Path) -> None:
	shutil.rmtree(folder, ignore_errors=True)
	_run("pip", sys.executable, "-m", "venv", folder)
	_run("pip", folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins)


def _install_node(folder: Path, pins: list[Path]) -> None:
	shutil.rmtree(folder, ignore_errors=True)
	folder.mkdir()
	for file in pins:
		shutil.copy(file, folder)
	_run("npm", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=folder)


def _run(tool: str, *command: str | Path, cwd: Path | None = None) -> None:
	"""Run a command that downloads."""
	run = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
	if run.returncode:
		print(run.stdout + run.stderr, file=sys.stderr)
		raise ClientsError(
			f"{tool} could not install the generators. Check the network or proxy, or PIP_INDEX_URL and npm_config_registry.",
			EXIT_REGISTRY,
		)
