"""The generated clients of tests/clients, each in a process of its own that takes commands, a line of JSON each."""

import fcntl
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import BENCH
from tests.support.source import ROOT

COMMAND = ROOT / "script" / "clients"
DRIVERS = ROOT / "tests" / "clients"
TIMEOUT = 300


@dataclass(frozen=True)
class Outcome:
	"""What a client gave: a value, or an error."""

	value: Any = None
	error: dict[str, Any] | None = None


class Driver:
	"""One client, in a process."""

	def __init__(self, name: str, command: list[str], url: str) -> None:
		self.name = name
		self.url = url
		self._process = subprocess.Popen(
			command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
		)

	def run(
		self,
		action: str,
		token: tuple[str, str],
		attempts: int = 1,
		*,
		max_delay: float = 5,
		url: str | None = None,
		**command: Any,
	) -> Outcome:
		"""Let the client of a token do something and return what it gave.

		Args:
			action: operation, call, parallel, records, or rows.
			token: API key and secret.
			attempts: How often the client attempts a call.
			max_delay: How many seconds it waits before another attempt, at most.
			url: The site, where it is not the usual one.
			command: What to do, as the drivers read it.
		"""
		policy = {"attempts": attempts, "max_delay": max_delay}
		line = {"action": action, "url": url or self.url, "token": token, **policy, **command}
		assert self._process.stdin and self._process.stdout
		self._process.stdin.write(json.dumps(line) + "\n")
		self._process.stdin.flush()
		reply = self._process.stdout.readline()
		assert reply, f"the {self.name} client has ended"
		return Outcome(**json.loads(reply))

	def close(self) -> None:
		assert self._process.stdin
		self._process.stdin.close()
		self._process.wait(timeout=30)


def build_environment(**variables: str) -> dict[str, str]:
	"""Return the environment of script/clients: with the bench's Python, and the generators that script/test installs."""
	return {
		**os.environ,
		"PATH": f"{BENCH}/env/bin{os.pathsep}{os.environ['PATH']}",
		"XDG_CACHE_HOME": f"{BENCH}/.orchestrator/cache",
		**variables,
	}


def run_command(command: list[str | Path], cwd: Path | None = None, **variables: str) -> str:
	"""Run a command that succeeds, and return what it says."""
	run = subprocess.run(
		list(map(str, command)), cwd=cwd, env=build_environment(**variables), timeout=TIMEOUT,
		capture_output=True, text=True, check=False,
	)  # fmt: skip
	assert run.returncode == 0, run.stdout + run.stderr
	return run.stdout


@dataclass(frozen=True)
class Packages:
	"""Both packages as script/clients has written them, the Python one installed."""

	folder: Path

	@property
	def python(self) -> Path:
		"""The interpreter that has the client."""
		return self.folder / "venv" / "bin" / "python"

	@property
	def typescript(self) -> Path:
		return self.folder / "typescript"

	def get_node_script(self, path: str) -> Path:
		"""Return a script of one of the generators' npm packages."""
		return find_generators() / "node" / "node_modules" / path

	def build_commands(self) -> Mapping[str, list[str]]:
		"""Return the commands that start the drivers."""
		return {
			"python": [str(self.python), str(DRIVERS / "python_driver.py")],
			"typescript": ["node", str(DRIVERS / "typescript_driver.mjs"), str(self.typescript)],
		}


def build_packages(url: str, token: tuple[str, str], folder: Path) -> Packages:
	"""Generate the clients of a site, build them, and install the Python one; once for processes that share a folder."""
	folder.mkdir(exist_ok=True)
	with (folder / "lock").open("w") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		if not (folder / "complete").exists():
			_build_packages(url, token, folder)
			(folder / "complete").touch()
	return Packages(folder)


def _build_packages(url: str, token: tuple[str, str], folder: Path) -> None:
	key = dict(zip(("ORCHESTRATOR_API_KEY", "ORCHESTRATOR_API_SECRET"), token, strict=True))
	run_command([COMMAND, "--url", url, "--output", folder], **key)
	_install_python(folder, find_generators())


def find_generators() -> Path:
	"""Return the folder that script/clients has used last."""
	folders = Path(f"{BENCH}/.orchestrator/cache/frappe-orchestrator").glob("client-generators-*/complete")
	return max(folders, key=lambda complete: complete.stat().st_mtime).parent


def _install_python(folder: Path, generators: Path) -> None:
	"""Install the package into a new environment. What it depends on is there: no registry is asked."""
	tools = generators / "python"
	run_command([tools / "bin" / "python", "-m", "venv", "--without-pip", folder / "venv"])
	(site_packages,) = (folder / "venv" / "lib").glob("python3*/site-packages")
	(dependencies,) = (tools / "lib").glob("python3*/site-packages")
	(site_packages / "dependencies.pth").write_text(f"{dependencies}\n")
	run_command([
		tools / "bin" / "pip", "--python", folder / "venv" / "bin" / "python", "install", "--quiet", "--no-index",
		"--no-build-isolation", "--disable-pip-version-check", folder / "python",
	])  # fmt: skip
