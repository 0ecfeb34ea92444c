"""Run the sweep in a separate process, because it replaces much of Frappe."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 3600


def run_module(module: str, *arguments: str) -> str:
	"""Run a module of this package, and return what it printed. Fails with its last lines where it failed."""
	environ: dict[str, Any] = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
	command = [sys.executable, "-m", f"tests.security.{module}", *arguments]
	done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)
	assert done.returncode == 0, done.stderr[-4000:]
	return done.stdout
