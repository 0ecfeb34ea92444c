"""Ruff and mypy find nothing to say about the source. No site needed."""

import subprocess
import sys

import pytest

from tests.support.source import ROOT

CHECKS = {
	"ruff check": ["ruff", "check", "--no-cache", "."],
	"ruff format": ["ruff", "format", "--no-cache", "--check", "."],
}


@pytest.mark.parametrize("check", CHECKS)
def test_ruff_is_content(check: str) -> None:
	run = subprocess.run([sys.executable, "-m", *CHECKS[check]], cwd=ROOT, capture_output=True, text=True)
	assert run.returncode == 0, run.stdout + run.stderr


def test_the_types_hold(site: str, tmp_path: object) -> None:
	"""With a bench only: the types of the platform come from its source."""
	command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path)]
	run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
	assert run.returncode == 0, run.stdout + run.stderr
